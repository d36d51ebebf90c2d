package proxy

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"leat/api"
	"leat/internal/control"
	"leat/internal/fleet"
)

// commsPath is where the editor opens the socket that it keeps as long as it is
// open.
const commsPath = editorRoot + "comms"

// mayEdit asks whether a visitor may change the flows: by role, and as far as
// the instance is not protected.
func mayEdit(e control.Entry) error {
	return e.Instance.MayChange(e.Actor, fleet.FlowsEdit, e.Role)
}

// refuseEdit answers a change by somebody who may only look.
func (v *visit) refuseEdit(err error) {
	code, help := "read_only", "Ask an owner of the team for the member role."
	if fleet.IsCode(err, "protected_instance") {
		code, help = "protected_instance", "The instance is protected: ask an owner of the team to make the change, or to take the protection away."
	}
	v.door.pages.refuse(v.w, v.r, http.StatusForbidden, code, "You may look at these flows but not change them.", help)
}

// comms is whose editor a socket belongs to.
type comms struct {
	username, name string
	since          time.Time
	instance       fleet.Instance
}

// Editors lists who has the editor of an instance open, who came first first.
func (d *Door) Editors(id fleet.InstanceID) []api.Editor {
	out := []api.Editor{}
	for _, o := range d.open.editors(id) {
		at := slices.IndexFunc(out, func(e api.Editor) bool { return e.User == string(o.user) })
		if at < 0 {
			out = append(out, api.Editor{User: string(o.user), Username: o.comms.username, Name: o.comms.name, Since: o.comms.since.UTC()})
			at = len(out) - 1
		}
		e := &out[at]
		e.Open++
		e.Editing = e.Editing || o.editing
		if o.comms.since.Before(e.Since) {
			e.Since = o.comms.since.UTC()
		}
	}
	slices.SortFunc(out, func(a, b api.Editor) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.User, b.User))
	})
	return out
}

// editors are the sockets of an instance's open editors.
func (s *openSet) editors(id fleet.InstanceID) []*opened {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []*opened
	for o := range s.m {
		if o.instance == id && o.comms != nil && o.conn != nil {
			out = append(out, o)
		}
	}
	return out
}
