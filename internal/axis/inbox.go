package axis

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"congvan/internal/axis/edxml"
	"congvan/internal/axis/vxp"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/workflow"
	"congvan/storage"
)

// Receiver takes what came; flow implements it. A fault of kind Unavailable or Internal
// leaves the message on the axis for the next round, any other one sets it aside.
type Receiver interface {
	Receive(ctx context.Context, c document.Consignment, recipientOrganID string, via document.Channel, rawKey string) error
	RecordStatus(ctx context.Context, m document.StatusMessage) error
	// SetAside keeps a message that cannot become a document, with the reason.
	SetAside(ctx context.Context, recipientOrganID, fromOrganID, rawKey, code string) error
}

// Inbox fetches messages: list, fetch, store raw, read, hand to the receiver, and only
// then tell the axis "done", so that a crash between any two steps is repaired by the next
// round. One message that is at fault never blocks the ones behind it.
type Inbox struct {
	Wire     Wire
	Blobs    storage.Blobs
	Receiver Receiver
	Dir      string // for temporary files
	Limits   edxml.Limits
	Clock    func() time.Time
	Log      *slog.Logger
}

// Poll takes one round of documents and statuses and returns how many were done.
func (in *Inbox) Poll(ctx context.Context) (int, error) {
	n := 0
	var errs error
	for _, kind := range []vxp.Kind{vxp.KindEdoc, vxp.KindStatus} {
		rows, err := in.Wire.Received(ctx, kind, vxp.Period{})
		if err != nil {
			return n, errors.Join(errs, wireFault(err))
		}
		for _, row := range rows {
			if ctx.Err() != nil {
				return n, errors.Join(errs, ctx.Err())
			}
			if err := in.one(ctx, kind, row); err != nil {
				errs = errors.Join(errs, err)
				in.Log.Warn("axis message left for the next round", "doc_id", row.DocID, "error", err)
				continue
			}
			n++
		}
	}
	return n, errs
}

// one takes one message. A nil error means that it is dealt with and the axis was told.
func (in *Inbox) one(ctx context.Context, kind vxp.Kind, row vxp.Received) error {
	raw, rawKey, err := in.fetch(ctx, row.DocID)
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
		err = fault.New(fault.Invalid, "edxml_"+strings.ReplaceAll(string(bad.Code), "-", "_")).Wrap(err)
	case err == nil && kind == vxp.KindEdoc && env.Message != nil:
		err = in.document(ctx, row, env, rawKey)
	case err == nil && env.Status != nil:
		err = in.status(ctx, row, env.Status)
	case err == nil:
		err = fault.New(fault.Invalid, "edxml_not_edxml")
	}
	if err != nil {
		if k := fault.KindOf(err); k == fault.Unavailable || k == fault.Internal {
			return err
		}
		if err := in.Receiver.SetAside(ctx, row.To, row.From, rawKey, fault.From(err).Code); err != nil {
			return err
		}
	}
	return wireFault(in.Wire.UpdateStatus(ctx, row.DocID, vxp.TransportDone))
}

// fetch stores the raw message and gives it back from its beginning.
func (in *Inbox) fetch(ctx context.Context, docID string) (*os.File, string, error) {
	r, err := in.Wire.Fetch(ctx, docID)
	if err != nil {
		return nil, "", wireFault(err)
	}
	defer func() { _ = r.Close() }()
	f, err := os.CreateTemp(in.Dir, "axis-*.edxml")
	if err != nil {
		return nil, "", fault.New(fault.Unavailable, "storage_unavailable").Wrap(err)
	}
	_ = os.Remove(f.Name()) // gone with the handle
	key, err := in.keep(ctx, f, r)
	if err != nil {
		_ = f.Close()
		return nil, "", err
	}
	return f, key, nil
}

func (in *Inbox) keep(ctx context.Context, f *os.File, r io.Reader) (string, error) {
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, h), r)
	if err != nil {
		return "", wireFault(err)
	}
	key := storage.Key(h.Sum(nil))
	if err := in.put(ctx, key, n, f); err != nil {
		return "", err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return "", fault.New(fault.Unavailable, "storage_unavailable").Wrap(err)
	}
	return key.String(), nil
}

func (in *Inbox) put(ctx context.Context, key storage.Key, size int64, r io.ReaderAt) error {
	err := in.Blobs.Put(ctx, key, size, io.NewSectionReader(r, 0, size))
	if err != nil {
		return fault.New(fault.Unavailable, "storage_unavailable").Wrap(err)
	}
	return nil
}

