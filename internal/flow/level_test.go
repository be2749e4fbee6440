package flow_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/flow"
	"congvan/internal/flowtest"
	"congvan/internal/workflow"
	"congvan/signing"
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
