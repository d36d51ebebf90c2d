// Package blueprint holds the flows a new instance can start from. They need
// nothing but the stack: no further modules, no credentials and, in the browser,
// no other host.
package blueprint

import (
	_ "embed"
	"encoding/json"
)

// The files are edited in Node-RED itself: import one, change it, export the
// whole of it ("all flows", formatted) and put it back.
var (
	//go:embed flows/empty.json
	empty string
	//go:embed flows/first-flow.json
	firstFlow string
	//go:embed flows/pump-station.json
	pumpStation string
	//go:embed flows/machine-state.json
	machineState string
	//go:embed flows/mqtt-to-dashboard.json
	mqttToDashboard string
	//go:embed flows/rest-api.json
	restAPI string
)

// Empty and PumpStation are the ids that other packages name: what an instance
// starts from when nobody chose, and what the demonstration shows.
const (
	Empty       = "empty"
	PumpStation = "pump-station"
)

// Blueprint is a ready flow to start from.
type Blueprint struct {
	// ID is stable and lower-case; it is what a request names.
	ID string
	// Name and Sentence are for people: what it is, and what it does.
	Name     string
	Sentence string
	// Category groups blueprints of one purpose.
	Category string
	// Icon is the name of a Lucide icon.
	Icon string
	// Page is the path of its dashboard on the instance, "" where it has none.
	Page string
	// Flows is what Node-RED loads.
	Flows json.RawMessage
}

// List returns every blueprint in the order in which people should see them.
// The caller owns what it gets.
func List() []Blueprint {
	return []Blueprint{
		{
			ID: Empty, Name: "Empty", Category: "Start", Icon: "square-dashed", Flows: json.RawMessage(empty),
			Sentence: "One empty tab, for those who know what they want to draw.",
		},
		{
			ID: "first-flow", Name: "First flow", Category: "Start", Icon: "graduation-cap", Page: "/dashboard/first", Flows: json.RawMessage(firstFlow),
			Sentence: "A button, a function and a gauge: learn in five minutes what Deploy does.",
		},
		{
			ID: PumpStation, Name: "Pump station", Category: "Examples", Icon: "waves", Page: "/dashboard/plant", Flows: json.RawMessage(pumpStation),
			Sentence: "A simulated tank with two pumps, alarms to acknowledge and a live dashboard.",
		},
		{
			ID: "machine-state", Name: "Machine state", Category: "Examples", Icon: "factory", Page: "/dashboard/machine", Flows: json.RawMessage(machineState),
			Sentence: "Turns a running bit and a counter into states, stops and availability.",
		},
		{
			ID: "mqtt-to-dashboard", Name: "MQTT to dashboard", Category: "Connect", Icon: "radio-tower", Page: "/dashboard/mqtt", Flows: json.RawMessage(mqttToDashboard),
			Sentence: "Subscribes to a broker named in the environment and draws the numbers it receives.",
		},
		{
			ID: "rest-api", Name: "REST API", Category: "Connect", Icon: "braces", Flows: json.RawMessage(restAPI),
			Sentence: "Takes, checks, keeps and returns measurements over HTTP, with errors in JSON.",
		},
	}
}

// Get returns the blueprint with that id; ok is false where there is none.
func Get(id string) (b Blueprint, ok bool) {
	for _, b := range List() {
		if b.ID == id {
			return b, true
		}
	}
	return Blueprint{}, false
}
