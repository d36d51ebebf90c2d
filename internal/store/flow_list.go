package store

import (
	"encoding/binary"
	"errors"
	"slices"

	"leat/internal/fleet"
	"leat/internal/store/query"
)

// maxListDepth is how many lists at most must be read for one.
const maxListDepth = 32

var errListDamaged = errors.New("a list of chunks is damaged")

// diffList writes a list of chunks as its difference to another: steps, each a
// number whose lowest bit tells whether hashes follow (1) or the place in the
// parent from which to take as many (0). added are the hashes that follow, each
// once.
func diffList(parent, list []hash) (diff []byte, added []hash) {
	at := make(map[hash]int, len(parent))
	for i, h := range parent {
		if _, there := at[h]; !there {
			at[h] = i
		}
	}
	seen := map[hash]bool{}
	for i := 0; i < len(list); {
		n := 1
		if from, there := at[list[i]]; there {
			for i+n < len(list) && from+n < len(parent) && list[i+n] == parent[from+n] {
				n++
			}
			diff = binary.AppendUvarint(diff, uint64(n)<<1)
			diff = binary.AppendUvarint(diff, uint64(from))
			i += n
			continue
		}
		for i+n < len(list) && !known(at, list[i+n]) {
			n++
		}
		diff = binary.AppendUvarint(diff, uint64(n)<<1|1)
		for _, h := range list[i : i+n] {
			diff = append(diff, h[:]...)
			if !seen[h] {
				seen[h] = true
				added = append(added, h)
			}
		}
		i += n
	}
	return diff, added
}

func known(at map[hash]int, h hash) bool { _, there := at[h]; return there }

// applyDiff reads what diffList wrote.
func applyDiff(parent []hash, diff []byte) ([]hash, error) {
	list := make([]hash, 0, len(parent)+8)
	number := func() uint64 {
		v, n := binary.Uvarint(diff)
		if n <= 0 {
			diff = nil
			return 0
		}
		diff = diff[n:]
		return v
	}
	for len(diff) > 0 {
		step := number()
		n := step >> 1
		if step&1 == 0 {
			from := number()
			if n == 0 || from > uint64(len(parent)) || n > uint64(len(parent))-from {
				return nil, errListDamaged
			}
			list = append(list, parent[from:from+n]...)
			continue
		}
		if n == 0 || n > uint64(len(diff)/len(hash{})) {
			return nil, errListDamaged
		}
		for range n {
			list = append(list, hashOf(diff))
			diff = diff[len(hash{}):]
		}
	}
	return list, nil
}

