package fleet

import "time"

// HTTPToken lets a machine use the HTTP endpoints of one instance's flows.
type HTTPToken struct {
	ID        HTTPTokenID
	Instance  InstanceID
	Name      string
	Hint      string // its last characters, to tell tokens apart
	CreatedBy string // username
	CreatedAt time.Time
	ExpiresAt time.Time // zero: never
	UsedAt    time.Time // zero: never; kept to the minute
}

// HTTPTokenPrefix begins every HTTP token, so that one is known for what it is.
const HTTPTokenPrefix = "leat_http_"
