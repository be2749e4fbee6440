package flow

import (
	"context"
	"slices"
	"time"

	"congvan/internal/authz"
	"congvan/internal/conservation"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/journal"
	"congvan/internal/workflow"
)

// queue makes the deliveries of a document: inside the installation each by itself, over the
// axis in one message.
func (f *Flow) queue(tx Tx, d *document.Outgoing, to ...document.Party) error {
	now := f.now()
	var here, away []*document.Delivery
	for _, p := range to {
		ag, err := tx.AgencyByOrganID(p.OrganID)
		if err != nil {
			return err
		}
		id, err := f.newID("dlv-")
		if err != nil {
			return err
		}
		v := &document.Delivery{
			ID: id, OutgoingID: d.ID, AgencyID: d.AgencyID, Recipient: p, Channel: document.Axis, State: workflow.Queued,
			DocumentID: d.DocumentID, QueuedAt: now, UpdatedAt: now,
			Events: []document.StatusEvent{{State: workflow.Queued, By: d.AgencyID, At: now, RecordedAt: now}},
		}
		if ag.Local {
			v.Channel = document.Internal
			here = append(here, v)
		} else {
			away = append(away, v)
		}
	}
	return f.line(tx, system(d.AgencyID), conservation.Accept, d.Urgency, here, away)
}

// requeue puts deliveries of one document that were given up back in the queue.
func (f *Flow) requeue(tx Tx, a Actor, u document.Urgency, given []*document.Delivery) error {
	now := f.now()
	var here, away []*document.Delivery
	for _, v := range given {
		v.State, v.Attempts, v.LastError, v.LastErrorWith, v.UpdatedAt = workflow.Queued, 0, "", nil, now
		v.Events = append(v.Events, document.StatusEvent{State: workflow.Queued, By: a.PersonName, At: now, RecordedAt: now})
		if v.Channel == document.Internal {
			here = append(here, v)
		} else {
			away = append(away, v)
		}
	}
	return f.line(tx, a, workflow.Resend, u, here, away)
}

// line keeps deliveries with their jobs, and journals them after: the head is the last lock.
func (f *Flow) line(tx Tx, a Actor, act workflow.Action, u document.Urgency, here, away []*document.Delivery) error {
	for _, v := range here {
		if err := f.group(tx, u, time.Time{}, v); err != nil {
			return err
		}
	}
	if err := f.group(tx, u, time.Time{}, away...); err != nil {
		return err
	}
	var entries []journal.Entry
	for _, v := range append(here, away...) {
		if err := tx.PutDelivery(v); err != nil {
			return err
		}
		entries = append(entries, f.deliveryEntry(a, act, v, map[string]string{"outgoing": v.OutgoingID}))
	}
	return journalAll(tx, entries)
}

func (f *Flow) deliveryEntry(a Actor, act workflow.Action, v *document.Delivery, detail map[string]string) journal.Entry {
	detail["recipient"], detail[conservation.StateKey] = v.Recipient.OrganID, string(v.State)
	return f.entry(a, act, conservation.Deliveries, v.ID, "", detail)
}

func journalAll(tx Tx, entries []journal.Entry) error {
	for _, e := range entries {
		if err := tx.Journal(e); err != nil {
			return err
		}
	}
	return nil
}

// group lets deliveries of one document go in one message, and queues the job that sends it.
func (f *Flow) group(tx Tx, u document.Urgency, at time.Time, of ...*document.Delivery) error {
	if len(of) == 0 {
		return nil
	}
	j := Job{Kind: JobDeliver, ID: of[0].ID, RunAt: at, Urgency: u}
	group := ""
	if len(of) > 1 {
		var err error
		if group, err = f.newID("grp-"); err != nil {
			return err
		}
		j.Kind, j.ID = JobDispatch, group
	}
	for _, v := range of {
		v.GroupID = group
	}
	return tx.Enqueue(j)
}

// Deliver is the job of one delivery. The beginning of an attempt is committed before the
// message is handed over and its outcome after, so that one cut off in between is known as
// such: inside the installation the recipient knows the document by its content, and the
// courier looks at what the axis already has. A fault that may pass comes back as
// fault.Unavailable and the job runs again; the delivery stays visible with its attempts
// until it is given up.
func (f *Flow) Deliver(ctx context.Context, id string) error {
	return f.attempt(ctx, func(tx ReadTx) ([]document.Delivery, error) {
		v, err := tx.Delivery(id)
		return []document.Delivery{v}, err
	})
}