// flowList reads a list of chunks along its parents.
func (tx *Tx) flowList(id hash) ([]hash, error) {
	diffs, err := tx.q.FlowListChain(tx.ctx, id[:])
	if err != nil {
		return nil, noun(err, "flow_list", "read")
	}
	if len(diffs) == 0 {
		return nil, errListDamaged
	}
	var list []hash
	for i := len(diffs) - 1; i >= 0; i-- {
		if list, err = applyDiff(list, diffs[i]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// hasFlowList reports whether a list is kept, and its depth.
func (tx *Tx) hasFlowList(id hash) (depth int64, there bool, err error) {
	depth, err = tx.q.FlowListDepth(tx.ctx, id[:])
	if err = noun(err, "flow_list", "read"); fleet.IsKind(err, fleet.NotFound) {
		return 0, false, nil
	}
	return depth, err == nil, err
}

// putFlowList keeps the list of a content and the chunks it adds. near is a list
// that is probably similar; nil where none is known.
func (tx *Tx) putFlowList(c *Content, near []byte) error {
	if _, there, err := tx.hasFlowList(c.file); err != nil || there {
		return err
	}
	list := c.list()
	p, err := tx.place(list, near)
	if err != nil {
		return err
	}
	if err := tx.putChunks(c, p.added); err != nil {
		return err
	}
	err = tx.q.InsertFlowList(tx.ctx, query.InsertFlowListParams{ID: c.file[:], Parent: p.parent, Depth: p.depth, Diff: notNil(p.diff)})
	if err != nil {
		return noun(err, "flow_list", "insert")
	}
	return tx.useChunks(c.file, p.added)
}

// placed is how a list is kept: under which parent, and what it adds.
type placed struct {
	parent []byte
	depth  int64
	diff   []byte
	added  []hash
}

// place finds how to keep a list near another: as a difference, unless the chain
// would become too long, most of it differs, or that one cannot be read.
func (tx *Tx) place(list []hash, near []byte) (p placed, err error) {
	p.diff, p.added = diffList(nil, list)
	if near == nil {
		return p, nil
	}
	depth, there, err := tx.hasFlowList(hashOf(near))
	if err != nil || !there || depth >= maxListDepth {
		return p, err
	}
	parent, err := tx.flowList(hashOf(near))
	if errors.Is(err, errListDamaged) {
		return p, nil
	}
	if err != nil {
		return p, err
	}
	if diff, added := diffList(parent, list); 2*len(added) <= len(list) {
		p = placed{parent: near, depth: depth + 1, diff: diff, added: added}
	}
	return p, nil
}

// freeFlowList removes a list that no snapshot names any more, and the chunks that
// nothing else uses. The lists that were kept as differences to it become
// differences to its own parent first.
func (tx *Tx) freeFlowList(id hash) error {
	if named, err := tx.q.FlowListNamed(tx.ctx, id[:]); err != nil || named {
		return noun(err, "flow_list", "read")
	}
	parent, err := tx.q.FlowListParent(tx.ctx, id[:])
	if err != nil {
		return noun(err, "flow_list", "read")
	}
	children, err := tx.q.FlowListChildren(tx.ctx, id[:])
	if err != nil {
		return noun(err, "flow_list", "list")
	}
	for _, child := range children {
		if err := tx.moveFlowList(hashOf(child), parent); err != nil {
			return err
		}
	}
	uses, err := tx.q.FlowChunkUses(tx.ctx, id[:])
	if err != nil {
		return noun(err, "flow_chunk_use", "list")
	}
	if err := tx.q.DeleteFlowChunkUses(tx.ctx, id[:]); err != nil {
		return noun(err, "flow_chunk_use", "delete")
	}
	if err := tx.q.DeleteFlowList(tx.ctx, id[:]); err != nil {
		return noun(err, "flow_list", "delete")
	}
	return tx.freeChunks(each(uses, hashOf))
}

// moveFlowList keeps a list as a difference to another parent, or whole. One that
// cannot be read stays so: what it stood on may go, or nothing could be removed.
func (tx *Tx) moveFlowList(id hash, parent []byte) error {
	p, err := tx.placeAnew(id, parent)
	if errors.Is(err, errListDamaged) {
		return noun(tx.q.LeaveFlowList(tx.ctx, id[:]), "flow_list", "update")
	}
	if err != nil {
		return err
	}
	old, err := tx.q.FlowChunkUses(tx.ctx, id[:])
	if err != nil {
		return noun(err, "flow_chunk_use", "list")
	}
	err = tx.q.MoveFlowList(tx.ctx, query.MoveFlowListParams{ID: id[:], Parent: p.parent, Depth: p.depth, Diff: notNil(p.diff)})
	if err != nil {
		return noun(err, "flow_list", "update")
	}
	return tx.changeUses(id, each(old, hashOf), p.added)
}

// placeAnew finds how to keep a list that is kept already near another one.
func (tx *Tx) placeAnew(id hash, near []byte) (p placed, err error) {
	list, err := tx.flowList(id)
	if err != nil {
		return p, err
	}
	if p, err = tx.place(list, near); err != nil {
		return p, err
	}
	missing, err := tx.missingChunks(p.added)
	if err == nil && len(missing) > 0 {
		err = errListDamaged
	}
	return p, err
}

// changeUses makes the uses of a list those of what it adds now. What it no longer
// adds, its new parent has.
func (tx *Tx) changeUses(id hash, old, added []hash) error {
	stays := make(map[hash]bool, len(added))
	for _, h := range added {
		stays[h] = true
	}
	gone := slices.DeleteFunc(old, func(h hash) bool { return stays[h] })
	err := inBatches([]any{id[:]}, gone, func(n int, args []any) error {
		_, err := tx.db.ExecContext(tx.ctx, "delete from flow_chunk_use where list_id = $1 and hash in ("+places("$%d", 2, n)+")", args...)
		return err
	})
	if err != nil {
		return noun(err, "flow_chunk_use", "delete")
	}
	return tx.useChunks(id, added)
}
