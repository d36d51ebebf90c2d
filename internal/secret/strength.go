package secret

import (
	_ "embed"
	"math"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

const (
	passwordLeast = 8
	passwordMost  = 128

	// passwordGuesses is the power of ten of guesses that a password must stand:
	// out of reach of a throttled sign-in, and dear against a stolen argon2id hash.
	passwordGuesses = 7.0
)

// Weakness says in a sentence what to change about a new password, or "" when
// it may be used. About holds what belongs to its person (username, e-mail
// address, name) and must not be in it. The sentence never repeats the password.
func Weakness(password string, about ...string) string {
	switch n := utf8.RuneCountInString(password); {
	case !utf8.ValidString(password):
		return "Use letters, digits and signs that can be typed."
	case n < passwordLeast:
		return "Use at least 8 characters; three or four unrelated words are good."
	case n > passwordMost:
		return "Use at most 128 characters."
	}
	folded := fold(password)
	for _, own := range personal(about) {
		if strings.Contains(folded, own) {
			return "Leave your username, name and e-mail address out of the password."
		}
	}
	if guesses(password) < passwordGuesses {
		return "This password is easy to guess: it is made of common words or patterns. Add two or three unrelated words."
	}
	return ""
}

// personal returns what of a person must not be in a password: each text as a
// whole and, of an e-mail address, what stands before the @. Shorter than four
// letters would forbid too much by accident.
func personal(about []string) []string {
	var out []string
	for _, text := range about {
		name, _, _ := strings.Cut(text, "@")
		for _, part := range []string{text, name} {
			if part = fold(part); utf8.RuneCountInString(part) >= 4 {
				out = append(out, part)
			}
		}
	}
	return out
}

func fold(text string) string { return strings.ToLower(norm.NFKC.String(text)) }

//go:embed common.txt
var commonText string

// common gives every common password and word its place in the list, the most
// common first.
var common = sync.OnceValue(func() map[string]int {
	words := strings.Fields(commonText)
	rank := make(map[string]int, len(words))
	for i, word := range words {
		if _, known := rank[word]; !known {
			rank[word] = i + 1
		}
	}
	return rank
})

// keyRows are walked by fingers in both directions.
var keyRows = []string{
	"qwertyuiop", "asdfghjkl", "zxcvbnm", "qwertzuiop", "yxcvbnm", "azertyuiop", "qsdfghjklm", "wxcvbn",
	"1qaz", "2wsx", "3edc", "4rfv", "5tgb", "6yhn", "7ujm",
	"1234567890", "!@#$%^&*()", "!\"§$%&/()=",
}

// unleet maps the signs people put for letters.
var unleet = strings.NewReplacer("4", "a", "@", "a", "3", "e", "1", "i", "!", "i", "0", "o", "$", "s", "5", "s", "7", "t", "+", "t")

// guesses estimates the power of ten of the guesses that find a password, by
// the cheapest way to write it as common words, walks, sequences, dates, copies
// of its own parts, and single signs of ten guesses each.
func guesses(password string) float64 {
	text := []rune(norm.NFKC.String(password))
	best := make([]float64, len(text)+1)
	for i := range best[1:] {
		best[i+1] = math.Inf(1)
	}
	for from := range text {
		reach := func(length int, cost float64) {
			// Where one part ends and the next begins has to be guessed as well.
			best[from+length] = math.Min(best[from+length], best[from]+cost+0.2)
		}
		best[from+1] = math.Min(best[from+1], best[from]+1)
		reachWords(text[from:], reach)
		reachRuns(text[from:], reach)
		reachDates(text[from:], reach)
		reachCopies(text, from, reach)
	}
	return best[len(text)]
}

// reachWords offers every common word that text begins with, as it is, with
// signs for letters, or backwards.
func reachWords(text []rune, reach func(int, float64)) {
	const longest = 16
	rank := common()
	for n := 3; n <= min(len(text), longest); n++ {
		raw := string(text[:n])
		lower := strings.ToLower(raw)
		extra := 0.0
		if lower != raw {
			extra = 0.5
		}
		if place, ok := rank[lower]; ok {
			reach(n, math.Log10(float64(place))+extra)
		} else if place, ok := rank[unleet.Replace(lower)]; ok {
			reach(n, math.Log10(float64(place))+extra+0.5)
		} else if place, ok := rank[reversed(lower)]; ok {
			reach(n, math.Log10(float64(place))+extra+0.3)
		}
	}
}

// reachRuns offers rising and falling sequences (abc, 987) and walks along the
// rows of a keyboard.
func reachRuns(text []rune, reach func(int, float64)) {
	if len(text) < 3 {
		return
	}
	if step := text[1] - text[0]; step == 1 || step == -1 {
		n := 2
		for n < len(text) && text[n]-text[n-1] == step {
			n++
		}
		if n >= 3 {
			reach(n, math.Log10(20*float64(n)))
		}
	}
	for n := 3; n <= min(len(text), 12); n++ {
		part := strings.ToLower(string(text[:n]))
		for _, row := range keyRows {
			if strings.Contains(row, part) || strings.Contains(row, reversed(part)) {
				reach(n, math.Log10(20*float64(n)))
			}
		}
	}
}

// reachDates offers years near our time, and days as eight digits.
func reachDates(text []rune, reach func(int, float64)) {
	digits := 0
	for digits < min(len(text), 8) && text[digits] < unicode.MaxASCII && unicode.IsDigit(text[digits]) {
		digits++
	}
	number := func(from, to int) int {
		n := 0
		for _, r := range text[from:to] {
			n = n*10 + int(r-'0')
		}
		return n
	}
	year := func(n int) bool { return n >= 1900 && n < 2050 }
	day := func(a, b int) bool { return min(a, b) >= 1 && min(a, b) <= 12 && max(a, b) <= 31 }
	if digits >= 4 && year(number(0, 4)) {
		reach(4, 2)
	}
	if digits == 8 && (year(number(4, 8)) && day(number(0, 2), number(2, 4)) || year(number(0, 4)) && day(number(4, 6), number(6, 8))) {
		reach(8, 4.5)
	}
}

// reachCopies offers what stood earlier in the password already: aaaaaa, and
// pumppumppump.
func reachCopies(text []rune, from int, reach func(int, float64)) {
	for distance := 1; distance <= from; distance++ {
		n := 0
		for from+n < len(text) && text[from+n] == text[from+n-distance] {
			n++
		}
		if n >= 2 {
			reach(n, math.Log10(float64(distance*n)))
		}
	}
}

func reversed(text string) string {
	runes := []rune(text)
	for i, j := 0, len(runes)-1; i < j; i, j = i+1, j-1 {
		runes[i], runes[j] = runes[j], runes[i]
	}
	return string(runes)
}
