package edxml

import (
	"bufio"
	"crypto/sha256"
	"io"
	"reflect"
	"strings"
)

// Write checks m and writes it in the given dialect: UTF-8, elements in the order of
// the operator's library, empty ones left out. The same message and attachment bytes
// give the same output, so that a first pass can hash and a second send. Memory does not
// grow with the attachments.
//
// Errors: FieldErrors, an attachment's reader, ErrChanged, or w's own.
func Write(w io.Writer, m *Message, d Dialect) error {
	if err := m.Check(); err != nil {
		return err
	}
	x := &writer{w: bufio.NewWriterSize(w, 32<<10), d: d}
	x.open()
	x.group(hdr, reflect.ValueOf(m.MessageHeader))
	x.group(trc, reflect.ValueOf(m.TraceHeaderList))
	if d.Signature != SignatureNone {
		x.line("<" + x.name(string(d.Signature)) + "/>")
	}
	x.end(x.name("edXMLHeader"))
	x.manifest(m.Attachments)
	x.end(x.name("edXMLEnvelope"))
	if err := x.encoded(m.Attachments); err != nil {
		return err
	}
	return x.close()
}

// WriteStatus checks s and writes it in the given dialect; errors as for Write.
func WriteStatus(w io.Writer, s *Status, d Dialect) error {
	if err := s.Check(); err != nil {
		return err
	}
	x := &writer{w: bufio.NewWriter(w), d: d}
	x.open()
	x.group(hdr, reflect.ValueOf(*s))
	x.end(x.name("edXMLHeader"))
	x.end(x.name("edXMLEnvelope"))
	return x.close()
}

// Measure writes m nowhere and tells the length and hash that Write will give.
func Measure(m *Message, d Dialect) (size int64, sum Digest, err error) {
	h := sha256.New()
	n := &counter{w: h}
	if err := Write(n, m, d); err != nil {
		return 0, Digest{}, err
	}
	return n.n, Digest(h.Sum(nil)), nil
}

type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

// writer writes lines of markup; bufio.Writer keeps the first error until the end.
type writer struct {
	w      *bufio.Writer
	d      Dialect
	indent int
}

func (x *writer) open() {
	x.line(`<?xml version="1.0" encoding="UTF-8"?>`)
	x.begin("edXML", `xmlns="`+Namespace+`"`)
	x.begin(x.name("edXMLEnvelope"), x.declaration())
	x.begin(x.name("edXMLHeader"), "")
}

func (x *writer) close() error {
	x.end("edXML")
	return x.w.Flush()
}

func (x *writer) name(local string) string { return x.d.Prefix + ":" + local }

func (x *writer) declaration() string { return "xmlns:" + x.d.Prefix + `="` + Namespace + `"` }

func (x *writer) line(s string) {
	for range x.indent {
		x.w.WriteString("  ")
	}
	x.w.WriteString(s)
	x.w.WriteByte('\n')
}

func (x *writer) begin(name, attributes string) {
	if attributes != "" {
		attributes = " " + attributes
	}
	x.line("<" + name + attributes + ">")
	x.indent++
}

func (x *writer) end(name string) {
	x.indent--
	x.line("</" + name + ">")
}

// Carriage returns would be lost to line-end normalisation; all else is literal.
var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\r", "&#13;")

func (x *writer) leaf(name, text string) {
	if text != "" {
		x.line("<" + name + ">" + escaper.Replace(text) + "</" + name + ">")
	}
}

// group writes a struct as an element and its fields below it.
func (x *writer) group(name string, v reflect.Value) {
	if blank(v) {
		return
	}
	x.begin(x.name(name), "")
	last := ""
	if x.d.DocumentIDLast && v.Type() == reflect.TypeFor[MessageHeader]() {
		last = "DocumentId"
	}
	for i := range v.NumField() {
		if name := v.Type().Field(i).Name; name != last {
			x.element(name, v.Field(i))
		}
	}
	if last != "" {
		x.element(last, v.FieldByName(last))
	}
	x.end(x.name(name))
}

func (x *writer) element(name string, v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		x.leaf(x.name(name), v.String())
	case reflect.Slice:
		for i := range v.Len() {
			x.element(name, v.Index(i))
		}
	default:
		x.group(name, v)
	}
}

func (x *writer) manifest(files []Attachment) {
	x.begin(x.name("edXMLBody"), "")
	x.begin(x.name("edXMLManifest"), `version="1.0"`)
	for _, a := range files {
		x.begin(x.name("Reference"), "")
		x.leaf(x.name("ContentId"), cidPrefix+a.ContentId)
		x.leaf(x.name("ContentType"), wireForm(a.AttachmentName).contentType)
		x.leaf(x.name("Description"), a.Description)
		x.leaf(x.name("AttachmentName"), a.AttachmentName)
		x.end(x.name("Reference"))
	}
	x.end(x.name("edXMLManifest"))
	x.end(x.name("edXMLBody"))
}

func (x *writer) encoded(files []Attachment) error {
	if len(files) == 0 {
		return nil
	}
	x.begin("AttachmentEncoded", "")
	for i := range files {
		a := &files[i]
		x.begin("Attachment", "")
		cid := cidPrefix + a.ContentId
		if x.d.BareContentID {
			cid = a.ContentId
		}
		x.leaf("ContentId", cid)
		x.leaf("AttachmentName", a.AttachmentName)
		x.leaf("Description", a.Description)
		x.leaf("ContentType", wireForm(a.AttachmentName).contentType)
		if err := x.content(a); err != nil {
			return err
		}
		x.end("Attachment")
	}
	x.end("AttachmentEncoded")
	return nil
}
