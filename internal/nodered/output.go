package nodered

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strings"
	"sync"

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
	for {
		text, err := readLine(in)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			o.rest = []byte(text)
			return
		}
		if text = strings.TrimRight(text, "\r\n"); text != "" {
			s.logLine(text, o.stream, p)
		}
		if err != nil {
			_ = o.file.Close() // the pipe's end is the process's
			return
		}
	}
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
