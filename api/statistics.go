package api

import (
	"context"
	"time"
)

// Statistics are counts of what is on the platform, some seconds old at most.
type Statistics struct {
	At           time.Time       `json:"at"`
	Users        UserCounts      `json:"users"`
	Teams        TeamCounts      `json:"teams"`
	Applications int             `json:"applications"`
	Instances    InstanceCounts  `json:"instances"`
	Sessions     int             `json:"sessions" doc:"kept; some may have ended a moment ago"`
	Deploys      []DeploysOfADay `json:"deploys" doc:"the last 30 days, oldest first; days in UTC"`
	Database     DatabaseSize    `json:"database"`
	Queues       []Queue         `json:"queues"`
}

// UserCounts counts users.
type UserCounts struct {
	Total     int `json:"total"`
	Admins    int `json:"admins"`
	Suspended int `json:"suspended"`
	Recent    int `json:"recent" doc:"who signed in within the last 30 days"`
	Never     int `json:"never" doc:"who never signed in"`
}

// TeamCounts counts teams.
type TeamCounts struct {
	Total     int     `json:"total"`
	Suspended int     `json:"suspended"`
	ByType    []Count `json:"byType"`
}

// InstanceCounts counts instances.
type InstanceCounts struct {
	Total   int     `json:"total"`
	ByState []Count `json:"byState"`
	ByType  []Count `json:"byType"`
	ByStack []Count `json:"byStack"`
}

// Count is how many there are of one kind.
type Count struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Count int    `json:"count"`
}

// DeploysOfADay counts a day's deploys.
type DeploysOfADay struct {
	Day   string `json:"day" doc:"YYYY-MM-DD in UTC"`
	Count int    `json:"count"`
}

// DatabaseSize is how much room the database takes.
type DatabaseSize struct {
	Engine string `json:"engine" enum:"sqlite,postgres"`
	Bytes  int64  `json:"bytes"`
}

// Queue is work that waits.
type Queue struct {
	Name    string `json:"name" doc:"audit-events, invitations …"`
	Waiting int    `json:"waiting"`
}

// Statistics are the platform's counts, for administrators.
func (c *Client) Statistics(ctx context.Context) (*Statistics, error) {
	return take[Statistics](ctx, c, "/statistics")
}
