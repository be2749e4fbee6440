package seed

import (
	"context"
	"fmt"
	"slices"
	"time"

	"congvan/internal/calendar"
	"congvan/internal/demo"
	"congvan/internal/document"
	"congvan/internal/flow"
)

// received works on a document at the agencies of this installation that got it. The old
// ones are done; of the newer ones some wait at every station, some are overdue.
func (t *teller) received(ctx context.Context, id string, i, n int) error {
	var out document.Outgoing
	var sender string
	err := t.Store.Read(ctx, func(tx flow.ReadTx) (err error) {
		if out, err = tx.Outgoing(id); err != nil {
			return err
		}
		ag, err := tx.Agency(out.AgencyID)
		sender = ag.CodeAt(t.now)
		return err
	})
	if err != nil {
		return err
	}
	for k, r := range out.Recipients {
		at := slices.IndexFunc(t.site.Agencies, func(a demo.AgencyOf) bool { return a.Local && a.HasCode(r.OrganID) })
		if at < 0 {
			continue
		}
		a := t.site.Agencies[at]
		var in []document.Incoming
		err := t.Store.Read(ctx, func(tx flow.ReadTx) (err error) {
			in, err = tx.IncomingOf(a.ID, sender, out.DocumentID)
			return err
		})
		if err != nil || len(in) == 0 {
			return fmt.Errorf("%s did not arrive at %s: %w", out.DocumentID, a.Name, err)
		}
		depth := (i + k) % 7
		if i < n/2 && i%11 != 3 {
			depth = 6
		}
		if err := t.work(ctx, a, in[0].ID, depth, i); err != nil {
			return fmt.Errorf("%s at %s: %w", out.DocumentID, a.Name, err)
		}
	}
	return nil
}

// work takes an incoming document so many stations far.
func (t *teller) work(ctx context.Context, a demo.AgencyOf, id string, depth, i int) error {
	who := func(key string) flow.Actor { return t.actor(a, key) }
	only := func(_ document.Incoming, err error) error { return err }
	leader := who("gd")
	if deputy := who("pgd"); deputy.PositionID != "" && i%5 == 2 {
		leader = deputy
	}
	directions, refusals := demo.Directions(), demo.RefusalReasons()
	if i%23 == 13 {
		t.pass(4 * time.Minute)
		if err := only(t.Flow.Refuse(ctx, who("vt"), id, refusals[i%len(refusals)])); err != nil {
			return err
		}
		return t.run(ctx)
	}
	stations := []func() error{
		func() error { return only(t.Flow.Register(ctx, who("vt"), id, flow.RegisterInput{Confirmed: true})) },
		func() error { return only(t.Flow.Present(ctx, who("vt"), id, leader.PositionID)) },
		func() error {
			return only(t.Flow.Assign(ctx, leader, id, flow.AssignInput{
				Opinion: directions[i%len(directions)],
				To: []document.AssignmentTo{
					{PositionID: who("cv").PositionID, Role: document.Lead, Deadline: calendar.DateOf(t.now).AddDays(3 + i%9)},
					{PositionID: who("cv2").PositionID, Role: document.Coordinating, Deadline: calendar.DateOf(t.now).AddDays(3 + i%9)},
					{PositionID: who("tp").PositionID, Role: document.Information},
				},
			}))
		},
		func() error { return only(t.Flow.Start(ctx, who("cv"), id)) },
		func() error {
			return only(t.Flow.Complete(ctx, who("cv"), id, "Đã tham mưu, xử lý xong theo chỉ đạo."))
		},
	}
	for k, do := range stations {
		if k == depth {
			break
		}
		t.pass(time.Duration(2+(i*41+k*29)%9) * time.Minute)
		if err := do(); err != nil {
			return fmt.Errorf("station %d: %w", k+1, err)
		}
		if err := t.run(ctx); err != nil {
			return err
		}
	}
	return nil
}
