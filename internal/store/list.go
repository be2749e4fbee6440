package store

import (
	"context"
	"strings"

	"congvan/internal/authz"
	"congvan/internal/calendar"
	"congvan/internal/fault"
	"congvan/internal/flow"
	"congvan/internal/org"
	"congvan/internal/query"
	"congvan/internal/register"
)

var _ query.Store = (*Store)(nil)

// lists says how a kind of document is listed: its table, the columns of a row, and the
// column it is sorted by.
type lists struct {
	table, read, sort string
	scan              func(scanner, calendar.Date) (query.Row, error)
}

func listsOf(k authz.Kind) (lists, error) {
	switch k {
	case authz.Outgoing:
		return lists{
			table: "outgoing", sort: "d.updated_at", scan: scanOutgoingRow,
			read: "d.id, d.state, d.type_code, d.subject, d.number, d.notation, d.party, d.parties, d.urgency, d.issued_date, d.return_reason, d.updated_at",
		}, nil
	case authz.Incoming:
		return lists{
			table: "incoming", sort: "d.received_at", scan: scanIncomingRow,
			read: "d.id, d.state, d.type_code, d.subject, d.code_number, d.code_notation, d.from_name, d.urgency, d.issued_date, d.arrival_number, d.verdict, d.deadline, d.refusal_reason, d.received_at",
		}, nil
	}
	return lists{}, fault.Missing()
}

func scanOutgoingRow(row scanner, _ calendar.Date) (query.Row, error) {
	r := query.Row{Kind: authz.Outgoing}
	var number int
	var notation string
	err := row.Scan(&r.ID, &r.State, &r.TypeCode, &r.Subject, &number, &notation, &r.Party, &r.Parties, &r.Urgency,
		asDate{&r.IssuedDate}, &r.ReturnReason, asTime{&r.Sort})
	if number > 0 {
		r.Code = register.FullCode(number, notation)
	}
	return r, err
}

func scanIncomingRow(row scanner, today calendar.Date) (query.Row, error) {
	r := query.Row{Kind: authz.Incoming, Parties: 1}
	var number, notation string
	err := row.Scan(&r.ID, &r.State, &r.TypeCode, &r.Subject, &number, &notation, &r.Party, &r.Urgency,
		asDate{&r.IssuedDate}, &r.ArrivalNumber, &r.Verdict, asDate{&r.Deadline}, &r.ReturnReason, asTime{&r.Sort})
	if number != "" || notation != "" {
		r.Code = strings.TrimPrefix(number+"/"+notation, "/")
	}
	r.Overdue = !r.Deadline.IsZero() && r.Deadline.Before(today)
	return r, err
}

// filter is a list's condition: the same for its rows, its counter and its search.
func (s *Store) filter(f query.Filter, l lists) where {
	var w where
	w.grant(s.dialect, f.Kind, f.Grants)
	in(&w, "d.state", f.States)
	for _, x := range []struct{ column, value string }{
		{"d.drafter_id", f.DrafterID}, {"d.signer_id", f.SignerID}, {"d.unit_id", f.UnitID}, {"d.presented_to", f.PresentedTo},
	} {
		if x.value != "" {
			w.and(x.column+" = ?", x.value)
		}
	}
	if f.AssigneeID != "" {
		var a where
		a.and("a.position_id = ?", f.AssigneeID)
		in(&a, "a.state", f.Assignment)
		w.and("d.id "+s.dialect.among("SELECT a.incoming_id FROM assignments a WHERE "+a.String()), a.args...)
	}
	if f.Returned {
		w.and("d.return_reason <> ''")
	}
	if f.Failed {
		w.and("d.id " + s.dialect.among("SELECT v.outgoing_id FROM deliveries v WHERE v.state = 'FAILED'"))
	}
	if f.Asked {
		w.and("d.id "+s.dialect.among("SELECT c.incoming_id FROM changes c WHERE c.state = 'WAITING' AND c.agency_id = ?"), f.Grants.AgencyID)
	}
	if !f.ReceivedAt.IsZero() {
		w.and("d.received_at >= ?", micros(f.ReceivedAt))
	}
	if !f.ReceivedTo.IsZero() {
		w.and("d.received_at < ?", micros(f.ReceivedTo))
	}
	if !f.UnheardFrom.IsZero() {
		w.and("d.id "+s.dialect.among("SELECT v.outgoing_id FROM deliveries v WHERE v.state IN ('SENT', 'ARRIVED') AND v.agency_id = ? AND v.updated_at < ?"), f.Grants.AgencyID, micros(f.UnheardFrom))
	}
	if !f.DueBefore.IsZero() {
		w.and("d.deadline <> '' AND d.deadline < ?", f.DueBefore.String())
	}
	if found := searched(f.Text); len(found) > 0 {
		w.and(s.dialect.matches(l.table), s.dialect.wordQuery(found))
	}
	return w
}

