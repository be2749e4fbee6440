package workflow_test

import (
	"testing"

	"congvan/internal/fault"
	"congvan/internal/workflow"
)

// TestOutgoingRoad walks the legal order of NĐ 30/2020 Đ.10–19 and the ways back.
func TestOutgoingRoad(t *testing.T) {
	s := workflow.Draft
	for _, x := range []struct {
		act  workflow.Action
		want workflow.State
	}{
		{workflow.Revise, workflow.Draft},
		{workflow.Submit, workflow.InReview},
		{workflow.Return, workflow.Draft},
		{workflow.Submit, workflow.InReview},
		{workflow.ApproveContent, workflow.ContentApproved},
		{workflow.ApproveFormat, workflow.FormatApproved},
		{workflow.Sign, workflow.Signed},
		{workflow.Return, workflow.Draft},
		{workflow.Submit, workflow.InReview},
		{workflow.ApproveContent, workflow.ContentApproved},
		{workflow.ApproveFormat, workflow.FormatApproved},
		{workflow.Sign, workflow.Signed},
		{workflow.Number, workflow.Numbered},
		{workflow.Seal, workflow.AgencySigned},
		{workflow.Issue, workflow.Issued},
	} {
		next, err := workflow.Next(workflow.Outgoing, s, x.act)
		if err != nil || next != x.want {
			t.Fatalf("%s in %s: got %s, %v; want %s", x.act, s, next, err, x.want)
		}
		s = next
	}
}

// TestForbiddenSteps are the shortcuts the law does not know.
func TestForbiddenSteps(t *testing.T) {
	for _, x := range []struct {
		m   workflow.Machine
		s   workflow.State
		act workflow.Action
	}{
		{workflow.Outgoing, workflow.Draft, workflow.Sign},
		{workflow.Outgoing, workflow.InReview, workflow.ApproveFormat}, // content first
		{workflow.Outgoing, workflow.ContentApproved, workflow.Sign},
		{workflow.Outgoing, workflow.FormatApproved, workflow.Number}, // no number before the signature
		{workflow.Outgoing, workflow.Signed, workflow.Seal},
		{workflow.Outgoing, workflow.Numbered, workflow.Return}, // after the number only số hủy
		{workflow.Outgoing, workflow.Numbered, workflow.Issue},
		{workflow.Outgoing, workflow.Issued, workflow.Void},
		{workflow.Outgoing, workflow.Voided, workflow.Seal},
		{workflow.Incoming, workflow.Received, workflow.Assign}, // unregistered: no duty for anyone
		{workflow.Incoming, workflow.Refused, workflow.Register},
		{workflow.Incoming, workflow.Presented, workflow.Complete},
		{workflow.Incoming, workflow.Resolved, workflow.Start},
		{workflow.Assignment, workflow.Done, workflow.Start},
		{"nonsense", workflow.Draft, workflow.Submit},
	} {
		s, err := workflow.Next(x.m, x.s, x.act)
		if s != x.s || !fault.Is(err, "action_not_now") || fault.KindOf(err) != fault.Conflict {
			t.Errorf("%s: %s in %s gave %s, %v", x.m, x.act, x.s, s, err)
		}
	}
}

func TestAllowedAgreesWithNext(t *testing.T) {
	for _, m := range []workflow.Machine{workflow.Outgoing, workflow.Incoming} {
		for _, s := range []workflow.State{workflow.Draft, workflow.Signed, workflow.Issued, workflow.Received, workflow.Directed, workflow.Resolved} {
			for _, a := range workflow.Allowed(m, s) {
				if _, err := workflow.Next(m, s, a); err != nil {
					t.Errorf("%s: %s is listed in %s but refused: %v", m, a, s, err)
				}
			}
		}
	}
	if got := workflow.Allowed(workflow.Outgoing, workflow.Voided); len(got) != 0 {
		t.Errorf("a voided document admits %v", got)
	}
}

// TestDeliveryIsMonotone: late, repeated and out-of-order statuses never move it back (D4).
func TestDeliveryIsMonotone(t *testing.T) {
	for _, x := range []struct{ now, step, want workflow.State }{
		{workflow.Queued, workflow.Sent, workflow.Sent},
		{workflow.Sent, workflow.Arrived, workflow.Arrived},
		{workflow.Arrived, workflow.Sent, workflow.Arrived}, // our own note came after the receipt
		{workflow.Acceptance, workflow.Arrived, workflow.Acceptance},
		{workflow.Processing, workflow.Assigned, workflow.Processing},
		{workflow.Sent, workflow.Failed, workflow.Failed},
		{workflow.Failed, workflow.Arrived, workflow.Arrived}, // late receipt after a failure
		{workflow.Arrived, workflow.Failed, workflow.Arrived},
		{workflow.Arrived, workflow.Refusal, workflow.Refusal},
		{workflow.Acceptance, workflow.Refusal, workflow.Acceptance},
		{workflow.Refusal, workflow.Acceptance, workflow.Refusal},
		{workflow.Completed, workflow.Processing, workflow.Completed},
		{workflow.Sent, "", workflow.Sent}, // unknown code
	} {
		if got := workflow.Advance(x.now, x.step); got != x.want {
			t.Errorf("Advance(%s, %s) = %s, want %s", x.now, x.step, got, x.want)
		}
	}
	for _, c := range []workflow.StatusCode{"01", "02", "03", "04", "05", "06"} {
		s, ok := workflow.DeliveryState(c)
		if !ok || !workflow.Delivered(s) {
			t.Errorf("status %s: state %q, known %v", c, s, ok)
		}
	}
	if _, ok := workflow.DeliveryState("14"); ok {
		t.Error("14 is no known status")
	}
}
