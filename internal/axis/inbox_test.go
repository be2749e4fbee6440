package axis_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"congvan/internal/axis"
	"congvan/internal/axis/axistest"
	"congvan/internal/axis/edxml"
	"congvan/internal/axis/vxp"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/flow"
	"congvan/internal/journal"
	"congvan/internal/workflow"
)

// letter is a message of a system that is not ours, to Sở Ví dụ.
func (x *exchange) letter(from string, n int) *edxml.Message {
	pdf := fmt.Sprintf("%%PDF-1.7 thư số %d", n)
	day := edxml.DateOf(x.a.Now())
	code := edxml.Code{CodeNumber: fmt.Sprint(n), CodeNotation: "SL-VP"}
	return &edxml.Message{
		MessageHeader: edxml.MessageHeader{
			From: edxml.Agency{OrganId: from, OrganName: "Sở Lạ tỉnh Lạ"}, To: []edxml.Agency{{OrganId: "H26.14", OrganName: "Sở Ví dụ"}},
			DocumentId: edxml.DocumentID(from, day, code), Code: code,
			PromulgationInfo: edxml.PromulgationInfo{Place: "Tỉnh Lạ", PromulgationDate: day}, DocumentType: edxml.AdministrativeType("Công văn"),
			Subject: "V/v hỏi đường",
		},
		TraceHeaderList: edxml.TraceHeaderList{
			TraceHeader: []edxml.TraceHeader{{OrganId: from, Timestamp: edxml.TimestampOf(x.a.Now())}},
			Bussiness:   edxml.Bussiness{BussinessDocType: edxml.DocNew},
		},
		Attachments: []edxml.Attachment{{
			ContentId: "1", AttachmentName: "thu.pdf", Open: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(pdf)), nil },
		}},
	}
}

func (x *exchange) raw(m *edxml.Message) string {
	x.t.Helper()
	var b bytes.Buffer
	x.must(edxml.Write(&b, m, edxml.SDK()))
	return b.String()
}

// post sends bytes as they are, in the name that the axis knows the sender by.
func (x *exchange) post(c *vxp.Client, from string, kind vxp.Kind, raw string, to ...string) {
	x.t.Helper()
	_, err := c.Send(x.t.Context(), vxp.Outgoing{
		From: from, To: to, Kind: kind, Size: int64(len(raw)), SHA256: sha256.Sum256([]byte(raw)),
		Body: func(w io.Writer) error { _, err := io.WriteString(w, raw); return err },
	})
	x.must(err)
}

// restart is a new process: what the inbox knew in memory is gone.
func (s *side) restart() {
	old := s.inbox
	s.inbox = &axis.Inbox{Wire: old.Wire, Blobs: old.Blobs, Receiver: old.Receiver, Dir: old.Dir, Limits: old.Limits, Clock: old.Clock, Log: old.Log}
}

// quarantine is what was set aside since the sub-test began.
func (s *side) quarantine() (out []flow.Quarantined) {
	s.T.Helper()
	all, err := s.Store.Quarantine(s.T.Context(), 1000)
	s.Must(err)
	for _, q := range all {
		if !s.aside[q.ID] {
			out = append(out, q)
		}
	}
	return out
}

// zeros is a file that zips to next to nothing.
func zeros(n int64) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(io.LimitReader(zero{}, n)), nil }
}

type zero struct{}

