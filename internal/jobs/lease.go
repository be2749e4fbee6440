package jobs

import (
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"sync"
	"time"
)

// lease shows other processes on the same PostgreSQL that this one lives: a lock of its
// session, which ends with the process however that dies. Every process looks now and then
// for jobs that run under an identity without a lock and frees them.
type lease struct {
	db   *sql.DB
	id   string
	log  *slog.Logger
	conn *sql.Conn
	stop context.CancelFunc
	done sync.WaitGroup
}

// leaseInterval is how often a process looks for the jobs of dead ones.
const leaseInterval = 5 * time.Second

// A session's lock is named by two numbers: "congvan jobs" and the hash of the identity.
const (
	lockLease  = "SELECT pg_advisory_lock(1667199591, hashtext($1))"
	tryLease   = "SELECT pg_try_advisory_lock(1667199591, hashtext($1))"
	dropLease  = "SELECT pg_advisory_unlock(1667199591, hashtext($1))"
	whoRuns    = "SELECT DISTINCT attempted_by[array_upper(attempted_by, 1)] FROM river_job WHERE state = 'running' AND cardinality(attempted_by) > 0"
	freeJobsOf = "UPDATE river_job SET state = 'available' WHERE state = 'running' AND attempted_by[array_upper(attempted_by, 1)] = $1"
)

// takeLease takes the lock and frees at once what dead processes left.
func takeLease(ctx context.Context, db *sql.DB, id string, log *slog.Logger) (*lease, error) {
	l := &lease{db: db, id: id, log: log}
	if err := l.round(ctx); err != nil {
		return nil, errors.Join(err, l.close())
	}
	beside, stop := context.WithCancel(context.WithoutCancel(ctx))
	l.stop = stop
	l.done.Go(func() { l.keep(beside) })
	return l, nil
}

// keep repeats the round until the lease ends.
func (l *lease) keep(ctx context.Context) {
	t := time.NewTicker(leaseInterval)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		if err := l.round(ctx); err != nil && ctx.Err() == nil {
			l.log.Warn("lease of the job queue", "error", err)
		}
	}
}

// round makes sure of the lock, whose session may have been cut, and looks at the others.
func (l *lease) round(ctx context.Context) error {
	if l.conn != nil && l.conn.PingContext(ctx) != nil {
		_ = l.close()
	}
	if l.conn == nil {
		conn, err := l.db.Conn(ctx)
		if err != nil {
			return err
		}
		l.conn = conn
		if _, err := conn.ExecContext(ctx, lockLease, l.id); err != nil {
			return errors.Join(err, l.close())
		}
	}
	ids, err := l.others(ctx)
	if err != nil {
		return err
	}
	for _, id := range ids {
		if err := l.free(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

// others are the identities under which jobs run, without our own.
func (l *lease) others(ctx context.Context) (ids []string, err error) {
	rows, err := l.conn.QueryContext(ctx, whoRuns)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		if id != l.id {
			ids = append(ids, id)
		}
	}
	return ids, rows.Err()
}

// free frees the jobs of a process if it is dead.
func (l *lease) free(ctx context.Context, id string) (err error) {
	var dead bool
	if err := l.conn.QueryRowContext(ctx, tryLease, id).Scan(&dead); err != nil || !dead {
		return err
	}
	defer func() {
		_, derr := l.conn.ExecContext(ctx, dropLease, id)
		err = errors.Join(err, derr)
	}()
	res, err := l.conn.ExecContext(ctx, freeJobsOf, id)
	if err != nil {
		return err
	}
	n, err := res.RowsAffected()
	if n > 0 {
		l.log.Warn("jobs of a process that died are free again", "process", id, "jobs", n)
	}
	return err
}

// close gives the session back; a pooled connection must not keep the lock.
func (l *lease) close() error {
	if l.conn == nil {
		return nil
	}
	_, err := l.conn.ExecContext(context.Background(), "SELECT pg_advisory_unlock_all()")
	if errors.Is(err, sql.ErrConnDone) {
		err = nil
	}
	err = errors.Join(err, l.conn.Close())
	l.conn = nil
	return err
}

// end gives the lease up, after the last job has ended.
func (l *lease) end() error {
	if l == nil {
		return nil
	}
	l.stop()
	l.done.Wait()
	return l.close()
}
