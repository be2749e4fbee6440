package flow

import (
	"context"
	"strings"

	"congvan/internal/authz"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/workflow"
)

// changeOf reads a change of a received document with the right to answer it.
func (f *Flow) changeOf(tx Tx, a Actor, id string, act workflow.Action) (c document.Change, d document.Incoming, err error) {
	if c, err = tx.Change(id); err != nil {
		return c, d, err
	}
	if c.IncomingID == "" {
		return c, d, fault.Missing()
	}
	if d, _, err = f.incoming(tx, a, c.IncomingID, act); err != nil {
		return c, d, err
	}
	next, err := workflow.Next(workflow.Change, c.State, act)
	if err != nil {
		return c, d, notNow(tx, authz.Incoming, d.ID, err)
	}
	now := f.now()
	c.State, c.AnsweredAt, c.AnsweredBy, c.UpdatedAt = next, &now, a.PersonName, now
	return c, d, nil
}

// Agree accepts a recall or an update (đồng ý lấy lại, cập nhật): 15. The recalled copy
// stays as a tombstone; an updated document takes the new fields and, as new versions, the
// new files, which are checked like any that came.
func (f *Flow) Agree(ctx context.Context, a Actor, changeID, note string) (document.Incoming, error) {
	var d document.Incoming
	if err := document.Text("note", note, 0, document.MaxReason); err != nil {
		return d, err
	}
	err := f.Store.Write(ctx, func(tx Tx) error {
		c, fresh, err := f.changeOf(tx, a, changeID, workflow.Agree)
		if err != nil {
			return err
		}
		d = fresh
		detail := map[string]string{"kind": string(c.Kind), "note": strings.TrimSpace(note)}
		if err := f.freeze(tx, &d, &c); err != nil { // again, had it been declined
			return err
		}
		if freezes(&c) == "" {
			if err := f.applyUpdate(tx, a, &d, c.Consignment, detail); err != nil {
				return err
			}
		}
		c.Answer = strings.TrimSpace(note)
		if err := tx.PutChange(&c); err != nil {
			return err
		}
		if err := f.answer(tx, a, &d, &c, false); err != nil {
			return err
		}
		return tx.Journal(f.entry(a, workflow.Agree, authz.Incoming, d.ID, d.RawKey, detail))
	})
	return d, err
}

// DeclineInput says why not.
type DeclineInput struct {
	Reason string `json:"reason"`
	// Confirmed repeats a refusal that was answered with the warning "recall_must_be_obeyed".
	Confirmed bool `json:"confirmed"`
}

// Decline refuses an update, or behind a warning a recall (từ chối): 16. The decree has the
// recipient cancel what was recalled (NĐ 30/2020 Đ.18.4b, QĐ 28/2018 Đ.9.2). The document is
// again what it was.
func (f *Flow) Decline(ctx context.Context, a Actor, changeID string, in DeclineInput) (document.Incoming, error) {
	var d document.Incoming
	if err := reason(in.Reason); err != nil {
		return d, err
	}
	err := f.Store.Write(ctx, func(tx Tx) error {
		c, fresh, err := f.changeOf(tx, a, changeID, workflow.Decline)
		if err != nil {
			return err
		}
		d = fresh
		if freezes(&c) != "" {
			if !in.Confirmed {
				return fault.New(fault.Conflict, "recall_must_be_obeyed").Field("confirmed")
			}
			if err := f.thaw(tx, &d, &c); err != nil {
				return err
			}
		}
		c.Answer = strings.TrimSpace(in.Reason)
		if err := tx.PutChange(&c); err != nil {
			return err
		}
		if err := f.answer(tx, a, &d, &c, false); err != nil {
			return err
		}
		return tx.Journal(f.entry(a, workflow.Decline, authz.Incoming, d.ID, d.RawKey, map[string]string{
			"kind": string(c.Kind), "reason": c.Answer,
		}))
	})
	return d, err
}

// thaw gives the document back what it was, unless something else keeps it frozen.
func (f *Flow) thaw(tx Tx, d *document.Incoming, c *document.Change) error {
	all, err := tx.ChangesOn(d.ID)
	if err != nil {
		return err
	}
	before := c.Before
	for i := range all {
		o := &all[i]
		if o.ID == c.ID || freezes(o) == "" || o.State == workflow.Declined {
			continue
		}
		if freezes(o) == workflow.TakeBack {
			return nil
		}
		before = workflow.Replaced
	}
	next, err := workflow.Thaw(d.State, before)
	if err != nil {
		return err
	}
	d.State, d.UpdatedAt = next, f.now()
	return tx.PutIncoming(d)
}

// applyUpdate gives a document the fields of a message and its files as new versions;
// nothing is overwritten: detail keeps what the fields were, the versions stay.
func (f *Flow) applyUpdate(tx Tx, a Actor, d *document.Incoming, c *document.Consignment, detail map[string]string) error {
	set := func(name string, to *string, v string) {
		if v != "" && v != *to {
			detail[name+"_before"] = *to
			*to = v
		}
	}
	set("subject", &d.Subject, c.Subject)
	set("signer_name", &d.SignerName, c.SignerName)
	set("signer_title", &d.SignerTitle, c.SignerTitle)
	if c.Urgency != d.Urgency {
		detail["urgency_before"], d.Urgency = itoa(int(d.Urgency)), c.Urgency
	}
	if c.DueDate != d.DueDate {
		detail["due_date_before"], d.DueDate = d.DueDate.String(), c.DueDate
	}
	if c.PageAmount > 0 {
		d.PageAmount = c.PageAmount
	}
	fresh, err := f.updateFiles(d, c.Files, a)
	if err != nil {
		return err
	}
	if d.UpdatedAt = f.now(); fresh > 0 {
		d.Verdict = document.VerdictPending
		detail["files"] = itoa(fresh)
		if err := tx.Enqueue(Job{Kind: JobValidate, ID: d.ID}); err != nil {
			return err
		}
	}
	return tx.PutIncoming(d)
}

// updateFiles adds a version where the n-th file of the message differs from the n-th of the
// document, and files that are new; it tells how many.
func (f *Flow) updateFiles(d *document.Incoming, files []document.ConsignedFile, a Actor) (int, error) {
	n := 0
	for i, x := range files {
		file, err := f.fileFrom(Upload{
			Name: document.CleanFileName(x.Name, "tep-dinh-kem"), MediaType: x.MediaType, Blob: x.Blob, Size: x.Size,
		}, x.Role, i+1, document.VersionReceived, a)
		if err != nil {
			return n, err
		}
		switch {
		case i >= len(d.Files):
			d.Files = append(d.Files, file)
		case d.Files[i].Version.Blob != x.Blob:
			file.Version.N = d.Files[i].Version.N + 1
			d.Files[i].Version = file.Version
		default:
			continue
		}
		n++
	}
	return n, nil
}
