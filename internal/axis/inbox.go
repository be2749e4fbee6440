package axis

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

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
	// TakeOver keeps the rows of a list that are new and gives all of them as they stand.
	TakeOver(ctx context.Context, rows []document.Parcel) ([]document.Parcel, error)
	Receive(ctx context.Context, p document.Parcel, c document.Consignment) error
	RecordStatus(ctx context.Context, p document.Parcel, m document.StatusMessage) error
	// Strike counts a round in which a message was at fault and gives how many there were.
	Strike(ctx context.Context, p document.Parcel, code string) (int, error)
	// SetAside keeps a message that cannot become a document, with the reason.
	SetAside(ctx context.Context, p document.Parcel, code string) error
}

// patience is in how many rounds a message must be at fault before it is set aside: what
// the axis cut off or refused once may come whole the next time.
const patience = 3

// workers messages are dealt with at a time.
const workers = 8

// Inbox fetches messages: list, take over, fetch, store raw, read, hand to the receiver, and
// only then tell the axis "done", so that a crash between any two steps is repaired by the
// next round. Messages between the same two agencies follow one another, all others are
// dealt with side by side; one that is at fault never blocks the ones behind it. An Inbox may
// poll while an earlier round still waits for something slow: what that deals with is left to
// it.
type Inbox struct {
	Wire     Wire
	Blobs    storage.Blobs
	Receiver Receiver
	Dir      string // for temporary files
	Limits   edxml.Limits
	Clock    func() time.Time
	Log      *slog.Logger

	readings readings
	mu       sync.Mutex
	busy     map[pair]bool // in whose messages a round is at work
}

// pair are sender and recipient of a message, as the axis names them.
type pair struct{ from, to string }

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
		parcels, err := in.Receiver.TakeOver(ctx, in.parcels(kind, rows, seen))
		if err != nil {
			errs = errors.Join(errs, err)
			continue
		}
		done, err := in.round(ctx, parcels)
		n, errs = n+done, errors.Join(errs, err)
	}
	return n, errs
}

// parcels are the rows of a list that are to be dealt with, each once.
func (in *Inbox) parcels(kind vxp.Kind, rows []vxp.Received, seen map[string]bool) []document.Parcel {
	var out []document.Parcel
	for _, row := range rows {
		// Marked as failed are those that we could not fetch: told to the sender, set aside.
		if seen[row.DocID] || strings.EqualFold(row.Status, vxp.TransportFail) {
			continue
		}
		seen[row.DocID] = true
		if row.DocID == "" || !plain(row.DocID) || !plain(row.From) || !plain(row.To) {
			in.Log.Warn("axis row without usable names", "doc_id", row.DocID)
			continue
		}
		at := ourTime(edxml.ParseTimestamp(row.CreatedTime), in.Clock())
		out = append(out, document.Parcel{AxisDocID: row.DocID, Kind: string(kind), From: row.From, To: row.To, At: at})
	}
	return out
}

// plain tells whether a name can be kept and looked up.
func plain(s string) bool {
	return len(s) <= longest && utf8.ValidString(s) && !strings.ContainsFunc(s, unicode.IsControl)
}

// round deals with the parcels of a list, side by side but for those between the same two.
func (in *Inbox) round(ctx context.Context, parcels []document.Parcel) (n int, errs error) {
	order, lanes := in.claim(parcels)
	next := make(chan pair)
	var mu sync.Mutex
	var all sync.WaitGroup
	for range min(workers, len(order)) {
		all.Go(func() {
			for k := range next {
				done, err := in.lane(ctx, lanes[k])
				in.free(k)
				mu.Lock()
				n, errs = n+done, errors.Join(errs, err)
				mu.Unlock()
			}
		})
	}
	for _, k := range order {
		next <- k
	}
	close(next)
	all.Wait()
	return n, errs
}

// claim takes the messages between every two agencies between whom no other round is at
// work, in their order.
func (in *Inbox) claim(parcels []document.Parcel) (order []pair, lanes map[pair][]document.Parcel) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.busy == nil {
		in.busy = map[pair]bool{}
	}
	lanes = map[pair][]document.Parcel{}
	for _, p := range parcels {
		k := pair{p.From, p.To}
		if lanes[k] == nil {
			if in.busy[k] {
				continue
			}
			in.busy[k] = true
			order = append(order, k)
		}
		lanes[k] = append(lanes[k], p)
	}
	return order, lanes
}

func (in *Inbox) free(k pair) {
	in.mu.Lock()
	delete(in.busy, k)
	in.mu.Unlock()
}

