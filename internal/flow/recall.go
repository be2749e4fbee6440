package flow

import (
	"context"
	"errors"
	"slices"
	"strings"

	"congvan/internal/authz"
	"congvan/internal/conservation"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/org"
	"congvan/internal/register"
	"congvan/internal/workflow"
)

// RecallInput is the wish to take an issued document back.
type RecallInput struct {
	Reason     string   `json:"reason"`
	Recipients []string `json:"recipients"` // OrganIDs; empty means all
}

// Recall takes an issued document back from all or some of its recipients (thu hồi văn bản
// đã phát hành, NĐ 30/2020 Đ.18.4): what has not left stays here, every other recipient is
// asked and answers 15 or 16. Taken back from all, the document is frozen; nothing is
// deleted (RULE-14). Those who declined may be asked again.
func (f *Flow) Recall(ctx context.Context, a Actor, id string, in RecallInput) (document.Outgoing, error) {
	var d document.Outgoing
	if err := reason(in.Reason); err != nil {
		return d, err
	}
	err := f.Store.Write(ctx, func(tx Tx) (err error) {
		if d, err = f.outgoing(tx, a, id, workflow.Recall); err != nil {
			return err
		}
		n, err := f.takeBack(tx, a, &d, taking{kind: document.Recall, reason: strings.TrimSpace(in.Reason), only: in.Recipients})
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Conflict, "nothing_to_recall")
		}
		return tx.Journal(f.entry(a, workflow.Recall, authz.Outgoing, d.ID, document.MainFile(d.Files).Version.Blob, map[string]string{
			"reason": strings.TrimSpace(in.Reason), "recipients": itoa(n), "state": string(d.State),
		}))
	})
	return d, err
}

// taking is what takes a document out of the hands of its recipients.
type taking struct {
	kind    document.ChangeKind
	reason  string
	only    []string           // OrganIDs; empty means all
	carrier *document.Outgoing // the notice or the replacement, just issued; nil without one
}

// takeBack asks every recipient that has not been asked, and freezes the document when none
// of them is left; it tells how many were asked or spared.
func (f *Flow) takeBack(tx Tx, a Actor, d *document.Outgoing, t taking) (int, error) {
	deliveries, err := tx.Deliveries(d.ID)
	if err != nil {
		return 0, err
	}
	changes, err := tx.ChangesOf(d.ID)
	if err != nil {
		return 0, err
	}
	if err := areRecipients(t.only, deliveries); err != nil {
		return 0, err
	}
	n, left := 0, 0
	for i := range deliveries {
		v := &deliveries[i]
		if v.State == workflow.Refusal || document.Settles(changes, v.ID) {
			continue
		}
		if len(t.only) > 0 && !slices.ContainsFunc(t.only, func(x string) bool { return org.SameOrganID(x, v.Recipient.OrganID) }) {
			left++
			continue
		}
		if err := f.askFor(tx, a, d, v, t); err != nil {
			return 0, err
		}
		n++
	}
	if left > 0 || d.State == workflow.Recalled {
		return n, nil
	}
	act := workflow.TakeBack
	if t.kind == document.Replace {
		act = workflow.Supersede
	}
	if err := step(d, act, f.now()); err != nil {
		return 0, err
	}
	return n, tx.PutOutgoing(d)
}

// areRecipients makes sure that chosen recipients are recipients.
func areRecipients(only []string, deliveries []document.Delivery) error {
	for _, x := range only {
		if !slices.ContainsFunc(deliveries, func(v document.Delivery) bool { return org.SameOrganID(x, v.Recipient.OrganID) }) {
			return fault.New(fault.Invalid, "recipient_not_served").Field("recipients").With("organ_id", x)
		}
	}
	return nil
}

// neverLeft tells whether no attempt of a delivery was ever begun: only then is it certain
// that nothing has reached the recipient.
func neverLeft(v *document.Delivery) bool {
	return v.State == workflow.Queued && v.Attempts == 0 && len(v.Events) == 1
}

// askFor makes the change of one delivery. What has not left is withheld; a carrier that goes
// to the same agency brings the change with it; everyone else is sent a message.
func (f *Flow) askFor(tx Tx, a Actor, d *document.Outgoing, v *document.Delivery, t taking) error {
	c, err := f.newChange(a, d, v, t.kind, t.reason)
	if err != nil {
		return err
	}
	if t.carrier != nil {
		c.CarrierID = t.carrier.ID
	}
	switch {
	case neverLeft(v):
		c.State = workflow.Recalled
		if err := f.withhold(tx, a, v, t.reason); err != nil {
			return err
		}
	case v.State == workflow.Failed: // it is sent no more; should it have arrived after all, it is asked for then
		c.CarrierID = ""
		if c.Consignment, err = f.recalling(tx, d, v, &c); err != nil {
			return err
		}
		c.Hash = c.Consignment.ContentHash()
		if err := f.withhold(tx, a, v, t.reason); err != nil {
			return err
		}
	case t.carrier != nil && goesTo(t.carrier, v.Recipient.OrganID):
		c.State = workflow.Sent // with the carrier
	default:
		c.CarrierID = ""
		if c.Consignment, err = f.recalling(tx, d, v, &c); err != nil {
			return err
		}
		return f.send(tx, &c)
	}
	return tx.PutChange(&c)
}

