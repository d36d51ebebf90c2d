package fleet

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Bounds of a file that somebody brings.
const (
	MaxSnapshotFile = 64 << 20
	MaxFileNodes    = 100_000
	maxFileNesting  = 200
	// What is read of a file takes memory for each value, however short it is
	// written: so many may stand in one array, and in one object.
	maxFileItems   = 1_000_000
	maxFileMembers = MaxFileNodes
	maxFileValues  = 10_000_000
)

// badFile is the error for a file that cannot be imported: where says the place
// in it, what the fault.
func badFile(where, what string) *Error {
	msg := "The file cannot be imported: " + what
	e := &Error{Kind: Invalid, Code: "invalid_snapshot_file", Msg: msg}
	if where != "" {
		e.Fields = []Field{{Path: where, Msg: what}}
	}
	return e
}

// steering are the names of members by which JSON reaches what all objects of
// JavaScript share.
var steering = map[string]bool{"__proto__": true, "constructor": true}

// checkFile looks at the whole text of a file before anything is read from it:
// whether it is JSON, how deep it is, and what its members are called.
func checkFile(text []byte) error {
	if len(text) > MaxSnapshotFile {
		return &Error{Kind: TooLarge, Code: "snapshot_file_too_large", Msg: "The file is larger than 64 MiB."}
	}
	if !utf8.Valid(text) {
		return badFile("", "it is not text in UTF-8.")
	}
	var fault *json.SyntaxError
	var probe json.RawMessage
	if err := json.Unmarshal(text, &probe); err != nil {
		at := ""
		if errors.As(err, &fault) {
			at = fmt.Sprintf(" at byte %d", fault.Offset)
		}
		if strings.Contains(err.Error(), "unexpected end") {
			return badFile("", "it is cut short"+at+". Take the file again from where it came from.")
		}
		return badFile("", "it is not JSON"+at+".")
	}
	w := &fileWalk{in: text}
	return w.value()
}

// fileWalk reads JSON that is known to be valid, and knows where it is.
type fileWalk struct {
	in     []byte
	at     int
	depth  int
	values int
	path   []string
}

func (w *fileWalk) next() byte {
	for w.in[w.at] <= ' ' {
		w.at++
	}
	return w.in[w.at]
}

func (w *fileWalk) value() error {
	if w.values++; w.values > maxFileValues {
		return badFile("", fmt.Sprintf("it holds more than %d values.", maxFileValues))
	}
	switch w.next() {
	case '{':
		return w.nested('}', maxFileMembers, w.member)
	case '[':
		n := -1
		return w.nested(']', maxFileItems, func() error {
			n++
			return w.below("["+strconv.Itoa(n)+"]", w.value)
		})
	case '"':
		w.text()
		return nil
	}
	for w.at < len(w.in) && strings.IndexByte(",]} \t\r\n", w.in[w.at]) < 0 {
		w.at++
	}
	return nil
}

func (w *fileWalk) nested(end byte, most int, one func() error) error {
	if w.depth++; w.depth > maxFileNesting {
		return badFile(w.where(), fmt.Sprintf("%s is nested more than %d levels deep.", w.where(), maxFileNesting))
	}
	defer func() { w.depth-- }()
	n := 0
	for w.at++; w.next() != end; {
		if n++; n > most {
			return badFile(w.where(), fmt.Sprintf("%s holds more than %d entries.", w.where(), most))
		}
		if w.in[w.at] == ',' {
			w.at++
		}
		if err := one(); err != nil {
			return err
		}
	}
	w.at++
	return nil
}

func (w *fileWalk) member() error {
	w.next()
	quoted := w.text()
	name := string(quoted[1 : len(quoted)-1])
	if strings.Contains(name, `\`) && json.Unmarshal(quoted, &name) != nil {
		return badFile(w.where(), "the name of a member of "+w.where()+" cannot be read.")
	}
	w.next()
	w.at++ // the colon
	return w.below("."+name, func() error {
		if steering[name] {
			return badFile(w.where(), fmt.Sprintf("%s is a name that would change what all objects of a program share.", w.where()))
		}
		return w.value()
	})
}

func (w *fileWalk) below(step string, fn func() error) error {
	w.path = append(w.path, step)
	err := fn()
	w.path = w.path[:len(w.path)-1]
	return err
}

// where is the place in words of paths, such as flows.flows[3].func.
func (w *fileWalk) where() string {
	path := w.path
	cut := ""
	if len(path) > 12 {
		path, cut = path[:12], "…"
	}
	var b strings.Builder
	for _, step := range path {
		if r := []rune(step); len(r) > 60 {
			step = string(r[:60]) + "…"
		}
		b.WriteString(step)
	}
	if where := strings.TrimPrefix(b.String(), ".") + cut; where != "" {
		return where
	}
	return "the file"
}

// text passes over a string and returns it with its quotes.
func (w *fileWalk) text() []byte {
	from := w.at
	for w.at++; w.in[w.at] != '"'; w.at++ {
		if w.in[w.at] == '\\' {
			w.at++
		}
	}
	w.at++
	return w.in[from:w.at]
}
