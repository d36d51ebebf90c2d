package control_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"leat/api"
	"leat/internal/control"
	"leat/internal/fleet"
	"leat/internal/mail/mailtest"
	"leat/internal/store"
	"leat/internal/wire"
)

var noKey control.Key

// report is what the runner of an instance says, at the time it is.
func (p *plant) report(i *control.Instance, change func(*wire.Report)) {
	p.t.Helper()
	r := wire.Report{State: fleet.StateRunning, SpecVersion: 1 << 20, At: p.clock(), Since: p.clock(), StartedAt: p.clock()}
	change(&r)
	if err := p.Runners.CheckIn(p.t.Context(), i.ID, wire.CheckIn{Report: r}); err != nil {
		p.t.Fatal(err)
	}
}

// crash lets an instance crash once more, and run again at once.
func (p *plant) crash(i *control.Instance, n int64, code string) {
	p.t.Helper()
	p.report(i, func(r *wire.Report) {
		r.Crashes, r.LastExit = n, &wire.Exit{At: p.clock(), Status: 1, Code: code, Reason: "A flow threw an error that nothing caught."}
	})
}

func (w *world) inbox(who fleet.Actor) []*store.NotificationIn {
	w.t.Helper()
	list, _, err := w.Notifications.List(w.t.Context(), who, false, store.Page{})
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

func (p *plant) watch() {
	p.t.Helper()
	if err := p.Alerts.Watch(p.t.Context()); err != nil {
		p.t.Fatal(err)
	}
}

func subjects(list []mailtest.Letter) string {
	var out []string
	for _, l := range list {
		out = append(out, l.To+": "+l.Header.Get("Subject"))
	}
	slices.Sort(out)
	return strings.Join(out, "; ")
}

func TestACrashIsToldOnceAndCountedUntilItIsRead(t *testing.T) {
	p := newPlant(t)
	server := p.post(mailtest.Behaviour{})
	i := p.instance("Pump")
	p.report(i, func(*wire.Report) {})
	for n := range int64(3) {
		p.sleep(20 * time.Second)
		p.crash(i, n+1, "exit")
	}
	in := p.inbox(p.olga)
	if len(in) != 1 || in[0].Count != 3 || in[0].Kind != fleet.NoteCrash || in[0].Title != "Pump crashed" || in[0].TeamSlug != "plant" || !strings.HasSuffix(in[0].Link, "/logs") {
		t.Errorf("olga has %+v", in)
	}
	for _, who := range []fleet.Actor{p.mika, p.vera, p.dora, p.stranger} {
		if n := must(p.Notifications.Count(t.Context(), who))(t); n != 0 {
			t.Errorf("%s has %d notifications; owners alone are told", who.Username, n)
		}
	}
	if got := subjects(p.deliver(server)); got != "olga@example.com: Pump crashed" {
		t.Errorf("letters: %s", got)
	}
	p.reopen()
	p.crashAgainSame(i)
	if in := p.inbox(p.olga); in[0].Count != 3 {
		t.Errorf("after a restart of the server it is told anew: %+v", in[0])
	}
}

// crashAgainSame reports what was reported before.
func (p *plant) crashAgainSame(i *control.Instance) {
	p.t.Helper()
	seen := must(p.Instances.Get(p.t.Context(), p.olga, i.ID))(p.t.(*testing.T)).Seen
	p.sleep(time.Minute)
	p.report(i, func(r *wire.Report) { r.Crashes, r.LastExit = seen.Crashes, seen.LastExit })
}

func TestNoMoreThanOneLetterInThirtyMinutesAndNoneIsForgotten(t *testing.T) {
	p := newPlant(t)
	server := p.post(mailtest.Behaviour{})
	i := p.instance("Pump")
	for n := range int64(5) {
		p.sleep(time.Minute)
		p.crash(i, n+1, "exit")
		p.watch()
	}
	if got := subjects(p.deliver(server)); got != "olga@example.com: Pump crashed" {
		t.Errorf("letters: %s", got)
	}
	for n := range int64(5) { // so that it never was well for five minutes
		p.sleep(4 * time.Minute)
		p.crash(i, n+6, "exit")
		p.watch()
	}
	p.sleep(6 * time.Minute)
	p.report(i, func(r *wire.Report) { r.State, r.Code = fleet.StateCrashLoop, "crash_loop" })
	p.watch()
	got := p.deliver(server)
	if len(got) != 1 || !strings.Contains(strings.ReplaceAll(got[0].Raw, "=\r\n", ""), "9 times since the last letter") {
		t.Errorf("half an hour later: %s; want one of 9 crashes", subjects(got))
	}
}

func TestWhenItIsWellAgainThatIsToldInPlaceOfTheTrouble(t *testing.T) {
	p := newPlant(t)
	server := p.post(mailtest.Behaviour{})
	i := p.instance("Pump")
	p.sleep(time.Minute)
	p.crash(i, 1, "exit")
	p.sleep(4 * time.Minute)
	p.watch()
	if in := p.inbox(p.olga); len(in) != 1 || in[0].Kind != fleet.NoteCrash {
		t.Errorf("after four minutes: %+v", in)
	}
	p.sleep(2 * time.Minute)
	p.watch()
	p.watch()
	in := p.inbox(p.olga)
	if len(in) != 1 || in[0].Kind != fleet.NoteRecovered || in[0].Level != fleet.LevelGood || !strings.Contains(in[0].Text, "crashed once") {
		t.Errorf("after six minutes: %+v", in)
	}
	if got := subjects(p.deliver(server)); got != "olga@example.com: Pump crashed; olga@example.com: Pump is well again" {
		t.Errorf("letters: %s", got)
	}
}

func TestHangsSafeModeAndSilenceHaveTheirOwnWords(t *testing.T) {
	p := newPlant(t)
	i := p.instance("Pump")
	p.report(i, func(*wire.Report) {})
	p.sleep(time.Minute)
	p.crash(i, 1, "hang")
	p.sleep(time.Minute)
	p.report(i, func(r *wire.Report) {
		r.State, r.Code, r.Reason = fleet.StateSafeMode, "safe_mode", "Node-RED ended 5 times."
	})
	p.sleep(time.Minute)
	p.report(i, func(r *wire.Report) { r.State, r.Code = fleet.StateSafeMode, "safe_mode" })
	var kinds []string
	for _, n := range p.inbox(p.olga) {
		kinds = append(kinds, string(n.Kind)+" "+string(rune('0'+n.Count)))
	}
	if got := strings.Join(kinds, ", "); got != "instance-safe-mode 1, instance-hang 1" {
		t.Errorf("inbox: %s", got)
	}
	p.sleep(5 * time.Minute)
	if err := p.Instances.MarkLost(t.Context()); err != nil {
		t.Fatal(err)
	}
	if in := p.inbox(p.olga); in[0].Title != "Nothing is heard of Pump" || in[0].Count != 2 {
		t.Errorf("after silence: %+v", in[0])
	}
	asked := p.instance("Valve")
	p.report(asked, func(r *wire.Report) { r.State, r.Code = fleet.StateSafeMode, "safe_mode_asked" })
	p.sleep(time.Minute)
	p.report(asked, func(r *wire.Report) {
		r.State, r.LastExit = fleet.StateStopped, &wire.Exit{At: p.clock(), Code: "asked"}
	})
	for _, n := range p.inbox(p.olga) {
		if n.Instance == asked.ID {
			t.Errorf("what somebody asked for is told as trouble: %+v", n)
		}
	}
}

// load is a sample that uses so much of a small instance.
func load(memory, cpu float64) func(int) wire.Sample {
	return func(int) wire.Sample {
		return wire.Sample{MemoryBytes: int64(memory * 256 / 100 * (1 << 20)), CPUPercent: cpu * 50 / 100}
	}
}

func TestMuchMemoryIsToldWhenItLastsAndNotAgainUntilItWasCalm(t *testing.T) {
	p := newPlant(t)
	server := p.post(mailtest.Behaviour{})
	i := p.instance("Pump")
	kinds := func() string {
		var out []string
		for _, n := range p.inbox(p.olga) {
			out = append(out, string(n.Kind)+strings.Repeat("+", n.Count-1))
		}
		return strings.Join(out, " ")
	}
	for _, step := range []struct {
		name   string
		long   time.Duration
		memory float64
		want   string
	}{
		{"a start", 4 * time.Minute, 90, ""},
		{"it lasts", 2 * time.Minute, 90, "instance-memory"},
		{"it goes on", 10 * time.Minute, 95, "instance-memory"},
		{"less for a moment", 3 * time.Minute, 40, "instance-memory"},
		{"more again", 6 * time.Minute, 90, "instance-memory"},
		{"calm, but not for long", 4 * time.Minute, 40, "instance-memory"},
		{"calm", 3 * time.Minute, 40, "instance-recovered"},
		{"about the limit", 10 * time.Minute, 74.9, "instance-recovered"},
		{"again", 8 * time.Minute, 90, "instance-memory instance-recovered"},
	} {
		for range int(step.long / time.Minute) {
			p.measure(i, time.Minute, load(step.memory, 5))
			p.watch()
		}
		if got := kinds(); got != step.want {
			t.Errorf("%s: inbox %q; want %q", step.name, got, step.want)
		}
	}
	want := "olga@example.com: Pump is well again; olga@example.com: Pump uses 78 % of its memory; olga@example.com: Pump uses 90 % of its memory"
	if got := subjects(p.deliver(server)); got != want {
		t.Errorf("letters: %s; want %s", got, want)
	}
}

func TestMuchCPUIsToldToWhoWantsToKnow(t *testing.T) {
	p := newPlant(t)
	i := p.instance("Pump")
	run := func() {
		for range 7 {
			p.measure(i, time.Minute, load(5, 90))
			p.watch()
		}
	}
	run()
	if in := p.inbox(p.olga); len(in) != 0 {
		t.Errorf("CPU is told without having been asked for: %+v", in)
	}
	_, err := p.Instances.Update(t.Context(), p.mika, i.ID, api.EditInstance{Alerts: &api.EditAlerts{CPU: api.Some(true)}}, 0)
	wantCode(t, err, "forbidden")
	_, err = p.Instances.Update(t.Context(), p.olga, i.ID, api.EditInstance{Alerts: &api.EditAlerts{Recipients: api.Some("all")}}, 0)
	wantCode(t, err, "invalid_input")
	now := must(p.Instances.Update(t.Context(), p.olga, i.ID, api.EditInstance{Alerts: &api.EditAlerts{CPU: api.Some(true), Recipients: api.Some("both")}}, 0))(t)
	if !now.Alerts.CPU || !now.Alerts.Crash || now.Version != 2 {
		t.Errorf("%+v", now.Instance.Instance)
	}
	run()
	for _, who := range []fleet.Actor{p.olga, p.mika} {
		if in := p.inbox(who); len(in) != 1 || in[0].Kind != fleet.NoteCPU || in[0].Title != "Pump uses 90 % of its CPU" {
			t.Errorf("%s: %+v", who.Username, in)
		}
	}
	if in := p.inbox(p.vera); len(in) != 0 {
		t.Errorf("a viewer is told: %+v", in)
	}
	p.sleep(time.Second)
	must(p.Instances.Stop(t.Context(), p.olga, i.ID))(t)
	p.watch()
	p.sleep(30 * time.Second)
	p.watch()
	if in := p.inbox(p.olga); len(in) != 1 || in[0].Count != 1 {
		t.Errorf("of an instance that was stopped: %+v", in)
	}
	must(p.Instances.Start(t.Context(), p.olga, i.ID))(t)
	run()
	if in := p.inbox(p.olga); len(in) != 1 || in[0].Count != 2 {
		t.Errorf("after a stop and a start: %+v; want it told anew", in)
	}
	told := ""
	for _, e := range p.audited(store.AuditFilter{Event: "instance.edit"}) {
		told += string(must(jsonText(e.Detail))(t))
	}
	if !strings.Contains(told, "cpu, memory to both, also by mail") {
		t.Errorf("audit %s", told)
	}
}

func TestWhoLostTheRoleBeforeALetterWasSentDoesNotGetIt(t *testing.T) {
	p := newPlant(t)
	server := p.post(mailtest.Behaviour{})
	i := p.instance("Pump")
	must(p.Instances.Update(t.Context(), p.olga, i.ID, api.EditInstance{Alerts: &api.EditAlerts{Recipients: api.Some("both")}}, 0))(t)
	p.crash(i, 1, "exit")
	must(p.Members.SetRole(t.Context(), p.olga, p.team.Slug, p.mika.User, api.EditMember{Role: "viewer"}))(t)
	if got := subjects(p.deliver(server)); got != "olga@example.com: Pump crashed" {
		t.Errorf("letters: %s; mika is a viewer by now", got)
	}
}

func TestOfAnInstanceThatIsGoneNothingIsTold(t *testing.T) {
	p := newPlant(t)
	i := p.instance("Pump")
	p.crash(i, 1, "exit")
	if n := must(p.Notifications.Count(t.Context(), p.olga))(t); n != 1 {
		t.Fatalf("%d notifications", n)
	}
	if err := p.Instances.Delete(t.Context(), p.olga, i.ID); err != nil {
		t.Fatal(err)
	}
	p.sleep(time.Hour)
	p.watch()
	if in := p.inbox(p.olga); len(in) != 0 {
		t.Errorf("%+v", in)
	}
}
