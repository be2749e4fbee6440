package store

import (
	"congvan/internal/fault"
	"congvan/internal/register"
)

func (t *tx) book(s register.Series) (register.Book, error) {
	b := register.Book{Series: s}
	err := get(t, []any{&b.Last, asDate{&b.LastDate}, asTimePtr{&b.ClosedAt}, &b.ClosedBy},
		"SELECT last_given, last_date, closed_at, closed_by FROM books WHERE agency_id = ? AND book_year = ? AND series_key = ?"+t.lock(),
		s.AgencyID, s.Year, s.Key)
	return b, err
}

// Book reads the state of a series and locks it until the transaction ends.
func (t *tx) Book(s register.Series) (register.Book, error) {
	b, err := t.book(s)
	if !fault.Is(err, fault.Missing().Code) {
		return b, err
	}
	// The first number of a series: its row is made, so that there is something to lock. Of
	// two transactions here the second waits for the first and then finds its row.
	_, err = t.exec("INSERT INTO books (agency_id, book_year, series_key, last_given, last_date, closed_by) VALUES (?, ?, ?, 0, '', '') ON CONFLICT DO NOTHING",
		s.AgencyID, s.Year, s.Key)
	if err != nil {
		return b, err
	}
	return t.book(s)
}

// PutBook keeps the state of a series.
func (t *tx) PutBook(b register.Book) error {
	_, err := t.exec(`INSERT INTO books (agency_id, book_year, series_key, last_given, last_date, closed_at, closed_by) VALUES (?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (agency_id, book_year, series_key) DO UPDATE SET last_given = excluded.last_given, last_date = excluded.last_date,
		closed_at = excluded.closed_at, closed_by = excluded.closed_by`,
		b.AgencyID, b.Year, b.Key, b.Last, b.LastDate.String(), microsOrNull(b.ClosedAt), b.ClosedBy)
	return err
}
