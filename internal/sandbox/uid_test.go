package sandbox_test

import (
	"errors"
	"testing"

	"leat/internal/sandbox"
)

func TestANumberComesBackOnlyAfterAllOthers(t *testing.T) {
	r := sandbox.UIDRange{First: 100, Count: 4}
	used := map[int]bool{101: true}
	inUse := func(uid int) bool { return used[uid] }
	for _, c := range []struct{ last, want int }{
		{0, 100}, {100, 102}, {102, 103}, {103, 100}, {99, 100}, {5000, 100},
	} {
		if got, err := r.Next(c.last, inUse); got != c.want || err != nil {
			t.Errorf("after %d: %d, %v; want %d", c.last, got, err, c.want)
		}
	}
	if _, err := r.Next(0, func(int) bool { return true }); !errors.Is(err, sandbox.ErrNoUID) {
		t.Errorf("err = %v; want ErrNoUID", err)
	}
}

func TestTheRangeFitsIntoTheNamespace(t *testing.T) {
	for _, c := range []struct {
		what, uidMap string
		first        int
	}{
		{"a whole machine", "         0          0 4294967295\n", 1_900_000_000},
		{"a container with 65,536 numbers", "0 100000 65536\n", 30_000},
		{"two lines", "0 1000 1\n1 100000 65535\n", 30_000},
		{"one number only", "0 1000 1\n", 0},
	} {
		r, err := sandbox.UIDsIn(c.uidMap)
		if r.First != c.first || (err != nil) != (c.first == 0) {
			t.Errorf("%s: %+v, %v; want %d", c.what, r, err, c.first)
		}
	}
}
