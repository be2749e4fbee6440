package store

import (
	"congvan/internal/document"
)

var changeTable = newTable("changes", changeColumns(new(document.Change)))

func changeColumns(c *document.Change) columns {
	return columns{
		{"id", c.ID, &c.ID},
		{"agency_id", c.AgencyID, &c.AgencyID},
		{"kind", c.Kind, &c.Kind},
		{"state", c.State, &c.State},
		{"outgoing_id", noneAsNull(c.OutgoingID), asNone{&c.OutgoingID}},
		{"delivery_id", noneAsNull(c.DeliveryID), asNone{&c.DeliveryID}},
		{"incoming_id", noneAsNull(c.IncomingID), asNone{&c.IncomingID}},
		{"carrier_id", c.CarrierID, &c.CarrierID},
		{"organ_id", c.Party.OrganID, &c.Party.OrganID},
		{"organ_name", c.Party.OrganName, &c.Party.OrganName},
		{"reason", c.Reason, &c.Reason},
		{"consignment", inJSON{c.Consignment}, asJSON{&c.Consignment}},
		{"hash", c.Hash, &c.Hash},
		{"raw_key", c.RawKey, &c.RawKey},
		{"before", c.Before, &c.Before},
		{"asked_by", c.AskedBy, &c.AskedBy},
		{"asked_at", micros(c.AskedAt), asTime{&c.AskedAt}},
		{"answered_by", c.AnsweredBy, &c.AnsweredBy},
		{"answered_at", microsOrNull(c.AnsweredAt), asTimePtr{&c.AnsweredAt}},
		{"answer", c.Answer, &c.Answer},
		{"attempts", c.Attempts, &c.Attempts},
		{"last_error", c.LastError, &c.LastError},
		{"updated_at", micros(c.UpdatedAt), asTime{&c.UpdatedAt}},
	}
}

func scanChange(row scanner) (document.Change, error) {
	var c document.Change
	err := row.Scan(append(changeColumns(&c).dests(), &c.Row)...)
	return c, err
}

func (t *tx) changes(where string, args ...any) ([]document.Change, error) {
	return list(t, scanChange, "SELECT "+changeTable.read+", d.rev FROM changes d WHERE "+where+t.lock(), args...)
}

// Change finds one.
func (t *tx) Change(id string) (document.Change, error) { return one(t.changes("d.id = ?", id)) }

// ChangesOf gives the changes that were asked for of an outgoing document, oldest first.
func (t *tx) ChangesOf(outgoingID string) ([]document.Change, error) {
	return t.changes("d.outgoing_id = ? ORDER BY d.no", outgoingID)
}

// ChangesOn gives what was asked for of a received document, oldest first.
func (t *tx) ChangesOn(incomingID string) ([]document.Change, error) {
	return t.changes("d.incoming_id = ? ORDER BY d.no", incomingID)
}

// ChangesBy gives the changes that a document brings, outgoing or incoming.
func (t *tx) ChangesBy(carrierID string) ([]document.Change, error) {
	return t.changes("d.carrier_id = ? AND d.carrier_id <> '' ORDER BY d.no", carrierID)
}

// PutChange writes it.
func (t *tx) PutChange(c *document.Change) error {
	return t.put(changeTable, c.ID, &c.Row, changeColumns(c))
}
