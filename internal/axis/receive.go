package axis

import (
	"context"
	"errors"
	"io"
	"strings"

	"golang.org/x/text/unicode/norm"

	"congvan/internal/axis/edxml"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/workflow"
	"congvan/storage"
)

// sender is the agency a message is from: the one that the axis authenticated, under the
// code the message itself gives. A message in the name of another is refused (E2).
func (in *Inbox) sender(ctx context.Context, p document.Parcel, named string) (string, error) {
	if named == "" {
		named = p.From
	}
	same, err := in.Receiver.SameAgency(ctx, p.From, named)
	if err == nil && (!same || p.From == "") {
		err = fault.New(fault.Invalid, "axis_sender_mismatch")
	}
	return named, err
}

// longest an identifier may be on receipt, in bytes. Lengths are no matter there, but these
// are looked up.
const longest = 500

// identifiers checks what a document is known by: one without an identifier of its own goes
// by the customary one.
func identifiers(h *edxml.MessageHeader) error {
	if h.DocumentId == "" {
		if _, ok := h.PromulgationInfo.PromulgationDate.Time(); !ok || h.Code.CodeNumber == "" {
			return fault.New(fault.Invalid, "edxml_incomplete")
		}
		h.DocumentId = edxml.DocumentID(h.From.OrganId, h.PromulgationInfo.PromulgationDate, h.Code)
	}
	for _, s := range []string{h.DocumentId, h.From.OrganId, h.Code.CodeNumber, h.Code.CodeNotation} {
		if len(s) > longest {
			return fault.New(fault.Invalid, "edxml_too_large")
		}
	}
	return nil
}

// document turns a message into a consignment.
func (in *Inbox) document(ctx context.Context, p document.Parcel, env *edxml.Envelope) (c document.Consignment, err error) {
	m := env.Message
	h := m.MessageHeader
	if h.From.OrganId, err = in.sender(ctx, p, h.From.OrganId); err != nil {
		return c, err
	}
	if err := identifiers(&h); err != nil {
		return c, err
	}
	aim := aimOf(m)
	if t := m.TraceHeaderList.Bussiness.BussinessDocType; t != "" && t != edxml.DocNew && aim == nil {
		return c, fault.New(fault.Invalid, "axis_kind_unsupported")
	}
	nfc := norm.NFC.String
	c = document.Consignment{
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
	c.Aim = aim
	for _, p := range h.To {
		c.To = append(c.To, document.Party{OrganID: p.OrganId, OrganName: nfc(p.OrganName)})
	}
	for _, r := range h.ResponseFor {
		if len(r.DocumentId) > longest {
			continue // the raw message keeps it
		}
		c.ResponseFor = append(c.ResponseFor, document.Reference{
			OrganID: r.OrganId, Code: nfc(r.Code), DocumentID: r.DocumentId, PromulgationDate: ourDate(r.PromulgationDate),
		})
	}
	c.SentAt = p.At
	if t := m.TraceHeaderList.TraceHeader; len(t) > 0 {
		c.SentAt = ourTime(t[0].Timestamp, p.At)
	}
	if !document.HasSecretMark(c.SecrecyMark) {
		if c.Files, err = in.files(ctx, m.Attachments); err != nil {
			return c, err
		}
	}
	c.Hash = m.Fingerprint()
	return c, nil
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
		if norm.NFC.String(a.Description) == originalFile {
			f.Role = document.Original
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
			if f.MediaType = "application/pdf"; !main && f.Role == document.Annex {
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
func (in *Inbox) status(ctx context.Context, p document.Parcel, s *edxml.Status) (m document.StatusMessage, err error) {
	from, err := in.sender(ctx, p, s.From.OrganId)
	if err != nil {
		return m, err
	}
	if len(from) > longest || len(s.ResponseFor.DocumentId) > longest || len(s.StatusCode) > 20 {
		return m, fault.New(fault.Invalid, "edxml_too_large")
	}
	return document.StatusMessage{
		From: document.Party{OrganID: from, OrganName: norm.NFC.String(s.From.OrganName)},
		To:   s.ResponseFor.OrganId, DocumentID: s.ResponseFor.DocumentId, Code: norm.NFC.String(s.ResponseFor.Code),
		PromulgationDate: ourDate(s.ResponseFor.PromulgationDate), Status: workflow.StatusCode(s.StatusCode),
		Description: norm.NFC.String(s.Description),
		Staff:       document.Staff{Department: s.StaffInfo.Department, Name: norm.NFC.String(s.StaffInfo.Staff)},
		At:          ourTime(s.Timestamp, p.At),
	}, nil
}
