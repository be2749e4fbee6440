package storetest

import (
	"testing"
	"time"

	"congvan/internal/authz"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/flow"
	"congvan/internal/query"
	"congvan/internal/workflow"
)

func testChanges(t *testing.T, w *world) {
	out, in := w.outgoing(), w.incoming()
	out.Effect = document.Effect{Kind: document.Replace, Targets: []string{"out-x"}, Reason: "Sai số liệu"}
	in.PreviousID = "inc-before"
	w.putOutgoing(&out)
	w.putIncoming(&in)
	w.same("effect", out.Effect, w.getOutgoing(out.ID).Effect)
	if got := w.getIncoming(in.ID).PreviousID; got != in.PreviousID {
		t.Errorf("previous %q", got)
	}
	v := w.delivery(&out, document.Party{OrganID: "H98.01", OrganName: "Cơ quan ngoài"})
	w.write(func(tx flow.Tx) error { return tx.PutDelivery(&v) })
	at := now().Add(time.Hour)
	sent := document.Change{
		ID: w.id("chg"), AgencyID: agencyA, Kind: document.Recall, State: workflow.Asked, OutgoingID: out.ID, DeliveryID: v.ID, CarrierID: "out-notice",
		Party: v.Recipient, Reason: "Gửi nhầm", AskedBy: "Lê Thử", AskedAt: now(), UpdatedAt: now(), Hash: "h",
		Consignment: &document.Consignment{DocumentID: "doc", Aim: &document.Aim{Kind: document.Recall, Targets: [][]string{{"doc"}}, Bare: true}},
	}
	got := document.Change{
		ID: w.id("chg"), AgencyID: agencyA, Kind: document.Update, State: workflow.Waiting, IncomingID: in.ID, Party: in.From,
		Reason: "Sửa trích yếu", RawKey: "raw", Before: workflow.Received, AskedAt: now(), UpdatedAt: now(),
	}
	w.write(func(tx flow.Tx) error {
		if err := tx.PutChange(&sent); err != nil {
			return err
		}
		return tx.PutChange(&got)
	})
	all := authz.Grants{AgencyID: agencyA, All: true}
	for name, x := range map[string]struct {
		f    query.Filter
		want int
	}{
		"asked":                {query.Filter{Kind: authz.Incoming, Asked: true}, 1},
		"received before":      {query.Filter{Kind: authz.Incoming, ReceivedTo: in.ReceivedAt.Add(time.Second)}, 1},
		"received before that": {query.Filter{Kind: authz.Incoming, ReceivedTo: in.ReceivedAt}, 0},
		"received since":       {query.Filter{Kind: authz.Incoming, ReceivedAt: in.ReceivedAt}, 1},
		"received later":       {query.Filter{Kind: authz.Incoming, ReceivedAt: in.ReceivedAt.Add(time.Second)}, 0},
		"nothing sent yet":     {query.Filter{Kind: authz.Outgoing, UnheardFrom: v.UpdatedAt.Add(time.Hour)}, 0},
	} {
		x.f.Grants = all
		if n, err := w.s.Count(t.Context(), x.f); err != nil || n != x.want {
			t.Errorf("%s: %d, %v, want %d", name, n, err, x.want)
		}
	}
	v.State = workflow.Arrived
	w.write(func(tx flow.Tx) error { return tx.PutDelivery(&v) })
	for after, want := range map[time.Duration]int{time.Second: 1, 0: 0} {
		n, err := w.s.Count(t.Context(), query.Filter{Kind: authz.Outgoing, Grants: all, UnheardFrom: v.UpdatedAt.Add(after)})
		if err != nil || n != want {
			t.Errorf("unheard: %d, %v, want %d", n, err, want)
		}
	}
	stale := sent
	sent.State, sent.Answer, sent.AnsweredBy, sent.AnsweredAt, sent.Attempts, sent.LastError = workflow.Agreed, "Đã hủy", "Văn thư", &at, 2, "axis_down"
	w.write(func(tx flow.Tx) error { return tx.PutChange(&sent) })
	err := w.s.Write(t.Context(), func(tx flow.Tx) error { return tx.PutChange(&stale) })
	w.refused(err, fault.Conflict, "row_changed")
	both := got
	both.ID, both.Row, both.OutgoingID = w.id("chg"), 0, out.ID
	if err := w.s.Write(t.Context(), func(tx flow.Tx) error { return tx.PutChange(&both) }); err == nil {
		t.Error("one change of two documents")
	}
	w.read(func(tx flow.ReadTx) error {
		one, err := tx.Change(sent.ID)
		w.same("change", sent, one)
		if err != nil {
			return err
		}
		for name, x := range map[string]struct {
			find func(string) ([]document.Change, error)
			id   string
			want []document.Change
		}{
			"of":            {tx.ChangesOf, out.ID, []document.Change{sent}},
			"on":            {tx.ChangesOn, in.ID, []document.Change{got}},
			"by":            {tx.ChangesBy, "out-notice", []document.Change{sent}},
			"by nothing":    {tx.ChangesBy, "", nil},
			"of a stranger": {tx.ChangesOf, "x", nil},
		} {
			found, err := x.find(x.id)
			if err != nil || len(found) != len(x.want) {
				t.Errorf("%s: %d, %v", name, len(found), err)
				continue
			}
			if len(x.want) > 0 {
				w.same(name, x.want, found)
			}
		}
		named, err := tx.IncomingNamed(agencyA, in.DocumentID)
		if len(named) != 1 || named[0].ID != in.ID {
			t.Errorf("named: %+v", named)
		}
		return err
	})
}

