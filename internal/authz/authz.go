// Package authz decides who may read a document and who may act on it: one function
// for one thing, Can, and one for lists, Scope. Both work on facts handed in; neither
// asks a database. No right to read looks the same as "not there"; a right to read but
// not to act comes with the reason and with who can.
package authz

import (
	"slices"

	"congvan/internal/fault"
	"congvan/internal/org"
	"congvan/internal/workflow"
)

// Subject is the person acting, in one position of one agency.
type Subject struct {
	AccountID  string
	PersonID   string
	PersonName string
	PositionID string
	Title      string
	AgencyID   string
	UnitID     string
	Roles      []org.Role
	OnBehalfOf string // person name, when acting by delegation
}

// Has tells whether the subject's position carries a role.
func (s Subject) Has(r org.Role) bool { return slices.Contains(s.Roles, r) }

// Kind of a resource.
type Kind string

const (
	Outgoing Kind = "outgoing"
	Incoming Kind = "incoming"
	Message  Kind = "message" // a message set aside
)

// Resource is what a decision needs to know of a document.
type Resource struct {
	Kind        Kind
	AgencyID    string
	UnitID      string // drafting unit
	State       workflow.State
	DrafterID   string // positions
	SignerID    string
	PresentedTo string
	Assignees   []Assignee
	Askers      []string // positions that drafted what an incoming document answers
	Unbooked    bool     // an incoming document that has no arrival number
	Secret      bool     // a message that nobody may read
}

// Assignee is a position or a unit that a document was given to.
type Assignee struct {
	PositionID string
	UnitID     string
	State      workflow.State
	Lead       bool
}

// Decision is the answer with its reason.
type Decision struct {
	Read bool
	Act  bool
	Code string // catalogue code of the reason when Act is false
	Who  string // catalogue key of who can: "who_clerk"
}

// Err is nil when the act is allowed; NotFound without the right to read; Forbidden with
// the reason otherwise.
func (d Decision) Err() error {
	switch {
	case d.Act:
		return nil
	case !d.Read:
		return fault.Missing()
	}
	return fault.New(fault.Forbidden, d.Code).With("who", d.Who)
}

// rule ties an act to the relation that allows it.
type rule struct {
	allow func(Subject, Resource) bool
	who   string
}

func rules(k Kind) map[workflow.Action]rule {
	drafter := rule{isDrafter, "who_drafter"}
	head := rule{func(s Subject, r Resource) bool {
		return s.Has(org.RoleUnitHead) && s.UnitID == r.UnitID && s.PositionID != r.DrafterID
	}, "who_unit_head"}
	checker := rule{func(s Subject, _ Resource) bool { return s.Has(org.RoleFormatChecker) }, "who_format_checker"}
	signer := rule{func(s Subject, r Resource) bool { return s.PositionID == r.SignerID }, "who_signer"}
	clerk := rule{func(s Subject, _ Resource) bool { return s.Has(org.RoleClerk) }, "who_clerk"}
	leader := rule{func(s Subject, r Resource) bool {
		return s.Has(org.RoleLeader) && (r.PresentedTo == "" || r.PresentedTo == s.PositionID)
	}, "who_leader"}
	assignee := rule{func(s Subject, r Resource) bool { return assigned(s, r, false) }, "who_assignee"}
	forwarder := rule{func(s Subject, r Resource) bool {
		return s.Has(org.RoleClerk) || leader.allow(s, r) || assigned(s, r, false)
	}, "who_forwarder"}
	lead := rule{func(s Subject, r Resource) bool { return assigned(s, r, true) }, "who_lead"}

	if k == Message {
		return map[workflow.Action]rule{
			workflow.TakeNew: clerk, workflow.TakeUpdate: clerk, workflow.SendBack: clerk, workflow.PutAside: clerk, workflow.ReadAgain: clerk,
		}
	}
	if k == Outgoing {
		return map[workflow.Action]rule{
			workflow.Revise: drafter, workflow.Submit: drafter, workflow.Withdraw: drafter, workflow.Cancel: drafter,
			workflow.ApproveContent: head, workflow.ApproveFormat: checker, workflow.Sign: signer,
			workflow.Number: clerk, workflow.Seal: clerk, workflow.Issue: clerk, workflow.Void: clerk, workflow.Resend: clerk,
			workflow.RetryLevel: {func(s Subject, r Resource) bool { return signer.allow(s, r) || clerk.allow(s, r) }, "who_signer_or_clerk"},
			// What was signed, only who may sign takes back; a clerk corrects what was typed.
			workflow.Recall: {mayRecall, "who_recall"},
			workflow.Update: {func(s Subject, r Resource) bool { return mayRecall(s, r) || s.Has(org.RoleClerk) }, "who_update"},
			workflow.Return: {func(s Subject, r Resource) bool {
				switch r.State {
				case workflow.InReview:
					return head.allow(s, r)
				case workflow.ContentApproved:
					return checker.allow(s, r)
				case workflow.FormatApproved:
					return signer.allow(s, r)
				case workflow.Signed:
					return signer.allow(s, r) || clerk.allow(s, r)
				}
				return false
			}, "who_reviewer"},
		}
	}
	return map[workflow.Action]rule{
		workflow.Register: clerk, workflow.Refuse: clerk, workflow.Present: clerk, workflow.Assign: leader,
		workflow.Start: assignee, workflow.Reply: assignee, workflow.Forward: forwarder, workflow.Look: assignee, workflow.Complete: lead,
		workflow.Agree: clerk, workflow.Decline: clerk,
	}
}