// Dispatch is the job of a group of deliveries, which go in one message (D8). Each has its
// own state; one recipient that the axis refuses, or that is slow, is parted from the others.
func (f *Flow) Dispatch(ctx context.Context, groupID string) error {
	return f.attempt(ctx, func(tx ReadTx) ([]document.Delivery, error) { return tx.DeliveryGroup(groupID) })
}

func (f *Flow) attempt(ctx context.Context, find func(ReadTx) ([]document.Delivery, error)) error {
	s, err := f.begin(ctx, find)
	if err != nil || len(s.of) == 0 {
		return err
	}
	if s.back {
		if known, err := f.keepBack(ctx, s); known || err != nil {
			return err
		}
	}
	s.outcome = f.hand(ctx, s)
	left, err := f.record(ctx, s)
	if err != nil {
		return err
	}
	return left
}

// sending is one attempt at deliveries of one document.
type sending struct {
	of      []document.Delivery
	c       document.Consignment
	back    bool // taken back meanwhile: to be kept here if it has not left
	again   bool // an attempt was begun before and nobody knows with what outcome
	outcome []document.Handover
}

// begin counts the attempt that is about to be made. It is not the first if one is counted
// already, or if a delivery was given up and queued anew, which left more than the first
// event. Deliveries that wait no more are left out; where none waits the job ends.
func (f *Flow) begin(ctx context.Context, find func(ReadTx) ([]document.Delivery, error)) (s sending, err error) {
	err = f.Store.Write(ctx, func(tx Tx) error {
		s = sending{}
		found, err := find(tx)
		if err != nil {
			return err
		}
		for _, v := range found {
			if v.State == workflow.Queued {
				s.of = append(s.of, v)
			}
		}
		if len(s.of) == 0 {
			return tx.FinishJob()
		}
		changes, err := tx.ChangesOf(s.of[0].OutgoingID)
		if err != nil {
			return err
		}
		if back := takenBack(s.of, changes); len(back) > 0 {
			s.of, s.back = back, true // the others in the next run
		}
		d, err := tx.Outgoing(s.of[0].OutgoingID)
		if err != nil {
			return err
		}
		var to []document.Party
		now := f.now()
		for i := range s.of {
			v := &s.of[i]
			s.again = s.again || v.Attempts > 0 || len(v.Events) > 1
			v.Attempts++
			v.UpdatedAt = now
			to = append(to, v.Recipient)
			if err := tx.PutDelivery(v); err != nil {
				return err
			}
		}
		if s.of[0].Channel == document.Internal {
			to = d.Recipients // so that all recipients here share one raw message
		}
		s.c, err = f.consignment(tx, &d, to...)
		return err
	})
	return s, err
}

// hand gives the consignment to the recipient's agency here, or to the axis.
func (f *Flow) hand(ctx context.Context, s sending) []document.Handover {
	switch v := s.of[0]; {
	case v.Channel == document.Internal:
		return []document.Handover{{Err: f.Receive(ctx, document.Parcel{From: s.c.From.OrganID, To: v.Recipient.OrganID}, s.c)}}
	case f.Courier == nil:
		out := make([]document.Handover, len(s.of))
		for i := range out {
			out[i].Err = fault.New(fault.Unavailable, "axis_not_configured")
		}
		return out
	}
	return f.Courier.Send(ctx, s.c, s.again)
}

// pieces that a group is parted into when one of its recipients keeps it from being sent.
const pieces = 8

// record writes what came of an attempt; a delivery that moved on meanwhile (its 01 overtook
// us) only gains what is missing. left is the fault for which the job has to run again.
func (f *Flow) record(ctx context.Context, s sending) (left, err error) {
	err = f.Store.Write(context.WithoutCancel(ctx), func(tx Tx) error {
		left = nil
		var entries []journal.Entry
		var apart, put []*document.Delivery
		d, err := tx.Outgoing(s.of[0].OutgoingID)
		if err != nil {
			return err
		}
		for i := range s.of {
			v, err := tx.Delivery(s.of[i].ID)
			if err != nil {
				return err
			}
			h := s.outcome[i]
			done := f.came(&v, h)
			put = append(put, &v)
			switch {
			case done:
				entries = append(entries, f.deliveryEntry(system(v.AgencyID), "DELIVER", &v, map[string]string{
					"axis_doc_id": v.AxisDocID, "code": v.LastError,
				}))
			case !h.RestUntil.IsZero():
				if err := f.group(tx, d.Urgency, h.RestUntil, &v); err != nil {
					return err
				}
			case h.Others:
				apart = append(apart, &v)
			default:
				left = h.Err
			}
		}
		if err := f.part(tx, d.Urgency, apart); err != nil {
			return err
		}
		for _, v := range put {
			if err := tx.PutDelivery(v); err != nil {
				return err
			}
		}
		if left == nil {
			if err := tx.FinishJob(); err != nil {
				return err
			}
		}
		return journalAll(tx, entries)
	})
	return left, err
}