func (zero) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// poison: what cannot become a document is set aside with its reason, once, and never
// holds up what comes behind it.
func poison(x *exchange) {
	ctx := x.t.Context()
	n := 0
	letter := func() *edxml.Message { n++; return x.letter(stranger, n) }
	cut := func(s, from, to string) string {
		a := strings.Index(s, from)
		return s[:a] + s[a+strings.Index(s[a:], to)+len(to):]
	}
	changedLetter := func(change func(*edxml.Message)) string {
		m := letter()
		change(m)
		return x.raw(m)
	}
	half := func(s string) string { return s[:len(s)-200] }
	good := func() string { return x.raw(letter()) }
	want := map[string]int{}
	for _, c := range []struct {
		code string
		raw  string
		to   string
	}{
		{"edxml_syntax", half(good()), ""},
		{"edxml_syntax", strings.Replace(good(), "</AttachmentEncoded>", "</Attachment>", 1), ""},
		{"edxml_forbidden", strings.Replace(good(), "?>\n", `?><!DOCTYPE edXML [<!ENTITY a SYSTEM "file:///etc/passwd">]>`, 1), ""},
		{"edxml_forbidden", strings.Replace(good(), "?>\n", `?><?xml-stylesheet href="x"?>`, 1), ""},
		{"edxml_base64", strings.Replace(good(), "JVBERi0", "!VBERi0", 1), ""},
		{"edxml_encoding", strings.Replace(good(), "UTF-8", "windows-1258", 1), ""},
		{"edxml_ambiguous", strings.Replace(good(), "<edXML:Subject>", "<edXML:Subject>Khác</edXML:Subject><edXML:Subject>", 1), ""},
		{"edxml_not_edxml", strings.NewReplacer("<edXML ", "<thu ", "</edXML>", "</thu>").Replace(good()), ""},
		{"edxml_too_large", strings.Replace(good(), "</edXML:TraceHeaderList>", "</edXML:TraceHeaderList>"+strings.Repeat("<a>", 40)+strings.Repeat("</a>", 40), 1), ""},
		{"edxml_too_large", strings.Replace(good(), "<edXML:CodeNotation>", "<edXML:CodeNotation>"+strings.Repeat("X", 600), 1), ""},
		{"edxml_zip", changedLetter(func(m *edxml.Message) {
			m.Attachments[0].AttachmentName, m.Attachments[0].Open = "bang.xls", zeros(12<<20)
		}), ""},
		{"edxml_incomplete", cut(cut(good(), "<edXML:DocumentId>", "</edXML:DocumentId>"), "<edXML:CodeNumber>", "</edXML:CodeNumber>"), ""},
		{"axis_sender_mismatch", strings.Replace(good(), ">"+stranger+"<", ">H98.05<", 1), ""},
		{"axis_kind_unsupported", strings.Replace(good(), "BussinessDocType>0<", "BussinessDocType>7<", 1), ""},
		{"change_target_unknown", changedLetter(func(m *edxml.Message) {
			m.TraceHeaderList.Bussiness.BussinessDocType, m.TraceHeaderList.Bussiness.DocumentId = edxml.DocRecall, "H26.14,2026/11/19,01/SVD-VP"
		}), ""},
		{"recipient_unknown", good(), "H26.99"},
		{"secret_mark", changedLetter(func(m *edxml.Message) { m.MessageHeader.OtherInfo.SphereOfPromulgation = "TỐI MẬT" }), ""},
	} {
		want[c.code]++
		to := "H26.14"
		if c.to != "" {
			to = c.to
		}
		x.post(x.stranger, stranger, vxp.KindEdoc, c.raw, to)
	}
	m := letter()
	x.post(x.stranger, stranger, vxp.KindEdoc, x.raw(m))

	_, err := x.a.inbox.Poll(ctx)
	if kind := fault.KindOf(err); kind != fault.Invalid {
		x.t.Errorf("the first round: %v", err)
	}
	if in := x.a.got("a-svd", stranger, m.MessageHeader.DocumentId); len(in) != 1 {
		x.t.Fatal("the good one waits behind the bad ones")
	}
	x.a.restart() // it is known after a restart how often each was at fault
	_, _ = x.a.inbox.Poll(ctx)
	x.a.restart()
	x.a.poll()
	got := map[string]int{}
	for _, q := range x.a.quarantine() {
		got[q.Reason]++
		if q.From.OrganID != stranger || q.RawKey == "" != (q.Reason == "secret_mark") || (q.AgencyID == "") != (q.Reason == "recipient_unknown") {
			x.t.Errorf("%+v", q)
		}
	}
	for code := range got {
		if want[code] == 0 {
			x.t.Errorf("unexpected %s", code)
		}
	}
	sentences, err := fault.NewCatalogue()
	x.must(err)
	for code, n := range want {
		if !sentences.Has(code) {
			x.t.Errorf("%s has no sentence", code)
		}
		if got[code] != n {
			x.t.Errorf("%s: %d set aside, want %d", code, got[code], n)
		}
	}
	x.quiet(x.a)
}

// quiet holds that nothing waits on the axis for a side and that another round does nothing.
func (x *exchange) quiet(s *side) {
	x.t.Helper()
	for _, kind := range []vxp.Kind{vxp.KindEdoc, vxp.KindStatus} {
		rows, err := s.client.Received(x.t.Context(), kind, vxp.Period{})
		x.must(err)
		for _, r := range rows {
			if r.Status != vxp.TransportFail {
				x.t.Errorf("still waits: %+v", r)
			}
		}
	}
	if n := s.poll(); n != 0 {
		x.t.Errorf("%d more done", n)
	}
}

// counting is a wire that counts what is fetched and may fail to.
type counting struct {
	axis.Wire
	fetched int
	err     error
}

func (c *counting) Fetch(ctx context.Context, id string) (io.ReadCloser, error) {
	if c.fetched++; c.err != nil {
		return nil, c.err
	}
	return c.Wire.Fetch(ctx, id)
}

