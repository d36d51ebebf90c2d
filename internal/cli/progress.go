package cli

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// progress shows how far something that takes time has come: one line that
// changes on a terminal, and a plain line now and then elsewhere.
type progress struct {
	out      io.Writer
	terminal bool
	now      func() time.Time

	mu      sync.Mutex
	step    string
	told    time.Time
	percent int
	open    bool
}

func newProgress(out io.Writer) *progress {
	return &progress{out: out, terminal: isTerminal(out), now: time.Now, percent: -1}
}

// plainEvery is how often a plain line tells of the same step.
const plainEvery = 5 * time.Second

// show tells of a step; total is 0 where its end is not known.
func (p *progress) show(step string, done, total int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	percent := -1
	if total > 0 {
		percent = int(min(done*100/total, 100))
	}
	fresh := step != p.step
	if !fresh && percent == p.percent {
		return
	}
	if p.terminal {
		if fresh && p.open {
			fmt.Fprintln(p.out)
		}
		fmt.Fprintf(p.out, "\r\033[K  %s%s", step, bar(percent, done, total))
		p.open = true
	} else if fresh || p.now().Sub(p.told) >= plainEvery {
		fmt.Fprintf(p.out, "  %s%s\n", step, bar(percent, done, total))
		p.told = p.now()
	}
	p.step, p.percent = step, percent
}

// end closes the line that is being shown.
func (p *progress) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open {
		fmt.Fprint(p.out, "\r\033[K")
	}
	p.open, p.step, p.percent = false, "", -1
}

func bar(percent int, done, total int64) string {
	if percent < 0 {
		return " …"
	}
	const width = 24
	full := percent * width / 100
	return fmt.Sprintf("  %s%s %3d %%  (%d of %d MB)", strings.Repeat("█", full), strings.Repeat("░", width-full), percent, done/1e6, total/1e6)
}
