package launcher

// thread runs functions on the process's first operating system thread. Node-RED
// is made there and exec is called there: the kernel ends a child when the thread
// that made it ends, and of all threads an exec leaves the one that called it.
//
// Only the program's start can hold the first thread: the goroutine that calls
// [Main] must have been locked to it since then (see [runtime.LockOSThread]).
// Where it was not, everything works but a renewal, which then takes Node-RED
// with it.
type thread struct{ work chan func() }

func newThread() *thread { return &thread{work: make(chan func())} }

// serve runs what is asked for on the calling goroutine until stop.
func (t *thread) serve() {
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

func (t *thread) stop() { close(t.work) }
