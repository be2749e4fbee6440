package flow

import (
	"context"
	"errors"

	"congvan/internal/authz"
	"congvan/internal/conservation"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/register"
	"congvan/internal/workflow"
)

// Issue sends a sealed document out (phát hành, NĐ 30/2020 Đ.18): one delivery and one job
// per recipient, in the transaction that changes the state. The stored bytes were hashed
// again before it: what leaves is what was sealed. It leaves at the level asked for, or by
// the grace that a missing service allows, which is recorded.
func (f *Flow) Issue(ctx context.Context, a Actor, id string) (document.Outgoing, error) {
	var d document.Outgoing
	err := f.Store.Read(ctx, func(tx ReadTx) (err error) {
		if d, err = f.outgoing(tx, a, id, workflow.Issue); err != nil {
			return err
		}
		_, err = f.mayIssue(tx, &d)
		return err
	})
	if err != nil {
		return d, err
	}
	if err := f.rehash(ctx, d.Files); err != nil {
		return d, err
	}
	err = f.Store.Write(ctx, func(tx Tx) error {
		fresh, err := f.outgoing(tx, a, id, workflow.Issue)
		if err != nil {
			return err
		}
		byGrace, err := f.mayIssue(tx, &fresh)
		if err != nil {
			return err
		}
		for i, x := range fresh.Files {
			if i >= len(d.Files) || x.Version.Blob != d.Files[i].Version.Blob {
				return fault.New(fault.Conflict, "row_changed")
			}
		}
		now := f.now()
		fresh.IssuedAt = &now
		fresh.Send()
		detail := map[string]string{
			"number": register.FullCode(fresh.Number, fresh.Notation), "recipients": itoa(len(fresh.Recipients)), "level": fresh.Level.Reached,
		}
		if byGrace {
			fresh.Level.GraceAt = &now
			detail["grace"] = fresh.Level.Code
		}
		if err := step(&fresh, workflow.Issue, now); err != nil {
			return err
		}
		if err := tx.PutOutgoing(&fresh); err != nil {
			return err
		}
		for _, r := range fresh.Recipients {
			if err := f.queue(tx, &fresh, r); err != nil {
				return err
			}
		}
		if err := f.takeEffect(tx, a, &fresh); err != nil {
			return err
		}
		d = fresh
		return tx.Journal(f.entry(a, workflow.Issue, authz.Outgoing, d.ID, document.MainFile(d.Files).Version.Blob, detail))
	})
	return d, err
}

// queue makes the delivery to one recipient: inside the installation, or over the axis.
func (f *Flow) queue(tx Tx, d *document.Outgoing, to document.Party) error {
	ag, err := tx.AgencyByOrganID(to.OrganID)
	if err != nil {
		return err
	}
	channel := document.Axis
	if ag.Local {
		channel = document.Internal
	}
	id, err := f.newID("dlv-")
	if err != nil {
		return err
	}
	now := f.now()
	v := document.Delivery{
		ID: id, OutgoingID: d.ID, AgencyID: d.AgencyID, Recipient: to, Channel: channel, State: workflow.Queued,
		DocumentID: d.DocumentID, QueuedAt: now, UpdatedAt: now,
		Events: []document.StatusEvent{{State: workflow.Queued, By: d.AgencyID, At: now, RecordedAt: now}},
	}
	if err := tx.PutDelivery(&v); err != nil {
		return err
	}
	if err := tx.Enqueue(Job{Kind: JobDeliver, ID: id}); err != nil {
		return err
	}
	return tx.Journal(f.entry(system(v.AgencyID), conservation.Accept, conservation.Deliveries, v.ID, "", map[string]string{
		"recipient": to.OrganID, "outgoing": d.ID, conservation.StateKey: string(v.State),
	}))
}

// rehash reads every file's stored bytes again and compares them with the record.
func (f *Flow) rehash(ctx context.Context, files []document.File) error {
	for _, x := range files {
		got, err := f.digest(ctx, x.Version)
		if err != nil {
			return err
		}
		if got != x.Version.Blob {
			return fault.New(fault.Internal, "stored_bytes_differ").With("name", x.Name)
		}
	}
	return nil
}

// Resend puts a delivery that was given up back in the queue, with the same identity.
func (f *Flow) Resend(ctx context.Context, a Actor, deliveryID string) (document.Delivery, error) {
	var v document.Delivery
	err := f.Store.Write(ctx, func(tx Tx) (err error) {
		if v, err = tx.Delivery(deliveryID); err != nil {
			return err
		}
		if _, err := f.outgoing(tx, a, v.OutgoingID, workflow.Resend); err != nil {
			return err
		}
		if v.State != workflow.Failed {
			return fault.New(fault.Conflict, "delivery_not_failed").With("state", v.State)
		}
		changes, err := tx.ChangesOf(v.OutgoingID)
		if err != nil {
			return err
		}
		if document.Settles(changes, v.ID) {
			return fault.New(fault.Conflict, "delivery_taken_back")
		}
		now := f.now()
		v.State, v.Attempts, v.LastError, v.UpdatedAt = workflow.Queued, 0, "", now
		v.Events = append(v.Events, document.StatusEvent{State: workflow.Queued, By: a.PersonName, At: now, RecordedAt: now})
		if err := tx.PutDelivery(&v); err != nil {
			return err
		}
		if err := tx.Enqueue(Job{Kind: JobDeliver, ID: v.ID}); err != nil {
			return err
		}
		return tx.Journal(f.entry(a, workflow.Resend, conservation.Deliveries, v.ID, "", map[string]string{
			"recipient": v.Recipient.OrganID, conservation.StateKey: string(v.State),
		}))
	})
	return v, err
}

