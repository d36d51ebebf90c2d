package control_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"leat/internal/control"
)

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

func TestOfManyAttemptsAtOnceFewGetThrough(t *testing.T) {
	th := control.NewThrottle()
	var through atomic.Int64
	var group sync.WaitGroup
	for range 200 {
		group.Go(func() {
			if th.Try("olga", "192.0.2.1", noon) == nil {
				through.Add(1)
			}
		})
	}
	group.Wait()
	if through.Load() != 5 {
		t.Errorf("%d got through; want 5", through.Load())
	}
}

func TestTheWaitGrowsAndIsForgotten(t *testing.T) {
	th, now := control.NewThrottle(), noon
	tries := 0
	for end := now.Add(24 * time.Hour); now.Before(end); now = now.Add(time.Second) {
		if th.Try("olga", "192.0.2.1", now) == nil {
			tries++
		}
	}
	if tries > 5+10+24*4+2 {
		t.Errorf("%d guesses in a day; want about four an hour", tries)
	}
	if err := th.Try("olga", "192.0.2.1", now.Add(2*time.Hour)); err != nil {
		t.Errorf("not forgotten: %v", err)
	}
}

func TestNobodyLocksAnotherOut(t *testing.T) {
	th := control.NewThrottle()
	for n := range 100_000 {
		th.Try("olga", fmt.Sprintf("10.%d.%d.%d", n>>16, n>>8&255, n&255), noon)
	}
	if err := th.Try("olga", "198.51.100.7", noon.Add(11*time.Second)); err != nil {
		t.Errorf("olga waits: %v", err)
	}
	if th.Counts() > control.ThrottleCounts {
		t.Errorf("%d counts are kept", th.Counts())
	}
}

func TestASubscriberIsOneNetwork(t *testing.T) {
	for a, b := range map[string]string{
		"2001:db8:1:2::1": "2001:db8:1:2:ffff::9", "::ffff:192.0.2.1": "::ffff:192.0.2.1", "fe80::1%eth0": "fe80::2%eth0",
	} {
		if control.Network(a) != control.Network(b) {
			t.Errorf("%s and %s differ: %s, %s", a, b, control.Network(a), control.Network(b))
		}
	}
	if control.Network("192.0.2.1") == control.Network("192.0.2.2") || control.Network("2001:db8:1:2::1") == control.Network("2001:db8:1:3::1") {
		t.Error("neighbours are one")
	}
}

func TestARightPasswordTakesItsAttemptBack(t *testing.T) {
	th := control.NewThrottle()
	for range 1000 {
		if err := th.Try("olga", "192.0.2.1", noon); err != nil {
			t.Fatal(err)
		}
		th.Passed("olga", "192.0.2.1")
	}
	if th.Counts() != 0 {
		t.Errorf("%d counts are left", th.Counts())
	}
}
