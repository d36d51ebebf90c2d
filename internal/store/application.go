package store

import (
	"leat/internal/fleet"
	"leat/internal/store/query"
)

// StateCount is how many instances of an application are in a state.
type StateCount struct {
	Application fleet.ApplicationID
	State       fleet.State
	Instances   int64
}

func applicationOf(r query.Application) *fleet.Application {
	return &fleet.Application{ID: r.ID, Team: r.TeamID, Name: r.Name, Description: r.Description, Version: r.Version, CreatedAt: fromMicros(r.CreatedAt)}
}

const applicationTaken = "The team has an application with this name. Choose another."

// InsertApplication adds an application; a name that another of the team has is
// a Conflict.
func (tx *Tx) InsertApplication(a *fleet.Application) error {
	err := tx.q.InsertApplication(tx.ctx, query.InsertApplicationParams{
		ID: a.ID, TeamID: a.Team, Name: a.Name, NameKey: fleet.NameKey(a.Name), Description: a.Description, Version: a.Version, CreatedAt: micros(a.CreatedAt),
	})
	return taken(err, "application", "name_taken", applicationTaken)
}

// Application finds an application.
func (tx *Tx) Application(id fleet.ApplicationID) (*fleet.Application, error) {
	r, err := tx.q.Application(tx.ctx, id)
	return applicationOf(r), noun(err, "application", "read")
}

// Applications lists a team's applications by name.
func (tx *Tx) Applications(team fleet.TeamID, p Page) ([]*fleet.Application, string, error) {
	after, err := p.after(2)
	if err != nil {
		return nil, "", err
	}
	rows, err := tx.q.Applications(tx.ctx, query.ApplicationsParams{
		TeamID: team, AfterName: after[0], AfterID: fleet.ApplicationID(after[1]), Words: wordPattern(p.Q), Most: p.limit(),
	})
	rows, next := cut(p, rows, func(r query.Application) []string { return []string{r.NameKey, string(r.ID)} })
	return each(rows, applicationOf), next, noun(err, "application", "list")
}

// UpdateApplication writes what a holds over the version that a was read at.
func (tx *Tx) UpdateApplication(a *fleet.Application) error {
	n, err := tx.q.UpdateApplication(tx.ctx, query.UpdateApplicationParams{
		ID: a.ID, Name: a.Name, NameKey: fleet.NameKey(a.Name), Description: a.Description, Version: a.Version,
	})
	if isDuplicate(err) {
		return taken(err, "application", "name_taken", applicationTaken)
	}
	a.Version++
	return versioned(n, err, "application")
}

// DeleteApplication removes an application that has no instances any more, with
// its snapshots.
func (tx *Tx) DeleteApplication(id fleet.ApplicationID) error {
	if err := tx.deleteSnapshotsOf(id); err != nil {
		return err
	}
	n, err := tx.q.DeleteApplication(tx.ctx, id)
	return one(n, err, "application", "delete")
}

// CountInstancesByState counts the instances of each of a team's applications.
func (tx *Tx) CountInstancesByState(team fleet.TeamID) ([]StateCount, error) {
	rows, err := tx.q.CountInstancesByState(tx.ctx, team)
	return each(rows, func(r query.CountInstancesByStateRow) StateCount {
		return StateCount{Application: r.ApplicationID, State: r.State, Instances: r.Instances}
	}), noun(err, "instance", "count")
}

// CountInstancesOf counts the instances of one application.
func (tx *Tx) CountInstancesOf(id fleet.ApplicationID) ([]StateCount, error) {
	rows, err := tx.q.CountInstancesOfApplication(tx.ctx, id)
	return each(rows, func(r query.CountInstancesOfApplicationRow) StateCount {
		return StateCount{Application: id, State: r.State, Instances: r.Instances}
	}), noun(err, "instance", "count")
}
