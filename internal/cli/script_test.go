package cli_test

import (
	"bytes"
	"context"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"leat/api"
	"leat/internal/cli"
	"leat/internal/servertest"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Stories: what people type, against a real server of their own.
func TestStories(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "script", "*.txtar"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d stories, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			s := &story{Server: servertest.New(t), t: t}
			testscript.Run(t, testscript.Params{
				Files: []string{file}, Setup: s.setup, RequireExplicitExec: true, UpdateScripts: *update,
				Cmds: map[string]func(*testscript.TestScript, bool, []string){
					"leat": s.leat, "as": s.as, "login": s.login, "tidy": tidy, "settle": s.settle,
				},
			})
		})
	}
}

// story is one script and its server.
type story struct {
	*servertest.Server
	t *testing.T
	// tokens are those that the script's commands prove themselves with.
	tokens []string
}

func (s *story) setup(env *testscript.Env) error {
	env.Setenv("LEAT_CONFIG_DIR", filepath.Join(env.WorkDir, ".leat"))
	env.Setenv("URL", s.URL)
	env.Setenv("PORT", s.URL[strings.LastIndex(s.URL, ":")+1:])
	env.Setenv("TEAM", s.Team.ID)
	return nil
}

// environment is what a command sees of the script's variables.
func environment(ts *testscript.TestScript) []string {
	var out []string
	for _, name := range []string{
		"HOME", "NO_COLOR", "LEAT_CONFIG_DIR", "LEAT_URL", "LEAT_TOKEN", "LEAT_TOKEN_FILE", "LEAT_TEAM", "LEAT_CONTEXT", "LEAT_CA", "XDG_CONFIG_HOME",
	} {
		if value := ts.Getenv(name); value != "" {
			out = append(out, name+"="+value)
		}
	}
	return out
}

var secretWord = regexp.MustCompile(`leat_pat_[A-Za-z0-9]{20,}`)

// leat runs a command; "< FILE" is its standard input. No token may ever be in
// what it writes, but for that of token create.
func (s *story) leat(ts *testscript.TestScript, neg bool, args []string) {
	stdin := ""
	if n := len(args); n > 1 && args[n-2] == "<" {
		stdin, args = ts.ReadFile(args[n-1]), args[:n-2]
	}
	var out, errs bytes.Buffer
	code := cli.Run(s.t.Context(), cli.World{
		Args: inWork(ts, args), Env: environment(ts), Stdin: strings.NewReader(stdin), Stdout: &out, Stderr: &errs, Version: "test",
	})
	s.wrote(ts, args, out.String(), errs.String())
	switch {
	case code == 0 && neg:
		ts.Fatalf("leat %s succeeded", strings.Join(args, " "))
	case code != 0 && !neg:
		ts.Fatalf("leat %s: exit code %d", strings.Join(args, " "), code)
	}
	ts.Setenv("code", itoa(code))
}

func itoa(n int) string { return string(rune('0' + n)) }

// inWork makes the files that arguments name those of the script.
func inWork(ts *testscript.TestScript, args []string) []string {
	out := append([]string{}, args...)
	for i, arg := range out {
		for _, suffix := range []string{".json", ".txt", ".env", ".pem", ".secret"} {
			if name, body := strings.CutPrefix(arg, "@"); strings.HasSuffix(name, suffix) && !strings.ContainsAny(name, " {") {
				out[i] = ts.MkAbs(name)
				if body {
					out[i] = "@" + out[i]
				}
			}
		}
	}
	return out
}

// wrote shows the script what was written, and looks for secrets in it.
func (s *story) wrote(ts *testscript.TestScript, args []string, out, errs string) {
	io.WriteString(ts.Stdout(), out)
	io.WriteString(ts.Stderr(), errs)
	if len(args) > 1 && args[0] == "token" && args[1] == "create" {
		return
	}
	if found := secretWord.FindString(out + errs); found != "" {
		s.t.Errorf("leat %s wrote a token", strings.Join(args, " "))
	}
}

// as makes commands act as somebody with a role, by variables.
func (s *story) as(ts *testscript.TestScript, neg bool, args []string) {
	token, err := s.As(args[0]).CreateToken(context.WithoutCancel(s.t.Context()), api.NewToken{Name: "story"})
	ts.Check(err)
	ts.Setenv("LEAT_URL", s.URL)
	ts.Setenv("LEAT_TOKEN", token.Secret)
	ts.Setenv("LEAT_TEAM", s.Team.ID)
}

var address = regexp.MustCompile(`/approve/(q-[0-9a-z]+)`)

// login signs in as a person does: the first argument is the role that decides in
// the browser, "-deny" before it says no.
func (s *story) login(ts *testscript.TestScript, neg bool, args []string) {
	deny := args[0] == "-deny"
	if deny {
		args = args[1:]
	}
	decide := s.As(args[0]).ApproveSignIn
	if deny {
		decide = s.As(args[0]).DenySignIn
	}
	ctx := context.WithoutCancel(s.t.Context())
	reader, writer := io.Pipe()
	var out, errs bytes.Buffer
	decided := make(chan struct{})
	go func() {
		defer close(decided)
		defer io.Copy(&errs, reader)
		buffer := make([]byte, 4096)
		for {
			n, err := reader.Read(buffer)
			errs.Write(buffer[:n])
			if id := address.FindSubmatch(errs.Bytes()); id != nil {
				if err := decide(ctx, string(id[1])); err != nil {
					s.t.Errorf("decide: %v", err)
				}
				return
			}
			if err != nil {
				return
			}
		}
	}()
	all := append([]string{"login"}, args[1:]...)
	code := cli.Run(s.t.Context(), cli.World{
		Args: append(inWork(ts, all), "--no-browser"), Env: environment(ts), Stdin: strings.NewReader(""), Stdout: &out, Stderr: writer, Version: "test",
	})
	writer.Close()
	<-decided
	s.wrote(ts, all, out.String(), errs.String())
	if (code != 0) != neg {
		ts.Fatalf("leat login: exit code %d", code)
	}
}

var changing = []struct {
	what *regexp.Regexp
	with string
}{
	{regexp.MustCompile(`\b[a-z]-[0-9a-hjkmnp-tv-z]{23}\b`), "ID"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`), "TIME"},
	{regexp.MustCompile(`\b[0-9a-f]{64}\b`), "DIGEST"},
	{regexp.MustCompile(`127\.0\.0\.1:\d+`), "HOST"},
	{regexp.MustCompile(`localhost:\d+`), "localhost:PORT"},
}

// tidy writes the last output to a file with what differs each time replaced.
func tidy(ts *testscript.TestScript, _ bool, args []string) {
	text := ts.ReadFile("stdout")
	for _, c := range changing {
		text = c.what.ReplaceAllString(text, c.with)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}

// settle makes an application and an instance: Pump station, and Pump 1 in it.
func (s *story) settle(ts *testscript.TestScript, _ bool, _ []string) {
	ctx, owner := context.WithoutCancel(s.t.Context()), s.As("owner")
	application, err := owner.CreateApplication(ctx, s.Team.ID, api.NewApplication{Name: "Pump station"})
	ts.Check(err)
	instance, err := owner.CreateInstance(ctx, application.ID, api.NewInstance{Name: "Pump 1"})
	ts.Check(err)
	ts.Setenv("APPLICATION", application.ID)
	ts.Setenv("INSTANCE", instance.ID)
}
