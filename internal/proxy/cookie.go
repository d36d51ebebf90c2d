package proxy

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"

	"leat/internal/fleet"
)

// doorCookie says which platform session stands behind a visitor of one place.
// It is a statement of ours under a MAC, not a secret of its own: the session's
// row decides on every request whether it still counts.
type doorCookie struct {
	session  fleet.SessionID
	instance fleet.InstanceID
	valid    bool
}

// cookieName is the door's cookie at a place. The __Host- prefix keeps other
// origins of the same site from planting one.
func (p Place) cookieName() string {
	if p.Secure && p.Suffix == "" {
		return "__Host-leat-door"
	}
	return "leat-door" + p.Suffix
}

func (p Place) stateName() string {
	if p.Secure && p.Suffix == "" {
		return "__Host-leat-state"
	}
	return "leat-state" + p.Suffix
}

// isLeatCookie reports a cookie of ours, at any place: none reaches a flow, and
// no flow may set one.
func isLeatCookie(name string) bool {
	name = strings.ToLower(name)
	name = strings.TrimPrefix(strings.TrimPrefix(name, "__host-"), "__secure-")
	return name == "leat" || strings.HasPrefix(name, "leat-")
}

// readCookie finds the door's cookie. Where two came under its name one of them
// was planted, so neither counts. The second result says whether any cookie of
// ours came along.
func (d *Door) readCookie(r *http.Request, p Place) (doorCookie, bool) {
	var value string
	found, ours := 0, false
	for _, c := range r.Cookies() {
		if !isLeatCookie(c.Name) {
			continue
		}
		ours = true
		if c.Name == p.cookieName() {
			found++
			value = c.Value
		}
	}
	if found != 1 {
		return doorCookie{}, ours
	}
	return d.openCookie(value, p), ours
}

func (d *Door) sealCookie(session fleet.SessionID, instance fleet.InstanceID, p Place) string {
	body := string(session) + ":" + string(instance)
	return base64.RawURLEncoding.EncodeToString([]byte(body)) + "." + base64.RawURLEncoding.EncodeToString(d.mac(body, p.Origin))
}

func (d *Door) openCookie(value string, p Place) doorCookie {
	encoded, mac, ok := strings.Cut(value, ".")
	if !ok {
		return doorCookie{}
	}
	body, err1 := base64.RawURLEncoding.DecodeString(encoded)
	sum, err2 := base64.RawURLEncoding.DecodeString(mac)
	if err1 != nil || err2 != nil || !hmac.Equal(sum, d.mac(string(body), p.Origin)) {
		return doorCookie{}
	}
	session, instance, _ := strings.Cut(string(body), ":")
	return doorCookie{session: fleet.SessionID(session), instance: fleet.InstanceID(instance), valid: true}
}

// mac binds a cookie to the origin it was made for.
func (d *Door) mac(body, origin string) []byte {
	h := hmac.New(sha256.New, d.CookieKey)
	h.Write([]byte("door cookie\x00" + origin + "\x00" + body))
	return h.Sum(nil)
}

func (p Place) setCookie(w http.ResponseWriter, name, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: maxAge,
		HttpOnly: true, Secure: p.Secure, SameSite: http.SameSiteLaxMode,
	})
}

// stripCookies takes our cookies out of what a flow gets to see.
func stripCookies(h http.Header) {
	lines := h.Values("Cookie")
	if len(lines) == 0 {
		return
	}
	var kept []string
	for _, line := range lines {
		for pair := range strings.SplitSeq(line, ";") {
			pair = strings.TrimSpace(pair)
			name, _, _ := strings.Cut(pair, "=")
			if pair != "" && !isLeatCookie(strings.TrimSpace(name)) {
				kept = append(kept, pair)
			}
		}
	}
	h.Del("Cookie")
	if len(kept) > 0 {
		h.Set("Cookie", strings.Join(kept, "; "))
	}
}

// filterSetCookies drops what a flow may not set: our names, cookies for a whole
// domain, which would reach the platform and its neighbours, and cookies without
// a name, whose value browsers send as if it were name and value of another.
func filterSetCookies(h http.Header) {
	lines := h.Values("Set-Cookie")
	if len(lines) == 0 {
		return
	}
	h.Del("Set-Cookie")
	for _, line := range lines {
		pair, _, _ := strings.Cut(line, ";")
		name, _, named := strings.Cut(pair, "=")
		name = strings.TrimSpace(name)
		if !named || name == "" || isLeatCookie(name) || setsDomain(line) {
			continue
		}
		h.Add("Set-Cookie", line)
	}
}

func setsDomain(line string) bool {
	_, attrs, _ := strings.Cut(line, ";")
	for attr := range strings.SplitSeq(attrs, ";") {
		name, _, _ := strings.Cut(attr, "=")
		if strings.EqualFold(strings.TrimSpace(name), "domain") {
			return true
		}
	}
	return false
}
