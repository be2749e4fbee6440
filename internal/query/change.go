package query

import (
	"congvan/internal/authz"
	"congvan/internal/calendar"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/flow"
	"congvan/internal/register"
	"congvan/internal/workflow"
)

// ChangeView is a recall, an update or a replacement as a page shows it.
type ChangeView struct {
	document.Change
	Removal  bool              `json:"removal"`  // an update that takes the recipient off
	Proposal []Proposed        `json:"proposal"` // fields that an update changes
	Files    []string          `json:"files"`    // names of the files that an update brings
	Carrier  *Row              `json:"carrier"`  // the document that brings it, if the reader may see it
	Acts     []workflow.Action `json:"acts"`
}

// Proposed is one field as it is and as it is to become.
type Proposed struct {
	Field string `json:"field"`
	From  string `json:"from"`
	To    string `json:"to"`
}

// changesOf gives what was asked of the recipients of an outgoing document, and the
// documents that this one recalls or replaces.
func changesOf(tx flow.ReadTx, s authz.Subject, d *document.Outgoing) (out []ChangeView, affects []Row, err error) {
	found, err := tx.ChangesOf(d.ID)
	if err != nil {
		return nil, nil, err
	}
	for _, c := range found {
		view := ChangeView{Change: c, Removal: c.Removal()}
		if view.Carrier, err = outgoingLink(tx, s, c.CarrierID); err != nil {
			return nil, nil, err
		}
		out = append(out, view)
	}
	for _, id := range d.Effect.Targets {
		row, err := outgoingLink(tx, s, id)
		if err != nil {
			return nil, nil, err
		}
		if row != nil {
			affects = append(affects, *row)
		}
	}
	return out, affects, nil
}

// outgoingLink is an outgoing document as a link, if the reader may see it.
func outgoingLink(tx flow.ReadTx, s authz.Subject, id string) (*Row, error) {
	if id == "" {
		return nil, nil //nolint:nilnil // nothing to link
	}
	d, err := tx.Outgoing(id)
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return nil, err
	}
	if err != nil || !authz.CanRead(s, flow.OutgoingResource(&d)) {
		return nil, nil //nolint:nilnil // nothing to show
	}
	r := &Row{Kind: authz.Outgoing, ID: d.ID, State: d.State, TypeCode: d.TypeCode, Subject: d.Subject, IssuedDate: d.IssuedDate, Sort: d.UpdatedAt}
	if d.Number > 0 {
		r.Code = register.FullCode(d.Number, d.Notation)
	}
	return r, nil
}

// incomingLink is a received document as a link, if the reader may see it.
func incomingLink(tx flow.ReadTx, s authz.Subject, id string) (*Row, error) {
	if id == "" {
		return nil, nil //nolint:nilnil // nothing to link
	}
	if _, err := readable(tx, s, authz.Incoming, id); err != nil {
		if fault.KindOf(err) == fault.NotFound {
			return nil, nil //nolint:nilnil // nothing to show
		}
		return nil, err
	}
	d, err := tx.Incoming(id)
	return incomingRow(&d), err
}

// changesOn gives what the sender asked about a received document, and the documents that
// this one recalls or replaces.
func changesOn(tx flow.ReadTx, s authz.Subject, d *document.Incoming, r authz.Resource) (out []ChangeView, affects []Row, err error) {
	found, err := tx.ChangesOn(d.ID)
	if err != nil {
		return nil, nil, err
	}
	for _, c := range found {
		view := ChangeView{Change: c, Removal: c.Removal()}
		if view.Carrier, err = incomingLink(tx, s, c.CarrierID); err != nil {
			return nil, nil, err
		}
		if c.Kind == document.Update && !view.Removal && c.Consignment != nil && c.State == workflow.Waiting {
			view.propose(d)
		}
		for _, a := range workflow.Allowed(workflow.Change, c.State) {
			if authz.Can(s, a, r).Act {
				view.Acts = append(view.Acts, a)
			}
		}
		out = append(out, view)
	}
	brought, err := tx.ChangesBy(d.ID)
	if err != nil {
		return nil, nil, err
	}
	for _, c := range brought {
		row, err := incomingLink(tx, s, c.IncomingID)
		if err != nil {
			return nil, nil, err
		}
		if row != nil {
			affects = append(affects, *row)
		}
	}
	return out, affects, nil
}

// propose tells what an update would change.
func (v *ChangeView) propose(d *document.Incoming) {
	c := v.Consignment
	add := func(field, from, to string) {
		if from != to && to != "" {
			v.Proposal = append(v.Proposal, Proposed{field, from, to})
		}
	}
	add("subject", d.Subject, c.Subject)
	add("signer_name", d.SignerName, c.SignerName)
	add("signer_title", d.SignerTitle, c.SignerTitle)
	add("due_date", shown(d.DueDate), shown(c.DueDate))
	if d.Urgency != c.Urgency {
		add("urgency", string(rune('0'+int(d.Urgency))), string(rune('0'+int(c.Urgency))))
	}
	for i, f := range c.Files {
		if i >= len(d.Files) || d.Files[i].Version.Blob != f.Blob {
			v.Files = append(v.Files, f.Name)
		}
	}
}

// shown is a day as an update names it.
func shown(d calendar.Date) string {
	if d.IsZero() {
		return ""
	}
	return d.Start().Format("02/01/2006")
}
