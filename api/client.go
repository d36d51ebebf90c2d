package api

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Client speaks to a platform. The zero value is of no use; see NewClient. It
// may be used from anywhere at any time, but SignIn and SetToken not while other
// requests run.
type Client struct {
	base   *url.URL
	http   *http.Client
	agent  string
	token  string
	cookie string
}

// NewClient makes a client for the platform at an address such as
// https://leat.example.com. Names below localhost are found on this machine,
// whatever the resolver says.
func NewClient(base string) (*Client, error) {
	u, err := url.Parse(strings.TrimSuffix(base, "/"))
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("%q is not the address of a platform; write it as https://leat.example.com", base)
	}
	return &Client{base: u, agent: "leat", http: &http.Client{
		Transport: &http.Transport{
			Proxy: proxyOf, DialContext: DialLocalhost, ForceAttemptHTTP2: true,
			MaxIdleConns: 64, MaxIdleConnsPerHost: 64, IdleConnTimeout: time.Minute, TLSHandshakeTimeout: 10 * time.Second,
		},
		// The API never redirects; whoever does is not it, and must not get the token.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// proxyOf is the proxy of the environment; none stands before this machine.
func proxyOf(r *http.Request) (*url.URL, error) {
	if strings.HasSuffix(r.URL.Hostname(), ".localhost") {
		return nil, nil
	}
	return http.ProxyFromEnvironment(r)
}

// DialLocalhost dials names below localhost on this machine, as browsers do, and
// all others as usual.
func DialLocalhost(ctx context.Context, network, addr string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(addr)
	var dialer net.Dialer
	if err == nil && strings.HasSuffix(host, ".localhost") {
		conn, err := dialer.DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
		if err == nil {
			return conn, nil
		}
		return dialer.DialContext(ctx, network, net.JoinHostPort("::1", port))
	}
	return dialer.DialContext(ctx, network, addr)
}

// Base is the platform's address.
func (c *Client) Base() *url.URL { return c.base }

// HTTP is the client underneath, for requests that are not the API's.
func (c *Client) HTTP() *http.Client { return c.http }

// SetToken makes the client prove itself with a personal access token.
func (c *Client) SetToken(token string) { c.token, c.cookie = token, "" }

// SetUserAgent names the program that uses the client.
func (c *Client) SetUserAgent(agent string) { c.agent = agent }

// With copies the client for another caller; it shares the connections.
func (c *Client) With(token string) *Client {
	twin := *c
	twin.SetToken(token)
	return &twin
}

// Close lets go of idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Error is the sentence for people.
func (p *Problem) Error() string {
	text := p.Detail
	if text == "" {
		text = p.Title
	}
	for _, f := range p.Errors {
		if f.Message != p.Detail {
			text += "\n  " + f.Path + ": " + f.Message
		}
	}
	if p.Reference != "" {
		text += " (reference " + p.Reference + ")"
	}
	return text
}

// Is reports whether err is, or wraps, a problem with the code.
func Is(err error, code string) bool {
	var p *Problem
	return errors.As(err, &p) && p.Code == code
}

// StatusOf is the HTTP status of the problem that err is or wraps, else 0.
func StatusOf(err error) int {
	var p *Problem
	if errors.As(err, &p) {
		return p.Status
	}
	return 0
}

// A RequestOption changes one request.
type RequestOption func(*http.Request)

// IfMatch makes a change fail when the thing is no longer at this version.
func IfMatch(version int64) RequestOption {
	return func(r *http.Request) { r.Header.Set("If-Match", `"`+strconv.FormatInt(version, 10)+`"`) }
}

// Once makes a create that is sent again with the same key give what it made
// the first time.
func Once(key string) RequestOption {
	return func(r *http.Request) { r.Header.Set("Idempotency-Key", key) }
}

// Page asks for a part of a list.
type Page struct {
	Limit  int
	Cursor string
	Q      string
}

// On makes a request ask for the page.
func (p Page) on(r *http.Request) {
	q := r.URL.Query()
	if p.Limit > 0 {
		q.Set("limit", strconv.Itoa(p.Limit))
	}
	for name, value := range map[string]string{"cursor": p.Cursor, "q": p.Q} {
		if value != "" {
			q.Set(name, value)
		}
	}
	r.URL.RawQuery = q.Encode()
}

// query sets what has a value.
func query(pairs ...string) RequestOption {
	return func(r *http.Request) {
		q := r.URL.Query()
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i+1] != "" {
				q.Set(pairs[i], pairs[i+1])
			}
		}
		r.URL.RawQuery = q.Encode()
	}
}

