package cli

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"leat/api"
)

// login is how somebody signs in.
type login struct {
	ca        string
	noBrowser bool
	readOnly  bool
	wait      time.Duration
}

func (w World) loginCommand() *cobra.Command {
	l := &login{}
	cmd := w.verb(verb{
		use: "login [URL]", short: "Sign in to a platform", open: true,
		long: "Sign in to a platform: a browser opens, and whoever is signed in there lets this program in.\n" +
			"Compare the code that both show. The sign-in is kept in your configuration directory as a context and\n" +
			"ends after 90 days, with \"leat logout\", or when you revoke its token in your account.\n\n" +
			"Scripts need no sign-in: they set LEAT_URL and LEAT_TOKEN, or LEAT_TOKEN_FILE.",
		example: "  leat login https://leat.example.com\n  leat login https://leat.plant.example --ca plant-ca.pem --context plant",
		flags: func(f *pflag.FlagSet) {
			f.StringVar(&l.ca, "ca", "", "the certificate of a private authority that the platform's is of, in PEM")
			f.BoolVar(&l.noBrowser, "no-browser", false, "only print the address")
			f.BoolVar(&l.readOnly, "read-only", false, "sign in to read, and change nothing")
		},
		run: l.run,
	})
	return cmd
}

func (l *login) run(ctx context.Context, c *call, args []string) error {
	at, err := l.place(c, args)
	if err != nil {
		return err
	}
	if c.client, err = c.connect(at); err != nil {
		return err
	}
	old := at.TokenID
	c.client.SetToken("")
	token, err := l.ask(ctx, c)
	if err != nil {
		return err
	}
	before := at.Token
	at.Token, at.TokenID, at.Username, at.ExpiresAt = token.Token, token.ID, token.Username, token.ExpiresAt
	c.client.SetToken(token.Token)
	c.at = at
	if at.Team != "" {
		if _, err := c.client.Team(ctx, at.Team); err != nil {
			at.Team = ""
		}
	}
	if err := l.chooseTeam(ctx, c); err != nil {
		return err
	}
	if err := errors.Join(c.shelf.store(at), c.shelf.use(at.Name)); err != nil {
		return err
	}
	if before != "" && old != "" {
		// The token that this one replaces belongs to the same machine; where it cannot
		// be ended any more it has ended.
		_ = c.client.RevokeToken(ctx, old)
	}
	c.out.said("You are signed in to %s as %s.", at.URL, at.Username)
	if at.Team != "" {
		c.out.said("Team: %s", at.Team)
	}
	return nil
}

// place is the context to sign in to: one there is, or a new one.
func (l *login) place(c *call, args []string) (*saved, error) {
	at := &saved{}
	switch {
	case len(args) == 0:
		known, err := c.place()
		if err != nil {
			return nil, err
		}
		if known.Name == "" {
			return nil, usageError{errors.New("LEAT_URL and LEAT_TOKEN say who you are; to sign in, name the platform: leat login URL")}
		}
		at = known
	default:
		address := strings.TrimSuffix(args[0], "/")
		if !strings.Contains(address, "://") {
			address = "https://" + address
		}
		client, err := api.NewClient(address)
		if err != nil {
			return nil, usageError{err}
		}
		name := c.flags.context
		if name == "" {
			name = contextOf(client.Base().Host)
		}
		if known, err := c.shelf.load(name); err == nil {
			if known.URL != address {
				return nil, fmt.Errorf("the context %q is for %s. Give another name with --context, or delete it with \"leat context delete %s\"", name, known.URL, name)
			}
			at = known
		}
		at.Name, at.URL = name, address
	}
	if l.ca != "" {
		raw, err := os.ReadFile(l.ca)
		if err != nil {
			return nil, err
		}
		at.CA = string(raw)
	}
	_, err := c.shelf.path(at.Name)
	return at, err
}

// ask asks the platform to be let in, and waits until somebody decides.
func (l *login) ask(ctx context.Context, c *call) (*api.SignInToken, error) {
	verifier := rand.Text() + rand.Text()
	sum := sha256.Sum256([]byte(verifier))
	in := api.NewSignInRequest{
		Program: "leat " + c.Version, Machine: machineName(), System: runtime.GOOS + "/" + runtime.GOARCH,
		Challenge: base64.RawURLEncoding.EncodeToString(sum[:]),
	}
	if l.readOnly {
		in.Scope = "read"
	}
	request, err := c.client.RequestSignIn(ctx, in)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(c.Stderr, "Open this address in a browser, and let this program in if it shows the same code:\n\n  %s\n\n  Code: %s\n\n", clean(request.URL), clean(request.Code))
	if !l.noBrowser {
		c.openBrowser(ctx, request.URL)
	}
	bar := newProgress(c.Stderr)
	bar.show("Waiting for you to decide in the browser", 0, 0)
	defer bar.end()
	tick := time.NewTicker(time.Duration(max(request.Interval, 1)) * time.Second)
	defer tick.Stop()
	for {
		token, err := c.client.TakeSignInToken(ctx, request.ID, verifier)
		switch {
		case api.Is(err, "sign_in_request_not_found"):
			return nil, errors.New("nobody decided within ten minutes. Run \"leat login\" again")
		case api.Is(err, "sign_in_denied"):
			return nil, errors.New("the request was denied in the browser. Nothing was signed in")
		case err != nil:
			return nil, err
		case !token.Waiting:
			return token, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-tick.C:
		}
	}
}

// chooseTeam makes the only team the context's.
func (l *login) chooseTeam(ctx context.Context, c *call) error {
	if c.flags.team != "" {
		t, err := c.findTeam(ctx, c.flags.team)
		if err != nil {
			return err
		}
		c.at.Team = t.Slug
		return nil
	}
	if c.at.Team != "" {
		return nil
	}
	teams, err := c.client.Teams(ctx, api.Page{Limit: 2})
	if err != nil {
		return err
	}
	switch len(teams.Items) {
	case 0:
	case 1:
		c.at.Team = teams.Items[0].Slug
	default:
		c.out.note("You are in several teams. Choose one with \"leat team use TEAM\"; \"leat team list\" shows them.")
	}
	return nil
}

// machineName is what the token is named after.
func machineName() string {
	name, err := os.Hostname()
	if err != nil || name == "" {
		return "a machine without a name"
	}
	return cut(clean(name), 60)
}

func (w World) logoutCommand() *cobra.Command {
	return w.verb(verb{
		use: "logout", short: "Sign out of a platform, and end the token of this machine",
		run: func(ctx context.Context, c *call, _ []string) error {
			if c.at.Name == "" {
				return usageError{errors.New("the token comes from LEAT_TOKEN; revoke it with \"leat token delete\"")}
			}
			var err error
			if c.at.Token != "" && c.at.TokenID != "" {
				err = c.client.RevokeToken(ctx, c.at.TokenID)
			}
			if api.StatusOf(err) == 401 || api.StatusOf(err) == 404 {
				err = nil // it has ended already
			}
			url := c.at.URL
			if err == nil {
				if err := c.shelf.remove(c.at.Name); err != nil {
					return err
				}
				c.out.said("You are signed out of %s.", url)
				return nil
			}
			return fmt.Errorf("%w\nThe token is still in force. Try again, or revoke it in your account and run \"leat context delete %s\"", err, c.at.Name)
		},
	})
}
