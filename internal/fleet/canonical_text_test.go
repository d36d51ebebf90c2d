package fleet_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"leat/internal/fleet"
)

// Two ways to the same bytes: through values, and in one pass over the text.
func TestTextAndValuesHaveOneCanonicalForm(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		text := jsonText(4).Draw(r, "text")
		var v any
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			r.Fatalf("%q: %v", text, err)
		}
		want, err := fleet.AppendCanonical(nil, v)
		if err != nil {
			r.Fatal(err)
		}
		got, err := fleet.AppendCanonicalText(nil, []byte(text))
		if err != nil || string(got) != string(want) {
			r.Errorf("%q\n became %q, %v\n   want %q", text, got, err, want)
		}
		if again, err := fleet.AppendCanonicalText(nil, got); err != nil || string(again) != string(got) {
			r.Errorf("the canonical form of %q is %q, %v", got, again, err)
		}
	})
}

// jsonText draws JSON in all the ways it can be written.
func jsonText(depth int) *rapid.Generator[string] {
	return rapid.Custom(func(r *rapid.T) string {
		space := func() string { return rapid.SampledFrom([]string{"", "", " ", "\n\t\r "}).Draw(r, "space") }
		kind := rapid.IntRange(0, 5).Draw(r, "kind")
		if depth == 0 {
			kind %= 4
		}
		var text string
		switch kind {
		case 0:
			text = rapid.SampledFrom([]string{"true", "false", "null"}).Draw(r, "word")
		case 1:
			text = numberText().Draw(r, "number")
		case 2, 3:
			text = stringText().Draw(r, "string")
		case 4:
			text = "[" + strings.Join(rapid.SliceOfN(jsonText(depth-1), 0, 4).Draw(r, "list"), ",") + space() + "]"
		case 5:
			var members []string
			for range rapid.IntRange(0, 6).Draw(r, "members") {
				members = append(members, space()+stringText().Draw(r, "name")+space()+":"+jsonText(depth-1).Draw(r, "value"))
			}
			text = "{" + strings.Join(members, ",") + space() + "}"
		}
		return space() + text + space()
	})
}

func numberText() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.SampledFrom([]string{
			"0", "-0", "-0.0", "0e9", "1E2", "1e-7", "1e-400", "0.000001", "1e20", "1e21", "123456789012345", "1234567890123456", "9007199254740993",
			"12345678901234567890", "-1", "-12.50", "1.7976931348623157e308", "5e-324", "100000000000000000000000", "3.0",
		}),
		rapid.Custom(func(r *rapid.T) string {
			b, err := json.Marshal(rapid.Float64().Draw(r, "float"))
			if err != nil {
				return "1"
			}
			return string(b)
		}),
	)
}

// stringText draws strings, with characters and escapes that readers tend to
// disagree on.
func stringText() *rapid.Generator[string] {
	parts := []string{
		"a", "b", "aa", "id", "__proto__", "z", " ", `\n`, `\t`, `\"`, `\\`, `\/`, "/", `\b\f\r`, `\u0000`, `\u001f`, `\u0041`, `\u005c`, `\u0022`, "\u007f",
		"é", "€", "\u2028", "\ufb33", "😀", `\u20ac`, `\ud83d\ude00`, `\ud83d`, `\ude00`, `\ud83d\u0041`, `\ud83d\ud83d\ude00`, "\xff", "\xe2\x82", "<>&", "\ufffd", `\uFB33`, `\ue000`,
	}
	return rapid.Custom(func(r *rapid.T) string {
		return `"` + strings.Join(rapid.SliceOfN(rapid.SampledFrom(parts), 0, 4).Draw(r, "parts"), "") + `"`
	})
}

func TestTextWithoutACanonicalFormIsRefused(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for text, want := range map[string]string{
		"": "not JSON", "[1,]": "not JSON", `{"a":1`: "not JSON", "[1e400]": "too large", "[-1e400]": "too large", "nul": "not JSON", "[] []": "not JSON", `"a` + "\n" + `"`: "not JSON",
		deep(1001): "1000 levels", strings.Repeat(`{"a":`, 1001) + "1" + strings.Repeat("}", 1001): "1000 levels", deep(20_000): "not JSON",
	} {
		if got, err := fleet.AppendCanonicalText(nil, []byte(text)); err == nil || !strings.Contains(err.Error(), want) || got != nil {
			t.Errorf("%.40q: %q, %v; want %s", text, got, err, want)
		}
	}
	if got, err := fleet.AppendCanonicalText([]byte("x"), []byte(deep(1000))); err != nil || string(got) != "x"+deep(1000) {
		t.Errorf("a thousand levels: %v", err)
	}
}

func FuzzCanonicalText(f *testing.F) {
	f.Add([]byte(`[{"id":"a","b":[1,2.5e3,"\u00e9\ud83d"],"__proto__":{"x":null}}]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := fleet.AppendCanonicalText(nil, text)
		if err != nil {
			return
		}
		if !json.Valid(got) || !utf8.Valid(got) {
			t.Fatalf("%q became %q", text, got)
		}
		var v any
		if err := json.Unmarshal(text, &v); err != nil {
			t.Fatal(err)
		}
		if want, err := fleet.AppendCanonical(nil, v); err != nil || string(want) != string(got) {
			t.Fatalf("%q became %q; want %q, %v", text, got, want, err)
		}
	})
}
