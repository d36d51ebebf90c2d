package host

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"leat/internal/driver"
	"leat/internal/fleet"
	"leat/internal/link"
	"leat/internal/wire"
)

// askIn bounds requests that are answered at once.
const askIn = 10 * time.Second

func controlTransport(d driver.Driver, id fleet.InstanceID) *http.Transport {
	return &http.Transport{
		DisableKeepAlives: true, DisableCompression: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return d.Control(ctx, id) },
	}
}

// ask makes a request of the launcher. The caller closes the body.
func (s *seat) ask(ctx context.Context, method, path string, body any) (*http.Response, error) {
	var text []byte
	if body != nil {
		var err error
		if text, err = wire.Marshal(body); err != nil {
			return nil, err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://launcher"+path, bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+s.host.secrets(s.id).Token)
	res, err := s.client.Do(req)
	if err != nil {
		return nil, err
	}
	if res.StatusCode >= http.StatusBadRequest {
		defer res.Body.Close()
		return nil, link.ReadProblem(res.StatusCode, io.LimitReader(res.Body, 64<<10), "The instance could not do this. Its log says more.")
	}
	return res, nil
}

func (s *seat) post(ctx context.Context, path string, body any) error {
	ctx, cancel := context.WithTimeout(ctx, askIn)
	defer cancel()
	res, err := s.ask(ctx, http.MethodPost, path, body)
	if err != nil {
		return err
	}
	return res.Body.Close()
}

// alive opens a stream that ends when the launcher does.
func (s *seat) alive(ctx context.Context) (io.ReadCloser, error) {
	res, err := s.ask(ctx, http.MethodGet, wire.AlivePath, nil)
	if err != nil {
		return nil, err
	}
	return res.Body, nil
}

// Logs gives up to limit lines of an instance's log after a number, oldest first.
func (h *Host) Logs(ctx context.Context, id fleet.InstanceID, after int64, limit int) ([]wire.LogLine, error) {
	ctx, cancel := context.WithTimeout(ctx, askIn)
	defer cancel()
	var lines []wire.LogLine
	q := url.Values{"after": {strconv.FormatInt(after, 10)}, "limit": {strconv.Itoa(limit)}}
	err := h.lines(ctx, id, q, func(l wire.LogLine) error {
		lines = append(lines, l)
		return nil
	})
	return lines, err
}

// LastLine is the number of the newest line of an instance's log: as the launcher
// says now, or as it said last where it does not answer.
func (h *Host) LastLine(ctx context.Context, id fleet.InstanceID) int64 {
	s := h.seat(id)
	if s == nil {
		return 0
	}
	ctx, cancel := context.WithTimeout(ctx, askIn)
	defer cancel()
	var now wire.Report
	res, err := s.ask(ctx, http.MethodGet, wire.StatusPath, nil)
	if err == nil {
		defer res.Body.Close()
		err = json.NewDecoder(res.Body).Decode(&now)
	}
	if err != nil {
		now, _ = s.lastReport()
	}
	return now.LogSeq
}

// Follow gives the lines after a number and then those that come, until the
// context ends, the launcher does, or take fails.
func (h *Host) Follow(ctx context.Context, id fleet.InstanceID, after int64, take func(wire.LogLine) error) error {
	return h.lines(ctx, id, url.Values{"after": {strconv.FormatInt(after, 10)}, "follow": {"1"}}, take)
}

func (h *Host) lines(ctx context.Context, id fleet.InstanceID, q url.Values, take func(wire.LogLine) error) error {
	s := h.seat(id)
	if s == nil {
		return errNoLauncher(nil)
	}
	res, err := s.ask(ctx, http.MethodGet, wire.LogsPath+"?"+q.Encode(), nil)
	if err != nil {
		return errNoLauncher(err)
	}
	defer res.Body.Close()
	in := json.NewDecoder(res.Body)
	for in.More() {
		var l wire.LogLine
		if err := in.Decode(&l); err != nil {
			return errNoLauncher(err)
		}
		if err := take(l); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// Samples gives an instance's measurements after a time, oldest first.
func (h *Host) Samples(ctx context.Context, id fleet.InstanceID, after time.Time) ([]wire.Sample, error) {
	s := h.seat(id)
	if s == nil {
		return nil, errNoLauncher(nil)
	}
	ctx, cancel := context.WithTimeout(ctx, askIn)
	defer cancel()
	res, err := s.ask(ctx, http.MethodGet, wire.SamplesPath+"?after="+url.QueryEscape(after.Format(time.RFC3339Nano)), nil)
	if err != nil {
		return nil, errNoLauncher(err)
	}
	defer res.Body.Close()
	var out []wire.Sample
	if err := json.NewDecoder(res.Body).Decode(&out); err != nil {
		return nil, errNoLauncher(err)
	}
	return out, nil
}

// Context gives a page of what an instance's flows remember.
func (h *Host) Context(ctx context.Context, id fleet.InstanceID, q wire.ContextQuery) (page wire.ContextPage, err error) {
	s := h.seat(id)
	if s == nil {
		return page, errNoLauncher(nil)
	}
	ctx, cancel := context.WithTimeout(ctx, askIn)
	defer cancel()
	in := url.Values{"scope": {q.Scope}, "prefix": {q.Prefix}, "after": {q.After}, "limit": {strconv.Itoa(q.Limit)}}
	res, err := s.ask(ctx, http.MethodGet, wire.ContextPath+"?"+in.Encode(), nil)
	if err != nil {
		return page, errNoLauncher(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(io.LimitReader(res.Body, wire.MaxContextPage)).Decode(&page); err != nil {
		return page, errNoLauncher(err)
	}
	return page, nil
}

// SetContext changes what a running instance's flows remember.
func (h *Host) SetContext(ctx context.Context, id fleet.InstanceID, c wire.ContextChange) error {
	s := h.seat(id)
	if s == nil {
		return errNoLauncher(nil)
	}
	if err := s.post(ctx, wire.ContextPath, c); err != nil {
		return errNoLauncher(err)
	}
	return nil
}
