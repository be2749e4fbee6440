package jobs_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"congvan/internal/calendar"
	"congvan/internal/fault"
	"congvan/internal/flow"
	"congvan/internal/jobs"
	"congvan/internal/org"
	"congvan/internal/register"
	"congvan/internal/store"
	"congvan/internal/store/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// queue is a store with its jobs.
type queue struct {
	t    *testing.T
	s    *store.Store
	j    *jobs.Jobs
	work map[flow.JobKind]func(context.Context, string) error
	log  *logs
}

// logs collects what is logged.
type logs struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// one worker of either sort, who takes a minute for what is away.
func one(o *jobs.Options) {
	o.MaxWorkers = 1
	o.Away = map[flow.JobKind]time.Duration{flow.JobDeliver: time.Minute}
}

// eachEngine runs a test on both databases.
func eachEngine(t *testing.T, run func(t *testing.T, q *queue), change ...func(*jobs.Options)) {
	for _, driver := range []string{store.SQLite, store.Postgres} {
		t.Run(driver, func(t *testing.T) {
			o := store.Options{Driver: driver, DSN: filepath.Join(t.TempDir(), "congvan.db"), Clock: time.Now}
			if driver == store.Postgres {
				o.DSN = pgtest.Start(t)
			}
			q := &queue{t: t, work: map[flow.JobKind]func(context.Context, string) error{}, log: &logs{}}
			o.Enqueuer = func(ctx context.Context, tx *sql.Tx, job flow.Job) error { return q.j.Enqueue(ctx, tx, job) }
			var err error
			if q.s, err = store.Open(t.Context(), o); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = q.s.Close() })
			jo := jobs.Options{
				Driver: driver, DB: q.s.DB(), Work: q.work, Clock: time.Now, Logger: slog.New(slog.NewTextHandler(q.log, nil)),
				PollInterval: 20 * time.Millisecond, Timeout: 10 * time.Second,
			}
			for _, fn := range change {
				fn(&jo)
			}
			q.j, err = jobs.New(jo)
			if err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if err := errors.Join(q.s.Migrate(t.Context()), q.j.Migrate(t.Context())); err != nil {
					t.Fatal(err)
				}
			}
			err = q.s.Administer(t.Context(), func(a store.Admin) error { return a.PutAgency(org.Agency{ID: "agc-a", Name: "Thử nghiệm"}) })
			if err != nil {
				t.Fatal(err)
			}
			run(t, q)
		})
	}
}

func (q *queue) start() {
	q.t.Helper()
	if err := q.j.Start(q.t.Context()); err != nil {
		q.t.Fatal(err)
	}
	q.t.Cleanup(q.stop)
}

func (q *queue) stop() {
	ctx, stop := context.WithTimeout(context.Background(), 10*time.Second)
	defer stop()
	if err := q.j.Stop(ctx); err != nil {
		q.t.Error(err)
	}
}

func (q *queue) enqueue(j flow.Job, end error) {
	q.t.Helper()
	err := q.s.Write(q.t.Context(), func(tx flow.Tx) error { return errors.Join(tx.Enqueue(j), end) })
	if !errors.Is(err, end) {
		q.t.Fatal(err)
	}
}

// state of the one job there is.
func (q *queue) state() (state string, attempt int) {
	q.t.Helper()
	if err := q.s.DB().QueryRowContext(q.t.Context(), "SELECT state, attempt FROM river_job").Scan(&state, &attempt); err != nil {
		q.t.Fatal(err)
	}
	return state, attempt
}

func (q *queue) eventually(what string, done func() bool) {
	q.t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if done() {
			return
		}
	}
	q.t.Fatalf("never: %s\n%s", what, q.log)
}

func (q *queue) becomes(want string) {
	q.t.Helper()
	q.eventually("state "+want, func() bool { s, _ := q.state(); return s == want })
}

var series = register.Series{AgencyID: "agc-a", Year: 2026, Key: "ALL"}

// take is business to be done once: the next number of a series.
func take(tx flow.Tx) error {
	b, err := tx.Book(series)
	if err != nil {
		return err
	}
	if _, b, err = b.Take(calendar.On(2026, 1, 2)); err != nil {
		return err
	}
	return tx.PutBook(b)
}

