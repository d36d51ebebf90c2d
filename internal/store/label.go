package store

import "leat/internal/fleet"

// Labels tells the label of every instance.
func (tx *Tx) Labels() (map[fleet.InstanceID]string, error) {
	rows, err := tx.q.Labels(tx.ctx)
	out := make(map[fleet.InstanceID]string, len(rows))
	for _, r := range rows {
		out[r.ID] = r.Label
	}
	return out, noun(err, "instance", "list")
}
