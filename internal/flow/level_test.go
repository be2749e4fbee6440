package flow_test

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/flow"
	"congvan/internal/flowtest"
	"congvan/internal/workflow"
	"congvan/signing"
	"congvan/storage"
)

const grace = 8 * time.Hour

// TestLevels holds the road from the leader's timestamp to the level at which a document
// leaves against what may go wrong on it. The cases share one world; each takes documents
// of its own and leaves the timestamp server answering.
func TestLevels(t *testing.T) {
	w := &world{flowtest.NewAt(t, signing.LevelLTA, grace)}
	ports := w.Flow.Ports
	for name, test := range map[string]func(*world){
		"leader, number, seal, level, issue":    levelRoad,
		"nothing goes on top of what waits":     nothingOnTop,
		"issue waits for the level":             issueWaits,
		"issue by grace":                        issueByGrace,
		"no new signatures after grace":         graceOver,
		"a timestamp that has no room":          noRoom,
		"a late timestamp without evidence":     noEvidence,
		"answered, and then cut off":            answeredThenCut,
		"stored, and not decided":               storedNotDecided,
		"the job twice at once":                 twiceAtOnce,
		"returned while it waited":              returnedMeanwhile,
		"tried again at somebody's wish":        triedAgain,
		"stored bytes that are others":          otherBytes,
		"a timestamp nobody believes":           notBelieved,
		"voided while its level was on the way": voidedMeanwhile,
		"another version came in between":       otherVersion,
		"the leader's level is not borne out":   leaderBelow,
		"signed when no level was asked for":    signedBefore,
	} {
		t.Run(name, func(t *testing.T) {
			w.Jobs = nil
			w.In(t)
			t.Cleanup(func() { w.TSA.Down.Store(false); w.Flow.Ports = ports })
			test(w)
			w.TSA.Down.Store(false)
			w.Flow.Ports = ports
			w.Wait(time.Hour) // what still waits is over before the next case
		})
	}
}

// get reads a document afresh.
func (w *world) get(id string) (d document.Outgoing) {
	w.T.Helper()
	w.Must(w.Store.Read(w.T.Context(), func(tx flow.ReadTx) (err error) {
		d, err = tx.Outgoing(id)
		return err
	}))
	return d
}

func (w *world) clerk() flow.Actor { return w.Who("vt.svd") }

// numbered is a document with the leader's timestamped signature and a number.
func (w *world) numbered() document.Outgoing {
	w.T.Helper()
	d, err := w.Sign(w.Approved())
	w.Must(err)
	if d.Level.Waiting() {
		w.Work()
	}
	d, err = w.Flow.Number(w.T.Context(), w.clerk(), d.ID, flow.NumberInput{})
	w.Must(err)
	return d
}

func (w *world) sealed() document.Outgoing {
	w.T.Helper()
	d, err := w.Flow.Seal(w.T.Context(), w.clerk(), w.numbered().ID)
	w.Must(err)
	return d
}

// levels are the levels of a file's signatures as somebody judges them who has the anchors
// alone, and the verdict on the file.
func (w *world) levels(v document.Version) (out []string) {
	w.T.Helper()
	b := w.Bytes(v)
	rep, err := w.Flow.Offline.Validate(w.T.Context(), signing.File{R: bytes.NewReader(b), Size: int64(len(b))}, w.Now())
	w.Must(err)
	out = []string{string(rep.Verdict)}
	for _, s := range rep.Signatures {
		out = append(out, s.Level)
	}
	return out
}

