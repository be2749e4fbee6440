package store

import (
	"slices"
	"strconv"
	"strings"

	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/register"
)

var outgoingTable = newTable("outgoing", outgoingColumns(new(document.Outgoing)))

func outgoingColumns(d *document.Outgoing) columns {
	return append(columns{
		{"id", d.ID, &d.ID},
		{"agency_id", d.AgencyID, &d.AgencyID},
		{"unit_id", d.UnitID, &d.UnitID},
		{"state", d.State, &d.State},
		{"edition", d.Edition, &d.Edition},
		{"drafter_id", d.DrafterID, &d.DrafterID},
		{"signer_id", d.SignerID, &d.SignerID},
		{"layout", inJSON{d.Layout}, asJSON{&d.Layout}},
		{"recipients", inJSON{d.Recipients}, asJSON{&d.Recipients}},
		{"reply_to", d.ReplyTo, &d.ReplyTo},
		{"forwards", d.Forwards, &d.Forwards},
		{"response_for", inJSON{d.ResponseFor}, asJSON{&d.ResponseFor}},
		{"effect", inJSON{d.Effect}, asJSON{&d.Effect}},
		{"number", d.Number, &d.Number},
		{"notation", d.Notation, &d.Notation},
		{"issued_date", d.IssuedDate.String(), asDate{&d.IssuedDate}},
		{"series_id", d.SeriesID, &d.SeriesID},
		{"document_id", d.DocumentID, &d.DocumentID},
		{"return_reason", d.ReturnReason, &d.ReturnReason},
		{"warnings", inJSON{d.Warnings}, asJSON{&d.Warnings}},
		{"level", inJSON{d.Level}, asJSON{&d.Level}},
		{"sent", inJSON{d.Sent}, asJSON{&d.Sent}},
		{"level_since", microsOrNull(d.Level.Since), nil},
		{"level_code", d.Level.Code, nil},
		{"created_at", micros(d.CreatedAt), asTime{&d.CreatedAt}},
		{"updated_at", micros(d.UpdatedAt), asTime{&d.UpdatedAt}},
		{"signed_at", microsOrNull(d.SignedAt), asTimePtr{&d.SignedAt}},
		{"issued_at", microsOrNull(d.IssuedAt), asTimePtr{&d.IssuedAt}},
		{"issued_year", d.IssuedDate.Year, nil},
		{"party", parties(d.Recipients), nil},
		{"parties", len(d.Recipients), nil},
		{"search", outgoingWords(d), nil},
	}, metadataColumns(&d.Metadata)...)
}

func metadataColumns(m *document.Metadata) columns {
	return columns{
		{"type_code", m.TypeCode, &m.TypeCode},
		{"subject", m.Subject, &m.Subject},
		{"urgency", int(m.Urgency), &m.Urgency},
		{"page_amount", m.PageAmount, &m.PageAmount},
		{"due_date", m.DueDate.String(), asDate{&m.DueDate}},
		{"description", m.Description, &m.Description},
		{"language", m.Language, &m.Language},
		{"field_code", m.FieldCode, &m.FieldCode},
		{"to_places", inJSON{m.ToPlaces}, asJSON{&m.ToPlaces}},
	}
}

// parties names the first two recipients for a line of a list.
func parties(to []document.Party) string {
	switch len(to) {
	case 0:
		return ""
	case 1:
		return to[0].OrganName
	}
	return to[0].OrganName + "; " + to[1].OrganName
}

func outgoingWords(d *document.Outgoing) string {
	text := []string{d.Subject}
	if d.Number > 0 {
		text = append(text, register.FullCode(d.Number, d.Notation), strconv.Itoa(d.Number))
	}
	for _, p := range d.Recipients {
		text = append(text, p.OrganName)
	}
	return words(strings.Join(text, "\n"))
}

