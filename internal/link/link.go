// Package link is a runner's end of the protocol: a Client that asks the server,
// a Runner that checks in and takes the desired state, and a Handler for what
// the server asks of the runner. None of them knows by which way requests
// travel: a socket on this machine or a connection across the world.
package link

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"leat/internal/fleet"
	"leat/internal/wire"
)

// patience is how long a deploy waits for a server that is away: long enough for
// a restart, short enough for somebody who looks at a Deploy button.
const patience = 20 * time.Second

// maxAnswer bounds what the server may answer: a desired state with its flows.
const maxAnswer = 256 << 20

// Client asks the server. Its HTTP client knows the way, Base names the server
// in URLs, and Token is the runner's.
type Client struct {
	HTTP  *http.Client
	Base  string
	Token string
	// Patience bounds the retries of a deploy; 0 means 20 s.
	Patience time.Duration
}

// CheckIn tells what the runner is. It gives the desired state where the server
// has one that the runner does not, and nil otherwise.
func (c *Client) CheckIn(ctx context.Context, in wire.CheckIn) (*wire.Spec, error) {
	var spec wire.Spec
	status, err := c.post(ctx, wire.CheckInPath, in, &spec)
	if err != nil || status == http.StatusNoContent {
		return nil, err
	}
	return &spec, nil
}

// Deploy has the server commit a save. While the server is away the same id is
// sent again, so that it has its effect once.
func (c *Client) Deploy(ctx context.Context, d wire.Deploy) (wire.Deployed, error) {
	var out wire.Deployed
	err := c.insist(ctx, wire.DeploysPath, d, &out)
	return out, err
}

// Resolve asks what the modules would be after a change.
func (c *Client) Resolve(ctx context.Context, m wire.ModuleChange) (wire.Modules, error) {
	var out wire.Modules
	_, err := c.post(ctx, wire.ResolvePath, m, &out)
	return out, err
}

// Commit has the server keep a change of the modules.
func (c *Client) Commit(ctx context.Context, m wire.ModuleCommit) (wire.Deployed, error) {
	var out wire.Deployed
	err := c.insist(ctx, wire.ModulesPath, m, &out)
	return out, err
}

// Stack asks for the lock of a stack.
func (c *Client) Stack(ctx context.Context, digest string) (wire.StackLock, error) {
	var out wire.StackLock
	_, err := c.post(ctx, wire.StackPath, wire.StackAsk{Digest: digest}, &out)
	return out, err
}

// insist repeats a request that is safe to repeat until the server answers.
func (c *Client) insist(ctx context.Context, path string, in, out any) error {
	limit := c.Patience
	if limit == 0 {
		limit = patience
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		_, err := c.post(ctx, path, in, out)
		if err == nil || !fleet.IsKind(err, fleet.Unavailable) {
			return err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return err
		}
	}
}

// post sends JSON and reads the answer into out. A server that cannot be reached
// and one that is restarting are Unavailable.
func (c *Client) post(ctx context.Context, path string, in, out any) (int, error) {
	body, err := wire.Marshal(in)
	if err != nil {
		return 0, fmt.Errorf("encode request to %s: %w", path, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.Base+path, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+c.Token)
	res, err := c.HTTP.Do(req)
	if err != nil {
		return 0, away(err)
	}
	defer res.Body.Close()
	answer := io.LimitReader(res.Body, maxAnswer)
	switch {
	case res.StatusCode == http.StatusNoContent:
		return res.StatusCode, nil
	case res.StatusCode == http.StatusOK:
		if err := json.NewDecoder(answer).Decode(out); err != nil {
			return 0, away(fmt.Errorf("read answer of %s: %w", path, err))
		}
		return res.StatusCode, nil
	}
	return res.StatusCode, ReadProblem(res.StatusCode, answer, "The platform could not do this.")
}

func away(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	return &fleet.Error{Kind: fleet.Unavailable, Code: "platform_away",
		Msg: "The platform does not answer. Nothing was saved; try again in a moment.", Err: err}
}

var kinds = map[int]fleet.Kind{
	http.StatusUnprocessableEntity: fleet.Invalid, http.StatusBadRequest: fleet.Invalid,
	http.StatusUnauthorized: fleet.Unauthenticated, http.StatusForbidden: fleet.Forbidden,
	http.StatusNotFound: fleet.NotFound, http.StatusConflict: fleet.Conflict,
	http.StatusRequestEntityTooLarge: fleet.TooLarge, http.StatusTooManyRequests: fleet.TooMany,
	http.StatusServiceUnavailable: fleet.Unavailable, http.StatusBadGateway: fleet.Unavailable, http.StatusGatewayTimeout: fleet.Unavailable,
}

// ReadProblem turns an answer that is a failure into the error that it was;
// otherwise says what to tell people where the answer does not. Both ends use it.
func ReadProblem(status int, body io.Reader, otherwise string) error {
	e := &fleet.Error{Kind: kinds[status], Code: "not_done", Msg: otherwise}
	var p wire.Problem
	if err := json.NewDecoder(body).Decode(&p); err != nil {
		e.Err = fmt.Errorf("status %d without a problem: %w", status, err)
		return e
	}
	if p.Code != "" {
		e.Code = p.Code
	}
	if p.Detail != "" {
		e.Msg = p.Detail
	}
	return e
}

// WriteProblem answers a request with a failure. Both ends use it.
func WriteProblem(w http.ResponseWriter, err error) {
	p := wire.Problem{Status: http.StatusInternalServerError, Code: "internal", Detail: "Something went wrong. The log says more."}
	var e *fleet.Error
	if errors.As(err, &e) && e.Kind != fleet.Internal {
		p.Code, p.Detail, p.Status = e.Code, e.Msg, statuses[e.Kind]
	}
	p.Title = http.StatusText(p.Status)
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	// The other end may be gone; then there is nobody to tell.
	_ = json.NewEncoder(w).Encode(p)
}

var statuses = map[fleet.Kind]int{
	fleet.Internal: 500, fleet.Invalid: 422, fleet.Unauthenticated: 401, fleet.Forbidden: 403, fleet.NotFound: 404,
	fleet.Conflict: 409, fleet.Stale: 412, fleet.TooLarge: 413, fleet.TooMany: 429, fleet.Unavailable: 503,
}

// WriteJSON answers a request with a value.
func WriteJSON(w http.ResponseWriter, v any) {
	body, err := wire.Marshal(v)
	if err != nil {
		WriteProblem(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(body) // as above
}

// Bearer reads the token of a request.
func Bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return token
}
