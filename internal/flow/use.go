package flow

// noUse are properties that hold no use of a configuration node.
var noUse = map[string]bool{"id": true, "type": true, "z": true, "g": true, "wires": true, "nodes": true, "name": true, "label": true, "info": true}

// Users lists, for each of these configuration nodes, the nodes of the file that
// name it in a property.
func (f *File) Users(ids map[string]bool) map[string][]*Node {
	out := map[string][]*Node{}
	if len(ids) == 0 {
		return out
	}
	for _, n := range f.Nodes {
		for _, m := range n.Members {
			if noUse[m.Name] {
				continue
			}
			eachText(m.Value, func(text []byte) {
				if !ids[string(text)] || n.Key.ID == string(text) {
					return
				}
				id := string(text)
				if list := out[id]; len(list) == 0 || list[len(list)-1] != n {
					out[id] = append(list, n)
				}
			})
		}
	}
	return out
}
