// Package conservation is the rule that no message is lost or doubled (bảo toàn số lượng),
// computed from journal entries alone. By agency and by the hour in which it began:
//
//	accepted for sending = pending + delivered + dead-lettered + recalled before delivery
//	rows fetched = documents + duplicates + statuses applied + statuses unmatched + quarantined
//
// Every transition of a delivery or of a row fetched from the axis is one entry. The rows of
// the tables are compared with what the entries say. All of it is pure; a Tally serves one
// goroutine at a time.
package conservation

import (
	"cmp"
	"slices"
	"time"

	"congvan/internal/journal"
	"congvan/internal/workflow"
)

// The objects whose entries count.
const (
	Deliveries = "delivery" // one document to one recipient
	Rows       = "axis_row" // one row of the axis's received list
)

// The acts that begin and end what counts; between them any act on a delivery that names
// its state under StateKey is a transition.
const (
	Accept = "ACCEPT" // a delivery was accepted for sending
	Fetch  = "FETCH"  // a row of the axis's list was taken over
	Decide = "DECIDE" // what became of it, under OutcomeKey
)

// Keys of an entry's detail.
const (
	StateKey   = "state"
	OutcomeKey = "outcome"
)

// Outcome is what became of a row fetched from the axis.
type Outcome string

// The outcomes. A row without one is still in work.
const (
	Document        Outcome = "DOCUMENT"
	Duplicate       Outcome = "DUPLICATE"
	StatusApplied   Outcome = "STATUS_APPLIED"
	StatusUnmatched Outcome = "STATUS_UNMATCHED"
	Quarantined     Outcome = "QUARANTINED"
)

var outcomes = []Outcome{Document, Duplicate, StatusApplied, StatusUnmatched, Quarantined}

// What is wrong with an object.
const (
	Unaccepted  = "unaccepted"   // a transition of what was never accepted or fetched
	Twice       = "twice"        // accepted, fetched or decided a second time
	Backwards   = "backwards"    // a delivery went back to an earlier state
	Unknown     = "unknown"      // a state or an outcome that is none
	InWork      = "in_work"      // fetched, and not yet decided
	NoRow       = "no_row"       // the journal knows it, the table does not
	NoEntry     = "no_entry"     // the table knows it, the journal does not
	OtherState  = "other_state"  // table and journal disagree about its state
	OtherAgency = "other_agency" // … about whose it is
)

// Difference is one object by which the sums do not add up.
type Difference struct {
	Kind    string    `json:"kind"` // Deliveries or Rows
	ID      string    `json:"id"`
	Agency  string    `json:"agency"`
	Hour    time.Time `json:"hour"` // its cohort; zero where it has none
	What    string    `json:"what"`
	Journal string    `json:"journal"` // state or outcome by the journal
	Table   string    `json:"table"`   // by the table, where compared
}

// cohort is the agency and the hour in which something began.
type cohort struct {
	agency string
	hour   time.Time
}

// thing is a delivery or a row as its entries leave it.
type thing struct {
	agency string
	began  time.Time
	state  string
	seen   bool // in the table, when compared
}

func (x *thing) cohort() cohort { return cohort{x.agency, x.hour()} }

func (x *thing) hour() time.Time { return x.began.UTC().Truncate(time.Hour) }

type book map[string]*thing

// Tally adds up entries. The zero Tally is ready.
type Tally struct {
	last  int64
	books map[string]book
	wrong []Difference
}

// Last is the number of the newest entry that was added.
func (t *Tally) Last() int64 { return t.last }

func (t *Tally) book(kind string) book {
	if t.books == nil {
		t.books = map[string]book{Deliveries: {}, Rows: {}}
	}
	return t.books[kind]
}

// Add takes the next entry of the journal; entries of other objects change nothing.
func (t *Tally) Add(e journal.Entry) {
	t.last = max(t.last, e.Seq)
	switch e.ObjectKind {
	case Deliveries:
		t.delivery(e)
	case Rows:
		t.row(e)
	}
}

