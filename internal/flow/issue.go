package flow

import (
	"context"

	"congvan/internal/authz"
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
		if err := f.queue(tx, &fresh, fresh.Recipients...); err != nil {
			return err
		}
		if err := f.takeEffect(tx, a, &fresh); err != nil {
			return err
		}
		d = fresh
		return tx.Journal(f.entry(a, workflow.Issue, authz.Outgoing, d.ID, document.MainFile(d.Files).Version.Blob, detail))
	})
	return d, err
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
		d, err := f.outgoing(tx, a, v.OutgoingID, workflow.Resend)
		if err != nil {
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
		return f.requeue(tx, a, d.Urgency, []*document.Delivery{&v})
	})
	return v, err
}

// consignment is the document as it travels to its recipients.
func (f *Flow) consignment(tx ReadTx, d *document.Outgoing, to ...document.Party) (document.Consignment, error) {
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
		From:     document.Party{OrganID: ag.CodeIn(f.Codes, *d.IssuedAt), OrganName: ag.Name},
		InCharge: ag.Superior, To: to, DocumentID: d.DocumentID,
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
	c.Aim, err = f.aim(tx, d)
	return c, err
}
