package store

import (
	_ "embed" // the dictionaries
	"fmt"

	"github.com/klauspost/compress/zstd"
)

// dictionaries are what chunks are packed with: what Node-RED writes into every
// node, so that a chunk of a few nodes need not hold it again. Each row says which
// one it needs, so one that was released is never changed or removed; a better one
// is added behind it. docs/snapshot-format.md has the command that makes one.
var dictionaries = [][]byte{dictionary1}

//go:embed dictionary/1.zstd
var dictionary1 []byte

// newestDictionary is the number of the one that new chunks are packed with; 0
// would be none.
var newestDictionary = int64(len(dictionaries))

// newPacker makes an encoder for chunks. The better levels take ten times as long
// with a dictionary and save a tenth. It holds some memory, so none is kept.
func newPacker() (*zstd.Encoder, error) {
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true), zstd.WithWindowSize(1<<17),
		zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderCRC(false),
		zstd.WithEncoderDict(dictionaries[newestDictionary-1]))
	if err != nil {
		return nil, fmt.Errorf("compress: %w", err)
	}
	return enc, nil
}

func newUnpacker() (*zstd.Decoder, error) {
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(maxUnpacked),
		zstd.WithDecoderDicts(dictionaries...))
	if err != nil {
		return nil, fmt.Errorf("decompress: %w", err)
	}
	return dec, nil
}
