package tlog

import (
	"fmt"

	sumdb "golang.org/x/mod/sumdb/tlog"
)

// A Proof is a list of hashes that leads to a root.
type Proof []Hash

// ProveRecord proves that leaf n (the first is 0) is in a tree. The tiles it
// reads are held against the tree's root, so that altered ones give an error
// and no proof.
func ProveRecord(tiles Tiles, tree Tree, n int64) (Proof, error) {
	if n < 0 || n >= tree.Size {
		return nil, fmt.Errorf("leaf %d is not in a tree of %d", n, tree.Size)
	}
	proof, err := sumdb.ProveRecord(tree.Size, n, hashReader(tiles, tree))
	if err != nil {
		return nil, fmt.Errorf("prove leaf %d: %w", n, err)
	}
	return Proof(proof), nil
}

// CheckRecord checks that a leaf is at place n of a tree.
func CheckRecord(proof Proof, tree Tree, n int64, leaf Hash) error {
	if n < 0 || n >= tree.Size {
		return fmt.Errorf("leaf %d is not in a tree of %d", n, tree.Size)
	}
	if err := sumdb.CheckRecord(sumdb.RecordProof(proof), tree.Size, tree.Root, n, leaf); err != nil {
		return fmt.Errorf("leaf %d of %d: %w", n, tree.Size, err)
	}
	return nil
}

// ProveExtension proves that a tree begins with the leaves that the tree of
// another, smaller size had.
func ProveExtension(tiles Tiles, tree Tree, size int64) (Proof, error) {
	if size < 0 || size > tree.Size {
		return nil, fmt.Errorf("a tree of %d does not extend one of %d", tree.Size, size)
	}
	if size == 0 || size == tree.Size {
		return nil, nil
	}
	proof, err := sumdb.ProveTree(tree.Size, size, hashReader(tiles, tree))
	if err != nil {
		return nil, fmt.Errorf("prove that %d leaves extend %d: %w", tree.Size, size, err)
	}
	return Proof(proof), nil
}

// CheckExtension checks that a tree extends an older one: that no leaf of the
// older was altered, removed or moved, and none was put between them.
func CheckExtension(proof Proof, tree, older Tree) error {
	switch {
	case older.Size < 0 || older.Size > tree.Size:
		return fmt.Errorf("a tree of %d does not extend one of %d", tree.Size, older.Size)
	case older.Size == 0 && older != Empty():
		return fmt.Errorf("%s is not the root of an empty tree", older.Root)
	case older.Size == tree.Size && older.Root != tree.Root:
		return fmt.Errorf("two trees of %d leaves have different roots", tree.Size)
	case older.Size == 0 || older.Size == tree.Size:
		if len(proof) != 0 {
			return fmt.Errorf("a proof is given where none is needed")
		}
		return nil
	}
	if err := sumdb.CheckTree(sumdb.TreeProof(proof), tree.Size, tree.Root, older.Size, older.Root); err != nil {
		return fmt.Errorf("a tree of %d does not extend the one of %d: %w", tree.Size, older.Size, err)
	}
	return nil
}

// hashReader reads hashes from tiles and authenticates them by the root.
func hashReader(tiles Tiles, tree Tree) sumdb.HashReader {
	return sumdb.TileHashReader(sumdb.Tree{N: tree.Size, Hash: tree.Root}, tileReader{tiles})
}

type tileReader struct{ tiles Tiles }

// Height is part of sumdb.TileReader.
func (r tileReader) Height() int { return tileHeight }

// SaveTiles is part of sumdb.TileReader; the tiles are stored already.
func (r tileReader) SaveTiles([]sumdb.Tile, [][]byte) {}

// ReadTiles is part of sumdb.TileReader.
func (r tileReader) ReadTiles(tiles []sumdb.Tile) ([][]byte, error) {
	out := make([][]byte, len(tiles))
	for i, tile := range tiles {
		data, err := r.tiles.Tile(tile.L, tile.N)
		if err != nil {
			return nil, fmt.Errorf("read tile %d/%d: %w", tile.L, tile.N, err)
		}
		if len(data) < tile.W*sumdb.HashSize {
			return nil, fmt.Errorf("%w: tile %d/%d is too short", ErrAltered, tile.L, tile.N)
		}
		out[i] = data[:tile.W*sumdb.HashSize]
	}
	return out, nil
}
