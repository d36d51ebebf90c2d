package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strconv"
	"time"
)

// world is a server with a team and a token to ask with.
type world struct {
	*server
	token, team string
}

// newWorld starts a server on a fresh data directory.
func newWorld(ctx context.Context, o Options, name string) (*world, error) {
	s, _, err := startServer(ctx, o, filepath.Join(o.Dir, name))
	if err != nil {
		return nil, err
	}
	w := &world{server: s}
	return w, w.prepare(ctx)
}

// prepare signs in, makes a token and a team.
func (w *world) prepare(ctx context.Context) error {
	cookie, err := w.signIn(ctx)
	if err != nil {
		return err
	}
	var made struct {
		Token string `json:"token"`
	}
	if err := w.ask(ctx, "POST", "/user/tokens", map[string]any{"name": "bench"}, &made, "Cookie", cookie); err != nil {
		return err
	}
	w.token = made.Token
	var team struct {
		ID string `json:"id"`
	}
	err = w.call(ctx, "POST", "/teams", map[string]any{"name": "Bench"}, &team)
	w.team = team.ID
	return err
}

func (w *world) signIn(ctx context.Context) (string, error) {
	body, _ := json.Marshal(map[string]string{"username": adminName, "password": adminPassword})
	req, err := http.NewRequestWithContext(ctx, "POST", "http://"+w.addr+"/api/v1/session", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Origin", "http://"+w.addr)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	if res.StatusCode/100 != 2 || len(res.Cookies()) == 0 {
		b, _ := io.ReadAll(res.Body)
		return "", fmt.Errorf("sign in: %s %s", res.Status, b)
	}
	c := res.Cookies()[0]
	return c.Name + "=" + c.Value, nil
}

// call asks the API with the token.
func (w *world) call(ctx context.Context, method, path string, in, out any) error {
	return w.ask(ctx, method, path, in, out, "Authorization", "Bearer "+w.token)
}

func (w *world) ask(ctx context.Context, method, path string, in, out any, header, value string) error {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return err
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://"+w.addr+"/api/v1"+path, body)
	if err != nil {
		return err
	}
	req.Header.Set(header, value)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Origin", "http://"+w.addr)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: %s %s", method, path, res.Status, b)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(b, out)
}

// until asks again and again until ok, for at most limit.
func until(ctx context.Context, limit, every time.Duration, ok func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		done, err := ok()
		if err != nil || done {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not within %s", limit)
		case <-tick.C:
		}
	}
}

func (w *world) auth() string { return "Authorization: Bearer " + w.token + "\r\n" }

// application makes one and returns its id.
func (w *world) application(ctx context.Context, name string) (string, error) {
	var a struct {
		ID string `json:"id"`
	}
	err := w.call(ctx, "POST", "/teams/"+w.team+"/applications", map[string]any{"name": name}, &a)
	return a.ID, err
}

// instanceView is what the measures read of an instance.
type instanceView struct {
	ID, State, Label, URL string
}

func (w *world) instance(ctx context.Context, application, name, blueprint, access string) (instanceView, error) {
	var in instanceView
	err := w.call(ctx, "POST", "/applications/"+application+"/instances",
		map[string]any{"name": name, "blueprint": blueprint, "access": access}, &in)
	return in, err
}

func (w *world) untilRunning(ctx context.Context, id string) error {
	return until(ctx, time.Minute, 5*time.Millisecond, func() (bool, error) {
		var in instanceView
		if err := w.call(ctx, "GET", "/instances/"+id, nil, &in); err != nil {
			return false, err
		}
		if in.State == "failed" {
			return false, fmt.Errorf("instance failed")
		}
		return in.State == "running", nil
	})
}

func mib(kib int) string { return strconv.FormatFloat(float64(kib)/1024, 'f', 1, 64) }
