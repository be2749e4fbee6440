package storetest

import (
	"context"
	"database/sql"
	"errors"
	"sync"
	"testing"

	"congvan/internal/document"
	"congvan/internal/flow"
	"congvan/internal/store"
)

func (w *world) queued() (n int) {
	w.t.Helper()
	if err := w.s.DB().QueryRowContext(w.t.Context(), "SELECT COUNT(*) FROM queued_jobs").Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n
}

// testJobs: a job is queued, and completed, with the transaction or not at all.
func testJobs(t *testing.T, w *world) {
	job := flow.Job{Kind: flow.JobDeliver, ID: "dlv-1"}
	err := w.s.Write(t.Context(), func(tx flow.Tx) error { return errors.Join(tx.Enqueue(job), errRollback) })
	if !errors.Is(err, errRollback) || w.queued() != 0 {
		t.Errorf("a rolled back job stays: %v", err)
	}
	w.write(func(tx flow.Tx) error { return errors.Join(tx.Enqueue(job), tx.FinishJob()) }) // no job runs: nothing to finish
	w.same("queued", 1, w.queued())

	finish := store.WithJob(t.Context(), func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "DELETE FROM queued_jobs")
		return err
	})
	err = w.s.Write(finish, func(tx flow.Tx) error { return errors.Join(tx.FinishJob(), errRollback) })
	if !errors.Is(err, errRollback) {
		t.Error(err)
	}
	w.same("queued after the rollback", 1, w.queued())
	if err := w.s.Write(context.WithoutCancel(finish), func(tx flow.Tx) error { return tx.FinishJob() }); err != nil {
		t.Error(err)
	}
	w.same("queued after the commit", 0, w.queued())

	broken := store.WithJob(t.Context(), func(context.Context, *sql.Tx) error { return errRollback })
	d := w.outgoing()
	err = w.s.Write(broken, func(tx flow.Tx) error { return errors.Join(tx.PutOutgoing(&d), tx.FinishJob()) })
	if !errors.Is(err, errRollback) || d.Row != 0 {
		t.Errorf("a job that cannot be completed: %v, row %d", err, d.Row)
	}
}

// testSnapshot: a reading transaction sees one moment, whatever is written meanwhile.
func testSnapshot(t *testing.T, w *world) {
	d := w.outgoing()
	w.putOutgoing(&d)
	started, written := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		defer close(written)
		<-started
		changed := d
		changed.Subject = "mới"
		if err := w.s.Write(t.Context(), func(tx flow.Tx) error { return tx.PutOutgoing(&changed) }); err != nil {
			t.Error(err)
		}
	})
	var before, after document.Outgoing
	w.read(func(tx flow.ReadTx) (err error) {
		before, err = tx.Outgoing(d.ID)
		close(started)
		<-written
		if err == nil {
			after, err = tx.Outgoing(d.ID)
		}
		return err
	})
	wg.Wait()
	w.same("within one transaction", before, after)
	w.same("afterwards", "mới", w.getOutgoing(d.ID).Subject)
}
