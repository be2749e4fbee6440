package web

import (
	"slices"
	"strings"

	"congvan/internal/authz"
	"congvan/internal/workflow"
)

// actPath is an act as an address and as the name of its form: APPROVE_CONTENT is
// approve-content.
func actPath(a string) string { return strings.ReplaceAll(strings.ToLower(a), "_", "-") }

func hasAct(acts []workflow.Action, a string) bool {
	return slices.Contains(acts, workflow.Action(a))
}

// moves tells whether any of these acts leads a document on; otherwise it waits for
// somebody else.
func moves(acts []workflow.Action) bool {
	return slices.ContainsFunc(acts, func(a workflow.Action) bool {
		switch a {
		case workflow.Return, workflow.Withdraw, workflow.Void, workflow.Resend, workflow.RetryLevel, workflow.Recall, workflow.Update:
			return false
		}
		return true
	})
}

// denied is an act that the state admits but the reader may not do, with who can: the
// answer to "Vì sao tôi không làm được?".
type denied struct {
	Act workflow.Action
	Who string
}

func deniedActs(s authz.Subject, m workflow.Machine, r authz.Resource) []denied {
	var out []denied
	for _, a := range workflow.Allowed(m, r.State) {
		if d := authz.Can(s, a, r); !d.Act {
			out = append(out, denied{a, d.Who})
		}
	}
	return out
}

// step is a stage of a document's way, for the line that shows how far it has come.
type step struct {
	Name string // of the locale
	Done bool
	Now  bool
}

// steps puts the stages of a way around the present one; past the last all are done.
func steps(names []string, now int) []step {
	out := make([]step, len(names))
	for i, n := range names {
		out[i] = step{Name: n, Done: i < now, Now: i == now}
	}
	return out
}

func outgoingSteps(s workflow.State) []step {
	names := []string{"draft", "content", "format", "sign", "number", "seal", "issue"}
	at := map[workflow.State]int{
		workflow.Draft: 0, workflow.InReview: 1, workflow.ContentApproved: 2, workflow.FormatApproved: 3,
		workflow.Signed: 4, workflow.Numbered: 5, workflow.AgencySigned: 6, workflow.Issued: 7,
	}
	if now, ok := at[s]; ok {
		return steps(names, now)
	}
	return nil
}

func incomingSteps(s workflow.State) []step {
	names := []string{"register", "present", "direct", "process", "resolve"}
	at := map[workflow.State]int{
		workflow.Received: 0, workflow.Registered: 1, workflow.Presented: 2, workflow.Directed: 3,
		workflow.InProgress: 4, workflow.Resolved: 5,
	}
	if now, ok := at[s]; ok {
		return steps(names, now)
	}
	return nil
}
