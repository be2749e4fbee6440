package jobs_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"congvan/internal/document"
	"congvan/internal/flow"
	"congvan/internal/store"
)

// TestUrgentFirst: what waits is worked off by urgency, then by age.
func TestUrgentFirst(t *testing.T) {
	eachEngine(t, func(t *testing.T, q *queue) {
		var mu sync.Mutex
		var order []string
		q.work[flow.JobNotify] = func(ctx context.Context, id string) error {
			mu.Lock()
			order = append(order, id)
			mu.Unlock()
			return q.s.Write(ctx, func(tx flow.Tx) error { return tx.FinishJob() })
		}
		for id, u := range []document.Urgency{document.Normal, document.Urgent, document.Express, document.VeryUrgent, document.Express} {
			q.enqueue(flow.Job{Kind: flow.JobNotify, ID: string(rune('a' + id)), Urgency: u}, nil)
		}
		q.start() // with one worker
		q.eventually("all done", func() bool { mu.Lock(); defer mu.Unlock(); return len(order) == 5 })
		if want := []string{"c", "e", "d", "b", "a"}; !slices.Equal(order, want) {
			t.Errorf("worked off as %v, want %v", order, want)
		}
	}, one)
}

// TestAwayDelaysNobody: as many jobs as there are workers hang on somebody else's server,
// and what is done in this house goes on.
func TestAwayDelaysNobody(t *testing.T) {
	eachEngine(t, func(t *testing.T, q *queue) {
		hang := make(chan struct{})
		q.work[flow.JobDeliver] = func(ctx context.Context, _ string) error {
			<-hang
			return q.s.Write(ctx, func(tx flow.Tx) error { return tx.FinishJob() })
		}
		done := make(chan struct{})
		q.work[flow.JobValidate] = func(ctx context.Context, _ string) error {
			close(done)
			return q.s.Write(ctx, func(tx flow.Tx) error { return tx.FinishJob() })
		}
		for range 3 {
			q.enqueue(flow.Job{Kind: flow.JobDeliver, ID: "dlv"}, nil)
		}
		q.enqueue(flow.Job{Kind: flow.JobValidate, ID: "inc"}, nil)
		q.start()
		select {
		case <-done:
		case <-time.After(20 * time.Second):
			t.Error("what is done here waits behind what is done elsewhere")
		}
		close(hang)
	}, one)
}

// TestTimeoutOfKind: an attempt ends at the time-out of its kind, not at that of another.
func TestTimeoutOfKind(t *testing.T) {
	eachEngine(t, func(t *testing.T, q *queue) {
		left := make(chan time.Duration, 2)
		act := func(ctx context.Context, _ string) error {
			end, _ := ctx.Deadline()
			left <- time.Until(end)
			return q.s.Write(ctx, func(tx flow.Tx) error { return tx.FinishJob() })
		}
		q.work[flow.JobDeliver], q.work[flow.JobValidate] = act, act
		q.start()
		q.enqueue(flow.Job{Kind: flow.JobValidate, ID: "inc"}, nil)
		if d := <-left; d > 10*time.Second {
			t.Errorf("here: %s", d)
		}
		q.enqueue(flow.Job{Kind: flow.JobDeliver, ID: "dlv"}, nil)
		if d := <-left; d < 50*time.Second || d > time.Minute {
			t.Errorf("away: %s", d)
		}
	}, one)
}

// TestJobsOfTheDead: on PostgreSQL the jobs of a process that was killed are free as soon
// as another one looks, and those of one that lives are left to it.
func TestJobsOfTheDead(t *testing.T) {
	eachEngine(t, func(t *testing.T, q *queue) {
		if q.s.Driver() != store.Postgres {
			return
		}
		var mu sync.Mutex
		var ran []string
		q.work[flow.JobDeliver] = func(ctx context.Context, id string) error {
			mu.Lock()
			ran = append(ran, id)
			mu.Unlock()
			return q.s.Write(ctx, func(tx flow.Tx) error { return errors.Join(take(tx), tx.FinishJob()) })
		}
		for _, id := range []string{"dead", "living"} {
			q.enqueue(flow.Job{Kind: flow.JobDeliver, ID: id}, nil)
			_, err := q.s.DB().ExecContext(t.Context(),
				"UPDATE river_job SET state = 'running', attempt = 1, attempted_at = now(), attempted_by = ARRAY[$1] WHERE state = 'available'", id)
			if err != nil {
				t.Fatal(err)
			}
		}
		other, err := q.s.DB().Conn(t.Context()) // the session of the one that lives
		if err != nil {
			t.Fatal(err)
		}
		if _, err := other.ExecContext(t.Context(), "SELECT pg_advisory_lock(1667199591, hashtext('living'))"); err != nil {
			t.Fatal(err)
		}
		q.start()
		q.eventually("the dead one's job", func() bool { return q.taken() == 1 })
		mu.Lock()
		first := slices.Clone(ran)
		mu.Unlock()
		if !slices.Equal(first, []string{"dead"}) {
			t.Errorf("ran %v", first)
		}
		if _, err := other.ExecContext(t.Context(), "SELECT pg_advisory_unlock_all()"); err != nil { // now it dies too
			t.Fatal(err)
		}
		if err := other.Close(); err != nil {
			t.Fatal(err)
		}
		q.eventually("the other one's job", func() bool { return q.taken() == 2 })
	})
}
