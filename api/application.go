package api

import "time"

// Application groups what belongs together.
type Application struct {
	ID          string    `json:"id"`
	Team        string    `json:"team"`
	Name        string    `json:"name"`
	Description string    `json:"description"`
	Version     int64     `json:"version"`
	CreatedAt   time.Time `json:"createdAt"`
	// Instances counts its instances, Running those whose flows run.
	Instances int `json:"instances"`
	Running   int `json:"running"`
	Trouble   int `json:"trouble" doc:"instances that need somebody"`
}

// NewApplication creates an application.
type NewApplication struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
}

// EditApplication changes an application.
type EditApplication struct {
	Name        Opt[string] `json:"name,omitzero"`
	Description Opt[string] `json:"description,omitzero"`
}
