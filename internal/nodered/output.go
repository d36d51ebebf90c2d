package nodered

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"sync"

	"leat/internal/wire"
)

// mark begins a line that the bridge wrote for a message of Node-RED's log.
const mark = '\x1e'

// tailBytes is how much of the standard error is kept to explain an end.
const tailBytes = 8 << 10

// tail keeps the end of a text.
type tail struct {
	mu   sync.Mutex
	text []byte
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

// readOutput always reads: lines wait in Node-RED's memory otherwise.
func (s *Supervisor) readOutput(r *os.File, stream string, p *process) {
	defer r.Close()
	in := bufio.NewReaderSize(r, 8<<10)
	for {
		text, err := readLine(in)
		if text != "" {
			s.logLine(text, stream, p)
		}
		if err != nil {
			return // the pipe's end is the process's
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
			return strings.TrimRight(b.String(), "\r\n"), err
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
			Level          int    `json:"level"`
			ID, Name, Text string `json:",omitempty"`
		}
		if json.Unmarshal([]byte(text[1:]), &m) == nil {
			l.Level, l.Name, l.Text = levelName(m.Level), m.Name, strings.TrimSpace(m.Text)
			if m.ID != "" {
				l.Source = m.ID
			}
			if m.Level <= redError {
				p.tail.add(m.Text)
			}
		}
	}
	s.journal.Add(l)
}
