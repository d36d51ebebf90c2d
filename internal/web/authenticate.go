package web

import (
	"context"
	"net/http"
	"strings"

	"leat/internal/fleet"
)

// credential is what a caller proves with: the secret of a session or of a token.
type credential struct {
	secret string
	token  bool
}

// The names of the session cookie. A browser takes the first only from the host
// itself and over a secure origin, so no instance on a host below can plant it.
const (
	secureCookie = "__Host-leat"
	plainCookie  = "leat"
)

// authenticate finds out who asks. On a public route nobody has to be known,
// and a credential that is worth nothing makes a stranger; elsewhere it is 401.
func (s *Server) authenticate(req *http.Request, c *call) error {
	c.who = fleet.Anonymous(c.addr, c.id)
	cred, err := s.credential(req)
	if err == nil && cred.secret != "" {
		err = s.recognise(req.Context(), c, cred)
	}
	public := c.route.grant.Scope == fleet.Public
	switch {
	case err != nil && public && fleet.IsKind(err, fleet.Unauthenticated):
		return nil
	case err != nil:
		return err
	case !public && !c.who.SignedIn():
		return &fleet.Error{Kind: fleet.Unauthenticated, Code: "not_signed_in", Msg: "Sign in to continue."}
	}
	return nil
}

// recognise finds the actor behind a credential; streams ask it again and again.
func (s *Server) recognise(ctx context.Context, c *call, cred credential) (err error) {
	who := fleet.Actor{}
	if cred.token {
		who, err = s.Tokens.Authenticate(ctx, cred.secret)
	} else {
		who, c.session, err = s.Sessions.Authenticate(ctx, cred.secret)
	}
	if err != nil {
		return err
	}
	who.Addr, who.RequestID = c.addr, c.id
	c.who, c.credential = who, cred
	return nil
}

// credential reads what a request proves itself with. A token goes before a cookie.
func (s *Server) credential(req *http.Request) (credential, error) {
	if auth := req.Header.Get("Authorization"); auth != "" {
		scheme, secret, _ := strings.Cut(auth, " ")
		secret = strings.TrimSpace(secret)
		if !strings.EqualFold(scheme, "Bearer") || secret == "" {
			return credential{}, &fleet.Error{Kind: fleet.Unauthenticated, Code: "bad_authorization", Msg: "Send a token as Authorization: Bearer <token>."}
		}
		return credential{secret: secret, token: true}, nil
	}
	cookies := req.CookiesNamed(s.cookieName(req))
	switch {
	case len(cookies) > 1:
		// One of them was planted by somebody who shares the domain.
		return credential{}, &fleet.Error{Kind: fleet.Unauthenticated, Code: "duplicate_cookie", Msg: "The browser sent two session cookies. Delete this site's cookies and sign in again."}
	case len(cookies) == 1:
		return credential{secret: cookies[0].Value}, nil
	}
	return credential{}, nil
}

// cookieName is the one name under which a request's session cookie is read:
// where the browser takes the secure one, the other is never looked at.
func (s *Server) cookieName(req *http.Request) string {
	if fleet.SecureOrigin(s.https(req), req.Host) {
		return secureCookie
	}
	return plainCookie
}

// setSession hands the browser its session, or with an empty secret takes it away.
func (s *Server) setSession(c *call, secret string) {
	cookie := &http.Cookie{
		Name: plainCookie, Value: secret, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
		MaxAge: int(s.SessionLife.Seconds()),
	}
	if c.secure {
		cookie.Name, cookie.Secure = secureCookie, true
	}
	if secret == "" {
		cookie.MaxAge = -1
	}
	c.header.Add("Set-Cookie", cookie.String())
}

// hasSessionCookie reports whether a request carries a cookie of ours under
// either name.
func hasSessionCookie(req *http.Request) bool {
	for _, line := range req.Header["Cookie"] {
		if strings.Contains(line, plainCookie+"=") { // also ends the secure name
			return true
		}
	}
	return false
}