func (q *queue) taken() (n int) {
	q.t.Helper()
	if err := q.s.DB().QueryRowContext(q.t.Context(), "SELECT COALESCE(MAX(last_given), 0) FROM books").Scan(&n); err != nil {
		q.t.Fatal(err)
	}
	return n
}

func TestRolledBackJobNeverRuns(t *testing.T) {
	eachEngine(t, func(t *testing.T, q *queue) {
		var ran atomic.Value
		q.work[flow.JobDeliver] = func(_ context.Context, id string) error {
			if old := ran.Swap(id); old != nil {
				t.Errorf("ran %v and %v", old, id)
			}
			return nil
		}
		q.enqueue(flow.Job{Kind: flow.JobDeliver, ID: "gone"}, errRollback)
		q.enqueue(flow.Job{Kind: flow.JobDeliver, ID: "kept"}, nil)
		q.start()
		q.becomes("completed")
		if ran.Load() != "kept" {
			t.Errorf("ran %v", ran.Load())
		}
	})
}

var errRollback = errors.New("rolled back by the test")

// TestCompletedWithItsWork: the job ends in the transaction of its work; when that rolls
// back, the job stays and is tried again.
func TestCompletedWithItsWork(t *testing.T) {
	eachEngine(t, func(t *testing.T, q *queue) {
		var attempts atomic.Int32
		var inside atomic.Value
		q.work[flow.JobDeliver] = func(ctx context.Context, id string) error {
			n := attempts.Add(1)
			err := q.s.Write(ctx, func(tx flow.Tx) error {
				if err := errors.Join(take(tx), tx.FinishJob()); err != nil {
					return err
				}
				if n == 1 {
					return fault.New(fault.Unavailable, "axis_down").Wrap(errRollback)
				}
				return nil
			})
			state, _ := q.state()
			inside.Store(state)
			return err
		}
		q.enqueue(flow.Job{Kind: flow.JobDeliver, ID: "dlv-1"}, nil)
		q.start()
		q.eventually("completed while the act still runs", func() bool { return inside.Load() == "completed" })
		q.becomes("completed")
		if attempts.Load() != 2 || q.taken() != 1 {
			t.Errorf("%d attempts, %d numbers taken", attempts.Load(), q.taken())
		}
		if n := strings.Count(q.log.String(), "axis_down"); n != 1 {
			t.Errorf("the failure stands %d times in the log:\n%s", n, q.log)
		}
		if !strings.Contains(q.log.String(), "act=deliver id=dlv-1") {
			t.Errorf("the log does not tell what failed:\n%s", q.log)
		}
	})
}

// TestErrorAfterCompletion: what an act reports after its transaction has completed the
// job changes nothing any more.
func TestErrorAfterCompletion(t *testing.T) {
	eachEngine(t, func(t *testing.T, q *queue) {
		var attempts atomic.Int32
		q.work[flow.JobNotify] = func(ctx context.Context, id string) error {
			attempts.Add(1)
			err := q.s.Write(ctx, func(tx flow.Tx) error { return tx.FinishJob() })
			return errors.Join(err, fault.New(fault.Unavailable, "axis_down"))
		}
		q.enqueue(flow.Job{Kind: flow.JobNotify, ID: "ntc-1"}, nil)
		q.start()
		q.eventually("the failure is logged", func() bool { return strings.Contains(q.log.String(), "axis_down") })
		time.Sleep(1500 * time.Millisecond) // longer than the first retry would wait
		if state, attempt := q.state(); state != "completed" || attempt != 1 || attempts.Load() != 1 {
			t.Errorf("state %s, attempt %d, run %d times", state, attempt, attempts.Load())
		}
	})
}

// TestKilledBetween: a process that died while the job ran left it running for ever; it is
// found and run again, and its work is done once.
func TestKilledBetween(t *testing.T) {
	eachEngine(t, func(t *testing.T, q *queue) {
		q.work[flow.JobDeliver] = func(ctx context.Context, id string) error {
			return q.s.Write(ctx, func(tx flow.Tx) error { return errors.Join(take(tx), tx.FinishJob()) })
		}
		q.enqueue(flow.Job{Kind: flow.JobDeliver, ID: "dlv-1"}, nil)
		long := "'2020-01-01 00:00:00'"
		if q.s.Driver() == store.Postgres {
			long = "now() - interval '1 hour'"
		}
		_, err := q.s.DB().ExecContext(t.Context(), "UPDATE river_job SET state = 'running', attempt = 1, attempted_at = "+long)
		if err != nil {
			t.Fatal(err)
		}
		q.start()
		q.becomes("completed")
		if _, attempt := q.state(); attempt != 2 || q.taken() != 1 {
			t.Errorf("attempt %d, %d numbers taken", attempt, q.taken())
		}
	})
}

