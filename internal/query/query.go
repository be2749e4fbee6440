// Package query holds the views: what the pages and the API show. A list is a Filter; the
// same filter feeds its rows, its counter and its search, so that a counter never differs
// from its list. Paging is by key, never by offset.
package query

import (
	"context"
	"time"

	"congvan/internal/authz"
	"congvan/internal/calendar"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/flow"
	"congvan/internal/journal"
	"congvan/internal/org"
	"congvan/internal/workflow"
	"congvan/signing"
)

// Store is what the views read.
type Store interface {
	Read(ctx context.Context, fn func(flow.ReadTx) error) error
	// List gives at most f.Limit rows, newest first by (Sort, ID), after f.After.
	List(ctx context.Context, f Filter) (Page, error)
	// Count counts what List would give without a limit, up to CountMax.
	Count(ctx context.Context, f Filter) (int, error)
	// Entries gives the journal of one object, oldest first, at most 500.
	Entries(ctx context.Context, kind, id string) ([]journal.Entry, error)
	// Answers gives the incoming documents of an agency that respond to an edXML DocumentId.
	Answers(ctx context.Context, agencyID, documentID string) ([]Row, error)
	// Replies gives the outgoing documents that answer an incoming one.
	Replies(ctx context.Context, incomingID string) ([]Row, error)
	// Agencies finds recipients by folded name, abbreviation or code, open ones first.
	Agencies(ctx context.Context, text, after string, limit int) ([]org.Agency, error)
	// Staff gives the positions of an agency with a role, or all with "".
	Staff(ctx context.Context, agencyID string, role org.Role) ([]Member, error)
	// Held gives the messages set aside for an agency, newest first; CountHeld counts those
	// that wait for an act and those that nobody may read.
	Held(ctx context.Context, f HeldFilter) ([]flow.Quarantined, error)
	CountHeld(ctx context.Context, agencyID string) (waiting, secret int, err error)
	// Intents gives the signing acts of a document, oldest first.
	Intents(ctx context.Context, documentID string) ([]flow.Intent, error)
}

// CountMax bounds a counter: beyond it a page shows "999+".
const CountMax = 1000

// Filter is a list of documents as data. Empty fields do not restrict.
type Filter struct {
	Kind        authz.Kind
	Grants      authz.Grants // always set: what the reader may know of
	States      []workflow.State
	DrafterID   string           // outgoing: position
	SignerID    string           // outgoing: position
	UnitID      string           // outgoing: drafting unit
	PresentedTo string           // incoming: position
	AssigneeID  string           // incoming: an assignment of this position …
	Assignment  []workflow.State // … in one of these states
	Returned    bool             // outgoing: drafts that came back
	Failed      bool             // outgoing: with a delivery that was given up
	Asked       bool             // incoming: with a change that waits for the clerk's answer
	ReceivedTo  time.Time        // incoming: received before this instant …
	ReceivedAt  time.Time        // … and not before this one
	UnheardFrom time.Time        // outgoing: with a delivery that came to SENT or ARRIVED before this instant and stays there
	DueBefore   calendar.Date    // incoming: a deadline before this day, work not ended
	Text        string           // search: folded words, all must occur
	After       Cursor
	Limit       int // 1 to 100
}

// Cursor is the place behind a row: its sort key and id. The zero Cursor is the start.
type Cursor struct {
	Sort time.Time `json:"sort"`
	ID   string    `json:"id"`
}

// Page is a slice of a list; Next is zero at its end.
type Page struct {
	Rows []Row  `json:"rows"`
	Next Cursor `json:"next"`
}

