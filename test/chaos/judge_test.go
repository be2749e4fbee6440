package chaos

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"congvan/internal/document"
	"congvan/internal/query"
	"congvan/internal/workflow"
)

// known is the state that the sender must know of, for a state of the recipient's document.
var known = map[workflow.State]workflow.State{
	workflow.Received: workflow.Arrived, workflow.Refused: workflow.Refusal, workflow.Registered: workflow.Acceptance,
	workflow.Presented: workflow.Acceptance, workflow.Directed: workflow.Assigned, workflow.InProgress: workflow.Processing,
	workflow.Resolved: workflow.Completed,
}

// settle waits until there is nothing left to do anywhere; what was given up is sent again
// by the clerk, as a clerk would.
func (s *storm) settle(ctx context.Context) {
	began := time.Now()
	told := began
	var open []string
	for ctx.Err() == nil {
		now := s.unsettled(ctx)
		if ctx.Err() != nil {
			break
		}
		if open = now; len(open) == 0 {
			s.Logf("at rest %s after the storm", time.Since(began).Round(time.Second))
			return
		}
		if time.Since(told) > 30*time.Second {
			told = time.Now()
			s.Logf("%d still open, among them %s", len(open), open[0])
		}
		pause(ctx, 2*time.Second)
	}
	s.Errorf("not at rest %s after the storm:\n%s", time.Since(began).Round(time.Second), strings.Join(open, "\n"))
}

// unsettled says what is still to come.
func (s *storm) unsettled(ctx context.Context) (open []string) {
	rows := map[*office][]query.Row{}
	for _, o := range s.offices {
		var err error
		if rows[o], err = o.received(ctx); err != nil {
			return []string{err.Error()}
		}
		for _, row := range rows[o] {
			if _, verb, _, ok := s.next(o, row); ok || row.Verdict == document.VerdictPending {
				open = append(open, fmt.Sprintf("%s at %s: %s to come in %s", row.Code, o.site.Name, verb, row.State))
			}
		}
	}
	for _, d := range s.sent {
		p, err := d.from.page(ctx, d.id)
		if err != nil {
			return []string{err.Error()}
		}
		for _, v := range p.Deliveries {
			if v.State == workflow.Failed {
				s.resend(ctx, d.from, v.ID)
			}
			o := s.by(v.Recipient.OrganID)
			var there workflow.State
			if i := slices.IndexFunc(rows[o], func(x query.Row) bool { return x.Code == d.code }); i >= 0 {
				there = rows[o][i].State
			}
			if !agree(&p, &v, there) {
				open = append(open, fmt.Sprintf("%s to %s: %s after %d attempts (%s), there %q, changes %v", d.code, o.site.Name, v.State, v.Attempts, v.LastError, there, asked(&p, &v)))
			}
		}
	}
	return open
}

// agree tells whether what the sender knows of a delivery is what is there: the state of the
// recipient's document, empty for none.
func agree(p *query.OutgoingPage, v *document.Delivery, there workflow.State) bool {
	changes := asked(p, v)
	switch {
	case len(changes) == 0:
		return there != "" && v.State == known[there]
	case len(changes) > 1:
		return false
	case v.State == workflow.Recalled: // before it left: it never comes
		return there == ""
	}
	return changes[0] == workflow.Agreed && there == workflow.Recalled
}

// asked are the states of what was asked of a delivery's recipient.
func asked(p *query.OutgoingPage, v *document.Delivery) (out []workflow.State) {
	for _, c := range p.Changes {
		if c.DeliveryID == v.ID {
			out = append(out, c.State)
		}
	}
	return out
}

func (s *storm) by(organID string) *office {
	return s.offices[slices.IndexFunc(s.offices, func(o *office) bool { return o.organID == organID })]
}

func (s *storm) resend(ctx context.Context, o *office, delivery string) {
	c, err := o.as(ctx, "vt")
	if err == nil {
		err = c.Do(ctx, http.MethodPost, "/deliveries/"+delivery+"/resend", nil, nil)
	}
	if err != nil {
		s.Logf("resend: %v", err)
	}
}

// judge looks at everything once more: one document for each dispatch and recipient, no
// other; each status once at most; numbers without a gap; journals and their sums intact.
func (s *storm) judge() {
	want := map[*office]map[string]bool{}
	spared := 0
	for _, o := range s.offices {
		want[o] = map[string]bool{}
	}
	for _, d := range s.sent {
		p, err := d.from.page(s.Context(), d.id)
		if err != nil {
			s.Fatal(err)
		}
		if len(p.Deliveries) != len(d.to) {
			s.Errorf("%s has %d deliveries, want %d", d.code, len(p.Deliveries), len(d.to))
		}
		for _, v := range p.Deliveries {
			if v.State == workflow.Recalled {
				spared++
				continue
			}
			want[s.by(v.Recipient.OrganID)][d.code] = true
		}
	}
	fates := map[workflow.State]int{}
	for _, o := range s.offices {
		rows, err := o.received(s.Context())
		if err != nil {
			s.Fatal(err)
		}
		seen := map[string]int{}
		for _, row := range rows {
			fates[row.State]++
			if seen[row.Code]++; seen[row.Code] > 1 {
				s.Errorf("%s is at %s %d times", row.Code, o.site.Name, seen[row.Code])
			}
			if !want[o][row.Code] {
				s.Errorf("%s is at %s and nobody sent it there", row.Code, o.site.Name)
			}
		}
		for code := range want[o] {
			if seen[code] == 0 {
				s.Errorf("%s never came to %s", code, o.site.Name)
			}
		}
		s.gapless(o)
	}
	s.Logf("%d dispatches, %d recalled before they left; documents received by state: %v", len(s.sent), spared, fates)
	s.repeated()
	s.audit()
}

// gapless wants the numbers of an office to be 1 to n.
func (s *storm) gapless(o *office) {
	var numbers []int
	for _, d := range s.sent {
		if d.from == o {
			var n int
			if _, err := fmt.Sscanf(d.code, "%d/", &n); err != nil {
				s.Errorf("number of %s: %v", d.code, err)
			}
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	for i, n := range numbers {
		if n != i+1 {
			s.Errorf("%s gave the numbers %v", o.site.Name, numbers)
			return
		}
	}
}

// repeated wants each state of a delivery to have been reached once.
func (s *storm) repeated() {
	for _, d := range s.sent {
		p, err := d.from.page(s.Context(), d.id)
		if err != nil {
			s.Fatal(err)
		}
		for _, v := range p.Deliveries {
			seen := map[string]int{}
			for _, e := range v.Events {
				if e.Code == "" {
					continue // a step of the transport: may come again with a clerk's resending
				}
				if seen[e.Code]++; seen[e.Code] > 1 {
					s.Errorf("%s to %s: status %s twice: %v", d.code, v.Recipient.OrganID, e.Code, v.Events)
				}
			}
		}
	}
}

// audit asks the program itself, with the servers stopped: the journal's chain, and the
// conservation of messages.
func (s *storm) audit() {
	s.w.Stop()
	for _, o := range s.offices {
		config := filepath.Join(s.w.Dir, o.site.Key, "congvan.toml")
		for _, command := range [][]string{{"journal", "verify"}, {"axis", "audit"}} {
			code, out := s.program(append(command, "--config", config)...)
			if code != 0 {
				s.Errorf("%v of %s: exit %d\n%s", command, o.site.Name, code, out)
				continue
			}
			s.Logf("%s, %s:\n%s", o.site.Name, strings.Join(command, " "), out)
		}
	}
}