// List gives at most f.Limit rows, newest first, after f.After.
func (s *Store) List(ctx context.Context, f query.Filter) (query.Page, error) {
	l, err := listsOf(f.Kind)
	if err != nil {
		return query.Page{}, err
	}
	w := s.filter(f, l)
	if f.After != (query.Cursor{}) {
		w.and("("+l.sort+", d.id) < (?, ?)", micros(f.After.Sort), f.After.ID)
	}
	limit := min(max(f.Limit, 1), 100)
	rows, err := s.rows(ctx, l, w.String()+" ORDER BY "+l.sort+" DESC, d.id DESC LIMIT ?", append(w.args, limit+1)...)
	if err != nil {
		return query.Page{}, err
	}
	p := query.Page{Rows: rows}
	if len(rows) > limit {
		p.Rows = rows[:limit]
		p.Next = query.Cursor{Sort: rows[limit-1].Sort, ID: rows[limit-1].ID}
	}
	return p, nil
}

func (s *Store) rows(ctx context.Context, l lists, where string, args ...any) ([]query.Row, error) {
	today := calendar.DateOf(s.clock())
	scan := func(row scanner) (query.Row, error) { return l.scan(row, today) }
	return list(pool{ctx, s}, scan, "SELECT "+l.read+" FROM "+l.table+" d WHERE "+where, args...)
}

// Count counts what List would give without a limit, up to query.CountMax.
func (s *Store) Count(ctx context.Context, f query.Filter) (int, error) {
	l, err := listsOf(f.Kind)
	if err != nil {
		return 0, err
	}
	w := s.filter(f, l)
	var n int
	q := "SELECT COUNT(*) FROM (SELECT 1 FROM " + l.table + " d WHERE " + w.String() + " LIMIT ?) counted"
	err = get(pool{ctx, s}, []any{&n}, q, append(w.args, query.CountMax)...)
	return n, err
}

// maxLinked documents that a page names as answers.
const maxLinked = 100

// Answers gives the incoming documents of an agency that respond to an identifier.
func (s *Store) Answers(ctx context.Context, agencyID, documentID string) ([]query.Row, error) {
	l, err := listsOf(authz.Incoming)
	if err != nil {
		return nil, err
	}
	return s.rows(ctx, l, "d.agency_id = ? AND d.id IN (SELECT r.incoming_id FROM incoming_responses r WHERE r.document_id = ?) ORDER BY d.received_at DESC, d.id DESC LIMIT ?",
		agencyID, documentID, maxLinked)
}

// Replies gives the outgoing documents that answer an incoming one.
func (s *Store) Replies(ctx context.Context, incomingID string) ([]query.Row, error) {
	l, err := listsOf(authz.Outgoing)
	if err != nil {
		return nil, err
	}
	return s.rows(ctx, l, "d.reply_to = ? AND d.reply_to <> '' ORDER BY d.updated_at DESC, d.id DESC LIMIT ?", incomingID, maxLinked)
}

// Agencies finds recipients by the beginnings of words of their name, abbreviation or code,
// open ones first: those that come after the agency of id after, from the first without one.
func (s *Store) Agencies(ctx context.Context, text, after string, limit int) ([]org.Agency, error) {
	var found []org.Agency
	err := s.reading(ctx, func(t *tx) (err error) {
		var w where
		for _, parts := range searched(text) {
			w.and("d.search LIKE ?", "% "+strings.Join(parts, " ")+"%")
		}
		w.and("TRUE")
		const place = "CASE WHEN d.closed_at IS NULL OR d.closed_at > ? THEN 0 ELSE 1 END, d.sort_key, d.id"
		if after != "" {
			w.and("("+place+") > (SELECT "+place+" FROM agencies d WHERE d.id = ?)", micros(s.clock()), micros(s.clock()), after)
		}
		args := append(w.args, micros(s.clock()), min(max(limit, 1), 100))
		found, err = list(t, scanAgency, agencyTable.sel("WHERE "+w.String()+" ORDER BY "+place+" LIMIT ?"), args...)
		for i := range found {
			if err == nil {
				found[i].Codes, err = t.codes(found[i].ID)
			}
		}
		return err
	})
	return found, err
}

// Staff gives the positions of an agency with a role, or all with "", with their people.
func (s *Store) Staff(ctx context.Context, agencyID string, role org.Role) ([]query.Member, error) {
	var out []query.Member
	err := s.Read(ctx, func(t flow.ReadTx) error {
		posts, err := t.Positions(agencyID, role)
		if err != nil {
			return err
		}
		for _, p := range posts {
			person, err := t.Person(p.PersonID)
			if err != nil {
				return err
			}
			m := query.Member{PositionID: p.ID, FullName: person.FullName, Title: p.Title, UnitID: p.UnitID, Roles: p.Roles}
			if p.UnitID != "" {
				unit, err := t.Unit(p.UnitID)
				if err != nil {
					return err
				}
				m.UnitName = unit.Name
			}
			out = append(out, m)
		}
		return nil
	})
	return out, err
}