func isDrafter(s Subject, r Resource) bool { return s.PositionID == r.DrafterID }

func mayRecall(s Subject, r Resource) bool {
	return s.PositionID == r.SignerID || s.Has(org.RoleLeader)
}

func assigned(s Subject, r Resource, lead bool) bool {
	for _, a := range r.Assignees {
		if lead && !a.Lead || a.State == workflow.Withdrawn || a.State == workflow.Returned {
			continue
		}
		if a.PositionID != "" && a.PositionID == s.PositionID || a.UnitID != "" && a.UnitID == s.UnitID && s.Has(org.RoleUnitHead) {
			return true
		}
	}
	return false
}

// CanRead tells whether the subject may know of the document and read its files. An
// administrator as such may not; an auditor may read and not write.
func CanRead(s Subject, r Resource) bool {
	if s.AgencyID != r.AgencyID || s.AgencyID == "" {
		return false
	}
	if r.Secret {
		return false
	}
	if s.Has(org.RoleAuditor) {
		return true
	}
	if r.Kind == Message {
		return s.Has(org.RoleClerk)
	}
	if r.Kind == Incoming {
		return s.Has(org.RoleClerk) || s.Has(org.RoleLeader) && !untouched(r) || assigned(s, r, false) ||
			r.PresentedTo != "" && r.PresentedTo == s.PositionID || registered(r) && slices.Contains(r.Askers, s.PositionID)
	}
	switch {
	case isDrafter(s, r):
		return true
	case r.State == workflow.Draft || r.State == workflow.Cancelled:
		return s.Has(org.RoleUnitHead) && s.UnitID != "" && s.UnitID == r.UnitID
	case s.PositionID == r.SignerID, s.Has(org.RoleClerk), s.Has(org.RoleFormatChecker), s.Has(org.RoleLeader):
		return true
	}
	return s.UnitID != "" && s.UnitID == r.UnitID && (s.Has(org.RoleUnitHead) || s.Has(org.RoleOfficial) && workflow.Published(r.State))
}

// untouched tells whether the clerk has not yet decided on an incoming document; one that
// its sender took back before that stays the clerk's.
func untouched(r Resource) bool {
	return r.State == workflow.Received || workflow.Frozen(r.State) && r.Unbooked
}

// registered tells whether an incoming document has been entered in the book.
func registered(r Resource) bool { return !untouched(r) && r.State != workflow.Refused }

// Can decides one act on one document by who acts; whether the state admits the act is
// workflow.Next's to say.
func Can(s Subject, a workflow.Action, r Resource) Decision {
	d := Decision{Read: CanRead(s, r)}
	if !d.Read {
		return d
	}
	if a == workflow.View {
		d.Act = true
		return d
	}
	ru, ok := rules(r.Kind)[a]
	if !ok {
		d.Code, d.Who = "action_unknown", ""
		return d
	}
	d.Who = ru.who
	if !ru.allow(s, r) {
		d.Code = "forbidden_role"
		return d
	}
	d.Act = true
	return d
}

// Acts lists what the subject may do to the document now, by state and by right, in the
// order in which a page offers it.
func Acts(s Subject, r Resource) []workflow.Action {
	var out []workflow.Action
	for _, a := range workflow.Allowed(machine(r.Kind), r.State) {
		if Can(s, a, r).Act {
			out = append(out, a)
		}
	}
	return out
}

func machine(k Kind) workflow.Machine {
	switch k {
	case Incoming:
		return workflow.Incoming
	case Message:
		return workflow.Message
	}
	return workflow.Outgoing
}

// MayDraft tells whether the subject may begin an outgoing document.
func MayDraft(s Subject) Decision {
	ok := s.Has(org.RoleOfficial) || s.Has(org.RoleUnitHead)
	return Decision{Read: true, Act: ok, Code: "forbidden_role", Who: "who_official"}
}

// MayUpload tells whether the subject may send files in: who drafts, and who enters paper.
func MayUpload(s Subject) Decision {
	if d := MayRegisterPaper(s); d.Act {
		return d
	}
	return MayDraft(s)
}

// MayRegisterPaper tells whether the subject may enter a paper document in the book.
func MayRegisterPaper(s Subject) Decision {
	return Decision{Read: true, Act: s.Has(org.RoleClerk), Code: "forbidden_role", Who: "who_clerk"}
}

// Grants are the documents of one kind a subject may list, as data: the store turns
// them into SQL in one place. A document is listed when any of the grants holds; the
// agency bounds them all.
type Grants struct {
	AgencyID   string
	All        bool   // every document of the agency
	NotDrafts  bool   // every document that has left DRAFT (outgoing) or RECEIVED (incoming)
	UnitID     string // outgoing drafted by this unit; incoming assigned to it
	UnitIssued string // issued documents of this unit
	PositionID string // drafted, to be signed, presented or assigned to this position; answers to what it drafted
}

// Scope gives the grants of a subject for one kind; it agrees with CanRead.
func Scope(s Subject, k Kind) Grants {
	g := Grants{AgencyID: s.AgencyID, PositionID: s.PositionID}
	g.All = s.Has(org.RoleAuditor) || k == Incoming && s.Has(org.RoleClerk)
	g.NotDrafts = s.Has(org.RoleLeader) || k == Outgoing && (s.Has(org.RoleClerk) || s.Has(org.RoleFormatChecker))
	if s.Has(org.RoleUnitHead) {
		g.UnitID = s.UnitID
	}
	if k == Outgoing && s.Has(org.RoleOfficial) {
		g.UnitIssued = s.UnitID
	}
	return g
}
