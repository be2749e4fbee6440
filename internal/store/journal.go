package store

import (
	"context"
	"iter"

	"congvan/internal/journal"
)

// maxEntries of one object's journal that a page shows.
const maxEntries = 500

var journalTable = newTable("journal", journalColumns(new(journal.Entry)))

func journalColumns(e *journal.Entry) columns {
	return columns{
		{"seq", e.Seq, &e.Seq},
		{"written_at", micros(e.At), asTime{&e.At}},
		{"account_id", e.Actor.AccountID, &e.Actor.AccountID},
		{"actor_name", e.Actor.Name, &e.Actor.Name},
		{"on_behalf_of", e.OnBehalfOf, &e.OnBehalfOf},
		{"position_id", e.Position, &e.Position},
		{"agency_id", e.Agency, &e.Agency},
		{"action", e.Action, &e.Action},
		{"object_kind", e.ObjectKind, &e.ObjectKind},
		{"object_id", e.ObjectID, &e.ObjectID},
		{"version_hash", e.VersionHash, &e.VersionHash},
		{"detail", inJSON{e.Detail}, asJSON{&e.Detail}},
		{"prev", e.Prev.String(), asHash{&e.Prev}},
		{"hash", e.Hash.String(), asHash{&e.Hash}},
	}
}

// asHash reads a hash.
type asHash struct{ to *journal.Hash }

func (a asHash) Scan(src any) error {
	s, err := asText(src)
	if err != nil {
		return err
	}
	*a.to, err = journal.ParseHash(s)
	return err
}

func scanEntry(row scanner) (journal.Entry, error) {
	var e journal.Entry
	err := row.Scan(journalColumns(&e).dests()...)
	return e, err
}

// Journal appends an entry. The head's row is the last lock of a transaction.
func (t *tx) Journal(e journal.Entry) error {
	var head journal.Head
	if err := get(t, []any{&head.Size, asHash{&head.Hash}}, "SELECT size, hash FROM journal_head WHERE id = 1"+t.lock()); err != nil {
		return err
	}
	e, err := journal.Append(head, e)
	if err != nil {
		return err
	}
	const insert = `INSERT INTO journal (seq, written_at, account_id, actor_name, on_behalf_of, position_id, agency_id, action,
		object_kind, object_id, version_hash, detail, prev, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
	if _, err := t.exec(insert, journalColumns(&e).args()...); err != nil {
		return err
	}
	_, err = t.exec("UPDATE journal_head SET size = ?, hash = ? WHERE id = 1", e.Seq, e.Hash.String())
	return err
}

// Entries gives the journal of one object, oldest first, at most 500.
func (s *Store) Entries(ctx context.Context, kind, id string) ([]journal.Entry, error) {
	return list(pool{ctx, s}, scanEntry, journalTable.sel("WHERE d.object_kind = ? AND d.object_id = ? ORDER BY d.seq LIMIT ?"), kind, id, maxEntries)
}

// LastEntry is the newest act on an object; NotFound where there is none.
func (t *tx) LastEntry(kind, id string) (journal.Entry, error) {
	return one(list(t, scanEntry, journalTable.sel("WHERE d.object_kind = ? AND d.object_id = ? ORDER BY d.seq DESC LIMIT 1"), kind, id))
}

// JournalHead is the head by which the next entry is chained, to be signed as a checkpoint.
func (s *Store) JournalHead(ctx context.Context) (journal.Head, error) {
	var head journal.Head
	err := get(pool{ctx, s}, []any{&head.Size, asHash{&head.Hash}}, "SELECT size, hash FROM journal_head WHERE id = 1")
	return head, err
}

// JournalRows gives all rows in the order of their numbers, for journal.Verify; an error
// ends them.
func (s *Store) JournalRows(ctx context.Context) iter.Seq2[journal.Entry, error] {
	return func(yield func(journal.Entry, error) bool) {
		rows, err := pool{ctx, s}.rows(journalTable.sel("ORDER BY d.seq"))
		if err != nil {
			yield(journal.Entry{}, s.fault(err))
			return
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			e, err := scanEntry(rows)
			if !yield(e, s.fault(err)) || err != nil {
				return
			}
		}
		if err := rows.Err(); err != nil {
			yield(journal.Entry{}, s.fault(err))
		}
	}
}