func (f *Flow) newChange(a Actor, d *document.Outgoing, v *document.Delivery, kind document.ChangeKind, why string) (document.Change, error) {
	id, err := f.newID("chg-")
	now := f.now()
	return document.Change{
		ID: id, AgencyID: d.AgencyID, Kind: kind, State: workflow.Asked, OutgoingID: d.ID, DeliveryID: v.ID, Party: v.Recipient,
		Reason: why, AskedBy: a.PersonName, AskedAt: now, UpdatedAt: now,
	}, err
}

// send puts a change that goes by itself in the queue.
func (f *Flow) send(tx Tx, c *document.Change) error {
	c.Hash = c.Consignment.ContentHash()
	if err := tx.PutChange(c); err != nil {
		return err
	}
	return tx.Enqueue(Job{Kind: JobChange, ID: c.ID})
}

// withhold keeps a delivery here that has not left.
func (f *Flow) withhold(tx Tx, a Actor, v *document.Delivery, why string) error {
	now := f.now()
	v.State, v.UpdatedAt = workflow.Recalled, now
	v.Events = append(v.Events, document.StatusEvent{State: v.State, By: a.PersonName, At: now, RecordedAt: now})
	if err := tx.PutDelivery(v); err != nil {
		return err
	}
	return tx.Journal(f.entry(a, workflow.Recall, conservation.Deliveries, v.ID, "", map[string]string{
		"recipient": v.Recipient.OrganID, conservation.StateKey: string(v.State), "reason": why,
	}))
}

func goesTo(d *document.Outgoing, organID string) bool {
	return slices.ContainsFunc(d.Recipients, func(p document.Party) bool { return org.SameOrganID(p.OrganID, organID) })
}

// recalling is the bare message of a recall: without files, for what is recalled does not
// travel again. Its subject tells it from the document itself.
func (f *Flow) recalling(tx ReadTx, d *document.Outgoing, v *document.Delivery, c *document.Change) (*document.Consignment, error) {
	m, err := f.bare(tx, d, v, c)
	if err != nil {
		return nil, err
	}
	m.Subject = shortened("Thu hồi văn bản số "+register.FullCode(d.Number, d.Notation)+": "+d.Subject, document.MaxSubject)
	return m, nil
}

// bare is the message of a change without a document of its own: the fields are those of
// the document changed.
func (f *Flow) bare(tx ReadTx, d *document.Outgoing, v *document.Delivery, c *document.Change) (*document.Consignment, error) {
	m, err := f.consignment(tx, d, v.Recipient)
	if err != nil {
		return nil, err
	}
	of, err := f.earlier(tx, d)
	if err != nil {
		return nil, err
	}
	m.Files, m.ResponseFor, m.SentAt = nil, nil, c.AskedAt
	m.Staff.Name = c.AskedBy
	m.Aim = &document.Aim{
		Kind: c.Kind, Reason: c.Reason, Targets: [][]string{{d.DocumentID}}, Of: []document.Earlier{of}, Bare: true,
	}
	return &m, nil
}

// earlier names an issued document for those who received it.
func (f *Flow) earlier(tx ReadTx, d *document.Outgoing) (document.Earlier, error) {
	ag, err := tx.Agency(d.AgencyID)
	if err != nil {
		return document.Earlier{}, err
	}
	deliveries, err := tx.Deliveries(d.ID)
	if err != nil {
		return document.Earlier{}, err
	}
	e := document.Earlier{Reference: document.Reference{
		OrganID: ag.CodeIn(f.Codes, *d.IssuedAt), Code: register.FullCode(d.Number, d.Notation), DocumentID: d.DocumentID, PromulgationDate: d.IssuedDate,
	}}
	for _, v := range deliveries {
		e.Recipients = append(e.Recipients, v.Recipient.OrganID)
	}
	return e, nil
}

