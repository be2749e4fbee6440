package flow

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"

	"congvan/internal/authz"
	"congvan/internal/conservation"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/journal"
	"congvan/internal/workflow"
)

// maxTakenOver rows of a list are taken over in one transaction.
const maxTakenOver = 200

// TakeOver keeps the rows of the axis's list that are new, each with its journal entry, and
// gives all of them as they stand, in their order: a server started again knows how often
// one was at fault, and which are decided and need only be told of to the axis again.
func (f *Flow) TakeOver(ctx context.Context, rows []document.Parcel) ([]document.Parcel, error) {
	out := make([]document.Parcel, 0, len(rows))
	for len(rows) > 0 {
		some := rows[:min(len(rows), maxTakenOver)]
		rows = rows[len(some):]
		var kept []document.Parcel
		err := f.Store.Write(ctx, func(tx Tx) error {
			kept = kept[:0]
			for _, p := range some {
				if err := f.takeOver(tx, &p); err != nil {
					return err
				}
				kept = append(kept, p)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		out = append(out, kept...)
	}
	return out, nil
}

func (f *Flow) takeOver(tx Tx, p *document.Parcel) error {
	p.ID = parcelID(p.AxisDocID)
	old, err := tx.Parcel(p.ID)
	if err == nil {
		*p = old
		return nil
	}
	if fault.KindOf(err) != fault.NotFound {
		return err
	}
	ag, err := tx.AgencyByOrganID(p.To)
	switch {
	case err == nil && ag.Local:
		p.AgencyID = ag.ID
	case err != nil && fault.KindOf(err) != fault.NotFound:
		return err
	}
	p.FetchedAt = f.now()
	if err := tx.PutParcel(p); err != nil {
		return err
	}
	return tx.Journal(f.parcelEntry(p, conservation.Fetch, map[string]string{
		"axis_doc_id": p.AxisDocID, "kind": p.Kind, "from": p.From, "to": p.To,
	}))
}

// parcelID follows from the axis's identifier, whatever that holds.
func parcelID(axisDocID string) string {
	h := sha256.Sum256([]byte(axisDocID))
	return "axr-" + hex.EncodeToString(h[:12])
}

func (f *Flow) parcelEntry(p *document.Parcel, act string, detail map[string]string) journal.Entry {
	return f.entry(system(p.AgencyID), workflow.Action(act), authz.Kind(conservation.Rows), p.ID, p.RawKey, detail)
}

// settle runs what decides a parcel and keeps its outcome in the same transaction. One that
// was decided before changes nothing; one of this installation leaves no row.
func (f *Flow) settle(ctx context.Context, p document.Parcel, fn func(tx Tx) (conservation.Outcome, error)) error {
	return f.Store.Write(ctx, func(tx Tx) error {
		if p.ID == "" {
			_, err := fn(tx)
			return err
		}
		row, err := tx.Parcel(p.ID)
		if err != nil || row.Outcome != "" {
			return err
		}
		if row.Outcome, err = fn(tx); err != nil {
			return err
		}
		now := f.now()
		row.RawKey, row.DecidedAt = cmp.Or(p.RawKey, row.RawKey), &now
		if err := tx.PutParcel(&row); err != nil {
			return err
		}
		return tx.Journal(f.parcelEntry(&row, conservation.Decide, map[string]string{conservation.OutcomeKey: string(row.Outcome)}))
	})
}

// Strike counts a round in which a parcel was at fault and gives how many there were; it
// survives a restart.
func (f *Flow) Strike(ctx context.Context, p document.Parcel, code string) (int, error) {
	n := 0
	err := f.Store.Write(ctx, func(tx Tx) error {
		row, err := tx.Parcel(p.ID)
		if err != nil {
			return err
		}
		row.Strikes++
		row.LastError, n = code, row.Strikes
		row.RawKey = cmp.Or(p.RawKey, row.RawKey)
		return tx.PutParcel(&row)
	})
	return n, err
}
