package storetest

import (
	"testing"
	"time"

	"congvan/internal/conservation"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/flow"
	"congvan/internal/journal"
	"congvan/internal/workflow"
)

func (w *world) parcel() document.Parcel {
	return document.Parcel{
		ID: w.id("axr"), AxisDocID: w.id("axis"), Kind: "edoc", From: "H98.01", To: "H99.01", AgencyID: agencyA, At: now(), FetchedAt: now(),
	}
}

func (w *world) getParcel(id string) (p document.Parcel) {
	w.read(func(tx flow.ReadTx) (err error) { p, err = tx.Parcel(id); return err })
	return p
}

func testParcels(t *testing.T, w *world) {
	p := w.parcel()
	w.write(func(tx flow.Tx) error { return tx.PutParcel(&p) })
	w.same("new", p, w.getParcel(p.ID))
	decided := now().Add(time.Minute)
	p.Strikes, p.LastError, p.RawKey, p.Outcome, p.DecidedAt = 2, "edxml_syntax", "raw", conservation.Quarantined, &decided
	w.write(func(tx flow.Tx) error { return tx.PutParcel(&p) })
	w.same("decided", p, w.getParcel(p.ID))
	stale := p
	stale.Row--
	err := w.s.Write(t.Context(), func(tx flow.Tx) error { return tx.PutParcel(&stale) })
	w.refused(err, fault.Conflict, "row_changed")
	twin := w.parcel()
	twin.ID = p.ID
	err = w.s.Write(t.Context(), func(tx flow.Tx) error { return tx.PutParcel(&twin) })
	w.refused(err, fault.Conflict, "already_exists")
}

// testAudit: what the journal says and the tables do not, and the other way round, is told.
func testAudit(t *testing.T, w *world) {
	ctx := t.Context()
	d := w.outgoing()
	w.putOutgoing(&d)
	hour := now().Truncate(time.Hour)
	transition := func(tx flow.Tx, kind, id, act, key, value string) {
		t.Helper()
		e := journal.Entry{At: now(), Actor: journal.Actor{AccountID: "system", Name: "Hệ thống"}, Agency: agencyA, Action: act, ObjectKind: kind, ObjectID: id}
		if key != "" {
			e.Detail = map[string]string{key: value}
		}
		if err := tx.Journal(e); err != nil {
			t.Fatal(err)
		}
	}
	v := w.delivery(&d, document.Party{OrganID: "H98.01", OrganName: "Sở Xa"})
	v.State = workflow.Sent
	p := w.parcel()
	p.Outcome = conservation.Document
	w.write(func(tx flow.Tx) error {
		transition(tx, conservation.Deliveries, v.ID, conservation.Accept, conservation.StateKey, "QUEUED")
		transition(tx, conservation.Deliveries, v.ID, "DELIVER", conservation.StateKey, "SENT")
		transition(tx, conservation.Rows, p.ID, conservation.Fetch, "", "")
		transition(tx, conservation.Rows, p.ID, conservation.Decide, conservation.OutcomeKey, string(conservation.Document))
		if err := tx.PutParcel(&p); err != nil {
			return err
		}
		return tx.PutDelivery(&v)
	})
	want := conservation.Report{
		Entries:     4,
		Outgoing:    []conservation.Outgoing{{Agency: agencyA, Hour: hour, Accepted: 1, Pending: 1}},
		Incoming:    []conservation.Incoming{{Agency: agencyA, Hour: hour, Fetched: 1, Documents: 1}},
		Differences: []conservation.Difference{},
	}
	var settled time.Time
	audit := func() conservation.Report {
		t.Helper()
		r, err := w.s.Audit(ctx, time.Time{}, settled)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	w.same("all in order", want, audit())

	extra, lost := w.parcel(), w.parcel()
	w.write(func(tx flow.Tx) error {
		v.State = workflow.Failed // behind the journal's back
		if err := tx.PutDelivery(&v); err != nil {
			return err
		}
		transition(tx, conservation.Rows, lost.ID, conservation.Fetch, "", "")
		return tx.PutParcel(&extra)
	})
	got := audit()
	want.Differences = []conservation.Difference{
		{Kind: conservation.Rows, ID: extra.ID, Agency: agencyA, What: conservation.NoEntry},
		{Kind: conservation.Rows, ID: lost.ID, Agency: agencyA, Hour: hour, What: conservation.NoRow},
		{Kind: conservation.Deliveries, ID: v.ID, Agency: agencyA, Hour: hour, What: conservation.OtherState, Journal: "SENT", Table: "FAILED"},
	}
	w.same("differences", want.Differences, got.Differences)
	settled = now().Add(time.Second)
	if late := audit(); len(late.Differences) != 4 || late.Differences[1].What != conservation.InWork {
		t.Errorf("a row that stays in work: %+v", late.Differences)
	}

	var tally conservation.Tally
	for range 2 { // the second time there is nothing to add
		if err := w.s.Tally(ctx, &tally); err != nil {
			t.Fatal(err)
		}
	}
	w.same("added up step by step", got.Incoming, tally.Report(time.Time{}, time.Time{}).Incoming)
}
