package web

import (
	"net/http"

	"leat/internal/fleet"
)

// Who finds who is signed in at the platform with the request's session cookie,
// for handlers on the platform's host that are not the API's. A stranger is
// anonymous and no error.
func (s *Server) Who(req *http.Request) (fleet.Actor, error) {
	c := &call{addr: s.clientAddr(req)}
	c.who = fleet.Anonymous(c.addr, "")
	cred, err := s.credential(req)
	if err == nil && cred.secret != "" && !cred.token {
		err = s.recognise(req.Context(), c, cred)
	}
	if fleet.IsKind(err, fleet.Unauthenticated) {
		return fleet.Anonymous(c.addr, ""), nil
	}
	return c.who, err
}

// Address is where a request comes from, as far as trusted proxies tell.
func (s *Server) Address(req *http.Request) string { return s.clientAddr(req) }
