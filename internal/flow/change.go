package flow

import (
	"slices"
	"strings"

	"congvan/internal/authz"
	"congvan/internal/conservation"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/org"
	"congvan/internal/workflow"
)

// Reasons for which a change is set aside.
const (
	noTarget      = "change_target_unknown" // until the document comes, should it be on its way
	foreignTarget = "change_not_sender"
)

// change takes a recall, an update or a replacement in (NĐ 30/2020 Đ.18.4): the documents
// meant are frozen or wait for the clerk's answer, the document that brings it is entered
// like any other. Only who sent a document may change it; a change of another's, or of
// something that never came, is set aside.
func (f *Flow) change(tx Tx, ag org.Agency, c document.Consignment, p document.Parcel) (conservation.Outcome, error) {
	targets, err := resolve(tx, ag.ID, c, p.RawKey)
	switch {
	case fault.Is(err, noTarget) && c.Aim.Kind == document.Replace: // of what never came here: a new document
		_, outcome, err := f.takeIn(tx, ag, c, p)
		return outcome, err
	case fault.Is(err, noTarget), fault.Is(err, foreignTarget):
		q := quarantined(ag, c, p, fault.From(err).Code)
		if q.Reason == noTarget {
			q.DocumentID = firstTarget(c.Aim)
		}
		return conservation.Quarantined, f.setAside(tx, q, c.ContentHash(), nil)
	case err != nil:
		return "", err
	}
	carrier, outcome := "", conservation.Document
	if c.Aim.Kind != document.Update && len(c.Files) > 0 && !slices.ContainsFunc(targets, func(d document.Incoming) bool { return d.DocumentID == c.DocumentID }) {
		if carrier, outcome, err = f.takeIn(tx, ag, c, p); err != nil || carrier == "" {
			return outcome, err
		}
	}
	repeated := true
	for i := range targets {
		again, err := f.changed(tx, ag, &targets[i], c, carrier, p.RawKey)
		if err != nil {
			return "", err
		}
		repeated = repeated && again
	}
	if repeated {
		outcome = conservation.Duplicate
	}
	return outcome, nil
}

func firstTarget(a *document.Aim) string {
	for _, g := range a.Targets {
		for _, id := range g {
			return id
		}
	}
	return ""
}

// resolve finds the received documents that an aim means: those of the first group of which
// any was received at all, each in its newest attempt that was not refused. The message itself,
// should it have been taken as a document before, is none of them.
func resolve(tx ReadTx, agencyID string, c document.Consignment, rawKey string) ([]document.Incoming, error) {
	var foreign bool
	for _, group := range c.Aim.Targets {
		var found []document.Incoming
		for _, id := range group {
			if c.Aim.Kind == document.Replace && id == c.DocumentID {
				continue
			}
			d, theirs, err := received(tx, agencyID, c.From.OrganID, id)
			if err != nil {
				return nil, err
			}
			foreign = foreign || theirs
			if d != nil && d.RawKey != rawKey && !slices.ContainsFunc(found, func(x document.Incoming) bool { return x.ID == d.ID }) {
				found = append(found, *d)
			}
		}
		if foreign {
			return nil, fault.New(fault.Invalid, foreignTarget)
		}
		if len(found) > 0 {
			return found, nil
		}
	}
	return nil, fault.New(fault.Invalid, noTarget)
}

// received finds what an agency has from a sender under an identifier; theirs tells that
// only others sent one.
func received(tx ReadTx, agencyID, from, id string) (d *document.Incoming, theirs bool, err error) {
	all, err := tx.IncomingNamed(agencyID, id)
	if err != nil {
		return nil, false, err
	}
	for i := range all {
		same, err := sameAgency(tx, all[i].From.OrganID, from)
		if err != nil {
			return nil, false, err
		}
		if same && (d == nil || d.State == workflow.Refused && all[i].State != workflow.Refused) {
			d = &all[i]
		}
	}
	return d, d == nil && len(all) > 0, nil
}

