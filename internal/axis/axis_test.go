package axis_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"congvan/internal/axis"
	"congvan/internal/axis/axistest"
	"congvan/internal/axis/edxml"
	"congvan/internal/axis/vxp"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/flow"
	"congvan/internal/flowtest"
	"congvan/internal/org"
	"congvan/internal/query"
	"congvan/internal/workflow"
)

// exchange is two installations with the simulated axis between them, and a stranger who
// is on the axis and in nobody's directory.
type exchange struct {
	t        *testing.T
	a, b     *side
	stranger *vxp.Client
	sim      *axistest.Simulator
	down     atomic.Bool         // the axis cannot be reached
	pass     func(time.Duration) // lets time pass
}

// side is an installation with its connection.
type side struct {
	*flowtest.World
	client  *vxp.Client
	courier *axis.Courier
	inbox   *axis.Inbox
	aside   map[string]bool // what was in quarantine before the sub-test
}

const stranger = "H97.01"

func newExchange(t *testing.T) *exchange {
	t.Helper()
	a, b, clock := flowtest.NewPair(t)
	x := &exchange{t: t}
	systems := []axistest.System{
		{ID: "city", Secret: "a", Agencies: []axistest.Agency{{Code: "H26.99", Name: "Sở chưa khai báo"}}},
		{ID: "province", Secret: "b"},
		{ID: "stranger", Secret: "c", Agencies: []axistest.Agency{{Code: stranger, Name: "Sở Lạ tỉnh Lạ"}}},
	}
	for i := range wards {
		_, code := ward(i)
		systems[1].Agencies = append(systems[1].Agencies, axistest.Agency{Code: code, Name: "Xã Mẫu"})
	}
	for i, w := range []*flowtest.World{a, b} {
		for _, g := range w.Site.Agencies {
			if g.Local {
				systems[i].Agencies = append(systems[i].Agencies, axistest.Agency{Code: g.Codes[0].Value, Code102: g.Codes[1].Value, Name: g.Name})
			}
		}
	}
	sim, err := axistest.New(axistest.Options{Clock: clock.Now, Dir: t.TempDir(), Systems: systems})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if x.down.Load() {
			panic(http.ErrAbortHandler)
		}
		sim.ServeHTTP(w, r)
	}))
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	t.Cleanup(func() {
		server.Close()
		_ = sim.Close()
	})
	x.sim, x.pass = sim, clock.Add
	client := func(s axistest.System) *vxp.Client {
		c, err := vxp.New(vxp.Config{Endpoint: server.URL, SystemID: s.ID, Secret: s.Secret, Now: clock.Now, Download: true})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		return c
	}
	connect := func(w *flowtest.World, c *vxp.Client) *side {
		s := &side{World: w, client: c}
		s.courier = &axis.Courier{Wire: c, Blobs: w.Blobs, Dialect: edxml.SDK(), Directory: w.Flow}
		s.inbox = &axis.Inbox{
			Wire: c, Blobs: w.Blobs, Receiver: w.Flow, Dir: t.TempDir(), Clock: clock.Now, Log: slog.New(slog.DiscardHandler),
		}
		w.Flow.Courier = s.courier
		return s
	}
	x.a, x.b = connect(a, client(systems[0])), connect(b, client(systems[1]))
	x.stranger = client(systems[2])
	return x
}

// in lets the exchange report to a sub-test, in which it begins in order.
func (x *exchange) in(t *testing.T) *exchange {
	parent := x.t
	x.t = t
	t.Cleanup(func() { x.t = parent })
	x.sim.ClearFaults()
	x.down.Store(false)
	for _, s := range []*side{x.a, x.b} {
		s.In(t)
		s.Jobs = nil
		s.Flow.Courier = s.courier
		s.aside = map[string]bool{}
		q, err := s.Store.Quarantine(t.Context(), 1000)
		x.must(err)
		for _, q := range q {
			s.aside[q.ID] = true
		}
	}
	return x
}

func (x *exchange) must(err error) {
	x.t.Helper()
	if err != nil {
		x.t.Fatal(err)
	}
}

func (x *exchange) fail(faults ...axistest.Fault) {
	x.t.Helper()
	for _, f := range faults {
		x.must(x.sim.AddFault(f))
	}
}

// poll fetches once, without a fault.
func (s *side) poll() int {
	s.T.Helper()
	n, err := s.inbox.Poll(s.T.Context())
	s.Must(err)
	return n
}

// settle lets both sides work and fetch until nothing moves.
func (x *exchange) settle() {
	x.t.Helper()
	for range 10 {
		x.a.Work()
		x.b.Work()
		if x.a.poll()+x.b.poll() == 0 && len(x.a.Jobs)+len(x.b.Jobs) == 0 {
			return
		}
	}
	x.t.Fatal("the exchange does not come to rest")
}