// Deliver is the job of one delivery. The beginning of an attempt is committed before the
// message is handed over and its outcome after, so that one cut off in between is known as
// such: inside the installation the recipient knows the document by its content, and the
// courier looks at what the axis already has. A fault that may pass comes back as
// fault.Unavailable and the job runs again; the delivery stays visible with its attempts
// until it is given up.
func (f *Flow) Deliver(ctx context.Context, id string) error {
	v, c, again, err := f.begin(ctx, id)
	if err != nil || v.State != workflow.Queued {
		return err
	}
	axisID, sendErr := f.hand(ctx, v, c, again)
	return errors.Join(f.recordAttempt(ctx, v.ID, axisID, sendErr), onlyRetryable(sendErr))
}

// begin counts the attempt that is about to be made. again tells whether any was begun
// before: then one is counted already, or the delivery was given up and queued anew, which
// left more than the first event. A delivery that waits no more only ends its job.
func (f *Flow) begin(ctx context.Context, id string) (v document.Delivery, c document.Consignment, again bool, err error) {
	err = f.Store.Write(ctx, func(tx Tx) (err error) {
		if v, err = tx.Delivery(id); err != nil {
			return err
		}
		if v.State != workflow.Queued {
			return tx.FinishJob()
		}
		d, err := tx.Outgoing(v.OutgoingID)
		if err != nil {
			return err
		}
		if c, err = f.consignment(tx, &d, v.Recipient); err != nil {
			return err
		}
		again = v.Attempts > 0 || len(v.Events) > 1
		v.Attempts++
		v.UpdatedAt = f.now()
		return tx.PutDelivery(&v)
	})
	return v, c, again, err
}

// hand gives the consignment to the recipient's agency here, or to the axis.
func (f *Flow) hand(ctx context.Context, v document.Delivery, c document.Consignment, again bool) (string, error) {
	if v.Channel == document.Internal {
		return "", f.Receive(ctx, document.Parcel{From: c.From.OrganID, To: v.Recipient.OrganID}, c)
	}
	if f.Courier == nil {
		return "", fault.New(fault.Unavailable, "axis_not_configured")
	}
	return f.Courier.Send(ctx, c, again)
}

// recordAttempt writes what came of an attempt; a delivery that moved on meanwhile (its
// 01 overtook us) only gains what is missing.
func (f *Flow) recordAttempt(ctx context.Context, id, axisID string, sendErr error) error {
	return f.Store.Write(context.WithoutCancel(ctx), func(tx Tx) error {
		v, err := tx.Delivery(id)
		if err != nil {
			return err
		}
		now := f.now()
		v.UpdatedAt = now
		to := workflow.Sent
		if axisID != "" {
			v.AxisDocID = axisID
		}
		v.LastError = ""
		if sendErr != nil {
			v.LastError = fault.From(sendErr).Code
			if to = v.State; fault.KindOf(sendErr) != fault.Unavailable || v.Attempts >= f.MaxAttempts {
				to = workflow.Failed
			}
		}
		if next := workflow.Advance(v.State, to); next != v.State {
			v.State = next
			v.Events = append(v.Events, document.StatusEvent{State: next, Description: v.LastError, At: now, RecordedAt: now})
		}
		if err := tx.PutDelivery(&v); err != nil {
			return err
		}
		done := sendErr == nil || v.State == workflow.Failed
		if !done {
			return nil
		}
		if err := tx.FinishJob(); err != nil {
			return err
		}
		return tx.Journal(f.entry(system(v.AgencyID), "DELIVER", conservation.Deliveries, v.ID, "", map[string]string{
			"recipient": v.Recipient.OrganID, conservation.StateKey: string(v.State), "axis_doc_id": v.AxisDocID, "code": v.LastError,
		}))
	})
}

// onlyRetryable lets the job run again for what may pass; all else has been recorded.
func onlyRetryable(err error) error {
	if err != nil && fault.KindOf(err) == fault.Unavailable {
		return err
	}
	return nil
}

// consignment is the document as it travels to one recipient.
func (f *Flow) consignment(tx ReadTx, d *document.Outgoing, to document.Party) (document.Consignment, error) {
	ag, err := tx.Agency(d.AgencyID)
	if err != nil {
		return document.Consignment{}, err
	}
	signer, err := tx.Position(d.SignerID)
	if err != nil {
		return document.Consignment{}, err
	}
	person, err := tx.Person(signer.PersonID)
	if err != nil {
		return document.Consignment{}, err
	}
	authority, err := tx.Authority(d.SignerID)
	if err != nil {
		return document.Consignment{}, err
	}
	t, _ := register.Lookup(d.TypeCode)
	c := document.Consignment{
		From:     document.Party{OrganID: ag.CodeAt(*d.IssuedAt), OrganName: ag.Name},
		InCharge: ag.Superior, To: []document.Party{to}, DocumentID: d.DocumentID,
		CodeNumber: register.FormatNumber(d.Number), CodeNotation: d.Notation, Place: ag.Place, IssuedDate: d.IssuedDate,
		TypeName: t.Name, TypeDetail: t.TypeDetail, Subject: d.Subject, Urgency: d.Urgency,
		SignerName: person.FullName, SignerTitle: signer.Title, Competence: authority.Competence(),
		DueDate: d.DueDate, PageAmount: d.PageAmount, Copies: len(d.Recipients), ToPlaces: d.ToPlaces,
		ResponseFor: d.ResponseFor, Staff: document.Staff{Department: "Văn thư"}, SentAt: *d.IssuedAt,
	}
	for _, x := range d.Files {
		sent := d.AsSent(x)
		c.Files = append(c.Files, document.ConsignedFile{
			Role: x.Role, Name: x.Name, MediaType: x.MediaType, Blob: sent.Blob, Size: sent.Size,
		})
	}
	c.Aim, err = aim(tx, d)
	return c, err
}
