package flow_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/flow"
	"congvan/internal/workflow"
	"congvan/signing"
)

// broken is an augmenter that fails in one way.
type broken struct {
	signing.Augmenter
	late, long error
}

func (b broken) Timestamp(ctx context.Context, cms []byte) ([]byte, error) {
	if b.late != nil {
		return nil, b.late
	}
	return b.Augmenter.Timestamp(ctx, cms)
}

func (b broken) TimestampLate(ctx context.Context, f signing.File, field string) (signing.Patch, error) {
	if b.late != nil {
		return signing.Patch{}, b.late
	}
	return b.Augmenter.TimestampLate(ctx, f, field)
}

func (b broken) LongTerm(ctx context.Context, f signing.File, fields []string, l signing.Level) ([]byte, error) {
	if b.long != nil {
		return nil, b.long
	}
	return b.Augmenter.LongTerm(ctx, f, fields, l)
}

// noRoom: a timestamp larger than the space kept is seen by the signer; the key is asked
// once, and the way out is to return the document.
func noRoom(w *world) {
	w.Flow.Augmenter = &roomy{broken: broken{Augmenter: w.Flow.Augmenter, late: signing.ErrOverflow}}
	asked := w.Keys.Asked.Load()
	d, err := w.Sign(w.Approved())
	w.Must(err)
	if d.State != workflow.Signed || d.Level.Code != "signature_overflow" || document.MainFile(d.Files).Version.Level != "B-B" {
		w.T.Fatalf("%s %+v", d.State, d.Level)
	}
	_, err = w.Flow.Number(w.T.Context(), w.clerk(), d.ID, flow.NumberInput{})
	w.code(err, "timestamp_pending")
	if fault.From(err).Args["cause"] != "signature_overflow" {
		w.T.Errorf("the refusal says why: %v", fault.From(err).Args)
	}
	w.Wait(time.Minute)
	if w.Keys.Asked.Load() != asked+1 {
		w.T.Errorf("the key was asked %d times", w.Keys.Asked.Load()-asked)
	}
	d, err = w.Flow.Return(w.T.Context(), w.Who("gd.svd"), d.ID, "Dấu thời gian không vừa chỗ dành sẵn.")
	w.Must(err)
	if d.Level != (document.Level{}) {
		w.T.Errorf("returned: %+v", d.Level)
	}
}

// roomy answers a timestamp that is far too large while somebody waits for it.
type roomy struct{ broken }

func (roomy) Timestamp(_ context.Context, cms []byte) ([]byte, error) {
	return append(bytes.Clone(cms), make([]byte, 40<<10)...), nil
}

// noEvidence: the late timestamp is kept when the rest fails, and is not asked for again.
func noEvidence(w *world) {
	ctx := w.T.Context()
	d := w.numbered()
	w.TSA.Down.Store(true)
	d, err := w.Flow.Seal(ctx, w.clerk(), d.ID)
	w.Must(err)
	w.TSA.Down.Store(false)
	good := w.Flow.Augmenter
	w.Flow.Augmenter = broken{Augmenter: good, long: signing.ErrEvidenceUnavailable}
	w.Wait(time.Minute)
	half := w.get(d.ID)
	if l := half.Level; l.Reached != "B-T" || l.Code != "evidence_unavailable" || !l.Waiting() {
		w.T.Fatalf("%+v", l)
	}
	asked := w.TSA.Asked.Load()
	w.Wait(10 * time.Minute)
	if n := w.TSA.Asked.Load() - asked; n != 0 {
		w.T.Errorf("%d more timestamps for signatures that have theirs", n)
	}
	if again := w.get(d.ID); again.Files[0].Version.ID != half.Files[0].Version.ID {
		w.T.Error("a try that reaches nothing makes no version")
	}
	w.Flow.Augmenter = good
	w.Wait(10 * time.Minute)
	d = w.get(d.ID)
	if got := w.levels(d.Files[0].Version); d.Level.Waiting() || !slices.Equal(got, []string{"VALID", "B-LTA", "B-LTA"}) {
		w.T.Fatalf("%+v %v", d.Level, got)
	}
	var kinds []document.VersionKind
	w.Must(w.Store.Read(ctx, func(tx flow.ReadTx) error {
		for v := d.Files[0].Version; ; {
			kinds = append(kinds, v.Kind)
			if v.Kind == document.VersionDraft {
				return nil
			}
			var err error
			if v, err = tx.VersionOf(d.Files[0].ID, v.BaseBlob); err != nil {
				return err
			}
		}
	}))
	want := []document.VersionKind{document.VersionLongTerm, document.VersionStamped, document.VersionSigned, document.VersionDraft}
	if !slices.Equal(kinds, want) {
		w.T.Errorf("made of %v, want %v", kinds, want)
	}
}

// dying is an augmenter whose answer nobody lives to use.
type dying struct {
	signing.Augmenter
	die context.CancelFunc
}

