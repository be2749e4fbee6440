package workflow_test

import (
	"testing"

	"congvan/internal/workflow"
)

// TestChangeIsMonotone: answers to a recall or an update may come late, twice and in any
// order; an agreement is never taken back.
func TestChangeIsMonotone(t *testing.T) {
	for _, x := range []struct{ now, step, want workflow.State }{
		{workflow.Asked, workflow.Sent, workflow.Sent},
		{workflow.Asked, workflow.Agreed, workflow.Agreed}, // the answer overtook our own note
		{workflow.Agreed, workflow.Sent, workflow.Agreed},
		{workflow.Sent, workflow.Declined, workflow.Declined},
		{workflow.Declined, workflow.Declined, workflow.Declined},
		{workflow.Declined, workflow.Agreed, workflow.Agreed},
		{workflow.Agreed, workflow.Declined, workflow.Agreed},
		{workflow.Asked, workflow.Failed, workflow.Failed},
		{workflow.Failed, workflow.Agreed, workflow.Agreed}, // given up, and yet it arrived
		{workflow.Recalled, workflow.Declined, workflow.Recalled},
		{workflow.Sent, workflow.Asked, workflow.Sent},
		{workflow.Sent, "", workflow.Sent},
	} {
		if got := workflow.AdvanceChange(x.now, x.step); got != x.want {
			t.Errorf("AdvanceChange(%s, %s) = %s, want %s", x.now, x.step, got, x.want)
		}
	}
}

// TestAnswersStandBeside: 13, 15, 16 and codes that nobody knows never move a delivery (D4).
func TestAnswersStandBeside(t *testing.T) {
	for _, c := range []struct {
		code workflow.StatusCode
		want workflow.State
	}{{"15", workflow.Agreed}, {"16", workflow.Declined}, {"13", ""}, {"14", ""}, {"07", ""}, {"01", ""}, {"", ""}} {
		if got, ok := workflow.ChangeState(c.code); got != c.want || ok != (c.want != "") {
			t.Errorf("%s answers %q, %v", c.code, got, ok)
		}
	}
	for _, code := range []workflow.StatusCode{"13", "15", "16", "14", "99"} {
		if s, ok := workflow.DeliveryState(code); ok {
			t.Errorf("%s moves a delivery to %s", code, s)
		}
		for _, now := range []workflow.State{workflow.Sent, workflow.Refusal, workflow.Completed, workflow.Recalled} {
			step, _ := workflow.DeliveryState(code)
			if got := workflow.Advance(now, step); got != now {
				t.Errorf("%s after %s: %s", now, code, got)
			}
		}
	}
	if workflow.Advance(workflow.Recalled, workflow.Sent) != workflow.Recalled || workflow.Advance(workflow.Recalled, workflow.Arrived) != workflow.Arrived {
		t.Error("what was withheld is not sent; a receipt is believed")
	}
}

// TestFrozen: from wherever a received document stands, its sender's recall freezes it; then
// no act leads on, and only a recall that is declined lets it go.
func TestFrozen(t *testing.T) {
	acts := []workflow.Action{
		workflow.Register, workflow.Refuse, workflow.Present, workflow.Assign, workflow.Start, workflow.Reply, workflow.Complete,
	}
	for _, s := range []workflow.State{
		workflow.Received, workflow.Refused, workflow.Registered, workflow.Presented, workflow.Directed, workflow.InProgress, workflow.Resolved,
	} {
		for act, want := range map[workflow.Action]workflow.State{workflow.TakeBack: workflow.Recalled, workflow.Supersede: workflow.Replaced} {
			next, err := workflow.Next(workflow.Incoming, s, act)
			if err != nil || next != want || !workflow.Frozen(next) {
				t.Errorf("%s %s: %s, %v", s, act, next, err)
			}
			for _, a := range acts {
				if _, err := workflow.Next(workflow.Incoming, next, a); err == nil {
					t.Errorf("%s is possible in %s", a, next)
				}
			}
			if back, err := workflow.Thaw(next, s); err != nil || back != s {
				t.Errorf("declined: %s, %v, want %s", back, err, s)
			}
		}
		if got, err := workflow.Thaw(s, workflow.Received); err == nil || got != s {
			t.Errorf("%s is not frozen and became %s", s, got)
		}
	}
	if next, err := workflow.Next(workflow.Incoming, workflow.Replaced, workflow.TakeBack); err != nil || next != workflow.Recalled {
		t.Errorf("a replaced document can be recalled: %s, %v", next, err)
	}
	for _, s := range []workflow.State{workflow.Draft, workflow.Signed, workflow.AgencySigned, workflow.Voided} {
		for _, a := range []workflow.Action{workflow.Recall, workflow.Update, workflow.TakeBack, workflow.Supersede} {
			if _, err := workflow.Next(workflow.Outgoing, s, a); err == nil {
				t.Errorf("%s is possible in %s", a, s)
			}
		}
	}
}
