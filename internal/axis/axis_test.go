package axis_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"congvan/internal/axis"
	"congvan/internal/axis/axistest"
	"congvan/internal/axis/edxml"
	"congvan/internal/axis/vxp"
	"congvan/internal/document"
	"congvan/internal/flow"
	"congvan/internal/flowtest"
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
