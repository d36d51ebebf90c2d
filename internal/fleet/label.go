package fleet

import (
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// MaxLabel is the longest label of an instance; with "-editor" behind it, it
// still fits a DNS label of 63.
const MaxLabel = 40

// EditorSuffix is what the host name of an instance's editor has behind its label.
const EditorSuffix = "-editor"

var labelPattern = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]*[a-z0-9])?$`)

var reservedLabels = map[string]bool{
	"leat": true, "www": true, "api": true, "app": true, "admin": true, "mqtt": true, "broker": true, "registry": true,
	"npm": true, "mail": true, "status": true, "support": true, "help": true, "docs": true, "localhost": true, "editor": true,
}

// CheckLabel checks the label of an instance, which becomes its host name: 1 to
// MaxLabel letters a–z, digits and hyphens.
func CheckLabel(label string) error {
	switch {
	case len(label) > MaxLabel || !labelPattern.MatchString(label):
		return InvalidField("label", "A label has 1 to 40 letters a–z, digits and hyphens, and starts and ends with a letter or digit.")
	case len(label) >= 4 && label[2:4] == "--":
		return InvalidField("label", "A label cannot have two hyphens in third and fourth place; browsers would read it as an encoded name.")
	case strings.HasSuffix(label, EditorSuffix):
		return InvalidField("label", `A label cannot end in "-editor"; that name belongs to the editor of another instance.`)
	case reservedLabels[label]:
		return InvalidField("label", "This label is kept for the platform. Choose another.")
	}
	return nil
}

// LabelFrom makes a label of a free name: "Pumpstation Süd 3" becomes
// "pumpstation-sud-3". A name with nothing to keep becomes "instance". The
// result is valid, but not yet unique: see Numbered.
func LabelFrom(name string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(strings.ToLower(name)) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case r == 'ß':
			b.WriteString("ss")
		case r >= 0x0300 && r <= 0x036F: // the accents that NFKD took off
		default:
			if b.Len() > 0 && !strings.HasSuffix(b.String(), "-") {
				b.WriteByte('-')
			}
		}
		if b.Len() >= MaxLabel-6 {
			break
		}
	}
	label := strings.Trim(b.String(), "-")
	if label == "" {
		return "instance"
	}
	if CheckLabel(label) != nil {
		label = "instance-" + strings.ReplaceAll(label, "--", "-")
		label = label[:min(len(label), MaxLabel-6)]
		// Taking an end off may bring another one to light, "editor" alone does.
		for was := ""; was != label; {
			was, label = label, strings.Trim(strings.TrimSuffix(label, EditorSuffix), "-")
		}
	}
	return label
}

// Numbered is the n-th try at a unique label or short name: "pump", "pump-2" …
func Numbered(base string, n int) string {
	if n <= 1 {
		return base
	}
	tail := "-" + strconv.Itoa(n)
	return strings.TrimSuffix(base[:min(len(base), MaxLabel-len(tail))], "-") + tail
}
