package store

import (
	"context"

	"congvan/internal/fault"
	"congvan/internal/flow"
	"congvan/internal/query"
)

var quarantineTable = newTable("quarantine", quarantineColumns(new(flow.Quarantined)))

func quarantineColumns(q *flow.Quarantined) columns {
	return columns{
		{"id", q.ID, &q.ID},
		{"agency_id", noneAsNull(q.AgencyID), asNone{&q.AgencyID}},
		{"state", q.State, &q.State},
		{"channel", q.Channel, &q.Channel},
		{"from_organ_id", q.From.OrganID, &q.From.OrganID},
		{"from_name", q.From.OrganName, &q.From.OrganName},
		{"recipient", q.Recipient, &q.Recipient},
		{"document_id", q.DocumentID, &q.DocumentID},
		{"axis_doc_id", q.AxisDocID, &q.AxisDocID},
		{"raw_key", q.RawKey, &q.RawKey},
		{"consignment", inJSON{q.Consignment}, asJSON{&q.Consignment}},
		{"reason", q.Reason, &q.Reason},
		{"secret", q.Secret, &q.Secret},
		{"incoming_id", q.IncomingID, &q.IncomingID},
		{"note", q.Note, &q.Note},
		{"settled_by", q.SettledBy, &q.SettledBy},
		{"settled_at", microsOrNull(q.SettledAt), asTimePtr{&q.SettledAt}},
		{"set_aside_at", micros(q.At), asTime{&q.At}},
	}
}

// scanQuarantined reads one; of what is secret nothing is read that leads to its content.
func scanQuarantined(row scanner) (flow.Quarantined, error) {
	var q flow.Quarantined
	err := row.Scan(append(quarantineColumns(&q).dests(), &q.Row)...)
	if q.Secret {
		q.RawKey, q.DocumentID, q.AxisDocID, q.Consignment = "", "", "", nil
	}
	return q, err
}

func quarantineSelect(where string) string {
	return "SELECT " + quarantineTable.read + ", d.rev FROM quarantine d WHERE " + where
}

// Quarantined finds a message set aside.
func (t *tx) Quarantined(id string) (flow.Quarantined, error) {
	return one(list(t, scanQuarantined, quarantineSelect("d.id = ?")+t.lock(), id))
}

// HeldFor gives the messages that wait for a document of this identifier, oldest first.
func (t *tx) HeldFor(agencyID, documentID, reason string) ([]flow.Quarantined, error) {
	return list(t, scanQuarantined, quarantineSelect(`d.agency_id = ? AND NOT d.secret AND d.state = 'HELD' AND d.reason = ? AND d.document_id = ?
		AND d.document_id <> '' ORDER BY d.set_aside_at, d.id LIMIT 100`)+t.lock(), agencyID, reason, documentID)
}

// PutQuarantine sets a message aside; one of the same ID stays as it is.
func (t *tx) PutQuarantine(q flow.Quarantined) (bool, error) {
	added, err := t.exec(quarantineTable.insert+" ON CONFLICT (id) DO NOTHING", quarantineColumns(&q).args()...)
	return added == 1, err
}

// Settle writes what was done with a message set aside.
func (t *tx) Settle(q *flow.Quarantined) error {
	n, err := t.exec(`UPDATE quarantine SET state = ?, incoming_id = ?, note = ?, settled_by = ?, settled_at = ?, rev = rev + 1 WHERE id = ? AND rev = ?`,
		q.State, q.IncomingID, q.Note, q.SettledBy, microsOrNull(q.SettledAt), q.ID, q.Row)
	if err == nil && n == 0 {
		err = fault.New(fault.Conflict, "row_changed")
	}
	return err
}

// asNone reads an absent reference as an empty one.
type asNone struct{ to *string }

func (a asNone) Scan(src any) (err error) {
	if *a.to = ""; src != nil {
		*a.to, err = asText(src)
	}
	return err
}

// Quarantine gives the messages set aside at all agencies, newest first, at most limit.
// What is secret is readable by nobody: of it the record tells only that it came, when and
// for whom.
func (s *Store) Quarantine(ctx context.Context, limit int) ([]flow.Quarantined, error) {
	return list(pool{ctx, s}, scanQuarantined, quarantineSelect("TRUE ORDER BY d.set_aside_at DESC, d.id LIMIT ?"), limit)
}

// Held gives the messages set aside for an agency, newest first: those that wait for an act,
// or those that are settled. What is secret is only counted.
func (s *Store) Held(ctx context.Context, f query.HeldFilter) ([]flow.Quarantined, error) {
	var w where
	w.and("d.agency_id = ? AND NOT d.secret", f.AgencyID)
	if f.Settled {
		w.and("d.state <> 'HELD'")
	} else {
		w.and("d.state = 'HELD'")
	}
	if f.After != (query.Cursor{}) {
		w.and("(d.set_aside_at, d.id) < (?, ?)", micros(f.After.Sort), f.After.ID)
	}
	args := append(w.args, min(max(f.Limit, 1), 101))
	return list(pool{ctx, s}, scanQuarantined, quarantineSelect(w.String()+" ORDER BY d.set_aside_at DESC, d.id DESC LIMIT ?"), args...)
}

// CountHeld counts the messages that wait for an act, and those that nobody may read.
func (s *Store) CountHeld(ctx context.Context, agencyID string) (waiting, secret int, err error) {
	err = get(pool{ctx, s}, []any{&waiting, &secret}, `SELECT
		COUNT(CASE WHEN d.state = 'HELD' AND NOT d.secret THEN 1 END), COUNT(CASE WHEN d.secret THEN 1 END)
		FROM quarantine d WHERE d.agency_id = ?`, agencyID)
	return waiting, secret, err
}
