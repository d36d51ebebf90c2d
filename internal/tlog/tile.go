package tlog

import (
	"errors"
	"fmt"

	sumdb "golang.org/x/mod/sumdb/tlog"
)

const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
)

// ErrAltered says that tiles do not belong to the tree they are read for.
var ErrAltered = errors.New("the tiles do not belong to this tree")

// Tiles stores the hashes of the tree in runs of up to 256. A tile at level 0
// holds leaves; one at level l+1 holds the roots of full tiles at level l.
type Tiles interface {
	// Tile returns the hashes stored at a place, nil where there are none.
	Tile(level int, n int64) ([]byte, error)
	// SetTile stores a tile, in place of the shorter one that was there.
	SetTile(level int, n int64, hashes []byte) error
}

// Append extends a tree by leaves, in order, and writes the tiles that change.
// It fails with [ErrAltered], and writes nothing, when the tiles at the growing
// edge are not those of the old tree: nothing must be built on an altered log.
func Append(tiles Tiles, old Tree, leaves []Hash) (Tree, error) {
	edge, err := readEdge(tiles, old)
	if err != nil {
		return Tree{}, err
	}
	for _, leaf := range leaves {
		if err := edge.push(0, leaf); err != nil {
			return Tree{}, err
		}
	}
	if err := edge.flush(); err != nil {
		return Tree{}, err
	}
	return edge.tree(), nil
}

// Leaves returns the leaves in one tile of level 0: those from 256·n on, at most
// 256, and none beyond the tree.
func Leaves(tiles Tiles, tree Tree, n int64) ([]Hash, error) {
	width := min(max(tree.Size-n*tileWidth, 0), tileWidth)
	return readTile(tiles, 0, n, int(width))
}

// Check computes the whole tree again from the leaves in its tiles. It fails
// with [ErrAltered] and names the first tile that differs.
func Check(tiles Tiles, tree Tree) error {
	fresh := &edge{tiles: comparison{tiles}}
	for n := int64(0); n*tileWidth < tree.Size; n++ {
		leaves, err := Leaves(tiles, tree, n)
		if err != nil {
			return err
		}
		for _, leaf := range leaves {
			if err := fresh.push(0, leaf); err != nil {
				return err
			}
		}
	}
	if err := fresh.flush(); err != nil {
		return err
	}
	if got := fresh.tree(); got != tree {
		return fmt.Errorf("%w: %d leaves have the root %s, not %s", ErrAltered, tree.Size, got.Root, tree.Root)
	}
	return nil
}

// comparison stands for tiles while they are computed again: writing a tile
// means comparing it.
type comparison struct{ Tiles }

func (c comparison) SetTile(level int, n int64, want []byte) error {
	got, err := c.Tile(level, n)
	if err != nil {
		return fmt.Errorf("read tile %d/%d: %w", level, n, err)
	}
	if len(got) < len(want) || string(got[:len(want)]) != string(want) {
		return fmt.Errorf("%w: tile %d/%d differs from what is below it", ErrAltered, level, n)
	}
	return nil
}

// An edge is the right side of a tree: of every level the tile that is not full
// yet. That is all that is needed to append.
type edge struct {
	tiles  Tiles
	size   int64
	levels []level
}

type level struct {
	n       int64 // the place of the tile
	hashes  []Hash
	changed bool
}

// readEdge reads the edge of a tree and holds it against the tree's root.
func readEdge(tiles Tiles, tree Tree) (*edge, error) {
	e := &edge{tiles: tiles, size: tree.Size}
	for l, count := 0, tree.Size; count > 0; l, count = l+1, count>>tileHeight {
		n := count >> tileHeight
		hashes, err := readTile(tiles, l, n, int(count&(tileWidth-1)))
		if err != nil {
			return nil, err
		}
		e.levels = append(e.levels, level{n: n, hashes: hashes})
	}
	if e.tree() != tree {
		return nil, fmt.Errorf("%w: its edge has another root", ErrAltered)
	}
	return e, nil
}

// push appends a hash at a level; a tile that becomes full is written, and its
// root goes one level up.
func (e *edge) push(l int, h Hash) error {
	if l == len(e.levels) {
		e.levels = append(e.levels, level{})
	}
	if l == 0 {
		e.size++
	}
	at := &e.levels[l]
	at.hashes = append(at.hashes, h)
	at.changed = true
	if len(at.hashes) < tileWidth {
		return nil
	}
	if err := e.write(l); err != nil {
		return err
	}
	root := fold(perfect(at.hashes))
	*at = level{n: at.n + 1, hashes: at.hashes[:0]}
	return e.push(l+1, root)
}

// flush writes the tiles that are not full.
func (e *edge) flush() error {
	for l := range e.levels {
		if e.levels[l].changed {
			if err := e.write(l); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e *edge) write(l int) error {
	at := &e.levels[l]
	data := make([]byte, 0, len(at.hashes)*sumdb.HashSize)
	for _, h := range at.hashes {
		data = append(data, h[:]...)
	}
	if err := e.tiles.SetTile(l, at.n, data); err != nil {
		return fmt.Errorf("write tile %d/%d: %w", l, at.n, err)
	}
	at.changed = false
	return nil
}

func (e *edge) tree() Tree {
	var whole []Hash
	for l := len(e.levels) - 1; l >= 0; l-- {
		whole = append(whole, perfect(e.levels[l].hashes)...)
	}
	if len(whole) == 0 {
		return Empty()
	}
	return Tree{Size: e.size, Root: fold(whole)}
}

// readTile reads the first width hashes of a tile, which must be there.
func readTile(tiles Tiles, l int, n int64, width int) ([]Hash, error) {
	if width == 0 {
		return nil, nil
	}
	data, err := tiles.Tile(l, n)
	if err != nil {
		return nil, fmt.Errorf("read tile %d/%d: %w", l, n, err)
	}
	if len(data) < width*sumdb.HashSize {
		return nil, fmt.Errorf("%w: tile %d/%d has %d bytes, not %d", ErrAltered, l, n, len(data), width*sumdb.HashSize)
	}
	hashes := make([]Hash, width, tileWidth)
	for i := range hashes {
		copy(hashes[i][:], data[i*sumdb.HashSize:])
	}
	return hashes, nil
}
