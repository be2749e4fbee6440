package edxml

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"strings"
)

// finish puts the parts together once the whole message is read.
func (r *reader) finish() (*Envelope, error) {
	if !r.parts["messageheader"] {
		return nil, r.refuse(CodeNotEdXML, "no MessageHeader")
	}
	if r.urlSafe {
		r.note(NoteBase64, "Attachment", "")
	}
	if r.unkept > 0 {
		r.note(NoteUnknown, "", fmt.Sprintf("%d more unknown elements", r.unkept))
	}
	if r.isStatus() {
		r.env.Status = r.status()
		r.noteFields(r.env.Status.Check())
		return &r.env, nil
	}
	m := &Message{MessageHeader: r.header.doc, TraceHeaderList: r.trace}
	r.env.Message = m
	r.join()
	for i := range r.files {
		a, err := r.attachment(&r.files[i])
		if err != nil {
			return nil, err
		}
		m.Attachments = append(m.Attachments, a)
	}
	r.noteFields(m.Check())
	return &r.env, nil
}

// isStatus tells the two messages apart: a status has a code, and nothing that only a
// document has.
func (r *reader) isStatus() bool {
	return r.header.status.StatusCode != "" && r.trace.Bussiness.BussinessDocType == "" && len(r.files) == 0
}

func (r *reader) status() *Status {
	s := r.header.status
	out := &Status{
		From: r.header.doc.From, StaffInfo: s.StaffInfo, StatusCode: s.StatusCode,
		Description: s.Description, Timestamp: s.Timestamp,
	}
	if len(s.StatusCode) == 1 {
		out.StatusCode = "0" + s.StatusCode
	}
	if about := r.header.doc.ResponseFor; len(about) > 0 {
		out.ResponseFor = about[0]
	}
	return out
}

// noteFields notes what the message lacks or writes in a form of its own; lengths and
// ranges are no matter on receipt.
func (r *reader) noteFields(err error) {
	var found FieldErrors
	errors.As(err, &found)
	for _, f := range found {
		switch f.Rule {
		case RuleRequired:
			r.note(NoteMissing, f.Path, "")
		case RuleFormat:
			r.note(NoteForm, f.Path, "")
		}
	}
}

// join gives each file what only its manifest reference says: matched by content id,
// else by name, else by position. What the file itself says goes first.
func (r *reader) join() {
	taken := make([]bool, len(r.manifest.Reference))
	match := func(i int, f *file) int {
		by := func(same func(reference) bool) int {
			for j, ref := range r.manifest.Reference {
				if !taken[j] && same(ref) {
					return j
				}
			}
			return -1
		}
		if j := by(func(ref reference) bool {
			return bareID(ref.ContentId) != "" && bareID(ref.ContentId) == bareID(f.ContentId)
		}); j >= 0 {
			return j
		}
		if j := by(func(ref reference) bool {
			return ref.AttachmentName != "" && ref.AttachmentName == f.AttachmentName
		}); j >= 0 {
			return j
		}
		if i < len(taken) && !taken[i] && len(taken) == len(r.files) {
			return i
		}
		return -1
	}
	for i := range r.files {
		f := &r.files[i]
		j := match(i, f)
		if j < 0 && len(r.manifest.Reference) > 0 {
			r.note(NoteNoReference, "Attachment", f.AttachmentName)
		}
		if j >= 0 {
			ref := r.manifest.Reference[j]
			taken[j] = true
			f.ContentId = cmp.Or(f.ContentId, ref.ContentId)
			f.AttachmentName = cmp.Or(f.AttachmentName, ref.AttachmentName)
			f.Description = cmp.Or(f.Description, ref.Description)
			f.ContentType = cmp.Or(f.ContentType, f.MimeType, ref.ContentType)
		}
	}
	for j, ref := range r.manifest.Reference {
		if !taken[j] {
			r.note(NoteNoContent, "edXMLManifest/Reference", ref.AttachmentName)
		}
	}
}

func bareID(id string) string {
	if len(id) >= len(cidPrefix) && strings.EqualFold(id[:len(cidPrefix)], cidPrefix) {
		return id[len(cidPrefix):]
	}
	return id
}

func (r *reader) attachment(f *file) (Attachment, error) {
	content := f.ContentTransferEncoded
	if content == nil {
		content = &received{}
		r.note(NoteNoContent, "Attachment", f.AttachmentName)
	}
	came := content
	content, err := r.unwrap(f, content)
	if err != nil {
		return Attachment{}, err
	}
	sniffed := content.sniff()
	if unlike(f.AttachmentName, sniffed) {
		r.note(NoteType, "Attachment", f.AttachmentName+": "+sniffed)
	}
	return Attachment{
		Sniffed:        sniffed,
		Zipped:         content != came,
		ContentId:      bareID(f.ContentId),
		AttachmentName: f.AttachmentName,
		Description:    f.Description,
		ContentType:    f.ContentType,
		Size:           content.size,
		SHA256:         content.sum,
		Open:           content.open,
	}, nil
}

func (c *received) open() (io.ReadCloser, error) {
	if c.file == nil {
		return io.NopCloser(strings.NewReader("")), nil
	}
	return io.NopCloser(io.NewSectionReader(c.file, 0, c.size)), nil
}
