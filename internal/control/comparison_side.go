package control

import (
	"encoding/json"
	"fmt"
	"strings"

	"leat/api"
	"leat/internal/fleet"
)

// content is one side: what a version holds, and no secret.
type content struct {
	side        api.ComparisonSide
	flows       json.RawMessage
	environment []fleet.Variable
	settings    map[string]any
	stack       api.SnapshotStack
	modules     fleet.ManifestModules
	// secrets are digests under a key: of the credentials of each node, and of the
	// values of hidden variables. They are nil where nobody could open them.
	secrets *secretDigests
	// secretsDigest is equal for snapshots whose secrets are.
	secretsDigest string
	absent        []fleet.ManifestPart
}

type secretDigests struct{ credentials, hidden map[string]string }

// content reads a side.
func (s *step) content(id string) (*content, error) {
	if strings.HasPrefix(id, "n-") {
		return s.snapshotContent(fleet.SnapshotID(id))
	}
	i, err := s.inInstance(fleet.InstanceID(id))
	if err != nil {
		return nil, err
	}
	return s.instanceContent(i)
}

func (s *step) snapshotContent(id fleet.SnapshotID) (*content, error) {
	snap, err := s.inSnapshot(id)
	if err != nil {
		return nil, err
	}
	m, err := s.SnapshotContent(id)
	if err != nil {
		return nil, err
	}
	c := &content{
		side: api.ComparisonSide{
			Snapshot: string(id), Instance: string(snap.Instance), InstanceName: snap.InstanceName, Application: string(snap.Application),
			Team: string(snap.Team), Name: snap.Name, Kind: string(snap.Kind), Trigger: string(snap.Trigger), Digest: snap.Digest, Nodes: snap.Nodes,
			Author: snap.Author, CreatedAt: snap.CreatedAt.UTC(),
		},
		flows: m.Flows, environment: m.Environment, settings: m.Settings, modules: m.Modules, stack: api.SnapshotStack{Digest: m.Stack},
		secretsDigest: snap.SecretsDigest, absent: m.Absent,
	}
	if err := s.nameStack(&c.stack); err != nil {
		return nil, err
	}
	secrets, err := s.openSecrets(snap)
	if fleet.IsCode(err, "wrong_platform_key") {
		return c, nil
	}
	if err == nil {
		c.secrets, err = s.c.digestSecrets(secrets)
	}
	return c, err
}

func (s *step) instanceContent(i *Instance) (*content, error) {
	f, err := s.Tx.Flows(i.ID)
	if err != nil {
		return nil, err
	}
	modules, err := s.Tx.Modules(i.ID)
	if err != nil {
		return nil, err
	}
	c := &content{
		side: api.ComparisonSide{
			Instance: string(i.ID), InstanceName: i.Name, Application: string(i.Application), Team: string(i.Team), Name: i.Name, Nodes: f.Nodes,
			Author: i.Deploy.Author, CreatedAt: i.Deploy.Time.UTC(),
		},
		flows: f.Flows, modules: fleet.ManifestModules{Direct: modules.Direct, Lock: modules.Lock}, stack: api.SnapshotStack{ID: i.Stack},
		settings: map[string]any{fleet.SettingTimeZone: i.TimeZone, fleet.SettingPersistentContext: i.PersistentContext},
	}
	if c.stack.Digest, err = s.stackDigest(&i.Instance.Instance); err != nil {
		return nil, err
	}
	if err := s.nameStack(&c.stack); err != nil {
		return nil, err
	}
	return c, s.instanceSecrets(i.ID, f.Credentials, c)
}

// nameStack says which stack of this platform a digest is of, if any.
func (s *step) nameStack(st *api.SnapshotStack) error {
	known, found, err := s.stackOf(st.Digest)
	if found {
		st.ID, st.Name = known.ID, known.Name
	}
	return err
}

// instanceSecrets opens the secrets of an instance, for their digests, and reads
// its variables; those it can read, too, where the secrets do not open.
func (s *step) instanceSecrets(id fleet.InstanceID, sealed []byte, c *content) error {
	h := &holding{}
	var err error
	if h.credentials, err = s.c.openCredentials(id, sealed); err == nil {
		h.environment, err = s.openEnvironment(id)
	}
	if fleet.IsCode(err, "wrong_platform_key") {
		rows, err := s.Tx.Environment(id)
		for _, v := range rows {
			c.environment = append(c.environment, v.Variable)
		}
		return err
	}
	if err != nil {
		return err
	}
	secrets, err := h.secrets()
	if err != nil {
		return err
	}
	for _, v := range h.environment {
		if v.Hidden {
			v.Value = ""
		}
		c.environment = append(c.environment, v)
	}
	c.secrets, err = s.c.digestSecrets(secrets)
	return err
}

// digestSecrets makes of secrets what tells them apart and nothing else: digests
// under a key, all of one length.
func (c *core) digestSecrets(secrets *fleet.Secrets) (*secretDigests, error) {
	key := c.Key.Derive("comparison")
	out := &secretDigests{map[string]string{}, map[string]string{}}
	for id, fields := range secrets.Credentials {
		text, err := fleet.AppendCanonicalText(nil, fields)
		if err != nil {
			return nil, fmt.Errorf("encode credentials: %w", err)
		}
		out.credentials[id] = string(key.MAC("credentials", string(text)))
	}
	for name, value := range secrets.Hidden {
		out.hidden[name] = string(key.MAC("variable", value))
	}
	return out, nil
}
