package store

import (
	"context"
	"time"

	"congvan/internal/conservation"
	"congvan/internal/journal"
)

// Tally adds the entries that were written since the tally's last one.
func (s *Store) Tally(ctx context.Context, tally *conservation.Tally) error {
	return s.reading(ctx, func(t *tx) error { return t.addTo(tally) })
}

// Audit computes the conservation of messages from the journal and holds every delivery and
// every row fetched from the axis against it, all in one snapshot.
func (s *Store) Audit(ctx context.Context, since, settled time.Time) (conservation.Report, error) {
	var tally conservation.Tally
	err := s.reading(ctx, func(t *tx) error {
		if err := t.addTo(&tally); err != nil {
			return err
		}
		for kind, table := range map[string]string{
			conservation.Deliveries: "SELECT id, agency_id, state FROM deliveries",
			conservation.Rows:       "SELECT id, agency_id, outcome FROM parcels",
		} {
			err := t.each(table, func(row scanner) error {
				var id, agency, state string
				if err := row.Scan(&id, &agency, &state); err != nil {
					return err
				}
				tally.Compare(kind, id, agency, state)
				return nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return conservation.Report{}, err
	}
	tally.Missing()
	return tally.Report(since, settled), nil
}

func (t *tx) addTo(tally *conservation.Tally) error {
	return t.each("SELECT d.seq, d.written_at, d.agency_id, d.action, d.object_kind, d.object_id, d.detail FROM journal d WHERE d.seq > ? ORDER BY d.seq", func(row scanner) error {
		var e journal.Entry
		err := row.Scan(&e.Seq, asTime{&e.At}, &e.Agency, &e.Action, &e.ObjectKind, &e.ObjectID, asJSON{&e.Detail})
		if err == nil {
			tally.Add(e)
		}
		return err
	}, tally.Last())
}

// each runs fn for every row of a query, one at a time.
func (t *tx) each(query string, fn func(scanner) error, args ...any) error {
	rows, err := t.rows(query, args...)
	if err != nil {
		return t.s.fault(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := fn(rows); err != nil {
			return t.s.fault(err)
		}
	}
	return t.s.fault(rows.Err())
}
