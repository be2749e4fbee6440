package query

import (
	"congvan/internal/authz"
	"congvan/internal/calendar"
	"congvan/internal/org"
	"congvan/internal/workflow"
)

// box is a list with its name: data, in the order in which a home page shows them.
type box struct {
	key    string
	act    bool // waits for the reader's own act
	filter Filter
}

// boxes are the lists of a reader, by role. Keys are stable: they stand in addresses.
func (v *Views) boxes(s authz.Subject) []box {
	out := func(key string, act bool, f Filter) box {
		f.Kind, f.Grants = authz.Outgoing, authz.Scope(s, authz.Outgoing)
		return box{key, act, f}
	}
	in := func(key string, act bool, f Filter) box {
		f.Kind, f.Grants = authz.Incoming, authz.Scope(s, authz.Incoming)
		return box{key, act, f}
	}
	today := calendar.DateOf(v.Clock())
	var b []box
	if s.Has(org.RoleClerk) {
		b = append(b,
			in("to-register", true, Filter{States: []workflow.State{workflow.Received}}),
			in("to-present", true, Filter{States: []workflow.State{workflow.Registered}}),
			out("to-number", true, Filter{States: []workflow.State{workflow.Signed}}),
			out("to-seal", true, Filter{States: []workflow.State{workflow.Numbered}}),
			out("to-issue", true, Filter{States: []workflow.State{workflow.AgencySigned}}),
			out("failed", true, Filter{States: []workflow.State{workflow.Issued}, Failed: true}))
	}
	if s.Has(org.RoleLeader) {
		b = append(b,
			out("to-sign", true, Filter{States: []workflow.State{workflow.FormatApproved}, SignerID: s.PositionID}),
			in("to-direct", true, Filter{States: []workflow.State{workflow.Presented}, PresentedTo: s.PositionID}))
	}
	if s.Has(org.RoleUnitHead) {
		b = append(b, out("to-approve-content", true, Filter{States: []workflow.State{workflow.InReview}, UnitID: s.UnitID}))
	}
	if s.Has(org.RoleFormatChecker) {
		b = append(b, out("to-approve-format", true, Filter{States: []workflow.State{workflow.ContentApproved}}))
	}
	if s.Has(org.RoleOfficial) || s.Has(org.RoleUnitHead) {
		b = append(b,
			in("my-work", true, Filter{AssigneeID: s.PositionID, Assignment: []workflow.State{workflow.Pending, workflow.Accepted}}),
			out("returned", true, Filter{DrafterID: s.PositionID, States: []workflow.State{workflow.Draft}, Returned: true}),
			out("drafts", false, Filter{DrafterID: s.PositionID, States: []workflow.State{workflow.Draft}}),
			out("in-review", false, Filter{DrafterID: s.PositionID, States: []workflow.State{
				workflow.InReview, workflow.ContentApproved, workflow.FormatApproved, workflow.Signed, workflow.Numbered, workflow.AgencySigned,
			}}))
	}
	return append(b,
		in("overdue", false, Filter{DueBefore: today}),
		out("issued", false, Filter{States: []workflow.State{workflow.Issued}}),
		in("resolved", false, Filter{States: []workflow.State{workflow.Resolved}}))
}

// filter finds a box of the reader by key; "" is all of the kind.
func (v *Views) filter(s authz.Subject, kind authz.Kind, key string) (Filter, bool) {
	if key == "" {
		return Filter{Kind: kind, Grants: authz.Scope(s, kind)}, true
	}
	for _, b := range v.boxes(s) {
		if b.key == key && b.filter.Kind == kind {
			return b.filter, true
		}
	}
	return Filter{}, false
}
