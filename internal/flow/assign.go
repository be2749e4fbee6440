package flow

import (
	"context"
	"strings"

	"congvan/internal/authz"
	"congvan/internal/calendar"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/workflow"
)

// AssignInput is a leader's direction (bút phê).
type AssignInput struct {
	To      []document.AssignmentTo `json:"to"`
	Opinion string                  `json:"opinion"`
}

// maxAssignees of one direction.
const maxAssignees = 50

// Assign gives a document to those who work on it (phân công, NĐ 30/2020 Đ.23.2): one or
// more in the lead, others co-ordinating or for information, each with a deadline; 04 to
// the sender. It may be repeated to add people.
func (f *Flow) Assign(ctx context.Context, a Actor, id string, in AssignInput) (document.Incoming, error) {
	var d document.Incoming
	if err := document.Text("opinion", in.Opinion, 0, document.MaxOpinion); err != nil {
		return d, err
	}
	if len(in.To) == 0 || len(in.To) > maxAssignees {
		return d, fault.New(fault.Invalid, "assignees_count").Field("to").With("max", maxAssignees)
	}
	err := f.Store.Write(ctx, func(tx Tx) (err error) {
		var before []document.Assignment
		if d, before, err = f.incoming(tx, a, id, workflow.Assign); err != nil {
			return err
		}
		lead, given := false, map[string]bool{}
		for _, b := range before {
			if b.State != workflow.Returned && b.State != workflow.Withdrawn {
				given[b.PositionID] = true
				lead = lead || b.Role == document.Lead
			}
		}
		for _, to := range in.To {
			if given[to.PositionID] {
				return fault.New(fault.Conflict, "already_assigned").Field("to")
			}
			given[to.PositionID] = true
			lead = lead || to.Role == document.Lead
			if err := f.give(tx, a, &d, to, in.Opinion); err != nil {
				return err
			}
		}
		if !lead {
			return fault.New(fault.Invalid, "lead_required").Field("to")
		}
		if err := f.notice(tx, a, &d, workflow.StatusAssigned, "Lãnh đạo: Phân công xử lý", false); err != nil {
			return err
		}
		return f.put(tx, a, &d, workflow.Assign, map[string]string{"count": itoa(len(in.To)), "opinion": strings.TrimSpace(in.Opinion)})
	})
	return d, err
}

func (f *Flow) give(tx Tx, a Actor, d *document.Incoming, to document.AssignmentTo, opinion string) error {
	p, err := tx.Position(to.PositionID)
	if err != nil || p.AgencyID != a.AgencyID {
		return fault.New(fault.Invalid, "assignee_unknown").Field("to")
	}
	switch to.Role {
	case document.Lead, document.Coordinating, document.Information:
	default:
		return fault.New(fault.Invalid, "assignment_role_unknown").Field("to")
	}
	if !to.Deadline.IsZero() && to.Deadline.Before(calendar.DateOf(f.now())) {
		return fault.New(fault.Invalid, "deadline_past").Field("to")
	}
	id, err := f.newID("asg-")
	if err != nil {
		return err
	}
	return tx.PutAssignment(&document.Assignment{
		ID: id, IncomingID: d.ID, GiverID: a.PositionID, PositionID: p.ID, UnitID: p.UnitID, Role: to.Role,
		State: workflow.Pending, Deadline: to.Deadline, Opinion: strings.TrimSpace(opinion), CreatedAt: f.now(),
	})
}

// Start tells that work has begun: 05. For an assignment for information it only marks it
// seen.
func (f *Flow) Start(ctx context.Context, a Actor, id string) (document.Incoming, error) {
	var d document.Incoming
	err := f.Store.Write(ctx, func(tx Tx) (err error) {
		var as []document.Assignment
		if d, as, err = f.incoming(tx, a, id, workflow.Start); err != nil {
			return err
		}
		mine := own(as, a)
		if mine == nil {
			return authz.Decision{Read: true, Code: "forbidden_role", Who: "who_assignee"}.Err()
		}
		now := f.now()
		act := workflow.Start
		if mine.Role == document.Information {
			act = workflow.Look
		}
		if mine.State, err = workflow.Next(workflow.Assignment, mine.State, act); err != nil {
			return notNow(tx, authz.Incoming, id, err)
		}
		mine.StartedAt = &now
		if err := tx.PutAssignment(mine); err != nil {
			return err
		}
		if act == workflow.Look {
			return tx.Journal(f.entry(a, act, authz.Incoming, d.ID, d.RawKey, nil))
		}
		if err := f.notice(tx, a, &d, workflow.StatusProcessing, "Đang xử lý", false); err != nil {
			return err
		}
		return f.put(tx, a, &d, workflow.Start, nil)
	})
	return d, err
}

// own is the assignment by which a acts: theirs, or as unit head one of the unit's.
func own(as []document.Assignment, a Actor) *document.Assignment {
	var unit *document.Assignment
	for i := range as {
		if as[i].State == workflow.Returned || as[i].State == workflow.Withdrawn {
			continue
		}
		if as[i].PositionID == a.PositionID {
			return &as[i]
		}
		if unit == nil && as[i].UnitID == a.UnitID {
			unit = &as[i]
		}
	}
	return unit
}

// Complete ends the work on a document (hoàn thành): 06. When the lead ends it, all open
// assignments end with it; several leads must each complete theirs. A direction with a
// deadline for an answer is ended by the answer's issue, or by a note that says why none.
func (f *Flow) Complete(ctx context.Context, a Actor, id, note string) (document.Incoming, error) {
	var d document.Incoming
	if err := document.Text("note", note, 0, document.MaxOpinion); err != nil {
		return d, err
	}
	err := f.Store.Write(ctx, func(tx Tx) (err error) {
		var as []document.Assignment
		if d, as, err = f.incoming(tx, a, id, workflow.Complete); err != nil {
			return err
		}
		mine := own(as, a)
		if mine == nil || mine.Role != document.Lead {
			return authz.Decision{Read: true, Code: "forbidden_role", Who: "who_lead"}.Err()
		}
		if err := f.end(tx, mine, note); err != nil {
			return err
		}
		for i := range as {
			if as[i].ID != mine.ID && as[i].Role == document.Lead && isOpen(as[i].State) {
				return tx.Journal(f.entry(a, "COMPLETE_PART", authz.Incoming, d.ID, d.RawKey, nil))
			}
		}
		for i := range as {
			if as[i].ID != mine.ID && isOpen(as[i].State) {
				if err := f.end(tx, &as[i], ""); err != nil {
					return err
				}
			}
		}
		now := f.now()
		d.ResolvedAt = &now
		if err := f.notice(tx, a, &d, workflow.StatusCompleted, "Hoàn thành", false); err != nil {
			return err
		}
		return f.put(tx, a, &d, workflow.Complete, map[string]string{"note": strings.TrimSpace(note)})
	})
	return d, err
}

func isOpen(s workflow.State) bool { return s == workflow.Pending || s == workflow.Accepted }

func (f *Flow) end(tx Tx, as *document.Assignment, note string) (err error) {
	if as.State, err = workflow.Next(workflow.Assignment, as.State, workflow.Complete); err != nil {
		return notNow(tx, authz.Incoming, as.IncomingID, err)
	}
	now := f.now()
	as.DoneAt, as.Note = &now, strings.TrimSpace(note)
	return tx.PutAssignment(as)
}
