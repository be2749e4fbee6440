package flow

import (
	"context"
	"strings"

	"congvan/internal/authz"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/workflow"
)

// Submit puts a draft up for review (trình): it must be complete, since what is approved
// is what will be signed.
func (f *Flow) Submit(ctx context.Context, a Actor, id string) (document.Outgoing, error) {
	return f.decide(ctx, a, id, workflow.Submit, nil, func(d *document.Outgoing) error {
		main := document.MainFile(d.Files)
		switch {
		case main == nil:
			return fault.New(fault.Invalid, "field_required").Field("files")
		case main.Version.Kind != document.VersionDraft && main.Version.Kind != document.VersionFlattened:
			return fault.New(fault.Invalid, "new_version_needed").Field("files")
		case d.SignerID == "":
			return fault.New(fault.Invalid, "field_required").Field("signer_id")
		case len(d.Recipients) == 0:
			return fault.New(fault.Invalid, "field_required").Field("recipients")
		}
		if missing := d.Layout.Complete(); len(missing) > 0 {
			return fault.New(fault.Invalid, "place_missing").Field("layout."+missing[0]).With("places", strings.Join(missing, ", "))
		}
		d.ReturnReason = ""
		return nil
	})
}

// Withdraw takes a submitted document back while the next person has not acted (thu hồi trình ký).
func (f *Flow) Withdraw(ctx context.Context, a Actor, id string) (document.Outgoing, error) {
	return f.decide(ctx, a, id, workflow.Withdraw, nil, nil)
}

// Cancel gives up a draft; it stays in the record.
func (f *Flow) Cancel(ctx context.Context, a Actor, id string) (document.Outgoing, error) {
	return f.decide(ctx, a, id, workflow.Cancel, nil, nil)
}

// ApproveContent is the unit head's approval of the content (NĐ 30/2020 Đ.12.1). manifest
// is the edition the person looked at: another one is a conflict.
func (f *Flow) ApproveContent(ctx context.Context, a Actor, id, manifest string) (document.Outgoing, error) {
	return f.approve(ctx, a, id, manifest, workflow.ApproveContent, document.ContentApproval)
}

// ApproveFormat is the format checker's approval (NĐ 30/2020 Đ.12.2), apart from content.
func (f *Flow) ApproveFormat(ctx context.Context, a Actor, id, manifest string) (document.Outgoing, error) {
	return f.approve(ctx, a, id, manifest, workflow.ApproveFormat, document.FormatApproval)
}

func (f *Flow) approve(ctx context.Context, a Actor, id, manifest string, act workflow.Action, kind document.ApprovalKind) (document.Outgoing, error) {
	return f.decide(ctx, a, id, act, nil, func(d *document.Outgoing) error {
		if manifest != d.Manifest() {
			return fault.New(fault.Conflict, "other_version").Field("manifest")
		}
		d.Approvals = append(d.Approvals, document.Approval{
			Kind: kind, Edition: d.Edition, Manifest: manifest, PositionID: a.PositionID, PersonName: a.PersonName,
			OnBehalfOf: a.OnBehalfOf, At: f.now(),
		})
		return nil
	})
}

// Return sends a document back to its drafter with a reason (NĐ 30/2020 Đ.11): by the unit
// head, the checker, the leader before or after signing, or the clerk before numbering. A
// return after signing discards that signature: a new version must be uploaded.
func (f *Flow) Return(ctx context.Context, a Actor, id, why string) (document.Outgoing, error) {
	if err := reason(why); err != nil {
		return document.Outgoing{}, err
	}
	return f.decide(ctx, a, id, workflow.Return, map[string]string{"reason": why}, func(d *document.Outgoing) error {
		d.ReturnReason, d.SignedAt = strings.TrimSpace(why), nil
		d.Approvals, d.Level = nil, document.Level{}
		return nil
	})
}

// decide is an act that needs nothing but the store: right, state and change in one
// transaction.
func (f *Flow) decide(ctx context.Context, a Actor, id string, act workflow.Action, detail map[string]string, change func(*document.Outgoing) error) (document.Outgoing, error) {
	var d document.Outgoing
	err := f.Store.Write(ctx, func(tx Tx) (err error) {
		if d, err = f.outgoing(tx, a, id, act); err != nil {
			return err
		}
		if change != nil {
			if err := change(&d); err != nil {
				return err
			}
		}
		if err := step(&d, act, f.now()); err != nil {
			return err
		}
		if err := tx.PutOutgoing(&d); err != nil {
			return err
		}
		return tx.Journal(f.entry(a, act, authz.Outgoing, d.ID, d.Manifest(), detail))
	})
	return d, err
}
