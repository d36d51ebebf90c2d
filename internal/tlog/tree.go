// Package tlog keeps the audit log's Merkle tree: it seals leaves into tiles,
// signs what the tree is, and proves what is in it and that it only grew.
//
// Hashes are those of RFC 6962, as golang.org/x/mod/sumdb/tlog computes them, and
// checkpoints are the signed notes of that family. The package has no I/O of its
// own: its user keeps the tiles, in the transaction that keeps the leaves.
package tlog

import (
	"fmt"
	"math/bits"

	sumdb "golang.org/x/mod/sumdb/tlog"
)

// A Hash is a SHA-256 in the tree.
type Hash = sumdb.Hash

// A Tree is the state of a log: how many leaves it has and the hash over them.
type Tree struct {
	Size int64
	Root Hash
}

// Empty is the tree without leaves.
func Empty() Tree { return (&Builder{}).Tree() }

// Leaf returns the leaf of a record's bytes.
func Leaf(record []byte) Hash { return sumdb.RecordHash(record) }

// A Builder computes a tree from its leaves alone, in little memory. Its zero
// value is the empty tree.
type Builder struct {
	size int64
	// whole are the roots of the perfect subtrees that the leaves so far make
	// up, the largest first: one for every bit that is set in size.
	whole []Hash
}

// Add appends a leaf.
func (b *Builder) Add(leaf Hash) {
	for range bits.TrailingZeros64(^uint64(b.size)) {
		last := len(b.whole) - 1
		leaf = sumdb.NodeHash(b.whole[last], leaf)
		b.whole = b.whole[:last]
	}
	b.whole = append(b.whole, leaf)
	b.size++
}

// Clone returns a builder that goes on from here by itself.
func (b *Builder) Clone() *Builder {
	return &Builder{size: b.size, whole: append([]Hash(nil), b.whole...)}
}

// Tree returns the tree of the leaves so far.
func (b *Builder) Tree() Tree {
	if b.size == 0 {
		empty, err := sumdb.TreeHash(0, nil)
		if err != nil {
			// An empty tree has a fixed hash, nothing is read for it.
			panic(fmt.Sprintf("empty tree: %v", err))
		}
		return Tree{Root: empty}
	}
	return Tree{Size: b.size, Root: fold(b.whole)}
}

// fold joins perfect subtrees, the largest first, into the root over them.
func fold(whole []Hash) Hash {
	root := whole[len(whole)-1]
	for i := len(whole) - 2; i >= 0; i-- {
		root = sumdb.NodeHash(whole[i], root)
	}
	return root
}

// perfect returns the roots of the perfect subtrees over neighbouring hashes,
// the largest first.
func perfect(hashes []Hash) []Hash {
	var b Builder
	for _, h := range hashes {
		b.Add(h)
	}
	return b.whole
}
