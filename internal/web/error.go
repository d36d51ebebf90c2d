package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"leat/api"
	"leat/internal/fleet"
)

// statusOf turns a kind of failure into a status: the only place that does.
var statusOf = map[fleet.Kind]int{
	fleet.Internal:        http.StatusInternalServerError,
	fleet.Invalid:         http.StatusUnprocessableEntity,
	fleet.Unauthenticated: http.StatusUnauthorized,
	fleet.Forbidden:       http.StatusForbidden,
	fleet.NotFound:        http.StatusNotFound,
	fleet.Conflict:        http.StatusConflict,
	fleet.Stale:           http.StatusPreconditionFailed,
	fleet.TooLarge:        http.StatusRequestEntityTooLarge,
	fleet.TooMany:         http.StatusTooManyRequests,
	fleet.Unavailable:     http.StatusServiceUnavailable,
}

// problem is an error answer that huma can write.
type problem struct{ api.Problem }

// Error is the sentence for people.
func (p *problem) Error() string { return p.Detail }

// GetStatus is the HTTP status.
func (p *problem) GetStatus() int { return p.Status }

// ContentType marks the answer as a problem.
func (p *problem) ContentType(string) string { return "application/problem+json" }

// problem turns a failure into the answer that may be shown, and keeps its
// cause for the log. An error that is not ours, or says Internal, becomes a 500
// that tells nothing but a reference.
func (s *Server) problem(ctx context.Context, c *call, err error) *problem {
	var e *fleet.Error
	switch {
	case errors.As(err, &e) && e.Kind != fleet.Internal:
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		e = &fleet.Error{Kind: fleet.Unavailable, Code: "cancelled", Msg: "The request was given up before it was done."}
	case errors.Is(err, context.DeadlineExceeded):
		e = &fleet.Error{Kind: fleet.Unavailable, Code: "timeout", Msg: "This took too long and was given up. Try again.", Err: err}
	default:
		c.reference, c.cause = c.id, err
		e = &fleet.Error{Code: "internal", Msg: "Something went wrong on our side. Quote the reference to whoever runs the platform."}
	}
	if e.Err != nil && c.cause == nil {
		c.cause = e.Err
	}
	return s.problemOf(c, e)
}

func (s *Server) problemOf(c *call, e *fleet.Error) *problem {
	status := statusOf[e.Kind]
	p := &problem{api.Problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status,
		Detail: e.Msg, Code: e.Code, Reference: c.reference, Current: s.current(c, e.Current),
	}}
	for _, f := range e.Fields {
		p.Errors = append(p.Errors, api.ProblemField{Path: f.Path, Message: f.Msg})
	}
	for _, l := range e.Limits {
		p.Limits = append(p.Limits, api.OverLimit{What: l.What, Limit: l.Limit, Count: l.Count})
	}
	if e.RetryAfterSeconds > 0 {
		c.header.Set("Retry-After", strconv.Itoa(e.RetryAfterSeconds))
	}
	if status == http.StatusUnauthorized {
		c.header.Set("WWW-Authenticate", `Bearer realm="leat"`)
	}
	return p
}

// fail answers an error where no handler's wrapper does.
func (s *Server) fail(w http.ResponseWriter, req *http.Request, c *call, err error) {
	s.writeProblem(w, c, s.problem(req.Context(), c, err))
}

func (s *Server) writeProblem(w http.ResponseWriter, _ *call, p *problem) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p.Problem) // the reader may be gone; there is nobody else to tell
}

func methodNotAllowed(method string, allowed []string) *problem {
	return &problem{api.Problem{
		Type: "about:blank", Title: http.StatusText(http.StatusMethodNotAllowed), Status: http.StatusMethodNotAllowed,
		Code: "method_not_allowed", Detail: "This address does not take " + method + " but " + strings.Join(allowed, ", ") + ".",
	}}
}

// codes of what huma itself refuses, by status.
var codeOf = map[int]string{
	http.StatusBadRequest:            "invalid_json",
	http.StatusRequestTimeout:        "body_timeout",
	http.StatusRequestEntityTooLarge: "body_too_large",
	http.StatusUnsupportedMediaType:  "unsupported_media_type",
	http.StatusUnprocessableEntity:   "invalid_input",
}

var detailOf = map[int]string{
	http.StatusBadRequest:            "The body is not valid JSON of the form that this route takes.",
	http.StatusRequestTimeout:        "The body came too slowly and was given up.",
	http.StatusRequestEntityTooLarge: "The body is larger than this route takes.",
	http.StatusUnsupportedMediaType:  "The body must be JSON; say so in Content-Type.",
}

// ownProblems replaces huma's error answers, which repeat the value that was
// refused (it may be a password), by ours.
func (s *Server) ownProblems(hc huma.Context, _ string, v any) (any, error) {
	m, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	c := callOf(hc.Context())
	status := m.Status
	if status >= http.StatusInternalServerError {
		if m.Detail == "cannot read request body" { // the client is gone or broke the framing
			status = http.StatusBadRequest
		} else {
			c.reference, c.cause = c.id, m
		}
	}
	p := api.Problem{
		Type: "about:blank", Title: http.StatusText(status), Status: m.Status,
		Detail: detailOf[status], Code: codeOf[status], Reference: c.reference,
	}
	if status == http.StatusUnprocessableEntity {
		p.Errors = problemFields(m.Errors)
	}
	if p.Code == "" {
		p.Code = "internal"
	}
	if p.Detail == "" && len(p.Errors) > 0 {
		p.Detail = p.Errors[0].Path + ": " + p.Errors[0].Message
	}
	return p, nil
}

// problemFields keeps where and what, and drops the values.
func problemFields(details []*huma.ErrorDetail) []api.ProblemField {
	out := make([]api.ProblemField, 0, len(details))
	for _, d := range details {
		path := d.Location
		for _, part := range []string{"body.", "query.", "path.", "header."} {
			path = strings.TrimPrefix(path, part)
		}
		message := d.Message
		if strings.HasPrefix(message, "json:") {
			message = "has another type than this field takes"
		}
		out = append(out, api.ProblemField{Path: path, Message: message})
	}
	return out
}
