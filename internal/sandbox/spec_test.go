package sandbox_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"leat/internal/sandbox"
)

func TestASpecNamesAllItsFaultsAtOnce(t *testing.T) {
	s := sandbox.Spec{
		Name: "../x", Program: "node", Dir: "/", ReadDirs: []string{"lib"}, Env: []string{"=x", "A=\x00"},
		UID: -1, Limits: sandbox.Limits{Pids: -1},
	}
	err := s.Check()
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{`"../x"`, `"node"`, `"lib"`, "environment", "user -1", "limits"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("no %s in %q", want, err)
		}
	}
	good := sandbox.Spec{Name: "i-0a1b", Program: "/bin/true", Dir: "/", Env: []string{"A=", "B=c=d"}}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
}

func TestNamesOfGroupsStayInTheirDirectory(t *testing.T) {
	for _, name := range []string{"", ".", "..", "a/b", "a b", "é", strings.Repeat("a", 201)} {
		s := sandbox.Spec{Name: name, Program: "/bin/true", Dir: "/"}
		if s.Check() == nil {
			t.Errorf("%q was accepted", name)
		}
	}
}

func TestTheEnvironmentHoldsNothingOfTheCallers(t *testing.T) {
	t.Setenv("LEAT_DB_URL", "secret")
	t.Setenv("TZ", "Europe/Berlin")
	got := sandbox.Env("/i/user", "/i/tmp", "A=1", "TZ=Asia/Tokyo", "A=2")
	want := []string{
		"PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/i/user", "TMPDIR=/i/tmp", "LANG=C.UTF-8", "TZ=Asia/Tokyo", "A=2",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestNodeLeavesRoomBesideItsHeap(t *testing.T) {
	small := []string{"--max-semi-space-size=1", "--v8-pool-size=1", "--optimize-for-size"}
	for _, c := range []struct {
		limit int
		want  []string
	}{
		{0, nil},
		{128, append([]string{"--max-old-space-size=64"}, small...)},
		{256, append([]string{"--max-old-space-size=160"}, small...)},
		{512, append([]string{"--max-old-space-size=384"}, small...)},
		{1024, []string{"--max-old-space-size=768"}},
		{4096, []string{"--max-old-space-size=3072"}},
	} {
		if got := sandbox.NodeFlags(c.limit); !slices.Equal(got, c.want) {
			t.Errorf("%d MiB: %v; want %v", c.limit, got, c.want)
		}
	}
}

func TestLimitsBecomeControlFiles(t *testing.T) {
	type row = sandbox.Setting
	l := sandbox.Limits{MemoryMiB: 256, CPUMillis: 500, Pids: 128}
	for _, c := range []struct {
		what       string
		limits     sandbox.Limits
		controller string
		v2         bool
		want       []row
	}{
		{"memory v2", l, "memory", true, []row{{"memory.max", "268435456"}, {"memory.swap.max", "0"}}},
		{"memory v1", l, "memory", false, []row{
			{"memory.memsw.limit_in_bytes", "-1"}, {"memory.limit_in_bytes", "268435456"}, {"memory.memsw.limit_in_bytes", "268435456"},
		}},
		{"cpu v2", l, "cpu", true, []row{{"cpu.max", "50000 100000"}}},
		{"cpu v1", l, "cpu", false, []row{{"cpu.cfs_period_us", "100000"}, {"cpu.cfs_quota_us", "50000"}}},
		{"pids", l, "pids", true, []row{{"pids.max", "128"}}},
		{"no memory v2", sandbox.Limits{}, "memory", true, []row{{"memory.max", "max"}}},
		{"no memory v1", sandbox.Limits{}, "memory", false, []row{{"memory.memsw.limit_in_bytes", "-1"}, {"memory.limit_in_bytes", "-1"}}},
		{"no cpu v2", sandbox.Limits{}, "cpu", true, []row{{"cpu.max", "max"}}},
		{"no cpu v1", sandbox.Limits{}, "cpu", false, []row{{"cpu.cfs_quota_us", "-1"}}},
		{"no pids", sandbox.Limits{}, "pids", false, []row{{"pids.max", "max"}}},
		{"helping", l, "freezer", false, nil},
	} {
		if d := cmp.Diff(c.want, sandbox.Settings(c.limits, c.controller, c.v2)); d != "" {
			t.Errorf("%s: %s", c.what, d)
		}
	}
}

func TestOlderLandlocksSayWhatTheyLack(t *testing.T) {
	for abi, want := range map[int]int{3: 2, 4: 1, 5: 1, 6: 0, 7: 0, 11: 0} {
		if got := sandbox.LandlockGaps(abi); len(got) != want {
			t.Errorf("version %d: %q; want %d gaps", abi, got, want)
		}
	}
}
