package control

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"leat/internal/store"
	"leat/internal/tlog"
)

// point is a checkpoint that the log is held against.
type point struct {
	size   int64
	root   tlog.Hash
	time   time.Time
	source string
}

// points are the checkpoints of the table and of the file, both read along with
// the leaves.
type points struct {
	db    *store.DB
	check *tlog.Verifier
	found func(AuditFinding)
	limit int64

	table []point
	after int64
	done  bool

	file    *os.File
	notes   *bufio.Scanner
	head    *point
	largest int64
}

// maxNote bounds a note in the file.
const maxNote = 64 << 10

func newPoints(db *store.DB, check *tlog.Verifier, file string, limit int64, found func(AuditFinding)) (*points, error) {
	p := &points{db: db, check: check, found: found, limit: limit}
	if file == "" {
		return p, nil
	}
	f, err := os.Open(file)
	if errors.Is(err, os.ErrNotExist) {
		if limit > 0 {
			found(AuditFinding{Kind: "checkpoint", Leaf: -1, What: "The file of checkpoints is missing."})
		}
		return p, nil
	}
	if err != nil {
		return nil, fmt.Errorf("open the file of checkpoints: %w", err)
	}
	p.file, p.notes = f, bufio.NewScanner(f)
	p.notes.Buffer(nil, maxNote)
	p.notes.Split(splitNotes)
	p.advance()
	return p, nil
}

func (p *points) close() {
	if p.file != nil {
		p.file.Close()
	}
}

// splitNotes is a bufio.SplitFunc for the notes of the file. What a kill left
// half written at the end is no note.
func splitNotes(data []byte, atEOF bool) (int, []byte, error) {
	if at := bytes.Index(data, []byte(noteEnd)); at >= 0 {
		return at + len(noteEnd), data[:at+1], nil
	}
	if atEOF {
		return len(data), nil, nil
	}
	return 0, nil, nil
}

// advance reads the file up to its next good note.
func (p *points) advance() {
	p.head = nil
	for p.head == nil && p.notes.Scan() {
		if len(p.notes.Bytes()) == 0 {
			continue
		}
		tree, err := p.check.Open(p.notes.Text())
		switch {
		case err != nil:
			p.found(AuditFinding{Kind: "checkpoint", Leaf: -1, What: fmt.Sprintf("A note in the file of checkpoints, behind the one of %d leaves, is not signed by this platform's key.", p.largest)})
		case tree.Size < p.largest:
			p.found(AuditFinding{Kind: "checkpoint", Leaf: -1, What: fmt.Sprintf("The file of checkpoints goes back from %d to %d leaves.", p.largest, tree.Size)})
		default:
			p.largest = tree.Size
			p.head = &point{size: tree.Size, root: tree.Root, source: "in the file"}
		}
	}
	if err := p.notes.Err(); err != nil {
		p.found(AuditFinding{Kind: "checkpoint", Leaf: -1, What: "The file of checkpoints cannot be read to its end: " + err.Error() + "."})
	}
}

// at gives the checkpoints of a tree of this size to settle.
func (p *points) at(ctx context.Context, size int64, settle func(point)) error {
	if len(p.table) == 0 && !p.done {
		if err := p.refill(ctx); err != nil {
			return err
		}
	}
	for len(p.table) > 0 && p.table[0].size <= size {
		if p.table[0].size == size {
			settle(p.table[0])
		}
		p.table = p.table[1:]
	}
	for p.head != nil && p.head.size <= size {
		if p.head.size == size {
			settle(*p.head)
		}
		p.advance()
	}
	return nil
}

// refill reads the next checkpoints of the table and holds their columns against
// what was signed.
func (p *points) refill(ctx context.Context) error {
	const most = 200
	var rows []*store.Checkpoint
	err := p.db.View(ctx, func(tx *store.Tx) (err error) {
		rows, err = tx.Checkpoints(p.after, most)
		return err
	})
	if err != nil {
		return err
	}
	p.done = len(rows) < most
	for _, r := range rows {
		p.after = r.Size
		if r.Size > p.limit {
			p.done = true
			break
		}
		tree, err := p.check.Open(r.Note)
		switch {
		case err != nil:
			p.found(AuditFinding{Kind: "checkpoint", Leaf: -1, Time: r.Time, What: fmt.Sprintf("The checkpoint of %d leaves in the table is not signed by this platform's key.", r.Size)})
		case tree.Size != r.Size || tree.Root.String() != r.Root:
			p.found(AuditFinding{Kind: "checkpoint", Leaf: -1, Time: r.Time, What: fmt.Sprintf("The columns of the checkpoint of %d leaves are not what its note signed.", r.Size)})
		default:
			p.table = append(p.table, point{size: r.Size, root: tree.Root, time: r.Time, source: "in the table"})
		}
	}
	return nil
}

// rest looks at the checkpoints of the file that go beyond the log.
func (p *points) rest(size int64) {
	for p.head != nil {
		if p.head.size > size {
			p.found(AuditFinding{Kind: "removed", Leaf: size, What: fmt.Sprintf(
				"The file of checkpoints vouches for %d leaves, the table for %d: the newest events were removed together with their hashes.", p.head.size, size)})
			return
		}
		p.advance()
	}
}
