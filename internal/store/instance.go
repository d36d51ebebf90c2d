package store

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"leat/internal/fleet"
	"leat/internal/store/query"
)

// Instance is an instance with what stands beside its row.
type Instance struct {
	fleet.Instance
	SpecVersion int64
	EnvVersion  int64
	// Report is what the runner last said of itself, as JSON; empty before it did.
	Report string
	// Dashboard is the path of its dashboard, empty where it has none.
	Dashboard string
	// Deploy is the last one; Modules are those of its palette, by name.
	Deploy  fleet.Deploy
	Modules []fleet.Module
}

func instanceOf(i query.Instance) *Instance {
	return &Instance{
		Instance: fleet.Instance{
			ID: i.ID, Application: i.ApplicationID, Team: i.TeamID, Name: i.Name, Label: i.Label, Type: i.Type, Stack: i.Stack, Access: i.Access,
			Wanted: i.Wanted, Observed: i.State, ObservedAt: fromMicros(i.ObservedAt), Reason: i.Reason, Restarts: i.Restarts, SafeMode: i.SafeMode,
			Protected: i.Protected, Held: i.Held, TimeZone: i.TimeZone, Ports: portsOf(i.Ports), Alerts: alertsOf(i.Alerts), Version: i.Version, CreatedAt: fromMicros(i.CreatedAt), UpdatedAt: fromMicros(i.UpdatedAt),
			PersistentContext: i.PersistentContext,
			Given:             fleet.Frame{Digest: i.StackDigest, MemoryMiB: int(i.MemoryMib), CPUPercent: int(i.CpuPercent)},
		},
		SpecVersion: i.SpecVersion, EnvVersion: i.EnvVersion, Report: i.Report, Dashboard: i.Dashboard,
	}
}

func instanceRowOf(r query.InstanceRow) *Instance {
	i := instanceOf(r.Instance)
	i.Deploy = fleet.Deploy{ID: r.DeployID, Instance: i.ID, Time: fromMicros(r.Time), Author: r.Author, Digest: r.Digest, Nodes: int(r.Nodes)}
	i.Modules = modulesOf(r.Direct)
	return i
}