// shortened cuts text to a number of characters.
func shortened(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

// SendChange is the job of one change that goes by itself: to the recipient here, or over the axis.
// It waits until its document has left; one whose document was given up is sent when the
// document turns out to have arrived after all. To a recipient a repeated one is the same.
func (f *Flow) SendChange(ctx context.Context, id string) error {
	var c document.Change
	var v document.Delivery
	ready := false
	err := f.Store.Write(ctx, func(tx Tx) (err error) {
		if c, err = tx.Change(id); err != nil {
			return err
		}
		if v, err = tx.Delivery(c.DeliveryID); err != nil {
			return err
		}
		switch {
		case c.State != workflow.Asked, v.State == workflow.Failed, v.State == workflow.Recalled:
			return tx.FinishJob()
		case v.State == workflow.Queued:
			return fault.New(fault.Unavailable, "delivery_under_way")
		}
		ready = true
		c.Attempts++
		c.UpdatedAt = f.now()
		return tx.PutChange(&c)
	})
	if err != nil || !ready {
		return err
	}
	sendErr := later(f.hand(ctx, sending{of: []document.Delivery{v}, c: *c.Consignment})[0].Err)
	err = f.Store.Write(context.WithoutCancel(ctx), func(tx Tx) error {
		c, err := tx.Change(id)
		if err != nil {
			return err
		}
		to := workflow.Sent
		if c.LastError, c.UpdatedAt = "", f.now(); sendErr != nil {
			c.LastError, to = fault.From(sendErr).Code, c.State
			if fault.KindOf(sendErr) != fault.Unavailable || c.Attempts >= f.MaxAttempts {
				to = workflow.Failed
			}
		}
		c.State = workflow.AdvanceChange(c.State, to)
		if err := tx.PutChange(&c); err != nil || c.State == workflow.Asked {
			return err
		}
		if err := tx.FinishJob(); err != nil {
			return err
		}
		return tx.Journal(f.entry(system(c.AgencyID), "ASK", authz.Outgoing, c.OutgoingID, "", map[string]string{
			"kind": string(c.Kind), "recipient": c.Party.OrganName, "outcome": string(c.State), "code": c.LastError,
		}))
	})
	return errors.Join(err, onlyRetryable(sendErr))
}

// answered applies a recipient's 15 or 16 to what was asked of it under the document that
// the answer names: the oldest change without an answer, else the newest that was declined.
func (f *Flow) answered(tx Tx, v *document.Delivery, m document.StatusMessage) error {
	to, ok := workflow.ChangeState(m.Status)
	if !ok {
		return nil
	}
	changes, err := tx.ChangesOf(v.OutgoingID)
	if err != nil {
		return err
	}
	changes = slices.DeleteFunc(changes, func(c document.Change) bool { return c.DeliveryID != v.ID })
	brought, err := tx.ChangesBy(v.OutgoingID)
	if err != nil {
		return err
	}
	for _, c := range brought {
		if org.SameOrganID(c.Party.OrganID, v.Recipient.OrganID) {
			changes = append(changes, c)
		}
	}
	slices.SortStableFunc(changes, func(a, b document.Change) int {
		switch x, y := a.AnsweredAt == nil, b.AnsweredAt == nil; {
		case x && !y:
			return -1
		case y && !x:
			return 1
		case x:
			return a.AskedAt.Compare(b.AskedAt)
		}
		return b.AskedAt.Compare(a.AskedAt)
	})
	for i := range changes {
		c := &changes[i]
		next := workflow.AdvanceChange(c.State, to)
		if next == c.State {
			continue
		}
		at := m.At
		c.State, c.Answer, c.AnsweredAt, c.UpdatedAt = next, m.Description, &at, f.now()
		c.AnsweredBy = m.From.OrganName
		if m.Staff.Name != "" {
			c.AnsweredBy = m.Staff.Name + ", " + m.From.OrganName
		}
		if err := tx.PutChange(c); err != nil {
			return err
		}
		return tx.Journal(f.entry(system(c.AgencyID), "ANSWERED", authz.Outgoing, c.OutgoingID, "", map[string]string{
			"kind": string(c.Kind), "from": m.From.OrganName, "state": string(c.State), "text": m.Description,
		}))
	}
	return nil
}

// arrivedAfterAll sends the changes of a delivery that waited for it: it had been given up,
// and yet its recipient has it.
func (f *Flow) arrivedAfterAll(tx Tx, v *document.Delivery) error {
	changes, err := tx.ChangesOf(v.OutgoingID)
	if err != nil {
		return err
	}
	for _, c := range changes {
		if c.DeliveryID != v.ID || c.State != workflow.Asked || c.Consignment == nil {
			continue
		}
		if err := tx.Enqueue(Job{Kind: JobChange, ID: c.ID}); err != nil {
			return err
		}
	}
	return nil
}
