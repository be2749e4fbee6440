package axis_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"congvan/internal/axis"
	"congvan/internal/axis/axistest"
	"congvan/internal/axis/edxml"
	"congvan/internal/axis/vxp"
	"congvan/internal/calendar"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/flow"
	"congvan/internal/org"
	"congvan/internal/store"
	"congvan/internal/workflow"
)

// wards are agencies of the other installation that only receive.
const wards = 12

func ward(i int) (id, code string) { return fmt.Sprintf("b-xa%02d", i), fmt.Sprintf("H98.77.%02d", i) }

// settleWards puts the wards into both directories.
func (x *exchange) settleWards() {
	for _, s := range []*side{x.a, x.b} {
		s.Must(s.Store.Administer(s.T.Context(), func(tx store.Admin) error {
			for i := range wards {
				id, code := ward(i)
				err := tx.PutAgency(org.Agency{
					ID: id, Name: fmt.Sprintf("Ủy ban nhân dân xã Mẫu %d", i), Local: s == x.b, Block: org.BlockGovernment,
					Codes: []org.Code{{Scheme: org.SchemeQD20, Value: code, Period: org.Period{ValidFrom: calendar.On(2020, 1, 1)}}},
				})
				if err != nil {
					return err
				}
			}
			return nil
		}))
	}
}

// toWards issues a document to all wards and gives its job.
func (x *exchange) toWards() (document.Outgoing, flow.Job) {
	x.t.Helper()
	var to []string
	for i := range wards {
		_, code := ward(i)
		to = append(to, code)
	}
	d, err := x.a.Flow.Issue(x.t.Context(), x.a.Who("vt.svd"), x.a.Sealed(to...).ID)
	x.must(err)
	var jobs []flow.Job
	for _, j := range x.a.Jobs {
		if j.Kind == flow.JobDeliver || j.Kind == flow.JobDispatch {
			jobs = append(jobs, j)
		}
	}
	if len(jobs) != 1 || jobs[0].Kind != flow.JobDispatch {
		x.t.Fatalf("jobs %+v", jobs)
	}
	x.a.Jobs = nil
	return d, jobs[0]
}

// states are the deliveries of a document by the code of their recipient.
func (s *side) states(d document.Outgoing) map[string]document.Delivery {
	s.T.Helper()
	out := map[string]document.Delivery{}
	s.Must(s.Store.Read(s.T.Context(), func(tx flow.ReadTx) error {
		vs, err := tx.Deliveries(d.ID)
		for _, v := range vs {
			out[v.Recipient.OrganID] = v
		}
		return err
	}))
	return out
}

// arrived holds that a document is at every ward but some, once, and that its sender knows.
func (x *exchange) arrived(d document.Outgoing, but ...string) {
	x.t.Helper()
	states := x.a.states(d)
	for i := range wards {
		id, code := ward(i)
		n := len(x.b.got(id, "H26.14", d.DocumentID))
		if slices.Contains(but, code) {
			if n != 0 {
				x.t.Errorf("%s has it", code)
			}
			continue
		}
		if n != 1 || states[code].State != workflow.Arrived {
			x.t.Errorf("%s: %d documents, %s by %s", code, n, states[code].State, states[code].LastError)
		}
	}
}

// reports counts what is kept of the checks of these bytes.
func (s *side) reports(blob string) (n int) {
	s.T.Helper()
	s.Must(s.Store.DB().QueryRowContext(s.T.Context(), "SELECT COUNT(*) FROM reports WHERE blob_key = ?", blob).Scan(&n))
	return n
}

// TestFanOut sends one document to many agencies of another installation (D8).
func TestFanOut(t *testing.T) {
	x := newExchange(t)
	x.settleWards()
	for _, c := range []struct {
		name string
		test func(*exchange)
	}{
		{"one message to all", oneMessage},
		{"the answer is lost", groupAnswerLost},
		{"killed after the axis took it", groupKilled},
		{"a message that is slow to fetch", slowFetch},
		{"one of them is locked", oneLocked},
		{"one of them is slow", oneSlow},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(x.in(t)) })
	}
	for _, s := range []*side{x.a, x.b} {
		s.In(t)
		s.conserved()
	}
}

func oneMessage(x *exchange) {
	d, job := x.toWards()
	x.must(x.a.Flow.Dispatch(x.t.Context(), job.ID))
	if ids := x.onAxis(x.a.client, reference(d)); len(ids) != 1 {
		x.t.Errorf("%d messages on the axis", len(ids))
	}
	x.settle()
	x.arrived(d)
	for _, f := range d.Files {
		if n := x.b.reports(f.Version.Blob); f.MediaType == "application/pdf" && n != 1 {
			x.t.Errorf("%s was checked %d times", f.Name, n)
		}
	}
	var raw []string
	for i := range wards {
		id, _ := ward(i)
		raw = append(raw, x.b.got(id, "H26.14", d.DocumentID)[0].RawKey)
	}
	if len(slices.Compact(raw)) != 1 {
		x.t.Errorf("the message is kept as %v", raw)
	}
}

