package axis_test

import (
	"bytes"
	"errors"
	"io"
	"strings"

	"congvan/internal/axis/vxp"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/flow"
	"congvan/internal/flowtest"
	"congvan/internal/org"
	"congvan/internal/query"
	"congvan/internal/workflow"
)

// oldCodes: a side that speaks in the codes of QCVN 102 writes them into From, To and
// DocumentId, and its statuses come back all the same.
func oldCodes(x *exchange) {
	x.a.Flow.Codes, x.a.courier.Codes = org.SchemeQCVN102, x.a.Flow.WireCode
	defer func() { x.a.Flow.Codes, x.a.courier.Codes = "", nil }()
	d, id := x.issue()
	old := func(s *side, code string) string {
		s.T.Helper()
		c, err := x.a.Flow.WireCode(s.T.Context(), code)
		x.must(err)
		if c == code || org.FormOf(c) != org.SchemeQCVN102 {
			s.T.Fatalf("%s has no old code: %q", code, c)
		}
		return c
	}
	from, to := old(x.a, "H26.14"), old(x.a, "H98.05")
	if !strings.HasPrefix(d.DocumentID, from+",") {
		x.t.Errorf("DocumentId %q, want it of %s", d.DocumentID, from)
	}
	x.must(x.a.Flow.Deliver(x.t.Context(), id))
	rows, err := x.b.client.Received(x.t.Context(), vxp.KindEdoc, vxp.Period{})
	x.must(err)
	if len(rows) != 1 || rows[0].From != from || rows[0].To != to {
		x.t.Fatalf("on the axis %+v, want %s to %s", rows, from, to)
	}
	body, err := x.b.client.Fetch(x.t.Context(), rows[0].DocID)
	x.must(err)
	raw, err := io.ReadAll(body)
	x.must(errors.Join(err, body.Close()))
	for _, code := range []string{from, to} {
		if !bytes.Contains(raw, []byte("<edXML:OrganId>"+code+"<")) {
			x.t.Errorf("no %s in the message", code)
		}
	}
	x.settle()
	if v := x.a.delivery(id); v.State != workflow.Arrived {
		x.t.Errorf("%+v", v)
	}
}

// handedOn: a received document goes on byte for byte under a transfer note; the receiver
// holds its signatures against the issuer and the note's against the forwarder.
func handedOn(x *exchange) {
	ctx := x.t.Context()
	d, id := x.issue()
	x.must(x.a.Flow.Deliver(ctx, id))
	x.settle()
	in := x.b.got("b-sm", "H26.14", d.DocumentID)
	clerk, cv := x.b.Who("vt.sm"), x.b.Who("cv.sm")
	note := func(a flow.Actor) (document.Outgoing, error) {
		u := x.b.Upload(a, "phieu-chuyen.pdf", flowtest.Sample(x.t, "cong-van-1.pdf"))
		places := flow.Proposal(1)
		return x.b.Flow.Draft(ctx, a, flow.DraftInput{
			Metadata: document.Metadata{TypeCode: document.TransferNote, Subject: "Chuyển công văn của Sở Ví dụ để giải quyết theo thẩm quyền"},
			SignerID: x.b.Who("gd.sm").PositionID, Recipients: []string{"H26.14"}, Forwards: in[0].ID,
			Files:  []flow.FileInput{{Role: document.Main, UploadID: u.ID}},
			Layout: &document.Layout{Leader: places.Leader, Agency: places.Agency},
		})
	}
	if _, err := note(cv); fault.KindOf(err) == "" {
		x.t.Fatal("handed on before it was registered, by one who was not given it")
	}
	_, err := x.b.Flow.Register(ctx, clerk, in[0].ID, flow.RegisterInput{})
	x.must(err)
	_, err = x.b.Flow.Assign(ctx, x.b.Who("gd.sm"), in[0].ID, flow.AssignInput{To: []document.AssignmentTo{{PositionID: cv.PositionID, Role: document.Lead}}})
	x.must(err)
	pc, err := note(cv)
	x.must(err)
	pc = x.b.Seal(pc)
	if len(pc.Files) != 1+len(in[0].Files) {
		x.t.Fatalf("%d files", len(pc.Files))
	}
	for i, f := range in[0].Files {
		// Sealing touched none of them, and none is counted as an annex that went unsigned.
		if got := pc.Files[i+1]; got.Role != document.Original || got.Version.Blob != f.Version.Blob || got.Name != f.Name || len(pc.Warnings) > 0 {
			x.t.Errorf("file %d: %+v, warnings %v", i, got, pc.Warnings)
		}
	}
	pc, err = x.b.Flow.Issue(ctx, clerk, pc.ID)
	x.must(err)
	x.settle()
	back := x.a.got("a-svd", "H98.05", pc.DocumentID)
	if len(back) != 1 {
		x.t.Fatalf("%+v", back)
	}
	got := back[0]
	if got.Verdict != document.VerdictSufficient {
		x.t.Errorf("verdict %s", got.Verdict)
	}
	issuer, ok := got.Forwarded()
	if !ok || issuer.OrganID != "H26.14" || issuer.DocumentID != d.DocumentID || got.From.OrganID != "H98.05" {
		x.t.Errorf("issuer %+v %v, forwarder %+v", issuer, ok, got.From)
	}
	for i, f := range in[0].Files {
		if g := got.Files[i+1]; g.Role != document.Original || g.Version.Blob != f.Version.Blob {
			x.t.Errorf("received %+v, sent %s", g, f.Version.Blob)
		}
	}
	// Handed on once more, it is still its issuer's, and the first note stays behind.
	page, err := (&query.Views{Store: x.a.Store, Clock: x.a.Now}).Incoming(ctx, x.a.Who("vt.svd"), got.ID)
	x.must(err)
	if page.Issuer == nil || page.Issuer.Reference.OrganID != "H26.14" || page.Issuer.Name != "Sở Ví dụ" {
		x.t.Errorf("the page says %+v", page.Issuer)
	}
}
