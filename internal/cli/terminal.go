package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// color is how a text is set off on a terminal.
type color string

// The colours, as terminals know them.
const (
	plain  color = ""
	dim    color = "2"
	bold   color = "1"
	red    color = "31"
	green  color = "32"
	yellow color = "33"
	blue   color = "36"
)

func (p printer) paint(c color, text string) string {
	if !p.color || c == plain || text == "" {
		return text
	}
	return "\033[" + string(c) + "m" + text + "\033[0m"
}

// stateColor is the colour of a state, the same as in the pages.
func stateColor(s string) color {
	switch s {
	case "running", "ready", "done", "added":
		return green
	case "starting", "stopping", "preparing":
		return blue
	case "degraded", "refused", "changed", "warn":
		return yellow
	case "failed", "crash loop", "safe mode", "unreachable", "removed", "error":
		return red
	case "stopped", "suspended", "debug":
		return dim
	}
	return plain
}

// terminalWidth is how many places a line has, 0 where that is not known.
func terminalWidth(out io.Writer) int {
	f, ok := out.(*os.File)
	if !ok {
		return 0
	}
	wide, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return wide
}

// interactive reports whether somebody sits there who can be asked.
func (c *call) interactive() bool {
	in, ok := c.Stdin.(*os.File)
	return ok && term.IsTerminal(int(in.Fd())) && isTerminal(c.Stderr)
}

// confirm asks before something that cannot be undone, or wants --yes where
// nobody can be asked.
func (c *call) confirm(ctx context.Context, yes bool, question string, args ...any) error {
	if yes {
		return nil
	}
	question = clean(fmt.Sprintf(question, args...))
	if !c.interactive() {
		return usageError{fmt.Errorf("%s Nobody can be asked here: say --yes", question)}
	}
	answer, err := c.ask(ctx, question+" [y/N] ")
	if err != nil {
		return err
	}
	switch strings.ToLower(answer) {
	case "y", "yes":
		return nil
	}
	return errors.New("nothing was changed")
}

// ask reads a line from whoever sits there.
func (c *call) ask(ctx context.Context, question string) (string, error) {
	fmt.Fprint(c.Stderr, question)
	type line struct {
		text string
		err  error
	}
	read := make(chan line, 1)
	go func() { // a read from a terminal cannot be ended; it ends with the process
		text, err := bufio.NewReader(c.Stdin).ReadString('\n')
		read <- line{strings.TrimSpace(text), err}
	}()
	select {
	case <-ctx.Done():
		fmt.Fprintln(c.Stderr)
		return "", ctx.Err()
	case got := <-read:
		if errors.Is(got.err, io.EOF) && got.text == "" {
			return "", errors.New("nothing was answered")
		}
		return got.text, nil
	}
}

// secret reads what must not stand among the arguments: from a file ("-" is the
// standard input), or from whoever sits there, without showing it.
func (c *call) secret(file, what string) (string, error) {
	if file != "" {
		raw, err := c.readFile(file)
		if err != nil {
			return "", err
		}
		text := strings.TrimRight(string(raw), "\r\n")
		if text == "" {
			return "", fmt.Errorf("%s is empty", file)
		}
		return text, nil
	}
	in, ok := c.Stdin.(*os.File)
	if !ok || !c.interactive() {
		return "", nil
	}
	fmt.Fprintf(c.Stderr, "%s: ", what)
	raw, err := term.ReadPassword(int(in.Fd()))
	fmt.Fprintln(c.Stderr)
	return string(raw), err
}

// newSecret asks for a secret twice: one that was mistyped would lock its owner out.
func (c *call) newSecret(what string) (string, error) {
	first, err := c.secret("", what)
	if err != nil || first == "" {
		return "", err
	}
	again, err := c.secret("", "The same again")
	if err == nil && again != first {
		err = errors.New("the two are not the same; nothing was done")
	}
	return first, err
}

// readFile reads a file; "-" is the standard input.
func (c *call) readFile(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(c.Stdin)
	}
	return os.ReadFile(name)
}
