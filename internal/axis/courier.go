package axis

import (
	"cmp"
	"context"
	"errors"
	"io"
	"strings"

	"golang.org/x/text/unicode/norm"

	"congvan/internal/axis/edxml"
	"congvan/internal/axis/vxp"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/storage"
)

// Courier sends over the axis. It is safe for concurrent use.
type Courier struct {
	Wire      Wire
	Blobs     storage.Blobs
	Dialect   edxml.Dialect
	Directory Directory // nil: identifiers are compared as text
}

// Send sends one document to its recipients and returns the axis's id. The axis takes the
// same message twice without a word, so nothing is sent blindly: where the outcome of an
// earlier attempt is open (again), or that of this one, the sent list tells; without the
// list nothing is sent. fault.Unavailable means: again later; fault.Invalid: never.
func (c *Courier) Send(ctx context.Context, d document.Consignment, again bool) (string, error) {
	also, only := c.byStatus(d)
	if also {
		if err := c.recallByStatus(ctx, d); err != nil || only {
			return "", err
		}
	}
	// A bare change is to its recipient the same however often it comes, and in the sent list
	// nothing tells it from the next one.
	bare := d.Aim != nil && d.Aim.Bare
	if again && !bare {
		if id, err := c.accepted(ctx, d); id != "" || err != nil {
			return id, err
		}
	}
	m, err := c.message(ctx, d)
	if err != nil {
		return "", err
	}
	size, sum, err := edxml.Measure(m, c.Dialect)
	if err != nil {
		return "", writeFault(err)
	}
	o := vxp.Outgoing{
		From: d.From.OrganID, Kind: vxp.KindEdoc, Size: size, SHA256: [32]byte(sum),
		Body: func(w io.Writer) error { return edxml.Write(w, m, c.Dialect) },
	}
	if c.Dialect.SendTo {
		for _, p := range d.To {
			o.To = append(o.To, p.OrganID)
		}
	}
	id, err := c.Wire.Send(ctx, o)
	var x *vxp.Error
	switch {
	case err == nil:
		return id, nil
	case !errors.As(err, &x):
		return "", writeFault(err)
	case x.Uncertain && !bare:
		if id, lerr := c.accepted(ctx, d); lerr == nil && id != "" {
			return id, nil
		}
	}
	return "", wireFault(err)
}

// accepted finds the axis's id of a consignment that the axis has taken for all its
// recipients; empty if the sent list has none. The list does not show the document's own
// identifier, so sender, recipient, reference and subject name it together.
func (c *Courier) accepted(ctx context.Context, d document.Consignment) (string, error) {
	// A day's leeway: the list goes by days, and by the axis's clock.
	rows, err := c.Wire.Sent(ctx, vxp.KindEdoc, "", vxp.Period{From: d.SentAt.AddDate(0, 0, -1)})
	if err != nil {
		return "", fault.New(fault.Unavailable, "axis_unavailable").Wrap(err)
	}
	code, subject := folded(d.CodeNumber+"/"+d.CodeNotation), folded(d.Subject)
	reached := map[string]map[string]bool{} // by the axis's id
	for _, r := range rows {
		if strings.EqualFold(r.SendStatus, vxp.TransportFail) || folded(r.Notation) != code || folded(r.Title) != subject {
			continue
		}
		if same, err := c.same(ctx, r.FromCode, d.From.OrganID); err != nil || !same {
			if err != nil {
				return "", err
			}
			continue
		}
		for _, to := range d.To {
			same, err := c.same(ctx, r.ToCode, to.OrganID)
			if err != nil {
				return "", err
			}
			if !same {
				continue
			}
			if reached[r.SenderDocID] == nil {
				reached[r.SenderDocID] = map[string]bool{}
			}
			reached[r.SenderDocID][to.OrganID] = true
			if len(reached[r.SenderDocID]) == len(d.To) {
				return r.SenderDocID, nil
			}
		}
	}
	return "", nil
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
