package store

import (
	"time"

	"leat/internal/fleet"
	"leat/internal/store/query"
)

// InsertSignInRequest adds a request.
func (tx *Tx) InsertSignInRequest(r *fleet.SignInRequest) error {
	return noun(tx.q.InsertSignInRequest(tx.ctx, query.InsertSignInRequestParams{
		ID: r.ID, Code: r.Code, Challenge: r.Challenge, Program: r.Program, Machine: r.Machine, System: r.System, Scope: r.Scope,
		Addr: r.Addr, Network: r.Network, State: r.State, UserID: r.User, CreatedAt: micros(r.CreatedAt), ExpiresAt: micros(r.ExpiresAt),
	}), "sign-in-request", "insert")
}

// SignInRequest finds a request.
func (tx *Tx) SignInRequest(id fleet.SignInRequestID) (*fleet.SignInRequest, error) {
	r, err := tx.q.SignInRequest(tx.ctx, id)
	return &fleet.SignInRequest{
		ID: r.ID, Code: r.Code, Challenge: r.Challenge, Program: r.Program, Machine: r.Machine, System: r.System, Scope: r.Scope,
		Addr: r.Addr, Network: r.Network, State: r.State, User: r.UserID, CreatedAt: fromMicros(r.CreatedAt), ExpiresAt: fromMicros(r.ExpiresAt),
	}, noun(err, "sign-in-request", "read")
}

// CountSignInRequests counts the requests that have not expired at now: all, and
// those of a network.
func (tx *Tx) CountSignInRequests(network string, now time.Time) (all, near int64, err error) {
	if all, err = tx.q.CountSignInRequests(tx.ctx, micros(now)); err == nil {
		near, err = tx.q.CountSignInRequestsFrom(tx.ctx, network, micros(now))
	}
	return all, near, noun(err, "sign-in-request", "count")
}

// DecideSignInRequest notes who approved or denied a request that waits.
func (tx *Tx) DecideSignInRequest(id fleet.SignInRequestID, state fleet.SignInState, by fleet.UserID) error {
	n, err := tx.q.DecideSignInRequest(tx.ctx, query.DecideSignInRequestParams{ID: id, State: state, UserID: by})
	return one(n, err, "sign-in-request", "update")
}

// DeleteSignInRequest removes a request.
func (tx *Tx) DeleteSignInRequest(id fleet.SignInRequestID) error {
	n, err := tx.q.DeleteSignInRequest(tx.ctx, id)
	return one(n, err, "sign-in-request", "delete")
}

// DeleteExpiredSignInRequests removes up to most requests that have expired.
func (tx *Tx) DeleteExpiredSignInRequests(now time.Time, most int) (int64, error) {
	n, err := tx.q.DeleteExpiredSignInRequests(tx.ctx, micros(now), int32(most))
	return n, noun(err, "sign-in-request", "delete")
}
