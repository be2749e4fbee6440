package flow_test

import (
	"context"
	"slices"

	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/flow"
	"congvan/internal/workflow"
)

// axis is a courier that fails as told, and otherwise takes a message once.
type axis struct {
	script []string // of the calls to come; afterwards all goes well
	took   int
	again  []bool // as it was told
}

func (a *axis) Send(_ context.Context, c document.Consignment, again bool) []document.Handover {
	id, err := a.send(again)
	out := make([]document.Handover, len(c.To))
	for i := range out {
		out[i] = document.Handover{AxisDocID: id, Err: err}
	}
	return out
}

func (a *axis) send(again bool) (string, error) {
	a.again = append(a.again, again)
	step := "well"
	if len(a.script) > 0 {
		step, a.script = a.script[0], a.script[1:]
	}
	switch step {
	case "down":
		return "", fault.New(fault.Unavailable, "axis_unavailable")
	case "refused":
		return "", fault.New(fault.Invalid, "axis_refused")
	}
	if !again || a.took == 0 {
		a.took++
	}
	switch step {
	case "lost":
		return "", fault.New(fault.Unavailable, "axis_unavailable")
	case "killed":
		panic(step)
	}
	return "axis-1", nil
}

// Find knows what was taken.
func (a *axis) Find(_ context.Context, c document.Consignment) ([]document.Handover, bool, error) {
	out := make([]document.Handover, len(c.To))
	if a.took > 0 {
		out[0].AxisDocID = "axis-1"
	}
	return out, true, nil
}

func (a *axis) SendStatus(context.Context, document.StatusMessage) error { return nil }

// issued issues a document to the agency of the other province and gives its delivery's job.
func (w *world) issued() (document.Outgoing, string) {
	w.T.Helper()
	d, err := w.Flow.Issue(w.T.Context(), w.Who("vt.svd"), w.Sealed("H98.05").ID)
	w.Must(err)
	job := w.Jobs[len(w.Jobs)-1]
	w.Jobs = nil
	return d, job.ID
}

func failedDelivery(w *world) {
	ctx := w.T.Context()
	d, id := w.issued()
	if err := w.Flow.Deliver(ctx, id); !fault.Is(err, "axis_not_configured") {
		w.T.Fatalf("without an axis: %v", err)
	}
	w.expect(d.ID, workflow.Queued)
	c := &axis{script: []string{"down", "refused"}}
	w.Flow.Courier = c
	defer func() { w.Flow.Courier = nil }()
	if err := w.Flow.Deliver(ctx, id); fault.KindOf(err) != fault.Unavailable {
		w.T.Fatalf("what may pass comes back: %v", err)
	}
	w.expect(d.ID, workflow.Queued)
	w.Must(w.Flow.Deliver(ctx, id))
	w.expect(d.ID, workflow.Failed)
	_, err := w.Flow.Resend(ctx, w.Who("cv.svd"), id)
	w.code(err, "forbidden_role")
	_, err = w.Flow.Resend(ctx, w.Who("vt.svd"), id)
	w.Must(err)
	w.Must(w.Flow.Deliver(ctx, id))
	w.expect(d.ID, workflow.Sent)
	w.Must(w.Flow.Deliver(ctx, id))
	if !slices.Equal(c.again, []bool{true, true, true}) || c.took != 1 {
		w.T.Fatalf("calls %v, taken %d times", c.again, c.took)
	}
	w.Jobs = nil
}

// cutOffDelivery: whatever happens between the beginning of an attempt and its record, the
// next one knows that it is not the first, and the axis takes one message.
func cutOffDelivery(w *world) {
	ctx := w.T.Context()
	defer func() { w.Flow.Courier = nil }()
	for _, how := range []string{"down", "lost", "killed"} {
		d, id := w.issued()
		c := &axis{script: []string{how}}
		w.Flow.Courier = c
		func() {
			defer func() { _ = recover() }() // nothing after the kill is recorded
			if err := w.Flow.Deliver(ctx, id); fault.KindOf(err) != fault.Unavailable {
				w.T.Errorf("%s: %v", how, err)
			}
		}()
		w.expect(d.ID, workflow.Queued)
		w.Must(w.Flow.Deliver(ctx, id))
		w.expect(d.ID, workflow.Sent)
		if !slices.Equal(c.again, []bool{false, true}) || c.took != 1 {
			w.T.Errorf("%s: calls %v, taken %d times", how, c.again, c.took)
		}
		w.Must(w.Store.Read(ctx, func(tx flow.ReadTx) error {
			v, err := tx.Delivery(id)
			if v.Attempts != 2 || v.LastError != "" || v.AxisDocID != "axis-1" {
				w.T.Errorf("%s: %+v", how, v)
			}
			return err
		}))
	}
	// One that is given up by the last of its attempts is looked for again when resent.
	d, id := w.issued()
	w.Flow.MaxAttempts = 1
	defer func() { w.Flow.MaxAttempts = 30 }()
	c := &axis{script: []string{"lost"}}
	w.Flow.Courier = c
	_ = w.Flow.Deliver(ctx, id)
	w.expect(d.ID, workflow.Failed)
	_, err := w.Flow.Resend(ctx, w.Who("vt.svd"), id)
	w.Must(err)
	w.Must(w.Flow.Deliver(ctx, id))
	w.expect(d.ID, workflow.Sent)
	if !slices.Equal(c.again, []bool{false, true}) || c.took != 1 {
		w.T.Errorf("resent: calls %v, taken %d times", c.again, c.took)
	}
	w.Jobs = nil
}
