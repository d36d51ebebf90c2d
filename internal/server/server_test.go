package server_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"leat/api"
	"leat/internal/config"
	"leat/internal/secret"
	"leat/internal/server"
	"leat/internal/servertest"
)

var setupLink = regexp.MustCompile(`http://leat\.localhost:\d+/setup#([a-z2-7]{26})`)

// link finds the setup link in what a server printed.
func link(t *testing.T, s *servertest.Server) string {
	t.Helper()
	found := setupLink.FindStringSubmatch(s.Output())
	if found == nil {
		t.Fatalf("no setup link in:\n%s", s.Output())
	}
	return found[1]
}

func setup(secret string) api.Setup {
	return api.Setup{Secret: secret, Username: "ada", Email: "ada@leat.example", Password: servertest.Password, TeamName: "Water works"}
}

func TestAPersonSetsThePlatformUpWithTheLink(t *testing.T) {
	s := servertest.NewBare(t)
	client := s.Anonymous()
	if status, err := client.Status(t.Context()); err != nil || !status.SetupNeeded || status.Version != "" {
		t.Fatalf("status %+v, %v; want setup needed, and nothing told", status, err)
	}
	if _, err := client.User(t.Context()); !api.Is(err, "setup_needed") || api.StatusOf(err) != http.StatusServiceUnavailable {
		t.Errorf("before setup: %v; want 503 setup_needed", err)
	}
	secret := link(t, s)
	for _, path := range []string{"/", "/team/x", "/sign-in"} {
		page := s.Do(s.Request("GET", path, "", "Accept", "text/html"))
		if page.StatusCode != http.StatusServiceUnavailable || !strings.Contains(page.Text, "when it started") || strings.Contains(page.Text, secret) {
			t.Errorf("GET %s before setup: %d; want a page that says where the link is, without it", path, page.StatusCode)
		}
	}
	if page := s.Do(s.Request("GET", "/setup", "", "Accept", "text/html", "Host", s.Base().Host)); page.StatusCode != http.StatusOK {
		t.Errorf("the setup page: %d", page.StatusCode)
	}
	if _, err := client.Setup(t.Context(), setup("aaaaaaaaaaaaaaaaaaaaaaaaaa")); !api.Is(err, "bad_setup_link") {
		t.Errorf("a guessed link: %v; want bad_setup_link", err)
	}
	if _, err := client.Setup(t.Context(), setup(secret)); err != nil {
		t.Fatalf("setup: %v", err)
	}
	if _, err := client.Setup(t.Context(), setup(secret)); !api.Is(err, "already_set_up") {
		t.Errorf("the link a second time: %v; want already_set_up", err)
	}
	if _, err := s.SignIn("ada", servertest.Password).User(t.Context()); err != nil {
		t.Errorf("the administrator: %v", err)
	}
	if status, err := client.Status(t.Context()); err != nil || status.SetupNeeded {
		t.Errorf("status after setup %+v, %v", status, err)
	}
}

func TestASetupLinkLastsAnHourAndEveryStartMakesANewOne(t *testing.T) {
	s := servertest.NewBare(t)
	old := link(t, s)
	s.Clock.Step(time.Hour + time.Second)
	if _, err := s.Anonymous().Setup(t.Context(), setup(old)); !api.Is(err, "bad_setup_link") {
		t.Errorf("after an hour: %v; want bad_setup_link", err)
	}
	s.Stop()
	before := len(s.Output())
	s.Start()
	fresh := setupLink.FindStringSubmatch(s.Output()[before:])
	if fresh == nil || fresh[1] == old {
		t.Fatalf("the second start printed %v; want a new link", fresh)
	}
	if _, err := s.Anonymous().Setup(t.Context(), setup(old)); !api.Is(err, "bad_setup_link") {
		t.Errorf("the old link: %v; want bad_setup_link", err)
	}
	if _, err := s.Anonymous().Setup(t.Context(), setup(fresh[1])); err != nil {
		t.Errorf("the new link: %v", err)
	}
	s.Stop()
	before = len(s.Output())
	s.Start()
	if setupLink.MatchString(s.Output()[before:]) {
		t.Error("a platform that is set up prints a link")
	}
}

// configured loads a configuration as the command does.
func configured(t *testing.T, data string, env ...string) *server.Config {
	t.Helper()
	c := &server.Config{}
	if err := config.Load(c, config.Source{Prefix: "LEAT", Env: env, Flags: map[string]string{"data": data, "http.listen": "127.0.0.1:0"}}); err != nil {
		t.Fatal(err)
	}
	return c
}

func world(out io.Writer) server.World {
	return server.World{Out: out, Log: slog.New(slog.DiscardHandler), Now: time.Now, WithoutHost: true}
}

