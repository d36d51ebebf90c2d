package flow_test

import (
	"fmt"
	"strings"
	"testing"

	"leat/internal/flow"
)

// plant is a flow file of so many nodes, of which every nth differs from the
// same file with another seed.
func plant(nodes, seed int) string {
	var b strings.Builder
	b.WriteByte('[')
	for i := range 20 {
		fmt.Fprintf(&b, `{"id":"tab%d","type":"tab","label":"Area %d","disabled":false,"info":"","env":[]},`, i, i)
	}
	code := strings.Repeat(`const level = msg.payload.level;\nif (level > 12) {\n    node.status({fill: \"red\"});\n}\n`, 3)
	for i := range nodes {
		x := 100
		if i%25 == 0 {
			x += seed
		}
		fmt.Fprintf(&b, `{"id":"%016x","type":"function","z":"tab%d","name":"level %d","func":"%sreturn msg; // %d","outputs":1,"timeout":0,"noerr":0,"initialize":"","finalize":"","libs":[],"x":%d,"y":%d,"wires":[["%016x"]]},`,
			i, i%20, i, code, seed*min(i%10, 1)*min(i%7, 1)/2, x, 40*(i/20), i+1)
	}
	b.WriteString(`{"id":"broker","type":"mqtt-broker","name":"plant","broker":"b.example","port":1883}]`)
	return b.String()
}

func BenchmarkCompare(b *testing.B) {
	from, to := []byte(plant(5000, 0)), []byte(plant(5000, 4))
	b.SetBytes(int64(len(from) + len(to)))
	for b.Loop() {
		x, errX := flow.Parse(from)
		y, errY := flow.Parse(to)
		if errX != nil || errY != nil {
			b.Fatal(errX, errY)
		}
		if d := flow.Compare(x, y); len(d.Changes) < 1000 {
			b.Fatalf("%d changes", len(d.Changes))
		}
	}
}
