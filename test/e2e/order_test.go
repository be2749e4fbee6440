package e2e

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"congvan/internal/demo"
	"congvan/internal/document"
	"congvan/internal/flow"
	"congvan/internal/query"
	"congvan/internal/register"
	"congvan/internal/testpdf"
	"congvan/internal/walk"
	"congvan/internal/workflow"
)

// stages are the steps of an outgoing document with the states they lead to.
var stages = []struct {
	verb string
	to   workflow.State
}{
	{"submit", workflow.InReview},
	{"approve-content", workflow.ContentApproved},
	{"approve-format", workflow.FormatApproved},
	{"sign", workflow.Signed},
	{"number", workflow.Numbered},
	{"seal", workflow.AgencySigned},
	{"issue", workflow.Issued},
}

// TestOrderRule has both installations die right after their n-th effect on the outside
// (a file stored, a transaction committed, a key used, a message sent), for every n on the
// road of a dispatch. Whoever acts simply tries again after the restart. The end is always
// the same: one number and no gap, one delivery and one document for each recipient, the
// journal intact.
func TestOrderRule(t *testing.T) {
	t.Parallel()
	r := &rough{T: t, w: world(t), clients: map[string]*walk.Client{}}
	for _, who := range []string{"cv.svd", "tp.svd", "tt.svd", "gd.svd", "vt.svd", "vt.stn"} {
		r.clients[who] = client(t, r.w.A.Base, who)
	}
	r.clients["vt.sm"] = client(t, r.w.B.Base, "vt.sm")
	died := map[string]int{}
	for n := 1; ; n++ {
		r.crashes = nil
		for _, p := range []*walk.Process{r.w.A, r.w.B} {
			p.Kill()
			r.start(p, fmt.Sprintf("CONGVAN_DEMO_CRASH_AFTER=%d", n))
		}
		r.dispatch(n)
		if len(r.crashes) == 0 {
			break // neither has an n-th effect: every one before has been tried
		}
		for _, name := range r.crashes {
			died[name]++
		}
	}
	t.Logf("crashes: %v", died)
	if died["a"] < 25 || died["b"] < 5 {
		t.Errorf("only %v crashes: the road has more effects than that", died)
	}
	r.w.Stop()
	for _, p := range []*walk.Process{r.w.A, r.w.B} {
		code, out, errOut := program(t, "", "congvan", "journal", "verify", "--config", configOf(r.w, p))
		if code != 0 {
			t.Errorf("journal of %s: exit %d\n%s%s", p.Name, code, out, errOut)
		}
	}
}

// rough is a road on which processes die.
type rough struct {
	*testing.T
	w       *walk.World
	clients map[string]*walk.Client
	crashes []string
}

func (r *rough) start(p *walk.Process, env ...string) {
	r.Helper()
	p.Env = append(slices.DeleteFunc(p.Env, isCrash), env...)
	if err := p.Start(r.Context(), "/api/v1/health"); err != nil {
		// It may die so early that it never answers: what it had left to do is done at the start.
		if len(env) == 0 {
			r.Fatal(err)
		}
		r.crashes = append(r.crashes, p.Name)
		r.start(p)
	}
}

func isCrash(v string) bool { return len(v) > 24 && v[:24] == "CONGVAN_DEMO_CRASH_AFTER" }

// insist does something until an answer comes, starting again what died. An answer that
// is an error ends the test, but for the one that says "later".
func (r *rough) insist(what string, try func() error) {
	r.Helper()
	for range 10 {
		err := try()
		if err == nil {
			return
		}
		var p *walk.Problem
		switch {
		case !errors.As(err, &p):
			r.revive(200 * time.Millisecond)
		case p.Status != http.StatusServiceUnavailable && !onItsWay(err): // "later" is an answer to act on
			r.Fatalf("%s: %v", what, err)
		default:
			r.Logf("%s: %v", what, err)
			time.Sleep(time.Second)
		}
	}
	r.Fatalf("%s: no answer after many tries", what)
}

// revive starts those processes again that have died or die within some time, without
// another crash.
func (r *rough) revive(wait time.Duration) {
	r.Helper()
	for _, p := range []*walk.Process{r.w.A, r.w.B} {
		ctx, stop := context.WithTimeout(r.Context(), wait)
		err := p.Wait(ctx)
		stop()
		if errors.Is(err, context.DeadlineExceeded) {
			continue // alive
		}
		r.crashes = append(r.crashes, p.Name)
		r.start(p)
	}
}

