package store

import (
	"time"

	"leat/internal/fleet"
	"leat/internal/store/query"
)

// DoorDeploy is a deploy that the door let through: who it was, and the digest
// of the flows in it.
type DoorDeploy struct {
	ID        string
	Instance  fleet.InstanceID
	Digest    string
	User      fleet.UserID
	Username  string
	Session   fleet.SessionID
	Addr      string
	CreatedAt time.Time
}

// InsertDoorDeploy notes a deploy that the door let through.
func (tx *Tx) InsertDoorDeploy(d *DoorDeploy) error {
	return noun(tx.q.InsertDoorDeploy(tx.ctx, query.InsertDoorDeployParams{
		ID: d.ID, InstanceID: d.Instance, Digest: d.Digest, UserID: d.User, Username: d.Username, SessionID: d.Session, Addr: d.Addr, CreatedAt: micros(d.CreatedAt),
	}), "door_deploy", "insert")
}

// DoorDeploy finds the last deploy of these flows that the door let through
// since a time.
func (tx *Tx) DoorDeploy(id fleet.InstanceID, digest string, since time.Time) (*DoorDeploy, error) {
	r, err := tx.q.DoorDeploy(tx.ctx, query.DoorDeployParams{InstanceID: id, Digest: digest, Since: micros(since)})
	return &DoorDeploy{
		ID: r.ID, Instance: r.InstanceID, Digest: r.Digest, User: r.UserID, Username: r.Username, Session: r.SessionID, Addr: r.Addr, CreatedAt: fromMicros(r.CreatedAt),
	}, noun(err, "door_deploy", "read")
}

// DeleteDoorDeploy uses one up.
func (tx *Tx) DeleteDoorDeploy(id string) error {
	return noun(tx.q.DeleteDoorDeploy(tx.ctx, id), "door_deploy", "delete")
}

// DeleteOldDoorDeploys removes up to most that no deploy followed.
func (tx *Tx) DeleteOldDoorDeploys(before time.Time, most int) (int64, error) {
	n, err := tx.q.DeleteOldDoorDeploys(tx.ctx, micros(before), int32(most))
	return n, noun(err, "door_deploy", "delete")
}
