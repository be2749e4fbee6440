package store

import (
	"context"
	"strings"
	"time"

	"congvan/internal/journal"
	"congvan/internal/org"
)

// PutListed takes a page of the axis's list of agencies into the directory, in one
// transaction. at marks the run: an agency it has named already is left alone. Agencies
// of this installation are never touched; those entered here by hand only gain codes.
func (s *Store) PutListed(ctx context.Context, at time.Time, page []org.Listed) (added, changed int, err error) {
	err = s.Administer(ctx, func(a Admin) error {
		added, changed = 0, 0 // a transaction may run again
		known, err := a.listed(page)
		if err != nil {
			return err
		}
		var seen []any
		var fresh []org.Agency
		for _, l := range page {
			x := known.find(l)
			if x == nil {
				if len(l.Codes) == 0 || org.OrganKey(l.Codes[0]) == "" || strings.TrimSpace(l.Name) == "" {
					continue
				}
				n := org.Agency{ID: org.ListedID(l.Codes[0]), Block: org.BlockOther}.Relist(l, at)
				known.add(&listed{Agency: n, at: micros(at)})
				fresh, seen = append(fresh, n), append(seen, n.ID)
				added++
				continue
			}
			next := x.next(l, at)
			if next != nil {
				if err := a.PutAgency(*next); err != nil {
					return err
				}
				x.Agency = *next
				known.add(x)
				changed++
			}
			if x.at != 0 && x.at != micros(at) {
				x.at = micros(at)
				seen = append(seen, x.ID)
			}
		}
		if err := a.insertAgencies(fresh); err != nil {
			return err
		}
		return a.markListed(at, seen)
	})
	return added, changed, err
}

// listed is an agency with when the axis last named it, 0 if it was entered here.
type listed struct {
	org.Agency
	at int64
}

// next is the agency as it becomes by the list, nil if nothing changes.
func (x *listed) next(l org.Listed, at time.Time) *org.Agency {
	var n org.Agency
	switch {
	case x.Local || x.at == micros(at):
		return nil
	case x.at == 0:
		n = x.WithCodes(l.Codes, at)
	default:
		n = x.Relist(l, at)
	}
	if n.Name == x.Name && len(n.Codes) == len(x.Codes) && (n.ClosedAt == nil) == (x.ClosedAt == nil) {
		return nil
	}
	return &n
}

// directory finds agencies by any of their codes.
type directory map[string]*listed

func (d directory) add(x *listed) {
	for _, c := range x.Codes {
		if _, taken := d[org.OrganKey(c.Value)]; !taken {
			d[org.OrganKey(c.Value)] = x
		}
	}
}

func (d directory) find(l org.Listed) *listed {
	for _, c := range l.Codes {
		if x := d[org.OrganKey(c)]; x != nil {
			return x
		}
	}
	return nil
}

// listed finds the agencies that have any code of the page.
func (a Admin) listed(page []org.Listed) (directory, error) {
	var keys []any
	for _, l := range page {
		for _, c := range l.Codes {
			if k := org.OrganKey(c); k != "" {
				keys = append(keys, k)
			}
		}
	}
	known := directory{}
	if len(keys) == 0 {
		return known, nil
	}
	among := "SELECT agency_id FROM agency_codes WHERE organ_key IN (" + marks(len(keys)) + ")"
	type listing struct {
		id string
		at *int64
	}
	scan := func(row scanner) (listing, error) {
		var l listing
		err := row.Scan(&l.id, &l.at)
		return l, err
	}
	times, err := list(a.tx, scan, "SELECT id, listed_at FROM agencies WHERE id IN ("+among+")", keys...)
	if err != nil {
		return nil, err
	}
	at := map[string]int64{}
	for _, l := range times {
		if l.at != nil {
			at[l.id] = *l.at
		}
	}
	found, err := list(a.tx, scanAgency, agencyTable.sel("WHERE d.id IN ("+among+") ORDER BY d.local DESC, d.id"), keys...)
	if err != nil {
		return nil, err
	}
	type owned struct {
		agency string
		org.Code
	}
	codes, err := list(a.tx, func(row scanner) (owned, error) {
		var o owned
		err := row.Scan(&o.agency, &o.Scheme, &o.Value, asDate{&o.ValidFrom}, asDate{&o.ValidTo})
		return o, err
	}, "SELECT agency_id, scheme, value, valid_from, valid_to FROM agency_codes WHERE agency_id IN ("+among+") ORDER BY agency_id, n", keys...)
	if err != nil {
		return nil, err
	}
	of := map[string][]org.Code{}
	for _, o := range codes {
		of[o.agency] = append(of[o.agency], o.Code)
	}
	for _, x := range found {
		x.Codes = of[x.ID]
		known.add(&listed{Agency: x, at: at[x.ID]})
	}
	return known, nil
}

// insertAgencies adds agencies with their codes by two statements.
func (a Admin) insertAgencies(fresh []org.Agency) error {
	if len(fresh) == 0 {
		return nil
	}
	var agencies, codes []any
	ncodes := 0
	for i := range fresh {
		x := &fresh[i]
		agencies = append(agencies, agencyColumns(x).args()...)
		for n, c := range x.Codes {
			codes = append(codes, x.ID, n, c.Scheme, c.Value, org.OrganKey(c.Value), c.ValidFrom.String(), c.ValidTo.String())
			ncodes++
		}
	}
	columns := agencyColumns(&fresh[0])
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.name
	}
	rows := func(n, width int) string { return strings.TrimSuffix(strings.Repeat("("+marks(width)+"), ", n), ", ") }
	_, err := a.exec("INSERT INTO agencies ("+strings.Join(names, ", ")+") VALUES "+rows(len(fresh), len(columns)), agencies...)
	if err != nil || ncodes == 0 {
		return err
	}
	_, err = a.exec("INSERT INTO agency_codes (agency_id, n, scheme, value, organ_key, valid_from, valid_to) VALUES "+rows(ncodes, 7), codes...)
	return err
}

func (a Admin) markListed(at time.Time, ids []any) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := a.exec("UPDATE agencies SET listed_at = ? WHERE id IN ("+marks(len(ids))+")", append([]any{micros(at)}, ids...)...)
	return err
}

func marks(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }

// Listing counts the open agencies that the axis has ever listed and, of these, those not
// since a time; latest is when it last listed any, zero if never.
func (s *Store) Listing(ctx context.Context, since time.Time) (open, unlisted int, latest time.Time, err error) {
	err = s.reading(ctx, func(t *tx) error {
		var last *int64
		err := get(t, []any{&open, &unlisted, &last},
			`SELECT COUNT(CASE WHEN closed_at IS NULL THEN 1 END), COUNT(CASE WHEN closed_at IS NULL AND listed_at < ? THEN 1 END), MAX(listed_at)
			FROM agencies WHERE listed_at IS NOT NULL AND local = ?`, micros(since), false)
		if last != nil {
			latest = time.UnixMicro(*last).UTC()
		}
		return err
	})
	return open, unlisted, latest, err
}

// CloseUnlisted closes the agencies that the axis no longer listed in the run of at and
// writes the entry of the run into the journal, in one transaction.
func (s *Store) CloseUnlisted(ctx context.Context, at time.Time, e journal.Entry) (closed int, err error) {
	err = s.Administer(ctx, func(a Admin) error {
		n, err := a.exec("UPDATE agencies SET closed_at = ? WHERE closed_at IS NULL AND local = ? AND listed_at < ?", micros(at), false, micros(at))
		if err != nil {
			return err
		}
		closed = int(n)
		return a.Journal(e)
	})
	return closed, err
}