// dispatch takes the n-th document from a draft to accepted by both recipients.
func (r *rough) dispatch(n int) {
	r.Helper()
	id := r.draft(fmt.Sprintf("V/v thử nghiệm mất điện giữa chừng, lần thứ %d", n))
	for _, s := range stages {
		r.insist(s.verb, func() error {
			var p query.OutgoingPage
			if err := r.clients["vt.svd"].Get(r.Context(), "/outgoing/"+id, &p); err != nil && s.verb != "submit" {
				return err
			}
			if p.Document.State == s.to {
				return nil // it was done, and only the answer was lost
			}
			return r.step(id, s.verb)
		})
	}
	code := register.FullCode(n, "SVD-VP") // one number for each document: no gap, none twice
	r.accepted("vt.stn", code)
	r.accepted("vt.sm", code)
	var p query.OutgoingPage
	eventually(r.T, "both statuses of "+code, func() bool {
		r.revive(10 * time.Millisecond) // whose silence we wait on may have died by itself
		r.insist("page", func() error { return r.clients["vt.svd"].Get(r.Context(), "/outgoing/"+id, &p) })
		return !slices.ContainsFunc(p.Deliveries, func(d document.Delivery) bool { return d.State != workflow.Acceptance })
	})
	if got := register.FullCode(p.Document.Number, p.Document.Notation); got != code {
		r.Errorf("number %s, want %s", got, code)
	}
	if len(p.Deliveries) != 2 {
		r.Errorf("%s: %d deliveries, want 2", code, len(p.Deliveries))
	}
	for _, d := range p.Deliveries {
		seen := map[workflow.State]int{}
		for _, e := range d.Events {
			if seen[e.State]++; seen[e.State] > 1 {
				r.Errorf("%s to %s: %s twice: %v", code, d.Recipient.OrganID, e.State, d.Events)
			}
		}
	}
}

// draft makes the draft unless it was made and only the answer was lost.
func (r *rough) draft(subject string) (id string) {
	r.Helper()
	c := r.clients["cv.svd"]
	r.insist("draft", func() error {
		var list struct {
			Rows []query.Row `json:"rows"`
		}
		if err := c.Get(r.Context(), "/outgoing?box=drafts", &list); err != nil {
			return err
		}
		if i := slices.IndexFunc(list.Rows, func(x query.Row) bool { return x.Subject == subject }); i >= 0 {
			id = list.Rows[i].ID
			return nil
		}
		upload, err := c.Upload(r.Context(), testpdf.Path("cong-van-1.pdf"))
		if err != nil {
			return err
		}
		var p query.OutgoingPage
		err = c.Do(r.Context(), http.MethodPost, "/outgoing?secrecy=0", letter("svd", subject, upload, "H26.15", "H98.05"), &p)
		id = p.Document.ID
		return err
	})
	return id
}

func (r *rough) step(id, verb string) error {
	c := r.clients[actor(verb)+".svd"]
	body, err := input(r.Context(), c, id, verb, demo.PIN)
	if err != nil {
		return err
	}
	return c.Do(r.Context(), http.MethodPost, "/outgoing/"+id+"/"+verb, body, nil)
}

// accepted waits for a document at a clerk's and registers it; there must be just one.
func (r *rough) accepted(clerk, code string) {
	r.Helper()
	var rows []query.Row
	eventually(r.T, code+" at "+clerk, func() bool {
		r.revive(10 * time.Millisecond)
		var list struct {
			Rows []query.Row `json:"rows"`
		}
		r.insist("list", func() error { return r.clients[clerk].Get(r.Context(), "/incoming?limit=100", &list) })
		rows = slices.DeleteFunc(list.Rows, func(x query.Row) bool { return x.Code != code })
		return len(rows) > 0 && rows[0].Verdict != document.VerdictPending
	})
	if len(rows) != 1 || rows[0].Verdict != document.VerdictSufficient {
		r.Fatalf("%s at %s: %d documents: %+v", code, clerk, len(rows), rows)
	}
	r.insist("register", func() error {
		var p query.IncomingPage
		if err := r.clients[clerk].Get(r.Context(), "/incoming/"+rows[0].ID, &p); err != nil || p.Document.State != workflow.Received {
			return err
		}
		return r.clients[clerk].Do(r.Context(), http.MethodPost, "/incoming/"+rows[0].ID+"/register", flow.RegisterInput{}, nil)
	})
}
