package store

import (
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/org"
)

var deliveryTable = newTable("deliveries", deliveryColumns(new(document.Delivery)))

func deliveryColumns(v *document.Delivery) columns {
	return columns{
		{"id", v.ID, &v.ID},
		{"outgoing_id", v.OutgoingID, &v.OutgoingID},
		{"agency_id", v.AgencyID, &v.AgencyID},
		{"recipient_organ_id", v.Recipient.OrganID, &v.Recipient.OrganID},
		{"recipient_name", v.Recipient.OrganName, &v.Recipient.OrganName},
		{"channel", v.Channel, &v.Channel},
		{"state", v.State, &v.State},
		{"document_id", v.DocumentID, &v.DocumentID},
		{"axis_doc_id", v.AxisDocID, &v.AxisDocID},
		{"attempts", v.Attempts, &v.Attempts},
		{"last_error", v.LastError, &v.LastError},
		{"last_error_with", inJSON{v.LastErrorWith}, asJSON{&v.LastErrorWith}},
		{"group_id", v.GroupID, &v.GroupID},
		{"queued_at", micros(v.QueuedAt), asTime{&v.QueuedAt}},
		{"updated_at", micros(v.UpdatedAt), asTime{&v.UpdatedAt}},
		{"recipient_key", org.OrganKey(v.Recipient.OrganID), nil},
	}
}

func scanDelivery(row scanner) (document.Delivery, error) {
	var v document.Delivery
	err := row.Scan(append(deliveryColumns(&v).dests(), &v.Row)...)
	return v, err
}

func (t *tx) deliveries(where string, args ...any) ([]document.Delivery, error) {
	found, err := list(t, scanDelivery,
		"SELECT "+deliveryTable.read+", d.rev FROM deliveries d WHERE "+where+t.lock(), args...)
	if err != nil {
		return nil, err
	}
	for i := range found {
		if found[i].Events, err = t.events(found[i].ID); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// Delivery finds one with its events.
func (t *tx) Delivery(id string) (document.Delivery, error) {
	return one(t.deliveries("d.id = ?", id))
}

// Deliveries of a document, in the order of its recipients.
func (t *tx) Deliveries(outgoingID string) ([]document.Delivery, error) {
	return t.deliveries("d.outgoing_id = ? ORDER BY d.no", outgoingID)
}

// DeliveryGroup finds those that go in one message, in their order.
func (t *tx) DeliveryGroup(groupID string) ([]document.Delivery, error) {
	return t.deliveries("d.group_id = ? AND d.group_id <> '' ORDER BY d.no", groupID)
}

// FailedDeliveries finds what an agency gave up, oldest first, at most limit; of one document
// where its id is given.
func (t *tx) FailedDeliveries(agencyID, outgoingID string, limit int) ([]document.Delivery, error) {
	return t.deliveries("d.state = 'FAILED' AND d.agency_id = ? AND (? = '' OR d.outgoing_id = ?) ORDER BY d.no LIMIT ?", agencyID, outgoingID, outgoingID, limit)
}

// DeliveryTo finds the delivery of a document to an agency, under any of the agency's codes:
// it may answer under its new one.
func (t *tx) DeliveryTo(documentID, recipientOrganID string) (document.Delivery, error) {
	key := org.OrganKey(recipientOrganID)
	return one(t.deliveries(`d.document_id = ? AND (d.recipient_key = ? OR d.recipient_key IN (
		SELECT other.organ_key FROM agency_codes mine JOIN agency_codes other ON other.agency_id = mine.agency_id WHERE mine.organ_key = ?))
		ORDER BY CASE WHEN d.recipient_key = ? THEN 0 ELSE 1 END, d.no LIMIT 1`, documentID, key, key, key))
}

func eventColumns(e *document.StatusEvent) columns {
	return columns{
		{"state", e.State, &e.State},
		{"code", e.Code, &e.Code},
		{"description", e.Description, &e.Description},
		{"reported_by", e.By, &e.By},
		{"reported_at", micros(e.At), asTime{&e.At}},
		{"recorded_at", micros(e.RecordedAt), asTime{&e.RecordedAt}},
	}
}

var eventTable = newTable("delivery_events", eventColumns(new(document.StatusEvent)))

func (t *tx) events(deliveryID string) ([]document.StatusEvent, error) {
	scan := func(row scanner) (document.StatusEvent, error) {
		var e document.StatusEvent
		err := row.Scan(eventColumns(&e).dests()...)
		return e, err
	}
	return list(t, scan, eventTable.sel("WHERE d.delivery_id = ? ORDER BY d.n"), deliveryID)
}

// PutDelivery writes it and adds the events that are not there yet; one less than before is
// a conflict, for events are never taken back.
func (t *tx) PutDelivery(v *document.Delivery) error {
	fresh := v.Row == 0
	if err := t.put(deliveryTable, v.ID, &v.Row, deliveryColumns(v)); err != nil {
		return err
	}
	have := 0
	if !fresh {
		if err := get(t, []any{&have}, "SELECT COUNT(*) FROM delivery_events WHERE delivery_id = ?", v.ID); err != nil {
			return err
		}
	}
	if have > len(v.Events) {
		return fault.New(fault.Conflict, "row_changed")
	}
	for n := have; n < len(v.Events); n++ {
		args := append(eventColumns(&v.Events[n]).args(), v.ID, n)
		_, err := t.exec("INSERT INTO delivery_events (state, code, description, reported_by, reported_at, recorded_at, delivery_id, n) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", args...)
		if err != nil {
			return err
		}
	}
	return nil
}
