package fleet

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// AppendCanonical appends v as canonical JSON (RFC 8785): members sorted, no
// spaces, one way to write each value, so that equal content has equal bytes. It
// takes nil, bool, string, the sizes of int used here, float64, []any, []string
// and map[string]any. Text that is not UTF-8 gets the replacement character.
func AppendCanonical(b []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(b, "null"...), nil
	case bool:
		return strconv.AppendBool(b, v), nil
	case string:
		return appendText(b, v), nil
	case int:
		return appendInteger(b, int64(v))
	case int64:
		return appendInteger(b, v)
	case float64:
		return appendNumber(b, v)
	case []string:
		return appendList(b, v)
	case []any:
		return appendList(b, v)
	case map[string]any:
		return appendObject(b, v)
	}
	return nil, fmt.Errorf("canonical JSON: %T is not one of its types", v)
}

func appendList[T any](b []byte, list []T) ([]byte, error) {
	b = append(b, '[')
	var err error
	for i, v := range list {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = AppendCanonical(b, v); err != nil {
			return nil, err
		}
	}
	return append(b, ']'), nil
}

func appendObject(b []byte, m map[string]any) ([]byte, error) {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.SortFunc(keys, compareUTF16)
	b = append(b, '{')
	var err error
	for i, k := range keys {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(appendText(b, k), ':')
		if b, err = AppendCanonical(b, m[k]); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

// compareUTF16 orders as RFC 8785 does: by UTF-16 units, which differs from the
// order of bytes beyond the basic plane.
func compareUTF16(a, b string) int {
	return slices.Compare(utf16.Encode([]rune(a)), utf16.Encode([]rune(b)))
}

// appendInteger writes an integer that every JSON reader reads back exactly.
func appendInteger(b []byte, n int64) ([]byte, error) {
	if n > 1<<53 || n < -1<<53 {
		return nil, fmt.Errorf("canonical JSON: %d is too large to be exact", n)
	}
	return strconv.AppendInt(b, n, 10), nil
}

// appendNumber writes a number as ECMAScript does.
func appendNumber(b []byte, f float64) ([]byte, error) {
	abs := math.Abs(f)
	switch {
	case math.IsNaN(f) || math.IsInf(f, 0):
		return nil, fmt.Errorf("canonical JSON: %v is not a number of JSON", f)
	case f == 0:
		return append(b, '0'), nil
	case abs >= 1e-6 && abs < 1e21:
		return strconv.AppendFloat(b, f, 'f', -1, 64), nil
	}
	text := strconv.FormatFloat(f, 'e', -1, 64)
	mantissa, exp, _ := strings.Cut(text, "e")
	sign := exp[:1]
	return append(b, mantissa+"e"+sign+strings.TrimLeft(exp[1:], "0")...), nil
}

const hexDigits = "0123456789abcdef"

func appendText(b []byte, s string) []byte {
	b = append(b, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			b = utf8.AppendRune(b, r)
			i += n
			continue
		}
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c >= 0x20:
			b = append(b, c)
		case strings.IndexByte("\b\t\n\f\r", c) >= 0:
			b = append(b, '\\', "btn?fr"[c-'\b'])
		default:
			b = append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		}
		i++
	}
	return append(b, '"')
}
