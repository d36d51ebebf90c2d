package flow

import (
	"bytes"
	"encoding/json"
	"reflect"
	"slices"
)

// scanner takes JSON apart that is known to be valid, without copying values:
// flow files are large, and most of what they hold is never looked into.
type scanner struct {
	// names holds each name once: a file repeats the same few thousands of times.
	names map[string]string
}

// fewMembers is up to how many members a search from the front is quickest.
const fewMembers = 48

// members lists those of the object at the front of data, the last of those that
// share a name, and tells how long the object is.
func (s *scanner) members(data []byte) ([]Member, int) {
	out := make([]Member, 0, 16)
	var seen map[string]int
	i := skipSpace(data, 1)
	for data[i] != '}' {
		end := skipText(data, i)
		name := s.name(data[i:end])
		i = skipSpace(data, skipSpace(data, end)+1) // the colon
		end = skipValue(data, i)
		m := Member{Name: name, Value: data[i:end:end]}
		if len(out) == fewMembers {
			seen = index(out)
		}
		at, twice := seen[name]
		if seen == nil {
			at = slices.IndexFunc(out, func(o Member) bool { return o.Name == name })
			twice = at >= 0
		}
		if twice {
			out[at] = m
		} else {
			if seen != nil {
				seen[name] = len(out)
			}
			out = append(out, m)
		}
		if i = skipSpace(data, end); data[i] == ',' {
			i = skipSpace(data, i+1)
		}
	}
	return out, i + 1
}

func index(members []Member) map[string]int {
	at := make(map[string]int, 2*len(members))
	for i, m := range members {
		at[m.Name] = i
	}
	return at
}

func (s *scanner) name(quoted []byte) string {
	if known, ok := s.names[string(quoted)]; ok {
		return known
	}
	name, _ := unquote(quoted)
	if s.names != nil && len(s.names) < 1<<14 {
		s.names[string(quoted)] = name
	}
	return name
}

// elements lists those of an array.
func elements(data []byte) [][]byte {
	var out [][]byte
	i := skipSpace(data, 1)
	for data[i] != ']' {
		end := skipValue(data, i)
		out = append(out, data[i:end:end])
		if i = skipSpace(data, end); data[i] == ',' {
			i = skipSpace(data, i+1)
		}
	}
	return out
}

func skipSpace(data []byte, i int) int {
	for data[i] == ' ' || data[i] == '\n' || data[i] == '\r' || data[i] == '\t' {
		i++
	}
	return i
}

func skipText(data []byte, i int) int {
	for i++; ; i++ {
		switch data[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
}

func skipValue(data []byte, i int) int {
	switch data[i] {
	case '"':
		return skipText(data, i)
	case '{', '[':
		for depth := 0; ; {
			switch data[i] {
			case '"':
				i = skipText(data, i) - 1
			case '{', '[':
				depth++
			case '}', ']':
				depth--
			}
			if i++; depth == 0 {
				return i
			}
		}
	}
	for i < len(data) && bytes.IndexByte([]byte(",]} \n\r\t"), data[i]) < 0 {
		i++
	}
	return i
}

// eachText calls each for every text in a value, names of members too, as it is
// written there without its quotes.
func eachText(value []byte, each func(text []byte)) {
	for i := 0; i < len(value); i++ {
		if value[i] == '"' {
			end := skipText(value, i)
			each(value[i+1 : end-1])
			i = end - 1
		}
	}
}

func unquote(value []byte) (string, bool) {
	if len(value) < 2 || value[0] != '"' {
		return "", false
	}
	inner := value[1 : len(value)-1]
	if bytes.IndexByte(inner, '\\') < 0 {
		return string(bytes.ToValidUTF8(inner, []byte("\uFFFD"))), true
	}
	var text string
	err := json.Unmarshal(value, &text)
	return text, err == nil
}

func quote(text string) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if enc.Encode(text) != nil {
		return []byte(`""`)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// sameValue reports whether two values mean the same to Node-RED: however their
// members are sorted, their numbers written and their characters escaped.
func sameValue(a, b []byte) bool {
	switch {
	case bytes.Equal(a, b):
		return true
	case a == nil || b == nil || class(a) != class(b):
		return false
	case a[0] == '"' && !manyWays(a) && !manyWays(b):
		return false
	}
	var x, y any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return false
	}
	return reflect.DeepEqual(x, y)
}

// manyWays reports a text that can be written in another way, too: most escapes
// have no other.
func manyWays(value []byte) bool {
	return bytes.Contains(value, []byte(`\u`)) || bytes.Contains(value, []byte(`\/`))
}

// class is the same for values of one type.
func class(value []byte) byte {
	if c := value[0]; c != '-' && (c < '0' || c > '9') {
		return c
	}
	return '0'
}

// texts reads an array that holds nothing but text.
func texts(value []byte) ([]string, bool) {
	if len(value) == 0 || value[0] != '[' {
		return nil, false
	}
	out := []string{}
	for _, e := range elements(value) {
		text, ok := unquote(e)
		if !ok {
			return nil, false
		}
		out = append(out, text)
	}
	return out, true
}

// ports reads wires: an array of arrays of ids.
func ports(value []byte) ([][]string, bool) {
	if len(value) == 0 || value[0] != '[' {
		return nil, false
	}
	out := [][]string{}
	for _, e := range elements(value) {
		ids, ok := texts(e)
		if !ok {
			return nil, false
		}
		out = append(out, ids)
	}
	return out, true
}
