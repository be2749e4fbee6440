// Package axis connects an installation to the national document interconnection axis
// (Trục liên thông văn bản quốc gia): a courier that sends documents and statuses as
// edXML, and an inbox that fetches what came. Packages edxml and vxp know the format and
// the protocol; this one knows which of our words is which of theirs.
package axis

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"congvan/internal/axis/edxml"
	"congvan/internal/axis/vxp"
	"congvan/internal/calendar"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/storage"
)

// Wire is what this package needs of the protocol's client.
type Wire interface {
	Send(ctx context.Context, o vxp.Outgoing) (docID string, err error)
	Sent(ctx context.Context, kind vxp.Kind, docID string, p vxp.Period) ([]vxp.Sent, error)
	Received(ctx context.Context, kind vxp.Kind, p vxp.Period) ([]vxp.Received, error)
	Fetch(ctx context.Context, docID string) (io.ReadCloser, error)
	UpdateStatus(ctx context.Context, docID, status string) error
}

// Courier sends over the axis. It is safe for concurrent use.
type Courier struct {
	Wire    Wire
	Blobs   storage.Blobs
	Dialect edxml.Dialect
}

// Send sends one document to its recipients and returns the axis's id. After an answer
// that leaves the outcome open it looks at the sent list first, so that a retry does not
// double a message. fault.Unavailable means: again later; fault.Invalid: never.
func (c *Courier) Send(ctx context.Context, d document.Consignment) (string, error) {
	m := c.message(ctx, d)
	size, sum, err := edxml.Measure(m, c.Dialect)
	if err != nil {
		return "", writeFault(err)
	}
	to := make([]string, 0, len(d.To))
	for _, p := range d.To {
		to = append(to, p.OrganID)
	}
	id, err := c.Wire.Send(ctx, vxp.Outgoing{
		From: d.From.OrganID, To: to, Kind: vxp.KindEdoc, Size: size, SHA256: [32]byte(sum),
		Body: func(w io.Writer) error { return edxml.Write(w, m, c.Dialect) },
	})
	if err == nil {
		return id, nil
	}
	var x *vxp.Error
	if errors.As(err, &x) && x.Uncertain {
		if id, ok := c.accepted(ctx, d); ok {
			return id, nil
		}
	}
	return "", wireFault(err)
}

// accepted looks for a message whose sending was not answered in the sent list.
func (c *Courier) accepted(ctx context.Context, d document.Consignment) (string, bool) {
	rows, err := c.Wire.Sent(ctx, vxp.KindEdoc, "", vxp.Period{})
	if err != nil {
		return "", false
	}
	code := d.CodeNumber + "/" + d.CodeNotation
	for _, r := range rows {
		for _, to := range d.To {
			if strings.EqualFold(r.FromCode, d.From.OrganID) && strings.EqualFold(r.ToCode, to.OrganID) &&
				r.Notation == code && r.Title == d.Subject {
				return r.SenderDocID, true
			}
		}
	}
	return "", false
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
	var b strings.Builder
	if err := edxml.WriteStatus(&b, s, c.Dialect); err != nil {
		return writeFault(err)
	}
	_, err := c.Wire.Send(ctx, vxp.Outgoing{
		From: m.From.OrganID, Kind: vxp.KindStatus, Size: int64(b.Len()), SHA256: sha256.Sum256([]byte(b.String())),
		Body: func(w io.Writer) error { _, err := io.WriteString(w, b.String()); return err },
	})
	return wireFault(err)
}

// message is the consignment in the axis's words.
func (c *Courier) message(ctx context.Context, d document.Consignment) *edxml.Message {
	h := edxml.MessageHeader{
		From:             edxml.Agency{OrganId: d.From.OrganID, OrganName: d.From.OrganName, OrganizationInCharge: d.InCharge},
		DocumentId:       d.DocumentID,
		Code:             edxml.Code{CodeNumber: d.CodeNumber, CodeNotation: d.CodeNotation},
		PromulgationInfo: edxml.PromulgationInfo{Place: d.Place, PromulgationDate: wireDate(d.IssuedDate)},
		DocumentType:     edxml.AdministrativeType(d.TypeName),
		Subject:          d.Subject, Content: d.Subject,
		SignerInfo: edxml.SignerInfo{Competence: d.Competence, Position: d.SignerTitle, FullName: d.SignerName},
		DueDate:    wireDate(d.DueDate),
		OtherInfo: edxml.OtherInfo{
			Priority: edxml.NumberOf(int(d.Urgency)), PromulgationAmount: edxml.NumberOf(d.Copies), PageAmount: edxml.NumberOf(d.PageAmount),
		},
		SteeringType: edxml.NumberOf(1),
		ToPlaces:     edxml.ToPlaces{Place: d.ToPlaces},
	}
	for _, p := range d.To {
		h.To = append(h.To, edxml.Agency{OrganId: p.OrganID, OrganName: p.OrganName})
	}
	for _, r := range d.ResponseFor {
		h.ResponseFor = append(h.ResponseFor, edxml.ResponseFor{
			OrganId: r.OrganID, Code: r.Code, DocumentId: r.DocumentID, PromulgationDate: wireDate(r.PromulgationDate),
		})
	}
	m := &edxml.Message{MessageHeader: h, TraceHeaderList: edxml.TraceHeaderList{
		TraceHeader: []edxml.TraceHeader{{OrganId: d.From.OrganID, Timestamp: edxml.TimestampOf(d.SentAt)}},
		Bussiness: edxml.Bussiness{
			BussinessDocType: edxml.DocNew, BussinessDocReason: "Văn bản điện tử mới", Paper: edxml.NumberOf(0),
			StaffInfo: edxml.StaffInfo{Department: d.Staff.Department, Staff: d.Staff.Name},
		},
	}}
	for i, f := range d.Files {
		a := edxml.Attachment{
			// The id follows from document and place, so that a retry sends the same bytes.
			ContentId:      contentID(d.DocumentID, i, f.Blob),
			AttachmentName: f.Name, ContentType: f.MediaType, Size: f.Size, Description: "Phụ lục",
			Open: func() (io.ReadCloser, error) { return openBlob(ctx, c.Blobs, f.Blob) },
		}
		if f.Role == document.Main {
			a.Description = "Văn bản chính đã ký số"
		} else {
			m.MessageHeader.OtherInfo.Appendixes.Appendix = append(m.MessageHeader.OtherInfo.Appendixes.Appendix, f.Name)
		}
		m.Attachments = append(m.Attachments, a)
	}
	return m
}

// contentID has the shape of a UUID; it names an attachment within its message.
func contentID(documentID string, i int, blob string) string {
	h := fmt.Sprintf("%x", sha256.Sum256(fmt.Appendf(nil, "%s\n%d\n%s", documentID, i, blob)))
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:32]
}

// openBlob streams an object from its start.
func openBlob(ctx context.Context, blobs storage.Blobs, blob string) (io.ReadCloser, error) {
	key, err := storage.ParseKey(blob)
	if err != nil {
		return nil, err
	}
	o, err := blobs.Open(ctx, key)
	if err != nil {
		return nil, err
	}
	return struct {
		io.Reader
		io.Closer
	}{io.NewSectionReader(o, 0, o.Size()), o}, nil
}

func wireDate(d calendar.Date) edxml.Date {
	if d.IsZero() {
		return ""
	}
	return edxml.DateOf(d.Start())
}

// ourDate is a wire date; what is none becomes no date, the raw message keeps the words.
func ourDate(d edxml.Date) calendar.Date {
	t, ok := d.Time()
	if !ok {
		return calendar.Date{}
	}
	return calendar.DateOf(t)
}

// ourTime is a wire timestamp, or otherwise the fallback.
func ourTime(s edxml.Timestamp, fallback time.Time) time.Time {
	if t, ok := s.Time(); ok {
		return t.UTC()
	}
	return fallback.UTC()
}

// writeFault: a field that keeps the message from being sent will keep it so; storage that
// does not answer may come back.
func writeFault(err error) error {
	var fields edxml.FieldErrors
	if errors.As(err, &fields) && len(fields) > 0 {
		return fault.New(fault.Invalid, "axis_field").With("path", fields[0].Path).With("rule", fields[0].Rule).Wrap(err)
	}
	if errors.Is(err, storage.ErrUnavailable) {
		return fault.New(fault.Unavailable, "storage_unavailable").Wrap(err)
	}
	return fault.New(fault.Internal, "storage_failed").Wrap(err)
}

// wireFault gives a failed call its kind.
func wireFault(err error) error {
	var x *vxp.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &x) && !x.Retryable:
		return fault.New(fault.Invalid, "axis_refused").With("code", x.Code).With("text", x.Desc).Wrap(err)
	}
	return fault.New(fault.Unavailable, "axis_unavailable").Wrap(err)
}
