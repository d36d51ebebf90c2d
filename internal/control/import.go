package control

import (
	"context"
	"maps"
	"slices"
	"time"

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/npm"
	"leat/internal/store"
)

// Import makes a snapshot of a file in an application: one of ours, one of
// FlowFuse's public export, or bare flows. A file with a fault, and a wrong
// secret, change nothing.
func (c *Snapshots) Import(ctx context.Context, who fleet.Actor, id fleet.ApplicationID, in api.ImportSnapshot, key Key) (snap *fleet.Snapshot, err error) {
	// Whoever may not do it does not make us read 64 MiB.
	var a *fleet.Application
	if err := c.read(ctx, who, fleet.SnapshotImport, func(s *step) (err error) { a, err = s.inApplication(id); return err }); err != nil {
		return nil, err
	}
	f, secrets, err := readFile(in)
	if err != nil {
		return nil, err
	}
	content, err := store.Pack(&f.Manifest)
	if err != nil {
		return nil, err
	}
	digest, plain, err := c.nameSecrets(a.Team, secrets)
	if err != nil {
		return nil, err
	}
	sealed := c.sealSecrets(digest, plain)
	if err := c.DB.Prepare(ctx, content); err != nil {
		return nil, err
	}
	name, description, err := fileNames(f, in, c.Now())
	if err != nil {
		return nil, err
	}
	err = c.write(ctx, who, fleet.SnapshotImport, func(s *step) error {
		if a, err = s.inApplication(id); err != nil {
			return err
		}
		if done, err := s.replay(key); done != nil || err != nil {
			return replayed(done, err, func(made string) error { snap, err = s.Snapshot(fleet.SnapshotID(made)); return err })
		}
		snap = &fleet.Snapshot{
			Application: a.ID, Team: a.Team, Name: name, Description: description, Kind: fleet.SnapshotImported, From: cutText(f.Name, fleet.MaxName),
			SecretsDigest: digest, Author: s.who.Username, AuthorID: s.who.User, CreatedAt: s.now,
		}
		if err := s.InsertSnapshot(snap, content, sealed); err != nil {
			return err
		}
		s.hintSnapshot(snap)
		if err := s.auditSnapshot("snapshot.import", snap, map[string]any{"digest": snap.Digest, "without": absentOf(f), "sealed": f.Sealed()}); err != nil {
			return err
		}
		return s.remember(key, string(snap.ID), nil)
	})
	return snap, err
}

// readFile reads a file whole: its form, its digest, its modules and its secrets.
func readFile(in api.ImportSnapshot) (*fleet.SnapshotFile, *fleet.Secrets, error) {
	if len(in.Snapshot) == 0 || string(in.Snapshot) == "null" {
		return nil, nil, fleet.InvalidField("snapshot", "Give the snapshot: the content of the file.")
	}
	wanted, err := componentsOf(in.Components)
	if err != nil {
		return nil, nil, err
	}
	f, err := fleet.ParseSnapshotFile(in.Snapshot)
	if err != nil {
		return nil, nil, err
	}
	if err := checkFile(f); err != nil {
		return nil, nil, err
	}
	f.Only(wanted)
	secrets, err := openFile(f, in.Secret)
	if err != nil {
		return nil, nil, err
	}
	secrets = onlyThere(f, secrets)
	return f, secrets, checkHidden(secrets.Hidden)
}

// checkHidden looks for values that no environment can have: of what was sealed
// nothing could be said before.
func checkHidden(values map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if err := fleet.CheckEnvironment([]fleet.Variable{{Name: name, Value: values[name], Hidden: true}}); err != nil {
			return invalidFile("settings.env."+name, "the variable "+name+": "+errorText(err))
		}
	}
	return nil
}

// checkFile looks for faults that only show when all of the file is known.
func checkFile(f *fleet.SnapshotFile) error {
	m := &f.Manifest
	digest, err := m.Digest()
	if err != nil {
		return err
	}
	if f.Digest != "" && f.Digest != digest {
		return invalidFile("leat.digest", "its content is not the one that its digest names: the file was altered or damaged.")
	}
	if zone, _ := settingsOf(m); checkZone(zone) != nil {
		if f.Digest != "" {
			return invalidFile("leat.settings.timeZone", "it names a time zone that there is not.")
		}
		m.Settings = nil
	}
	if len(m.Modules.Lock) == 0 {
		return nil
	}
	lock, err := npm.ParseLock(m.Modules.Lock)
	if err != nil {
		return invalidFile("leat.lock", "the tree of its modules is not one that can be installed: "+errorText(err))
	}
	for name, version := range m.Modules.Direct {
		if p := lock.Packages["node_modules/"+name]; p == nil || p.Version != version {
			return invalidFile("settings.modules."+name, "the module "+name+" is not in the tree of modules.")
		}
	}
	return nil
}

// onlyThere keeps of the secrets those that belong to something in the file.
func onlyThere(f *fleet.SnapshotFile, secrets *fleet.Secrets) *fleet.Secrets {
	if !f.Manifest.Has(fleet.PartCredentials) {
		secrets.Credentials = nil
	}
	maps.DeleteFunc(secrets.Hidden, func(name, _ string) bool {
		return !slices.ContainsFunc(f.Manifest.Environment, func(v fleet.Variable) bool { return v.Hidden && v.Name == name })
	})
	return secrets
}

// fileNames are what an imported snapshot is called: what the caller says, else
// what the file says, as far as it is a name.
func fileNames(f *fleet.SnapshotFile, in api.ImportSnapshot, now time.Time) (name, description string, err error) {
	if name, description, err = snapshotName(in.Name, in.Description); err != nil {
		return "", "", err
	}
	if name == "" {
		if name, err = fleet.CleanName("name", cutText(f.Name, fleet.MaxName)); err != nil {
			name = "Imported on " + now.UTC().Format("2006-01-02 15:04:05") + " UTC"
		}
	}
	if description == "" {
		description, _ = cleanNote(f.Description)
	}
	return name, description, nil
}
