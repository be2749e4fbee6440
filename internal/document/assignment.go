package document

import (
	"time"

	"congvan/internal/calendar"
	"congvan/internal/workflow"
)

// AssignmentRole of a person or unit that a document is given to (vai trò xử lý).
type AssignmentRole string

const (
	Lead         AssignmentRole = "LEAD"  // xử lý chính (XLC)
	Coordinating AssignmentRole = "COORD" // phối hợp (PH)
	Information  AssignmentRole = "FYI"   // nhận để biết (NĐB)
)

// AssignmentTo is a line of a leader's direction: who, as what, until when.
type AssignmentTo struct {
	PositionID string         `json:"position_id"`
	Role       AssignmentRole `json:"role"`
	Deadline   calendar.Date  `json:"deadline"`
}

// Assignment gives an incoming document to a person with a deadline and an opinion (phân
// công, bút phê; NĐ 30/2020 Đ.23, Đ.24).
type Assignment struct {
	ID         string         `json:"id"`
	Row        int64          `json:"row"`
	IncomingID string         `json:"incoming_id"`
	GiverID    string         `json:"giver_id"`    // position
	PositionID string         `json:"position_id"` // who works
	UnitID     string         `json:"unit_id"`     // of that position
	Role       AssignmentRole `json:"role"`
	State      workflow.State `json:"state"`
	Deadline   calendar.Date  `json:"deadline"` // zero if none
	Opinion    string         `json:"opinion"`
	CreatedAt  time.Time      `json:"created_at"`
	StartedAt  *time.Time     `json:"started_at"`
	DoneAt     *time.Time     `json:"done_at"`
	Note       string         `json:"note"` // result, or reason of a return
}