func (in *Inbox) lane(ctx context.Context, parcels []document.Parcel) (n int, errs error) {
	for _, p := range parcels {
		if ctx.Err() != nil {
			return n, errors.Join(errs, ctx.Err())
		}
		if err := in.one(ctx, p); err != nil {
			errs = errors.Join(errs, err)
			in.Log.Warn("axis message left for the next round", "doc_id", p.AxisDocID, "error", err)
			continue
		}
		n++
	}
	return n, errs
}

// one takes one message. A nil error means that it is dealt with and the axis was told.
func (in *Inbox) one(ctx context.Context, p document.Parcel) error {
	if p.Outcome == "" {
		if err := in.decide(ctx, &p); err != nil {
			return err
		}
	}
	status := vxp.TransportDone
	if p.RawKey == "" {
		status = vxp.TransportFail // its bytes could not be had: the sender can see that
	}
	return wireFault(in.Wire.UpdateStatus(ctx, p.AxisDocID, status))
}

// decide takes a message in, or sets it aside once it was at fault too often.
func (in *Inbox) decide(ctx context.Context, p *document.Parcel) error {
	err := in.take(ctx, p)
	if err == nil {
		return nil
	}
	if k := fault.KindOf(err); k == fault.Unavailable || k == fault.Internal {
		return err
	}
	code := fault.From(err).Code
	n, serr := in.Receiver.Strike(ctx, *p, code)
	if serr != nil || n < patience {
		return errors.Join(err, serr)
	}
	return in.Receiver.SetAside(ctx, *p, code)
}

// take fetches, stores and reads one message and hands it to the receiver; p learns where
// its bytes are.
func (in *Inbox) take(ctx context.Context, p *document.Parcel) error {
	raw, err := in.fetch(ctx, p)
	if err != nil {
		return err
	}
	defer func() { _ = raw.Close() }()
	said, err := in.readings.of(p.RawKey+" "+p.Kind+" "+p.From, func() (said, error) { return in.read(ctx, *p, raw) })
	return in.hand(ctx, *p, said, err)
}

// hand gives what was read to the receiver.
func (in *Inbox) hand(ctx context.Context, p document.Parcel, said said, err error) error {
	switch {
	case err != nil:
		return err
	case said.status != nil:
		return in.Receiver.RecordStatus(ctx, p, *said.status)
	}
	return in.Receiver.Receive(ctx, p, *said.document)
}

// said is what a message says in our words: a document or a status.
type said struct {
	document *document.Consignment
	status   *document.StatusMessage
}

// read reads a message within limits; its attachments are stored.
func (in *Inbox) read(ctx context.Context, p document.Parcel, raw io.Reader) (said, error) {
	temp := edxml.NewTemp(in.Dir)
	defer func() { _ = temp.Close() }()
	env, err := edxml.Read(ctx, raw, in.Limits, temp.Open)
	var bad *edxml.Error
	switch {
	case errors.As(err, &bad):
		return said{}, fault.New(fault.Invalid, "edxml_"+strings.ReplaceAll(string(bad.Code), "-", "_")).Wrap(err)
	case err != nil:
		return said{}, fault.New(fault.Unavailable, "storage_unavailable").Wrap(err)
	case env.Status != nil:
		m, err := in.status(ctx, p, env.Status)
		return said{status: &m}, err
	case p.Kind != string(vxp.KindStatus):
		c, err := in.document(ctx, p, env)
		return said{document: &c}, err
	}
	return said{}, fault.New(fault.Invalid, "edxml_not_edxml")
}

// readings remembers the newest messages that were read, so that one to many agencies of
// this installation is read once: the axis gives each of them the same bytes.
type readings struct {
	mu    sync.Mutex
	known map[string]func() (said, error)
	order []string
}

const maxReadings = 16

// of gives what the message says; several that ask at once wait for one reading. What
// failed is not remembered.
func (r *readings) of(key string, read func() (said, error)) (said, error) {
	r.mu.Lock()
	if r.known == nil {
		r.known = map[string]func() (said, error){}
	}
	f := r.known[key]
	if f == nil {
		f = sync.OnceValues(read)
		r.known[key] = f
		if r.order = append(r.order, key); len(r.order) > maxReadings {
			delete(r.known, r.order[0])
			r.order = r.order[1:]
		}
	}
	r.mu.Unlock()
	s, err := f()
	if err != nil {
		r.mu.Lock()
		delete(r.known, key)
		r.mu.Unlock()
	}
	return s, err
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
