// Package edxmlcli is the work behind `congvan edxml`: it shows messages of the axis in
// words or JSON, takes their attachments out, and builds messages from a description. It
// needs no installation and opens no connection.
package edxmlcli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"

	"congvan/internal/axis/edxml"
)

// Report is what one message says, or why it cannot be read; it is the JSON of `inspect
// --json` (docs/edxml-inspect.schema.json). Message and Status have the element names of
// the wire.
type Report struct {
	File        string         `json:"file"`
	Readable    bool           `json:"readable"`
	Error       *Refusal       `json:"error,omitempty"`
	Kind        string         `json:"kind,omitempty"`
	Size        int64          `json:"size,omitempty"`
	SHA256      string         `json:"sha256,omitempty"`
	ContentHash string         `json:"content_hash,omitempty"` // the same for a relayed copy
	Message     *edxml.Message `json:"message,omitempty"`      // without its attachments
	Attachments []Attached     `json:"attachments,omitempty"`
	Targets     [][]string     `json:"targets,omitempty"` // documents a recall, update or replacement may be aimed at, in order
	Status      *edxml.Status  `json:"status,omitempty"`
	Meaning     *Words         `json:"meaning,omitempty"` // of the status code
	Signed      bool           `json:"signed,omitempty"`  // a signature of its own, never verified
	Unknown     []Unknown      `json:"unknown,omitempty"`
	Notes       []Note         `json:"notes,omitempty"`
}

// Refusal says why a message cannot be read.
type Refusal struct {
	Code   string `json:"code"`
	Path   string `json:"path,omitempty"`
	Offset int64  `json:"offset"`
	Detail string `json:"detail"`
	Words
}

// Words is a sentence in both languages.
type Words struct {
	VI string `json:"vi"`
	EN string `json:"en"`
}

// Attached is a file of a message. Name is as it came, SafeName what extract calls it.
type Attached struct {
	Name        string `json:"name"`
	SafeName    string `json:"safe_name"`
	Description string `json:"description,omitempty"`
	ContentID   string `json:"content_id,omitempty"`
	Declared    string `json:"declared_type,omitempty"`
	Type        string `json:"type"`             // by the bytes
	Zipped      bool   `json:"zipped,omitempty"` // came wrapped in a ZIP, size and hash are without it
	Size        int64  `json:"size"`
	SHA256      string `json:"sha256"`
}

// Unknown is an element that the format does not know.
type Unknown struct {
	Path string `json:"path"`
	Text string `json:"text"`
}

// Note is an oddity that did not keep the message from being read.
type Note struct {
	Code   string `json:"code"`
	Path   string `json:"path,omitempty"`
	Detail string `json:"detail,omitempty"`
	Words
}

// Kinds of a report.
const (
	KindNew     = "new"
	KindRecall  = "recall"
	KindUpdate  = "update"
	KindReplace = "replace"
	KindStatus  = "status"
	KindOther   = "other" // a BussinessDocType without an agreed meaning
)

// Inspect reads one message; name is how the report calls it. The error is of the reader
// or the disk; a message that is at fault is a report with Error.
func Inspect(ctx context.Context, name string, r io.Reader, dir string) (*Report, error) {
	temp := edxml.NewTemp(dir)
	defer func() { _ = temp.Close() }()
	report, _, err := read(ctx, name, r, temp)
	return report, err
}

// read gives the report and, of a document, the message with its files open in temp.
func read(ctx context.Context, name string, r io.Reader, temp *edxml.Temp) (*Report, *edxml.Message, error) {
	h, n := sha256.New(), new(counter)
	env, err := edxml.Read(ctx, io.TeeReader(r, io.MultiWriter(h, n)), edxml.Limits{}, temp.Open)
	out := &Report{File: name}
	var refused *edxml.Error
	if errors.As(err, &refused) {
		out.Error = &Refusal{
			Code: string(refused.Code), Path: refused.Path, Offset: refused.Offset, Detail: refused.Detail,
			Words: refusals[refused.Code],
		}
		return out, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	out.Readable, out.Size, out.SHA256, out.Signed = true, int64(*n), hex.EncodeToString(h.Sum(nil)), env.Signed
	for _, u := range env.Unknown {
		out.Unknown = append(out.Unknown, Unknown{u.Path, u.Text})
	}
	for _, n := range env.Notes {
		out.Notes = append(out.Notes, Note{string(n.Code), n.Path, n.Detail, notes[n.Code]})
	}
	if s := env.Status; s != nil {
		words := statusWords(s.StatusCode)
		out.Kind, out.Status, out.Meaning = KindStatus, s, &words
		return out, nil, nil
	}
	out.document(env.Message)
	return out, env.Message, nil
}

func (out *Report) document(m *edxml.Message) {
	shown := *m
	shown.Attachments = nil
	if shown.MessageHeader.To == nil {
		shown.MessageHeader.To = []edxml.Agency{}
	}
	if shown.TraceHeaderList.TraceHeader == nil {
		shown.TraceHeaderList.TraceHeader = []edxml.TraceHeader{}
	}
	out.Kind, out.Message, out.ContentHash, out.Targets = kindOf(m), &shown, m.Fingerprint(), m.Targets()
	names := newNames()
	for _, a := range m.Attachments {
		out.Attachments = append(out.Attachments, Attached{
			Name: a.AttachmentName, SafeName: names.next(a.AttachmentName), Description: a.Description, ContentID: a.ContentId,
			Declared: a.ContentType, Type: a.Sniffed, Zipped: a.Zipped, Size: a.Size, SHA256: a.SHA256.String(),
		})
	}
}

func kindOf(m *edxml.Message) string {
	switch m.TraceHeaderList.Bussiness.BussinessDocType {
	case "", edxml.DocNew:
		return KindNew
	case edxml.DocRecall:
		return KindRecall
	case edxml.DocUpdate:
		return KindUpdate
	case edxml.DocReplace:
		return KindReplace
	}
	return KindOther
}

type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}
