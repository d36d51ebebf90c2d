package fleet

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// TeamType says what teams of it may have.
type TeamType struct {
	ID          TeamTypeID
	Name        string
	Description string
	// Order is its place in lists.
	Order int
	// Active types may be chosen for teams; the Default is what new teams get.
	Active  bool
	Default bool
	Limits  Limits
	// InstanceTypes are the sizes that its teams may use; empty means all.
	InstanceTypes []string
	Version       int64
	CreatedAt     time.Time
}

// Unlimited stands for no limit where a type would have one.
const Unlimited = -1

// maxLimit is the largest limit; who wants more wants none.
const maxLimit = 1_000_000

// Limits are how much a team may have. Nil says nothing: in a type that there is
// no limit, in a team that its type decides.
type Limits struct {
	Members         *int           `json:"members,omitempty"`
	Instances       *int           `json:"instances,omitempty"`
	InstancesOfType map[string]int `json:"instancesOfType,omitempty"`
	// Snapshots are those made by hand and kept, of each instance.
	Snapshots *int `json:"snapshots,omitempty"`
}

// Usage is how much a team has.
type Usage struct {
	Members         int
	Instances       int
	InstancesOfType map[string]int
	// Snapshots are the most that any one instance has.
	Snapshots int
}

// OverLimit is one thing of which there is as much as there may be, or more.
type OverLimit struct {
	What  string
	Limit int
	Count int
}

// Empty reports whether nothing is limited.
func (l Limits) Empty() bool {
	return l.Members == nil && l.Instances == nil && l.Snapshots == nil && len(l.InstancesOfType) == 0
}

// Check refuses numbers that are no limits.
func (l Limits) Check(field string) error {
	bad := func(n int) bool { return n < Unlimited || n > maxLimit }
	for name, n := range map[string]*int{"members": l.Members, "instances": l.Instances, "snapshots": l.Snapshots} {
		if n != nil && bad(*n) {
			return InvalidField(field+"."+name, "A limit is a number from 0 to 1,000,000, or -1 for none.")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(l.InstancesOfType)) {
		if bad(l.InstancesOfType[name]) {
			return InvalidField(field+".instancesOfType", "A limit is a number from 0 to 1,000,000, or -1 for none.")
		}
	}
	if l.Members != nil && *l.Members == 0 {
		return InvalidField(field+".members", "A team has at least one member, its owner.")
	}
	return nil
}

// In are the limits in force: those of a team over those of its type, with
// nothing left that says there is none.
func (l Limits) In(t *TeamType) Limits {
	out := Limits{
		Members: over(l.Members, t.Limits.Members), Instances: over(l.Instances, t.Limits.Instances), Snapshots: over(l.Snapshots, t.Limits.Snapshots),
		InstancesOfType: map[string]int{},
	}
	maps.Copy(out.InstancesOfType, t.Limits.InstancesOfType)
	maps.Copy(out.InstancesOfType, l.InstancesOfType)
	maps.DeleteFunc(out.InstancesOfType, func(_ string, n int) bool { return n == Unlimited })
	return out
}

// Tidy drops from a type's limits what says that there is none.
func (l Limits) Tidy() Limits { return Limits{}.In(&TeamType{Limits: l}) }

func over(own, of *int) *int {
	if own == nil {
		own = of
	}
	if own == nil || *own == Unlimited {
		return nil
	}
	return own
}

// Exceeded lists the limits that what a team has is over.
func (l Limits) Exceeded(u Usage) []OverLimit {
	var out []OverLimit
	add := func(what string, limit *int, count int) {
		if limit != nil && count > *limit {
			out = append(out, OverLimit{what, *limit, count})
		}
	}
	add("members", l.Members, u.Members)
	add("instances", l.Instances, u.Instances)
	for _, name := range slices.Sorted(maps.Keys(l.InstancesOfType)) {
		limit := l.InstancesOfType[name]
		add("instances:"+name, &limit, u.InstancesOfType[name])
	}
	add("snapshots", l.Snapshots, u.Snapshots)
	return out
}

// Allows reports whether teams of the type may use a size.
func (t *TeamType) Allows(instanceType string) bool {
	return len(t.InstanceTypes) == 0 || slices.Contains(t.InstanceTypes, instanceType)
}

// ErrLimit refuses what would go over a limit: count things of a kind are there,
// and one more is asked for. things is the plural word for people.
func ErrLimit(what, things string, limit, count int) *Error {
	return &Error{
		Kind: Conflict, Code: "limit_reached", Limits: []OverLimit{{what, limit, count}},
		Msg: fmt.Sprintf("The team may have %d %s and has %d. An administrator of the platform can raise the limit.", limit, things, count),
	}
}
