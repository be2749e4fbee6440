package store

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"sync"

	"congvan/internal/fault"
)

// maxTogether acts share a commit.
const maxTogether = 16

// errTogether says that an act's changes were lost with those of another one; it has to be
// run again.
var errTogether = errors.New("the transactions committed together were lost")

// group lets acts that want to write to SQLite at the same time share one transaction and
// so one wait for the disk. They still follow one another, each behind a savepoint of its
// own, and each returns only when all are safe: what one sees, all or none of it stays.
//
// The right to write passes from act to act. The last one that nobody waits behind commits.
type group struct {
	s     *Store
	mu    sync.Mutex
	taken bool
	queue []chan *batch // who waits, in order; each is given the batch to join, or none
}

// batch is one transaction with the acts that have succeeded in it. Only who holds the
// right to write touches it; err is written before done is closed.
type batch struct {
	sql  *sql.Tx
	size int
	done chan struct{}
	err  error
}

func (b *batch) end(err error) {
	b.err = err
	close(b.done)
}

// run is once for SQLite. fn runs on the goroutine of its caller.
func (g *group) run(ctx context.Context, fn func(*tx) error) error {
	b, err := g.acquire(ctx)
	if err != nil {
		return err
	}
	// A statement that is interrupted takes the transaction of all with it: statements are
	// short, and the end of ctx is looked at between them.
	b, err = g.enter(context.WithoutCancel(ctx), b)
	if err != nil {
		g.release(b)
		return err
	}
	t := g.s.newTx(context.WithoutCancel(ctx), b.sql)
	t.ended = ctx.Err
	if err := g.act(b, t, fn); err != nil {
		return err
	}
	<-b.done
	if b.err != nil {
		t.restore()
	}
	return b.err
}

// act runs fn in the batch and passes the right to write on, whatever fn does.
func (g *group) act(b *batch, t *tx, fn func(*tx) error) (err error) {
	kept := false
	defer func() {
		if !kept {
			t.restore()
			b = g.leave(b)
		}
		g.release(b)
	}()
	if err = fn(t); err == nil {
		err = g.keep(b)
	}
	kept = err == nil
	return err
}

// acquire waits for the right to write and gives the batch to join; none means a new one.
func (g *group) acquire(ctx context.Context) (*batch, error) {
	g.mu.Lock()
	if !g.taken {
		g.taken = true
		g.mu.Unlock()
		return nil, nil
	}
	turn := make(chan *batch, 1)
	g.queue = append(g.queue, turn)
	g.mu.Unlock()
	select {
	case b := <-turn:
		return b, nil
	case <-ctx.Done():
	}
	g.mu.Lock()
	i := slices.Index(g.queue, turn)
	if i >= 0 {
		g.queue = slices.Delete(g.queue, i, i+1)
	}
	g.mu.Unlock()
	if i < 0 { // its turn came meanwhile
		g.release(<-turn)
	}
	return nil, ctx.Err()
}

// release passes the right to write on, with the batch if one may still join it; else the
// batch is committed first.
func (g *group) release(b *batch) {
	g.mu.Lock()
	if b != nil && (len(g.queue) == 0 || b.size >= maxTogether) {
		g.mu.Unlock()
		b.end(g.s.fault(b.sql.Commit()))
		b = nil
		g.mu.Lock()
	}
	defer g.mu.Unlock()
	if len(g.queue) == 0 {
		g.taken = false
		return
	}
	g.queue[0] <- b
	g.queue = g.queue[1:]
}

// enter begins a batch, or an act within one that holds acts already.
func (g *group) enter(ctx context.Context, b *batch) (*batch, error) {
	if b == nil {
		g.s.writeStmts.prepare(ctx)
		q, err := g.s.write.BeginTx(ctx, g.s.dialect.change())
		if err != nil {
			return nil, g.s.fault(err)
		}
		return &batch{sql: q, done: make(chan struct{})}, nil
	}
	if err := g.exec(b, "SAVEPOINT act"); err != nil {
		g.lose(b)
		return nil, together(err)
	}
	return b, nil
}

// keep makes an act part of its batch.
func (g *group) keep(b *batch) error {
	if b.size > 0 {
		if err := g.exec(b, "RELEASE act"); err != nil {
			return together(err)
		}
	}
	b.size++
	return nil
}

// leave takes an act's changes back and gives the batch without them, none if it is empty.
func (g *group) leave(b *batch) *batch {
	if b.size == 0 {
		_ = b.sql.Rollback()
		return nil
	}
	if err := errors.Join(g.exec(b, "ROLLBACK TO act"), g.exec(b, "RELEASE act")); err != nil {
		g.lose(b) // the database has given up the whole transaction: disk full, for one
		return nil
	}
	return b
}

func (g *group) exec(b *batch, query string) error {
	_, err := g.s.newTx(context.Background(), b.sql).exec(query)
	return err
}

// lose ends a batch that is broken; its acts run again.
func (g *group) lose(b *batch) {
	_ = b.sql.Rollback()
	b.end(together(nil))
}

func together(cause error) error {
	return fault.New(fault.Unavailable, "database_unavailable").Wrap(errors.Join(errTogether, cause))
}
