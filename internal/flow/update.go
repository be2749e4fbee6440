package flow

import (
	"context"
	"slices"
	"strings"

	"congvan/internal/authz"
	"congvan/internal/calendar"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/org"
	"congvan/internal/workflow"
)

// UpdateInput is what changes about an issued document; its files never do: an error in the
// text takes a new document that replaces it (NĐ 30/2020 Đ.18.3). What is nil stays.
type UpdateInput struct {
	Reason  string            `json:"reason"`
	Subject *string           `json:"subject"`
	Urgency *document.Urgency `json:"urgency"`
	DueDate *calendar.Date    `json:"due_date"`
	Add     []string          `json:"add"`    // OrganIDs of new recipients
	Remove  []string          `json:"remove"` // OrganIDs to take off the list; takes the right to recall
}

// Update corrects the fields of an issued document or its recipients (cập nhật). New
// recipients get the document, those taken off and, where fields change, all others are told
// and answer 15 or 16. What was before stays in the journal.
func (f *Flow) Update(ctx context.Context, a Actor, id string, in UpdateInput) (document.Outgoing, error) {
	var d document.Outgoing
	if err := reason(in.Reason); err != nil {
		return d, err
	}
	in.Reason = strings.TrimSpace(in.Reason)
	err := f.Store.Write(ctx, func(tx Tx) (err error) {
		if d, err = f.outgoing(tx, a, id, workflow.Update); err != nil {
			return err
		}
		if len(in.Remove) > 0 {
			if err := authz.Can(a, workflow.Recall, OutgoingResource(&d)).Err(); err != nil {
				return err
			}
		}
		deliveries, err := tx.Deliveries(id)
		if err != nil {
			return err
		}
		if err := areRecipients(in.Remove, deliveries); err != nil {
			return err
		}
		detail := in.fields(&d.Metadata)
		if err := d.Metadata.Validate(); err != nil {
			return err
		}
		info := len(detail) > 0
		if info && slices.ContainsFunc(deliveries, underWay) { // a retry must say what the first attempt said
			return fault.New(fault.Conflict, "delivery_under_way")
		}
		changes, err := tx.ChangesOf(id)
		if err != nil {
			return err
		}
		for i := range deliveries {
			if deliveries[i].State == workflow.Refusal || document.Settles(changes, deliveries[i].ID) {
				continue
			}
			if err := f.tell(tx, a, &d, &deliveries[i], in, info); err != nil {
				return err
			}
		}
		added, err := f.addRecipients(tx, &d, deliveries, in.Add)
		if err != nil {
			return err
		}
		if !info && added == 0 && len(in.Remove) == 0 {
			return fault.New(fault.Invalid, "nothing_changed")
		}
		d.Recipients = slices.DeleteFunc(d.Recipients, func(p document.Party) bool { return names(in.Remove, p.OrganID) })
		if err := step(&d, workflow.Update, f.now()); err != nil {
			return err
		}
		if err := tx.PutOutgoing(&d); err != nil {
			return err
		}
		detail["reason"], detail["added"], detail["removed"] = in.Reason, itoa(added), itoa(len(in.Remove))
		return tx.Journal(f.entry(a, workflow.Update, authz.Outgoing, d.ID, document.MainFile(d.Files).Version.Blob, detail))
	})
	return d, err
}

// underWay tells whether an attempt was begun whose outcome nobody knows yet.
func underWay(v document.Delivery) bool { return v.State == workflow.Queued && !neverLeft(&v) }

func names(organIDs []string, organID string) bool {
	return slices.ContainsFunc(organIDs, func(x string) bool { return org.SameOrganID(x, organID) })
}

// fields sets what changes and gives what was before, for the journal.
func (in *UpdateInput) fields(m *document.Metadata) map[string]string {
	before := map[string]string{}
	if in.Subject != nil && strings.TrimSpace(*in.Subject) != m.Subject {
		before["subject_before"] = m.Subject
		m.Subject = strings.TrimSpace(*in.Subject)
	}
	if in.Urgency != nil && *in.Urgency != m.Urgency {
		before["urgency_before"] = itoa(int(m.Urgency))
		m.Urgency = *in.Urgency
	}
	if in.DueDate != nil && *in.DueDate != m.DueDate {
		before["due_date_before"] = m.DueDate.String()
		m.DueDate = *in.DueDate
	}
	return before
}

// tell sends the update to one recipient that it concerns.
func (f *Flow) tell(tx Tx, a Actor, d *document.Outgoing, v *document.Delivery, in UpdateInput, info bool) error {
	removed := names(in.Remove, v.Recipient.OrganID)
	if !removed && (!info || neverLeft(v) || v.State == workflow.Failed) { // what has not left will leave with the new fields
		return nil
	}
	c, err := f.newChange(a, d, v, document.Update, in.Reason)
	if err != nil {
		return err
	}
	if c.Consignment, err = f.bare(tx, d, v, &c); err != nil {
		return err
	}
	c.Consignment.Aim.Info = info
	if removed {
		c.Consignment.Aim.Receivers = []document.ReceiverChange{{OrganID: v.Recipient.OrganID}}
	}
	if neverLeft(v) {
		c.State = workflow.Recalled
		if err := f.withhold(tx, a, v, in.Reason); err != nil {
			return err
		}
		return tx.PutChange(&c)
	}
	return f.send(tx, &c)
}

// addRecipients sends the document to agencies that it did not go to.
func (f *Flow) addRecipients(tx Tx, d *document.Outgoing, deliveries []document.Delivery, organIDs []string) (int, error) {
	parties, err := recipients(tx, d.AgencyID, f.now(), organIDs)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, p := range parties {
		if slices.ContainsFunc(deliveries, func(v document.Delivery) bool { return org.SameOrganID(v.Recipient.OrganID, p.OrganID) }) {
			return 0, fault.New(fault.Conflict, "already_recipient").Field("add").With("name", p.OrganName)
		}
		if len(d.Recipients) >= document.MaxRecipients {
			return 0, fault.New(fault.Invalid, "too_many").Field("add").With("max", document.MaxRecipients)
		}
		d.Recipients = append(d.Recipients, p)
		if err := f.queue(tx, d, p); err != nil {
			return 0, err
		}
		n++
	}
	return n, nil
}