// modulesOf reads the modules that were asked for, by name.
func modulesOf(direct string) []fleet.Module {
	var by map[string]string
	if json.Unmarshal([]byte(direct), &by) != nil {
		return nil
	}
	out := make([]fleet.Module, 0, len(by))
	for name, version := range by {
		out = append(out, fleet.Module{Name: name, Version: version})
	}
	slices.SortFunc(out, func(a, b fleet.Module) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// Ports are kept as JSON, and as nothing where there are none.
func portsOf(text string) []uint16 {
	var ports []uint16
	if text == "" || json.Unmarshal([]byte(text), &ports) != nil {
		return nil
	}
	return ports
}

func portsText(ports []uint16) string {
	if len(ports) == 0 {
		return ""
	}
	return strings.ReplaceAll(fmt.Sprint(ports), " ", ",")
}

const (
	instanceTaken = "The application has an instance with this name. Choose another."
	labelTaken    = "Another instance has this label. Choose another."
)

// InsertInstance adds an instance; a name or a label that another has is a
// Conflict.
func (tx *Tx) InsertInstance(i *Instance) error {
	if there, err := tx.LabelTaken(i.Label); err != nil || there {
		return labelConflict(err)
	}
	err := tx.q.InsertInstance(tx.ctx, query.InsertInstanceParams{
		ID: i.ID, ApplicationID: i.Application, TeamID: i.Team, Name: i.Name, NameKey: fleet.NameKey(i.Name), Label: i.Label, Type: i.Type,
		Stack: i.Stack, Access: i.Access, Wanted: i.Wanted, Restarts: i.Restarts, SafeMode: i.SafeMode, TimeZone: i.TimeZone, Ports: portsText(i.Ports),
		Version: i.Version, CreatedAt: micros(i.CreatedAt), UpdatedAt: micros(i.UpdatedAt), SpecVersion: i.SpecVersion, EnvVersion: i.EnvVersion,
		State: i.Observed, ObservedAt: micros(i.ObservedAt), Reason: i.Reason, Report: i.Report, Dashboard: i.Dashboard,
	})
	if constraintOf(err) == "instance_label_key" {
		return labelConflict(nil)
	}
	return taken(err, "instance", "name_taken", instanceTaken)
}

func labelConflict(err error) error {
	if err != nil {
		return err
	}
	return &fleet.Error{Kind: fleet.Conflict, Code: "label_taken", Msg: labelTaken}
}

// LabelTaken reports whether an instance has this label.
func (tx *Tx) LabelTaken(label string) (bool, error) {
	_, err := tx.q.InstanceByLabel(tx.ctx, label)
	if err = noun(err, "instance", "read"); fleet.IsKind(err, fleet.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// Instance finds an instance with what stands beside its row.
func (tx *Tx) Instance(id fleet.InstanceID) (*Instance, error) {
	r, err := tx.q.Instance(tx.ctx, id)
	return instanceRowOf(r), noun(err, "instance", "read")
}

// InstanceAlone finds an instance without its deploy and modules: the door asks
// for it on every request.
func (tx *Tx) InstanceAlone(id fleet.InstanceID) (*Instance, error) {
	r, err := tx.q.InstanceAlone(tx.ctx, id)
	return instanceOf(r), noun(err, "instance", "read")
}

// InstanceByLabel is InstanceAlone by the label.
func (tx *Tx) InstanceByLabel(label string) (*Instance, error) {
	r, err := tx.q.InstanceByLabel(tx.ctx, label)
	return instanceOf(r), noun(err, "instance", "read")
}

// Instances lists an application's instances by name.
func (tx *Tx) Instances(application fleet.ApplicationID, p Page) ([]*Instance, string, error) {
	after, err := p.after(2)
	if err != nil {
		return nil, "", err
	}
	rows, err := tx.q.InstancesOfApplication(tx.ctx, query.InstancesOfApplicationParams{
		ApplicationID: application, AfterName: after[0], AfterID: fleet.InstanceID(after[1]), Words: wordPattern(p.Q), Most: p.limit(),
	})
	return instancePage(p, each(rows, func(r query.InstancesOfApplicationRow) query.InstanceRow { return query.InstanceRow(r) }), err)
}

// InstancesOfTeam lists a team's instances by name.
func (tx *Tx) InstancesOfTeam(team fleet.TeamID, p Page) ([]*Instance, string, error) {
	after, err := p.after(2)
	if err != nil {
		return nil, "", err
	}
	rows, err := tx.q.InstancesOfTeam(tx.ctx, query.InstancesOfTeamParams{
		TeamID: team, AfterName: after[0], AfterID: fleet.InstanceID(after[1]), Words: wordPattern(p.Q), Most: p.limit(),
	})
	return instancePage(p, each(rows, func(r query.InstancesOfTeamRow) query.InstanceRow { return query.InstanceRow(r) }), err)
}

// Dashboards lists a team's instances that have a dashboard, by name.
func (tx *Tx) Dashboards(team fleet.TeamID, p Page) ([]*Instance, string, error) {
	after, err := p.after(2)
	if err != nil {
		return nil, "", err
	}
	rows, err := tx.q.DashboardsOfTeam(tx.ctx, query.DashboardsOfTeamParams{
		TeamID: team, AfterName: after[0], AfterID: fleet.InstanceID(after[1]), Words: wordPattern(p.Q), Most: p.limit(),
	})
	return instancePage(p, each(rows, func(r query.DashboardsOfTeamRow) query.InstanceRow { return query.InstanceRow(r) }), err)
}

func instancePage(p Page, rows []query.InstanceRow, err error) ([]*Instance, string, error) {
	rows, next := cut(p, rows, func(r query.InstanceRow) []string { return []string{r.Instance.NameKey, string(r.Instance.ID)} })
	return each(rows, instanceRowOf), next, noun(err, "instance", "list")
}

// SpecVersions tells of every instance which version its desired state has.
func (tx *Tx) SpecVersions() (map[fleet.InstanceID]int64, error) {
	rows, err := tx.q.SpecVersions(tx.ctx)
	out := make(map[fleet.InstanceID]int64, len(rows))
	for _, r := range rows {
		out[r.ID] = r.SpecVersion
	}
	return out, noun(err, "instance", "list")
}

// InstancePorts tells which instances have ports of their own.
func (tx *Tx) InstancePorts() (map[fleet.InstanceID][]uint16, error) {
	rows, err := tx.q.InstancePorts(tx.ctx)
	out := make(map[fleet.InstanceID][]uint16, len(rows))
	for _, r := range rows {
		out[r.ID] = portsOf(r.Ports)
	}
	return out, noun(err, "instance", "list")
}

// UpdateInstance writes the configuration that i holds over the version that i
// was read at.
func (tx *Tx) UpdateInstance(i *Instance) error {
	n, err := tx.q.UpdateInstance(tx.ctx, query.UpdateInstanceParams{
		ID: i.ID, Name: i.Name, NameKey: fleet.NameKey(i.Name), Type: i.Type, Access: i.Access, SafeMode: i.SafeMode, TimeZone: i.TimeZone,
		Ports: portsText(i.Ports), UpdatedAt: micros(i.UpdatedAt), Protected: i.Protected, Version: i.Version,
	})
	if isDuplicate(err) {
		return taken(err, "instance", "name_taken", instanceTaken)
	}
	i.Version++
	i.SpecVersion++
	return versioned(n, err, "instance")
}

// OperateInstance writes the state asked for, the restarts, and the state that
// people see until the runner reports. It is no change of configuration.
func (tx *Tx) OperateInstance(i *Instance) error {
	n, err := tx.q.OperateInstance(tx.ctx, query.OperateInstanceParams{
		ID: i.ID, Wanted: i.Wanted, Restarts: i.Restarts, State: i.Observed, UpdatedAt: micros(i.UpdatedAt),
	})
	i.SpecVersion++
	return one(n, err, "instance", "update")
}

// HoldInstance writes whether a suspended team keeps an instance from running,
// and the state and reason that people see.
func (tx *Tx) HoldInstance(i *Instance) error {
	n, err := tx.q.HoldInstance(tx.ctx, query.HoldInstanceParams{
		ID: i.ID, Held: i.Held, State: i.Observed, Reason: i.Reason, UpdatedAt: micros(i.UpdatedAt),
	})
	i.SpecVersion++
	return one(n, err, "instance", "update")
}

// InstancesAlone lists all instances of a team by name, each as InstanceAlone.
func (tx *Tx) InstancesAlone(team fleet.TeamID) ([]*Instance, error) {
	rows, err := tx.q.InstancesAlone(tx.ctx, team)
	return each(rows, instanceOf), noun(err, "instance", "list")
}

// ObserveInstance writes what was seen of an instance.
func (tx *Tx) ObserveInstance(i *Instance) error {
	n, err := tx.q.ObserveInstance(tx.ctx, query.ObserveInstanceParams{
		ID: i.ID, State: i.Observed, ObservedAt: micros(i.ObservedAt), Reason: i.Reason, Report: i.Report, Dashboard: i.Dashboard,
	})
	return one(n, err, "instance", "update")
}

// BumpSpec counts a change of what a runner is to be and gives the new version.
func (tx *Tx) BumpSpec(id fleet.InstanceID, at time.Time) (int64, error) {
	v, err := tx.q.BumpSpec(tx.ctx, id, micros(at))
	return v, noun(err, "instance", "update")
}

// LoseInstances marks the instances that were to run and have not been heard of
// since a time, and tells which.
func (tx *Tx) LoseInstances(before time.Time, reason string) ([]*fleet.Instance, error) {
	rows, err := tx.q.LoseInstances(tx.ctx, reason, micros(before))
	return each(rows, func(r query.LoseInstancesRow) *fleet.Instance {
		return &fleet.Instance{ID: r.ID, Team: r.TeamID, Version: r.Version, Observed: fleet.StateUnreachable}
	}), noun(err, "instance", "update")
}

// DeleteInstance removes an instance with its flows, history and environment.
// Snapshots that somebody made or named stay in its application.
func (tx *Tx) DeleteInstance(id fleet.InstanceID) error {
	if err := tx.leaveSnapshots(id); err != nil {
		return err
	}
	n, err := tx.q.DeleteInstance(tx.ctx, id)
	return one(n, err, "instance", "delete")
}
