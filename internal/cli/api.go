package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"leat/api"
)

// request is what the flags of api say.
type request struct {
	data     string
	headers  []string
	paginate bool
	include  bool
}

func (w World) apiCommand() *cobra.Command {
	r := &request{}
	return w.verb(verb{
		use: "api METHOD PATH", short: "Send any request to the platform's API", run: r.run,
		long: "Send any request to the platform's API, as whoever is signed in, and print the answer. PATH is below /api/v1; {team} in it\n" +
			"stands for the team that you work in. The platform describes its API at /api/docs.",
		example: "  leat api GET /teams\n  leat api GET '/teams/{team}/instances?q=pump' --paginate\n  leat api PATCH /instances/i-… -d '{\"timeZone\": \"UTC\"}'\n  leat api POST /teams -d @team.json",
		flags: func(f *pflag.FlagSet) {
			f.StringVarP(&r.data, "data", "d", "", "the body: JSON, @FILE, or @- for the standard input")
			f.StringArrayVarP(&r.headers, "header", "H", nil, "a header, as Name: value; may be given again")
			f.BoolVar(&r.paginate, "paginate", false, "read a list to its end")
			f.BoolVarP(&r.include, "include", "i", false, "print the status and the headers too")
		},
	})
}

func (r *request) run(ctx context.Context, c *call, args []string) error {
	method, path := strings.ToUpper(args[0]), args[1]
	path = strings.TrimPrefix("/"+strings.TrimPrefix(path, "/"), "/api/v1")
	if strings.Contains(path, "{team}") {
		team, err := c.team(ctx)
		if err != nil {
			return err
		}
		path = strings.ReplaceAll(path, "{team}", team)
	}
	body, err := r.body(c)
	if err != nil {
		return err
	}
	if r.paginate {
		return r.pages(ctx, c, method, path)
	}
	res, err := r.send(ctx, c, method, path, body)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if r.include {
		fmt.Fprintf(c.Stdout, "%s %s\n", res.Proto, res.Status)
		if err := res.Header.Write(c.Stdout); err != nil {
			return err
		}
		fmt.Fprintln(c.Stdout)
	}
	return r.answer(c, res)
}

// body is the request's: what is given, or a file's content.
func (r *request) body(c *call) ([]byte, error) {
	if file, ok := strings.CutPrefix(r.data, "@"); ok {
		return c.readFile(file)
	}
	return []byte(r.data), nil
}

func (r *request) send(ctx context.Context, c *call, method, path string, body []byte) (*http.Response, error) {
	var reader io.Reader
	if len(body) > 0 {
		reader = bytes.NewReader(body)
	}
	req, err := c.client.NewRequest(ctx, method, path, reader)
	if err != nil {
		return nil, usageError{err}
	}
	if reader != nil {
		req.Header.Set("Content-Type", "application/json")
		if method == http.MethodPatch {
			req.Header.Set("Content-Type", "application/merge-patch+json")
		}
	}
	for _, line := range r.headers {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil, usageError{fmt.Errorf("%q is no header: write it as Name: value", line)}
		}
		req.Header.Set(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	return c.client.HTTP().Do(req)
}

// answer prints what the API answered: JSON made readable on a terminal, and as
// it came elsewhere. A problem is printed too, and fails the command.
func (r *request) answer(c *call, res *http.Response) error {
	if res.StatusCode >= http.StatusMultipleChoices {
		raw, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
		if err != nil {
			return err
		}
		if len(raw) > 0 && json.Valid(raw) {
			fmt.Fprintf(c.Stdout, "%s\n", bytes.TrimSpace(raw))
		}
		p := &api.Problem{}
		if json.Unmarshal(raw, p) == nil && p.Code != "" {
			return p
		}
		return fmt.Errorf("%s answered %s", res.Request.URL.Host, res.Status)
	}
	if c.out.format == "yaml" || c.out.terminal && strings.Contains(res.Header.Get("Content-Type"), "json") {
		raw, err := io.ReadAll(res.Body)
		if err != nil || len(raw) == 0 {
			return err
		}
		return c.out.encode(json.RawMessage(raw))
	}
	_, err := io.Copy(c.Stdout, res.Body)
	return err
}

// pages reads a list to its end and prints all its items as one.
func (r *request) pages(ctx context.Context, c *call, method, path string) error {
	if method != http.MethodGet {
		return usageError{errors.New("only lists have pages, and lists are read with GET")}
	}
	at, err := url.Parse(path)
	if err != nil {
		return usageError{err}
	}
	items := []json.RawMessage{}
	for {
		res, err := r.send(ctx, c, method, at.String(), nil)
		if err != nil {
			return err
		}
		var page api.List[json.RawMessage]
		err = r.page(c, res, &page)
		if err != nil {
			return err
		}
		items = append(items, page.Items...)
		if page.Next == nil {
			return c.out.encode(items)
		}
		q := at.Query()
		q.Set("cursor", *page.Next)
		at.RawQuery = q.Encode()
	}
}

func (r *request) page(c *call, res *http.Response, page *api.List[json.RawMessage]) error {
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return r.answer(c, res)
	}
	if err := json.NewDecoder(res.Body).Decode(page); err != nil || page.Items == nil {
		return errors.New("the answer is no list; leave --paginate out")
	}
	return nil
}
