package mail

import (
	"fmt"
	"time"
)

// Instance is what letters tell of an instance.
type Instance struct {
	ID                      string
	Name, Application, Team string
	// Link is the instance's page, Zone its time zone.
	Link string
	Zone string `json:",omitempty"`
}

func (i *Instance) facts(at time.Time, more ...string) []Fact {
	return facts(append([]string{"Instance", name(i.Name), "Application", name(i.Application), "Team", name(i.Team), "When", moment(at, i.Zone)}, more...)...)
}

func (i *Instance) open(where, label string) *Action {
	return &Action{label, i.Link + where}
}

const whyAlert = "You get this letter because of your role in the team. Owners choose under the instance's settings, Alerts, what is told to whom, and whether by mail."

// Incident is what all letters about trouble tell.
type Incident struct {
	Instance Instance
	At       time.Time
	Reason   string
	// Count is how often it happened since the last letter.
	Count int
	// Lines are the last of its log.
	Lines []string `json:",omitempty"`
}

// About gives the incident that a letter tells of, to whoever has more to tell.
func (c *Incident) About() *Incident { return c }

// again tells what no letter told in between.
func (c *Incident) again() []string {
	if c.Count < 2 {
		return nil
	}
	return []string{fmt.Sprintf("It happened %d times since the last letter about it. One letter in 30 minutes is sent at most.", c.Count)}
}

func (c *Incident) write(subject string, paragraphs ...string) Letter {
	if c.Reason != "" {
		paragraphs = append(paragraphs, name(c.Reason))
	}
	l := Letter{
		Subject: subject, Paragraphs: append(paragraphs, c.again()...), Facts: c.Instance.facts(c.At),
		Action: c.Instance.open("/logs", "Look at the log"), Lines: c.Lines, Why: whyAlert,
	}
	if len(l.Lines) > 0 {
		l.LinesTitle = "The last lines of its log"
	}
	return l
}

// Crash tells that a Node-RED ended by itself.
type Crash struct{ Incident }

// Kind names the type.
func (*Crash) Kind() string { return "crash" }

func (c *Crash) letter(Platform) Letter {
	what := times(max(c.Count, 1), "ended by itself", "ended by itself # times")
	return c.write(fmt.Sprintf("%s crashed", oneLine(c.Instance.Name, 64)),
		fmt.Sprintf("Node-RED of %s %s. It is started again, each time after a longer pause.", name(c.Instance.Name), what))
}

// SafeMode tells that flows are not started any more.
type SafeMode struct{ Incident }

// Kind names the type.
func (*SafeMode) Kind() string { return "safe-mode" }

func (c *SafeMode) letter(Platform) Letter {
	l := c.write(fmt.Sprintf("%s is in safe mode: its flows do not run", oneLine(c.Instance.Name, 64)),
		fmt.Sprintf("%s crashed again and again, so its flows are not started any more. The editor opens: correct the flow and deploy, and it runs again.", name(c.Instance.Name)))
	l.Action = c.Instance.open("/editor", "Open the editor")
	return l
}

// Hang tells that an event loop stood still, or that nothing is heard of an
// instance.
type Hang struct {
	Incident
	// Silent says that nothing was heard of its runner.
	Silent bool `json:",omitempty"`
}

// Kind names the type.
func (*Hang) Kind() string { return "hang" }

func (c *Hang) letter(Platform) Letter {
	if c.Silent {
		return c.write(fmt.Sprintf("Nothing is heard of %s", oneLine(c.Instance.Name, 64)),
			fmt.Sprintf("The platform has not heard of %s for two minutes. Its flows may be running all the same.", name(c.Instance.Name)))
	}
	return c.write(fmt.Sprintf("%s did not answer and was restarted", oneLine(c.Instance.Name, 64)),
		fmt.Sprintf("A flow kept %s busy without a pause, so that nothing else could run.", name(c.Instance.Name)))
}

// Load is what letters about too much CPU or memory tell.
type Load struct {
	Incident
	// Percent of the limit was used over five minutes.
	Percent int
	// Limit is for people, such as "256 MiB" or "50 % of a core".
	Limit string
}

func (c *Load) write(what, advice string) Letter {
	l := c.Incident.write(fmt.Sprintf("%s uses %d %% of its %s", oneLine(c.Instance.Name, 64), c.Percent, what),
		fmt.Sprintf("Over the last five minutes %s used %d %% of its %s on average. %s", name(c.Instance.Name), c.Percent, what, advice))
	l.Facts = append(l.Facts, facts("Limit", c.Limit)...)
	l.Action = c.Instance.open("", "Look at the graphs")
	return l
}

// HighCPU tells of much CPU.
type HighCPU struct{ Load }

// Kind names the type.
func (*HighCPU) Kind() string { return "cpu" }

func (c *HighCPU) letter(Platform) Letter {
	return c.write("CPU", "At its limit it becomes slow: messages wait, and dashboards answer late. Look for a flow that has more to do than before, or give the instance a larger type.")
}

// HighMemory tells of much memory.
type HighMemory struct{ Load }

// Kind names the type.
func (*HighMemory) Kind() string { return "memory" }

func (c *HighMemory) letter(Platform) Letter {
	return c.write("memory", "At its limit it is ended and started again. Look for a flow that keeps more and more, or give the instance a larger type.")
}

// Recovered tells that trouble is over.
type Recovered struct {
	Instance Instance
	At       time.Time
	// What was wrong, such as "It crashed 3 times", and when that began.
	What  string
	Since time.Time
}

// Kind names the type.
func (*Recovered) Kind() string { return "recovered" }

func (c *Recovered) letter(Platform) Letter {
	return Letter{
		Subject:    fmt.Sprintf("%s is well again", oneLine(c.Instance.Name, 64)),
		Paragraphs: []string{fmt.Sprintf("%s has been well for five minutes. %s.", name(c.Instance.Name), name(c.What))},
		Facts:      append(c.Instance.facts(c.At), facts("Trouble began", moment(c.Since, c.Instance.Zone))...),
		Action:     c.Instance.open("", "Open the instance"), Why: whyAlert,
	}
}
