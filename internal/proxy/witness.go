package proxy

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strings"

	"leat/internal/fleet"
)

// maxDeploy bounds the body of a deploy, in bytes.
const maxDeploy = 64 << 20

// forwardEditor lets a request through to the editor root. A deploy is witnessed
// on the way: what Node-RED later says was saved is matched with what the door
// saw, so that a flow cannot deploy in a person's name.
func (v *visit) forwardEditor(p string) {
	if !v.reading() {
		v.r.Body = http.MaxBytesReader(v.w, v.r.Body, maxDeploy)
	}
	if v.r.Method == http.MethodPost && strings.TrimSuffix(p, "/") == editorRoot+"flows" && !v.witness() {
		return
	}
	v.forward(forwardOptions{identity: true})
}

// witness reads a deploy's body, notes it, and puts it back.
func (v *visit) witness() bool {
	body, err := io.ReadAll(v.r.Body)
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			v.door.pages.refuse(v.w, v.r, http.StatusRequestEntityTooLarge, "too_large", "This is too large to deploy.", "At most 64 MiB pass.")
		}
		return false
	}
	v.r.Body = io.NopCloser(bytes.NewReader(body))
	v.r.ContentLength = int64(len(body))
	sum := sha256.Sum256(body)
	flows, ok := fleet.DeployDigest(body)
	if !ok {
		return true // a reload, or not JSON: Node-RED answers that itself
	}
	err = v.door.Rules.Witness(v.r.Context(), v.entry.Actor, v.entry.Instance.ID, flows, hex.EncodeToString(sum[:]))
	if err != nil {
		v.door.fail(v.w, v.r, err)
		return false
	}
	return true
}
