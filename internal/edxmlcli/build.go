package edxmlcli

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"congvan/internal/axis/edxml"
)

// Description is the input of `build` (docs/edxml-build.schema.json): a document with its
// files, or a status. Both have the element names of the wire, as `inspect --json` shows
// them.
type Description struct {
	Message *edxml.Message `json:"message,omitempty"`
	Files   []Enclosed     `json:"files,omitempty"`
	Status  *edxml.Status  `json:"status,omitempty"`
}

// Enclosed is a file to attach: its path is relative to the description and does not leave
// its folder; its name in the message is the last part of the path unless given.
type Enclosed struct {
	Path        string `json:"path"`
	Name        string `json:"name,omitempty"`
	Description string `json:"description,omitempty"`
}

// maxDescription bounds a description in bytes.
const maxDescription = 8 << 20

// Problems are the reasons, one per field, why a description makes no message.
type Problems []string

func (p Problems) Error() string { return strings.Join(p, "\n") }

func problem(field, vi, en string) Problems {
	return Problems{field + ": " + Words{vi, en}.String()}
}

// ParseDescription reads a description; the error is Problems, naming what it is about.
func ParseDescription(r io.Reader) (*Description, error) {
	raw, err := io.ReadAll(io.LimitReader(r, maxDescription+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > maxDescription {
		return nil, problem("description", "dài quá", "is too long")
	}
	dec := json.NewDecoder(strings.NewReader(strings.TrimPrefix(string(raw), "\ufeff")))
	dec.DisallowUnknownFields()
	var d Description
	err = dec.Decode(&d)
	if err == nil {
		if _, more := dec.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("text after the description")
		}
	}
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &kind):
		return nil, problem(kind.Field, "sai kiểu: "+kind.Value, "is of the wrong kind: "+kind.Value)
	case err != nil:
		return nil, problem("description", "không đọc được", strings.TrimPrefix(err.Error(), "json: "))
	case (d.Message == nil) == (d.Status == nil):
		return nil, problem("message, status", "phải có đúng một trong hai", "give exactly one of the two")
	case d.Status != nil && len(d.Files) > 0:
		return nil, problem("files", "trạng thái không có tệp", "a status has no files")
	}
	return &d, nil
}

// Build writes the message that d describes; files are found in the folder dir. What the
// description leaves open is filled in from now: the trace header, the status's time, an
// identifier made of agency, date and reference, the type's code by its name.
func Build(ctx context.Context, w io.Writer, d *Description, dir string, dialect edxml.Dialect, now time.Time) error {
	if d.Status != nil {
		s := *d.Status
		if s.Timestamp == "" {
			s.Timestamp = edxml.TimestampOf(now)
		}
		return said("status/", edxml.WriteStatus(w, &s, dialect))
	}
	m := *d.Message
	complete(&m, now)
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	if m.Attachments, err = enclose(ctx, root, m.MessageHeader.DocumentId, d.Files); err != nil {
		return err
	}
	return said("message/", edxml.Write(w, &m, dialect))
}

func complete(m *edxml.Message, now time.Time) {
	h, t := &m.MessageHeader, &m.TraceHeaderList
	if h.DocumentId == "" && h.From.OrganId != "" && h.Code.CodeNumber != "" && h.PromulgationInfo.PromulgationDate != "" {
		h.DocumentId = edxml.DocumentID(h.From.OrganId, h.PromulgationInfo.PromulgationDate, h.Code)
	}
	if name := h.DocumentType.TypeName; name != "" && h.DocumentType.Type == "" {
		h.DocumentType = edxml.AdministrativeType(name)
	}
	if len(t.TraceHeader) == 0 {
		t.TraceHeader = []edxml.TraceHeader{{OrganId: h.From.OrganId, Timestamp: edxml.TimestampOf(now)}}
	}
	if t.Bussiness.BussinessDocType == "" {
		t.Bussiness.BussinessDocType = edxml.DocNew
	}
}

// enclose finds the files; all that cannot be attached are named together.
func enclose(ctx context.Context, root *os.Root, documentID string, files []Enclosed) ([]edxml.Attachment, error) {
	var out []edxml.Attachment
	var bad Problems
	for i, f := range files {
		field := fmt.Sprintf("files[%d]/path", i+1)
		info, err := root.Stat(filepath.FromSlash(f.Path))
		switch {
		case f.Path == "":
			bad = append(bad, problem(field, "phải có", "must be given")...)
			continue
		case err != nil:
			bad = append(bad, problem(field, "không mở được: "+f.Path, "cannot be opened within the description's folder: "+f.Path)...)
			continue
		case !info.Mode().IsRegular():
			bad = append(bad, problem(field, "không phải tệp: "+f.Path, "is not a file: "+f.Path)...)
			continue
		}
		name := f.Name
		if name == "" {
			name = filepath.Base(filepath.FromSlash(f.Path))
		}
		name = norm.NFC.String(name)
		out = append(out, edxml.Attachment{
			ContentId: contentID(documentID, i, name), AttachmentName: name, Description: f.Description, Size: info.Size(),
			Open: func() (io.ReadCloser, error) {
				opened, err := root.Open(filepath.FromSlash(f.Path))
				if err != nil {
					return nil, err
				}
				return &interruptible{ctx, opened}, nil
			},
		})
	}
	if bad != nil {
		return nil, bad
	}
	return out, nil
}

// contentID names an attachment within its message, the same every time, as a UUID.
func contentID(documentID string, i int, name string) string {
	h := fmt.Sprintf("%x", sha256.Sum256(fmt.Appendf(nil, "%s\n%d\n%s", documentID, i, name)))
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:32]
}

// interruptible is a file that is read until ctx ends.
type interruptible struct {
	ctx context.Context
	*os.File
}

func (f *interruptible) Read(p []byte) (int, error) {
	if err := f.ctx.Err(); err != nil {
		return 0, err
	}
	return f.File.Read(p)
}

// WriteTo is hidden: it would pass Read by.
func (f *interruptible) WriteTo(w io.Writer) (int64, error) {
	return io.Copy(w, struct{ io.Reader }{f})
}

// said puts the fields that keep a message from being written into words.
func said(under string, err error) error {
	var fields edxml.FieldErrors
	if !errors.As(err, &fields) {
		return err
	}
	var out Problems
	for _, f := range fields {
		w := rules[f.Rule]
		switch f.Rule {
		case edxml.RuleLength:
			w.VI += fmt.Sprintf(" (nhiều nhất %d ký tự)", f.Limit)
			w.EN += fmt.Sprintf(" (at most %d characters)", f.Limit)
		case edxml.RuleRange:
			w.VI += fmt.Sprintf(" (lớn nhất %d)", f.Limit)
			w.EN += fmt.Sprintf(" (at most %d)", f.Limit)
		case edxml.RuleFormat:
			if form, ok := forms[fieldName(f.Path)]; ok {
				w.VI, w.EN = w.VI+", ví dụ "+form, w.EN+", for example "+form
			}
		}
		out = append(out, under+f.Path+": "+w.String())
	}
	return out
}

// forms are examples of values with a form of their own, by the name of the element.
var forms = map[string]string{
	"OrganId": "H99.14", "PromulgationDate": "2026/11/20", "DueDate": "2026/11/30", "Timestamp": "2026/11/20 10:15:30",
	"Email": "vanthu@example.gov.vn", "StatusCode": "03",
}

func fieldName(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }
