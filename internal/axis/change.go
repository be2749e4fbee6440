package axis

import (
	"context"
	"crypto/sha256"
	"io"
	"strings"

	"golang.org/x/text/unicode/norm"

	"congvan/internal/axis/edxml"
	"congvan/internal/axis/vxp"
	"congvan/internal/document"
	"congvan/internal/fault"
)

// aimed makes a message do to earlier documents what the consignment says. A recall in a
// dialect that knows none by document goes as a new document; status 13 does the rest.
func (c *Courier) aimed(m *edxml.Message, d document.Consignment) {
	a := d.Aim
	if a == nil || a.Kind == document.Recall && !c.Dialect.Recall.ByDocument() {
		return
	}
	of := make([]edxml.Earlier, len(a.Of))
	for i, e := range a.Of {
		of[i] = edxml.Earlier{DocumentId: e.DocumentID, Code: e.Code, PromulgationDate: wireDate(e.PromulgationDate), Recipients: e.Recipients}
	}
	switch {
	case len(of) == 0:
	case a.Kind == document.Recall:
		m.Recall(of[0], a.Reason)
	case a.Kind == document.Update:
		m.Update(of[0], a.Reason, wireUpdate(a))
	case a.Kind == document.Replace:
		m.Replace(a.Reason, of...)
	}
}

func wireUpdate(a *document.Aim) edxml.BussinessDocumentInfo {
	flag := map[bool]int{true: 1}
	u := edxml.BussinessDocumentInfo{DocumentInfo: edxml.NumberOf(flag[a.Info]), DocumentReceiver: edxml.NumberOf(flag[len(a.Receivers) > 0])}
	for _, r := range a.Receivers {
		u.ReceiverList.Receiver = append(u.ReceiverList.Receiver, edxml.Receiver{OrganId: r.OrganID, ReceiverType: edxml.NumberOf(flag[r.Added])})
	}
	return u
}

// byStatus tells whether a consignment also, or only, goes as status 13 to each recipient.
func (c *Courier) byStatus(d document.Consignment) (also, only bool) {
	if d.Aim == nil || d.Aim.Kind != document.Recall || !c.Dialect.Recall.ByStatus() {
		return false, false
	}
	return true, d.Aim.Bare && !c.Dialect.Recall.ByDocument()
}

// recallByStatus sends status 13 for every document that a consignment recalls. A repeated
// one is harmless to any recipient.
func (c *Courier) recallByStatus(ctx context.Context, d document.Consignment) error {
	from := edxml.Agency{OrganId: d.From.OrganID, OrganName: d.From.OrganName}
	staff := edxml.StaffInfo{Department: d.Staff.Department, Staff: d.Staff.Name}
	for _, e := range d.Aim.Of {
		of := edxml.Earlier{DocumentId: e.DocumentID, Code: e.Code, PromulgationDate: wireDate(e.PromulgationDate)}
		for _, p := range d.To {
			of.Recipients = append(of.Recipients, p.OrganID)
		}
		for _, s := range edxml.RecallRequest(from, staff, of, d.Aim.Reason, edxml.TimestampOf(d.SentAt)) {
			if err := c.status(ctx, s); err != nil {
				return err
			}
		}
	}
	return nil
}

// status sends a status message.
func (c *Courier) status(ctx context.Context, s *edxml.Status) error {
	var b strings.Builder
	if err := edxml.WriteStatus(&b, s, c.Dialect); err != nil {
		return writeFault(err)
	}
	to := s.ResponseFor.OrganId
	if until, resting := c.Rest.Until(to); resting {
		return atRest(to, until).Err
	}
	_, err := c.Wire.Send(ctx, vxp.Outgoing{
		From: s.From.OrganId, Kind: vxp.KindStatus, Size: int64(b.Len()), SHA256: sha256.Sum256([]byte(b.String())),
		Body: func(w io.Writer) error { _, err := io.WriteString(w, b.String()); return err },
	})
	err = sendFault(err)
	c.Rest.Learn(to, fault.Is(err, "axis_slow"), err == nil)
	return err
}

// maxAims of one message: beyond them the raw message is kept for nothing but its reason.
const maxAims = 200

// aimOf is what a message does to earlier documents; nil for a new one. Identifiers that are
// too long to be anybody's are left out.
func aimOf(m *edxml.Message) *document.Aim {
	nfc := norm.NFC.String
	b := &m.TraceHeaderList.Bussiness
	a := &document.Aim{Reason: nfc(strings.TrimSpace(b.BussinessDocReason))}
	switch b.BussinessDocType {
	case edxml.DocRecall:
		a.Kind = document.Recall
	case edxml.DocUpdate:
		a.Kind = document.Update
		a.Info = b.BussinessDocumentInfo.DocumentInfo == "1"
		for _, r := range b.BussinessDocumentInfo.ReceiverList.Receiver {
			if len(r.OrganId) <= longest && len(a.Receivers) < maxAims && (r.ReceiverType == "0" || r.ReceiverType == "1") {
				a.Receivers = append(a.Receivers, document.ReceiverChange{OrganID: r.OrganId, Added: r.ReceiverType == "1"})
			}
		}
	case edxml.DocReplace:
		a.Kind = document.Replace
	default:
		return nil
	}
	if r := []rune(a.Reason); len(r) > document.MaxReason {
		a.Reason = string(r[:document.MaxReason])
	}
	for _, group := range m.Targets() {
		var ids []string
		for _, id := range group {
			if len(id) <= longest && len(ids) < maxAims {
				ids = append(ids, id)
			}
		}
		if len(ids) > 0 && len(a.Targets) < maxAims {
			a.Targets = append(a.Targets, ids)
		}
	}
	return a
}
