// Package jobs works off what a transaction has decided: River on the store's own database.
// A job is inserted in the transaction that wants it and completed in the one that does its
// work, so that neither is lost or done twice on paper. In between it may run twice: after
// a crash, or when it was slow and another process took it for dead. Every act that a job
// calls is idempotent.
package jobs

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"

	"congvan/internal/document"
	"congvan/internal/flow"
	"congvan/internal/store"
)

// Options say on which database and what the jobs do.
type Options struct {
	Driver string  // store.SQLite or store.Postgres
	DB     *sql.DB // the store's pool that writes

	// Work is the act of each kind, called with the job's ID.
	Work map[flow.JobKind]func(ctx context.Context, id string) error
	// Away are the kinds that wait for somebody else's server, with the time-out of an
	// attempt (0: Timeout). They have workers of their own, so that what is done in this
	// house never waits behind them.
	Away map[flow.JobKind]time.Duration

	Clock        func() time.Time
	Logger       *slog.Logger
	PollInterval time.Duration // 0 means 200 ms
	MaxWorkers   int           // jobs at a time, of either sort; 0 means 8
	Timeout      time.Duration // of one attempt; 0 means 2 min
}

const (
	defaultPoll    = 200 * time.Millisecond
	defaultWorkers = 8
	defaultTimeout = 2 * time.Minute
	rescueMargin   = 30 * time.Second      // beyond the time-out a running job counts as dead
	cooldown       = 10 * time.Millisecond // between two fetches of jobs
	maxAttempts    = 60
	keepDone       = 24 * time.Hour
	awayQueue      = "away"
)

// Jobs is the queue. Enqueue may be called before Start, and without it. It is safe for
// concurrent use.
type Jobs struct {
	o      Options
	driver riverdriver.Driver[*sql.Tx]
	insert *river.Client[*sql.Tx]
	work   *river.Client[*sql.Tx]
	lease  *lease // PostgreSQL only
}

// New makes the queue; nothing runs until Start.
func New(o Options) (*Jobs, error) {
	if o.Clock == nil || o.Logger == nil || o.DB == nil {
		return nil, errors.New("jobs: a database, a clock and a logger are needed")
	}
	setDefault(&o.PollInterval, defaultPoll)
	setDefault(&o.MaxWorkers, defaultWorkers)
	setDefault(&o.Timeout, defaultTimeout)
	j := &Jobs{o: o}
	switch o.Driver {
	case store.SQLite:
		j.driver = riversqlite.New(o.DB)
	case store.Postgres:
		j.driver = riverdatabasesql.New(o.DB)
	default:
		return nil, fmt.Errorf("jobs: unknown driver %q", o.Driver)
	}
	var err error
	if j.insert, err = river.NewClient(j.driver, &river.Config{Logger: quiet(o.Logger), MaxAttempts: maxAttempts, PollOnly: true}); err != nil {
		return nil, fmt.Errorf("jobs: %w", err)
	}
	return j, nil
}

func setDefault[T comparable](v *T, def T) {
	var zero T
	if *v == zero {
		*v = def
	}
}

// Migrate brings River's tables to this build's version.
func (j *Jobs) Migrate(ctx context.Context) error {
	m, err := rivermigrate.New(j.driver, &rivermigrate.Config{Logger: quiet(j.o.Logger)})
	if err != nil {
		return fmt.Errorf("jobs: migrate: %w", err)
	}
	if _, err := m.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return fmt.Errorf("jobs: migrate: %w", err)
	}
	return nil
}

// task is what a job's row holds.
type task struct {
	Act flow.JobKind `json:"act"`
	ID  string       `json:"id"`
}

// Kind names the one River kind; the acts are told apart by Act.
func (task) Kind() string { return "act" }

// Enqueue adds a job within the transaction: the store's Enqueuer.
func (j *Jobs) Enqueue(ctx context.Context, tx *sql.Tx, job flow.Job) error {
	o := &river.InsertOpts{ScheduledAt: job.RunAt, Priority: priority(job.Urgency), Queue: river.QueueDefault}
	if _, away := j.o.Away[job.Kind]; away {
		o.Queue = awayQueue
	}
	_, err := j.insert.InsertTx(ctx, tx, task{Act: job.Kind, ID: job.ID}, o)
	if err != nil {
		return fmt.Errorf("jobs: enqueue %s %s: %w", job.Kind, job.ID, err)
	}
	return nil
}

// priority of a job: 1, that of express documents (hỏa tốc), is worked off first, 4 last.
func priority(u document.Urgency) int { return 4 - int(min(max(u, document.Normal), document.Express)) }

