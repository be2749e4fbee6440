package store

import (
	"context"
	"database/sql"
	"errors"

	"congvan/internal/flow"
)

type jobKey struct{}

// WithJob says that the work of ctx is a job: FinishJob calls complete with the transaction
// that decides it, so that the work and its end are one.
func WithJob(ctx context.Context, complete func(ctx context.Context, tx *sql.Tx) error) context.Context {
	return context.WithValue(ctx, jobKey{}, complete)
}

// FinishJob completes the job that ctx runs for; nothing without one.
func (t *tx) FinishJob() error {
	complete, ok := t.ctx.Value(jobKey{}).(func(context.Context, *sql.Tx) error)
	if !ok {
		return nil
	}
	return t.s.fault(complete(t.ctx, t.sql))
}

// Enqueue adds a job that exists if and only if the transaction commits.
func (t *tx) Enqueue(j flow.Job) error {
	if t.s.enqueue == nil {
		return errors.New("store: opened without an Enqueuer")
	}
	return t.s.fault(t.s.enqueue(t.ctx, t.sql, j))
}
