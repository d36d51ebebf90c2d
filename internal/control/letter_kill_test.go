package control_test

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/mail/mailtest"
	"leat/internal/store"
)

// writeLettersUntilKilled is the other process of the test below: it gives a
// person one address after the other, says each on its output once it is
// acknowledged, and sends letters all the while.
func writeLettersUntilKilled(ctx context.Context, dir string) error {
	c, db, _, err := openVerbs(ctx, dir)
	if err != nil {
		return err
	}
	who := fleet.Actor{Kind: fleet.ActorUser, Username: "olga"}
	err = db.View(ctx, func(tx *store.Tx) error {
		u, err := tx.UserByUsername("olga")
		who.User = u.ID
		return err
	})
	if err != nil {
		return err
	}
	go func() { fmt.Println("error", c.Letters.Run(ctx)) }()
	for n := 0; ; n++ {
		address := fmt.Sprintf("olga-%d-%d@example.com", os.Getpid(), n)
		if _, err := c.Users.Edit(ctx, who, api.EditUser{Email: api.Some(address)}, 0); err != nil {
			return err
		}
		fmt.Println("done", address)
	}
}

// A letter is in the outbox with what it tells of: being killed anywhere between
// that and the mail server loses none.
func TestNoLetterIsLostToAKill(t *testing.T) {
	dir := t.TempDir()
	c, db, _, err := openVerbs(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, Control: c, db: db, tick: time.Now}
	w.person("olga", false)
	server := w.post(mailtest.Behaviour{})
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	var told []string
	for _, how := range []mailtest.Behaviour{{}, {Hang: "letter"}, {Hang: "connect"}} {
		server.Behave(how)
		told = append(told, killedWriter(t, dir, server, 20+rand.IntN(100))...)
	}
	server.Behave(mailtest.Behaviour{})
	c, db, _, err = openVerbs(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Update(t.Context(), func(tx *store.Tx) error { return tx.HurryLetters(time.Now()) }); err != nil {
		t.Fatal(err)
	}
	if err := c.Letters.SendDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	got, ids := map[string]int{}, map[string]bool{}
	for _, l := range server.Letters() {
		got[l.To]++
		ids[l.Header.Get("Message-Id")] = true
	}
	for _, address := range told {
		if got[address] == 0 {
			t.Errorf("the letter to %s was lost", address)
		}
	}
	if twice := len(server.Letters()) - len(ids); twice > 3 {
		t.Errorf("%d letters were sent twice; one for each kill at most", twice)
	}
}

func killedWriter(t *testing.T, dir string, server *mailtest.Server, after int) (told []string) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "LEAT_TEST_WRITER="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	opened := server.Opened()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		address, ok := strings.CutPrefix(lines.Text(), "done ")
		if !ok {
			t.Errorf("the writer said %q", lines.Text())
		}
		told = append(told, address)
		if len(told) == after {
			server.AwaitOpened(opened + 1)
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil || len(told) < after {
		t.Fatalf("it wrote %d and ended with %v; want to have killed it", len(told), err)
	}
	return told[:len(told)-1] // the last line may have been cut short
}