// testHeld settles messages that were set aside, and lists and counts them.
func testHeld(t *testing.T, w *world) {
	message := func(secret bool, minutes int) flow.Quarantined {
		return flow.Quarantined{
			ID: w.id("qua"), AgencyID: agencyA, State: workflow.Held, Channel: document.Axis, From: document.Party{OrganID: "H98.01"},
			Recipient: codeA, DocumentID: "held-doc", AxisDocID: "ax", RawKey: "raw", Reason: "change_target_unknown", Secret: secret,
			Consignment: &document.Consignment{DocumentID: "notice"}, At: now().Add(time.Duration(minutes) * time.Minute),
		}
	}
	first, second, secret := message(false, 0), message(false, 1), message(true, 2)
	w.write(func(tx flow.Tx) error {
		for _, q := range []flow.Quarantined{first, second, secret} {
			if _, err := tx.PutQuarantine(q); err != nil {
				return err
			}
		}
		return nil
	})
	first.Row, second.Row = 1, 1
	w.read(func(tx flow.ReadTx) error {
		held, err := tx.HeldFor(agencyA, "held-doc", "change_target_unknown")
		w.same("held for", []flow.Quarantined{first, second}, held)
		q, serr := tx.Quarantined(secret.ID)
		if serr != nil || q.RawKey != "" || q.DocumentID != "" || q.Consignment != nil || q.AxisDocID != "" {
			t.Errorf("a secret is readable: %+v, %v", q, serr)
		}
		return err
	})
	at := now().Add(time.Hour)
	first.State, first.IncomingID, first.Note, first.SettledBy, first.SettledAt = workflow.TakenNew, "inc-1", "ghi chú", "Lê Thử", &at
	w.write(func(tx flow.Tx) error { return tx.Settle(&first) })
	err := w.s.Write(t.Context(), func(tx flow.Tx) error { return tx.Settle(&first) })
	w.refused(err, fault.Conflict, "row_changed")
	first.Row = 2
	list := func(f query.HeldFilter, want ...flow.Quarantined) {
		t.Helper()
		f.Limit = max(f.Limit, 10)
		got, err := w.s.Held(t.Context(), f)
		if err != nil || len(got) != len(want) {
			t.Fatalf("%+v: %d, %v", f, len(got), err)
		}
		for i := range want {
			w.same("held", want[i], got[i])
		}
	}
	list(query.HeldFilter{AgencyID: agencyA}, second)
	list(query.HeldFilter{AgencyID: agencyA, Settled: true}, first)
	list(query.HeldFilter{AgencyID: agencyA, After: query.Cursor{Sort: second.At, ID: second.ID}})
	list(query.HeldFilter{AgencyID: agencyB})
	waiting, hidden, err := w.s.CountHeld(t.Context(), agencyA)
	if err != nil || waiting != 1 || hidden != 1 {
		t.Errorf("%d wait, %d secret, %v", waiting, hidden, err)
	}
}
