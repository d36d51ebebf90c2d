package web

import (
	"context"

	"leat/internal/control"
)

// Once makes a create that is sent twice one create.
type Once struct {
	IdempotencyKey string `header:"Idempotency-Key" maxLength:"128" doc:"the same key again within 24 h gives what was created then"`
}

func (o Once) idem(ctx context.Context) control.Key {
	if o.IdempotencyKey == "" {
		return control.Key{}
	}
	c := callOf(ctx)
	return control.Key{Route: c.method + " " + c.path, Value: o.IdempotencyKey, Digest: c.bodyDigest()}
}
