package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/npm"
	"leat/internal/wire"
)

// flowsOf shows flows with their digest.
func flowsOf(flows json.RawMessage) (*api.Flows, error) {
	if len(flows) == 0 {
		flows = json.RawMessage("[]")
	}
	digest, err := wire.Digest(flows)
	if err != nil {
		return nil, fmt.Errorf("digest of flows: %w", err)
	}
	return &api.Flows{Flows: flows, Digest: digest}, nil
}

// Content returns what a snapshot holds beside its flows: no value of a hidden
// variable and no credential.
func (c *Snapshots) Content(ctx context.Context, who fleet.Actor, id fleet.SnapshotID) (out *api.SnapshotContent, err error) {
	err = c.read(ctx, who, fleet.SnapshotRead, func(s *step) error {
		snap, err := s.inSnapshot(id)
		if err != nil {
			return err
		}
		m, err := s.SnapshotRest(id)
		if err != nil {
			return err
		}
		out = contentOf(snap, m)
		st, found, err := s.stackOf(m.Stack)
		if err != nil {
			return err
		}
		if out.Stack.Digest = m.Stack; found {
			out.Stack.ID, out.Stack.Name = st.ID, st.Name
		}
		if !found {
			_, err := s.stackLock(m.Stack)
			if err != nil && !fleet.IsKind(err, fleet.NotFound) {
				return err
			}
			found = err == nil
		}
		out.Missing = missing(m, found)
		secrets, err := s.openSecrets(snap)
		if fleet.IsCode(err, "wrong_platform_key") {
			out.Missing = append(out.Missing, api.SnapshotMissing{Component: "credentials", Message: errorText(err)})
			return nil
		}
		if err != nil {
			return err
		}
		out.Credentials = slices.Sorted(maps.Keys(secrets.Credentials))
		return nil
	})
	return out, err
}

func errorText(err error) string {
	var e *fleet.Error
	if errors.As(err, &e) {
		return e.Msg
	}
	return ""
}

func contentOf(snap *fleet.Snapshot, m *fleet.Manifest) *api.SnapshotContent {
	out := &api.SnapshotContent{
		Digest: snap.Digest, Environment: []api.Variable{}, Modules: []api.Module{}, Credentials: []string{},
	}
	out.Settings.TimeZone, out.Settings.PersistentContext = settingsOf(m)
	for _, v := range m.Environment {
		out.Environment = append(out.Environment, api.Variable{Name: v.Name, Value: v.Value, Hidden: v.Hidden})
	}
	for _, name := range slices.Sorted(maps.Keys(m.Modules.Direct)) {
		out.Modules = append(out.Modules, api.Module{Name: name, Version: m.Modules.Direct[name]})
	}
	if lock, err := npm.ParseLock(m.Modules.Lock); err == nil {
		out.Packages = len(lock.Packages)
	}
	return out
}

func settingsOf(m *fleet.Manifest) (timeZone string, persistent bool) {
	timeZone, _ = m.Settings[fleet.SettingTimeZone].(string)
	persistent, _ = m.Settings[fleet.SettingPersistentContext].(bool)
	return timeZone, persistent
}

// missing tells what keeps a snapshot from being restored here as it is.
func missing(m *fleet.Manifest, stack bool) (out []api.SnapshotMissing) {
	if m.Has(fleet.PartStack) && !stack {
		out = append(out, api.SnapshotMissing{Component: "stack", Message: "This platform does not have the stack it was made on."})
	}
	if len(m.Modules.Direct) > 0 && len(m.Modules.Lock) == 0 {
		out = append(out, api.SnapshotMissing{Component: "modules", Message: "The file it came from does not say the exact versions of its modules; they are chosen when it is restored."})
	}
	if !m.Has(fleet.PartCredentials) {
		out = append(out, api.SnapshotMissing{Component: "credentials", Message: "The file it came from held no credentials; a restore leaves those of the instance alone."})
	}
	if m.Has(fleet.PartEnvironment) && !m.Has(fleet.PartValues) {
		out = append(out, api.SnapshotMissing{Component: "environment", Message: "The file it came from held the names of the variables alone; a restore keeps the values that the instance has."})
	}
	return out
}