func TestHopelessJobIsGivenUp(t *testing.T) {
	eachEngine(t, func(t *testing.T, q *queue) {
		q.work[flow.JobVerify] = func(context.Context, string) error {
			return fmt.Errorf("verify: %w", fault.New(fault.NotFound, "not_found"))
		}
		q.enqueue(flow.Job{Kind: flow.JobVerify, ID: "out-1"}, nil)
		q.start()
		q.becomes("cancelled")
		if n := strings.Count(q.log.String(), "job given up"); n != 1 {
			t.Errorf("logged %d times:\n%s", n, q.log)
		}
	})
}

func TestUnknownActIsGivenUp(t *testing.T) {
	eachEngine(t, func(t *testing.T, q *queue) {
		q.enqueue(flow.Job{Kind: "of a later build", ID: "x"}, nil)
		q.start()
		q.becomes("cancelled")
	})
}

func TestPanicIsRetried(t *testing.T) {
	eachEngine(t, func(t *testing.T, q *queue) {
		var attempts atomic.Int32
		q.work[flow.JobVerify] = func(context.Context, string) error {
			if attempts.Add(1) == 1 {
				panic("defect")
			}
			return nil
		}
		q.enqueue(flow.Job{Kind: flow.JobVerify, ID: "out-1"}, nil)
		q.start()
		q.becomes("completed")
		if n := strings.Count(q.log.String(), "job panicked"); n != 1 {
			t.Errorf("logged %d times:\n%s", n, q.log)
		}
	})
}

func TestRunAt(t *testing.T) {
	eachEngine(t, func(t *testing.T, q *queue) {
		q.work[flow.JobNotify] = func(context.Context, string) error { return nil }
		q.enqueue(flow.Job{Kind: flow.JobNotify, ID: "later", RunAt: time.Now().Add(time.Hour)}, nil)
		q.start()
		time.Sleep(300 * time.Millisecond)
		if state, _ := q.state(); state != "scheduled" {
			t.Errorf("state %s", state)
		}
	})
}

// TestManyJobs: jobs that write while others are queued neither block nor get lost.
func TestManyJobs(t *testing.T) {
	eachEngine(t, func(t *testing.T, q *queue) {
		q.work[flow.JobDeliver] = func(ctx context.Context, id string) error {
			return q.s.Write(ctx, func(tx flow.Tx) error { return errors.Join(take(tx), tx.FinishJob()) })
		}
		q.start()
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 15 {
					q.enqueue(flow.Job{Kind: flow.JobDeliver, ID: "x"}, nil)
				}
			})
		}
		wg.Wait()
		q.eventually("60 numbers", func() bool { return q.taken() == 60 })
	})
}

func TestDelay(t *testing.T) {
	want := []float64{1, 2, 5, 10, 30, 60, 300, 300}
	seen := map[time.Duration]bool{}
	for id := int64(1); id <= 200; id++ {
		for i, w := range want {
			d := jobs.Delay(id, i+1)
			if s := d.Seconds(); s < w*0.8-0.001 || s > w*1.2+0.001 {
				t.Errorf("attempt %d waits %v, want about %v s", i+1, d, w)
			}
			if d != jobs.Delay(id, i+1) {
				t.Error("not the same twice")
			}
		}
		seen[jobs.Delay(id, 7)] = true
	}
	if len(seen) < 50 {
		t.Errorf("only %d different delays of 200 jobs", len(seen))
	}
	if jobs.Delay(1, 0) <= 0 || jobs.Delay(1, -5) <= 0 || jobs.Delay(1, 1<<40) > 6*time.Minute {
		t.Error("attempts out of range")
	}
}

func TestNewRefuses(t *testing.T) {
	for _, o := range []jobs.Options{{}, {Driver: "oracle"}} {
		if _, err := jobs.New(o); err == nil {
			t.Errorf("%+v accepted", o)
		}
	}
}
