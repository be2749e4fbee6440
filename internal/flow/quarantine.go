package flow

import (
	"cmp"
	"context"
	"strings"

	"congvan/internal/authz"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/org"
	"congvan/internal/workflow"
)

// MessageResource is what authz needs to know of a message set aside.
func MessageResource(q *Quarantined) authz.Resource {
	return authz.Resource{Kind: authz.Message, AgencyID: q.AgencyID, State: q.State, Secret: q.Secret}
}

// message reads a message set aside and decides the act on it.
func (f *Flow) message(tx ReadTx, a Actor, id string, act workflow.Action) (Quarantined, error) {
	q, err := tx.Quarantined(id)
	if err != nil {
		return q, err
	}
	if err := authz.Can(a, act, MessageResource(&q)).Err(); err != nil {
		return q, err
	}
	if act == workflow.View {
		return q, nil
	}
	next, err := workflow.Next(workflow.Message, q.State, act)
	if err != nil {
		return q, notNow(tx, authz.Message, id, err)
	}
	q.State = next
	return q, nil
}

// parcel is the message as it would come again: its row is decided already.
func (q *Quarantined) parcel() document.Parcel {
	p := document.Parcel{From: q.From.OrganID, To: q.Recipient, At: q.At, RawKey: q.RawKey}
	if q.Channel == document.Axis {
		p.AxisDocID = cmp.Or(q.AxisDocID, q.ID)
	}
	return p
}

// conclude writes what was done with a message.
func (f *Flow) conclude(tx Tx, a Actor, q *Quarantined) error {
	now := f.now()
	q.SettledBy, q.SettledAt = a.PersonName, &now
	if err := tx.Settle(q); err != nil {
		return err
	}
	return tx.Journal(f.entry(a, "SETTLE", authz.Message, q.ID, q.RawKey, map[string]string{
		"state": string(q.State), "reason": q.Reason, "from": q.From.OrganID, "incoming": q.IncomingID, "note": q.Note,
	}))
}

// settling is the frame of an act that makes something of a message that was read.
func (f *Flow) settling(ctx context.Context, a Actor, id string, act workflow.Action, do func(tx Tx, ag org.Agency, q *Quarantined) error) (Quarantined, error) {
	var q Quarantined
	err := f.Store.Write(ctx, func(tx Tx) (err error) {
		if q, err = f.message(tx, a, id, act); err != nil {
			return err
		}
		if q.Consignment == nil {
			return fault.New(fault.Conflict, "message_unread")
		}
		ag, err := tx.Agency(q.AgencyID)
		if err != nil {
			return err
		}
		if err := do(tx, ag, &q); err != nil {
			return err
		}
		return f.conclude(tx, a, &q)
	})
	return q, err
}

// TakeNew enters a message set aside as a document of its own (tiếp nhận như văn bản mới);
// one whose identifier is taken names the document that has it.
func (f *Flow) TakeNew(ctx context.Context, a Actor, id string) (Quarantined, error) {
	return f.settling(ctx, a, id, workflow.TakeNew, func(tx Tx, ag org.Agency, q *Quarantined) (err error) {
		if len(q.Consignment.Files) == 0 {
			return fault.New(fault.Conflict, "message_without_files")
		}
		q.IncomingID, err = f.enterBeside(tx, ag, q)
		return err
	})
}

// enterBeside enters a message beside what came under its identifier before.
func (f *Flow) enterBeside(tx Tx, ag org.Agency, q *Quarantined) (string, error) {
	c := *q.Consignment
	c.Aim = nil // it stands for itself
	before, _, err := received(tx, ag.ID, c.From.OrganID, c.DocumentID)
	if err != nil {
		return "", err
	}
	if before == nil {
		return f.enter(tx, ag, c, q.parcel(), "")
	}
	if before.ContentHash == c.ContentHash() {
		return before.ID, nil
	}
	return f.enter(tx, ag, c, q.parcel(), before.ID)
}

