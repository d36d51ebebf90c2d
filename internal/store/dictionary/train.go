//go:build ignore

// train writes a dictionary for chunks of flow files:
//
//	go run internal/store/dictionary/train.go 2 internal/store/dictionary/2.zstd
//
// It learns from generated plants and from the blueprints, never from the flows
// of people: a dictionary is part of the program. No two runs write the same one, and
// one that was released is never written anew.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/klauspost/compress/dict"
	"github.com/klauspost/compress/zstd"

	"leat/internal/plant"
)

func main() {
	if err := train(); err != nil {
		fmt.Fprintln(os.Stderr, "train:", err)
		os.Exit(1)
	}
}

func train() error {
	if len(os.Args) != 3 {
		return fmt.Errorf("give the number of the dictionary and its file")
	}
	number, err := strconv.ParseUint(os.Args[1], 10, 31)
	if err != nil {
		return err
	}
	samples, err := read()
	if err != nil {
		return err
	}
	b, err := dict.BuildZstdDict(samples, dict.Options{MaxDictSize: size, HashBytes: 6, ZstdDictID: uint32(number), ZstdLevel: zstd.SpeedFastest})
	if err != nil {
		return err
	}
	return os.WriteFile(os.Args[2], b, 0o644)
}

// size bounds the dictionary.
const size = 16 << 10

// read gives the flow files to learn from, cut as chunks are.
func read() (samples [][]byte, err error) {
	files, err := filepath.Glob("internal/blueprint/flows/*.json")
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("run it from the top of the repository: %w", err)
	}
	var texts [][]byte
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	for seed := range uint64(4) {
		texts = append(texts, plant.New(1000+seed, 1000).Flows())
	}
	for _, text := range texts {
		var nodes []json.RawMessage
		if err := json.Unmarshal(text, &nodes); err != nil {
			return nil, err
		}
		samples = append(samples, cut(nodes)...)
	}
	return samples, nil
}

func cut(nodes []json.RawMessage) (chunks [][]byte) {
	var b bytes.Buffer
	for _, n := range nodes {
		var node struct{ ID string }
		if json.Unmarshal(n, &node) != nil || json.Compact(&b, n) != nil {
			continue
		}
		b.WriteByte(',')
		if sum := sha256.Sum256([]byte(node.ID)); sum[0] < 16 {
			chunks = append(chunks, bytes.Clone(b.Bytes()))
			b.Reset()
		}
	}
	return append(chunks, bytes.Clone(b.Bytes()))
}
