package store

import (
	"leat/internal/fleet"
	"leat/internal/store/query"
)

// InsertDeploy adds a deploy to the history of its instance.
func (tx *Tx) InsertDeploy(d *fleet.Deploy) error {
	err := tx.q.InsertDeploy(tx.ctx, query.InsertDeployParams{
		ID: d.ID, InstanceID: d.Instance, Time: micros(d.Time), Author: d.Author, AuthorID: d.AuthorID, Digest: d.Digest, Nodes: int64(d.Nodes), Size: int64(d.Size),
	})
	return taken(err, "deploy", "deploy_exists", "A deploy with this id was made already.")
}

// Deploy finds a deploy.
func (tx *Tx) Deploy(id fleet.DeployID) (*fleet.Deploy, error) {
	r, err := tx.q.Deploy(tx.ctx, id)
	return &fleet.Deploy{
		ID: r.ID, Instance: r.InstanceID, Time: fromMicros(r.Time), Author: r.Author, AuthorID: r.AuthorID, Digest: r.Digest, Nodes: int(r.Nodes), Size: int(r.Size),
	}, noun(err, "deploy", "read")
}

// DeployedOften lists the instances with more than keep deploys in their history.
func (tx *Tx) DeployedOften(keep int) ([]fleet.InstanceID, error) {
	ids, err := tx.q.DeployedOften(tx.ctx, int64(keep))
	return ids, noun(err, "deploy", "list")
}

// PruneDeploys removes the oldest deploys of an instance beyond keep; the one
// whose flows it has stays.
func (tx *Tx) PruneDeploys(id fleet.InstanceID, keep int) (int64, error) {
	n, err := tx.q.PruneDeploys(tx.ctx, id, int32(keep))
	return n, noun(err, "deploy", "delete")
}
