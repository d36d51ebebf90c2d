package launcher

import (
	"os"
	"runtime"
	"sync"

	"golang.org/x/sys/unix"
)

// thread runs functions on the process's first operating system thread. Node-RED
// is made there and exec is called there: the kernel ends a child when the thread
// that made it ends, and of all threads an exec leaves the one that called it.
type thread struct {
	work chan func()
	done chan struct{}
}

// searchers bounds how many threads are held back while the first one is looked for.
const searchers = 256

// newThread finds the first thread by taking idle ones until it is among them.
// Where that fails, functions run on another thread: everything works but a
// renewal, which then takes Node-RED with it.
func newThread() *thread {
	t := &thread{work: make(chan func()), done: make(chan struct{})}
	release := make(chan struct{})
	var held sync.WaitGroup
	for i := range searchers {
		found := make(chan bool)
		held.Add(1)
		go func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			mine := unix.Gettid() == os.Getpid() || i == searchers-1
			found <- mine
			if mine {
				held.Done()
				t.serve()
				return
			}
			<-release
			held.Done()
		}()
		if <-found {
			break
		}
	}
	close(release)
	held.Wait()
	return t
}

func (t *thread) serve() {
	defer close(t.done)
	for fn := range t.work {
		fn()
	}
}

// do runs fn and returns when it has.
func (t *thread) do(fn func()) {
	done := make(chan struct{})
	t.work <- func() {
		defer close(done)
		fn()
	}
	<-done
}

func (t *thread) stop() {
	close(t.work)
	<-t.done
}
