package config

import "strings"

// A Fault is one thing that is wrong.
type Fault struct {
	// Path names the field, as in http.listen; empty when the file as a whole is meant.
	Path string
	// Message says what is wrong with it.
	Message string
	// Where says which source the value came from: a line of the file, a
	// variable, a flag. It may be empty.
	Where string
}

// String gives the path and the message.
func (f Fault) String() string {
	if f.Path == "" {
		return f.Message
	}
	return f.Path + ": " + f.Message
}

// Faults is everything that is wrong, in the order in which it was found.
type Faults []Fault

// Error tells one fault a line, each with the place where its value came from.
func (fs Faults) Error() string {
	lines := make([]string, len(fs))
	for i, f := range fs {
		lines[i] = f.String()
		if f.Where != "" {
			lines[i] += " (" + f.Where + ")"
		}
	}
	return strings.Join(lines, "\n")
}

// under reports whether there is a fault at a path or below it.
func (fs Faults) under(path string) bool {
	for _, f := range fs {
		if path == "" || f.Path == path || strings.HasPrefix(f.Path, path+".") {
			return true
		}
	}
	return false
}
