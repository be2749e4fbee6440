package authz_test

import (
	"slices"
	"testing"

	"congvan/internal/authz"
	"congvan/internal/fault"
	"congvan/internal/org"
	"congvan/internal/workflow"
)

func subject(position, unit string, roles ...org.Role) authz.Subject {
	return authz.Subject{PersonID: "p-" + position, PositionID: position, AgencyID: "svd", UnitID: unit, Roles: roles}
}

func people() map[string]authz.Subject {
	foreign := subject("clerk2", "vp", org.RoleClerk, org.RoleLeader, org.RoleAuditor)
	foreign.AgencyID = "stn"
	return map[string]authz.Subject{
		"drafter": subject("drafter", "vp", org.RoleOfficial), "colleague": subject("colleague", "vp", org.RoleOfficial),
		"other unit": subject("other", "nv", org.RoleOfficial), "head": subject("head", "vp", org.RoleUnitHead),
		"other head": subject("head2", "nv", org.RoleUnitHead), "checker": subject("checker", "vp", org.RoleFormatChecker),
		"signer": subject("signer", "vp", org.RoleLeader), "deputy": subject("deputy", "vp", org.RoleLeader),
		"clerk": subject("clerk", "vp", org.RoleClerk), "admin": subject("admin", "vp", org.RoleAdmin),
		"auditor": subject("auditor", "vp", org.RoleAuditor), "other agency": foreign, "nobody": {},
	}
}

func outgoing(s workflow.State) authz.Resource {
	return authz.Resource{Kind: authz.Outgoing, AgencyID: "svd", UnitID: "vp", State: s, DrafterID: "drafter", SignerID: "signer"}
}

// TestWhoReadsAnOutgoingDocument lists the readers; everybody else gets "not there".
func TestWhoReadsAnOutgoingDocument(t *testing.T) {
	review := []string{"drafter", "head", "checker", "signer", "deputy", "clerk", "auditor"}
	for state, readers := range map[workflow.State][]string{
		workflow.Draft:    {"drafter", "head", "auditor"},
		workflow.InReview: review,
		workflow.Signed:   review,
		workflow.Issued:   append(slices.Clone(review), "colleague"),
	} {
		for name, s := range people() {
			d := authz.Can(s, workflow.View, outgoing(state))
			if want := slices.Contains(readers, name); d.Read != want || d.Act != want {
				t.Errorf("%s, %s: read %v, want %v", state, name, d.Read, want)
			}
			if !d.Read && fault.KindOf(d.Err()) != fault.NotFound {
				t.Errorf("%s, %s: without the right to read it is not there, got %v", state, name, d.Err())
			}
		}
	}
}

// TestWhoActs: one person or role for each act, the others learn who can.
func TestWhoActs(t *testing.T) {
	for _, x := range []struct {
		state workflow.State
		act   workflow.Action
		who   []string
		key   string
	}{
		{workflow.Draft, workflow.Submit, []string{"drafter"}, "who_drafter"},
		{workflow.InReview, workflow.ApproveContent, []string{"head"}, "who_unit_head"},
		{workflow.ContentApproved, workflow.ApproveFormat, []string{"checker"}, "who_format_checker"},
		{workflow.FormatApproved, workflow.Sign, []string{"signer"}, "who_signer"},
		{workflow.Signed, workflow.Number, []string{"clerk"}, "who_clerk"},
		{workflow.Numbered, workflow.Seal, []string{"clerk"}, "who_clerk"},
		{workflow.AgencySigned, workflow.Issue, []string{"clerk"}, "who_clerk"},
		{workflow.InReview, workflow.Return, []string{"head"}, "who_reviewer"},
		{workflow.Signed, workflow.Return, []string{"signer", "clerk"}, "who_reviewer"},
		{workflow.Numbered, workflow.Return, nil, "who_reviewer"},
	} {
		for name, s := range people() {
			d := authz.Can(s, x.act, outgoing(x.state))
			if want := slices.Contains(x.who, name); d.Act != want {
				t.Errorf("%s in %s by %s: %v, want %v", x.act, x.state, name, d.Act, want)
			}
			if d.Read && !d.Act && (fault.KindOf(d.Err()) != fault.Forbidden || d.Who != x.key) {
				t.Errorf("%s in %s by %s: %v, want who can: %s", x.act, x.state, name, d.Err(), x.key)
			}
		}
	}
}

// TestHeadDoesNotApproveOwnDraft: drafter and approver are two people.
func TestHeadDoesNotApproveOwnDraft(t *testing.T) {
	r := outgoing(workflow.InReview)
	r.DrafterID = "head"
	if authz.Can(people()["head"], workflow.ApproveContent, r).Act {
		t.Error("a unit head approved an own draft")
	}
}

func TestIncoming(t *testing.T) {
	r := authz.Resource{
		Kind: authz.Incoming, AgencyID: "svd", State: workflow.Directed, PresentedTo: "signer",
		Assignees: []authz.Assignee{{PositionID: "drafter", UnitID: "vp", Lead: true}, {PositionID: "other", UnitID: "nv"}, {PositionID: "colleague", UnitID: "vp", State: workflow.Returned}},
	}
	for name, want := range map[string]struct{ read, start, complete, assign bool }{
		"drafter": {true, true, true, false}, "other unit": {true, true, false, false}, "colleague": {},
		"head": {true, true, true, false}, "other head": {true, true, false, false}, "signer": {true, false, false, true},
		"deputy": {true, false, false, false}, "clerk": {true, false, false, false}, "auditor": {true, false, false, false},
		"admin": {}, "checker": {}, "other agency": {}, "nobody": {},
	} {
		s := people()[name]
		got := struct{ read, start, complete, assign bool }{
			authz.CanRead(s, r), authz.Can(s, workflow.Start, r).Act, authz.Can(s, workflow.Complete, r).Act, authz.Can(s, workflow.Assign, r).Act,
		}
		if got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
	// An unregistered document is the clerk's alone.
	r.State, r.PresentedTo, r.Assignees = workflow.Received, "", nil
	for name, s := range people() {
		if got, want := authz.CanRead(s, r), name == "clerk" || name == "auditor"; got != want {
			t.Errorf("unregistered, %s: %v", name, got)
		}
	}
}
