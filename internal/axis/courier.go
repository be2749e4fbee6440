package axis

import (
	"cmp"
	"context"
	"errors"
	"io"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"congvan/internal/axis/edxml"
	"congvan/internal/axis/vxp"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/org"
	"congvan/storage"
)

// Courier sends over the axis. It is safe for concurrent use.
type Courier struct {
	Wire      Wire
	Blobs     storage.Blobs
	Dialect   edxml.Dialect
	Directory Directory // nil: identifiers are compared as text
	Rest      *Rest     // nil: no recipient is ever left alone
	// Codes gives the identifier under which a recipient is known on the axis; nil: the one
	// that the document names.
	Codes func(ctx context.Context, organID string) (string, error)
}

// Send sends one document to its recipients, in one message to all that it has not reached
// and that are not left alone, and tells what came of it for each. The axis takes the same
// message twice without a word, so nothing is sent blindly: where the outcome of an earlier
// attempt is open (again), or that of this one, the sent list tells; without the list
// nothing is sent. fault.Unavailable means: again later; fault.Invalid: never.
func (c *Courier) Send(ctx context.Context, d document.Consignment, again bool) []document.Handover {
	out := make([]document.Handover, len(d.To))
	also, only := c.byStatus(d)
	if also {
		if err := c.recallByStatus(ctx, d); err != nil || only {
			return refused(out, err)
		}
	}
	if again && !bare(d) {
		// Where nothing can be found out, the same bytes go again under the same identifier, by
		// which the recipient knows them.
		if err := c.accepted(ctx, d, out); err != nil && !errors.Is(err, vxp.ErrNotOffered) {
			return refused(out, err)
		}
	}
	rest := d
	rest.To = nil
	var at []int // places of rest.To in d.To
	for i, to := range d.To {
		if out[i].AxisDocID != "" {
			continue
		}
		if until, resting := c.Rest.Until(to.OrganID); resting {
			out[i] = atRest(to.OrganName, until)
			continue
		}
		rest.To, at = append(rest.To, to), append(at, i)
	}
	if len(rest.To) == 0 {
		return out
	}
	for i, h := range c.one(ctx, rest) {
		out[at[i]] = h
	}
	return out
}

// Find tells which recipients of a consignment the axis has taken it for, and sends nothing;
// known is false where the axis does not say what was sent.
func (c *Courier) Find(ctx context.Context, d document.Consignment) (out []document.Handover, known bool, err error) {
	out = make([]document.Handover, len(d.To))
	err = c.accepted(ctx, d, out)
	if errors.Is(err, vxp.ErrNotOffered) {
		return nil, false, nil
	}
	return out, err == nil, err
}

func atRest(name string, until time.Time) document.Handover {
	e := fault.New(fault.Unavailable, "recipient_resting").With("name", name).With("at", shownTime(until))
	return document.Handover{Err: e, RestUntil: until}
}

// one sends a message, to a single recipient in its turn; those of a message to many are
// not to blame for it.
func (c *Courier) one(ctx context.Context, d document.Consignment) []document.Handover {
	if len(d.To) > 1 {
		return c.post(ctx, d)
	}
	to := d.To[0]
	if until, free := c.Rest.Enter(ctx, to.OrganID); !free {
		return []document.Handover{atRest(to.OrganName, until)}
	}
	out := c.post(ctx, d)
	c.Rest.Leave(to.OrganID, fault.Is(out[0].Err, "axis_slow"), out[0].Err == nil)
	return out
}

// bare: a change that goes by itself is to its recipient the same however often it comes, and
// in the sent list nothing tells it from the next one.
func bare(d document.Consignment) bool { return d.Aim != nil && d.Aim.Bare }

// refused gives everyone who was not reached the same fault.
func refused(out []document.Handover, err error) []document.Handover {
	for i := range out {
		if out[i].AxisDocID == "" {
			out[i].Err = err
		}
	}
	return out
}