// begin enters what an entry accepts or fetches.
func (t *Tally) begin(e journal.Entry, state string) {
	b := t.book(e.ObjectKind)
	if old := b[e.ObjectID]; old != nil {
		t.note(e, old, Twice, state)
		return
	}
	b[e.ObjectID] = &thing{agency: e.Agency, began: e.At, state: state}
}

func (t *Tally) note(e journal.Entry, x *thing, what, says string) {
	d := Difference{Kind: e.ObjectKind, ID: e.ObjectID, Agency: e.Agency, What: what, Journal: says}
	if x != nil {
		d.Agency, d.Hour = x.agency, x.hour()
	}
	t.wrong = append(t.wrong, d)
}

func (t *Tally) delivery(e journal.Entry) {
	state, told := e.Detail[StateKey]
	if e.Action == Accept {
		t.begin(e, state)
		return
	}
	if !told {
		return
	}
	x := t.book(Deliveries)[e.ObjectID]
	switch to := workflow.State(state); {
	case x == nil:
		t.note(e, nil, Unaccepted, state)
		return
	case place(to) == nowhere:
		t.note(e, x, Unknown, state)
	case !follows(workflow.State(x.state), to):
		t.note(e, x, Backwards, state)
	}
	x.state = state
}

// follows tells whether a delivery may go from one state to the other: onwards, or back to
// the queue once it was given up.
func follows(from, to workflow.State) bool {
	return workflow.Advance(from, to) == to || from == workflow.Failed && to == workflow.Queued
}

func (t *Tally) row(e journal.Entry) {
	x := t.book(Rows)[e.ObjectID]
	outcome := e.Detail[OutcomeKey]
	switch {
	case e.Action == Fetch:
		t.begin(e, "")
	case e.Action != Decide:
	case x == nil:
		t.note(e, nil, Unaccepted, outcome)
	case x.state != "":
		t.note(e, x, Twice, outcome)
	default:
		if !slices.Contains(outcomes, Outcome(outcome)) {
			t.note(e, x, Unknown, outcome)
		}
		x.state = outcome
	}
}

// The sums in which a delivery is counted.
const (
	nowhere = iota
	pending
	delivered
	deadLettered
	recalled
)

// place is the one sum that counts a delivery in this state.
func place(s workflow.State) int {
	switch {
	case s == workflow.Queued, s == workflow.Sent:
		return pending
	case s == workflow.Failed:
		return deadLettered
	case s == workflow.Recalled:
		return recalled
	case workflow.Delivered(s):
		return delivered
	}
	return nowhere
}

// Compare holds a row of a table against the entries; Rest then tells what the table lacks.
func (t *Tally) Compare(kind, id, agency, state string) {
	x := t.book(kind)[id]
	d := Difference{Kind: kind, ID: id, Agency: agency, Table: state}
	switch {
	case x == nil:
		d.What = NoEntry
	case x.state != state:
		d.What, d.Hour, d.Journal = OtherState, x.hour(), x.state
	case x.agency != agency:
		d.What, d.Hour, d.Journal = OtherAgency, x.hour(), x.agency
	}
	if d.What != "" {
		t.wrong = append(t.wrong, d)
	}
	if x != nil {
		x.seen = true
	}
}

// Missing notes everything that Compare was not asked about: the table has lost it.
func (t *Tally) Missing() {
	for _, kind := range []string{Deliveries, Rows} {
		for id, x := range t.book(kind) {
			if !x.seen {
				t.wrong = append(t.wrong, Difference{Kind: kind, ID: id, Agency: x.agency, Hour: x.hour(), What: NoRow, Journal: x.state})
			}
		}
	}
}

// byPlace orders differences for people: kind, hour, agency, object.
func byPlace(a, b Difference) int {
	return cmp.Or(cmp.Compare(a.Kind, b.Kind), a.Hour.Compare(b.Hour), cmp.Compare(a.Agency, b.Agency), cmp.Compare(a.ID, b.ID), cmp.Compare(a.What, b.What))
}