func levelRoad(w *world) {
	ctx := w.T.Context()
	asked := w.Keys.Asked.Load()
	d, err := w.Sign(w.Approved())
	w.Must(err)
	if l := d.Level; l.Waiting() || l.Asked != "B-T" || l.Reached != "B-T" || document.MainFile(d.Files).Version.Level != "B-T" {
		w.T.Fatalf("after the leader: %+v", l)
	}
	d, err = w.Flow.Number(ctx, w.clerk(), d.ID, flow.NumberInput{})
	w.Must(err)
	d, err = w.Flow.Seal(ctx, w.clerk(), d.ID)
	w.Must(err)
	if l := d.Level; !l.Waiting() || l.Asked != "B-LTA" || l.Reached != "B-T" {
		w.T.Fatalf("after the seal: %+v", l)
	}
	sealed := d
	w.Work()
	d = w.get(d.ID)
	if l := d.Level; l.Waiting() || l.Reached != "B-LTA" || l.CheckedAt == nil || d.State != workflow.AgencySigned {
		w.T.Fatalf("after the jobs: %s %+v", d.State, l)
	}
	for i, want := range [][]string{{"VALID", "B-LTA", "B-LTA"}, {"VALID", "B-LTA"}} {
		v, old := d.Files[i].Version, sealed.Files[i].Version
		if got := w.levels(v); !slices.Equal(got, want) {
			w.T.Errorf("file %d: %v, want %v", i, got, want)
		}
		if v.N != old.N+1 || v.Kind != document.VersionLongTerm || v.BaseBlob != old.Blob || !bytes.HasPrefix(w.Bytes(v), w.Bytes(old)) {
			w.T.Errorf("file %d: a new version that begins with the sealed bytes: %+v", i, v)
		}
		w.Must(w.Store.Read(ctx, func(tx flow.ReadTx) error {
			rep, err := tx.Report(v.Blob)
			if err == nil && (rep.SHA256 != v.Blob || rep.Verdict != signing.Valid) {
				w.T.Errorf("file %d: report %s of %s", i, rep.Verdict, rep.SHA256)
			}
			return err
		}))
	}
	if n := w.Keys.Asked.Load() - asked; n != 3 { // leader, seal, annex
		w.T.Errorf("the keys were asked %d times", n)
	}
	d, err = w.Flow.Issue(ctx, w.clerk(), d.ID)
	w.Must(err)
	w.Work()
	in := w.arrivedAt("a-stn", d.DocumentID)
	if in.Verdict != document.VerdictSufficient || in.Files[0].Version.Blob != d.Files[0].Version.Blob {
		w.T.Errorf("received %s, %s", in.Verdict, in.Files[0].Version.Blob)
	}
}

func nothingOnTop(w *world) {
	ctx := w.T.Context()
	w.TSA.Down.Store(true)
	asked := w.Keys.Asked.Load()
	approved := w.Approved()
	d, err := w.Sign(approved)
	w.Must(err)
	first := document.MainFile(d.Files).Version
	if d.State != workflow.Signed || !d.Level.Waiting() || d.Level.Code != "timestamp_unavailable" || first.Level != "B-B" {
		w.T.Fatalf("signed without a timestamp server: %s %+v", d.State, d.Level)
	}
	_, err = w.Flow.Number(ctx, w.clerk(), d.ID, flow.NumberInput{})
	w.code(err, "timestamp_pending")
	w.Wait(time.Minute)
	if l := w.get(d.ID).Level; l.Tries < 3 || !l.Waiting() {
		w.T.Fatalf("tried again by itself: %+v", l)
	}
	w.TSA.Down.Store(false)
	w.Wait(10 * time.Minute)
	d = w.get(d.ID)
	late := document.MainFile(d.Files).Version
	if d.Level.Waiting() || late.Level != "B-T" || late.Kind != document.VersionStamped || late.N != first.N+1 || late.Size != first.Size || late.BaseBlob != first.BaseBlob {
		w.T.Fatalf("with its timestamp: %+v %+v", d.Level, late)
	}
	before, after := w.Bytes(first), w.Bytes(late)
	if bytes.Equal(before, after) || !bytes.HasPrefix(after, w.Bytes(document.MainFile(approved.Files).Version)) {
		w.T.Error("the version signed first stays, and the new one begins with the approved bytes as well")
	}
	if n := w.Keys.Asked.Load() - asked; n != 1 {
		w.T.Errorf("the leader's key was asked %d times", n)
	}
	d, err = w.Flow.Number(ctx, w.clerk(), d.ID, flow.NumberInput{})
	w.Must(err)
	d, err = w.Flow.Seal(ctx, w.clerk(), d.ID)
	w.Must(err)
	w.Work()
	if got := w.levels(document.MainFile(w.get(d.ID).Files).Version); !slices.Equal(got, []string{"VALID", "B-LTA", "B-LTA"}) {
		w.T.Errorf("in the end: %v", got)
	}
}

func issueWaits(w *world) {
	d := w.sealed()
	_, err := w.Flow.Issue(w.T.Context(), w.clerk(), d.ID)
	w.code(err, "level_pending")
	if f := fault.From(err); f.Args["level"] != "B-LTA" || f.Args["reached"] != "B-T" {
		w.T.Errorf("the refusal says what is missing: %v", f.Args)
	}
	w.Work()
	_, err = w.Flow.Issue(w.T.Context(), w.clerk(), d.ID)
	w.Must(err)
}

