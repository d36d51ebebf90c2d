package proxy

import (
	"net/http"
	"net/url"
	"strings"
)

// sameOrigin holds the door's rule about where a request comes from: one that
// carries a Leat cookie, of any method, must come from its own origin; page
// loads excepted, since people follow links. A WebSocket upgrade must name its
// own origin, or be a program's: no origin and no cookie.
func (v *visit) sameOrigin() bool {
	origin := v.r.Header.Get("Origin")
	if isUpgrade(v.r) {
		if origin == "" {
			return !v.cookies && v.place.Surface == flowsSurface
		}
		return origin == v.place.Origin
	}
	if !v.cookies && !ambientToken(v.r) {
		return true
	}
	switch site := v.r.Header.Get("Sec-Fetch-Site"); {
	case site == "same-origin" || site == "none":
		return true
	case site != "":
		return v.pageLoad()
	case origin != "":
		return origin == v.place.Origin
	}
	return true
}

// isPage reports an address that other pages may lead to. The editor is one page:
// what modules serve beside it may act on a GET, and a link must not reach that.
func (v *visit) isPage() bool {
	p := v.r.URL.Path
	return v.place.Surface == flowsSurface || p == "/" || p == editorRoot || strings.HasPrefix(p, doorRoot)
}

// pageLoad reports the loads that another origin may cause: a GET for a page in
// a tab of its own, or in a frame of the platform's. Who framed it shows in the
// referrer alone; the platform sends its origin, and no page can send another's.
func (v *visit) pageLoad() bool {
	h := v.r.Header
	if v.r.Method != http.MethodGet && v.r.Method != http.MethodHead || h.Get("Sec-Fetch-Mode") != "navigate" || !v.isPage() {
		return false
	}
	switch h.Get("Sec-Fetch-Dest") {
	case "document":
		return true
	case "iframe", "frame":
		ref, err := url.Parse(h.Get("Referer"))
		if err != nil {
			return false
		}
		from := ref.Scheme + "://" + ref.Host
		return from == v.place.Platform.Scheme+"://"+v.place.Platform.Host || from == v.place.Origin
	}
	return false
}
