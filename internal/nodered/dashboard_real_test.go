//go:build real

package nodered_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"leat/internal/wire"
)

// pressed is a dashboard with one button, and GET /hello that says who pressed it.
const pressed = `[{"id":"t1","type":"tab","label":"One"},
{"id":"b0","type":"ui-base","name":"D","path":"/dashboard","includeClientData":true,"acceptsClientConfig":["ui-control","ui-notification"]},
{"id":"th","type":"ui-theme","name":"T","colors":{"surface":"#fff","primary":"#0094CE","bgPage":"#eee","groupBg":"#fff","groupOutline":"#ccc"},"sizes":{"pagePadding":"12px","groupGap":"12px","groupBorderRadius":"4px","widgetGap":"12px"}},
{"id":"p1","type":"ui-page","name":"P","ui":"b0","path":"/p","layout":"grid","theme":"th","order":1,"className":"","visible":"true","disabled":"false"},
{"id":"g1","type":"ui-group","name":"G","page":"p1","width":"6","height":"1","order":1,"showTitle":true,"className":"","visible":"true","disabled":"false"},
{"id":"u1","type":"ui-button","z":"t1","group":"g1","name":"B","label":"B","order":1,"width":0,"height":0,"emulateClick":false,"payload":"x","payloadType":"str","topic":"t","topicType":"str","wires":[["k1"]]},
{"id":"k1","type":"function","z":"t1","func":"flow.set('who',msg._client.user.username+' '+msg._client.user.role)","outputs":0,"wires":[]},
{"id":"a1","type":"http in","z":"t1","url":"/hello","method":"get","wires":[["f1"]]},
{"id":"f1","type":"function","z":"t1","func":"msg.payload=flow.get('who')||'nobody';return msg","outputs":1,"wires":[["o1"]]},
{"id":"o1","type":"http response","z":"t1","wires":[]}]`

func TestADashboardKnowsWhoTheDoorLetIn(t *testing.T) {
	onEachStack(t, func(t *testing.T, on string) {
		r := newRig(t, nil, on)
		r.set(func(s *wire.Spec) { s.Flows = json.RawMessage(pressed) })
		r.until("the dashboard", func(rep wire.Report) bool { return rep.Dashboard == "/dashboard" && rep.Settled })
		r.says("nobody")
		person := base64.RawURLEncoding.EncodeToString([]byte(`{"userId":"u-1","username":"ada","role":"viewer"}`))
		poll := func(method, query, body string) string {
			t.Helper()
			code, text := r.do(method, "/dashboard/socket.io/?EIO=4&transport=polling"+query, body, func(q *http.Request) {
				q.Header.Set(wire.UserHeader, person)
				q.Header.Set("Content-Type", "text/plain")
			})
			if code != http.StatusOK {
				t.Fatalf("%s %s: %d %s", method, query, code, text)
			}
			return text
		}
		sid := regexp.MustCompile(`"sid":"([^"]+)"`).FindStringSubmatch(poll("GET", "", ""))
		if sid == nil {
			t.Fatal("the dashboard gave no session")
		}
		session := "&sid=" + sid[1]
		poll("POST", session, "40")
		if text := poll("GET", session, ""); !strings.Contains(text, "40{") {
			t.Fatalf("the dashboard answered the connection with %s", text)
		}
		poll("POST", session, `42["widget-action","u1",{"payload":"x"}]`)
		r.says("ada viewer")
	})
}
