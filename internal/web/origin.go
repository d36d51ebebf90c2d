package web

import (
	"net/http"
	"net/url"
	"strings"

	"leat/internal/fleet"
)

// originCheck keeps other sites from acting with a person's cookie. Instances
// are other origins too: their flows' pages run next door.
type originCheck struct{ base *url.URL }

// check refuses a request that shows another origin. It is asked of every
// request with a cookie of ours, and of sign-in and setup without one.
func (o originCheck) check(req *http.Request, https bool) error {
	if o.same(req, https) || isNavigation(req) {
		return nil
	}
	return &fleet.Error{Kind: fleet.Forbidden, Code: "cross_origin", Msg: "This request came from another site and was refused."}
}

// same reports whether a request shows no other origin than the one it goes to.
// What shows nothing is no page in a browser, or a plain GET of one.
func (o originCheck) same(req *http.Request, https bool) bool {
	if site := req.Header.Get("Sec-Fetch-Site"); site != "" {
		return site == "same-origin" || site == "none"
	}
	origins := req.Header["Origin"]
	if len(origins) == 0 {
		return true
	}
	if len(origins) > 1 {
		return false
	}
	scheme := "http"
	if https {
		scheme = "https"
	}
	return strings.EqualFold(origins[0], scheme+"://"+req.Host)
}

// HandOver is where an instance's host sends a browser for its sign-in; an editor
// that the platform frames goes there inside its frame. It only ever redirects,
// with a code that is of use to that instance's host alone.
const HandOver = "/door/authorize"

// isNavigation reports a person following a link to us: a GET of a whole page,
// which changes nothing.
func isNavigation(req *http.Request) bool {
	h := req.Header
	dest := h.Get("Sec-Fetch-Dest")
	return (req.Method == http.MethodGet || req.Method == http.MethodHead) && h.Get("Upgrade") == "" &&
		h.Get("Sec-Fetch-Mode") == "navigate" && (dest == "document" || dest == "iframe" && req.URL.Path == HandOver)
}

// needsOrigin reports the routes that check the origin even without a cookie:
// those that hand one out.
func needsOrigin(req *http.Request) bool {
	switch req.URL.Path {
	case base + "/session", base + "/setup", base + "/invitations/accept":
		return true
	}
	return false
}
