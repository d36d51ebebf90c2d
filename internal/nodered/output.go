package nodered

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"leat/internal/wire"
)

// leatSource is the source of the lines that Leat itself writes.
const leatSource = "leat"

// mark begins a line that the bridge wrote for a message of Node-RED's log.
const mark = '\x1e'

// tailBytes is how much of the standard error is kept to explain an end.
const tailBytes = 8 << 10

// tail keeps the end of a text.
type tail struct {
	mu   sync.Mutex
	text []byte
	spot string // where the event loop stood still
}

func (t *tail) blame(spot string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.spot = spot
}

// culprit is where the event loop stood still, in words, or "".
func (t *tail) culprit() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.spot
}

func (t *tail) add(line string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(append(t.text, line...), '\n')
	if over := len(t.text) - tailBytes; over > 0 {
		t.text = append(t.text[:0], t.text[over:]...)
	}
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}

// output is one of the process's streams.
type output struct {
	file   *os.File
	stream string
	rest   []byte // of a line whose end has not come; read when nobody reads
}

// readOutput always reads: lines wait in Node-RED's memory otherwise. Where it is
// told to stop by a deadline, it leaves the beginning of a line in rest.
func (s *Supervisor) readOutput(o *output, p *process) {
	in := bufio.NewReaderSize(io.MultiReader(bytes.NewReader(o.rest), o.file), 8<<10)
	o.rest = nil
	var f flood
	for {
		text, err := readLine(in)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			o.rest = []byte(text)
			return
		}
		if text = strings.TrimRight(text, "\r\n"); text != "" {
			s.logLine(text, o.stream, p)
		}
		if err == nil && f.over(len(text), time.Now()) {
			err = s.passOver(in, f.since.Add(floodWindow))
			if errors.Is(err, os.ErrDeadlineExceeded) {
				return
			}
		}
		if err != nil {
			_ = o.file.Close() // the pipe's end is the process's
			return
		}
	}
}

// What is kept of one stream in a window. A flow can write faster than anybody
// reads, and sorting its lines would take a core that is not the flow's own.
const (
	floodWindow = time.Second
	floodLines  = 1000
	floodBytes  = 1 << 20
	// What is passed over is read at this pace: so much, then a pause.
	floodStep  = 64 << 10
	floodPause = 4 * time.Millisecond
)

// flood counts what came in the window.
type flood struct {
	since        time.Time
	lines, bytes int
}

// over counts a line and reports whether the window is full.
func (f *flood) over(n int, now time.Time) bool {
	if now.Sub(f.since) >= floodWindow {
		*f = flood{since: now}
	}
	f.lines++
	f.bytes += n
	return f.lines >= floodLines || f.bytes >= floodBytes
}

// passOver drops what comes until a time, to the end of the line that it cuts, and
// says so in the log.
func (s *Supervisor) passOver(in *bufio.Reader, until time.Time) error {
	dropped, step := 0, 0
	defer func() {
		if dropped > 0 {
			s.say("warn", fmt.Sprintf("The flows wrote more than is kept of a second; %d KiB were left out.", (dropped+1023)>>10))
		}
	}()
	for {
		if _, err := in.Peek(1); err != nil {
			return err
		}
		if !time.Now().Before(until) {
			break
		}
		n, err := in.Discard(in.Buffered())
		if err != nil {
			return err
		}
		dropped += n
		if step += n; step >= floodStep {
			step = 0
			<-time.After(floodPause)
		}
	}
	if dropped == 0 {
		return nil
	}
	cut, err := readLine(in)
	dropped += len(cut)
	return err
}

// readLine reads a line and drops what is beyond a bound.
func readLine(in *bufio.Reader) (string, error) {
	var b strings.Builder
	for {
		part, err := in.ReadSlice('\n')
		if room := 8*maxText - b.Len(); room > 0 {
			b.Write(part[:min(room, len(part))])
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return b.String(), err
		}
	}
}

// Node-RED's numbers of levels.
const (
	redError = 20
	redWarn  = 30
	redInfo  = 40
)

func levelName(n int) string {
	switch {
	case n <= redError:
		return "error"
	case n <= redWarn:
		return "warn"
	case n <= redInfo:
		return "info"
	}
	return "debug"
}

func (s *Supervisor) logLine(text, stream string, p *process) {
	l := wire.LogLine{Level: "info", Source: "node-red", Text: text}
	if stream == "stderr" {
		p.tail.add(text)
		l.Level = "error"
	}
	if text[0] == mark {
		var m struct {
			Level   int    `json:"level"`
			ID      string `json:"id"`
			Name    string `json:"name"`
			Text    string `json:"text"`
			Culprit string `json:"culprit"`
		}
		if json.Unmarshal([]byte(text[1:]), &m) == nil {
			l.Level, l.Text = levelName(m.Level), strings.TrimSpace(m.Text)
			// A flow can write such lines, too.
			if m.ID != "" && m.ID != leatSource {
				l.Source = m.ID
			}
			if m.Name != leatSource {
				l.Name = m.Name
			}
			if m.Level <= redError {
				p.tail.add(m.Text)
			}
			if m.Culprit != "" {
				p.tail.blame(m.Culprit)
			}
		}
	}
	s.journal.Add(l)
}
