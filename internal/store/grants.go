package store

import (
	"strings"

	"congvan/internal/authz"
	"congvan/internal/workflow"
)

// where is a condition in the making; its placeholders and args go together.
type where struct {
	parts []string
	args  []any
}

func (w *where) and(condition string, args ...any) {
	w.parts = append(w.parts, condition)
	w.args = append(w.args, args...)
}

// or joins the parts as alternatives; without any nothing holds.
func (w *where) or() string {
	if len(w.parts) == 0 {
		return "FALSE"
	}
	return "(" + strings.Join(w.parts, " OR ") + ")"
}

func (w *where) String() string { return strings.Join(w.parts, " AND ") }

// in restricts a column to values.
func in[T ~string](w *where, column string, values []T) {
	if len(values) == 0 {
		return
	}
	args := make([]any, len(values))
	for i, v := range values {
		args[i] = string(v)
	}
	w.and(column+" IN (?"+strings.Repeat(", ?", len(values)-1)+")", args...)
}

// grant is the one place where rights become SQL: the documents d of a kind that the grants
// admit. It agrees with authz.CanRead (see the test).
func (w *where) grant(d dialect, kind authz.Kind, g authz.Grants) {
	w.and("d.agency_id = ?", g.AgencyID)
	switch {
	case g.AgencyID == "":
		w.and("FALSE")
	case g.All:
	case kind == authz.Outgoing:
		granted := outgoingGrants(g)
		w.and(granted.or(), granted.args...)
	default:
		granted := incomingGrants(d, g)
		w.and(granted.or(), granted.args...)
	}
}

func outgoingGrants(g authz.Grants) where {
	var w where
	left := "d.state NOT IN ('" + string(workflow.Draft) + "', '" + string(workflow.Cancelled) + "')"
	if g.NotDrafts {
		w.and(left)
	}
	if g.UnitID != "" {
		w.and("d.unit_id = ?", g.UnitID)
	}
	if g.UnitIssued != "" {
		w.and("d.unit_id = ? AND (d.state = '"+string(workflow.Issued)+"' OR d.state"+frozen+")", g.UnitIssued)
	}
	if g.PositionID != "" {
		w.and("d.drafter_id = ?", g.PositionID)
		w.and("d.signer_id = ? AND "+left, g.PositionID)
	}
	return w
}

// frozen is a condition on a state: taken back or replaced.
const frozen = " IN ('" + string(workflow.Recalled) + "', '" + string(workflow.Replaced) + "')"

func incomingGrants(d dialect, g authz.Grants) where {
	var w where
	const assigned = "SELECT a.incoming_id FROM assignments a WHERE a.state NOT IN ('" +
		string(workflow.Withdrawn) + "', '" + string(workflow.Returned) + "') AND "
	// Answers to what the position drafted.
	const answers = "SELECT r.incoming_id FROM incoming_responses r JOIN outgoing o ON o.document_id = r.document_id" +
		" JOIN incoming q ON q.id = r.incoming_id WHERE q.agency_id = o.agency_id AND q.state NOT IN ('" +
		string(workflow.Received) + "', '" + string(workflow.Refused) + "') AND NOT (q.state" + frozen + " AND q.arrival_number = 0) AND o.drafter_id = ?"
	// One set of ids, so that a reader of few documents among many is led to them by it.
	var own where
	if g.UnitID != "" {
		own.and(assigned+"a.unit_id = ?", g.UnitID)
	}
	if g.PositionID != "" {
		own.and(assigned+"a.position_id = ?", g.PositionID)
		own.and(answers, g.PositionID)
	}
	switch {
	case g.NotDrafts: // nearly all: looked at one by one
		w.and("d.state <> '" + string(workflow.Received) + "' AND NOT (d.state" + frozen + " AND d.arrival_number = 0)")
		w.and("d.presented_to = ? AND d.presented_to <> ''", g.PositionID)
	case g.PositionID != "":
		own.and("SELECT p.id FROM incoming p WHERE p.presented_to = ? AND p.presented_to <> ''", g.PositionID)
	}
	if len(own.parts) > 0 {
		w.and("d.id "+d.among(strings.Join(own.parts, " UNION ALL ")), own.args...)
	}
	return w
}
