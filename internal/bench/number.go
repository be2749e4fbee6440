package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"congvan/internal/app"
	"congvan/internal/document"
	"congvan/internal/flow"
	"congvan/internal/register"
	"congvan/internal/workflow"
)

const writers = 8

// numberLimit is the least that issue 2 asks for, in numbers a second.
const numberLimit = 1000

// numbering measures the act itself, flow.Number: right, rule, number, document and journal
// entry in one durable transaction, by 8 writers on one series.
func (b *bench) numbering(ctx context.Context) error {
	return b.inside(ctx, func(a *app.App) error {
		if err := b.waiting(ctx, a); err != nil {
			return err
		}
		disk, err := b.disk(1, 100)
		if err != nil {
			return err
		}
		var took time.Duration
		used, err := spent(os.Getpid(), func() (err error) {
			took, err = b.took(func() error { return b.number(ctx, a) })
			return err
		})
		if err != nil {
			return err
		}
		b.add(Row{
			What: fmt.Sprintf("Numbers given by %d writers (flow.Number)", writers), Unit: "/s", AtLeast: true,
			Measured: float64(b.Numbers) / took.Seconds(), Limit: numberLimit,
			Note: fmt.Sprintf("%d numbers in %s; processor %s each; one fsync %s", b.Numbers, took.Round(time.Millisecond), each(used, b.Numbers), disk),
		})
		return nil
	})
}

func waitingID(i int) string { return fmt.Sprintf("out-cho-so-%06d", i) }

// waiting puts signed documents that wait for their numbers.
func (b *bench) waiting(ctx context.Context, a *app.App) error {
	cv, gd := b.site.actor(numbering, "cv"), b.site.actor(numbering, "gd")
	signed := b.Clock().UTC().Truncate(time.Microsecond)
	for from := 0; from < b.Numbers; from += inOneTransaction {
		err := a.Store.Write(ctx, func(tx flow.Tx) error {
			for i := from; i < min(from+inOneTransaction, b.Numbers); i++ {
				id := waitingID(i)
				err := tx.PutOutgoing(&document.Outgoing{
					ID: id, AgencyID: cv.AgencyID, UnitID: cv.UnitID, State: workflow.Signed, Edition: 1, DrafterID: cv.PositionID, SignerID: gd.PositionID,
					Metadata:   document.Metadata{TypeCode: register.CongVan, Subject: subject(i), PageAmount: 1, Language: "vi"},
					Recipients: []document.Party{{OrganID: "H26.14", OrganName: "Sở Ví dụ"}}, CreatedAt: signed, UpdatedAt: signed, SignedAt: &signed,
					Files: []document.File{{
						ID: "fil-" + id, Role: document.Main, Ordinal: 1, Name: "van-ban-tong-hop.pdf", MediaType: "application/pdf",
						Version: document.Version{ID: "ver-" + id, N: 2, Kind: document.VersionSigned, Blob: id, Pages: 1, CreatedAt: signed, CreatedBy: gd.PositionID},
					}},
				})
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) number(ctx context.Context, a *app.App) error {
	clerk := b.site.actor(numbering, "vt")
	var next atomic.Int64
	var group sync.WaitGroup
	failed := make([]error, writers)
	for n := range writers {
		group.Go(func() {
			for i := int(next.Add(1)) - 1; i < b.Numbers && failed[n] == nil; i = int(next.Add(1)) - 1 {
				_, failed[n] = a.Flow.Number(ctx, clerk, waitingID(i), flow.NumberInput{})
			}
		})
	}
	group.Wait()
	return errors.Join(failed...)
}
