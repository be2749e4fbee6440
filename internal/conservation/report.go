package conservation

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"congvan/internal/workflow"
)

// Outgoing is the line of one cohort of deliveries.
type Outgoing struct {
	Agency       string    `json:"agency"`
	Hour         time.Time `json:"hour"` // in which they were accepted for sending, UTC
	Accepted     int       `json:"accepted"`
	Pending      int       `json:"pending"`
	Delivered    int       `json:"delivered"` // 01 or later, a refusal included
	DeadLettered int       `json:"dead_lettered"`
	Recalled     int       `json:"recalled"` // before they were delivered
}

// Incoming is the line of one cohort of rows fetched from the axis.
type Incoming struct {
	Agency            string    `json:"agency"` // of the recipient; empty if it is none of ours
	Hour              time.Time `json:"hour"`   // in which they were fetched, UTC
	Fetched           int       `json:"fetched"`
	Documents         int       `json:"documents"`
	Duplicates        int       `json:"duplicates"`
	StatusesApplied   int       `json:"statuses_applied"`
	StatusesUnmatched int       `json:"statuses_unmatched"`
	Quarantined       int       `json:"quarantined"`
	InWork            int       `json:"in_work"` // must be none once nothing runs any more
}

// Report is the table with what does not add up.
type Report struct {
	Entries     int64        `json:"entries"` // number of the newest journal entry
	Outgoing    []Outgoing   `json:"outgoing"`
	Incoming    []Incoming   `json:"incoming"`
	Differences []Difference `json:"differences"`
}

// Adds tells whether every sum holds.
func (r Report) Adds() bool { return len(r.Differences) == 0 }

// Report gives the cohorts that began at since or later (zero: all), by hour and agency.
// Differences without a cohort are always told. A row still in work is one if it was
// fetched before settled: by then it must have been decided.
func (t *Tally) Report(since, settled time.Time) Report {
	out, in := map[cohort]*Outgoing{}, map[cohort]*Incoming{}
	r := Report{Entries: t.last, Outgoing: []Outgoing{}, Incoming: []Incoming{}, Differences: []Difference{}}
	for _, d := range t.wrong {
		if d.Hour.IsZero() || !d.Hour.Before(since) {
			r.Differences = append(r.Differences, d)
		}
	}
	for _, x := range t.book(Deliveries) {
		if !x.hour().Before(since) {
			line(out, x.cohort()).count(x.state)
		}
	}
	for id, x := range t.book(Rows) {
		if x.hour().Before(since) {
			continue
		}
		line(in, x.cohort()).count(Outcome(x.state))
		if x.state == "" && x.began.Before(settled) {
			r.Differences = append(r.Differences, Difference{Kind: Rows, ID: id, Agency: x.agency, Hour: x.hour(), What: InWork})
		}
	}
	for c, l := range out {
		l.Agency, l.Hour = c.agency, c.hour
	}
	for c, l := range in {
		l.Agency, l.Hour = c.agency, c.hour
	}
	for _, c := range sorted(out) {
		r.Outgoing = append(r.Outgoing, *out[c])
	}
	for _, c := range sorted(in) {
		r.Incoming = append(r.Incoming, *in[c])
	}
	slices.SortFunc(r.Differences, byPlace)
	return r
}

func line[L any](lines map[cohort]*L, c cohort) *L {
	l := lines[c]
	if l == nil {
		l = new(L)
		lines[c] = l
	}
	return l
}

func sorted[L any](lines map[cohort]*L) []cohort {
	return slices.SortedFunc(maps.Keys(lines), func(a, b cohort) int {
		return cmp.Or(a.hour.Compare(b.hour), cmp.Compare(a.agency, b.agency))
	})
}

func (o *Outgoing) count(state string) {
	o.Accepted++
	switch place(workflow.State(state)) {
	case pending:
		o.Pending++
	case delivered:
		o.Delivered++
	case deadLettered:
		o.DeadLettered++
	case recalled:
		o.Recalled++
	}
}

func (i *Incoming) count(o Outcome) {
	i.Fetched++
	switch o {
	case Document:
		i.Documents++
	case Duplicate:
		i.Duplicates++
	case StatusApplied:
		i.StatusesApplied++
	case StatusUnmatched:
		i.StatusesUnmatched++
	case Quarantined:
		i.Quarantined++
	case "":
		i.InWork++
	}
}
