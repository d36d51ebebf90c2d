package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"leat/api"
	"leat/internal/fleet"
	"leat/internal/secret"
)

// SnapshotFile is a snapshot as a file, and what to call it.
type SnapshotFile struct {
	Name  string
	Bytes []byte
}

// The secret of a file is typed by people, and guessed by whoever finds the file.
const (
	minFileSecret = 8
	maxFileSecret = 1024
)

// Export gives a snapshot as a file. Its credentials and hidden values are sealed
// under a secret of the caller's choice; without one they are refused.
func (c *Snapshots) Export(ctx context.Context, who fleet.Actor, id fleet.SnapshotID, in api.Export) (*SnapshotFile, error) {
	wanted, err := componentsOf(in.Components)
	if err != nil {
		return nil, err
	}
	var snap *fleet.Snapshot
	f, secrets := &fleet.SnapshotFile{}, &fleet.Secrets{}
	err = c.read(ctx, who, fleet.SnapshotExport, func(s *step) error {
		if snap, err = s.inSnapshot(id); err != nil {
			return err
		}
		m, err := s.SnapshotContent(id)
		if err != nil {
			return err
		}
		f.Manifest, f.Name, f.Description = *m, nameOf(snap), snap.Description
		f.Manifest.Absent = slices.Clone(m.Absent)
		if st, found, err := s.stackOf(m.Stack); err != nil {
			return err
		} else if found {
			f.Stack.NodeRed, f.Stack.NodeJS = st.Versions.NodeRED, st.Versions.NodeJS
		}
		if wanted.Flows && wanted.Credentials || wanted.Environment == fleet.EnvironmentAll {
			secrets, err = s.openSecrets(snap)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := sealFile(f, secrets, wanted, in.Secret); err != nil {
		return nil, err
	}
	text, err := f.Bytes()
	if err != nil {
		return nil, err
	}
	err = c.write(ctx, who, fleet.SnapshotExport, func(s *step) error {
		if _, err := s.inSnapshot(id); err != nil {
			return err
		}
		return s.auditSnapshot("snapshot.export", snap, map[string]any{"without": absentOf(f), "sealed": f.Sealed()})
	})
	return &SnapshotFile{Name: fileName(snap), Bytes: text}, err
}

func absentOf(f *fleet.SnapshotFile) []string {
	out := []string{}
	for _, part := range f.Manifest.Absent {
		out = append(out, string(part))
	}
	return out
}

// fileName is a name that every file system takes.
func fileName(snap *fleet.Snapshot) string {
	name := fleet.LabelFrom(snap.Name)
	if snap.Name == "" {
		name = fleet.LabelFrom(snap.InstanceName) + "-" + snap.CreatedAt.UTC().Format("2006-01-02-1504")
	}
	return name + ".snapshot.json"
}

// sealFile leaves in a file what was chosen, and seals what is secret of it.
func sealFile(f *fleet.SnapshotFile, secrets *fleet.Secrets, wanted fleet.Components, word string) error {
	f.Only(wanted)
	m := &f.Manifest
	credentials := secrets.Credentials
	if !m.Has(fleet.PartCredentials) {
		credentials = nil
	}
	hidden := map[string]string{}
	for _, v := range m.Environment {
		if value, there := secrets.Hidden[v.Name]; there && v.Hidden && m.Has(fleet.PartValues) {
			hidden[v.Name] = value
		}
	}
	if len(credentials) == 0 && len(hidden) == 0 {
		return nil
	}
	if err := checkFileSecret(word); err != nil {
		return err
	}
	if len(credentials) > 0 {
		plain, err := credentialsOf(credentials)
		if err != nil {
			return err
		}
		if f.Credentials, err = secret.EncryptCredentials(word, plain); err != nil {
			return err
		}
	}
	f.Hidden = map[string]string{}
	for name, value := range hidden {
		f.Hidden[name] = secret.EncryptValue(word, value)
	}
	f.Proof = secret.ProveSecret(word, sealedParts(f)...)
	return nil
}

func checkFileSecret(word string) error {
	switch {
	case word == "":
		return &fleet.Error{
			Kind: fleet.Invalid, Code: "secret_required", Msg: "The snapshot holds credentials or hidden values. Choose a secret that seals them in the file, or leave them out.",
			Fields: []fleet.Field{{Path: "secret", Msg: "Choose a secret."}},
		}
	case len(word) < minFileSecret:
		return fleet.InvalidField("secret", fmt.Sprintf("The secret is too short: at least %d characters.", minFileSecret))
	case len(word) > maxFileSecret:
		return fleet.InvalidField("secret", fmt.Sprintf("The secret is too long: at most %d characters.", maxFileSecret))
	}
	return nil
}

// sealedParts are what a proof stands over.
func sealedParts(f *fleet.SnapshotFile) []string {
	parts := []string{f.Credentials}
	for _, name := range slices.Sorted(maps.Keys(f.Hidden)) {
		parts = append(parts, name, f.Hidden[name])
	}
	return parts
}

// credentialsOf reads the fields of credentials as Node-RED has them.
func credentialsOf(in map[string]json.RawMessage) (secret.Credentials, error) {
	out := secret.Credentials{}
	for id, text := range in {
		fields := map[string]any{}
		dec := json.NewDecoder(bytes.NewReader(text))
		dec.UseNumber()
		if err := dec.Decode(&fields); err != nil {
			return nil, fmt.Errorf("credentials of a node: %w", err)
		}
		out[id] = fields
	}
	return out, nil
}

// openFile opens what is sealed in a file.
func openFile(f *fleet.SnapshotFile, word string) (*fleet.Secrets, error) {
	out := &fleet.Secrets{Credentials: map[string]json.RawMessage{}, Hidden: map[string]string{}}
	maps.Copy(out.Credentials, f.Plain)
	maps.Copy(out.Hidden, f.PlainHidden)
	if !f.Sealed() {
		return out, nil
	}
	if word == "" {
		return nil, &fleet.Error{
			Kind: fleet.Invalid, Code: "secret_required", Msg: "The file holds sealed credentials or hidden values. Give the secret it was exported with, or import it without them.",
			Fields: []fleet.Field{{Path: "secret", Msg: "Give the secret of the file."}},
		}
	}
	if f.Proof != "" && !secret.CheckSecretProof(f.Proof, word, sealedParts(f)...) {
		return nil, errWrongSecret
	}
	if f.Credentials != "" {
		plain, err := secret.DecryptCredentials(word, f.Credentials)
		if err != nil {
			return nil, fileSecret(err)
		}
		for id, fields := range plain {
			if id == "__proto__" || id == "constructor" {
				return nil, invalidFile("flows.credentials", "the credentials hold a name that would change what all objects of a program share.")
			}
			if out.Credentials[id], err = json.Marshal(fields); err != nil {
				return nil, fmt.Errorf("encode credentials: %w", err)
			}
		}
	}
	for name, sealed := range f.Hidden {
		value, err := secret.DecryptValue(word, sealed)
		if err != nil {
			return nil, fileSecret(err)
		}
		out.Hidden[name] = unquoted(value, f.Proof != "")
	}
	return out, nil
}

// unquoted reads a hidden value of another's file, which may have been written
// as JSON.
func unquoted(value string, ours bool) string {
	var text string
	if !ours && strings.HasPrefix(value, `"`) && json.Unmarshal([]byte(value), &text) == nil {
		return text
	}
	return value
}

var errWrongSecret = &fleet.Error{
	Kind: fleet.Invalid, Code: "wrong_secret", Msg: "The secret is not the one the file was exported with, or what it seals was altered. Nothing was imported.",
	Fields: []fleet.Field{{Path: "secret", Msg: "This secret does not open the file."}},
}

func fileSecret(err error) error {
	if errors.Is(err, secret.ErrCredentialSecret) {
		return errWrongSecret
	}
	return invalidFile("flows.credentials", err.Error()+".")
}

// invalidFile is the error for a file whose fault shows only here.
func invalidFile(where, what string) error {
	return &fleet.Error{Kind: fleet.Invalid, Code: "invalid_snapshot_file", Msg: "The file cannot be imported: " + what, Fields: []fleet.Field{{Path: where, Msg: what}}}
}
