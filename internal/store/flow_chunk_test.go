package store_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"leat/internal/plant"
	"leat/internal/store"
)

// slowCuts is where a file is to be cut, found in another way: behind each node
// whose id's hash begins with four zero bits.
func slowCuts(t interface{ Fatal(...any) }, flows []byte) (ends []int, nodes int) {
	dec := json.NewDecoder(bytes.NewReader(flows))
	if _, err := dec.Token(); err != nil {
		t.Fatal(err)
	}
	for dec.More() {
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			t.Fatal(err)
		}
		if raw[0] != '{' && raw[0] != '[' {
			continue
		}
		nodes++
		var node map[string]any
		if raw[0] == '{' && json.Unmarshal(raw, &node) != nil {
			t.Fatal("no node")
		}
		id, _ := node["id"].(string)
		if sum := sha256.Sum256([]byte(id)); id != "" && sum[0] < 16 {
			ends = append(ends, int(dec.InputOffset()))
		}
	}
	return ends, nodes
}

func checkCuts(t interface {
	Fatal(...any)
	Errorf(string, ...any)
}, flows []byte) {
	ends, nodes := slowCuts(t, flows)
	parts, counted := store.CutFlows(flows)
	if !bytes.Equal(bytes.Join(parts, nil), flows) || counted != nodes {
		t.Errorf("%d nodes of %d; the parts of %q are not the whole", counted, nodes, flows)
	}
	var got []int
	at := 0
	for _, p := range parts {
		at += len(p)
		got = append(got, at)
	}
	if n := len(ends); n == 0 || ends[n-1] < len(flows) {
		ends = append(ends, len(flows))
	}
	if fmt.Sprint(got) != fmt.Sprint(ends) {
		t.Errorf("%q is cut at %v; want %v", flows, got, ends)
	}
}

func TestAFileIsCutBehindTheNodesThatCut(t *testing.T) {
	checkCuts(t, plant.New(3, 2000).Flows())
	for _, flows := range []string{
		"[]", " [ ] ", `[null,1,"x",{"id":"y"}]`, `[{"id":"a","x":{"id":"b"}},["id","c"]]`, `[{"i\u0064":"x","id":"\u0061"}]`,
		`[{"x":"}]\"{","id":"q\\"},{"x":"\\","id":"z"}]`,
	} {
		checkCuts(t, []byte(flows))
	}
}

func TestAnyFileIsCutWhereItShouldBe(t *testing.T) {
	value := rapid.SampledFrom([]string{`1`, `"x"`, `"a\"b]}"`, `{"id":"inner"}`, `["id",{"id":"deep"}]`, `null`, `"\\"`, `""`})
	rapid.Check(t, func(r *rapid.T) {
		var nodes []string
		for range rapid.IntRange(0, 60).Draw(r, "nodes") {
			members := []string{}
			if rapid.Bool().Draw(r, "before") {
				members = append(members, `"before":`+value.Draw(r, "value"))
			}
			if rapid.IntRange(0, 9).Draw(r, "named") > 0 {
				id, err := json.Marshal(fmt.Sprint(rapid.IntRange(0, 500).Draw(r, "id")))
				if err != nil {
					r.Fatal(err)
				}
				members = append(members, `"id": `+string(id))
			}
			members = append(members, `"behind" :`+value.Draw(r, "value"))
			nodes = append(nodes, "{"+strings.Join(members, ", ")+"}")
		}
		checkCuts(r, []byte("["+strings.Join(nodes, " ,\n")+"]"))
	})
}

// dull is an id that does not cut.
func dull(n int) string {
	for {
		id := fmt.Sprint("n", n)
		if sum := sha256.Sum256([]byte(id)); sum[0] >= 16 {
			return id
		}
		n += 1 << 20
	}
}

func TestChunksAreBounded(t *testing.T) {
	var nodes []string
	for n := range 2000 {
		nodes = append(nodes, fmt.Sprintf(`{"id":%q,"text":%q}`, dull(n), strings.Repeat("x", 300)))
	}
	flows := []byte("[" + strings.Join(nodes, ",") + "]")
	parts, _ := store.CutFlows(flows)
	if !bytes.Equal(bytes.Join(parts, nil), flows) || len(parts) < len(flows)/store.MaxChunk || len(parts) > 2+len(flows)/(store.MaxChunk-1000) {
		t.Errorf("%d parts of %d bytes", len(parts), len(flows))
	}
	for i, p := range parts {
		if len(p) > store.MaxChunk || i < len(parts)-1 && p[len(p)-1] != '}' {
			t.Errorf("part %d has %d bytes and ends in %q", i, len(p), p[len(p)-1])
		}
	}
}

// A picture in a node is not kept again with every change of the node.
func TestAnEditOfALongNodeLeavesMostOfItAsItWas(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	picture := make([]byte, 2<<20)
	for i := range picture {
		picture[i] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[random.IntN(64)]
	}
	file := func(name string) []byte {
		return fmt.Appendf(nil, `[{"id":%q},{"id":%q,"name":%q,"format":%q},{"id":%q}]`, dull(1), dull(2), name, picture, dull(3))
	}
	known := map[string]bool{}
	before, _ := store.CutFlows(file("old"))
	for _, p := range before {
		known[string(p)] = true
	}
	after, _ := store.CutFlows(file("a longer name"))
	fresh := 0
	for _, p := range after {
		if len(p) > store.MaxChunk {
			t.Errorf("a part of %d bytes", len(p))
		}
		if !known[string(p)] {
			fresh++
		}
	}
	if fresh > 3 || len(after) < 30 {
		t.Errorf("%d of %d parts are new", fresh, len(after))
	}
}

func TestAListIsReadBackFromItsDifference(t *testing.T) {
	words := rapid.SliceOfN(rapid.StringMatching("[a-j]"), 0, 30)
	rapid.Check(t, func(r *rapid.T) {
		parent, list := words.Draw(r, "parent"), words.Draw(r, "list")
		added, same, err := store.DiffLists(parent, list)
		fresh := map[string]bool{}
		for _, w := range list {
			if !strings.Contains(strings.Join(parent, ""), w) {
				fresh[w] = true
			}
		}
		if err != nil || !same || added != len(fresh) {
			r.Errorf("%v to %v: added %d of %d, same %v, %v", parent, list, added, len(fresh), same, err)
		}
	})
	rapid.Check(t, func(r *rapid.T) {
		_ = store.ApplyDiff(rapid.IntRange(0, 3).Draw(r, "parents"), rapid.SliceOf(rapid.Byte()).Draw(r, "diff")) // damaged ones must not panic
	})
}
