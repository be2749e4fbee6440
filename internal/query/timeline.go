package query

import (
	"context"
	"time"

	"congvan/internal/authz"
	"congvan/internal/journal"
)

// Line is one line of a document's timeline: the act as a catalogue key with its values,
// from which a page makes a plain sentence. It comes from the journal and nothing else.
type Line struct {
	At         time.Time         `json:"at"`
	Who        string            `json:"who"`
	OnBehalfOf string            `json:"on_behalf_of"`
	Action     string            `json:"action"` // "act_SIGN" in the page's catalogue
	Detail     map[string]string `json:"detail"`
}

// technical are entries that a timeline leaves to the auditor.
func technical(action string) bool { return action == "SIGN_INTENDED" || action == "VERIFY" }

func (v *Views) timeline(ctx context.Context, kind authz.Kind, id string) ([]Line, error) {
	entries, err := v.Store.Entries(ctx, string(kind), id)
	if err != nil {
		return nil, err
	}
	out := make([]Line, 0, len(entries))
	for _, e := range entries {
		if !technical(e.Action) {
			out = append(out, line(e))
		}
	}
	return out, nil
}

func line(e journal.Entry) Line {
	return Line{At: e.At, Who: e.Actor.Name, OnBehalfOf: e.OnBehalfOf, Action: "act_" + e.Action, Detail: e.Detail}
}
