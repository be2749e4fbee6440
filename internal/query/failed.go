package query

import (
	"context"

	"congvan/internal/authz"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/flow"
	"congvan/internal/org"
	"congvan/internal/register"
)

// maxFailed deliveries on the page of what could not be sent.
const maxFailed = 200

// FailedDelivery is a delivery that was given up, with what it was to bring.
type FailedDelivery struct {
	Delivery document.Delivery `json:"delivery"`
	Code     string            `json:"code"` // number/notation
	Subject  string            `json:"subject"`
}

// FailedDeliveries are those of the clerk's agency, oldest first, at most 200; more tells
// whether there are others. Nobody else may know of the list.
func (v *Views) FailedDeliveries(ctx context.Context, s authz.Subject) (out []FailedDelivery, more bool, err error) {
	if !s.Has(org.RoleClerk) {
		return nil, false, fault.Missing()
	}
	out = []FailedDelivery{}
	err = v.Store.Read(ctx, func(tx flow.ReadTx) error {
		failed, err := tx.FailedDeliveries(s.AgencyID, "", maxFailed+1)
		if err != nil {
			return err
		}
		if more = len(failed) > maxFailed; more {
			failed = failed[:maxFailed]
		}
		documents := map[string]document.Outgoing{}
		for _, x := range failed {
			d, ok := documents[x.OutgoingID]
			if !ok {
				if d, err = tx.Outgoing(x.OutgoingID); err != nil {
					return err
				}
				documents[x.OutgoingID] = d
			}
			out = append(out, FailedDelivery{Delivery: x, Code: register.FullCode(d.Number, d.Notation), Subject: d.Subject})
		}
		return nil
	})
	return out, more, err
}
