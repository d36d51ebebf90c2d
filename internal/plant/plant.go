// Package plant writes flow files as large plants have them, and edits them as
// people do: for tests and figures, and for the dictionary that flow files are
// packed with. The same seed writes the same file.
package plant

import (
	_ "embed" // the kinds of nodes
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

//go:embed kinds.txt
var kindsText string

// Sizes of what is written.
const (
	nodesOfTab = 50
	linesMost  = 12
)

// Plant is a flow file that can be edited.
type Plant struct {
	random *rand.Rand
	kinds  []string
	nodes  []node
	tab    string
	inTab  int
	broker string
	group  string
}

// node is a node as JSON, and where it stands.
type node struct{ id, text string }

// New writes a file of so many nodes, tabs and configuration nodes included.
func New(seed uint64, nodes int) *Plant {
	p := &Plant{random: rand.New(rand.NewPCG(seed, 0x1ea7)), kinds: kinds()}
	p.broker, p.group = p.id(), p.id()
	p.put(p.broker, `{"id":"ID","type":"mqtt-broker","name":"NAME","broker":"broker.example","port":"1883","clientid":"","autoConnect":true,"usetls":false,"protocolVersion":"5","keepalive":"60","cleansession":true,"autoUnsubscribe":true,"birthTopic":"","birthQos":"0","birthRetain":"false","birthPayload":"","birthMsg":{},"closeTopic":"","closeQos":"0","closeRetain":"false","closePayload":"","closeMsg":{},"willTopic":"","willQos":"0","willRetain":"false","willPayload":"","willMsg":{},"userProps":"","sessionExpiry":""}`)
	p.put(p.group, `{"id":"ID","type":"ui-group","name":"NAME","page":"LINK","width":"6","height":"1","order":1,"showTitle":true,"className":"","visible":"true","disabled":"false","groupType":"default"}`)
	for len(p.nodes) < nodes {
		p.add(len(p.nodes))
	}
	return p
}

// kinds are the kinds of nodes, each as often as it is there in a plant.
func kinds() (out []string) {
	for line := range strings.Lines(kindsText) {
		often, text, _ := strings.Cut(strings.TrimSpace(line), " ")
		n, err := strconv.Atoi(often)
		if err != nil {
			panic("plant: kinds.txt: " + err.Error())
		}
		out = append(out, slices.Repeat([]string{text}, n)...)
	}
	return out
}

// Flows is the file as Node-RED writes it.
func (p *Plant) Flows() json.RawMessage {
	var b strings.Builder
	b.WriteByte('[')
	for i, n := range p.nodes {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(n.text)
	}
	b.WriteByte(']')
	return json.RawMessage(b.String())
}

// Len is how many nodes there are.
func (p *Plant) Len() int { return len(p.nodes) }

// Edit does what is done between two deploys: it moves, renames, sets, adds or
// removes a few nodes that stand near each other.
func (p *Plant) Edit() {
	at := p.random.IntN(len(p.nodes))
	for range 1 + p.random.IntN(4) {
		at = min(at+p.random.IntN(6), len(p.nodes)-1)
		n := &p.nodes[at]
		switch p.random.IntN(8) {
		case 0, 1, 2:
			n.text = p.set(n.text, "x", p.coordinate(700), "y", p.coordinate(1500))
		case 3:
			n.text = p.set(n.text, "name", p.words(3))
		case 4:
			n.text = p.set(n.text, "func", p.code())
		case 5:
			n.text = p.set(n.text, "topic", p.topic())
		case 6:
			p.add(at)
		case 7:
			if len(p.nodes) > 1 {
				p.nodes = slices.Delete(p.nodes, at, at+1)
			}
		}
	}
}

// set replaces the values of some members, those that the node has.
func (p *Plant) set(text string, pairs ...string) string {
	for i := 0; i < len(pairs); i += 2 {
		before, rest, there := strings.Cut(text, `"`+pairs[i]+`":`)
		if !there {
			continue
		}
		value, err := json.Marshal(pairs[i+1])
		if err != nil {
			panic("plant: " + err.Error())
		}
		var old json.RawMessage
		dec := json.NewDecoder(strings.NewReader(rest))
		if dec.Decode(&old) != nil {
			continue
		}
		if old[0] != '"' {
			value = []byte(pairs[i+1])
		}
		text = before + `"` + pairs[i] + `":` + string(value) + rest[dec.InputOffset():]
	}
	return text
}

// add puts a new node at a place, and a new tab before it where one is full.
func (p *Plant) add(at int) {
	if p.tab == "" || p.inTab >= nodesOfTab {
		p.tab, p.inTab = p.id(), 0
		p.put(p.tab, `{"id":"ID","type":"tab","label":"NAME","disabled":false,"info":"TEXT","env":[]}`)
		return
	}
	p.inTab++
	id := p.id()
	p.nodes = slices.Insert(p.nodes, at, node{id, p.write(p.kinds[p.random.IntN(len(p.kinds))], id)})
}

func (p *Plant) put(id, kind string) { p.nodes = append(p.nodes, node{id, p.write(kind, id)}) }

// write fills a kind in.
func (p *Plant) write(kind, id string) string {
	fill := map[string]func() string{
		"ID": func() string { return id }, "Z": func() string { return p.tab }, "NAME": func() string { return p.words(3) },
		"X": func() string { return p.coordinate(700) }, "Y": func() string { return p.coordinate(1500) },
		"NUM": func() string { return strconv.Itoa(p.random.IntN(60)) }, "TOPIC": p.topic, "TEXT": func() string { return p.words(12) },
		"BROKER": func() string { return p.broker }, "GROUP": func() string { return p.group }, "LINK": p.other, "CODE": func() string { return quoted(p.code()) },
		"WIRE": func() string { return `["` + p.other() + `"]` },
	}
	var b strings.Builder
	for i := 0; i < len(kind); {
		n := i
		for n < len(kind) && kind[n] >= 'A' && kind[n] <= 'Z' {
			n++
		}
		if value := fill[kind[i:n]]; value != nil {
			b.WriteString(value())
		} else {
			n = max(n, i+1)
			b.WriteString(kind[i:n])
		}
		i = n
	}
	return b.String()
}

func (p *Plant) id() string { return fmt.Sprintf("%016x", p.random.Uint64()) }

// other is the id of a node nearby.
func (p *Plant) other() string {
	if len(p.nodes) == 0 {
		return p.id()
	}
	return p.nodes[max(0, len(p.nodes)-1-p.random.IntN(8))].id
}

func (p *Plant) coordinate(most int) string { return strconv.Itoa(20 * (2 + p.random.IntN(most/20))) }

var vocabulary = strings.Fields(`pump valve tank line press oven mixer boiler filter conveyor robot cell station sensor motor drive meter scale
	level pressure flow temperature speed current torque humidity weight count state alarm order batch shift target value limit average
	read write send check convert scale smooth split join store show reset start stop raise clear north south hall basement roof 1 2 3 4 5 6 7 8 9 10 11 12`)

func (p *Plant) word() string { return vocabulary[p.random.IntN(len(vocabulary))] }

func (p *Plant) words(most int) string {
	out := make([]string, 1+p.random.IntN(most))
	for i := range out {
		out[i] = p.word()
	}
	return strings.Join(out, " ")
}

func (p *Plant) topic() string {
	return fmt.Sprintf("plant/%s/%s/%d", p.word(), p.word(), p.random.IntN(40))
}

var lines = []string{
	"const value = Number(msg.payload);", "if (!Number.isFinite(value)) { return null; }", "msg.payload = value * %d / 10;", "msg.topic = `%s/${msg.topic}`;",
	"const last = context.get('%s') || 0;", "context.set('%s', value);", "flow.set(\"%s\", msg.payload);", "node.status({ fill: 'green', shape: 'dot', text: '%s' });",
	"if (Math.abs(value - last) < %d) { return null; }", "// %s", "msg.payload = { value, unit: '%s', time: Date.now() };", "node.warn('%s: ' + value);",
}

func (p *Plant) code() string {
	out := make([]string, 1+p.random.IntN(linesMost), linesMost+1)
	for i := range out {
		line := lines[p.random.IntN(len(lines))]
		switch {
		case strings.Contains(line, "%d"):
			line = fmt.Sprintf(line, p.random.IntN(100))
		case strings.Contains(line, "%s"):
			line = fmt.Sprintf(line, p.word())
		}
		out[i] = line
	}
	return strings.Join(append(out, "return msg;"), "\n")
}

// quoted is text as it stands between the quotes of JSON.
func quoted(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		panic("plant: " + err.Error())
	}
	return string(b[1 : len(b)-1])
}