// issueByGrace: the seal's timestamp is missing for hours; the document goes out within
// grace, recorded, and the archive's copy gets its level later without what was sent
// becoming another.
func issueByGrace(w *world) {
	ctx := w.T.Context()
	d := w.numbered()
	w.TSA.Down.Store(true)
	d, err := w.Flow.Seal(ctx, w.clerk(), d.ID)
	w.Must(err)
	if d.Level.Reached != "B-B" || d.Level.Code != "timestamp_unavailable" {
		w.T.Fatalf("sealed: %+v", d.Level)
	}
	w.Wait(grace / 2)
	var waiting flow.Waiting
	waiting, err = w.Flow.WaitingLevels(ctx)
	w.Must(err)
	if waiting.Documents != 1 || w.Now().Sub(waiting.Missing) < w.Flow.Alarm() || !waiting.Missing.Equal(waiting.Outage) {
		w.T.Fatalf("the watch sees %+v, alarm at %s", waiting, w.Flow.Alarm())
	}
	d, err = w.Flow.Issue(ctx, w.clerk(), d.ID)
	w.Must(err)
	if d.Level.GraceAt == nil || !d.Level.Waiting() || len(d.Sent) != 2 {
		w.T.Fatalf("issued: %+v %+v", d.Level, d.Sent)
	}
	entries, err := w.Store.Entries(ctx, "outgoing", d.ID)
	w.Must(err)
	if e := entries[len(entries)-1]; e.Action != "ISSUE" || e.Detail["grace"] != "timestamp_unavailable" || e.Detail["level"] != "B-B" {
		w.T.Errorf("grace is recorded: %+v", e)
	}
	// The archive's copy is raised before the delivery runs: the recipient gets what was issued.
	deliver := slices.DeleteFunc(slices.Clone(w.Jobs), func(j flow.Job) bool { return j.Kind != flow.JobDeliver })
	w.Jobs = slices.DeleteFunc(w.Jobs, func(j flow.Job) bool { return j.Kind == flow.JobDeliver })
	w.TSA.Down.Store(false)
	w.Wait(10 * time.Minute)
	late := w.get(d.ID)
	if late.Level.Waiting() || late.State != workflow.Issued {
		w.T.Fatalf("the archive's copy: %s %+v", late.State, late.Level)
	}
	for i := range late.Files {
		if got := w.levels(late.Files[i].Version); got[0] != "VALID" || got[len(got)-1] != "B-LTA" {
			w.T.Errorf("archived file %d: %v", i, got)
		}
	}
	w.Jobs = append(w.Jobs, deliver...)
	w.Work()
	in := w.arrivedAt("a-stn", d.DocumentID)
	for i := range in.Files {
		if got := in.Files[i].Version.Blob; got != d.Files[i].Version.Blob || got == late.Files[i].Version.Blob {
			w.T.Errorf("file %d as received is not as issued", i)
		}
	}
}

func graceOver(w *world) {
	ctx := w.T.Context()
	ready, sealed := w.numbered(), w.numbered()
	fine := w.sealed()
	w.Work()
	approved := w.Approved()
	w.TSA.Down.Store(true)
	sealed, err := w.Flow.Seal(ctx, w.clerk(), sealed.ID)
	w.Must(err)
	w.Wait(grace)
	asked := w.Keys.Asked.Load()
	_, err = w.Sign(approved)
	w.code(err, "grace_over")
	_, err = w.Flow.Seal(ctx, w.clerk(), ready.ID)
	w.code(err, "grace_over")
	_, err = w.Flow.Issue(ctx, w.clerk(), sealed.ID)
	w.code(err, "grace_over")
	if w.Keys.Asked.Load() != asked {
		w.T.Error("a key was asked although nothing is accepted")
	}
	_, err = w.Flow.Issue(ctx, w.clerk(), fine.ID) // what has its level goes out
	w.Must(err)
	w.TSA.Down.Store(false)
	w.Wait(10 * time.Minute)
	_, err = w.Sign(approved)
	w.Must(err)
}

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
	w.Flow.Offline = unbelieving{w.Flow.Offline}
	w.Must(w.Flow.Raise(w.T.Context(), d.ID))
	now := w.get(d.ID)
	if l := now.Level; l.Code != "level_not_proven" || l.Reached != "B-T" || !maps.Equal(blobs(now), blobs(d)) {
		w.T.Fatalf("%+v", l)
	}
}

type unbelieving struct{ signing.Validator }

func (u unbelieving) Validate(ctx context.Context, f signing.File, at time.Time) (*signing.Report, error) {
	r, err := u.Validator.Validate(ctx, f, at)
	if err == nil {
		r.Signatures[0].Level = "B-LT"
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
	w.Flow.Validator = lowering{w.Flow.Validator}
	_, err := w.Flow.Seal(w.T.Context(), w.clerk(), d.ID)
	w.code(err, "level_not_proven")
	if w.Keys.Asked.Load() != asked {
		w.T.Error("the agency's key was asked all the same")
	}
}

type lowering struct{ signing.Validator }

func (u lowering) Validate(ctx context.Context, f signing.File, at time.Time) (*signing.Report, error) {
	r, err := u.Validator.Validate(ctx, f, at)
	if err == nil {
		r.Signatures[0].Level = "B-B"
	}
	return r, err
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
