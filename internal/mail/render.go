package mail

import (
	"bytes"
	_ "embed"
	"fmt"
	html "html/template"
	text "text/template"
)

//go:embed letter.txt.tmpl
var textSource string

//go:embed letter.html.tmpl
var htmlSource string

var (
	textLayout = text.Must(text.New("text").Parse(textSource))
	htmlLayout = html.Must(html.New("html").Parse(htmlSource))
)

// Render is the letter as plain text and as HTML.
func (l Letter) Render(p Platform) (plain, rich string, err error) {
	in := struct {
		Letter
		Platform Platform
	}{l, Platform{Name: name(p.Name), URL: p.URL}}
	var a, b bytes.Buffer
	if err := textLayout.Execute(&a, in); err != nil {
		return "", "", fmt.Errorf("write the text of a letter: %w", err)
	}
	if err := htmlLayout.Execute(&b, in); err != nil {
		return "", "", fmt.Errorf("write the HTML of a letter: %w", err)
	}
	return a.String(), b.String(), nil
}