func groupAnswerLost(x *exchange) {
	d, job := x.toWards()
	x.fail(axistest.Fault{Operation: "sendEdoc", Kind: axistest.FaultLostAnswer}, axistest.Fault{Operation: "getSentEdocList", Kind: axistest.FaultStatus, Count: 2})
	for _, want := range []bool{false, false, true} { // neither the answer nor the list; the list again; the list tells
		err := x.a.Flow.Dispatch(x.t.Context(), job.ID)
		if (err == nil) != want {
			x.t.Fatalf("%v", err)
		}
	}
	if ids := x.onAxis(x.a.client, reference(d)); len(ids) != 1 {
		x.t.Errorf("%d messages on the axis", len(ids))
	}
	x.settle()
	x.arrived(d)
}

func groupKilled(x *exchange) {
	d, job := x.toWards()
	x.a.Flow.Courier = dying{x.a.courier}
	func() {
		defer func() { _ = recover() }()
		_ = x.a.Flow.Dispatch(x.t.Context(), job.ID)
	}()
	x.a.Flow.Courier = x.a.courier
	x.must(x.a.Flow.Dispatch(x.t.Context(), job.ID))
	if ids := x.onAxis(x.a.client, reference(d)); len(ids) != 1 {
		x.t.Errorf("%d messages on the axis", len(ids))
	}
	x.settle()
	x.arrived(d)
}

// holding is a wire that gives one message out only once it is let go.
type holding struct {
	axis.Wire
	id  string
	let chan struct{}

	mu   sync.Mutex
	done map[string]bool // others that the axis was told of
}

func (h *holding) Fetch(ctx context.Context, id string) (io.ReadCloser, error) {
	if id == h.id {
		<-h.let
	}
	return h.Wire.Fetch(ctx, id)
}

func (h *holding) UpdateStatus(ctx context.Context, id, status string) error {
	err := h.Wire.UpdateStatus(ctx, id, status)
	h.mu.Lock()
	h.done[id] = true
	h.mu.Unlock()
	return err
}

func (h *holding) others() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.done)
}

// slowFetch: the first message of a list does not come. All the others of its round are dealt
// with, and so is what comes later, by another round, which leaves the first one what it has.
func slowFetch(x *exchange) {
	d, job := x.toWards()
	x.must(x.a.Flow.Dispatch(x.t.Context(), job.ID))
	rows, err := x.b.client.Received(x.t.Context(), vxp.KindEdoc, vxp.Period{})
	x.must(err)
	wire := &holding{Wire: x.b.client, id: rows[0].DocID, let: make(chan struct{}), done: map[string]bool{}}
	x.b.inbox.Wire = wire
	first := make(chan error)
	go func() {
		_, err := x.b.inbox.Poll(x.t.Context())
		first <- err
	}()
	for end := time.Now().Add(20 * time.Second); wire.others() < wards-1 && time.Now().Before(end); {
		time.Sleep(10 * time.Millisecond)
	}
	m := x.letter(stranger, 4000)
	m.MessageHeader.To[0].OrganId = "H98.05"
	x.post(x.stranger, stranger, vxp.KindEdoc, x.raw(m), "H98.05")
	x.b.poll()
	if n := len(x.b.got("b-sm", stranger, m.MessageHeader.DocumentId)); n != 1 || wire.others() != wards {
		x.t.Errorf("behind the slow one: %d documents, %d messages dealt with", n, wire.others())
	}
	close(wire.let)
	x.must(<-first)
	x.b.inbox.Wire = x.b.client
	x.settle()
	x.arrived(d)
}

func oneLocked(x *exchange) {
	_, locked := ward(7)
	d, job := x.toWards()
	x.fail(axistest.Fault{Kind: axistest.FaultLockRecipient, Recipient: locked, Count: -1})
	x.must(x.a.Flow.Dispatch(x.t.Context(), job.ID))
	x.settle()
	x.arrived(d, locked)
	v := x.a.states(d)[locked]
	if v.State != workflow.Failed || v.LastError != "axis_recipient_refused" || v.LastErrorWith["code"] != "23" {
		x.t.Fatalf("%+v", v)
	}
	x.sim.ClearFaults()
	if _, err := x.a.Flow.ResendAll(x.t.Context(), x.a.Who("cv.svd"), d.ID); !fault.Is(err, "forbidden_role") {
		x.t.Errorf("resent by an official: %v", err)
	}
	n, err := x.a.Flow.ResendAll(x.t.Context(), x.a.Who("vt.svd"), d.ID)
	if n != 1 || err != nil {
		x.t.Fatalf("%d resent, %v", n, err)
	}
	if _, err := x.a.Flow.ResendAll(x.t.Context(), x.a.Who("vt.svd"), d.ID); !fault.Is(err, "nothing_to_resend") {
		x.t.Errorf("resent twice: %v", err)
	}
	x.settle()
	x.arrived(d)
}