// unfetched: a message that the axis refuses to give, or that is over our limit, is set
// aside without its bytes and marked failed for its sender, and is not asked for again.
func unfetched(x *exchange) {
	ctx := x.t.Context()
	for i, c := range []struct {
		err  error
		code string
	}{
		{&vxp.Error{Op: "getEdoc", Code: vxp.CodeInvalidFile, Desc: "Khong tim thay"}, "axis_fetch_refused"},
		{&vxp.Error{Op: "getEdoc", HTTPStatus: 404}, "axis_fetch_refused"},
		{&vxp.Error{Op: "getEdoc", Err: vxp.ErrTooLarge}, "edxml_too_large"},
	} {
		m := x.letter(stranger, 100+i)
		x.post(x.stranger, stranger, vxp.KindEdoc, x.raw(m))
		w := &counting{Wire: x.a.client, err: c.err}
		x.a.inbox.Wire = w
		for round := range 5 {
			_, err := x.a.inbox.Poll(ctx)
			if (err == nil) != (round >= 2) {
				x.t.Errorf("round %d: %v", round, err)
			}
		}
		x.a.inbox.Wire = x.a.client
		q := x.a.quarantine()
		if w.fetched != 3 || len(q) == 0 || q[0].Reason != c.code || q[0].RawKey != "" || q[0].AgencyID != "a-svd" {
			x.t.Errorf("fetched %d times; %+v", w.fetched, q)
		}
		rows, err := x.stranger.Sent(ctx, vxp.KindEdoc, "", vxp.Period{})
		x.must(err)
		if last := rows[len(rows)-1]; last.ReceiveStatus != vxp.TransportFail {
			x.t.Errorf("the sender is told %q", last.ReceiveStatus)
		}
	}
	// That our own key is refused says nothing of the message.
	m := x.letter(stranger, 120)
	x.post(x.stranger, stranger, vxp.KindEdoc, x.raw(m))
	for _, refusal := range []*vxp.Error{{Code: vxp.CodeWrongSecret}, {HTTPStatus: 403}} {
		x.a.inbox.Wire = &counting{Wire: x.a.client, err: refusal}
		for range 5 {
			if _, err := x.a.inbox.Poll(ctx); !fault.Is(err, "axis_credentials") {
				x.t.Errorf("%v", err)
			}
		}
	}
	x.a.inbox.Wire = x.a.client
	x.a.poll()
	if in := x.a.got("a-svd", stranger, m.MessageHeader.DocumentId); len(in) != 1 {
		x.t.Errorf("%d documents", len(in))
	}
	x.quiet(x.a)
}

// passing: whatever fails while fetching and passes costs no message.
func passing(x *exchange) {
	for name, f := range map[string]axistest.Fault{
		"list down":            {Operation: "getReceivedEdocList", Kind: axistest.FaultStatus, Count: 2},
		"list cut off":         {Operation: "getReceivedEdocList", Kind: axistest.FaultReset},
		"list busy":            {Operation: "getReceivedEdocList", Kind: axistest.FaultBusy},
		"fetch down":           {Operation: "downloadEdoc", Kind: axistest.FaultStatus, Status: 502},
		"fetch busy":           {Operation: "downloadEdoc", Kind: axistest.FaultBusy},
		"fetch cut off":        {Operation: "downloadEdoc", Kind: axistest.FaultReset},
		"no answer":            {Operation: "downloadEdoc", Kind: axistest.FaultLostAnswer, Count: 6}, // net/http mends as many as it has idle connections, at most 4
		"half a message":       {Operation: "downloadEdoc", Kind: axistest.FaultCorrupt, Count: 2},
		"a refusal that ends":  {Operation: "downloadEdoc", Kind: axistest.FaultFail, Code: "99", Count: 2},
		"a system error":       {Operation: "downloadEdoc", Kind: axistest.FaultFail, Code: "20", Count: 2},
		"our key refused":      {Operation: "downloadEdoc", Kind: axistest.FaultWrongHMAC, Count: 5},
		"done down":            {Operation: "updateStatus", Kind: axistest.FaultStatus, Count: 2},
		"done refused":         {Operation: "updateStatus", Kind: axistest.FaultFail, Code: "99", Count: 5},
		"done, answer lost":    {Operation: "updateStatus", Kind: axistest.FaultLostAnswer},
		"done, answer cut off": {Operation: "updateStatus", Kind: axistest.FaultReset},
	} {
		x.t.Run(name, func(t *testing.T) {
			x := x.in(t)
			m := x.letter(stranger, 1000+len(name)*7+int(name[0]))
			x.post(x.stranger, stranger, vxp.KindEdoc, x.raw(m))
			x.fail(f)
			rounds := 0
			for ; rounds < 10; rounds++ {
				if _, err := x.a.inbox.Poll(t.Context()); err == nil {
					break
				} else if errors.Is(err, context.Canceled) {
					t.Fatal(err)
				}
			}
			if rounds == 0 || rounds > 6 {
				t.Errorf("all went well after %d rounds", rounds)
			}
			in := x.a.got("a-svd", stranger, m.MessageHeader.DocumentId)
			if q := x.a.quarantine(); len(in) != 1 || len(q) != 0 {
				t.Errorf("%d documents, %d set aside", len(in), len(q))
			}
			x.quiet(x.a)
		})
	}
}