// timeText is a time as a query wants it; the zero time is "".
func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

// countText is a number as a query wants it; 0 is "".
func countText(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

// NewRequest makes a request to the API that proves who the client is. path is
// below /api/v1 and already escaped.
func (c *Client) NewRequest(ctx context.Context, method, path string, body io.Reader) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base.String()+"/api/v1"+path, body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", c.agent)
	req.Header.Set("Accept", "application/json")
	switch {
	case c.token != "":
		req.Header.Set("Authorization", "Bearer "+c.token)
	case c.cookie != "":
		req.Header.Set("Cookie", c.cookie)
	}
	return req, nil
}

// do sends one request; in and out may be nil.
func (c *Client) do(ctx context.Context, method, path string, in, out any, options ...RequestOption) error {
	var body io.Reader
	if in != nil {
		raw, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("encode %s %s: %w", method, path, err)
		}
		body = bytes.NewReader(raw)
	}
	req, err := c.NewRequest(ctx, method, path, body)
	if err != nil {
		return err
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
		if method == http.MethodPatch {
			req.Header.Set("Content-Type", "application/merge-patch+json")
		}
	}
	for _, option := range options {
		option(req)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	return c.read(res, out)
}

// read takes an answer apart: a problem becomes the error.
func (c *Client) read(res *http.Response, out any) error {
	if res.StatusCode >= http.StatusMultipleChoices {
		return problemOf(res)
	}
	c.keepCookie(res)
	if out == nil || res.StatusCode == http.StatusNoContent {
		_, err := io.Copy(io.Discard, res.Body)
		return err
	}
	if err := json.NewDecoder(res.Body).Decode(out); err != nil {
		return fmt.Errorf("read the answer to %s %s: %w", res.Request.Method, res.Request.URL.Path, err)
	}
	return nil
}

// problemOf reads an error answer; one that is no problem of ours comes from
// something between us and the platform.
func problemOf(res *http.Response) error {
	kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	p := &Problem{}
	if kind != "application/problem+json" || json.NewDecoder(io.LimitReader(res.Body, 1<<20)).Decode(p) != nil {
		return &Problem{
			Status: res.StatusCode, Title: http.StatusText(res.StatusCode), Code: "not_leat",
			Detail: fmt.Sprintf("%s answered %s, and not as a Leat platform does. Check the address.", res.Request.URL.Host, res.Status),
		}
	}
	return p
}

// keepCookie keeps the session that a sign-in answers with. A jar would not: it
// holds secure cookies back from localhost.
func (c *Client) keepCookie(res *http.Response) {
	for _, cookie := range res.Cookies() {
		if strings.HasSuffix(cookie.Name, "leat") && c.token == "" {
			c.cookie = cookie.Name + "=" + cookie.Value
			if cookie.MaxAge < 0 {
				c.cookie = ""
			}
		}
	}
}

// list, send and take are the three forms of most methods.
func list[T any](ctx context.Context, c *Client, path string, p Page, options ...RequestOption) (*List[T], error) {
	return take[List[T]](ctx, c, path, append(options, p.on)...)
}

func take[T any](ctx context.Context, c *Client, path string, options ...RequestOption) (*T, error) {
	return send[T](ctx, c, http.MethodGet, path, nil, options...)
}

func send[T any](ctx context.Context, c *Client, method, path string, in any, options ...RequestOption) (*T, error) {
	out := new(T)
	if err := c.do(ctx, method, path, in, out, options...); err != nil {
		return nil, err
	}
	return out, nil
}

// at makes a path of fixed and free parts: at("/teams/", team, "/members").
func at(parts ...string) string {
	for i := 1; i < len(parts); i += 2 {
		parts[i] = url.PathEscape(parts[i])
	}
	return strings.Join(parts, "")
}

// TrustCA makes the client trust the certificates of a private authority, given
// in PEM, beside those that the system trusts.
func (c *Client) TrustCA(pem []byte) error {
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return errors.New("the authority's certificate is not in PEM form")
	}
	transport, ok := c.http.Transport.(*http.Transport)
	if !ok {
		return errors.New("this client's connections are not its own")
	}
	transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	return nil
}
