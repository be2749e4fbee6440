package flow

import (
	"maps"
	"slices"

	"congvan/internal/authz"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/register"
	"congvan/internal/workflow"
)

// served are the agencies that a document must go to because of its effect: those that have
// what it recalls or replaces. A closed agency is left out; it is asked by itself.
func (f *Flow) served(tx ReadTx, a Actor, d *document.Outgoing) ([]string, error) {
	targets, err := affected(tx, d)
	if err != nil {
		return nil, err
	}
	var out []string
	for i := range targets {
		t := &targets[i]
		if !authz.CanRead(a, OutgoingResource(t)) {
			return nil, fault.New(fault.Invalid, "target_unknown").Field("effect")
		}
		if t.State != workflow.Issued {
			return nil, fault.New(fault.Conflict, "target_not_issued").Field("effect").With("code", register.FullCode(t.Number, t.Notation))
		}
		for _, p := range t.Recipients {
			ag, err := tx.AgencyByOrganID(p.OrganID)
			if err != nil && fault.KindOf(err) != fault.NotFound {
				return nil, err
			}
			if err == nil && ag.Open(f.now()) {
				out = append(out, p.OrganID)
			}
		}
	}
	return out, nil
}

// affected reads the documents that a document's effect names; all are of its own agency.
func affected(tx ReadTx, d *document.Outgoing) ([]document.Outgoing, error) {
	var out []document.Outgoing
	for _, id := range slices.Compact(slices.Sorted(slices.Values(d.Effect.Targets))) {
		t, err := tx.Outgoing(id)
		if err != nil && fault.KindOf(err) != fault.NotFound {
			return nil, err
		}
		if err != nil || t.AgencyID != d.AgencyID || t.ID == d.ID {
			return nil, fault.New(fault.Invalid, "target_unknown").Field("effect")
		}
		out = append(out, t)
	}
	return out, nil
}

// takeEffect recalls or replaces, as a document is issued, the earlier ones that it names:
// both are frozen and stay linked, at every agency that has them.
func (f *Flow) takeEffect(tx Tx, a Actor, d *document.Outgoing) error {
	targets, err := affected(tx, d)
	if err != nil {
		return err
	}
	for i := range targets {
		t := &targets[i]
		if t.State != workflow.Issued {
			return fault.New(fault.Conflict, "target_not_issued").Field("effect").With("code", register.FullCode(t.Number, t.Notation))
		}
		if _, err := f.takeBack(tx, a, t, taking{kind: d.Effect.Kind, reason: d.Effect.Reason, carrier: d}); err != nil {
			return err
		}
		detail := map[string]string{"by": register.FullCode(d.Number, d.Notation), "reason": d.Effect.Reason, "carrier": d.ID}
		act := workflow.Action("DID_" + string(d.Effect.Kind))
		if err := tx.Journal(f.entry(a, act, authz.Outgoing, t.ID, "", maps.Clone(detail))); err != nil {
			return err
		}
	}
	return nil
}

// aim is what a document says to its recipients about the earlier ones it changes.
func (f *Flow) aim(tx ReadTx, d *document.Outgoing) (*document.Aim, error) {
	if d.Effect.Kind == "" {
		return nil, nil //nolint:nilnil // most documents change none
	}
	targets, err := affected(tx, d)
	if err != nil {
		return nil, err
	}
	a := &document.Aim{Kind: d.Effect.Kind, Reason: d.Effect.Reason, Targets: [][]string{nil}}
	for i := range targets {
		e, err := f.earlier(tx, &targets[i])
		if err != nil {
			return nil, err
		}
		a.Of = append(a.Of, e)
		a.Targets[0] = append(a.Targets[0], e.DocumentID)
	}
	return a, nil
}
