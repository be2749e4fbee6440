package storetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"congvan/internal/authz"
	"congvan/internal/document"
	"congvan/internal/flow"
	"congvan/internal/org"
	"congvan/internal/query"
	"congvan/internal/store"
	"congvan/internal/workflow"
)

// BenchmarkNumber measures numbering with 8 writers; report in numbers a second.
func BenchmarkNumber(b *testing.B, open Opener) {
	w := newWorld(b, open)
	ids := w.signed(b.N)
	var next atomic.Int64
	b.ResetTimer()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
				if _, err := w.takeNumber(b.Context(), ids[i-1]); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "numbers/s")
}

// BenchmarkLists measures pages, counters and searches of different readers in an agency
// with 10,000 documents out and 10,000 in.
func BenchmarkLists(b *testing.B, open Opener) {
	w := newWorld(b, open)
	w.fill(10_000)
	subject := func(position string, roles ...org.Role) authz.Subject {
		return authz.Subject{PositionID: position, AgencyID: agencyA, UnitID: "unt-3", Roles: roles}
	}
	for name, s := range map[string]authz.Subject{
		"clerk": subject(clerk, org.RoleClerk), "leader": subject(leader, org.RoleLeader),
		"head": subject(head, org.RoleUnitHead), "official": subject("pos-7", org.RoleOfficial),
	} {
		for _, kind := range []authz.Kind{authz.Outgoing, authz.Incoming} {
			f := query.Filter{Kind: kind, Grants: authz.Scope(s, kind), Limit: 50}
			state, words, deep := f, f, f
			state.States = []workflow.State{workflow.Issued, workflow.Directed}
			words.Text = "quy hoach duong"
			deep.After = query.Cursor{Sort: now().Add(-5000 * time.Minute), ID: "x"}
			for what, f := range map[string]query.Filter{"all": f, "state": state, "search": words, "deep": deep} {
				b.Run(fmt.Sprintf("%s/%s/%s", name, kind, what), func(b *testing.B) {
					w.measure(b, func() error {
						_, err := w.s.List(b.Context(), f)
						return err
					})
				})
			}
			b.Run(fmt.Sprintf("%s/%s/count", name, kind), func(b *testing.B) {
				w.measure(b, func() error {
					_, err := w.s.Count(b.Context(), f)
					return err
				})
			})
		}
	}
}

// measure runs fn b.N times and reports the 95th percentile.
func (w *world) measure(b *testing.B, fn func() error) {
	var took []time.Duration
	for b.Loop() {
		begin := time.Now()
		if err := fn(); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(begin))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
}

// fill puts n documents of each kind, a minute apart, in all states, of ten units and
// forty officials.
func (w *world) fill(n int) {
	w.t.Helper()
	rnd := rand.New(rand.NewPCG(3, 4))
	out := []workflow.State{workflow.Draft, workflow.InReview, workflow.ContentApproved, workflow.FormatApproved, workflow.Signed, workflow.Issued, workflow.Issued, workflow.Issued, workflow.Issued, workflow.Issued}
	in := []workflow.State{workflow.Received, workflow.Registered, workflow.Directed, workflow.InProgress, workflow.Resolved, workflow.Resolved, workflow.Resolved}
	subjects := []string{"Về việc điều chỉnh quy hoạch tuyến đường liên xã giai đoạn 2026–2030", "Báo cáo công tác cải cách hành chính quý III", "Mời họp thẩm định hồ sơ dự án trường học", "Triển khai kế hoạch phòng chống thiên tai"}
	for start := 0; start < n; start += 250 {
		w.write(func(tx flow.Tx) error {
			for i := start; i < min(start+250, n); i++ {
				at := now().Add(-time.Duration(n-i) * time.Minute)
				position, unit := fmt.Sprintf("pos-%d", rnd.IntN(40)), fmt.Sprintf("unt-%d", rnd.IntN(10))
				d := w.outgoing()
				d.Files, d.Approvals, d.UpdatedAt, d.DrafterID, d.UnitID = nil, nil, at, position, unit
				d.State, d.Subject = out[rnd.IntN(len(out))], subjects[rnd.IntN(len(subjects))]
				if err := tx.PutOutgoing(&d); err != nil {
					return err
				}
				x := w.incoming()
				x.Files, x.ReceivedAt, x.State, x.Subject = nil, at, in[rnd.IntN(len(in))], subjects[rnd.IntN(len(subjects))]
				if err := tx.PutIncoming(&x); err != nil {
					return err
				}
				err := tx.PutAssignment(&document.Assignment{ID: w.id("asg"), IncomingID: x.ID, PositionID: position, UnitID: unit, Role: document.Lead, State: workflow.Pending, CreatedAt: at})
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	if w.s.Driver() == store.Postgres { // as autovacuum would within the minute
		if _, err := w.s.DB().ExecContext(w.t.Context(), "ANALYZE"); err != nil {
			w.t.Fatal(err)
		}
	}
}
