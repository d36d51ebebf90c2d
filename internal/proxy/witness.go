package proxy

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"
	"time"

	"leat/internal/fleet"
)

// Bounds of deploys: of one body in bytes, how large a body is that many may send
// at a time, how many of the larger ones are held in memory at once, how long one
// of them waits for its turn, and how long its body may take altogether.
const (
	maxDeploy    = 64 << 20
	smallDeploy  = 1 << 20
	largeDeploys = 4
	deployTurn   = 30 * time.Second
	deployWithin = 5 * time.Minute
)

// forwardEditor lets a request through to the editor root. A deploy is witnessed
// on the way: what Node-RED later says was saved is matched with what the door
// saw, so that a flow cannot deploy in a person's name, nor a person in the flow's.
func (v *visit) forwardEditor(p string) {
	if !v.reading() {
		v.r.Body = http.MaxBytesReader(v.w, v.r.Body, maxDeploy)
	}
	// Node-RED's router does not tell upper case from lower, nor a slash at the end.
	name := strings.ToLower(strings.TrimSuffix(strings.TrimPrefix(p, editorRoot), "/"))
	switch {
	case v.reading():
	case name == "flow" || strings.HasPrefix(name, "flow/"):
		// These save flows, too, and nobody could tell whose they are. The editor
		// does not use them.
		v.door.pages.refuse(v.w, v.r, http.StatusForbidden, "deploy_whole_flows", "Single flows are not changed here.",
			"Deploy in the editor, or put all flows by the platform's API.")
		return
	case name == "flows" && v.r.Method == http.MethodPost && !v.witness():
		return
	case name == "nodes" && v.r.Method == http.MethodPost && !v.witnessInstall():
		return
	case strings.HasPrefix(name, "nodes/") && v.r.Method == http.MethodDelete && !v.noteModule(moduleIn(p)):
		return
	}
	v.forward(forwardOptions{identity: true})
}

// witness reads a deploy's body, notes it, and puts it back. A deploy that cannot
// be read the way Node-RED would read it does not pass: nobody would know whose
// it was.
func (v *visit) witness() bool {
	if !plainJSON(v.r.Header) {
		v.door.pages.refuse(v.w, v.r, http.StatusUnsupportedMediaType, "not_plain_json", "A deploy is plain JSON in UTF-8.", "Send it without compression.")
		return false
	}
	done, ok := v.deployTurn()
	if !ok {
		return false
	}
	defer done()
	body, ok := v.deployBody()
	if !ok {
		return false
	}
	// A body may take long to come; what allowed it may have ended meanwhile.
	if !v.stillEditing() {
		v.door.pages.refuse(v.w, v.r, http.StatusUnauthorized, "not_signed_in", "Your session has ended, and nothing was deployed.", "Sign in again, then deploy again.")
		return false
	}
	flows, ok := fleet.DeployDigest(body)
	kind := v.r.Header.Values("Node-Red-Deployment-Type")
	switch {
	case len(kind) == 1 && kind[0] == "reload":
		return true // Node-RED reads no body then, and saves nothing
	case !ok || len(kind) > 1:
		v.door.pages.refuse(v.w, v.r, http.StatusBadRequest, "not_flows", "These are no flows as the editor sends them.", "Reload the editor and deploy again.")
		return false
	}
	sum := sha256.Sum256(body)
	err := v.door.Rules.Witness(v.r.Context(), v.entry.Actor, v.entry.Instance.ID, flows, hex.EncodeToString(sum[:]))
	if err != nil {
		v.door.fail(v.w, v.r, err)
		return false
	}
	return true
}

// maxInstall bounds the request for a palette module, in bytes.
const maxInstall = 64 << 10

// moduleIn is the module that a path below nodes/ names, as it was written.
func moduleIn(p string) string {
	return strings.TrimSuffix(strings.TrimPrefix(p, editorRoot)[len("nodes/"):], "/")
}

// witnessInstall notes who installs which module. What cannot be read passes
// unnoted: Node-RED refuses it.
func (v *visit) witnessInstall() bool {
	if kind, _, _ := mime.ParseMediaType(v.r.Header.Get("Content-Type")); kind != "application/json" || !plainJSON(v.r.Header) {
		return true
	}
	body, err := io.ReadAll(http.MaxBytesReader(v.w, v.r.Body, maxInstall))
	if err != nil {
		v.door.pages.refuse(v.w, v.r, http.StatusRequestEntityTooLarge, "too_large", "This is too large to name a module.", "Install it by its name.")
		return false
	}
	v.r.Body = io.NopCloser(bytes.NewReader(body))
	v.r.ContentLength = int64(len(body))
	var in struct{ Module string }
	if json.Unmarshal(body, &in) != nil || in.Module == "" {
		return true
	}
	return v.noteModule(in.Module)
}

func (v *visit) noteModule(module string) bool {
	if err := v.door.Rules.WitnessModule(v.r.Context(), v.entry.Actor, v.entry.Instance.ID, module); err != nil {
		v.door.fail(v.w, v.r, err)
		return false
	}
	return true
}

// plainJSON reports a body that Node-RED reads byte for byte as we do.
func plainJSON(h http.Header) bool {
	encoding := h.Values("Content-Encoding")
	if len(encoding) > 1 || len(encoding) == 1 && !strings.EqualFold(encoding[0], "identity") {
		return false
	}
	kind := h.Values("Content-Type")
	if len(kind) != 1 {
		return len(kind) == 0
	}
	_, params, err := mime.ParseMediaType(kind[0])
	charset, given := params["charset"]
	return err == nil && (!given || strings.EqualFold(charset, "utf-8"))
}

// deployTurn waits until a large body may be held in memory; small ones need no turn.
func (v *visit) deployTurn() (done func(), ok bool) {
	if n := v.r.ContentLength; n >= 0 && n <= smallDeploy {
		return func() {}, true
	}
	ctx, cancel := context.WithTimeout(v.r.Context(), deployTurn)
	defer cancel()
	select {
	case v.door.large <- struct{}{}:
		return func() { <-v.door.large }, true
	case <-ctx.Done():
		v.door.pages.refuse(v.w, v.r, http.StatusServiceUnavailable, "busy", "Too many large deploys are on their way.", "Try again in a moment.")
		return nil, false
	}
}

// deployBody reads the body and puts it back for Node-RED.
func (v *visit) deployBody() ([]byte, bool) {
	if v.slow != nil {
		v.slow.end = time.Now().Add(deployWithin)
	}
	body, err := io.ReadAll(v.r.Body)
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		v.door.pages.refuse(v.w, v.r, http.StatusRequestEntityTooLarge, "too_large", "This is too large to deploy.", "At most 64 MiB pass.")
		return nil, false
	case errors.Is(err, os.ErrDeadlineExceeded):
		v.door.pages.refuse(v.w, v.r, http.StatusRequestTimeout, "too_slow", "The deploy did not arrive in time.", "Try again.")
		return nil, false
	case err != nil:
		return nil, false // the visitor has gone
	}
	v.r.Body = io.NopCloser(bytes.NewReader(body))
	v.r.ContentLength = int64(len(body))
	return body, true
}

// stillEditing asks the rules again whether this visitor may change the flows.
func (v *visit) stillEditing() bool {
	e, err := v.door.Rules.EnterID(v.r.Context(), v.entry.Instance.ID, v.entry.Actor.Session)
	return err == nil && e.Actor.User == v.entry.Actor.User && mayEdit(e) == nil
}
