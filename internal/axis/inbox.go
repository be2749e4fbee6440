package axis

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"log/slog"
	"maps"
	"os"
	"strings"
	"time"

	"congvan/internal/axis/edxml"
	"congvan/internal/axis/vxp"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/storage"
)

// Receiver takes what came; flow implements it. Every call may come twice for one message
// and then changes nothing. A fault of kind Unavailable or Internal leaves the message on
// the axis for the next round, any other one sets it aside.
type Receiver interface {
	Directory
	Receive(ctx context.Context, c document.Consignment, recipientOrganID string, via document.Channel, rawKey string) error
	RecordStatus(ctx context.Context, m document.StatusMessage) error
	// SetAside keeps a message that cannot become a document, with the reason.
	SetAside(ctx context.Context, p document.Parcel, code string) error
}

// patience is in how many rounds a message must be at fault before it is set aside: what
// the axis cut off or refused once may come whole the next time.
const patience = 3

// Inbox fetches messages: list, fetch, store raw, read, hand to the receiver, and only
// then tell the axis "done", so that a crash between any two steps is repaired by the next
// round. One message that is at fault never blocks the ones behind it. An Inbox polls for
// one goroutine at a time.
type Inbox struct {
	Wire     Wire
	Blobs    storage.Blobs
	Receiver Receiver
	Dir      string // for temporary files
	Limits   edxml.Limits
	Clock    func() time.Time
	Log      *slog.Logger

	strikes map[string]int // rounds in which a message was at fault, by the axis's id
}

// Poll takes one round of documents and statuses and returns how many were done.
func (in *Inbox) Poll(ctx context.Context) (int, error) {
	n := 0
	var errs error
	seen := map[string]bool{}
	for _, kind := range []vxp.Kind{vxp.KindEdoc, vxp.KindStatus} {
		rows, err := in.Wire.Received(ctx, kind, vxp.Period{})
		if err != nil {
			errs = errors.Join(errs, wireFault(err))
			continue
		}
		for _, row := range rows {
			if ctx.Err() != nil {
				return n, errors.Join(errs, ctx.Err())
			}
			// Marked as failed are those that we could not fetch: told to the sender, set aside.
			if seen[row.DocID] || strings.EqualFold(row.Status, vxp.TransportFail) {
				continue
			}
			seen[row.DocID] = true
			if err := in.one(ctx, kind, row); err != nil {
				errs = errors.Join(errs, err)
				in.Log.Warn("axis message left for the next round", "doc_id", row.DocID, "error", err)
				continue
			}
			n++
		}
	}
	if errs == nil {
		maps.DeleteFunc(in.strikes, func(id string, _ int) bool { return !seen[id] })
	}
	return n, errs
}

// one takes one message. A nil error means that it is dealt with and the axis was told.
func (in *Inbox) one(ctx context.Context, kind vxp.Kind, row vxp.Received) error {
	at := ourTime(edxml.ParseTimestamp(row.CreatedTime), in.Clock())
	p := document.Parcel{AxisDocID: row.DocID, From: row.From, To: row.To, At: at}
	err := in.take(ctx, kind, row, &p)
	status := vxp.TransportDone
	if err != nil {
		if k := fault.KindOf(err); k == fault.Unavailable || k == fault.Internal || in.strike(row.DocID) < patience {
			return err
		}
		if err := in.Receiver.SetAside(ctx, p, fault.From(err).Code); err != nil {
			return err
		}
		if p.RawKey == "" {
			status = vxp.TransportFail
		}
	}
	if err := in.Wire.UpdateStatus(ctx, row.DocID, status); err != nil {
		return wireFault(err)
	}
	delete(in.strikes, row.DocID)
	return nil
}

func (in *Inbox) strike(docID string) int {
	if in.strikes == nil {
		in.strikes = map[string]int{}
	}
	in.strikes[docID]++
	return in.strikes[docID]
}

// take fetches, stores and reads one message and hands it to the receiver; p learns where
// its bytes are.
func (in *Inbox) take(ctx context.Context, kind vxp.Kind, row vxp.Received, p *document.Parcel) error {
	raw, err := in.fetch(ctx, p)
	if err != nil {
		return err
	}
	defer func() { _ = raw.Close() }()
	temp := edxml.NewTemp(in.Dir)
	defer func() { _ = temp.Close() }()
	env, err := edxml.Read(ctx, raw, in.Limits, temp.Open)
	var bad *edxml.Error
	switch {
	case errors.As(err, &bad):
		return fault.New(fault.Invalid, "edxml_"+strings.ReplaceAll(string(bad.Code), "-", "_")).Wrap(err)
	case err != nil:
		return fault.New(fault.Unavailable, "storage_unavailable").Wrap(err)
	case env.Status != nil:
		return in.status(ctx, p, env.Status)
	case kind == vxp.KindEdoc:
		return in.document(ctx, p, env)
	}
	return fault.New(fault.Invalid, "edxml_not_edxml")
}

// fetch stores the raw message and gives it back from its beginning.
func (in *Inbox) fetch(ctx context.Context, p *document.Parcel) (*os.File, error) {
	r, err := in.Wire.Fetch(ctx, p.AxisDocID)
	if err != nil {
		return nil, fetchFault(err)
	}
	defer func() { _ = r.Close() }()
	f, err := os.CreateTemp(in.Dir, "axis-*.edxml")
	if err != nil {
		return nil, fault.New(fault.Unavailable, "storage_unavailable").Wrap(err)
	}
	_ = os.Remove(f.Name()) // gone with the handle
	if p.RawKey, err = in.keep(ctx, f, r); err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

func (in *Inbox) keep(ctx context.Context, f *os.File, r io.Reader) (string, error) {
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, h), r)
	if err != nil {
		return "", fetchFault(err)
	}
	key := storage.Key(h.Sum(nil))
	err = in.Blobs.Put(ctx, key, n, io.NewSectionReader(f, 0, n))
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return "", fault.New(fault.Unavailable, "storage_unavailable").Wrap(err)
	}
	return key.String(), nil
}
