package sandbox_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"leat/internal/sandbox"
)

// job is what a launcher of the tests is given.
type job struct {
	Self  string
	Spec  sandbox.Spec
	Live  bool // stay with the job, and leave it when the launcher is killed
	Renew bool // become a new launcher, which adopts the job
}

// outcome is what it tells at the end.
type outcome struct {
	Code        int
	Output      string
	Report      sandbox.Report
	Explanation sandbox.Explanation
	Counters    sandbox.Counters
	Err         string
}

// launch is the launcher's role in a process of its own, for tests about other
// users and about a launcher that dies.
func launch(in io.Reader, out io.Writer) int {
	var j job
	dec := json.NewDecoder(in)
	if err := dec.Decode(&j); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	if j.Live {
		return launchLive(j)
	}
	if err := json.NewEncoder(out).Encode(j.run()); err != nil {
		return 2
	}
	return 0
}

// launchLive starts the job, prints its number and stays with it.
func launchLive(j job) int {
	cell, err := sandbox.Command(j.Spec, j.Self)
	if err != nil {
		fmt.Println(err)
		return 2
	}
	cell.Cmd.Stdout = os.Stdout
	if _, err := cell.Cmd.StdinPipe(); err != nil {
		fmt.Println(err)
		return 2
	}
	runtime.LockOSThread()
	if err := cell.StartOn(func(f func()) { f() }); err != nil {
		fmt.Println(err)
		return 2
	}
	fmt.Println(cell.Pid())
	if j.Renew {
		return renew(j, cell.Pid())
	}
	cell.Wait()
	cell.Close()
	return 0
}

// renew becomes a new launcher by exec, on the thread that made the program.
func renew(j job, pid int) int {
	text, err := json.Marshal(j)
	if err == nil {
		err = syscall.Exec(j.Self, []string{j.Self, "adopt", strconv.Itoa(pid), string(text)}, nil)
	}
	fmt.Println(err)
	return 2
}

// adopt takes over the program of a launcher that renewed itself, ends it and
// prints the outcome.
func adopt(pid, text string, out io.Writer) int {
	var j job
	if err := json.Unmarshal([]byte(text), &j); err != nil {
		fmt.Println(err)
		return 2
	}
	cell, err := sandbox.Adopt(j.Spec, number(pid))
	if err != nil {
		fmt.Println(err)
		return 2
	}
	usage, err := cell.Usage()
	o := outcome{Report: cell.Report, Output: fmt.Sprint(usage.Processes, " ", err)}
	if err := cell.Terminate(); err != nil {
		o.Err = err.Error()
	}
	state, err := cell.Wait()
	if err != nil {
		o.Err = err.Error()
	} else {
		o.Explanation = sandbox.Explain(sandbox.Exit{State: state, Counters: cell.Counters()})
	}
	if err := cell.Close(); err != nil {
		o.Err = err.Error()
	}
	if err := json.NewEncoder(out).Encode(o); err != nil {
		return 2
	}
	return 0
}

// run starts the job, waits for its end and tidies up.
func (j job) run() (o outcome) {
	cell, err := sandbox.Command(j.Spec, j.Self)
	if err != nil {
		return outcome{Err: err.Error()}
	}
	o.Report = cell.Report
	var output, errors bytes.Buffer
	cell.Cmd.Stdout, cell.Cmd.Stderr = &output, &errors
	if err := cell.Start(); err != nil {
		o.Err = err.Error()
		return o
	}
	state, err := cell.Wait()
	if err != nil {
		o.Err = err.Error()
		return o
	}
	o.Counters = cell.Counters()
	o.Explanation = sandbox.Explain(sandbox.Exit{
		State: state, Stderr: errors.String(), Counters: o.Counters, MemoryMiB: j.Spec.Limits.MemoryMiB,
	})
	if err := cell.Close(); err != nil {
		o.Err = err.Error()
	}
	o.Code, o.Output = state.ExitCode(), strings.TrimSpace(output.String()+errors.String())
	return o
}

// handDown is a service that makes room for groups in its own, as soon as it is
// told to, and says where.
func handDown(in io.Reader, out io.Writer) int {
	if _, err := bufio.NewReader(in).ReadString('\n'); err != nil {
		return 2
	}
	base, err := sandbox.HandDown("leat", "hugetlb")
	if err != nil {
		fmt.Fprintln(out, "refused:", err)
		return 1
	}
	fmt.Fprintln(out, base)
	return 0
}
