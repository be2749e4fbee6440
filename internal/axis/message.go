package axis

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"time"

	"congvan/internal/axis/edxml"
	"congvan/internal/calendar"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/storage"
)

// message is the consignment in the axis's words.
func (c *Courier) message(ctx context.Context, d document.Consignment) (*edxml.Message, error) {
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
		code := p.OrganID
		if c.Codes != nil {
			var err error
			if code, err = c.Codes(ctx, p.OrganID); err != nil {
				return nil, err
			}
		}
		h.To = append(h.To, edxml.Agency{OrganId: code, OrganName: p.OrganName})
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
		key, err := storage.ParseKey(f.Blob)
		if err != nil {
			return nil, fault.New(fault.Internal, "storage_failed").Wrap(err)
		}
		a := edxml.Attachment{
			// The id follows from document and place, so that a retry sends the same bytes.
			ContentId:      contentID(d.DocumentID, i, f.Blob),
			AttachmentName: f.Name, ContentType: f.MediaType, Size: f.Size, SHA256: edxml.Digest(key), Description: "Phụ lục",
			Open: func() (io.ReadCloser, error) { return openBlob(ctx, c.Blobs, key) },
		}
		switch f.Role {
		case document.Main:
			a.Description = "Văn bản chính đã ký số"
		case document.Original:
			a.Description = originalFile
		case document.Annex:
			m.MessageHeader.OtherInfo.Appendixes.Appendix = append(m.MessageHeader.OtherInfo.Appendixes.Appendix, f.Name)
		}
		m.Attachments = append(m.Attachments, a)
	}
	c.aimed(m, d)
	return m, nil
}

// originalFile describes a file that is handed on as it was received; by it the receiver
// tells the issuer's files from the forwarder's.
const originalFile = "Văn bản gốc chuyển kèm"

// contentID has the shape of a UUID; it names an attachment within its message.
func contentID(documentID string, i int, blob string) string {
	h := fmt.Sprintf("%x", sha256.Sum256(fmt.Appendf(nil, "%s\n%d\n%s", documentID, i, blob)))
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:32]
}

// openBlob streams an object from its start.
func openBlob(ctx context.Context, blobs storage.Blobs, key storage.Key) (io.ReadCloser, error) {
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
