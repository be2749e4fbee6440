package storetest

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"testing"

	"congvan/internal/document"
	"congvan/internal/flow"
	"congvan/internal/workflow"
)

// testTogether: acts that write at the same time may share a commit, but not a fate. Every
// fifth fails, panics, ends its goroutine or is given up half-way; the others stay.
func testTogether(t *testing.T, w *world) {
	const acts = 120
	docs := make([]document.Outgoing, acts)
	ends := map[int]func(stop func()) error{
		1: func(func()) error { return errRollback },
		2: func(func()) error { panic("of the test") },
		3: func(func()) error { runtime.Goexit(); return nil },
		4: func(stop func()) error { stop(); return nil },
	}
	var wg sync.WaitGroup
	for i := range docs {
		docs[i] = document.Outgoing{ID: w.id("out"), AgencyID: agencyA, State: workflow.Draft, CreatedAt: now(), UpdatedAt: now()}
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		wg.Go(func() {
			defer func() { _ = recover() }()
			err := w.s.Write(ctx, func(tx flow.Tx) error {
				if err := tx.PutOutgoing(&docs[i]); err != nil {
					return err
				}
				if end := ends[i%5]; end != nil {
					if err := end(stop); err != nil {
						return err
					}
				}
				return tx.Journal(w.entry("outgoing", docs[i].ID))
			})
			switch i % 5 {
			case 0:
				if err != nil {
					t.Error(err)
				}
			case 1:
				if !errors.Is(err, errRollback) {
					t.Error(err)
				}
			default:
				if !errors.Is(err, context.Canceled) {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for i, d := range docs {
		err := w.s.Read(t.Context(), func(tx flow.ReadTx) error {
			_, err := tx.Outgoing(d.ID)
			return err
		})
		if kept := i%5 == 0; kept != (err == nil) || kept != (d.Row == 1) {
			t.Errorf("act %d: row %d, %v", i, d.Row, err)
		}
	}
	w.intact(acts / 5)

	gone, stop := context.WithCancel(t.Context())
	stop()
	if err := w.s.Write(gone, func(tx flow.Tx) error { return tx.Journal(w.entry("a", "b")) }); !errors.Is(err, context.Canceled) {
		t.Errorf("with a context that has ended: %v", err)
	}
	w.intact(acts / 5)
}

// testGivenUpWhileWaiting: who stops waiting to write leaves the queue without a trace.
func testGivenUpWhileWaiting(t *testing.T, w *world) {
	inside, leave := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		err := w.s.Write(t.Context(), func(tx flow.Tx) error {
			close(inside)
			<-leave
			return tx.Journal(w.entry("first", "x"))
		})
		if err != nil {
			t.Error(err)
		}
	})
	<-inside
	ctx, stop := context.WithCancel(t.Context())
	var waiting sync.WaitGroup
	for range 5 {
		waiting.Go(func() {
			err := w.s.Write(ctx, func(tx flow.Tx) error {
				<-ctx.Done()
				return tx.Journal(w.entry("waiting", "x"))
			})
			if !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
	}
	stop()
	waiting.Wait()
	close(leave)
	wg.Wait()
	w.write(func(tx flow.Tx) error { return tx.Journal(w.entry("last", "x")) })
	w.intact(2)
}