func scanOutgoing(row scanner) (document.Outgoing, error) {
	var d document.Outgoing
	err := row.Scan(append(outgoingColumns(&d).dests(), &d.Row)...)
	return d, err
}

func (t *tx) outgoing(where string, args ...any) (document.Outgoing, error) {
	d, err := one(list(t, scanOutgoing,
		"SELECT "+outgoingTable.read+", d.rev FROM outgoing d WHERE "+where+" LIMIT 1"+t.lock(), args...))
	if err != nil {
		return d, err
	}
	if d.Files, err = t.files("outgoing_id", d.ID); err != nil {
		return d, err
	}
	d.Approvals, err = t.approvals(d.ID)
	return d, err
}

// Outgoing finds a document with its files and the approvals in force.
func (t *tx) Outgoing(id string) (document.Outgoing, error) {
	return t.outgoing("d.id = ?", id)
}

// OutgoingByDocumentID finds it by the identifier on the wire; of several the newest.
func (t *tx) OutgoingByDocumentID(documentID string) (document.Outgoing, error) {
	if documentID == "" {
		return document.Outgoing{}, fault.Missing()
	}
	return t.outgoing("d.document_id = ? ORDER BY d.no DESC", documentID)
}

// PutOutgoing writes the document with its files, versions and approvals.
func (t *tx) PutOutgoing(d *document.Outgoing) error {
	if err := t.put(outgoingTable, d.ID, &d.Row, outgoingColumns(d)); err != nil {
		return err
	}
	if err := t.putFiles("outgoing_id", d.ID, d.Files); err != nil {
		return err
	}
	return t.putApprovals(d.ID, d.Approvals)
}

func approvalColumns(a *document.Approval) columns {
	return columns{
		{"kind", a.Kind, &a.Kind},
		{"edition", a.Edition, &a.Edition},
		{"manifest", a.Manifest, &a.Manifest},
		{"position_id", a.PositionID, &a.PositionID},
		{"person_name", a.PersonName, &a.PersonName},
		{"on_behalf_of", a.OnBehalfOf, &a.OnBehalfOf},
		{"approved_at", micros(a.At), asTime{&a.At}},
	}
}

var approvalTable = newTable("approvals", approvalColumns(new(document.Approval)))

func (t *tx) approvals(outgoingID string) ([]document.Approval, error) {
	scan := func(row scanner) (document.Approval, error) {
		var a document.Approval
		err := row.Scan(approvalColumns(&a).dests()...)
		return a, err
	}
	found, err := list(t, scan, approvalTable.sel("WHERE d.outgoing_id = ? AND d.active ORDER BY d.no"), outgoingID)
	if t.writes && err == nil {
		t.seenApprovals[outgoingID] = slices.Clone(found)
	}
	return found, err
}

// putApprovals adds the new ones and ends those that a return or a new edition took back.
func (t *tx) putApprovals(outgoingID string, want []document.Approval) error {
	have, seen := t.seenApprovals[outgoingID]
	if !seen {
		var err error
		if have, err = t.approvals(outgoingID); err != nil {
			return err
		}
	}
	t.seenApprovals[outgoingID] = slices.Clone(want)
	kept := 0
	for kept < len(have) && kept < len(want) && sameApproval(have[kept], want[kept]) {
		kept++
	}
	if kept < len(have) {
		kept = 0
		if _, err := t.exec("UPDATE approvals SET active = FALSE WHERE outgoing_id = ? AND active", outgoingID); err != nil {
			return err
		}
	}
	for i := range want[kept:] {
		args := append(approvalColumns(&want[kept+i]).args(), outgoingID, true)
		_, err := t.exec("INSERT INTO approvals (kind, edition, manifest, position_id, person_name, on_behalf_of, approved_at, outgoing_id, active) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", args...)
		if err != nil {
			return err
		}
	}
	return nil
}

func sameApproval(a, b document.Approval) bool {
	same := micros(a.At) == micros(b.At)
	a.At = b.At
	return same && a == b
}
