package runtime

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"leat/internal/fleet"
	"leat/internal/npm"
)

const markerName = "leat-stack.json"

// The steps that Ensure goes through, in words for people.
const (
	StepWait     = "Waiting for another Leat to finish the same work"
	StepDownload = "Downloading and unpacking"
	StepWrite    = "Writing to disk"
)

// Progress tells people how far Ensure has come: Done of Total bytes of a step, or
// packages where the bytes are not known beforehand; Total is 0 where a step has
// no measure.
type Progress struct {
	Step        string
	Done, Total int64
}

// Store is a directory of laid-out stacks. Several processes may share it.
type Store struct {
	dir string
	npm *npm.Client
	log *slog.Logger

	mu        sync.Mutex
	turns     map[string]chan struct{}
	listeners map[*listener]bool
	last      map[string]Progress // of who works, by the digest of the stack
}

type listener struct {
	digest string
	show   func(Progress)
}

// NewStore is a store in a directory, which is made when it is first needed.
func NewStore(dir string, client *npm.Client, log *slog.Logger) (*Store, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	return &Store{dir: dir, npm: client, log: log, turns: map[string]chan struct{}{}, listeners: map[*listener]bool{}, last: map[string]Progress{}}, nil
}

// Dir is the store's directory: what an instance's sandbox lets it read.
func (s *Store) Dir() string { return s.dir }

// Tree is a stack that is laid out, whole.
type Tree struct {
	Stack *Stack
	// Dir holds all of it; Modules is its node_modules.
	Dir, Modules string
	// Node is the Node.js binary; NodeRED and NPM are the scripts it starts.
	Node, NodeRED, NPM string
}

// marker is what the last file of a tree says.
type marker struct {
	Stack     string       `json:"stack"`
	Label     string       `json:"label"`
	Digest    string       `json:"digest"`
	NodeRED   string       `json:"nodeRED"`
	Dashboard string       `json:"dashboard"`
	NodeJS    string       `json:"nodeJS"`
	Platform  npm.Platform `json:"platform"`
}

func markerOf(st *Stack, on npm.Platform) ([]byte, error) {
	return json.Marshal(marker{st.ID, st.Label, st.Digest, st.NodeRED, st.Dashboard, st.NodeJS, on})
}

func (s *Store) tree(st *Stack, on npm.Platform) Tree {
	dir := filepath.Join(s.dir, st.Digest)
	modules := filepath.Join(dir, "node_modules")
	return Tree{
		Stack: st, Dir: dir, Modules: modules,
		Node:    filepath.Join(modules, nodePackage(on.CPU), "bin", "node"),
		NodeRED: filepath.Join(modules, nodeRED, "red.js"),
		NPM:     filepath.Join(modules, "npm", "bin", "npm-cli.js"),
	}
}

// Open returns a stack that is laid out, and refuses one that is not complete or
// was made for another kind of machine.
func (s *Store) Open(st *Stack) (Tree, error) {
	on, err := HostPlatform()
	if err != nil {
		return Tree{}, err
	}
	if _, err := s.readMarker(st.Digest, on); err != nil {
		return Tree{}, err
	}
	return s.tree(st, on), nil
}

// OpenDigest is Open for whoever has only the digest. It reads no lock, so it is
// cheap, and it finds stacks that an earlier Leat laid out, too.
func (s *Store) OpenDigest(digest string) (Tree, error) {
	on, err := HostPlatform()
	if err != nil {
		return Tree{}, err
	}
	m, err := s.readMarker(digest, on)
	if err != nil {
		return Tree{}, err
	}
	return s.tree(&Stack{ID: m.Stack, Label: m.Label, Digest: m.Digest, NodeRED: m.NodeRED, Dashboard: m.Dashboard, NodeJS: m.NodeJS}, on), nil
}

