package fleet

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxNesting bounds how deep JSON may be nested.
const maxNesting = 1000

// Why JSON text has no canonical form; they follow "cannot be kept: ".
var (
	errNoJSON  = errors.New("this is not JSON")
	errNoArray = errors.New("this is not an array of nodes")
	errDeep    = errors.New("it is nested more than 1000 levels deep")
	errNumber  = errors.New("it holds a number that is too large for Node-RED")
)

// AppendCanonicalText appends JSON text as canonical JSON (RFC 8785), as
// [AppendCanonical] does with values, in one pass and many times faster than by
// way of them. It reads what JSON.parse of JavaScript reads: of members with one
// name the last counts, and numbers are of double precision. What is not UTF-8,
// and half of a surrogate pair, becomes the replacement character.
func AppendCanonicalText(b, text []byte) ([]byte, error) {
	if !json.Valid(text) {
		return nil, errNoJSON
	}
	w := &canonicalWriter{in: text, out: b}
	if err := w.value(); err != nil {
		return nil, err
	}
	return w.out, nil
}

// canonicalWriter reads JSON that is known to be valid.
type canonicalWriter struct {
	in, out []byte
	at      int
	depth   int
	// members are those of the objects that are open, scratch is used to sort them.
	members []canonicalMember
	scratch []byte
}

// canonicalMember is where a member is in out.
type canonicalMember struct {
	from, colon, to int
	// odd is set where the order of its name's bytes may not be that of its UTF-16 units.
	odd bool
}

// next skips white space and returns what follows without taking it.
func (w *canonicalWriter) next() byte {
	for w.in[w.at] <= ' ' {
		w.at++
	}
	return w.in[w.at]
}

func (w *canonicalWriter) value() error {
	switch c := w.next(); c {
	case '{':
		return w.nested(w.object)
	case '[':
		return w.nested(w.array)
	case '"':
		w.text()
		return nil
	case 't', 'n', 'f':
		n := 4
		if c == 'f' {
			n = 5
		}
		w.out = append(w.out, w.in[w.at:w.at+n]...)
		w.at += n
		return nil
	}
	return w.number()
}

func (w *canonicalWriter) nested(read func() error) error {
	if w.depth++; w.depth > maxNesting {
		return errDeep
	}
	defer func() { w.depth-- }()
	return read()
}

func (w *canonicalWriter) array() error {
	w.at++
	w.out = append(w.out, '[')
	for w.next() != ']' {
		if w.in[w.at] == ',' {
			w.at++
			w.out = append(w.out, ',')
		}
		if err := w.value(); err != nil {
			return err
		}
	}
	w.at++
	w.out = append(w.out, ']')
	return nil
}

func (w *canonicalWriter) object() error {
	w.at++
	w.out = append(w.out, '{')
	start, base := len(w.out), len(w.members)
	for w.next() != '}' {
		if w.in[w.at] == ',' {
			w.at++
			w.out = append(w.out, ',')
		}
		w.next()
		m := canonicalMember{from: len(w.out)}
		w.text()
		m.colon = len(w.out)
		m.odd = bytes.ContainsFunc(w.out[m.from:m.colon], func(r rune) bool { return r == '\\' || r >= 0xe000 })
		w.next()
		w.at++ // the colon
		w.out = append(w.out, ':')
		if err := w.value(); err != nil {
			return err
		}
		m.to = len(w.out)
		w.members = append(w.members, m)
	}
	w.at++
	w.sort(start, w.members[base:])
	w.members = w.members[:base]
	w.out = append(w.out, '}')
	return nil
}

// sort puts the members that were written from start into their order.
func (w *canonicalWriter) sort(start int, members []canonicalMember) {
	sorted := true
	for i := 1; i < len(members) && sorted; i++ {
		sorted = w.compare(members[i-1], members[i]) < 0
	}
	if sorted {
		return
	}
	slices.SortStableFunc(members, w.compare)
	kept := members[:0]
	for i, m := range members {
		if i+1 == len(members) || w.compare(m, members[i+1]) != 0 { // the last of one name
			kept = append(kept, m)
		}
	}
	w.scratch = append(w.scratch[:0], w.out[start:]...)
	w.out = w.out[:start]
	for i, m := range kept {
		if i > 0 {
			w.out = append(w.out, ',')
		}
		w.out = append(w.out, w.scratch[m.from-start:m.to-start]...)
	}
}

func (w *canonicalWriter) compare(a, b canonicalMember) int {
	// Without their closing quotes, so that a name sorts before one that it begins.
	left, right := w.out[a.from:a.colon-1], w.out[b.from:b.colon-1]
	if !a.odd && !b.odd {
		return bytes.Compare(left, right)
	}
	return compareUTF16(w.name(a), w.name(b))
}

func (w *canonicalWriter) name(m canonicalMember) (name string) {
	if err := json.Unmarshal(w.out[m.from:m.colon], &name); err != nil {
		return string(w.out[m.from:m.colon])
	}
	return name
}

func (w *canonicalWriter) number() error {
	from := w.at
	plain := true
	for ; w.at < len(w.in) && strings.IndexByte("+-.eE0123456789", w.in[w.at]) >= 0; w.at++ {
		plain = plain && w.in[w.at] >= '0' && w.in[w.at] <= '9'
	}
	text := w.in[from:w.at]
	if plain && len(text) <= 15 {
		w.out = append(w.out, text...)
		return nil
	}
	f, err := strconv.ParseFloat(string(text), 64)
	if err != nil {
		return errNumber
	}
	w.out, err = appendNumber(w.out, f)
	return err
}

// text reads a string. Most escapes of JSON are those of its canonical form.
func (w *canonicalWriter) text() {
	w.at++
	w.out = append(w.out, '"')
	for {
		from := w.at
		for c := w.in[w.at]; c != '"' && c != '\\' && c < utf8.RuneSelf; c = w.in[w.at] {
			w.at++
		}
		w.out = append(w.out, w.in[from:w.at]...)
		switch c := w.in[w.at]; {
		case c == '"':
			w.at++
			w.out = append(w.out, '"')
			return
		case c == '\\':
			w.escape()
		default:
			r, n := utf8.DecodeRune(w.in[w.at:])
			w.out = utf8.AppendRune(w.out, r)
			w.at += n
		}
	}
}

func (w *canonicalWriter) escape() {
	c := w.in[w.at+1]
	switch c {
	case 'u':
		r := w.unit()
		if utf16.IsSurrogate(r) {
			r = w.pair(r)
		}
		var one [utf8.UTFMax]byte
		quoted := appendText(nil, string(one[:utf8.EncodeRune(one[:], r)]))
		w.out = append(w.out, quoted[1:len(quoted)-1]...)
		return
	case '/':
		w.out = append(w.out, '/')
	default:
		w.out = append(w.out, '\\', c)
	}
	w.at += 2
}

// unit reads \uXXXX.
func (w *canonicalWriter) unit() rune {
	n, err := strconv.ParseUint(string(w.in[w.at+2:w.at+6]), 16, 16)
	w.at += 6
	if err != nil {
		return utf8.RuneError
	}
	return rune(n)
}

// pair reads the second half of a surrogate pair where it follows.
func (w *canonicalWriter) pair(high rune) rune {
	if w.in[w.at] != '\\' || w.in[w.at+1] != 'u' {
		return utf8.RuneError
	}
	at := w.at
	r := utf16.DecodeRune(high, w.unit())
	if r == utf8.RuneError {
		w.at = at // a half of its own, or no surrogate
	}
	return r
}
