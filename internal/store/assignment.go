package store

import "congvan/internal/document"

var assignmentTable = newTable("assignments", assignmentColumns(new(document.Assignment)))

func assignmentColumns(a *document.Assignment) columns {
	return columns{
		{"id", a.ID, &a.ID},
		{"incoming_id", a.IncomingID, &a.IncomingID},
		{"giver_id", a.GiverID, &a.GiverID},
		{"position_id", a.PositionID, &a.PositionID},
		{"unit_id", a.UnitID, &a.UnitID},
		{"role", a.Role, &a.Role},
		{"state", a.State, &a.State},
		{"deadline", a.Deadline.String(), asDate{&a.Deadline}},
		{"opinion", a.Opinion, &a.Opinion},
		{"created_at", micros(a.CreatedAt), asTime{&a.CreatedAt}},
		{"started_at", microsOrNull(a.StartedAt), asTimePtr{&a.StartedAt}},
		{"done_at", microsOrNull(a.DoneAt), asTimePtr{&a.DoneAt}},
		{"note", a.Note, &a.Note},
	}
}

func scanAssignment(row scanner) (document.Assignment, error) {
	var a document.Assignment
	err := row.Scan(append(assignmentColumns(&a).dests(), &a.Row)...)
	return a, err
}

func (t *tx) assignments(where string, args ...any) ([]document.Assignment, error) {
	return list(t, scanAssignment,
		"SELECT "+assignmentTable.read+", d.rev FROM assignments d WHERE "+where+t.lock(), args...)
}

// Assignments of a received document, in the order in which they were given.
func (t *tx) Assignments(incomingID string) ([]document.Assignment, error) {
	return t.assignments("d.incoming_id = ? ORDER BY d.no", incomingID)
}

// Assignment finds one.
func (t *tx) Assignment(id string) (document.Assignment, error) {
	return one(t.assignments("d.id = ?", id))
}

// PutAssignment writes it.
func (t *tx) PutAssignment(a *document.Assignment) error {
	if err := t.put(assignmentTable, a.ID, &a.Row, assignmentColumns(a)); err != nil {
		return err
	}
	return t.dueAgain(a.IncomingID)
}