func (s *Store) readMarker(digest string, on npm.Platform) (marker, error) {
	var m marker
	if !digestName.MatchString(digest) {
		return m, fleet.ErrNotFound("stack")
	}
	b, err := os.ReadFile(filepath.Join(s.dir, digest, markerName))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return m, err
	}
	if err == nil {
		err = json.Unmarshal(b, &m)
	}
	if err != nil || m.Digest != digest || m.Platform != on {
		return m, &fleet.Error{Kind: fleet.Unavailable, Code: "stack_incomplete",
			Msg: "The stack that is needed is not laid out on this machine, or not completely.", Err: err}
	}
	return m, nil
}

// Ensure returns a stack, laid out; the first call on a machine downloads it.
// Calls for one stack at the same time, also of other processes, wait for one
// another, and each is told of the progress of whoever works. progress may be nil.
func (s *Store) Ensure(ctx context.Context, st *Stack, progress func(Progress)) (Tree, error) {
	if t, err := s.Open(st); err == nil || !fleet.IsCode(err, "stack_incomplete") {
		return t, err
	}
	defer s.listen(st.Digest, progress)()
	unlock, err := s.lock(ctx, st.Digest)
	if err != nil {
		return Tree{}, err
	}
	defer unlock()
	if t, err := s.Open(st); err == nil {
		return t, nil
	}
	return s.lay(ctx, st)
}

func (s *Store) lay(ctx context.Context, st *Stack) (Tree, error) {
	lock, err := st.Lock()
	if err != nil {
		return Tree{}, err
	}
	on, err := HostPlatform()
	if err != nil {
		return Tree{}, err
	}
	t := s.tree(st, on)
	sealed, err := markerOf(st, on)
	if err != nil {
		return Tree{}, err
	}
	total := st.ArchiveBytes[on.CPU]
	node := nodePackage(on.CPU)
	if lock.Packages["node_modules/"+node] == nil {
		return Tree{}, errStack(fmt.Sprintf("The stack has no Node.js for this machine: %s is missing in its lock.", node))
	}
	laid, err := s.npm.Lay(ctx, npm.Layout{
		Lock: lock, Platform: on, Dir: t.Dir, ReadOnly: true, DropArchives: true, Expect: total,
		Keep: func(p *npm.Package, file string) bool {
			return p.Name != node || file == "bin/node" || file == "LICENSE" || file == "package.json"
		},
		Marker: markerName, Sealed: sealed,
		Progress: func(p npm.Progress) {
			s.tell(st.Digest, downloaded(p, total))
			if p.Packages == p.Of {
				s.tell(st.Digest, Progress{Step: StepWrite})
			}
		},
		Finish: func(ctx context.Context, dir string) error {
			return tryNode(ctx, filepath.Join(dir, "node_modules", node, "bin", "node"), "v"+st.NodeJS)
		},
	})
	if err != nil {
		return Tree{}, err
	}
	s.log.InfoContext(ctx, "stack laid out", "stack", st.ID, "digest", st.Digest,
		"packages", laid.Packages, "files", laid.Files, "bytes", laid.Bytes, "fetched_bytes", laid.Fetched)
	return t, nil
}

// downloaded is progress in bytes, or in packages where nobody knows how many
// bytes there will be.
func downloaded(p npm.Progress, total int64) Progress {
	if total > 0 {
		return Progress{Step: StepDownload, Done: p.Bytes, Total: total}
	}
	return Progress{Step: StepDownload, Done: int64(p.Packages), Total: int64(p.Of)}
}

// listen tells progress, from now on, what anybody's Ensure of a stack does.
func (s *Store) listen(digest string, progress func(Progress)) (stop func()) {
	if progress == nil {
		return func() {}
	}
	l := &listener{digest, progress}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listeners[l] = true
	if last, there := s.last[digest]; there {
		progress(last)
	}
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.listeners, l)
	}
}

func (s *Store) tell(digest string, p Progress) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last[digest] = p
	for l := range s.listeners {
		if l.digest == digest {
			l.show(p)
		}
	}
}

// forget ends a piece of work: who comes later is not told of it.
func (s *Store) forget(digest string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.last, digest)
}