// issue sends a document of Sở Ví dụ to Sở Mẫu up to the door, and gives its delivery.
func (x *exchange) issue() (document.Outgoing, string) {
	x.t.Helper()
	d, err := x.a.Flow.Issue(x.t.Context(), x.a.Who("vt.svd"), x.a.Sealed("H98.05").ID)
	x.must(err)
	job := x.a.Jobs[len(x.a.Jobs)-1]
	x.a.Jobs = nil
	return d, job.ID
}

func (s *side) delivery(id string) (v document.Delivery) {
	s.T.Helper()
	s.Must(s.Store.Read(s.T.Context(), func(tx flow.ReadTx) (err error) {
		v, err = tx.Delivery(id)
		return err
	}))
	return v
}

// got are the documents an agency has of a sender under an identifier.
func (s *side) got(agencyID, from, documentID string) (in []document.Incoming) {
	s.T.Helper()
	s.Must(s.Store.Read(s.T.Context(), func(tx flow.ReadTx) (err error) {
		in, err = tx.IncomingOf(agencyID, from, documentID)
		return err
	}))
	return in
}

// onAxis are the messages of a sender's reference that the axis holds.
func (x *exchange) onAxis(c *vxp.Client, notation string) []string {
	x.t.Helper()
	rows, err := c.Sent(x.t.Context(), vxp.KindEdoc, "", vxp.Period{})
	x.must(err)
	var ids []string
	for _, r := range rows {
		if r.Notation == notation && !slices.Contains(ids, r.SenderDocID) {
			ids = append(ids, r.SenderDocID)
		}
	}
	return ids
}

func codes(v document.Delivery) (out []string) {
	for _, e := range v.Events {
		if e.Code != "" {
			out = append(out, e.Code)
		}
	}
	return out
}

// TestExchange sends between two installations over the axis. The cases share the worlds,
// since keys are slow to make; each takes documents of its own.
func TestExchange(t *testing.T) {
	x := newExchange(t)
	for _, c := range []struct {
		name string
		test func(*exchange)
	}{
		{"there and back", thereAndBack},
		{"old codes on the wire", oldCodes},
		{"handed on under a transfer note", handedOn},
		{"killed after the axis took it", killed},
		{"recipient locked", locked},
		{"axis down and back", downAndBack},
		{"everything twice and in disorder", twice},
		{"a receiver that commits and reports a fault", committedButFailed},
		{"the stored file was swapped", swapped},
		{"sent once whatever the answer", sentOnce},
		{"nothing is sent without the list", noList},
		{"poison is set aside", poison},
		{"what cannot be fetched", unfetched},
		{"faults of the axis while fetching", passing},
		{"who a message is from", senders},
		{"statuses nobody waits for", strayStatuses},
		{"recalls by every route", recalls},
		{"recalls of what has not left", recallsUnsent},
		{"a replacement", replaces},
		{"updates", updates},
		{"what was set aside is settled", setAsideActs},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(x.in(t)) })
	}
	for _, s := range []*side{x.a, x.b} {
		s.In(t)
		s.conserved()
	}
}

// conserved holds, after everything that went wrong above, that no message was lost or
// doubled by the journal's own count (D9).
func (s *side) conserved() {
	s.T.Helper()
	rep, err := s.Store.Audit(s.T.Context(), time.Time{}, s.Now().Add(time.Hour))
	s.Must(err)
	for _, d := range rep.Differences {
		s.T.Errorf("%+v", d)
	}
	fetched := 0
	for _, l := range rep.Incoming {
		fetched += l.Fetched
	}
	if fetched == 0 {
		s.T.Errorf("nothing was counted: %+v", rep)
	}
}

