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
	Change     Machine = "change"     // thu hồi, cập nhật, thay thế, one per document and recipient
	Message    Machine = "message"    // a message set aside (cách ly)
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
)

// States in which a document is frozen, outgoing and incoming alike: no act leads on, its
// files stay readable by those who could read them, nothing is deleted (RULE-14). A delivery
// that is recalled never left.
const (
	Recalled State = "RECALLED" // đã thu hồi
	Replaced State = "REPLACED" // đã bị thay thế
)

// States of a change, beside Sent and Failed of its sending, and Recalled of what never left.
const (
	Asked    State = "ASKED"    // at the sender: to be sent
	Waiting  State = "WAITING"  // at the recipient: for the clerk's answer
	Agreed   State = "AGREED"   // 15
	Declined State = "DECLINED" // 16
)

// States of a message set aside.
const (
	Held        State = "HELD"
	TakenNew    State = "TAKEN_NEW"
	TakenUpdate State = "TAKEN_UPDATE"
	SentBack    State = "SENT_BACK" // refused, and its sender told so
	PutAway     State = "PUT_AWAY"  // with a note
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
	RetryLevel     Action = "RETRY_LEVEL" // of a signature that waits for its timestamp or long-term data
	Resend         Action = "RESEND"      // a failed delivery
	Recall         Action = "RECALL"      // thu hồi, from all or some recipients
	Update         Action = "UPDATE"      // fields or recipients of an issued document
	TakeBack       Action = "TAKE_BACK"   // the recall takes the document itself out of force
	Supersede      Action = "SUPERSEDE"   // another document stands in its place
)

// Actions on incoming documents and assignments.
const (
	Register Action = "REGISTER"
	Refuse   Action = "REFUSE"
	Present  Action = "PRESENT"
	Assign   Action = "ASSIGN"
	Start    Action = "START"
	Complete Action = "COMPLETE"
	Reply    Action = "REPLY"   // draft an answer; changes no state of its own
	Forward  Action = "FORWARD" // draft the note under which it goes on; changes no state of its own
	Look     Action = "LOOK"    // a for-information assignment has been read
	Agree    Action = "AGREE"   // to a change: 15
	Decline  Action = "DECLINE"
)

// Actions on messages set aside.
const (
	TakeNew    Action = "TAKE_NEW"    // as a document of its own
	TakeUpdate Action = "TAKE_UPDATE" // as new content of the document with the same identifier
	SendBack   Action = "SEND_BACK"   // refuse it: 02
	PutAside   Action = "PUT_ASIDE"   // put away with a note
	ReadAgain  Action = "READ_AGAIN"  // perhaps we can read it now
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

			{Signed, RetryLevel}:       Signed,
			{AgencySigned, RetryLevel}: AgencySigned,
			{Issued, RetryLevel}:       Issued,
			{Issued, Resend}:           Issued,
			{Issued, Update}:           Issued,
			{Issued, Recall}:           Issued,
			{Issued, TakeBack}:         Recalled,
			{Issued, Supersede}:        Replaced,
			{Recalled, Recall}:         Recalled, // again, of those who declined
		}
	case Incoming:
		t := map[step]State{
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
			{Registered, Forward}:  Registered,
			{Presented, Forward}:   Presented,
			{Directed, Forward}:    Directed,
			{InProgress, Forward}:  InProgress,
			{Resolved, Forward}:    Resolved,
			{Directed, Complete}:   Resolved,
			{InProgress, Complete}: Resolved,
		}
		// What its sender takes back or replaces is frozen wherever it stands.
		for _, s := range [...]State{Received, Refused, Registered, Presented, Directed, InProgress, Resolved, Replaced} {
			t[step{s, TakeBack}], t[step{s, Supersede}] = Recalled, Replaced
		}
		return t
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
	case Change:
		return map[step]State{
			{Waiting, Agree}:   Agreed,
			{Waiting, Decline}: Declined,
			{Declined, Agree}:  Agreed,
		}
	case Message:
		return map[step]State{
			{Held, TakeNew}:    TakenNew,
			{Held, TakeUpdate}: TakenUpdate,
			{Held, SendBack}:   SentBack,
			{Held, PutAside}:   PutAway,
			{Held, ReadAgain}:  TakenNew,
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
	Assign, Start, Reply, Forward, Complete, Look, Agree, Decline, TakeNew, TakeUpdate, SendBack, ReadAgain, PutAside, Update, Revise, Return,
	Refuse, Void, Cancel, Recall,
}
