package secret_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"leat/internal/secret"
)

func TestAPasswordIsVerifiedByItsHashAlone(t *testing.T) {
	ctx, passwords := t.Context(), secret.NewPasswords(0)
	hash, err := passwords.Hash(ctx, "Grüße aus dem Werk")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=65536,t=3,p=4$") {
		t.Errorf("hash %q is not argon2id at 64 MiB", hash)
	}
	for _, row := range []struct {
		password, hash string
		want           bool
	}{
		{"Grüße aus dem Werk", hash, true},
		{"Gru\u0308ße aus dem Werk", hash, true}, // the same letters, typed on another keyboard
		{"Grüße aus dem werk", hash, false},
		{"", hash, false},
		{"anything", "", false},
	} {
		got, err := passwords.Verify(ctx, row.password, row.hash)
		if err != nil || got != row.want {
			t.Errorf("Verify(%q) = %v, %v; want %v", row.password, got, err, row.want)
		}
	}
	if passwords.NeedsRehash(hash) {
		t.Error("a fresh hash is called out of date")
	}
}

func TestOlderHashesAreVerifiedAndCalledOutOfDate(t *testing.T) {
	ctx, passwords := t.Context(), secret.NewPasswords(1)
	small := secret.NewPasswordsForTest(1, 64, 1, 1)
	hash, err := small.Hash(ctx, "pump station")
	if err != nil {
		t.Fatal(err)
	}
	ok, err := passwords.Verify(ctx, "pump station", hash)
	if err != nil || !ok || !passwords.NeedsRehash(hash) {
		t.Errorf("Verify = %v, %v; NeedsRehash = %v", ok, err, passwords.NeedsRehash(hash))
	}
}

func TestHashesThatWouldExhaustTheMachineAreRefused(t *testing.T) {
	passwords := secret.NewPasswords(1)
	for _, hash := range []string{
		"x", "$argon2i$v=19$m=65536,t=3,p=4$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=4294967295,t=3,p=4$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=65536,t=900,p=4$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=65536,t=3,p=0$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=65536,t=3,p=4$$", "$argon2id$v=19$m=65536,t=3$AAAAAAAAAAA$AAAA",
	} {
		if ok, err := passwords.Verify(t.Context(), "p", hash); ok || err == nil {
			t.Errorf("Verify(%q) = %v, %v; want an error", hash, ok, err)
		}
		if !passwords.NeedsRehash(hash) {
			t.Errorf("NeedsRehash(%q) = false", hash)
		}
	}
}

func TestWaitingForATurnEndsWithTheRequest(t *testing.T) {
	passwords := secret.NewPasswordsForTest(1, 64, 1, 1)
	release := secret.HoldTurn(passwords)
	defer release()
	ctx, cancel := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	wait.Go(func() {
		if _, err := passwords.Hash(ctx, "p"); !errors.Is(err, context.Canceled) {
			t.Errorf("Hash = %v; want context.Canceled", err)
		}
	})
	cancel()
	wait.Wait()
}

func TestRunEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := secret.NewPasswords(1).Run(ctx); err != nil {
		t.Error(err)
	}
}

func TestMemoryIsHandedBackWhenTheRushIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		passwords := secret.NewPasswords(2)
		ctx, cancel := context.WithCancel(t.Context())
		var wait sync.WaitGroup
		wait.Go(func() {
			if err := passwords.Run(ctx); err != nil {
				t.Error(err)
			}
		})
		for range 3 {
			if _, err := passwords.Hash(ctx, "pump station"); err != nil {
				t.Fatal(err)
			}
		}
		<-time.After(5 * time.Second)
		var memory runtime.MemStats
		runtime.ReadMemStats(&memory)
		if held := memory.HeapSys - memory.HeapReleased; held > 32<<20 {
			t.Errorf("%d MiB of heap are held; want the 64 MiB of the hashes back", held>>20)
		}
		cancel()
		wait.Wait()
	})
}

func BenchmarkVerify(b *testing.B) {
	passwords := secret.NewPasswords(0)
	hash, err := passwords.Hash(b.Context(), "pump station")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := passwords.Verify(b.Context(), "pump station", hash); err != nil {
			b.Fatal(err)
		}
	}
}