// part makes several smaller groups of one.
func (f *Flow) part(tx Tx, u document.Urgency, of []*document.Delivery) error {
	size := max(1, (len(of)+pieces-1)/pieces)
	for len(of) > 0 {
		n := min(size, len(of))
		if err := f.group(tx, u, time.Time{}, of[:n]...); err != nil {
			return err
		}
		of = of[n:]
	}
	return nil
}

// came gives a delivery the outcome of an attempt, and tells whether that ended it.
func (f *Flow) came(v *document.Delivery, h document.Handover) (done bool) {
	now := f.now()
	v.UpdatedAt, v.LastError, v.LastErrorWith = now, "", nil
	to := workflow.Sent
	if h.AxisDocID != "" {
		v.AxisDocID = h.AxisDocID
	}
	if h.Err != nil {
		e := fault.From(h.Err)
		v.LastError, v.LastErrorWith, to = e.Code, e.Args, v.State
		switch {
		case !h.RestUntil.IsZero():
			v.Attempts-- // none was made
		case h.Others:
		case e.Kind != fault.Unavailable || v.Attempts >= f.MaxAttempts:
			to = workflow.Failed
		}
	}
	if next := workflow.Advance(v.State, to); next != v.State {
		v.State = next
		v.Events = append(v.Events, document.StatusEvent{State: next, Description: v.LastError, At: now, RecordedAt: now})
	}
	return h.Err == nil || v.State != workflow.Queued
}

// maxResent deliveries are put back in the queue by one act.
const maxResent = 1000

// ResendAll puts everything that the actor's agency gave up back in the queue, or only the
// deliveries of one document, and tells how many those were.
func (f *Flow) ResendAll(ctx context.Context, a Actor, outgoingID string) (n int, err error) {
	err = f.Store.Write(ctx, func(tx Tx) error {
		n = 0
		if err := f.mayResend(tx, a, outgoingID); err != nil {
			return err
		}
		failed, err := tx.FailedDeliveries(a.AgencyID, outgoingID, maxResent)
		if err != nil {
			return err
		}
		byDocument := map[string][]*document.Delivery{}
		var order []string
		for i := range failed {
			v := &failed[i]
			if byDocument[v.OutgoingID] == nil {
				order = append(order, v.OutgoingID)
			}
			byDocument[v.OutgoingID] = append(byDocument[v.OutgoingID], v)
		}
		for _, id := range order {
			d, err := f.outgoing(tx, a, id, workflow.Resend)
			if err != nil {
				return err
			}
			changes, err := tx.ChangesOf(id)
			if err != nil {
				return err
			}
			wanted := slices.DeleteFunc(byDocument[id], func(v *document.Delivery) bool { return document.Settles(changes, v.ID) })
			if err := f.requeue(tx, a, d.Urgency, wanted); err != nil {
				return err
			}
			n += len(wanted)
		}
		if n == 0 {
			return fault.New(fault.Conflict, "nothing_to_resend")
		}
		return nil
	})
	return n, err
}

// mayResend decides the right to resend a document's deliveries, or all of an agency.
func (f *Flow) mayResend(tx ReadTx, a Actor, outgoingID string) error {
	if outgoingID == "" {
		return authz.Can(a, workflow.Resend, authz.Resource{Kind: authz.Outgoing, AgencyID: a.AgencyID, State: workflow.Issued}).Err()
	}
	_, err := f.outgoing(tx, a, outgoingID, workflow.Resend)
	return err
}

// onlyRetryable lets the job run again for what may pass; all else has been recorded.
func onlyRetryable(err error) error {
	if err != nil && fault.KindOf(err) == fault.Unavailable {
		return err
	}
	return nil
}
