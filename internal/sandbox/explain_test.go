package sandbox_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"leat/internal/sandbox"
)

// end has a process end with an exit code or by a signal.
func end(t *testing.T, how string) *os.ProcessState {
	t.Helper()
	cmd := exec.Command("/bin/sh", "-c", how)
	err := cmd.Run()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState
}

func TestTheReasonOfAnEndIsFound(t *testing.T) {
	const heap = "FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory"
	oom := sandbox.Counters{OOMKills: 1}
	for _, c := range []struct {
		what, how string
		exit      sandbox.Exit
		want      sandbox.Cause
		says      string
	}{
		{what: "clean end", how: "exit 0", want: sandbox.CauseExit, says: "without an error"},
		{what: "exit code", how: "exit 7", want: sandbox.CauseExit, says: "exit code 7"},
		{what: "heap", how: "ulimit -c 0; kill -6 $$", exit: sandbox.Exit{Stderr: heap, MemoryMiB: 256}, want: sandbox.CauseHeap, says: "256 MiB"},
		{what: "memory limit", how: "ulimit -c 0; kill -9 $$", exit: sandbox.Exit{Counters: oom, MemoryMiB: 256}, want: sandbox.CauseMemoryLimit, says: "256 MiB"},
		{what: "buffer refused", how: "exit 1", exit: sandbox.Exit{Stderr: "RangeError: Array buffer allocation failed"}, want: sandbox.CauseMemoryLimit, says: "more memory"},
		{what: "killed by somebody", how: "ulimit -c 0; kill -9 $$", want: sandbox.CauseSignal, says: "SIGKILL"},
		{what: "a child was killed, then it ended itself", how: "exit 3", exit: sandbox.Exit{Counters: oom}, want: sandbox.CauseExit, says: "exit code 3"},
		{what: "asked, and killed as it would not go", how: "ulimit -c 0; kill -9 $$", exit: sandbox.Exit{Asked: true}, want: sandbox.CauseAsked, says: "told to"},
		{what: "watched without a cgroup", how: "ulimit -c 0; kill -9 $$", exit: sandbox.Exit{Exceeded: true, Asked: true, MemoryMiB: 256}, want: sandbox.CauseMemoryLimit, says: "256 MiB"},
		{what: "descriptors", how: "exit 1", exit: sandbox.Exit{Stderr: "Error: spawn EMFILE"}, want: sandbox.CauseDescriptors, says: "8192"},
		{what: "disk", how: "exit 1", exit: sandbox.Exit{Stderr: "Error: ENOSPC: no space left on device, write"}, want: sandbox.CauseDisk, says: "disk is full"},
		{what: "processes", how: "exit 1", exit: sandbox.Exit{Stderr: "spawn sh EAGAIN", Counters: sandbox.Counters{PidsDenied: 4}}, want: sandbox.CauseProcesses, says: "exec node"},
		{what: "a crash", how: "ulimit -c 0; kill -11 $$", want: sandbox.CauseCrash, says: "SIGSEGV"},
		{what: "terminated by somebody", how: "ulimit -c 0; kill -15 $$", want: sandbox.CauseSignal, says: "SIGTERM"},
	} {
		c.exit.State = end(t, c.how)
		x := sandbox.Explain(c.exit)
		if x.Cause != c.want || !strings.Contains(x.Sentence, c.says) {
			t.Errorf("%s: %+v; want %s and %q", c.what, x, c.want, c.says)
		}
	}
}
