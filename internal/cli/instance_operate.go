package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"leat/api"
)

// operation is one of the four things an instance can be told.
type operation struct {
	verb, done, short string
	// ends are the states in which it is done.
	ends []string
	do   func(*api.Client, context.Context, string) (*api.Instance, error)
}

var (
	starting   = operation{"start", "runs", "Start instances", []string{"running"}, (*api.Client).StartInstance}
	stopping   = operation{"stop", "is stopped", "Stop instances", []string{"stopped"}, (*api.Client).StopInstance}
	restarting = operation{"restart", "runs again", "Stop instances and start them again", []string{"running"}, (*api.Client).RestartInstance}
	suspending = operation{"suspend", "is suspended", "Stop instances and give back what they take", []string{"suspended"}, (*api.Client).SuspendInstance}
)

// waiting is whether and how long a command waits for what it began.
type waiting struct {
	wait    bool
	timeout time.Duration
}

func (n *waiting) flags(f *pflag.FlagSet) {
	f.BoolVar(&n.wait, "wait", false, "wait until it is done, and fail if it is not")
	f.DurationVar(&n.timeout, "timeout", 5*time.Minute, "how long to wait")
}

func (w World) operateCommand(o operation) *cobra.Command {
	n := &waiting{}
	return w.verb(verb{use: o.verb + " INSTANCE…", short: o.short, flags: n.flags,
		example: "  leat instance " + o.verb + " pump-1 --wait",
		run: func(ctx context.Context, c *call, args []string) error {
			var found []*api.Instance // all names are right before anything is done
			for _, name := range args {
				i, err := c.instance(ctx, name)
				if err != nil {
					return err
				}
				found = append(found, i)
			}
			var done []api.Instance
			for _, before := range found {
				i, err := o.do(c.client, ctx, before.ID)
				if err != nil {
					return fmt.Errorf("%s %s: %w", o.verb, before.Name, err)
				}
				if i, err = n.until(ctx, c, i, o, before.StartedAt); err != nil {
					return err
				}
				done = append(done, *i)
				switch {
				case n.wait:
					c.out.said("%s %s.", i.Name, o.done)
				default:
					c.out.said("%s is %s.", i.Name, i.State)
				}
			}
			if c.out.quiet || c.out.format != "table" {
				return list(c.out, done, instanceID, instanceColumns)
			}
			return nil
		}})
}

// lookEvery is how often a command that waits looks.
const lookEvery = 500 * time.Millisecond

// until waits until an instance is what an operation is to make of it; before
// is when it was last started. Without --wait it returns at once.
func (n *waiting) until(ctx context.Context, c *call, i *api.Instance, o operation, before *time.Time) (*api.Instance, error) {
	if !n.wait {
		return i, nil
	}
	ctx, cancel := context.WithTimeout(ctx, n.timeout)
	defer cancel()
	bar := newProgress(c.Stderr)
	defer bar.end()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		if p := i.Progress; p != nil {
			bar.show(clean(i.Name+": "+p.Step), p.Done, p.Total)
		} else {
			bar.show(clean(i.Name+": "+i.State), 0, 0)
		}
		done, err := o.reached(i, before)
		if done || err != nil {
			return i, err
		}
		select {
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return nil, fmt.Errorf("%s is still %s after %s. It goes on; see \"leat instance logs %s\"", i.Name, i.State, n.timeout, i.Label)
			}
			return nil, ctx.Err()
		case <-tick.C:
		}
		fresh, err := c.client.Instance(ctx, i.ID)
		if err != nil && ctx.Err() == nil {
			return nil, err
		}
		if err == nil {
			i = fresh
		}
	}
}

// reached reports whether an instance is where an operation leads, and fails
// where it will not get there.
func (o operation) reached(i *api.Instance, before *time.Time) (bool, error) {
	switch i.State {
	case "failed", "crash loop", "safe mode":
		if o.ends[0] == "running" && !(o.verb == "restart" && sameTime(i.StartedAt, before)) {
			reason := i.Reason
			if reason == "" {
				reason = "See \"leat instance logs " + i.Label + "\"."
			}
			return false, fmt.Errorf("%s does not run, it is in the state %q. %s", i.Name, i.State, reason)
		}
	case o.ends[0]:
		// A restart is done when what runs was started anew.
		return o.verb != "restart" || !sameTime(i.StartedAt, before), nil
	}
	return false, nil
}

func sameTime(a, b *time.Time) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Equal(*b)
}