// thereAndBack walks a document to another installation and its answer back, with every
// status at its sender.
func thereAndBack(x *exchange) {
	ctx := x.t.Context()
	d, id := x.issue()
	x.must(x.a.Flow.Deliver(ctx, id))
	if v := x.a.delivery(id); v.State != workflow.Sent || v.AxisDocID == "" || v.Attempts != 1 {
		x.t.Fatalf("%+v", v)
	}
	x.settle()
	in := x.b.got("b-sm", "H26.14", d.DocumentID)
	if len(in) != 1 || in[0].Verdict != document.VerdictSufficient || len(in[0].Files) != 2 || in[0].Files[0].Version.Blob != d.Files[0].Version.Blob {
		x.t.Fatalf("received %+v", in)
	}
	if v := x.a.delivery(id); v.State != workflow.Arrived {
		x.t.Fatalf("%+v", v)
	}
	doc := in[0].ID
	_, err := x.b.Flow.Register(ctx, x.b.Who("vt.sm"), doc, flow.RegisterInput{})
	x.must(err)
	_, err = x.b.Flow.Present(ctx, x.b.Who("vt.sm"), doc, x.b.Who("gd.sm").PositionID)
	x.must(err)
	_, err = x.b.Flow.Assign(ctx, x.b.Who("gd.sm"), doc, flow.AssignInput{To: []document.AssignmentTo{{PositionID: x.b.Who("cv.sm").PositionID, Role: document.Lead}}})
	x.must(err)
	_, err = x.b.Flow.Start(ctx, x.b.Who("cv.sm"), doc)
	x.must(err)

	cv := x.b.Who("cv.sm")
	u := x.b.Upload(cv, "tra-loi.pdf", flowtest.Sample(x.t, "cong-van-1.pdf"))
	places := flow.Proposal(1) // the sample names another signer
	answer, err := x.b.Flow.Draft(ctx, cv, flow.DraftInput{
		Metadata: document.Metadata{TypeCode: d.TypeCode, Subject: "V/v trả lời Công văn của Sở Ví dụ"}, SignerID: x.b.Who("gd.sm").PositionID,
		Recipients: []string{"H26.14"}, ReplyTo: doc, Files: []flow.FileInput{{Role: document.Main, UploadID: u.ID}},
		Layout: &document.Layout{Leader: places.Leader, Agency: places.Agency},
	})
	x.must(err)
	answer, err = x.b.Flow.Issue(ctx, x.b.Who("vt.sm"), x.b.Seal(answer).ID)
	x.must(err)
	_, err = x.b.Flow.Complete(ctx, cv, doc, "Đã trả lời.")
	x.must(err)
	x.settle()

	v := x.a.delivery(id)
	if v.State != workflow.Completed || !slices.Equal(codes(v), []string{"01", "03", "04", "05", "06"}) {
		x.t.Fatalf("%s by %v", v.State, codes(v))
	}
	back := x.a.got("a-svd", "H98.05", answer.DocumentID)
	if len(back) != 1 || back[0].Verdict != document.VerdictSufficient || len(back[0].ResponseFor) != 1 || back[0].ResponseFor[0].DocumentID != d.DocumentID {
		x.t.Fatalf("the answer: %+v", back)
	}
}

// dying is a courier whose process is killed once the axis has taken the message.
type dying struct{ flow.Courier }

func (d dying) Send(ctx context.Context, c document.Consignment, again bool) []document.Handover {
	_ = d.Courier.Send(ctx, c, again)
	panic("killed")
}

func killed(x *exchange) {
	ctx := x.t.Context()
	d, id := x.issue()
	x.a.Flow.Courier = dying{x.a.courier}
	func() {
		defer func() { _ = recover() }()
		_ = x.a.Flow.Deliver(ctx, id)
	}()
	x.a.Flow.Courier = x.a.courier
	x.must(x.a.Flow.Deliver(ctx, id))
	x.once(d, id)
}

// once holds that a document is on the axis once, at its recipient once, and that its
// sender knows.
func (x *exchange) once(d document.Outgoing, id string) {
	x.t.Helper()
	x.settle()
	v := x.a.delivery(id)
	if ids := x.onAxis(x.a.client, reference(d)); len(ids) != 1 || v.AxisDocID != ids[0] {
		x.t.Errorf("the axis holds %v, the delivery knows %q", ids, v.AxisDocID)
	}
	if in := x.b.got("b-sm", "H26.14", d.DocumentID); len(in) != 1 {
		x.t.Errorf("%d documents at the recipient", len(in))
	}
	if v.State != workflow.Arrived || !slices.Equal(codes(v), []string{"01"}) {
		x.t.Errorf("%s by %v", v.State, codes(v))
	}
}

func reference(d document.Outgoing) string {
	_, _, code, _ := edxml.ParseDocumentID(d.DocumentID)
	return code
}

func locked(x *exchange) {
	ctx := x.t.Context()
	d, id := x.issue()
	x.fail(axistest.Fault{Kind: axistest.FaultLockRecipient, Recipient: "H98.05"})
	x.must(x.a.Flow.Deliver(ctx, id))
	if v := x.a.delivery(id); v.State != workflow.Failed || v.LastError != "axis_recipient_refused" || v.LastErrorWith["code"] != "23" || v.LastErrorWith["text"] == "" {
		x.t.Fatalf("%+v", v)
	}
	_, err := x.a.Flow.Resend(ctx, x.a.Who("vt.svd"), id)
	x.must(err)
	x.once(d, id)
}

