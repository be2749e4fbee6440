package workflow

import "congvan/internal/fault"

// Frozen tells whether a document has been taken back or replaced.
func Frozen(s State) bool { return s == Recalled || s == Replaced }

// Published tells whether an outgoing document has been issued, whatever became of it.
func Published(s State) bool { return s == Issued || Frozen(s) }

// Thaw is the state of a document whose recipient declined the change that froze it: what
// it was before.
func Thaw(now, before State) (State, error) {
	if !Frozen(now) || before == "" || before == Recalled {
		return now, fault.New(fault.Conflict, "action_not_now").With("state", now).With("action", Decline)
	}
	return before, nil
}

// ChangeState is the state that an answer stands for; ok is false for any other code.
func ChangeState(c StatusCode) (s State, ok bool) {
	switch c {
	case StatusAgreed:
		return Agreed, true
	case StatusDeclined:
		return Declined, true
	}
	return "", false
}

// changeRank orders the states of a change at its sender. What was agreed to stays so; who
// declined may still agree.
func changeRank(s State) int {
	switch s {
	case Asked:
		return 0
	case Failed:
		return 1
	case Sent:
		return 2
	case Declined:
		return 3
	case Agreed, Recalled:
		return 4
	}
	return -1
}

// AdvanceChange is the state of a change after a step of its sending or an answer: the
// later of the two, so that late, repeated and out-of-order ones are harmless.
func AdvanceChange(now, step State) State {
	if changeRank(step) > changeRank(now) {
		return step
	}
	return now
}