// senders: an agency may send under its old code and sign with its new one; nobody may send
// in the name of another, nor answer for another (E2).
func senders(x *exchange) {
	old := x.letter("H98.05", 200)
	x.post(x.b.client, "000.00.05.H98", vxp.KindEdoc, x.raw(old))
	unnamed := x.letter("H98.05", 201)
	x.post(x.b.client, "H98.05", vxp.KindEdoc, strings.Replace(x.raw(unnamed), "<edXML:OrganId>H98.05<", "<edXML:OrganId> N/A <", 1))
	x.a.poll()
	for _, m := range []*edxml.Message{old, unnamed} {
		if in := x.a.got("a-svd", "H98.05", m.MessageHeader.DocumentId); len(in) != 1 {
			x.t.Errorf("%s: %d documents", m.MessageHeader.DocumentId, len(in))
		}
	}

	d, id := x.issue()
	x.must(x.a.Flow.Deliver(x.t.Context(), id))
	status := func(from string, code edxml.StatusCode) string {
		var b bytes.Buffer
		x.must(edxml.WriteStatus(&b, &edxml.Status{
			From: edxml.Agency{OrganId: from}, ResponseFor: edxml.ResponseFor{OrganId: "H26.14", DocumentId: d.DocumentID, Code: reference(d)},
			StatusCode: code, Timestamp: edxml.TimestampOf(x.a.Now()),
		}, edxml.SDK()))
		return b.String()
	}
	x.post(x.stranger, stranger, vxp.KindStatus, status("H98.05", "06"))
	x.post(x.stranger, stranger, vxp.KindStatus, status(stranger, "06"))
	x.post(x.b.client, "000.00.05.H98", vxp.KindStatus, status("H98.05", "01"))
	x.post(x.b.client, "H98.05", vxp.KindStatus, status("000.00.05.H98", "03"))
	for range 2 {
		_, _ = x.a.inbox.Poll(x.t.Context())
	}
	x.a.poll()
	// Two codes are two senders to the axis; their statuses come in either order.
	if v := x.a.delivery(id); v.State != workflow.Acceptance || !slices.Equal(slices.Sorted(slices.Values(codes(v))), []string{"01", "03"}) {
		x.t.Errorf("%s by %v", v.State, codes(v))
	}
	if q := x.a.quarantine(); len(q) != 1 || q[0].Reason != "axis_sender_mismatch" {
		x.t.Errorf("set aside: %+v", q)
	}
	x.quiet(x.a)
}

// strayStatuses: a status of a document that we never sent, twice, late or of an unknown
// kind is kept and harms nothing (E7, D4).
func strayStatuses(x *exchange) {
	ctx := x.t.Context()
	d, id := x.issue()
	x.must(x.a.Flow.Deliver(ctx, id))
	at := x.a.Now()
	report := func(documentID string, code workflow.StatusCode) {
		x.must(x.b.courier.SendStatus(ctx, document.StatusMessage{
			From: document.Party{OrganID: "H98.05", OrganName: "Sở Mẫu tỉnh Mẫu"}, To: "H26.14", DocumentID: documentID, Code: "9/XX", Status: code, At: at,
		}))
	}
	before := x.entries("STATUS_UNMATCHED")
	report("H26.14,2020/01/01,9/XX", "01")
	for _, code := range []workflow.StatusCode{"05", "03", "03", "77", "01"} {
		report(d.DocumentID, code)
	}
	x.a.poll()
	if v := x.a.delivery(id); v.State != workflow.Processing || strings.Join(codes(v), " ") != "05 03 77 01" {
		x.t.Errorf("%s by %v", v.State, codes(v))
	}
	if n := x.entries("STATUS_UNMATCHED") - before; n != 1 {
		x.t.Errorf("%d unmatched statuses in the journal", n)
	}
	x.quiet(x.a)
}

// entries counts the journal's entries of an act, and holds that the journal is whole.
func (x *exchange) entries(act string) (n int) {
	x.t.Helper()
	for e, err := range x.a.Store.JournalRows(x.t.Context()) {
		x.must(err)
		if e.Action == act {
			n++
		}
	}
	rep, err := journal.Verify(x.a.Store.JournalRows(x.t.Context()), nil)
	if err != nil || !rep.OK() {
		x.t.Errorf("journal: %+v %v", rep, err)
	}
	return n
}
