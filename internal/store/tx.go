package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/flow"
)

// The ports that the store fills.
var _ flow.Store = (*Store)(nil)

// attempts of a transaction that lost against another one.
const attempts = 6

// tx is a transaction of either kind: flow.ReadTx, and flow.Tx when it writes.
type tx struct {
	ctx    context.Context
	s      *Store
	sql    *sql.Tx
	stmts  *statements
	writes bool
	ended  func() error // why to stop between two statements; nil without a reason
	undo   []func()     // restores what Put changed in the caller's values

	// What a writing transaction has read of a document, so that its Put need not read it
	// again; its row is locked, so nobody else changes it.
	seenFiles     map[string][]document.File
	seenApprovals map[string][]document.Approval
}

var _ flow.Tx = (*tx)(nil)

// Read gives fn a consistent snapshot.
func (s *Store) Read(ctx context.Context, fn func(flow.ReadTx) error) error {
	return s.reading(ctx, func(t *tx) error { return fn(t) })
}

func (s *Store) reading(ctx context.Context, fn func(*tx) error) error {
	s.readStmts.prepare(ctx)
	q, err := s.read.BeginTx(ctx, s.dialect.snapshot())
	if err != nil {
		return s.fault(err)
	}
	defer func() { _ = q.Rollback() }()
	return fn(&tx{ctx: ctx, s: s, sql: q, stmts: s.readStmts, ended: ctx.Err})
}

// Write runs fn in a transaction that is committed when fn gives nil. A transaction that
// lost against another is run again a few times; the Row of what fn put is then as before.
func (s *Store) Write(ctx context.Context, fn func(flow.Tx) error) error {
	return s.writing(ctx, func(t *tx) error { return fn(t) })
}

func (s *Store) writing(ctx context.Context, fn func(*tx) error) error {
	for n := 1; ; n++ {
		err := s.once(ctx, fn)
		if err == nil || n == attempts || !s.again(err) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(time.Duration(n*n) * 2 * time.Millisecond):
		}
	}
}

// again tells whether the transaction may succeed when run anew: it lost a race, or it
// found that another one has just entered the same message, which the new run will see.
func (s *Store) again(err error) bool {
	return s.dialect.judge(err).again || fault.Is(err, "already_received") || errors.Is(err, errTogether)
}

// newTx is a transaction that writes.
func (s *Store) newTx(ctx context.Context, q *sql.Tx) *tx {
	return &tx{
		ctx: ctx, s: s, sql: q, stmts: s.writeStmts, writes: true, ended: ctx.Err,
		seenFiles: map[string][]document.File{}, seenApprovals: map[string][]document.Approval{},
	}
}

// restore gives the caller's values back what they were before Put.
func (t *tx) restore() {
	for _, undo := range slices.Backward(t.undo) {
		undo()
	}
	t.undo = nil
}

func (s *Store) once(ctx context.Context, fn func(*tx) error) error {
	if s.group != nil {
		return s.group.run(ctx, fn)
	}
	q, err := s.write.BeginTx(ctx, s.dialect.change())
	if err != nil {
		return s.fault(err)
	}
	t := s.newTx(ctx, q)
	done := false
	defer func() {
		if !done {
			_ = q.Rollback()
			t.restore()
		}
	}()
	if err := fn(t); err != nil {
		return err
	}
	if err := q.Commit(); err != nil {
		return s.fault(err)
	}
	done = true
	return nil
}

// fault gives a database error its kind.
func (s *Store) fault(err error) error {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	v := s.dialect.judge(err)
	switch {
	case v.duplicate:
		return fault.New(fault.Conflict, duplicateCode(v.constraint)).Wrap(err)
	case v.away:
		return fault.New(fault.Unavailable, "database_unavailable").Wrap(err)
	}
	return fmt.Errorf("store: %w", err)
}

// duplicateCode is the catalogue code of a unique constraint.
func duplicateCode(constraint string) string {
	switch constraint {
	case "outgoing_number":
		return "number_taken"
	case "incoming_arrival":
		return "arrival_number_taken"
	case "incoming_content":
		return "already_received"
	case "accounts_username_key_key":
		return "username_taken"
	}
	return "already_exists"
}

// lock ends a SELECT of an aggregate: inside a writing transaction it is locked, so that
// all take their locks in one order: aggregate, series book, journal head.
func (t *tx) lock() string {
	if t.writes {
		return t.s.dialect.forUpdate()
	}
	return ""
}
