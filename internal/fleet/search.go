package fleet

import "strings"

// Fit says how well a name fits what was searched for.
type Fit int

// The fits, best first.
const (
	FitExact  Fit = iota // the whole name
	FitPrefix            // its beginning
	FitWord              // the beginning of a word in it
	FitPart              // somewhere in a word
)

// String is the fit's word.
func (f Fit) String() string {
	switch f {
	case FitExact:
		return "exact"
	case FitPrefix:
		return "prefix"
	case FitWord:
		return "word"
	}
	return "part"
}

// maxSearchWords are looked for; what stands behind them is not.
const maxSearchWords = 3

// SearchTerms is what is searched for, folded as names are: the whole of it, and
// its words, of which a name must hold every one.
type SearchTerms struct {
	Whole string
	Words []string
}

// wordBreaks are what separates the words of a name, beside the space.
var wordBreaks = strings.NewReplacer("-", " ", "_", " ")

// NewSearchTerms folds what somebody typed.
func NewSearchTerms(q string) SearchTerms {
	key := NameKey(strings.TrimSpace(q))
	words := strings.Fields(wordBreaks.Replace(key))
	t := SearchTerms{Whole: key}
	if len(words) > maxSearchWords {
		words = words[:maxSearchWords]
	}
	t.Words = words
	return t
}

// Empty reports whether nothing is searched for.
func (t SearchTerms) Empty() bool { return len(t.Words) == 0 }

// Phrase is the words as they stand beside each other in a name.
func (t SearchTerms) Phrase() string { return strings.Join(t.Words, " ") }

// Fits applies to names what the queries apply to rows: how well the best fits.
func (t SearchTerms) Fits(names ...string) (Fit, bool) {
	for i, n := range names {
		names[i] = NameKey(n)
		if names[i] == t.Whole {
			return FitExact, true
		}
	}
	hay := " " + wordBreaks.Replace(strings.Join(names, "  ")) // no phrase reaches from one into the next
	for _, w := range t.Words {
		if !strings.Contains(hay, w) {
			return 0, false
		}
	}
	fit := FitPart
	switch phrase := " " + t.Phrase(); {
	case strings.HasPrefix(hay, phrase):
		fit = FitPrefix
	case strings.Contains(hay, phrase):
		fit = FitWord
	}
	return fit, fit <= t.Worst()
}

// Worst is the worst fit that counts. A single letter is looked for at the
// beginning of words: inside of them it stands everywhere.
func (t SearchTerms) Worst() Fit {
	if len([]rune(t.Phrase())) == 1 {
		return FitWord
	}
	return FitPart
}

// Parts are what a name must hold, each somewhere; empty ones ask for nothing.
func (t SearchTerms) Parts() (parts [maxSearchWords]string) {
	copy(parts[:], t.Words)
	return parts
}