func downAndBack(x *exchange) {
	ctx := x.t.Context()
	d, id := x.issue()
	x.down.Store(true)
	for n := range 3 {
		if err := x.a.Flow.Deliver(ctx, id); !fault.Is(err, "axis_unavailable") {
			x.t.Fatalf("down: %v", err)
		}
		if v := x.a.delivery(id); v.State != workflow.Queued || v.Attempts != n+1 || v.LastError != "axis_unavailable" {
			x.t.Fatalf("%+v", v)
		}
	}
	if _, err := x.b.inbox.Poll(ctx); fault.KindOf(err) != fault.Unavailable {
		x.t.Fatalf("down: %v", err)
	}
	x.down.Store(false)
	x.must(x.a.Flow.Deliver(ctx, id))
	x.once(d, id)
}

// twice: two copies on the axis, one more as a relay writes it, every list double and last
// first, and the axis told done without an answer.
func twice(x *exchange) {
	ctx := x.t.Context()
	d, id := x.issue()
	x.fail(axistest.Fault{Kind: axistest.FaultDuplicate, Operation: "sendEdoc", Count: -1},
		axistest.Fault{Kind: axistest.FaultRedeliverChanged, Operation: "sendEdoc"},
		axistest.Fault{Kind: axistest.FaultDuplicate, Operation: "getReceivedEdocList", Count: -1},
		axistest.Fault{Kind: axistest.FaultReorder, Operation: "getReceivedEdocList", Count: -1},
		axistest.Fault{Kind: axistest.FaultLostAnswer, Operation: "updateStatus", Count: 2})
	x.must(x.a.Flow.Deliver(ctx, id))
	rows, err := x.b.client.Received(ctx, vxp.KindEdoc, vxp.Period{})
	x.must(err)
	if len(rows) != 6 {
		x.t.Fatalf("%d rows, want 3 copies listed twice", len(rows))
	}
	if n, err := x.b.inbox.Poll(ctx); n != 1 || fault.KindOf(err) != fault.Unavailable {
		x.t.Fatalf("%d done, %v", n, err)
	}
	x.once(d, id)
	if q := x.b.quarantine(); len(q) != 0 {
		x.t.Errorf("set aside: %+v", q)
	}
}

// forgetful is a receiver that commits and then reports a fault, once for each act.
type forgetful struct {
	axis.Receiver
	acts map[string]bool
}

func (f forgetful) fault(act string, err error) error {
	if err != nil || f.acts[act] {
		return err
	}
	f.acts[act] = true
	return fault.New(fault.Unavailable, "database_unavailable")
}

func (f forgetful) Receive(ctx context.Context, p document.Parcel, c document.Consignment) error {
	return f.fault("receive", f.Receiver.Receive(ctx, p, c))
}

func (f forgetful) RecordStatus(ctx context.Context, p document.Parcel, m document.StatusMessage) error {
	return f.fault("status", f.Receiver.RecordStatus(ctx, p, m))
}

func (f forgetful) TakeOver(ctx context.Context, rows []document.Parcel) ([]document.Parcel, error) {
	rows, err := f.Receiver.TakeOver(ctx, rows)
	if len(rows) == 0 {
		return rows, err
	}
	return rows, f.fault("take over", err)
}

func (f forgetful) Strike(ctx context.Context, p document.Parcel, code string) (int, error) {
	n, err := f.Receiver.Strike(ctx, p, code)
	return n, f.fault("strike", err)
}

func (f forgetful) SetAside(ctx context.Context, p document.Parcel, code string) error {
	return f.fault("set aside", f.Receiver.SetAside(ctx, p, code))
}

func committedButFailed(x *exchange) {
	ctx := x.t.Context()
	acts := map[string]bool{}
	for _, s := range []*side{x.a, x.b} {
		s.inbox.Receiver = forgetful{s.Flow, acts}
		defer func() { s.inbox.Receiver = s.Flow }()
	}
	d, id := x.issue()
	x.must(x.a.Flow.Deliver(ctx, id))
	for _, act := range []string{"take over", "receive"} {
		if n, err := x.b.inbox.Poll(ctx); n != 0 || fault.KindOf(err) != fault.Unavailable || !acts[act] {
			x.t.Fatalf("%s: %d done, %v", act, n, err)
		}
	}
	x.b.poll()
	x.b.Work()
	if n, err := x.a.inbox.Poll(ctx); n != 0 || fault.KindOf(err) != fault.Unavailable {
		x.t.Fatalf("%d done, %v", n, err)
	}
	x.once(d, id)

	// A message at fault: its strikes and its quarantine are kept though reported as failed.
	x.post(x.stranger, stranger, vxp.KindEdoc, strings.Replace(x.raw(x.letter(stranger, 900)), "</AttachmentEncoded>", "</Attachment>", 1), "H26.14")
	for range 5 {
		_, _ = x.a.inbox.Poll(ctx)
	}
	if q := x.a.quarantine(); len(q) != 1 || !acts["strike"] || !acts["set aside"] {
		x.t.Errorf("set aside: %+v after %v", q, acts)
	}
	x.quiet(x.a)
}

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