// TakeUpdate gives the document that has the message's identifier its fields and, as new
// versions, its files (tiếp nhận như bản cập nhật).
func (f *Flow) TakeUpdate(ctx context.Context, a Actor, id string) (Quarantined, error) {
	return f.settling(ctx, a, id, workflow.TakeUpdate, func(tx Tx, ag org.Agency, q *Quarantined) error {
		d, _, err := received(tx, ag.ID, q.From.OrganID, q.Consignment.DocumentID)
		if err != nil {
			return err
		}
		if d == nil || q.Reason != otherContent {
			return fault.New(fault.Conflict, "no_earlier_document")
		}
		if workflow.Frozen(d.State) || d.State == workflow.Refused {
			return fault.New(fault.Conflict, "action_not_now").With("state", d.State).With("action", workflow.TakeUpdate)
		}
		detail := map[string]string{"message": q.ID}
		if err := f.applyUpdate(tx, a, d, q.Consignment, detail); err != nil {
			return err
		}
		q.IncomingID = d.ID
		return tx.Journal(f.entry(a, workflow.TakeUpdate, authz.Incoming, d.ID, q.RawKey, detail))
	})
}

// SendBack refuses a message set aside with a reason (trả lại): it is kept as a refused
// document, and its sender is told 02.
func (f *Flow) SendBack(ctx context.Context, a Actor, id, why string) (Quarantined, error) {
	if err := reason(why); err != nil {
		return Quarantined{}, err
	}
	return f.settling(ctx, a, id, workflow.SendBack, func(tx Tx, ag org.Agency, q *Quarantined) (err error) {
		if q.IncomingID, err = f.enterBeside(tx, ag, q); err != nil {
			return err
		}
		d, err := tx.Incoming(q.IncomingID)
		if err != nil {
			return err
		}
		q.Note = strings.TrimSpace(why)
		if d.State != workflow.Received {
			return fault.New(fault.Conflict, "action_not_now").With("state", d.State).With("action", workflow.Refuse)
		}
		d.RefusalReason = q.Note
		if err := f.notice(tx, a, &d, workflow.StatusRefused, q.Note, false); err != nil {
			return err
		}
		return f.put(tx, a, &d, workflow.Refuse, map[string]string{"reason": q.Note})
	})
}

// PutAside puts a message away for good with a note (lưu, không xử lý): what cannot be read
// cannot be answered either.
func (f *Flow) PutAside(ctx context.Context, a Actor, id, note string) (Quarantined, error) {
	var q Quarantined
	if err := document.Text("note", note, 1, document.MaxReason); err != nil {
		return q, err
	}
	err := f.Store.Write(ctx, func(tx Tx) (err error) {
		if q, err = f.message(tx, a, id, workflow.PutAside); err != nil {
			return err
		}
		q.Note = strings.TrimSpace(note)
		return f.conclude(tx, a, &q)
	})
	return q, err
}

// ReadAgain reads a message again that could not be read when it came, after the directory
// or the program has learned what was missing: it then is as if it had just come.
func (f *Flow) ReadAgain(ctx context.Context, a Actor, id string) (Quarantined, error) {
	var q Quarantined
	err := f.Store.Read(ctx, func(tx ReadTx) (err error) {
		q, err = f.message(tx, a, id, workflow.ReadAgain)
		return err
	})
	switch {
	case err != nil:
		return q, err
	case q.Channel != document.Axis || q.RawKey == "" || q.Consignment != nil:
		return q, fault.New(fault.Conflict, "message_read")
	case f.Rereader == nil:
		return q, fault.New(fault.Unavailable, "axis_not_configured")
	}
	if err = f.Rereader.Reread(ctx, q.parcel()); err != nil {
		return q, err
	}
	err = f.Store.Write(ctx, func(tx Tx) (err error) {
		if q, err = f.message(tx, a, id, workflow.ReadAgain); err != nil {
			return err
		}
		return f.conclude(tx, a, &q)
	})
	return q, err
}