// post sends one message.
func (c *Courier) post(ctx context.Context, d document.Consignment) []document.Handover {
	out := make([]document.Handover, len(d.To))
	m, err := c.message(ctx, d)
	if err != nil {
		return refused(out, err)
	}
	size, sum, err := edxml.Measure(m, c.Dialect)
	if err != nil {
		return refused(out, writeFault(err))
	}
	o := vxp.Outgoing{
		From: d.From.OrganID, Kind: vxp.KindEdoc, Size: size, SHA256: [32]byte(sum),
		Body: func(w io.Writer) error { return edxml.Write(w, m, c.Dialect) },
	}
	if c.Dialect.SendTo {
		for _, p := range m.MessageHeader.To {
			o.To = append(o.To, p.OrganId)
		}
	}
	id, err := c.Wire.Send(ctx, o)
	var x *vxp.Error
	switch {
	case err == nil:
		for i := range out {
			out[i].AxisDocID = id
		}
		return out
	case !errors.As(err, &x):
		return refused(out, writeFault(err))
	case x.Uncertain && !bare(d):
		_ = c.accepted(ctx, d, out) // without the list the outcome stays open
	}
	err = sendFault(err)
	for i := range out {
		if out[i].AxisDocID == "" {
			out[i].Err = err
			out[i].Others = len(out) > 1 && (fault.Is(err, "axis_recipient_refused") || fault.Is(err, "axis_slow"))
		}
	}
	return out
}

// accepted finds for each recipient of a consignment the message by which the axis has taken
// it for them; it leaves out as it is where the sent list has none. The list does not show
// the document's own identifier, so sender, recipient, reference and subject name it together.
func (c *Courier) accepted(ctx context.Context, d document.Consignment, out []document.Handover) error {
	// A day's leeway: the list goes by days, and by the axis's clock.
	rows, err := c.Wire.Sent(ctx, vxp.KindEdoc, "", vxp.Period{From: d.SentAt.AddDate(0, 0, -1)})
	if errors.Is(err, vxp.ErrNotOffered) {
		return err
	}
	if err != nil {
		return fault.New(fault.Unavailable, "axis_unavailable").Wrap(err)
	}
	code, subject := folded(d.CodeNumber+"/"+d.CodeNotation), folded(d.Subject)
	places := map[string]int{}
	for i, to := range d.To {
		places[org.OrganKey(to.OrganID)] = i
	}
	for _, r := range rows {
		if strings.EqualFold(r.SendStatus, vxp.TransportFail) || folded(r.Notation) != code || folded(r.Title) != subject {
			continue
		}
		if same, err := c.same(ctx, r.FromCode, d.From.OrganID); err != nil || !same {
			if err != nil {
				return err
			}
			continue
		}
		if i, ok := places[org.OrganKey(r.ToCode)]; ok {
			out[i].AxisDocID = cmp.Or(out[i].AxisDocID, r.SenderDocID)
			continue
		}
		for i, to := range d.To { // under another code of its
			if out[i].AxisDocID != "" {
				continue
			}
			same, err := c.same(ctx, r.ToCode, to.OrganID)
			if err != nil {
				return err
			}
			if same {
				out[i].AxisDocID = r.SenderDocID
				break
			}
		}
	}
	return nil
}

func (c *Courier) same(ctx context.Context, a, b string) (bool, error) {
	return cmp.Or[Directory](c.Directory, text{}).SameAgency(ctx, a, b)
}

// folded is text as two systems may write it alike: in normal form C, white space as one
// blank, none around a slash.
func folded(s string) string {
	parts := strings.Split(norm.NFC.String(s), "/")
	for i, p := range parts {
		parts[i] = strings.Join(strings.Fields(p), " ")
	}
	return strings.Join(parts, "/")
}

// SendStatus reports a status to the sender of a document. A repeated one is harmless to
// any peer, so it is simply sent again after an uncertain answer.
func (c *Courier) SendStatus(ctx context.Context, m document.StatusMessage) error {
	s := &edxml.Status{
		From: edxml.Agency{OrganId: m.From.OrganID, OrganName: m.From.OrganName},
		ResponseFor: edxml.ResponseFor{
			OrganId: m.To, Code: m.Code, DocumentId: m.DocumentID, PromulgationDate: wireDate(m.PromulgationDate),
		},
		StaffInfo:   edxml.StaffInfo{Department: m.Staff.Department, Staff: m.Staff.Name},
		StatusCode:  edxml.StatusCode(m.Status),
		Description: m.Description, Timestamp: edxml.TimestampOf(m.At),
	}
	return c.status(ctx, s)
}
