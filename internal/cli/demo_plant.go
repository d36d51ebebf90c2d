package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"leat/api"
	"leat/internal/blueprint"
)

// pollEvery is how often the demo looks how far things are.
const pollEvery = 100 * time.Millisecond

// plant makes what is missing of the demo plant, and waits until its dashboard
// is live. It ends early when the server does.
func (d *demo) plant(ctx context.Context, done chan error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case err := <-done:
			cancel(errors.Join(errors.New("the server stopped"), err))
			done <- err
		case <-ctx.Done():
		}
	}()
	err := d.build(ctx)
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

func (d *demo) build(ctx context.Context) error {
	if err := d.untilServing(ctx); err != nil {
		return err
	}
	if _, err := d.client.SignIn(ctx, "admin", demoPassword); err != nil {
		return fmt.Errorf("sign in to the demo (was its folder made by another version? delete it): %w", err)
	}
	d.bar.show("Preparing people and the plant", 0, 0)
	team, err := d.team(ctx)
	if err != nil {
		return err
	}
	if err := d.people(ctx, team); err != nil {
		return err
	}
	if err := d.untilStack(ctx); err != nil {
		return err
	}
	instance, err := d.instance(ctx, team)
	if err != nil {
		return err
	}
	return d.untilLive(ctx, instance)
}

func (d *demo) untilServing(ctx context.Context) error {
	return d.until(ctx, func() (bool, error) {
		_, err := d.client.Status(ctx)
		return err == nil, nil
	})
}

// until asks ok again and again until it says yes or fails.
func (d *demo) until(ctx context.Context, ok func() (bool, error)) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		if done, err := ok(); done || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func (d *demo) team(ctx context.Context) (*api.Team, error) {
	team, err := d.client.Team(ctx, "waterworks")
	if api.StatusOf(err) == http.StatusNotFound {
		team, err = d.client.CreateTeam(ctx, api.NewTeam{Name: "Waterworks", Slug: "waterworks"})
	}
	if err != nil {
		return nil, err
	}
	return team, d.dropEmptyTeam(ctx)
}

// dropEmptyTeam removes the team that the setup made for the administrator: in
// the demo it would be the first thing they see, and nothing is in it.
func (d *demo) dropEmptyTeam(ctx context.Context) error {
	list, err := d.client.Teams(ctx, api.Page{})
	if err != nil {
		return err
	}
	for _, t := range list.Items {
		if t.Name != "admin" {
			continue
		}
		if err := d.client.DeleteTeam(ctx, t.ID); err != nil && !api.Is(err, "team_not_empty") {
			return err
		}
	}
	return nil
}

// people makes the accounts and puts each into the team by an invitation of its
// own, as people come in.
func (d *demo) people(ctx context.Context, team *api.Team) error {
	for _, a := range demoAccounts {
		if a.Username == "admin" {
			continue
		}
		_, err := d.client.CreateUser(ctx, api.NewUser{
			Username: a.Username, Email: a.Username + "@example.com", Name: strings.ToUpper(a.Username[:1]) + a.Username[1:], Password: a.Password,
		})
		if api.StatusOf(err) == http.StatusConflict {
			continue // made by an earlier run
		}
		if err != nil {
			return err
		}
		if err := d.join(ctx, team, a); err != nil {
			return err
		}
	}
	return nil
}

func (d *demo) join(ctx context.Context, team *api.Team, a api.DemoAccount) error {
	invitation, err := d.client.Invite(ctx, team.ID, api.NewInvitation{Username: a.Username, Role: a.Role})
	if err != nil {
		return err
	}
	_, secret, _ := strings.Cut(invitation.Link, "#")
	person, err := api.NewClient(d.client.Base().String())
	if err != nil {
		return err
	}
	defer person.Close()
	if _, err := person.SignIn(ctx, a.Username, a.Password); err != nil {
		return err
	}
	if _, err = person.AcceptInvitation(ctx, api.AcceptInvitation{Secret: secret}); err != nil {
		return err
	}
	return person.SignOut(ctx)
}

// untilStack shows how far Node-RED is fetched; a failure is told, and the server
// tries again.
func (d *demo) untilStack(ctx context.Context) error {
	told := ""
	return d.until(ctx, func() (bool, error) {
		stacks, err := d.client.Stacks(ctx)
		if err != nil || len(stacks.Items) == 0 {
			return false, err
		}
		s := stacks.Items[0]
		switch {
		case s.Ready:
			return true, nil
		case s.Reason != "" && s.Reason != told:
			d.bar.end()
			fmt.Fprintf(d.out, "  %s\n", s.Reason)
			told = s.Reason
		case s.Progress != nil:
			d.bar.show("Fetching Node-RED: "+strings.ToLower(s.Progress.Step), s.Progress.Done, s.Progress.Total)
		}
		return false, nil
	})
}

const demoInstance = "Pump station"

// instance finds the pump station or makes it, and starts it where it is stopped.
func (d *demo) instance(ctx context.Context, team *api.Team) (*api.Instance, error) {
	list, err := d.client.TeamInstances(ctx, team.ID, api.Page{Limit: 500})
	if err != nil {
		return nil, err
	}
	for _, i := range list.Items {
		if i.Label == "pump-station" {
			return d.client.StartInstance(ctx, i.ID)
		}
	}
	application, err := d.application(ctx, team)
	if err != nil {
		return nil, err
	}
	return d.client.CreateInstance(ctx, application, api.NewInstance{Name: demoInstance, Label: "pump-station", Blueprint: blueprint.PumpStation})
}

func (d *demo) application(ctx context.Context, team *api.Team) (string, error) {
	list, err := d.client.Applications(ctx, team.ID, api.Page{})
	if err != nil {
		return "", err
	}
	if len(list.Items) > 0 {
		return list.Items[0].ID, nil
	}
	a, err := d.client.CreateApplication(ctx, team.ID, api.NewApplication{Name: "Riverside plant", Description: "Two pumps, one tank, and the town behind it"})
	if err != nil {
		return "", err
	}
	return a.ID, nil
}

// untilLive waits until the flows run and their dashboard answers.
func (d *demo) untilLive(ctx context.Context, instance *api.Instance) error {
	return d.until(ctx, func() (bool, error) {
		i, err := d.client.Instance(ctx, instance.ID)
		if err != nil {
			return false, err
		}
		switch {
		case i.State == "running" && i.DashboardURL != "":
			d.bar.end()
			d.dashboard = i.DashboardURL
			return true, nil
		case i.State == "failed":
			return false, fmt.Errorf("the pump station did not start: %s", i.Reason)
		case i.Progress != nil:
			d.bar.show("Starting the pump station: "+strings.ToLower(i.Progress.Step), i.Progress.Done, i.Progress.Total)
		default:
			d.bar.show("Starting the pump station", 0, 0)
		}
		return false, nil
	})
}
