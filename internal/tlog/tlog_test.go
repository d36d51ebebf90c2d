package tlog_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	sumdb "golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"leat/internal/tlog"
)

// memory keeps tiles in a map.
type memory map[string][]byte

func place(level int, n int64) string { return fmt.Sprintf("%d/%d", level, n) }

func (m memory) Tile(level int, n int64) ([]byte, error) { return m[place(level, n)], nil }

func (m memory) SetTile(level int, n int64, hashes []byte) error {
	if len(hashes) <= len(m[place(level, n)]) {
		return fmt.Errorf("tile %s does not grow", place(level, n))
	}
	m[place(level, n)] = slices.Clone(hashes)
	return nil
}

func leavesOf(count int) []tlog.Hash {
	leaves := make([]tlog.Hash, count)
	for i := range leaves {
		leaves[i] = tlog.Leaf(binary.BigEndian.AppendUint64([]byte("event"), uint64(i)))
	}
	return leaves
}

func build(leaves []tlog.Hash) tlog.Tree {
	var b tlog.Builder
	for _, leaf := range leaves {
		b.Add(leaf)
	}
	return b.Tree()
}

// fill appends leaves in batches as they fall.
func fill(t interface{ Fatalf(string, ...any) }, tiles memory, leaves []tlog.Hash, batches []int) tlog.Tree {
	tree := tlog.Empty()
	for i := 0; len(leaves) > 0; i++ {
		n := len(leaves)
		if i < len(batches) {
			n = min(batches[i], n)
		}
		var err error
		if tree, err = tlog.Append(tiles, tree, leaves[:n]); err != nil {
			t.Fatalf("append %d to %d: %v", n, tree.Size, err)
		}
		leaves = leaves[n:]
	}
	return tree
}

// sizes draws lengths around the edges of tiles as often as any other.
func sizes(least int) *rapid.Generator[int] {
	return rapid.OneOf(rapid.IntRange(least, 40), rapid.IntRange(max(least, 250), 262), rapid.IntRange(max(least, 1), 1100))
}

func TestTheRootIsThatOfRFC6962(t *testing.T) {
	leaves := leavesOf(1030)
	var stored []tlog.Hash
	reader := sumdb.HashReaderFunc(func(indexes []int64) ([]sumdb.Hash, error) {
		out := make([]sumdb.Hash, len(indexes))
		for i, index := range indexes {
			out[i] = stored[index]
		}
		return out, nil
	})
	for i, leaf := range leaves {
		hashes, err := sumdb.StoredHashesForRecordHash(int64(i), leaf, reader)
		if err != nil {
			t.Fatal(err)
		}
		stored = append(stored, hashes...)
		want, err := sumdb.TreeHash(int64(i+1), reader)
		if err != nil {
			t.Fatal(err)
		}
		if got := build(leaves[:i+1]); i%37 == 0 && got.Root != want {
			t.Fatalf("%d leaves have the root %s; want %s", i+1, got.Root, want)
		}
	}
	if tlog.Empty().Root.String() != "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" {
		t.Errorf("the empty tree has the root %s; want SHA-256 of nothing", tlog.Empty().Root)
	}
}

func TestAnyBatchesGiveTheSameTreeAndTiles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		leaves := leavesOf(sizes(0).Draw(t, "leaves"))
		once, parts := memory{}, memory{}
		one := fill(t, once, leaves, nil)
		many := fill(t, parts, leaves, rapid.SliceOfN(rapid.IntRange(1, 400), 0, 8).Draw(t, "batches"))
		if want := build(leaves); one != want || many != want {
			t.Fatalf("at once %v, in parts %v; want %v", one, many, want)
		}
		if !maps.EqualFunc(once, parts, slices.Equal) {
			t.Fatal("the tiles differ")
		}
		if err := tlog.Check(parts, many); err != nil {
			t.Fatal(err)
		}
	})
}

func TestAnyChangeOfLeavesChangesTheRoot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		leaves := leavesOf(sizes(2).Draw(t, "leaves"))
		before := build(leaves)
		other := slices.Clone(leaves)
		i := rapid.IntRange(0, len(leaves)-1).Draw(t, "at")
		switch rapid.SampledFrom([]string{"alter", "remove", "add", "swap"}).Draw(t, "change") {
		case "alter":
			other[i][rapid.IntRange(0, 31).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		case "remove":
			other = slices.Delete(other, i, i+1)
		case "add":
			extra := rapid.SampledFrom(append(leavesOf(len(leaves)), tlog.Leaf([]byte("new")))).Draw(t, "extra")
			other = slices.Insert(other, i, extra)
		case "swap":
			j := (i + rapid.IntRange(1, len(leaves)-1).Draw(t, "distance")) % len(leaves)
			other[i], other[j] = other[j], other[i]
		}
		if after := build(other); after.Root == before.Root {
			t.Fatalf("%d and %d leaves have the same root", len(leaves), len(other))
		}
	})
}

func TestInclusionIsProvedForTheRightLeafAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		leaves, tiles := leavesOf(sizes(1).Draw(t, "leaves")), memory{}
		tree := fill(t, tiles, leaves, nil)
		n := rapid.IntRange(0, len(leaves)-1).Draw(t, "n")
		proof, err := tlog.ProveRecord(tiles, tree, int64(n))
		if err != nil {
			t.Fatal(err)
		}
		if err := tlog.CheckRecord(proof, tree, int64(n), leaves[n]); err != nil {
			t.Fatal(err)
		}
		if err := tlog.CheckRecord(proof, tree, int64(n), tlog.Leaf([]byte("other"))); err == nil {
			t.Fatal("another leaf passes")
		}
		if other := (n + 1) % len(leaves); other != n {
			if err := tlog.CheckRecord(proof, tree, int64(other), leaves[n]); err == nil {
				t.Fatal("another place passes")
			}
		}
	})
}

func TestConsistencyHoldsForExtensionsOnly(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		leaves, tiles := leavesOf(sizes(1).Draw(t, "leaves")), memory{}
		tree := fill(t, tiles, leaves, nil)
		size := rapid.IntRange(0, len(leaves)).Draw(t, "older")
		older := build(leaves[:size])
		proof, err := tlog.ProveExtension(tiles, tree, int64(size))
		if err != nil {
			t.Fatal(err)
		}
		if err := tlog.CheckExtension(proof, tree, older); err != nil {
			t.Fatal(err)
		}
		if size == 0 {
			return
		}
		forged := slices.Clone(leaves[:size])
		forged[rapid.IntRange(0, size-1).Draw(t, "at")][0] ^= 1
		if err := tlog.CheckExtension(proof, tree, build(forged)); err == nil {
			t.Fatal("a tree that was altered since passes")
		}
		if err := tlog.CheckExtension(proof, older, tree); err == nil && size != len(leaves) {
			t.Fatal("a shorter tree passes as an extension")
		}
	})
}

func TestNothingIsBuiltOnAlteredTiles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		leaves, tiles := leavesOf(sizes(1).Draw(t, "leaves")), memory{}
		tree := fill(t, tiles, leaves, nil)
		names := slices.Sorted(maps.Keys(tiles))
		name := rapid.SampledFrom(names).Draw(t, "tile")
		data := tiles[name]
		if rapid.Bool().Draw(t, "cut") {
			tiles[name] = data[:len(data)-32]
		} else {
			data[rapid.IntRange(0, len(data)-1).Draw(t, "byte")] ^= 1
		}
		if err := tlog.Check(tiles, tree); !errors.Is(err, tlog.ErrAltered) {
			t.Fatalf("Check with tile %s altered: %v; want ErrAltered", name, err)
		}
		before := maps.Clone(tiles)
		if after, err := tlog.Append(tiles, tree, leavesOf(1)); err == nil {
			// The altered tile was no part of the edge, so the new tree extends the true one.
			if proof, err := tlog.ProveExtension(tiles, after, tree.Size); err == nil {
				if err := tlog.CheckExtension(proof, after, tree); err != nil {
					t.Fatalf("Append built on an altered edge: %v", err)
				}
			}
		} else if !errors.Is(err, tlog.ErrAltered) || !maps.EqualFunc(before, tiles, slices.Equal) {
			t.Fatalf("Append: %v; want ErrAltered and no tile written", err)
		}
	})
}

func TestLeavesAreReadByTile(t *testing.T) {
	leaves, tiles := leavesOf(600), memory{}
	tree := fill(t, tiles, leaves, nil)
	var got []tlog.Hash
	for n := range int64(4) {
		part, err := tlog.Leaves(tiles, tree, n)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, part...)
	}
	if !slices.Equal(got, leaves) {
		t.Errorf("read %d leaves; want the same %d", len(got), len(leaves))
	}
}

func TestProofsOutsideTheTreeAreRefused(t *testing.T) {
	tiles := memory{}
	tree := fill(t, tiles, leavesOf(5), nil)
	for _, n := range []int64{-1, 5, 6} {
		if _, err := tlog.ProveRecord(tiles, tree, n); err == nil {
			t.Errorf("leaf %d is proved", n)
		}
		if err := tlog.CheckRecord(nil, tree, n, tlog.Hash{}); err == nil {
			t.Errorf("leaf %d passes", n)
		}
	}
	for _, size := range []int64{-1, 6} {
		if _, err := tlog.ProveExtension(tiles, tree, size); err == nil {
			t.Errorf("an extension of %d is proved", size)
		}
	}
	if err := tlog.CheckExtension(nil, tree, tlog.Tree{Root: tree.Root}); err == nil {
		t.Error("an empty tree with a root passes")
	}
}

// BenchmarkAppend seals batches of 64 onto a log of a million leaves.
func BenchmarkAppend(b *testing.B) {
	tiles := memory{}
	tree := fill(b, tiles, leavesOf(1_000_000), nil)
	batch := leavesOf(64)
	b.ResetTimer()
	for b.Loop() {
		var err error
		if tree, err = tlog.Append(tiles, tree, batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N*len(batch))/b.Elapsed().Seconds(), "leaves/s")
}
