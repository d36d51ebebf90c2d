package cli_test

import (
	"bytes"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"leat/api"
	"leat/internal/cli"
	"leat/internal/servertest"
)

// terminal is a real one: what is typed into it, and what it shows.
type terminal struct {
	t             *testing.T
	master, slave *os.File
	read          sync.WaitGroup
	mu            sync.Mutex
	shown         bytes.Buffer
}

func openTerminal(t *testing.T, columns uint16) *terminal {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	fd := int(master.Fd())
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 40, Col: columns}); err != nil {
		t.Fatal(err)
	}
	tt := &terminal{t: t, master: master, slave: slave}
	tt.read.Go(func() {
		buffer := make([]byte, 4096)
		for {
			n, err := master.Read(buffer)
			tt.mu.Lock()
			tt.shown.Write(buffer[:n])
			tt.mu.Unlock()
			if err != nil {
				return // the slave is closed
			}
		}
	})
	return tt
}

func (tt *terminal) text() string {
	tt.mu.Lock()
	defer tt.mu.Unlock()
	return strings.ReplaceAll(tt.shown.String(), "\r\n", "\n")
}

// run runs a command on the terminal, types each answer once its question stands
// there, and returns the exit code and all that was shown.
func (tt *terminal) run(env []string, args []string, answers ...string) (int, string) {
	tt.t.Helper()
	done := make(chan int, 1)
	go func() {
		done <- cli.Run(tt.t.Context(), cli.World{Args: args, Env: env, Stdin: tt.slave, Stdout: tt.slave, Stderr: tt.slave, Version: "test"})
	}()
	for i := 0; i < len(answers); i += 2 {
		until(tt.t, func() bool { return strings.Contains(tt.text(), answers[i]) })
		if _, err := tt.master.WriteString(answers[i+1] + "\n"); err != nil {
			tt.t.Fatal(err)
		}
	}
	code := <-done
	tt.slave.Close()
	tt.read.Wait()
	tt.master.Close()
	return code, tt.text()
}

// seated is a server with an instance, and the variables to work on it as its owner.
func seated(t *testing.T) (s *servertest.Server, env []string) {
	t.Helper()
	s = servertest.New(t)
	owner := s.As("owner")
	application := s.Application("Pump station")
	if _, err := owner.CreateInstance(t.Context(), application.ID, api.NewInstance{Name: "Pump 1"}); err != nil {
		t.Fatal(err)
	}
	token, err := owner.CreateToken(t.Context(), api.NewToken{Name: "terminal"})
	if err != nil {
		t.Fatal(err)
	}
	return s, []string{"LEAT_URL=" + s.URL, "LEAT_TOKEN=" + token.Secret, "LEAT_CONFIG_DIR=" + t.TempDir(), "TERM=xterm"}
}

func TestATableFitsTheTerminal(t *testing.T) {
	s, env := seated(t)
	s.Application("The pumping station at the northern reservoir, second building")
	s.Application("北の貯水池のポンプ場と浄水施設の監視と制御のためのアプリケーション")
	code, shown := openTerminal(t, 90).run(env, []string{"application", "list"})
	if code != 0 || !strings.Contains(shown, "…") || !strings.Contains(shown, "just now") || !strings.Contains(shown, "\033[2m") {
		t.Errorf("exit code %d, shown:\n%s", code, shown)
	}
	code, shown = openTerminal(t, 90).run(append(env, "NO_COLOR=1"), []string{"application", "list"})
	if code != 0 || strings.Contains(shown, "\033") {
		t.Errorf("exit code %d, shown without colours:\n%q", code, shown)
	}
	for line := range strings.Lines(shown) {
		if n := cli.TextWidth(strings.TrimRight(line, "\n")); n > 90 {
			t.Errorf("%d places wide: %s", n, line)
		}
	}
	if ids := regexp.MustCompile(`(?m)a-[0-9a-z]{23}$`).FindAllString(shown, -1); len(ids) != 3 {
		t.Errorf("%d ids are whole; want 3:\n%s", len(ids), shown)
	}
	if code, shown = openTerminal(t, 200).run(env, []string{"application", "list"}); strings.Contains(shown, "…") {
		t.Errorf("exit code %d, cut where there is room:\n%s", code, shown)
	}
}

func TestWhatCannotBeUndoneIsAskedFor(t *testing.T) {
	s, env := seated(t)
	remove := []string{"instance", "delete", "pump-1"}
	code, shown := openTerminal(t, 100).run(env, remove, "[y/N]", "n")
	if code != 1 || !strings.Contains(shown, `Delete the instance "Pump 1"`) || !strings.Contains(shown, "nothing was changed") {
		t.Errorf("exit code %d after no, shown:\n%s", code, shown)
	}
	code, shown = openTerminal(t, 100).run(env, remove, "[y/N]", "yes")
	if code != 0 || !strings.Contains(shown, "is deleted") {
		t.Errorf("exit code %d after yes, shown:\n%s", code, shown)
	}
	left, err := s.As("owner").TeamInstances(t.Context(), s.Team.ID, api.Page{})
	if err != nil || len(left.Items) > 0 && left.Items[0].State == "running" {
		t.Errorf("%d instances are left, %v", len(left.Items), err)
	}
}

func TestASecretIsTypedUnseen(t *testing.T) {
	_, env := seated(t)
	code, shown := openTerminal(t, 100).run(env, []string{"environment", "set", "pump-1", "API_KEY", "--hidden"}, "Value of API_KEY: ", "open sesame")
	if code != 0 || strings.Contains(shown, "sesame") {
		t.Errorf("exit code %d, shown:\n%s", code, shown)
	}
	code, shown = openTerminal(t, 100).run(env, []string{"env", "list", "pump-1"})
	if code != 0 || !strings.Contains(shown, "(hidden)") {
		t.Errorf("exit code %d, shown:\n%s", code, shown)
	}
}