// changed applies a change to one document: once, however often it comes; again tells that
// it came before. One that was declined and is asked for again waits anew.
func (f *Flow) changed(tx Tx, ag org.Agency, d *document.Incoming, c document.Consignment, carrier, rawKey string) (again bool, err error) {
	hash := c.ContentHash()
	before, err := tx.ChangesOn(d.ID)
	if err != nil {
		return false, err
	}
	for _, b := range slices.Backward(before) {
		// A recall is the same by whichever of its two routes it comes.
		if b.Hash != hash && (b.Kind != document.Recall || c.Aim.Kind != document.Recall) {
			continue
		}
		switch {
		case b.State == workflow.Waiting:
			if b.CarrierID == "" && carrier != "" {
				b.CarrierID, b.UpdatedAt = carrier, f.now()
				return true, tx.PutChange(&b)
			}
			return true, nil
		case b.State == workflow.Agreed, b.Hash == hash && b.AskedAt.Equal(c.SentAt):
			return true, f.answer(tx, system(ag.ID), d, &b, true)
		}
		break
	}
	id, err := f.newID("chg-")
	if err != nil {
		return false, err
	}
	now := f.now()
	x := document.Change{
		ID: id, AgencyID: ag.ID, Kind: c.Aim.Kind, State: workflow.Waiting, IncomingID: d.ID, CarrierID: carrier, Party: c.From,
		Reason: c.Aim.Reason, Consignment: &c, Hash: hash, RawKey: rawKey, Before: d.State, AskedBy: c.Staff.Name, AskedAt: c.SentAt, UpdatedAt: now,
	}
	if err := f.freeze(tx, d, &x); err != nil {
		return false, err
	}
	if x.Kind == document.Replace { // what stands in its place is here already: nothing to agree to
		x.State, x.AnsweredAt, x.AnsweredBy = workflow.Agreed, &now, system(ag.ID).PersonName
		x.Answer = "Đã nhận văn bản thay thế"
	}
	if err := tx.PutChange(&x); err != nil {
		return false, err
	}
	if x.State == workflow.Agreed {
		if err := f.answer(tx, system(ag.ID), d, &x, false); err != nil {
			return false, err
		}
	}
	return false, tx.Journal(f.entry(system(ag.ID), workflow.Action("ASKED_"+string(x.Kind)), authz.Incoming, d.ID, rawKey, map[string]string{
		"from": c.From.OrganName, "reason": x.Reason, "code": c.CodeNumber + "/" + c.CodeNotation,
	}))
}

// freezes is the step by which a change takes a document out of force; empty for an update
// of fields.
func freezes(c *document.Change) workflow.Action {
	switch {
	case c.Kind == document.Recall, c.Removal():
		return workflow.TakeBack
	case c.Kind == document.Replace:
		return workflow.Supersede
	}
	return ""
}

// freeze takes the document out of force for a change; what is taken back stays so.
func (f *Flow) freeze(tx Tx, d *document.Incoming, c *document.Change) error {
	act := freezes(c)
	if act == "" || d.State == workflow.Recalled {
		return nil
	}
	next, err := workflow.Next(workflow.Incoming, d.State, act)
	if err != nil {
		return err
	}
	d.State, d.UpdatedAt = next, f.now()
	return tx.PutIncoming(d)
}

// answer tells the sender what was answered: 15 or 16.
func (f *Flow) answer(tx Tx, a Actor, d *document.Incoming, c *document.Change, again bool) error {
	code := workflow.StatusAgreed
	if c.State == workflow.Declined {
		code = workflow.StatusDeclined
	}
	return f.noticeAbout(tx, a, d, code, c.Answer, c.ID, again)
}

// recalledByStatus takes the other route of a recall in: a status 13 of the document's own
// sender. One that fits no document is journalled like any status that fits none (E7), and
// kept for the document, should it have overtaken that.
func (f *Flow) recalledByStatus(tx Tx, p document.Parcel, m document.StatusMessage) (conservation.Outcome, error) {
	c := document.Consignment{
		From: m.From, DocumentID: m.DocumentID, CodeNumber: m.Code, IssuedDate: m.PromulgationDate, Staff: m.Staff, SentAt: m.At,
		Aim: &document.Aim{Kind: document.Recall, Reason: m.Description, Targets: [][]string{{m.DocumentID}}, Bare: true},
	}
	if number, notation, ok := strings.Cut(m.Code, "/"); ok {
		c.CodeNumber, c.CodeNotation = number, notation
	}
	ag, err := tx.AgencyByOrganID(p.To)
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return "", err
	}
	if err == nil && ag.Local {
		outcome, err := f.change(tx, ag, c, p)
		if err != nil || outcome == conservation.Duplicate {
			return outcome, err
		}
		if outcome == conservation.Document {
			return conservation.StatusApplied, nil
		}
	}
	return conservation.StatusUnmatched, tx.Journal(f.entry(system(ag.ID), "STATUS_UNMATCHED", "message", m.DocumentID, "", map[string]string{
		"from": m.From.OrganID, "status": string(m.Status),
	}))
}

// overtaken applies what came before the document it is about: messages take their own time.
func (f *Flow) overtaken(tx Tx, ag org.Agency, d *document.Incoming) error {
	held, err := tx.HeldFor(ag.ID, d.DocumentID, noTarget)
	if err != nil {
		return err
	}
	for i := range held {
		q := &held[i]
		same, err := sameAgency(tx, q.From.OrganID, d.From.OrganID)
		if err != nil {
			return err
		}
		if q.Consignment == nil || q.Consignment.Aim == nil || !same {
			continue
		}
		if _, err := f.change(tx, ag, *q.Consignment, q.parcel()); err != nil {
			return err
		}
		q.State, q.IncomingID = workflow.TakenUpdate, d.ID
		if err := f.conclude(tx, system(ag.ID), q); err != nil {
			return err
		}
	}
	return nil
}