// document turns a message into a consignment. The sender is the one the axis
// authenticated; an envelope that names another is refused (E2).
func (in *Inbox) document(ctx context.Context, row vxp.Received, env *edxml.Envelope, rawKey string) error {
	m := env.Message
	h := m.MessageHeader
	if row.From != "" && !strings.EqualFold(strings.TrimSpace(row.From), strings.TrimSpace(h.From.OrganId)) {
		return fault.New(fault.Invalid, "axis_sender_mismatch").With("axis", row.From).With("message", h.From.OrganId)
	}
	if t := m.TraceHeaderList.Bussiness.BussinessDocType; t != "" && t != edxml.DocNew {
		return fault.New(fault.Invalid, "axis_kind_unsupported").With("kind", t)
	}
	nfc := norm.NFC.String
	c := document.Consignment{
		From:     document.Party{OrganID: h.From.OrganId, OrganName: nfc(h.From.OrganName)},
		InCharge: nfc(h.From.OrganizationInCharge), DocumentID: h.DocumentId,
		CodeNumber: h.Code.CodeNumber, CodeNotation: nfc(h.Code.CodeNotation), Place: nfc(h.PromulgationInfo.Place),
		IssuedDate: ourDate(h.PromulgationInfo.PromulgationDate), TypeName: nfc(h.DocumentType.Name()),
		Subject: nfc(h.Subject), SecrecyMark: secrecyMark(env),
		SignerName: nfc(h.SignerInfo.FullName), SignerTitle: nfc(h.SignerInfo.Position), Competence: nfc(h.SignerInfo.Competence),
		DueDate: ourDate(h.DueDate), ToPlaces: h.ToPlaces.Place,
		Staff: document.Staff{Department: m.TraceHeaderList.Bussiness.StaffInfo.Department, Name: m.TraceHeaderList.Bussiness.StaffInfo.Staff},
	}
	if n, ok := h.OtherInfo.Priority.Int(); ok && n >= 0 {
		c.Urgency = document.Urgency(min(n, int(document.Express)))
	}
	if n, ok := h.OtherInfo.PageAmount.Int(); ok && n > 0 {
		c.PageAmount = n
	}
	for _, p := range h.To {
		c.To = append(c.To, document.Party{OrganID: p.OrganId, OrganName: nfc(p.OrganName)})
	}
	for _, r := range h.ResponseFor {
		c.ResponseFor = append(c.ResponseFor, document.Reference{
			OrganID: r.OrganId, Code: nfc(r.Code), DocumentID: r.DocumentId, PromulgationDate: ourDate(r.PromulgationDate),
		})
	}
	for _, t := range m.TraceHeaderList.TraceHeader {
		c.SentAt = ourTime(t.Timestamp, in.Clock())
		break
	}
	if !document.HasSecretMark(c.SecrecyMark) {
		var err error
		if c.Files, err = in.files(ctx, m.Attachments); err != nil {
			return err
		}
	}
	return in.Receiver.Receive(ctx, c, row.To, document.Axis, rawKey)
}

// files stores the attachments under their hashes; the first PDF is the main file.
func (in *Inbox) files(ctx context.Context, attachments []edxml.Attachment) ([]document.ConsignedFile, error) {
	var out []document.ConsignedFile
	main := false
	for _, a := range attachments {
		f := document.ConsignedFile{
			Role: document.Annex, Name: norm.NFC.String(a.AttachmentName), MediaType: "application/octet-stream",
			Blob: a.SHA256.String(), Size: a.Size,
		}
		r, err := a.Open()
		if err != nil {
			return nil, fault.New(fault.Unavailable, "storage_unavailable").Wrap(err)
		}
		head := make([]byte, 1024)
		n, err := io.ReadFull(r, head)
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, io.EOF) {
			_ = r.Close()
			return nil, fault.New(fault.Unavailable, "storage_unavailable").Wrap(err)
		}
		if strings.Contains(string(head[:n]), "%PDF-") {
			if f.MediaType = "application/pdf"; !main {
				f.Role, main = document.Main, true
			}
		}
		body := io.MultiReader(strings.NewReader(string(head[:n])), r)
		err = in.Blobs.Put(ctx, storage.Key(a.SHA256), a.Size, body)
		_ = r.Close()
		if err != nil {
			return nil, fault.New(fault.Unavailable, "storage_unavailable").Wrap(err)
		}
		out = append(out, f)
	}
	if !main && len(out) > 0 {
		out[0].Role = document.Main
	}
	return out, nil
}

// secrecyMark finds a field that names a secret grade: edXML has none of its own, senders
// put it into the scope of circulation or into an element of their own.
func secrecyMark(env *edxml.Envelope) string {
	if s := env.Message.MessageHeader.OtherInfo.SphereOfPromulgation; document.HasSecretMark(s) {
		return s
	}
	for _, e := range env.Unknown {
		name := strings.ToLower(e.Path[strings.LastIndexByte(e.Path, '/')+1:])
		for _, n := range []string{"secre", "secur", "confiden", "domat"} {
			if strings.Contains(name, n) && document.HasSecretMark(e.Text) {
				return e.Text
			}
		}
	}
	return ""
}

// status turns a status message into ours. Its reporter is the agency that the axis
// authenticated.
func (in *Inbox) status(ctx context.Context, row vxp.Received, s *edxml.Status) error {
	if row.From != "" && !strings.EqualFold(strings.TrimSpace(row.From), strings.TrimSpace(s.From.OrganId)) {
		return fault.New(fault.Invalid, "axis_sender_mismatch").With("axis", row.From).With("message", s.From.OrganId)
	}
	return in.Receiver.RecordStatus(ctx, document.StatusMessage{
		From: document.Party{OrganID: s.From.OrganId, OrganName: norm.NFC.String(s.From.OrganName)},
		To:   s.ResponseFor.OrganId, DocumentID: s.ResponseFor.DocumentId, Code: norm.NFC.String(s.ResponseFor.Code),
		PromulgationDate: ourDate(s.ResponseFor.PromulgationDate), Status: workflow.StatusCode(s.StatusCode),
		Description: norm.NFC.String(s.Description),
		Staff:       document.Staff{Department: s.StaffInfo.Department, Name: norm.NFC.String(s.StaffInfo.Staff)},
		At:          ourTime(s.Timestamp, in.Clock()),
	})
}
