package control

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"time"

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/store"
	"leat/internal/wire"
)

// editDraft makes ready what an edit leads to, where it touches what a snapshot
// keeps.
func (c *Instances) editDraft(ctx context.Context, who fleet.Actor, id fleet.InstanceID, in api.EditInstance) (*draft, error) {
	if !in.TimeZone.Set && !in.Persistent.Set {
		return nil, nil
	}
	return c.draftOf(ctx, who, fleet.InstanceEdit, id, func(h *holding) error {
		set(&h.timeZone, in.TimeZone)
		set(&h.persistent, in.Persistent)
		return nil
	})
}

// entryOf says under which kind the timeline tells of an edited field.
var entryOf = map[string]fleet.TimelineKind{
	"instanceType": fleet.TimelineType, "stack": fleet.TimelineStack, "protected": fleet.TimelineProtect,
}

// contentFields are the fields that a snapshot keeps.
var contentFields = []string{"timeZone", "persistentContext", "stack"}

// edited tells the timeline of an edit, an entry for each kind of change, and
// keeps the version that it leads to.
func (s *step) edited(i *store.Instance, diff changes, next *draft) error {
	kinds := map[fleet.TimelineKind][]api.ChangedField{}
	content := map[fleet.TimelineKind]bool{}
	for name, change := range diff {
		kind := cmp.Or(entryOf[name], fleet.TimelineSettings)
		kinds[kind] = append(kinds[kind], changedField(name, change))
		content[kind] = content[kind] || slices.Contains(contentFields, name)
	}
	for _, kind := range []fleet.TimelineKind{fleet.TimelineProtect, fleet.TimelineType, fleet.TimelineStack, fleet.TimelineSettings} {
		fields := kinds[kind]
		if fields == nil {
			continue
		}
		slices.SortFunc(fields, func(a, b api.ChangedField) int { return cmp.Compare(a.Name, b.Name) })
		sum := api.TimelineSummary{Fields: fields}
		var err error
		switch {
		case content[kind] && kind == fleet.TimelineStack:
			err = s.keepVersion(i, next, revision{kind: kind, trigger: fleet.TriggerStack, by: s.who, summary: sum})
		case content[kind]:
			err = s.keepVersion(i, next, revision{kind: kind, trigger: fleet.TriggerSettings, by: s.who, summary: sum})
		default:
			err = s.happened(&i.Instance, happening{kind: kind, by: s.who, summary: sum})
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// operated tells the timeline of a start, a stop or a restart. One that brings a
// newer lock of the stack is a change of content.
func (s *step) operated(i *store.Instance, kind fleet.TimelineKind, given string) error {
	if given == "" || given == i.Given.Digest {
		return s.happened(&i.Instance, happening{kind: kind, by: s.who})
	}
	sum := api.TimelineSummary{Fields: []api.ChangedField{{Name: "stack", From: given, To: i.Given.Digest}}}
	return s.keepVersion(i, nil, revision{kind: kind, trigger: fleet.TriggerStack, by: s.who, summary: sum})
}

func changedField(name string, change any) api.ChangedField {
	f := api.ChangedField{Name: name}
	if m, ok := change.(map[string]any); ok {
		f.From, f.To = fmt.Sprint(m["from"]), fmt.Sprint(m["to"])
	}
	return f
}

// tellReport tells the timeline what a runner's report says and the one before did
// not: that Node-RED ended by itself, that it gave way to safe mode.
func (s *step) tellReport(i *store.Instance, before *fleet.Instance, last string, r wire.Report) error {
	var was wire.Report
	if last != "" && json.Unmarshal([]byte(last), &was) != nil {
		was = wire.Report{} // an older form
	}
	if err := s.tellCrashes(i, was, r); err != nil {
		return err
	}
	switch {
	case i.Observed == before.Observed:
		return nil
	case i.Observed == fleet.StateSafeMode && r.Code != askedSafeMode:
		return s.byItself(&i.Instance, fleet.TimelineSafeMode, 1, causeOf(r.Code, r.Reason))
	}
	return nil
}

// askedSafeMode is the code of a safe mode that somebody asked for.
const askedSafeMode = "safe_mode_asked"

// tellCrashes tells of the crashes since the report before. A runner that began anew
// counts from 0.
func (s *step) tellCrashes(i *store.Instance, was, r wire.Report) error {
	more := r.Crashes - was.Crashes
	if more < 0 {
		more = r.Crashes
	}
	if more <= 0 || r.LastExit == nil {
		return nil
	}
	kind := fleet.TimelineCrash
	if r.LastExit.Code == "hang" {
		kind = fleet.TimelineHang
	}
	return s.byItself(&i.Instance, kind, int(min(more, maxCrashes)), causeOf(r.LastExit.Code, r.LastExit.Reason))
}

// maxCrashes bounds what one report may count.
const maxCrashes = 1000

// steadyAfter is how long an instance has run when it counts as recovered: in a crash
// loop it runs for a moment each time.
const steadyAfter = time.Minute

// tellRecovery tells, once it has run for a while, that an instance runs again, if
// the timeline says that it was in trouble.
func (s *step) tellRecovery(i *store.Instance, before *fleet.Instance, r wire.Report) error {
	steady := r.Since.Add(steadyAfter)
	known := before.Observed == fleet.StateRunning && !before.ObservedAt.Before(steady)
	if i.Observed != fleet.StateRunning || s.now.Before(steady) || known {
		return nil
	}
	kinds := []fleet.TimelineKind{fleet.TimelineCrash, fleet.TimelineHang, fleet.TimelineSafeMode, fleet.TimelineRecovered}
	last, _, err := s.Tx.Timeline(i.ID, store.TimelineFilter{Kinds: kinds}, store.Page{Limit: len(kinds)})
	if err != nil || len(last) == 0 {
		return err
	}
	newest := slices.MaxFunc(last, func(a, b *fleet.TimelineEntry) int { return a.LastAt.Compare(b.LastAt) }).LastAt
	if slices.ContainsFunc(last, func(e *fleet.TimelineEntry) bool {
		return e.Kind == fleet.TimelineRecovered && !e.LastAt.Before(newest)
	}) {
		return nil
	}
	return s.byItself(&i.Instance, fleet.TimelineRecovered, 1, api.TimelineSummary{})
}

// causeOf believes a runner only a plain code and a sentence of some length.
func causeOf(code, reason string) api.TimelineSummary {
	if !plainCode.MatchString(code) {
		code = ""
	}
	return api.TimelineSummary{Code: code, Reason: cutText(reason, maxReason)}
}

var plainCode = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