// timeout of one attempt at a job.
func (j *Jobs) timeout(kind flow.JobKind) time.Duration {
	return cmp.Or(j.o.Away[kind], j.o.Timeout)
}

// Start begins to work until Stop; the end of ctx does not stop what runs.
func (j *Jobs) Start(ctx context.Context) error {
	workers := river.NewWorkers()
	if err := river.AddWorkerSafely(workers, &worker{jobs: j}); err != nil {
		return fmt.Errorf("jobs: %w", err)
	}
	client, err := river.NewClient(j.driver, &river.Config{
		CompletedJobRetentionPeriod: keepDone,
		ErrorHandler:                reporter{j.o.Logger},
		FetchCooldown:               cooldown,
		FetchPollInterval:           j.o.PollInterval,
		JobTimeout:                  j.o.Timeout,
		Logger:                      quiet(j.o.Logger),
		MaxAttempts:                 maxAttempts,
		PollOnly:                    true,
		Queues:                      map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: j.o.MaxWorkers}, awayQueue: {MaxWorkers: j.o.MaxWorkers}},
		RescueStuckJobsAfter:        j.o.Timeout + rescueMargin,
		RetryPolicy:                 retry{j.o.Clock},
		Workers:                     workers,
	})
	if err != nil {
		return fmt.Errorf("jobs: %w", err)
	}
	if err := j.reclaim(ctx, client.ID()); err != nil {
		return err
	}
	if err := client.Start(context.WithoutCancel(ctx)); err != nil {
		return errors.Join(fmt.Errorf("jobs: start: %w", err), j.lease.end())
	}
	j.work = client
	return nil
}

// reclaim frees the jobs that a killed process left running, so that they need not wait
// until they count as dead. On SQLite this process is the only one; on PostgreSQL the lease
// tells which are gone.
func (j *Jobs) reclaim(ctx context.Context, id string) (err error) {
	if j.o.Driver == store.SQLite {
		_, err = j.o.DB.ExecContext(ctx, "UPDATE river_job SET state = 'available' WHERE state = 'running'")
	} else {
		j.lease, err = takeLease(ctx, j.o.DB, id, j.o.Logger)
	}
	if err != nil {
		return fmt.Errorf("jobs: reclaim: %w", err)
	}
	return nil
}

// Stop lets running jobs end; when ctx ends before they do, they are cancelled and run
// again after the next start.
func (j *Jobs) Stop(ctx context.Context) (err error) {
	if j.work == nil {
		return nil
	}
	defer func() { err = errors.Join(err, j.lease.end()) }()
	if err := j.work.Stop(ctx); err == nil {
		return nil
	}
	hard, stop := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer stop()
	if err := j.work.StopAndCancel(hard); err != nil {
		return fmt.Errorf("jobs: stop: %w", err)
	}
	return nil
}

// worker does one job: unmarshal, one act, complete.
type worker struct {
	river.WorkerDefaults[task]
	jobs *Jobs
}

// Timeout is when River counts the job as dead; Work ends its attempt before.
func (w *worker) Timeout(job *river.Job[task]) time.Duration {
	return w.jobs.timeout(job.Args.Act) + rescueMargin
}

// Work calls the act with the way to complete the job in the act's own transaction.
func (w *worker) Work(ctx context.Context, job *river.Job[task]) error {
	act, ok := w.jobs.o.Work[job.Args.Act]
	if !ok {
		return river.JobCancel(fmt.Errorf("jobs: no act for %q", job.Args.Act))
	}
	ctx, stop := context.WithTimeout(ctx, w.jobs.timeout(job.Args.Act))
	defer stop()
	ctx = store.WithJob(ctx, func(ctx context.Context, tx *sql.Tx) error { return w.jobs.complete(ctx, tx, job) })
	return act(ctx, job.Args.ID)
}

// complete ends the job in the transaction that decides its work. A job that another
// process has meanwhile taken for dead and finished is complete already.
func (j *Jobs) complete(ctx context.Context, tx *sql.Tx, job *river.Job[task]) error {
	var err error
	if j.o.Driver == store.SQLite {
		_, err = river.JobCompleteTx[*riversqlite.Driver](ctx, tx, job)
	} else {
		_, err = river.JobCompleteTx[*riverdatabasesql.Driver](ctx, tx, job)
	}
	if errors.Is(err, rivertype.ErrNotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("jobs: complete %s %s: %w", job.Args.Act, job.Args.ID, err)
	}
	return nil
}
