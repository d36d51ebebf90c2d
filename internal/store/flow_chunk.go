package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"strings"
	"sync"

	"leat/internal/store/query"
)

// hash is the SHA-256 of plain bytes, by which content is kept.
type hash [sha256.Size]byte

func hashOf(b []byte) (h hash) {
	copy(h[:], b)
	return h
}

func (h hash) String() string { return fmt.Sprintf("%x", h[:6]) }

// chunk is a run of a flow file; the chunks of a file one behind the other are
// the file, byte for byte.
type chunk struct {
	hash hash
	data []byte
}

// Sizes of chunks. Where no node's id cuts, maxChunk does; minSplit is the least
// that is split off within one node.
const (
	maxChunk = 64 << 10
	minSplit = 16 << 10
)

// cutFlows cuts a flow file after each node whose id's SHA-256 begins with four
// zero bits, so that an edit changes the chunk it is in and no other. It also
// counts the nodes. The file is known to be a JSON array.
func cutFlows(flows []byte) (chunks []chunk, nodes int) {
	var from, last int
	take := func(to int) {
		for _, part := range splitLong(flows[from:to]) {
			chunks = append(chunks, chunk{hash: sha256.Sum256(part), data: part})
		}
		from = to
	}
	eachNode(flows, func(end int, id []byte) {
		nodes++
		if end-from > maxChunk && last > from {
			take(last)
		}
		if end-from > maxChunk || cutsAfter(id) {
			take(end)
		}
		last = end
	})
	take(len(flows))
	return chunks, nodes
}

func cutsAfter(id []byte) bool {
	if len(id) == 0 {
		return false
	}
	sum := sha256.Sum256(id)
	return sum[0] < 1<<4
}

// splitLong splits what one long node makes too long, at places that its bytes
// decide: an edit near its beginning leaves the parts behind it as they are.
func splitLong(b []byte) (parts [][]byte) {
	for len(b) > maxChunk {
		n := splitAt(b[:maxChunk])
		parts, b = append(parts, b[:n]), b[n:]
	}
	if len(b) > 0 {
		parts = append(parts, b)
	}
	return parts
}

func splitAt(b []byte) int {
	gear := gears()
	var h uint64
	for i := minSplit; i < len(b); i++ {
		if h = h<<1 + gear[b[i]]; h>>(64-14) == 0 {
			return i + 1
		}
	}
	return len(b)
}

// gears are a number for each byte, for a hash that rolls over 64 of them.
var gears = sync.OnceValue(func() (out [256]uint64) {
	for i := range out {
		sum := sha256.Sum256([]byte{byte(i)})
		out[i] = binary.BigEndian.Uint64(sum[:])
	}
	return out
})

// eachNode calls found for each object or array in a JSON array, with where it
// ends and its id, empty where it has none. The text is known to be valid.
func eachNode(flows []byte, found func(end int, id []byte)) {
	var depth int
	var inObject, isKey, isID bool // of the node at hand
	var id []byte
	for i := 0; i < len(flows); i++ {
		switch c := flows[i]; c {
		case '{', '[':
			if depth++; depth == 2 {
				inObject, isKey, isID, id = c == '{', c == '{', false, nil
			}
		case '}', ']':
			if depth--; depth == 1 {
				found(i+1, id)
			}
		case ',':
			isKey = depth == 2 && inObject
		case ':':
			isKey = false
		case '"':
			end := endOfText(flows, i)
			if depth == 2 && inObject {
				switch text := flows[i+1 : end]; {
				case isKey:
					isID = string(text) == "id"
				case isID:
					id = plainText(text)
				}
			}
			i = end
		}
	}
}

// endOfText is where the quote is that closes the string at i.
func endOfText(b []byte, i int) int {
	for i++; ; i++ {
		n := bytes.IndexByte(b[i:], '"')
		if n < 0 {
			return len(b) - 1
		}
		i += n
		slashes := 0
		for b[i-1-slashes] == '\\' {
			slashes++
		}
		if slashes%2 == 0 {
			return i
		}
	}
}

// plainText is what stands between the quotes of a JSON string.
func plainText(b []byte) []byte {
	if bytes.IndexByte(b, '\\') < 0 {
		return b
	}
	var text string
	if json.Unmarshal([]byte(`"`+string(b)+`"`), &text) != nil {
		return b
	}
	return []byte(text)
}

// batches are how many hashes a statement names: few texts, so that each is
// prepared once, and few round trips.
var batches = [...]int{64, 8, 1}

// inBatches runs a statement on all of hashes, with first in front of each batch.
func inBatches(first []any, hashes []hash, run func(n int, args []any) error) error {
	for len(hashes) > 0 {
		n := 1
		for _, size := range batches {
			if len(hashes) >= size {
				n = size
				break
			}
		}
		args := append(make([]any, 0, len(first)+n), first...)
		for i := range n {
			args = append(args, hashes[i][:])
		}
		if err := run(n, args); err != nil {
			return err
		}
		hashes = hashes[n:]
	}
	return nil
}

// places are "$from" to n of them, each in the given form.
func places(form string, from, n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, form, from+i)
	}
	return b.String()
}

// missingChunks tells which chunks are not kept yet.
func (tx *Tx) missingChunks(hashes []hash) (map[hash]bool, error) {
	missing := make(map[hash]bool, len(hashes))
	for _, h := range hashes {
		missing[h] = true
	}
	err := inBatches(nil, hashes, func(n int, args []any) error {
		rows, err := tx.db.QueryContext(tx.ctx, "select hash from flow_chunk where hash in ("+places("$%d", 1, n)+")", args...)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var h []byte
			if err := rows.Scan(&h); err != nil {
				return err
			}
			delete(missing, hashOf(h))
		}
		return rows.Err()
	})
	return missing, noun(err, "flow_chunk", "list")
}

// useChunks notes what a list adds.
func (tx *Tx) useChunks(list hash, added []hash) error {
	err := inBatches([]any{list[:]}, added, func(n int, args []any) error {
		_, err := tx.db.ExecContext(tx.ctx, "insert into flow_chunk_use (list_id, hash) values "+places("($1,$%d)", 2, n)+" on conflict (list_id, hash) do nothing", args...)
		return err
	})
	return noun(err, "flow_chunk_use", "insert")
}

// freeChunks removes those of the chunks that no list uses.
func (tx *Tx) freeChunks(hashes []hash) error {
	err := inBatches(nil, hashes, func(n int, args []any) error {
		_, err := tx.db.ExecContext(tx.ctx, "delete from flow_chunk where hash in ("+places("$%d", 1, n)+
			") and not exists (select 1 from flow_chunk_use u where u.hash = flow_chunk.hash)", args...)
		return err
	})
	return noun(err, "flow_chunk", "delete")
}

// putChunks keeps the chunks that are not kept yet.
func (tx *Tx) putChunks(c *Content, wanted []hash) error {
	missing, err := tx.missingChunks(wanted)
	if err != nil || len(missing) == 0 {
		return err
	}
	if err := c.pack(missing); err != nil {
		return err
	}
	for _, h := range wanted {
		if !missing[h] {
			continue
		}
		delete(missing, h)
		err := tx.q.InsertFlowChunk(tx.ctx, query.InsertFlowChunkParams{Hash: h[:], Dictionary: newestDictionary, Data: c.packed[h]})
		if err != nil {
			return noun(err, "flow_chunk", "insert")
		}
	}
	return nil
}
