package sandbox

import (
	"fmt"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Cause is why a program ended, for programs to read.
type Cause string

// The causes.
const (
	CauseAsked       Cause = "asked"        // Leat ended it
	CauseHeap        Cause = "heap"         // V8's heap limit
	CauseMemoryLimit Cause = "memory_limit" // the cgroup's memory limit
	CauseDescriptors Cause = "descriptors"  // too many open files and sockets
	CauseProcesses   Cause = "processes"    // too many processes and threads
	CauseDisk        Cause = "disk"         // no space left on the disk
	CauseSignal      Cause = "signal"       // somebody else's signal
	CauseCrash       Cause = "crash"        // a fault in native code
	CauseExit        Cause = "exit"         // the program's own decision
)

// Exit is all that is known about an end.
type Exit struct {
	State     *os.ProcessState
	Stderr    string   // the last lines
	Counters  Counters // since the start
	MemoryMiB int      // the limit, zero for none
	Exceeded  bool     // Leat ended it because Cell.Exceeds said so
	Asked     bool     // Leat had asked it to end
}

// Explanation says why a program ended.
type Explanation struct {
	Cause    Cause  `json:"cause"`
	Code     int    `json:"code"`             // -1 after a signal
	Signal   string `json:"signal,omitempty"` // "SIGKILL"
	Sentence string `json:"sentence"`         // for people
}

// Explain weighs what is known. The order matters: an end that Leat asked for
// needs no other reason, and V8 says in words what the counters do not show.
func Explain(e Exit) Explanation {
	x := Explanation{Code: -1}
	status, ok := e.State.Sys().(syscall.WaitStatus)
	if !ok {
		x.Cause, x.Sentence = CauseExit, "Node-RED ended."
		return x
	}
	var signal syscall.Signal
	if status.Signaled() {
		signal = status.Signal()
		x.Signal = unix.SignalName(signal)
	} else {
		x.Code = status.ExitStatus()
	}
	x.Cause = e.cause(x.Code, signal)
	x.Sentence = e.sentence(x)
	return x
}

func (e Exit) cause(code int, signal syscall.Signal) Cause {
	switch {
	case e.Exceeded:
		return CauseMemoryLimit
	case e.Asked:
		return CauseAsked
	case code == 0:
		return CauseExit
	case e.says("heap out of memory", "Reached heap limit", "invalid array length Allocation failed"):
		return CauseHeap
	case signal == syscall.SIGKILL && e.Counters.OOMKills > 0:
		return CauseMemoryLimit
	case e.says("Array buffer allocation failed", "Fatal process out of memory"):
		return CauseMemoryLimit
	case e.says("EMFILE", "ENFILE", "too many open files"):
		return CauseDescriptors
	case e.says("ENOSPC", "no space left on device", "EDQUOT"):
		return CauseDisk
	case e.Counters.PidsDenied > 0 && e.says("EAGAIN", "uv_thread_create", "Resource temporarily unavailable"):
		return CauseProcesses
	case signal == syscall.SIGSEGV, signal == syscall.SIGBUS, signal == syscall.SIGILL,
		signal == syscall.SIGABRT, signal == syscall.SIGFPE, signal == syscall.SIGTRAP:
		return CauseCrash
	case signal != 0:
		return CauseSignal
	}
	return CauseExit
}

func (e Exit) says(words ...string) bool {
	for _, w := range words {
		if strings.Contains(e.Stderr, w) {
			return true
		}
	}
	return false
}

func (e Exit) sentence(x Explanation) string {
	switch x.Cause {
	case CauseAsked:
		return "Leat ended Node-RED as it was told to."
	case CauseHeap:
		return "A flow kept more data than fits in Node-RED's memory" + e.limit() +
			". Keep less in context and messages, or choose a larger instance type."
	case CauseMemoryLimit:
		return "The flow used more memory than it may" + e.limit() +
			", so Node-RED was ended. Large buffers and programs started by the flow count too. Choose a larger instance type or handle less at a time."
	case CauseDescriptors:
		return fmt.Sprintf("The flow had more than %d files and connections open at a time. Look for connections that are opened again and again and never closed.", descriptors)
	case CauseProcesses:
		return "The flow started more programs at a time than the instance may run. Look for an exec node that is triggered too often."
	case CauseDisk:
		return "The disk is full. Free some space, then start the instance again."
	case CauseCrash:
		return "Node-RED crashed in native code (" + x.Signal + "). A module with compiled parts is the likely reason."
	case CauseSignal:
		return "Something other than Leat ended Node-RED with " + x.Signal + "."
	}
	if x.Code == 0 {
		return "Node-RED ended by itself without an error."
	}
	return fmt.Sprintf("Node-RED ended with exit code %d. The last lines of the log say why.", x.Code)
}

func (e Exit) limit() string {
	if e.MemoryMiB == 0 {
		return ""
	}
	return fmt.Sprintf(" (%d MiB)", e.MemoryMiB)
}
