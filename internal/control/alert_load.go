package control

import (
	"context"
	"errors"

	"leat/internal/fleet"
	"leat/internal/store"
)

// watchLoads judges what the samples of the last minutes say. It looks at all
// instances at once, and writes only where something is to be told.
func (c *Alerts) watchLoads(ctx context.Context) error {
	readings := c.samples.newest()
	var news []fleet.InstanceID
	err := c.DB.View(ctx, func(tx *store.Tx) error {
		news = nil
		s := &step{Tx: tx, c: c.core, now: c.Now()}
		for id, all := range readings {
			if _, turns, err := s.judge(id, all); err != nil {
				return err
			} else if len(turns) > 0 {
				news = append(news, id)
			}
		}
		return nil
	})
	for _, id := range news {
		err = errors.Join(err, c.chore(ctx, "alerts", func(s *step) error { return s.tellLoads(id, readings[id]) }))
	}
	return err
}

// turn is that a load became too much, or is no more.
type turn struct {
	alert    *fleet.Alert
	incident incident // of one that became too much
}

// judge tells what turned, of an instance that is to run.
func (s *step) judge(id fleet.InstanceID, all []sample) (i *store.Instance, turns []turn, err error) {
	i, err = s.InstanceAlone(id)
	if fleet.IsKind(err, fleet.NotFound) {
		return nil, nil, nil
	}
	if err != nil || i.Want() != fleet.WantRunning {
		return nil, nil, err
	}
	memory, cpu, err := s.loadLimits(&i.Instance)
	if err != nil {
		return nil, nil, err
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
		a, err := s.Alert(id, load.kind)
		if err != nil {
			return nil, nil, err
		}
		if (verdict == fleet.Overloaded) != a.Firing {
			what := incident{kind: load.kind, times: 1, Percent: int(average + 0.5), Limit: limitText(load.kind, load.limit)}
			turns = append(turns, turn{a, what})
		}
	}
	return i, turns, nil
}

func (s *step) tellLoads(id fleet.InstanceID, all []sample) error {
	i, turns, err := s.judge(id, all)
	for _, t := range turns {
		if err != nil {
			break
		}
		if t.alert.Firing {
			err = s.recovered(i, t.alert)
		} else {
			err = s.trouble(i, t.incident)
		}
	}
	return err
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
