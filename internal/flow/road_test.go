package flow_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"congvan/internal/document"
	"congvan/internal/flow"
	"congvan/internal/flowtest"
	"congvan/internal/workflow"
	"congvan/signing"
	"congvan/signing/trust"
	"congvan/signing/validation"
)

// world is an installation with this package's own questions to it.
type world struct{ *flowtest.World }

func newWorld(t *testing.T) *world { return &world{flowtest.New(t)} }

// TestRoadInsideAnInstallation walks from a draft to the completed work at another agency,
// with every status back at the sender.
func TestRoadInsideAnInstallation(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	d := w.Approved()
	approved := w.Bytes(document.MainFile(d.Files).Version)
	d, err := w.Sign(d)
	w.Must(err)
	signed := w.Bytes(document.MainFile(d.Files).Version)
	if !bytes.HasPrefix(signed, approved) {
		t.Fatal("the signed file must begin with the approved bytes")
	}
	d, err = w.Flow.Number(ctx, w.Who("vt.svd"), d.ID, flow.NumberInput{})
	w.Must(err)
	if d.Number != 1 || d.Notation != "SVD-VP" || d.DocumentID != "H26.14,2026/11/19,01/SVD-VP" {
		t.Fatalf("numbered %d %s, %s", d.Number, d.Notation, d.DocumentID)
	}
	d, err = w.Flow.Seal(ctx, w.Who("vt.svd"), d.ID)
	w.Must(err)
	sealed := w.Bytes(document.MainFile(d.Files).Version)
	if !bytes.HasPrefix(sealed, signed) {
		t.Fatal("the sealed file must begin with the signed bytes")
	}
	keep(t, "sealed.pdf", sealed)
	keep(t, "annex.pdf", w.Bytes(d.Files[1].Version))
	d, err = w.Flow.Issue(ctx, w.Who("vt.svd"), d.ID)
	w.Must(err)
	w.Work()

	in := w.arrivedAt("a-stn", d.DocumentID)
	if in.Verdict != document.VerdictSufficient {
		t.Fatalf("verdict %s; reports: %+v", in.Verdict, w.report(in))
	}
	w.repeats(in)
	w.expect(d.ID, workflow.Arrived)
	in, err = w.Flow.Register(ctx, w.Who("vt.stn"), in.ID, flow.RegisterInput{})
	w.Must(err)
	if in.ArrivalNumber != 1 || in.ArrivalYear != 2026 {
		t.Fatalf("arrival number %d/%d", in.ArrivalNumber, in.ArrivalYear)
	}
	w.Work()
	w.expect(d.ID, workflow.Acceptance)
	_, err = w.Flow.Present(ctx, w.Who("vt.stn"), in.ID, w.Who("gd.stn").PositionID)
	w.Must(err)
	_, err = w.Flow.Assign(ctx, w.Who("gd.stn"), in.ID, flow.AssignInput{Opinion: "Giao Văn phòng xử lý.", To: []document.AssignmentTo{
		{PositionID: w.Who("cv.stn").PositionID, Role: document.Lead},
		{PositionID: w.Who("cv2.stn").PositionID, Role: document.Coordinating},
	}})
	w.Must(err)
	w.Work()
	w.expect(d.ID, workflow.Assigned)
	_, err = w.Flow.Start(ctx, w.Who("cv.stn"), in.ID)
	w.Must(err)
	w.Work()
	w.expect(d.ID, workflow.Processing)
	in, err = w.Flow.Complete(ctx, w.Who("cv.stn"), in.ID, "Đã xử lý xong.")
	w.Must(err)
	w.Work()
	w.expect(d.ID, workflow.Completed)
	if in.State != workflow.Resolved {
		t.Fatalf("state %s", in.State)
	}
}

// keep puts a file where KEEP names a folder, so that one can look at it.
func keep(t *testing.T, name string, b []byte) {
	t.Helper()
	if dir := os.Getenv("KEEP"); dir != "" {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func (w *world) arrivedAt(agencyID, documentID string) document.Incoming {
	w.T.Helper()
	var in []document.Incoming
	w.Must(w.Store.Read(w.T.Context(), func(tx flow.ReadTx) (err error) {
		in, err = tx.IncomingOf(agencyID, "H26.14", documentID)
		return err
	}))
	if len(in) != 1 {
		w.T.Fatalf("%d documents %s at %s, want 1", len(in), documentID, agencyID)
	}
	return in[0]
}

// repeats has somebody who has the anchors and the kept evidence, and no network and no
// lists, come to the same verdict on every file; without the evidence they do not.
func (w *world) repeats(in document.Incoming) {
	w.T.Helper()
	for _, f := range in.Files {
		e, err := w.Flow.Evidence(w.T.Context(), f.Version.Blob)
		w.Must(err)
		for _, known := range [][]*signing.Evidence{{e}, nil} {
			alone, err := trust.New(trust.Options{Anchors: w.Anchors(), Evidence: known, Clock: w.Now})
			w.Must(err)
			b := w.Bytes(f.Version)
			rep, err := validation.New(validation.Options{Trust: alone, Clock: w.Now}).Validate(w.T.Context(), signing.File{R: bytes.NewReader(b), Size: int64(len(b))}, e.At)
			w.Must(err)
			if (rep.Verdict == signing.Valid) != (known != nil) {
				w.T.Errorf("%s, with evidence %v: %s %v", f.Name, known != nil, rep.Verdict, rep.Reasons)
			}
		}
	}
}

func (w *world) report(in document.Incoming) (out []*signing.Report) {
	w.Must(w.Store.Read(w.T.Context(), func(tx flow.ReadTx) error {
		for _, f := range in.Files {
			r, err := tx.Report(f.Version.Blob)
			if err != nil {
				return err
			}
			out = append(out, r)
		}
		return nil
	}))
	return out
}

// expect is the state of the only delivery.
func (w *world) expect(outgoingID string, want workflow.State) {
	w.T.Helper()
	var ds []document.Delivery
	w.Must(w.Store.Read(w.T.Context(), func(tx flow.ReadTx) (err error) {
		ds, err = tx.Deliveries(outgoingID)
		return err
	}))
	if len(ds) != 1 || ds[0].State != want {
		w.T.Fatalf("deliveries %+v, want one in %s", ds, want)
	}
}
