package control

import (
	"context"
	"errors"

	"leat/internal/fleet"
	"leat/internal/store"
)

// watchLoads judges what the samples of the last minutes say.
func (c *Alerts) watchLoads(ctx context.Context) error {
	readings := c.samples.newest()
	var faults []error
	for id, all := range readings {
		err := c.chore(ctx, "alerts", func(s *step) error {
			i, err := s.InstanceAlone(id)
			if fleet.IsKind(err, fleet.NotFound) {
				return nil
			}
			if err != nil {
				return err
			}
			return s.judge(i, all)
		})
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}

func (s *step) judge(i *store.Instance, all []sample) error {
	memory, cpu, err := s.loadLimits(&i.Instance)
	if err != nil {
		return err
	}
	for _, load := range []struct {
		kind  fleet.AlertKind
		which int
		limit int
	}{{fleet.AlertMemory, memoryMiB, memory}, {fleet.AlertCPU, cpuPercent, cpu}} {
		if load.limit <= 0 || !i.Alerts.On(load.kind) {
			continue
		}
		verdict, average := fleet.JudgeLoad(readingsOf(all, load.which, load.limit))
		if verdict == fleet.Unsettled {
			continue
		}
		a, err := s.Alert(i.ID, load.kind)
		if err != nil {
			return err
		}
		switch {
		case verdict == fleet.Overloaded && !a.Firing:
			err = s.trouble(i, incident{kind: load.kind, times: 1, Percent: int(average + 0.5), Limit: limitText(load.kind, load.limit)})
		case verdict == fleet.Relieved && a.Firing:
			err = s.recovered(i, a)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func readingsOf(all []sample, which, limit int) []fleet.Reading {
	out := make([]fleet.Reading, len(all))
	for n, x := range all {
		out[n] = fleet.Reading{Time: x.at, Percent: 100 * x.mean[which] / float64(limit)}
	}
	return out
}

// loadLimits are what an instance may use.
func (s *step) loadLimits(i *fleet.Instance) (memoryMiB, cpuPercent int, err error) {
	if i.Given.MemoryMiB > 0 {
		return i.Given.MemoryMiB, i.Given.CPUPercent, nil
	}
	t, err := s.InstanceType(i.Type)
	if fleet.IsKind(err, fleet.NotFound) {
		return 0, 0, nil
	}
	return t.MemoryMiB, t.CPUPercent, err
}
