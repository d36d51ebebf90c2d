package cli

import (
	"slices"
	"strings"
)

// didYouMean ends a sentence about an unknown name with the names that are like
// it; it is empty where none is.
func didYouMean(word string, names []string) string {
	type near struct {
		name     string
		distance int
	}
	var found []near
	folded := strings.ToLower(word)
	for _, name := range names {
		d := distance(folded, strings.ToLower(name))
		if strings.Contains(strings.ToLower(name), folded) && len(folded) > 1 {
			d = min(d, 1)
		}
		if d <= max(1, len(folded)/3) {
			found = append(found, near{name, d})
		}
	}
	slices.SortStableFunc(found, func(a, b near) int { return a.distance - b.distance })
	if len(found) == 0 {
		return ""
	}
	var quoted []string
	for _, f := range found[:min(len(found), 3)] {
		quoted = append(quoted, "\""+f.name+"\"")
	}
	return ". Did you mean " + strings.Join(quoted, " or ") + "?"
}

// distance counts the letters to change, add, leave out or swap to get from one
// word to another.
func distance(a, b string) int {
	from, to := []rune(a), []rune(b)
	before, last, row := make([]int, len(to)+1), make([]int, len(to)+1), make([]int, len(to)+1)
	for j := range last {
		last[j] = j
	}
	for i := range from {
		row[0] = i + 1
		for j := range to {
			cost := 1
			if from[i] == to[j] {
				cost = 0
			}
			row[j+1] = min(last[j]+cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && from[i] == to[j-1] && from[i-1] == to[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(to)]
}
