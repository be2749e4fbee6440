// Package workflow holds the states of the work and the acts that lead from one to
// the next, as tables: Next(machine, state, action) is the only way to change a state.
// NĐ 30/2020 Đ.10–24; the machines are our synthesis of the decree and of practice.
package workflow

import "congvan/internal/fault"

// State of a document, an assignment or a delivery.
type State string

// Action is an act that may change a state.
type Action string

// Machine names a transition table.
type Machine string

const (
	Outgoing   Machine = "outgoing"   // văn bản đi
	Incoming   Machine = "incoming"   // văn bản đến
	Assignment Machine = "assignment" // phân công xử lý, one per person or unit
	Delivery   Machine = "delivery"   // phát hành, one per recipient
)

// States of an outgoing document.
const (
	Draft           State = "DRAFT"
	InReview        State = "IN_REVIEW"
	ContentApproved State = "CONTENT_APPROVED"
	FormatApproved  State = "FORMAT_APPROVED"
	Signed          State = "SIGNED"
	Numbered        State = "NUMBERED"
	AgencySigned    State = "AGENCY_SIGNED"
	Issued          State = "ISSUED"
	Voided          State = "VOIDED" // số hủy: the number stays used
	Cancelled       State = "CANCELLED"
)

// States of an incoming document.
const (
	Received   State = "RECEIVED"
	Refused    State = "REFUSED"
	Registered State = "REGISTERED"
	Presented  State = "PRESENTED"
	Directed   State = "DIRECTED"
	InProgress State = "IN_PROGRESS"
	Resolved   State = "RESOLVED"
)

// States of an assignment.
const (
	Pending   State = "PENDING"
	Accepted  State = "ACCEPTED"
	Seen      State = "SEEN"
	Done      State = "DONE"
	Returned  State = "RETURNED"
	Withdrawn State = "WITHDRAWN"
)

// States of a delivery. The wire codes of QCVN 102 follow each other in this order.
const (
	Queued     State = "QUEUED"
	Sent       State = "SENT"
	Arrived    State = "ARRIVED"    // 01
	Refusal    State = "REFUSED"    // 02
	Acceptance State = "ACCEPTED"   // 03
	Assigned   State = "ASSIGNED"   // 04
	Processing State = "PROCESSING" // 05
	Completed  State = "COMPLETED"  // 06
	Failed     State = "FAILED"     // given up; the clerk may send again
	Recalled   State = "RECALLED"   // taken back while it was still queued or given up: it never left
)

// Actions on outgoing documents.
const (
	Submit         Action = "SUBMIT"
	Withdraw       Action = "WITHDRAW"
	ApproveContent Action = "APPROVE_CONTENT"
	ApproveFormat  Action = "APPROVE_FORMAT"
	Return         Action = "RETURN"
	Sign           Action = "SIGN"
	Number         Action = "NUMBER"
	Seal           Action = "SEAL"
	Issue          Action = "ISSUE"
	Revise         Action = "REVISE" // new version or changed metadata
	Void           Action = "VOID"
	Cancel         Action = "CANCEL"
	Resend         Action = "RESEND"      // a failed delivery
	RetryLevel     Action = "RETRY_LEVEL" // of a signature that waits for its timestamp or long-term data
)

// Actions on incoming documents and assignments.
const (
	Register Action = "REGISTER"
	Refuse   Action = "REFUSE"
	Present  Action = "PRESENT"
	Assign   Action = "ASSIGN"
	Start    Action = "START"
	Complete Action = "COMPLETE"
	Reply    Action = "REPLY" // draft an answer; changes no state of its own
	Look     Action = "LOOK"  // a for-information assignment has been read
)

// View is reading; it changes nothing and is decided by authz only.
const View Action = "VIEW"

type step struct {
	from State
	act  Action
}

// tables is data: machine → (state, action) → next state.
func tables(m Machine) map[step]State {
	switch m {
	case Outgoing:
		return map[step]State{
			{Draft, Revise}:            Draft,
			{Draft, Submit}:            InReview,
			{Draft, Cancel}:            Cancelled,
			{InReview, Withdraw}:       Draft,
			{InReview, ApproveContent}: ContentApproved,
			{InReview, Return}:         Draft,

			{ContentApproved, ApproveFormat}: FormatApproved,
			{ContentApproved, Return}:        Draft,

			{FormatApproved, Sign}:   Signed,
			{FormatApproved, Return}: Draft,

			{Signed, Return}: Draft, // discards the signature: a new version is needed
			{Signed, Number}: Numbered,

			{Numbered, Seal}: AgencySigned,
			{Numbered, Void}: Voided,

			{AgencySigned, Issue}: Issued,
			{AgencySigned, Void}:  Voided,

			{Issued, Resend}: Issued,

			{Signed, RetryLevel}:       Signed,
			{AgencySigned, RetryLevel}: AgencySigned,
			{Issued, RetryLevel}:       Issued,
		}
	case Incoming:
		return map[step]State{
			{Received, Register}: Registered,
			{Received, Refuse}:   Refused,

			{Registered, Present}: Presented,
			{Registered, Assign}:  Directed,
			{Presented, Assign}:   Directed,
			{Directed, Assign}:    Directed,
			{InProgress, Assign}:  InProgress,

			{Directed, Start}:      InProgress,
			{InProgress, Start}:    InProgress,
			{Directed, Reply}:      Directed,
			{InProgress, Reply}:    InProgress,
			{Directed, Complete}:   Resolved,
			{InProgress, Complete}: Resolved,
		}
	case Assignment:
		return map[step]State{
			{Pending, Start}:     Accepted,
			{Pending, Look}:      Seen,
			{Pending, Complete}:  Done,
			{Pending, Return}:    Returned,
			{Pending, Withdraw}:  Withdrawn,
			{Accepted, Complete}: Done,
			{Accepted, Return}:   Returned,
		}
	}
	return nil
}

// Next is the state that action leads to from state. A pair that the table does not
// hold is Conflict "action_not_now" with the state and the action.
func Next(m Machine, s State, a Action) (State, error) {
	if next, ok := tables(m)[step{s, a}]; ok {
		return next, nil
	}
	return s, fault.New(fault.Conflict, "action_not_now").With("state", s).With("action", a)
}

// Allowed lists the actions that state admits, in the order of the constants.
func Allowed(m Machine, s State) []Action {
	t := tables(m)
	var out []Action
	for _, a := range order {
		if _, ok := t[step{s, a}]; ok {
			out = append(out, a)
		}
	}
	return out
}

var order = [...]Action{
	Submit, Withdraw, ApproveContent, ApproveFormat, Sign, Number, Seal, Issue, Resend, RetryLevel, Register, Present,
	Assign, Start, Reply, Complete, Look, Revise, Return, Refuse, Void, Cancel,
}