// hanging is a wire that runs out of time whenever one recipient is among those of a message.
type hanging struct {
	axis.Wire
	code string
	off  bool
}

func (h *hanging) Send(ctx context.Context, o vxp.Outgoing) (string, error) {
	if !h.off && slices.Contains(o.To, h.code) {
		return "", &vxp.Error{Op: "sendEdoc", Retryable: true, Uncertain: true, Err: context.DeadlineExceeded}
	}
	return h.Wire.Send(ctx, o)
}

// TestHangingAxis: an axis that takes a message and does not answer is told apart from one
// that is down.
func TestHangingAxis(t *testing.T) {
	hang := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/sendEdoc" {
			_, _ = io.Copy(io.Discard, r.Body)
			<-hang
		}
		_, _ = io.WriteString(w, `{"status":"OK","ErrorCode":"0","data":[]}`)
	}))
	defer server.Close()
	defer close(hang)
	client, err := vxp.New(vxp.Config{Endpoint: server.URL, SystemID: "x", Secret: "y", Now: time.Now, TransferTimeout: 300 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	now := time.Now()
	c := axis.Courier{Wire: client, Dialect: edxml.SDK()}
	d := document.Consignment{
		From: document.Party{OrganID: "H26.14"}, To: []document.Party{{OrganID: "H98.05"}}, DocumentID: "H26.14,2026/11/19,1/SVD", CodeNumber: "1", CodeNotation: "SVD",
		IssuedDate: calendar.DateOf(now), TypeName: "Công văn", Subject: "V/v chờ", SentAt: now,
	}
	if h := c.Send(t.Context(), d, false)[0]; !fault.Is(h.Err, "axis_slow") || fault.KindOf(h.Err) != fault.Unavailable || h.Others {
		t.Errorf("to one: %+v", h)
	}
	d.To = append(d.To, document.Party{OrganID: "H98"})
	if h := c.Send(t.Context(), d, false)[1]; !fault.Is(h.Err, "axis_slow") || !h.Others {
		t.Errorf("to two: %+v", h)
	}
	m := document.StatusMessage{From: d.To[0], To: "H26.14", DocumentID: d.DocumentID, Code: "1/SVD", Status: "01", At: now}
	if err := c.SendStatus(t.Context(), m); !fault.Is(err, "axis_slow") {
		t.Errorf("a status: %v", err)
	}
}

// oneSlow: the axis does not answer in time as long as one of them is among the recipients;
// the others get the document, and it is left alone after a while.
func oneSlow(x *exchange) {
	_, slow := ward(3)
	d, job := x.toWards()
	courier := *x.a.courier
	wire := &hanging{Wire: courier.Wire, code: slow}
	courier.Wire, courier.Rest = wire, axis.NewRest(x.a.Now)
	x.a.Flow.Courier = &courier
	if err := x.a.Flow.Dispatch(x.t.Context(), job.ID); err != nil {
		x.t.Fatal(err)
	}
	var later []flow.Job // to the slow one
	for len(x.a.Jobs) > 0 {
		j := x.a.Jobs[0]
		x.a.Jobs = x.a.Jobs[1:]
		var err error
		if j.Kind == flow.JobDispatch {
			err = x.a.Flow.Dispatch(x.t.Context(), j.ID)
		} else {
			err = x.a.Flow.Deliver(x.t.Context(), j.ID)
		}
		if err != nil {
			later = append(later, j)
		}
	}
	x.settle()
	x.arrived(d, slow)
	if len(later) != 1 {
		x.t.Fatalf("left for later: %+v", later)
	}
	for range 2 {
		if err := x.a.Flow.Deliver(x.t.Context(), later[0].ID); !fault.Is(err, "axis_slow") {
			x.t.Fatalf("%v", err)
		}
	}
	before := x.a.states(d)[slow].Attempts
	x.must(x.a.Flow.Deliver(x.t.Context(), later[0].ID))
	v := x.a.states(d)[slow]
	if v.State != workflow.Queued || v.LastError != "recipient_resting" || v.Attempts != before || len(x.a.Jobs) != 1 || !x.a.Jobs[0].RunAt.After(x.a.Now()) {
		x.t.Fatalf("%+v, jobs %+v", v, x.a.Jobs)
	}
	wire.off = true
	x.a.Jobs = nil
	x.pass(2 * time.Minute)
	x.must(x.a.Flow.Deliver(x.t.Context(), later[0].ID))
	x.settle()
	x.arrived(d)
	if rows, err := x.b.client.Received(x.t.Context(), vxp.KindEdoc, vxp.Period{}); err != nil || len(rows) != 0 {
		x.t.Errorf("still waiting: %v, %v", rows, err)
	}
}
