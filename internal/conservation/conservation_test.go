package conservation

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"congvan/internal/journal"
	"congvan/internal/workflow"
)

var start = time.Date(2026, 11, 19, 2, 40, 0, 0, time.UTC)

func entries(lines ...[4]string) *Tally {
	t := new(Tally)
	for i, l := range lines {
		e := journal.Entry{Seq: int64(i + 1), At: start.Add(time.Duration(i) * time.Minute), Agency: "a", ObjectKind: l[0], ObjectID: l[1], Action: l[2]}
		key := StateKey
		if l[0] == Rows {
			key = OutcomeKey
		}
		if l[3] != "" {
			e.Detail = map[string]string{key: l[3]}
		}
		t.Add(e)
	}
	return t
}

func TestDifferences(t *testing.T) {
	d := func(id, act, state string) [4]string { return [4]string{Deliveries, id, act, state} }
	r := func(id, act, outcome string) [4]string { return [4]string{Rows, id, act, outcome} }
	for _, c := range []struct {
		name  string
		lines [][4]string
		want  string
	}{
		{"sent and arrived", [][4]string{d("1", Accept, "QUEUED"), d("1", "DELIVER", "SENT"), d("1", "STATUS", "ARRIVED"), d("1", "STATUS", "ARRIVED")}, "[]"},
		{"given up, resent, given up, arrived late", [][4]string{d("1", Accept, "QUEUED"), d("1", "DELIVER", "FAILED"), d("1", "RESEND", "QUEUED"), d("1", "DELIVER", "FAILED"), d("1", "STATUS", "ARRIVED")}, "[]"},
		{"recalled in the queue", [][4]string{d("1", Accept, "QUEUED"), d("1", "RECALL", "RECALLED")}, "[]"},
		{"other acts and other objects", [][4]string{d("1", Accept, "QUEUED"), d("1", "NOTE", ""), {"outgoing", "1", "STATUS", "ARRIVED"}}, "[]"},
		{"never accepted", [][4]string{d("1", "DELIVER", "SENT")}, "[unaccepted]"},
		{"accepted twice", [][4]string{d("1", Accept, "QUEUED"), d("1", Accept, "QUEUED")}, "[twice]"},
		{"back to the queue from nowhere", [][4]string{d("1", Accept, "QUEUED"), d("1", "DELIVER", "SENT"), d("1", "RESEND", "QUEUED")}, "[backwards]"},
		{"arrived, then sent", [][4]string{d("1", Accept, "QUEUED"), d("1", "STATUS", "ARRIVED"), d("1", "DELIVER", "SENT")}, "[backwards]"},
		{"no such state", [][4]string{d("1", Accept, "QUEUED"), d("1", "DELIVER", "LOST")}, "[unknown]"},

		{"each outcome", [][4]string{r("1", Fetch, ""), r("1", Decide, "DOCUMENT"), r("2", Fetch, ""), r("2", Decide, "DUPLICATE"), r("3", Fetch, ""), r("3", Decide, "QUARANTINED")}, "[]"},
		{"fetched, not decided", [][4]string{r("1", Fetch, "")}, "[in_work]"},
		{"decided, never fetched", [][4]string{r("1", Decide, "DOCUMENT")}, "[unaccepted]"},
		{"fetched twice", [][4]string{r("1", Fetch, ""), r("1", Fetch, ""), r("1", Decide, "DOCUMENT")}, "[twice]"},
		{"decided twice", [][4]string{r("1", Fetch, ""), r("1", Decide, "DOCUMENT"), r("1", Decide, "DOCUMENT")}, "[twice]"},
		{"no such outcome", [][4]string{r("1", Fetch, ""), r("1", Decide, "EATEN")}, "[unknown]"},
	} {
		rep := entries(c.lines...).Report(time.Time{}, start.Add(24*time.Hour))
		got := []string{}
		for _, x := range rep.Differences {
			got = append(got, x.What)
		}
		if fmt.Sprint(got) != c.want {
			t.Errorf("%s: %v, want %s", c.name, got, c.want)
		}
	}
}

func TestCohorts(t *testing.T) {
	tally := new(Tally)
	add := func(at time.Duration, agency, id, act, state string) {
		tally.Add(journal.Entry{Seq: tally.Last() + 1, At: start.Add(at), Agency: agency, ObjectKind: Deliveries, ObjectID: id, Action: act, Detail: map[string]string{StateKey: state}})
	}
	add(0, "a", "1", Accept, "QUEUED")
	add(0, "b", "2", Accept, "QUEUED")
	add(time.Hour, "a", "3", Accept, "QUEUED")
	add(2*time.Hour, "a", "1", "DELIVER", "FAILED") // counted in the hour in which it was accepted
	hour := start.Truncate(time.Hour)
	want := []Outgoing{
		{Agency: "a", Hour: hour, Accepted: 1, DeadLettered: 1},
		{Agency: "b", Hour: hour, Accepted: 1, Pending: 1},
		{Agency: "a", Hour: hour.Add(time.Hour), Accepted: 1, Pending: 1},
	}
	if got := tally.Report(time.Time{}, start); !slices.Equal(got.Outgoing, want) {
		t.Errorf("%+v", got.Outgoing)
	}
	if got := tally.Report(hour.Add(time.Hour), start); !slices.Equal(got.Outgoing, want[2:]) {
		t.Errorf("since: %+v", got.Outgoing)
	}
	tally.Compare(Deliveries, "1", "a", "FAILED")
	tally.Compare(Deliveries, "2", "c", "QUEUED")
	tally.Compare(Deliveries, "4", "a", "QUEUED")
	tally.Missing()
	var got []string
	for _, d := range tally.Report(time.Time{}, start).Differences {
		got = append(got, d.ID+d.What)
	}
	if fmt.Sprint(got) != "[4no_entry 2other_agency 3no_row]" {
		t.Errorf("compared: %v", got)
	}
}

// TestEveryRoadAddsUp: whatever order statuses and attempts come in, as long as every step
// is one that the workflow takes, each delivery is in one sum.
func TestEveryRoadAddsUp(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	states := []workflow.State{workflow.Sent, workflow.Failed, workflow.Arrived, workflow.Refusal, workflow.Acceptance, workflow.Assigned, workflow.Processing, workflow.Completed}
	tally := new(Tally)
	add := func(id, act string, s workflow.State) {
		tally.Add(journal.Entry{Seq: tally.Last() + 1, At: start, Agency: "a", ObjectKind: Deliveries, ObjectID: id, Action: act, Detail: map[string]string{StateKey: string(s)}})
	}
	const n = 2000
	for i := range n {
		id := fmt.Sprint(i)
		now := workflow.Queued
		add(id, Accept, now)
		for range rnd.IntN(8) {
			if now == workflow.Failed && rnd.IntN(2) == 0 {
				now = workflow.Queued
			} else {
				now = workflow.Advance(now, states[rnd.IntN(len(states))])
			}
			add(id, "STEP", now)
		}
	}
	rep := tally.Report(time.Time{}, start)
	if !rep.Adds() {
		t.Fatalf("%+v", rep.Differences[0])
	}
	o := rep.Outgoing[0]
	if o.Accepted != n || o.Pending+o.Delivered+o.DeadLettered+o.Recalled != n || o.Pending == 0 || o.Delivered == 0 || o.DeadLettered == 0 {
		t.Errorf("%+v", o)
	}
}
