package flow_test

import (
	"context"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"congvan/internal/document"
	"congvan/internal/flow"
	"congvan/internal/flowtest"
	"congvan/signing"
	"congvan/storage"
)

func triedAgain(w *world) {
	ctx := w.T.Context()
	w.TSA.Down.Store(true)
	d, err := w.Sign(w.Approved())
	w.Must(err)
	w.Wait(3 * time.Minute)
	w.TSA.Down.Store(false)
	queued := len(w.Jobs)
	_, err = w.Flow.RetryLevel(ctx, w.Who("cv.svd"), d.ID)
	w.code(err, "forbidden_role")
	_, err = w.Flow.RetryLevel(ctx, w.Who("gd.svd"), d.ID)
	w.Must(err)
	if len(w.Jobs) != queued+1 {
		w.T.Fatalf("%d jobs after %d", len(w.Jobs), queued)
	}
	w.Work()
	if l := w.get(d.ID).Level; l.Waiting() {
		w.T.Fatalf("%+v", l)
	}
	_, err = w.Flow.RetryLevel(ctx, w.Who("gd.svd"), d.ID)
	w.code(err, "level_reached")

	// Wishes plan no further rows of tries.
	w.TSA.Down.Store(true)
	d, err = w.Sign(w.Approved())
	w.Must(err)
	w.Wait(10 * time.Minute)
	for range 3 {
		_, err = w.Flow.RetryLevel(ctx, w.clerk(), d.ID)
		w.Must(err)
	}
	w.Work()
	if n := len(slices.DeleteFunc(slices.Clone(w.Jobs), func(j flow.Job) bool { return j.ID != d.ID })); n != 1 {
		w.T.Errorf("%d tries are planned, want 1", n)
	}
}

// swapping stores other bytes under a name than it says.
type swapping struct{ storage.Blobs }

type swapped struct{ storage.Object }

func (b swapping) Open(ctx context.Context, key storage.Key) (storage.Object, error) {
	o, err := b.Blobs.Open(ctx, key)
	return swapped{o}, err
}

func (o swapped) ReadAt(p []byte, off int64) (int, error) {
	n, err := o.Object.ReadAt(p, off)
	if off == 0 && n > 20 {
		p[20] ^= 1 // in the comment of the header
	}
	return n, err
}

func otherBytes(w *world) {
	d := w.sealed()
	good := w.Flow.Blobs
	w.Flow.Blobs = swapping{good}
	err := w.Flow.Raise(w.T.Context(), d.ID)
	w.Flow.Blobs = good
	w.Must(err)
	if l := w.get(d.ID).Level; l.Code != "stored_bytes_differ" || !l.Waiting() {
		w.T.Fatalf("%+v", l)
	}
	_, err = w.Flow.Issue(w.T.Context(), w.clerk(), d.ID)
	w.code(err, "level_pending")
}

// notBelieved: our own judge does not bear the level out, so it is not recorded.
func notBelieved(w *world) {
	d := w.sealed()
	w.Flow.Offline = claiming{w.Flow.Offline, "B-LT"}
	w.Must(w.Flow.Raise(w.T.Context(), d.ID))
	now := w.get(d.ID)
	if l := now.Level; l.Code != "level_not_proven" || l.Reached != "B-T" || !maps.Equal(blobs(now), blobs(d)) {
		w.T.Fatalf("%+v", l)
	}
}

// claiming reports another level than the first signature has.
type claiming struct {
	signing.Validator
	level string
}

func (c claiming) Validate(ctx context.Context, f signing.File, at time.Time) (*signing.Report, error) {
	r, err := c.Validator.Validate(ctx, f, at)
	if err == nil {
		r.Signatures[0].Level = c.level
	}
	return r, err
}

func blobs(d document.Outgoing) map[string]string {
	out := map[string]string{}
	for _, f := range d.Files {
		out[f.ID] = f.Version.Blob
	}
	return out
}

// meanwhile does something between a late timestamp and what follows it.
type meanwhile struct {
	signing.Augmenter
	once *sync.Once
	do   func()
}

func (m meanwhile) LongTerm(ctx context.Context, f signing.File, fields []string, l signing.Level) ([]byte, error) {
	m.once.Do(m.do)
	return m.Augmenter.LongTerm(ctx, f, fields, l)
}

// otherVersion: what was made on a version that is the newest no more is not taken.
func otherVersion(w *world) {
	d := w.numbered()
	w.TSA.Down.Store(true)
	d, err := w.Flow.Seal(w.T.Context(), w.clerk(), d.ID)
	w.Must(err)
	w.TSA.Down.Store(false)
	good := w.Flow.Augmenter
	w.Flow.Augmenter = meanwhile{good, new(sync.Once), func() {
		w.Flow.Augmenter = broken{Augmenter: good, long: signing.ErrEvidenceUnavailable}
		w.Must(w.Flow.Raise(w.T.Context(), d.ID)) // its late timestamp is committed
		w.Flow.Augmenter = good
	}}
	w.code(w.Flow.Raise(w.T.Context(), d.ID), "row_changed")
	half := w.get(d.ID)
	if half.Level.Reached != "B-T" || half.Files[0].Version.N != d.Files[0].Version.N+1 {
		w.T.Fatalf("%+v", half.Level)
	}
	w.Must(w.Flow.Raise(w.T.Context(), d.ID))
	now := w.get(d.ID)
	if got := w.levels(now.Files[0].Version); now.Level.Waiting() || now.Files[0].Version.BaseBlob != half.Files[0].Version.Blob || !slices.Equal(got, []string{"VALID", "B-LTA", "B-LTA"}) {
		w.T.Fatalf("%+v %v", now.Level, got)
	}
}

// leaderBelow: the seal goes on a leader's signature that is judged to have its timestamp.
func leaderBelow(w *world) {
	d := w.numbered()
	asked := w.Keys.Asked.Load()
	w.Flow.Validator = claiming{w.Flow.Validator, "B-B"}
	_, err := w.Flow.Seal(w.T.Context(), w.clerk(), d.ID)
	w.code(err, "level_not_proven")
	if w.Keys.Asked.Load() != asked {
		w.T.Error("the agency's key was asked all the same")
	}
}

// signedBefore: a document begun under B-B, as in the past of a demonstration, goes on so.
func signedBefore(w *world) {
	w.Flow.Level = signing.LevelB
	d := w.numbered()
	w.Flow.Level = signing.LevelLTA
	d, err := w.Flow.Seal(w.T.Context(), w.clerk(), d.ID)
	w.Must(err)
	if d.Level != (document.Level{}) {
		w.T.Fatalf("%+v", d.Level)
	}
	_, err = w.Flow.Issue(w.T.Context(), w.clerk(), d.ID)
	w.Must(err)
}

// TestLevelT: where no long-term data is asked for, the seal's timestamp is judged all the
// same before the document leaves.
func TestLevelT(t *testing.T) {
	w := &world{flowtest.NewAt(t, signing.LevelT, 0)}
	d := w.sealed()
	_, err := w.Flow.Issue(t.Context(), w.clerk(), d.ID)
	w.code(err, "level_pending")
	w.Work()
	d = w.get(d.ID)
	if l := d.Level; l.Waiting() || l.Reached != "B-T" || d.Files[0].Version.Kind != document.VersionSealed {
		t.Fatalf("%+v %s", l, d.Files[0].Version.Kind)
	}
	// Without grace nothing is accepted once the server is seen to be missing.
	w.TSA.Down.Store(true)
	_, err = w.Sign(w.Approved())
	w.Must(err)
	_, err = w.Sign(w.Approved())
	w.code(err, "grace_over")
}