func TestASecondServerIsRefusedInWords(t *testing.T) {
	data := t.TempDir()
	first, err := server.Open(t.Context(), configured(t, data), world(io.Discard))
	if err != nil {
		t.Fatal(err)
	}
	second, err := server.Open(t.Context(), configured(t, data), world(io.Discard))
	if second != nil || !errors.Is(err, server.ErrInUse) {
		t.Fatalf("a second server: %v; want ErrInUse", err)
	}
	if text := err.Error(); !strings.Contains(text, fmt.Sprintf("process %d", os.Getpid())) || !strings.Contains(text, data) {
		t.Errorf("the message %q names neither the process nor the directory", text)
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if err := first.Run(stopped); err != nil {
		t.Fatal(err)
	}
	third, err := server.Open(t.Context(), configured(t, data), world(io.Discard))
	if err != nil {
		t.Fatalf("after the first ended: %v", err)
	}
	if err := third.Run(stopped); err != nil {
		t.Error(err)
	}
}

func TestTheDataDirectoryIsClosedToOthers(t *testing.T) {
	data := filepath.Join(t.TempDir(), "leat")
	if err := os.Mkdir(data, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(data, 0o777); err != nil {
		t.Fatal(err)
	}
	s := servertest.New(t, func(c *server.Config) { c.Data, c.DB.URL = data, "" })
	s.Admin()
	for name, most := range map[string]os.FileMode{
		"": 0o711, "leat.db": 0o600, "leat.db-wal": 0o600, "platform.key": 0o600, "lock": 0o600, "run": 0o700, "checkpoints": 0o700,
	} {
		info, err := os.Stat(filepath.Join(data, name))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if info.Mode().Perm()&^most != 0 {
			t.Errorf("%q has mode %o; want at most %o", name, info.Mode().Perm(), most)
		}
	}
}

func TestAnAdministratorComesFromTheEnvironment(t *testing.T) {
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte(servertest.Password+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	s, err := server.Open(t.Context(), configured(t, t.TempDir(), "LEAT_ADMIN_USERNAME=grace", "LEAT_ADMIN_EMAIL=grace@leat.example", "LEAT_ADMIN_PASSWORD_FILE="+file), world(&out))
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := s.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	defer running.Wait()
	defer stop()
	client, err := api.NewClient("http://" + s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if in, err := client.SignIn(t.Context(), "grace", servertest.Password); err != nil || !in.User.Admin {
		t.Errorf("sign in: %+v, %v", in, err)
	}
	if strings.Contains(out.String(), "setup#") {
		t.Error("a setup link was printed all the same")
	}
}

func TestADatabaseWithoutItsKeyIsRefused(t *testing.T) {
	data := t.TempDir()
	stopped, stop := context.WithCancel(t.Context())
	stop()
	open := func() error {
		s, err := server.Open(t.Context(), configured(t, data), world(io.Discard))
		if err != nil {
			return err
		}
		return s.Run(stopped)
	}
	if err := open(); err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(data, "platform.key")
	if err := os.Rename(key, key+".kept"); err != nil {
		t.Fatal(err)
	}
	if err := open(); err == nil || !strings.Contains(err.Error(), "platform.key") {
		t.Fatalf("err = %v; want words about the missing platform.key", err)
	}
	if _, err := os.Stat(key); err == nil {
		t.Fatal("a new key was made")
	}
	if err := os.Rename(key+".kept", key); err != nil {
		t.Fatal(err)
	}
	if err := open(); err != nil {
		t.Fatalf("with its key again: %v", err)
	}
	if err := os.WriteFile(key, []byte(secret.NewKey().Encode()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := open(); err == nil || !strings.Contains(err.Error(), "belongs to another platform") {
		t.Errorf("err = %v; want words about another platform's database", err)
	}
}

func TestATakenPortIsSaidAtOnce(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	c := configured(t, t.TempDir())
	c.HTTP.Listen = config.Addr(taken.Addr().String())
	if _, err := server.Open(t.Context(), c, world(io.Discard)); err == nil || !strings.Contains(err.Error(), "http.listen") {
		t.Errorf("on a taken port: %v; want a fault of http.listen", err)
	}
}

func TestTheServerStartsFast(t *testing.T) {
	s := servertest.New(t)
	s.Admin()
	s.Stop()
	from := time.Now()
	s.Start()
	if answer := s.Do(s.Request("GET", "/healthz", "")); answer.StatusCode != http.StatusOK {
		t.Fatalf("healthz: %d", answer.StatusCode)
	}
	// The aim is 0.1 s; this bound is for a machine that runs everything else, too.
	if took := time.Since(from); took > 2*time.Second {
		t.Errorf("first answer after %v", took)
	}
}

func TestConfigurationSamples(t *testing.T) {
	for _, pattern := range []string{"*.good.yml", "*.bad.yml"} {
		paths, err := filepath.Glob(filepath.Join("testdata", pattern))
		if err != nil || len(paths) == 0 {
			t.Fatalf("no samples %s: %v", pattern, err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			fault := config.Load(&server.Config{}, config.Source{Prefix: "LEAT", File: path})
			if strings.HasSuffix(path, ".good.yml") {
				if fault != nil {
					t.Errorf("%s: %v", path, fault)
				}
				continue
			}
			first, _, _ := strings.Cut(string(text), "\n")
			want := strings.TrimPrefix(first, "# ")
			if fault == nil || !strings.Contains(fault.Error(), want) {
				t.Errorf("%s: %v; want the fault %q", path, fault, want)
			}
		}
	}
}
