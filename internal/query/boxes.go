package query

import (
	"context"
	"time"

	"congvan/internal/authz"
	"congvan/internal/calendar"
	"congvan/internal/flow"
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
func (v *Views) boxes(s authz.Subject, at receipts) []box {
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
			in("receipt-late", true, Filter{States: []workflow.State{workflow.Received}, ReceivedTo: at.late}),
			in("receipt-soon", true, Filter{States: []workflow.State{workflow.Received}, ReceivedAt: at.late, ReceivedTo: at.warn}),
			in("asked", true, Filter{Asked: true}),
			in("to-register", true, Filter{States: []workflow.State{workflow.Received}}),
			in("to-present", true, Filter{States: []workflow.State{workflow.Registered}}),
			out("to-number", true, Filter{States: []workflow.State{workflow.Signed}}),
			out("to-seal", true, Filter{States: []workflow.State{workflow.Numbered}}),
			out("to-issue", true, Filter{States: []workflow.State{workflow.AgencySigned}}),
			out("failed", true, Filter{States: []workflow.State{workflow.Issued}, Failed: true}),
			out("unheard", false, Filter{States: []workflow.State{workflow.Issued}, UnheardFrom: at.late}))
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
			in("my-work", true, Filter{States: []workflow.State{workflow.Directed, workflow.InProgress}, AssigneeID: s.PositionID, Assignment: []workflow.State{workflow.Pending, workflow.Accepted}}),
			out("returned", true, Filter{DrafterID: s.PositionID, States: []workflow.State{workflow.Draft}, Returned: true}),
			out("drafts", false, Filter{DrafterID: s.PositionID, States: []workflow.State{workflow.Draft}}),
			out("in-review", false, Filter{DrafterID: s.PositionID, States: []workflow.State{
				workflow.InReview, workflow.ContentApproved, workflow.FormatApproved, workflow.Signed, workflow.Numbered, workflow.AgencySigned,
			}}))
	}
	return append(b,
		in("overdue", false, Filter{DueBefore: today}),
		in("taken-back", false, Filter{States: []workflow.State{workflow.Recalled, workflow.Replaced}}),
		out("issued", false, Filter{States: []workflow.State{workflow.Issued}}),
		out("taken-back", false, Filter{States: []workflow.State{workflow.Recalled, workflow.Replaced}}),
		in("resolved", false, Filter{States: []workflow.State{workflow.Resolved}}))
}

// filter finds a box of the reader by key; "" is all of the kind.
func (v *Views) filter(s authz.Subject, kind authz.Kind, key string, at receipts) (Filter, bool) {
	if key == "" {
		return Filter{Kind: kind, Grants: authz.Scope(s, kind)}, true
	}
	for _, b := range v.boxes(s, at) {
		if b.key == key && b.filter.Kind == kind {
			return b.filter, true
		}
	}
	return Filter{}, false
}

// receipts divides, at one moment, what was received and not yet answered.
type receipts struct {
	late time.Time // what came before this is late
	warn time.Time // what came before this is to be warned of
}

func (v *Views) receipts(ctx context.Context) (receipts, error) {
	var at receipts
	err := v.Store.Read(ctx, func(tx flow.ReadTx) error {
		cal, err := tx.Calendar()
		now := v.Clock()
		at = receipts{late: cal.LateBefore(now), warn: v.Watch.WarnBefore(cal, now)}
		return err
	})
	return at, err
}

// mark tells of each row that waits for its receipt how urgent that is.
func (at receipts) mark(rows []Row) {
	for i := range rows {
		r := &rows[i]
		if r.Kind != authz.Incoming || r.State != workflow.Received {
			continue
		}
		switch {
		case r.Sort.Before(at.late):
			r.Receipt = calendar.ReceiptLate
		case r.Sort.Before(at.warn):
			r.Receipt = calendar.ReceiptSoon
		}
	}
}
