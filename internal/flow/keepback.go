package flow

import (
	"context"

	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/journal"
	"congvan/internal/workflow"
)

// takenBack are the deliveries that were recalled or replaced while they waited.
func takenBack(of []document.Delivery, changes []document.Change) (back []document.Delivery) {
	for _, v := range of {
		if document.Settles(changes, v.ID) {
			back = append(back, v)
		}
	}
	return back
}

// keepBack finds out whether deliveries that were taken back during their attempts have left:
// those that have not stay here for good. known is false where nobody can tell; then they
// are sent, and asked back after.
func (f *Flow) keepBack(ctx context.Context, s sending) (known bool, err error) {
	left, known, err := f.haveLeft(ctx, s)
	if err != nil || !known {
		return known, err
	}
	err = f.Store.Write(context.WithoutCancel(ctx), func(tx Tx) error {
		changes, err := tx.ChangesOf(s.of[0].OutgoingID)
		if err != nil {
			return err
		}
		var entries []journal.Entry
		for i := range s.of {
			v, err := tx.Delivery(s.of[i].ID)
			if err != nil {
				return err
			}
			if v.State != workflow.Queued {
				continue
			}
			e, err := f.keptBack(tx, &v, left[i], changes)
			if err != nil {
				return err
			}
			entries = append(entries, e)
		}
		return journalAll(tx, entries)
	})
	if err == nil { // the job comes once more: for the rest of its group, or to end
		err = fault.New(fault.Unavailable, "delivery_taken_back")
	}
	return true, err
}

// haveLeft tells of each delivery whether its recipient, or the axis, has it.
func (f *Flow) haveLeft(ctx context.Context, s sending) (left []document.Handover, known bool, err error) {
	switch v := s.of[0]; {
	case v.Channel == document.Internal:
		left = make([]document.Handover, len(s.of))
		err = f.Store.Read(ctx, func(tx ReadTx) error {
			for i := range s.of {
				ag, err := tx.AgencyByOrganID(s.of[i].Recipient.OrganID)
				if err != nil {
					return err
				}
				found, err := tx.IncomingOf(ag.ID, s.c.From.OrganID, s.c.DocumentID)
				if err != nil {
					return err
				}
				if len(found) > 0 {
					left[i].AxisDocID = found[0].ID
				}
			}
			return nil
		})
		return left, true, err
	case f.Courier == nil:
		return make([]document.Handover, len(s.of)), true, nil
	}
	return f.Courier.Find(ctx, s.c)
}

// keptBack writes what was found out about one delivery.
func (f *Flow) keptBack(tx Tx, v *document.Delivery, left document.Handover, changes []document.Change) (e journal.Entry, err error) {
	now := f.now()
	v.LastError, v.LastErrorWith, v.UpdatedAt = "", nil, now
	if v.State = workflow.Recalled; left.AxisDocID != "" {
		v.State = workflow.Sent
		if v.Channel == document.Axis {
			v.AxisDocID = left.AxisDocID
		}
	}
	v.Events = append(v.Events, document.StatusEvent{State: v.State, At: now, RecordedAt: now})
	if err := tx.PutDelivery(v); err != nil {
		return e, err
	}
	act := workflow.Action("DELIVER")
	if v.State == workflow.Recalled {
		act = workflow.Recall
		for i := range changes {
			c := &changes[i]
			if c.DeliveryID != v.ID || c.State != workflow.Asked && c.State != workflow.Sent {
				continue
			}
			c.State, c.UpdatedAt = workflow.AdvanceChange(c.State, workflow.Recalled), now
			if err := tx.PutChange(c); err != nil {
				return e, err
			}
		}
	}
	return f.deliveryEntry(system(v.AgencyID), act, v, map[string]string{"axis_doc_id": v.AxisDocID}), nil
}