func (a dying) LongTerm(ctx context.Context, f signing.File, fields []string, l signing.Level) ([]byte, error) {
	defer a.die()
	return a.Augmenter.LongTerm(ctx, f, fields, l)
}

func answeredThenCut(w *world) {
	d := w.sealed()
	ctx, cancel := context.WithCancel(w.T.Context())
	good := w.Flow.Augmenter
	w.Flow.Augmenter = dying{good, cancel}
	if err := w.Flow.Raise(ctx, d.ID); !errors.Is(err, context.Canceled) {
		w.T.Fatalf("cut off: %v", err)
	}
	w.Flow.Augmenter = good
	if now := w.get(d.ID); now.Row != d.Row {
		w.T.Fatalf("nothing was decided: %+v", now.Level)
	}
	w.Work() // the queue gives the job again
	if l := w.get(d.ID).Level; l.Waiting() || l.Reached != "B-LTA" {
		w.T.Fatalf("repaired: %+v", l)
	}
}

// failingOnce is a store whose next decision fails, before it is made or as told after it.
type failingOnce struct {
	flow.Store
	done bool
	left *int
}

var errCut = fault.New(fault.Unavailable, "storage_unavailable")

func (s failingOnce) Write(ctx context.Context, fn func(flow.Tx) error) error {
	if *s.left == 0 {
		return s.Store.Write(ctx, fn)
	}
	*s.left--
	if s.done {
		if err := s.Store.Write(ctx, fn); err != nil {
			return err
		}
	}
	return errCut
}

// storedNotDecided: the file is stored and the transaction fails, or is reported failed.
func storedNotDecided(w *world) {
	db := w.Flow.Store
	for _, done := range []bool{false, true} {
		d := w.sealed()
		left := 1
		w.Flow.Store = failingOnce{db, done, &left}
		if err := w.Flow.Raise(w.T.Context(), d.ID); !errors.Is(err, errCut) {
			w.T.Fatalf("done %v: %v", done, err)
		}
		w.Flow.Store = db
		before := w.get(d.ID)
		if before.Level.Waiting() == done {
			w.T.Fatalf("done %v: %+v", done, before.Level)
		}
		w.Work()
		after := w.get(d.ID)
		if after.Level.Waiting() || after.Files[0].Version.N != d.Files[0].Version.N+1 || done && after.Row != before.Row {
			w.T.Fatalf("done %v: %+v, version %d after %d", done, after.Level, after.Files[0].Version.N, d.Files[0].Version.N)
		}
	}
}

func twiceAtOnce(w *world) {
	d := w.sealed()
	// Both have made their files before either decides.
	var gate sync.WaitGroup
	gate.Add(2)
	db := w.Flow.Store
	w.Flow.Store = gated{db, &gate}
	errs := make([]error, 2)
	var both sync.WaitGroup
	for i := range errs {
		both.Go(func() { errs[i] = w.Flow.Raise(w.T.Context(), d.ID) })
	}
	both.Wait()
	w.Flow.Store = db
	if err := errors.Join(errs...); err != nil {
		w.T.Fatal(err)
	}
	now := w.get(d.ID)
	if now.Level.Waiting() || now.Files[0].Version.N != d.Files[0].Version.N+1 || now.Row != d.Row+1 {
		w.T.Fatalf("decided once: %+v, version %d, row %d after %d", now.Level, now.Files[0].Version.N, now.Row, d.Row)
	}
	if got := w.levels(now.Files[0].Version); got[0] != "VALID" {
		w.T.Error(got)
	}
}

type gated struct {
	flow.Store
	gate *sync.WaitGroup
}

func (s gated) Write(ctx context.Context, fn func(flow.Tx) error) error {
	s.gate.Done()
	s.gate.Wait()
	return s.Store.Write(ctx, fn)
}

func returnedMeanwhile(w *world) {
	w.TSA.Down.Store(true)
	d, err := w.Sign(w.Approved())
	w.Must(err)
	d, err = w.Flow.Return(w.T.Context(), w.Who("gd.svd"), d.ID, "Sai căn cứ pháp lý.")
	w.Must(err)
	w.TSA.Down.Store(false)
	asked := w.TSA.Asked.Load()
	w.Wait(10 * time.Minute)
	if now := w.get(d.ID); now.Row != d.Row || w.TSA.Asked.Load() != asked {
		w.T.Errorf("a draft's signature is not raised: row %d after %d", now.Row, d.Row)
	}
}

func voidedMeanwhile(w *world) {
	d := w.sealed()
	jobs := slices.Clone(w.Jobs)
	d, err := w.Flow.Void(w.T.Context(), w.clerk(), d.ID, "Sai nơi nhận.")
	w.Must(err)
	w.Jobs = jobs
	w.Work()
	if now := w.get(d.ID); now.Row != d.Row || now.Level.Waiting() {
		w.T.Errorf("%+v", now.Level)
	}
}