// Row is a line of a list of documents of either kind.
type Row struct {
	Kind          authz.Kind       `json:"kind"`
	ID            string           `json:"id"`
	State         workflow.State   `json:"state"`
	TypeCode      string           `json:"type_code"`
	Subject       string           `json:"subject"`
	Code          string           `json:"code"`  // number/notation, empty until numbered
	Party         string           `json:"party"` // sender of an incoming, first recipients of an outgoing document
	Parties       int              `json:"parties"`
	Urgency       document.Urgency `json:"urgency"`
	IssuedDate    calendar.Date    `json:"issued_date"`
	ArrivalNumber int              `json:"arrival_number"`
	Verdict       document.Verdict `json:"verdict"`
	Deadline      calendar.Date    `json:"deadline"` // the earliest open one
	Overdue       bool             `json:"overdue"`
	ReturnReason  string           `json:"return_reason"`
	Receipt       calendar.Receipt `json:"receipt"` // how urgent it is to answer the sender of an incoming document
	Sort          time.Time        `json:"sort"`    // last change of an outgoing, receipt of an incoming document
}

// Member is a position with its person, for choosing.
type Member struct {
	PositionID string     `json:"position_id"`
	FullName   string     `json:"full_name"`
	Title      string     `json:"title"`
	UnitID     string     `json:"unit_id"`
	UnitName   string     `json:"unit_name"`
	Roles      []org.Role `json:"roles"`
}

// Views answers the pages. Safe for concurrent use.
type Views struct {
	Store Store
	Clock func() time.Time
	Watch calendar.Watch // when a clerk is warned of a receipt that is due
	Grace time.Duration  // of flow.Limits: what the level of signatures lets happen
}

// Box is a named list that waits for somebody, by role.
type Box struct {
	Key   string     `json:"key"`
	Kind  authz.Kind `json:"kind"`
	Count int        `json:"count"`
	Act   bool       `json:"act"` // waits for the reader's own act
}

// List gives one page of a box. box "" is everything the reader may see.
func (v *Views) List(ctx context.Context, s authz.Subject, kind authz.Kind, box, text string, after Cursor, limit int) (Page, error) {
	at, err := v.receipts(ctx)
	if err != nil {
		return Page{}, err
	}
	f, ok := v.filter(s, kind, box, at)
	if !ok {
		return Page{}, fault.Missing()
	}
	f.Text, f.After = text, after
	f.Limit = min(max(limit, 1), 100)
	p, err := v.Store.List(ctx, f)
	at.mark(p.Rows)
	return p, err
}

// Home is what waits for the reader, box by box, and the first rows of what they must act on.
type Home struct {
	Boxes   []Box `json:"boxes"`
	Waiting []Row `json:"waiting"`
}

// Home counts the reader's boxes and lists the first of what waits for their act.
func (v *Views) Home(ctx context.Context, s authz.Subject) (Home, error) {
	var h Home
	at, err := v.receipts(ctx)
	if err != nil {
		return h, err
	}
	if s.Has(org.RoleClerk) {
		waiting, _, err := v.Store.CountHeld(ctx, s.AgencyID)
		if err != nil {
			return h, err
		}
		h.Boxes = append(h.Boxes, Box{Key: "held", Kind: authz.Message, Count: min(waiting, CountMax), Act: true})
	}
	for _, b := range v.boxes(s, at) {
		n, err := v.Store.Count(ctx, b.filter)
		if err != nil {
			return h, err
		}
		h.Boxes = append(h.Boxes, Box{Key: b.key, Kind: b.filter.Kind, Count: n, Act: b.act})
		if !b.act || n == 0 || len(h.Waiting) >= 12 {
			continue
		}
		f := b.filter
		f.Limit = 6
		p, err := v.Store.List(ctx, f)
		if err != nil {
			return h, err
		}
		at.mark(p.Rows)
		h.Waiting = append(h.Waiting, p.Rows...)
	}
	return h, nil
}

// FileView is a file with the newest report on its bytes.
type FileView struct {
	document.File
	Report *signing.Report `json:"report"`
}

// files reads the newest reports beside the files.
func files(tx flow.ReadTx, fs []document.File) ([]FileView, error) {
	out := make([]FileView, 0, len(fs))
	for _, x := range fs {
		v := FileView{File: x}
		rep, err := tx.Report(x.Version.Blob)
		if err != nil && fault.KindOf(err) != fault.NotFound {
			return nil, err
		}
		v.Report = rep
		out = append(out, v)
	}
	return out, nil
}
