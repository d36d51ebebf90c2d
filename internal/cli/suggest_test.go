package cli_test

import (
	"testing"

	"leat/internal/cli"
)

func TestNamesThatAreAlikeAreSuggested(t *testing.T) {
	names := []string{"Pump 1", "Pump 2", "Boiler", "Kessel"}
	for word, want := range map[string]string{
		"boilre":  `. Did you mean "Boiler"?`,
		"Pmup 1":  `. Did you mean "Pump 1" or "Pump 2"?`,
		"pump":    `. Did you mean "Pump 1" or "Pump 2"?`,
		"Turbine": "",
		"x":       "",
	} {
		if got := cli.DidYouMean(word, names); got != want {
			t.Errorf("%q: %q; want %q", word, got, want)
		}
	}
}

func TestWhatOthersNamedCannotMoveTheCursor(t *testing.T) {
	if got, want := cli.Clean("a\033[2Jb\u202ec\rd\ne"), "a\uFFFD[2Jb\uFFFDc\uFFFDd\ne"; got != want {
		t.Errorf("%q; want %q", got, want)
	}
}

func TestEscapedJSONIsReadable(t *testing.T) {
	if got, want := string(cli.Readable([]byte(`{"a":"\u003c\\u003c\u0026\n\"","b":"\`))), `{"a":"<\\u003c&\n\"","b":"\`; got != want {
		t.Errorf("%s; want %s", got, want)
	}
}

func TestTextTakesPlaces(t *testing.T) {
	for text, want := range map[string]int{"pump": 4, "Zähler": 6, "e\u0301": 1, "北の": 4, "": 0} {
		if got := cli.TextWidth(text); got != want {
			t.Errorf("%q: %d places; want %d", text, got, want)
		}
	}
}
