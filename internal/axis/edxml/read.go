package edxml

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Read reads an edXML message of any sender: elements by local name whatever their
// order, prefix or namespace; absent, empty and "N/A" alike; dates in any form seen on
// the axis; attachments unzipped where the sender wrapped them. It opens no connection
// and never uses a foreign name as a path.
//
// An *Error means that the message is at fault and will never be readable; any other
// error comes from r, spool or ctx. Oddities that do no harm are noted in the Envelope.
func Read(ctx context.Context, r io.Reader, lim Limits, spool Spool) (*Envelope, error) {
	lim = lim.orDefault()
	x := &reader{lim: lim, in: newInput(ctx, r, lim), spool: spool, filesLeft: lim.Files, parts: map[string]bool{}}
	x.dec = xml.NewDecoder(x.in)
	x.dec.CharsetReader = x.charset
	stray, err := x.in.preamble()
	if err != nil {
		return nil, err
	}
	if stray {
		x.note(NoteStrayText, "", "before the first tag")
	}
	if err := x.document(); err != nil {
		return nil, err
	}
	return x.finish()
}

type reader struct {
	in        *input
	dec       *xml.Decoder
	lim       Limits
	spool     Spool
	filesLeft int64

	path     []string // local names of the open elements
	elements int
	unkept   int             // unknown elements beyond the limit
	started  bool            // past the place of the XML declaration
	parts    map[string]bool // containers read so far, by their lower-case names
	urlSafe  bool            // an attachment's base64 was in the alphabet for addresses

	header struct {
		doc    MessageHeader
		status statusPart
	}
	trace    TraceHeaderList
	manifest manifest
	files    []file
	env      Envelope
}

// statusPart is what a status has in its MessageHeader besides a document's elements.
type statusPart struct {
	StaffInfo   StaffInfo
	StatusCode  StatusCode
	Description string
	Timestamp   Timestamp
}

type manifest struct{ Reference []reference }

type reference struct {
	ContentId, ContentType, Description, AttachmentName string
}

// file is an Attachment element.
type file struct {
	ContentId, AttachmentName, Description, FieldName, MimeType, ContentType string
	ContentTransferEncoded                                                   *received
}

// received is an attachment's content in the spool; file is nil if it came empty.
type received struct {
	file File
	size int64
	sum  Digest
}

func (r *reader) refuse(code ErrorCode, format string, args ...any) *Error {
	e := r.in.refuse(code, format, args...)
	e.Path = r.at()
	return e
}

// at is the path of the element being read; foreign names are cut short.
func (r *reader) at() string {
	return fmt.Sprintf("%.300s", strings.Join(r.path, "/"))
}

const maxNotes = 200

func (r *reader) note(code NoteCode, path, detail string) {
	if len(r.env.Notes) < maxNotes {
		r.env.Notes = append(r.env.Notes, Note{code, path, detail})
	}
}

// charset accepts what can only be UTF-8 under another name: plain ASCII, what was UTF-16
// and is brought to UTF-8 already, and the UTF-16 that one platform's string writer
// declares over UTF-8 bytes. No other set is guessed at: a letter read wrong is worse than
// a message set aside.
func (r *reader) charset(label string, input io.Reader) (io.Reader, error) {
	switch l := strings.ToLower(label); {
	case l == "utf8", l == "us-ascii", l == "ascii", l == "utf-16", r.in.recoded && (l == "utf-16le" || l == "utf-16be"):
		return input, nil
	}
	return nil, r.refuse(CodeEncoding, "encoding %.40q is neither UTF-8 nor UTF-16", label)
}

// token is the decoder's next start tag, end tag or text; everything that could reach
// outside the message or change its meaning is refused.
func (r *reader) token() (xml.Token, error) {
	for {
		r.in.token = 0
		tok, err := r.dec.Token()
		if err != nil {
			return nil, r.failed(err)
		}
		first := !r.started
		r.started = true
		switch t := tok.(type) {
		case xml.ProcInst:
			if !first || t.Target != "xml" {
				return nil, r.refuse(CodeForbidden, "processing instruction %.40q", t.Target)
			}
		case xml.Directive:
			return nil, r.refuse(CodeForbidden, "DOCTYPE or another directive")
		case xml.Comment:
		case xml.StartElement:
			return tok, r.enter(t.Name)
		case xml.EndElement:
			r.path = r.path[:len(r.path)-1]
			return tok, nil
		default:
			return tok, nil
		}
	}
}

// failed tells the message's own fault from the input's.
func (r *reader) failed(err error) error {
	var refused *Error
	var syntax *xml.SyntaxError
	switch {
	case errors.As(err, &refused):
		refused.Path = r.at()
		return refused
	case r.in.err != nil && !errors.Is(r.in.err, io.EOF):
		return r.in.err
	case errors.Is(err, io.EOF):
		return io.EOF
	case errors.As(err, &syntax):
		return r.refuse(CodeSyntax, "%.200s", syntax.Msg)
	}
	return r.refuse(CodeSyntax, "%.200s", strings.TrimPrefix(err.Error(), "xml: "))
}

func (r *reader) enter(name xml.Name) error {
	r.elements++
	r.path = append(r.path, name.Local)
	switch {
	case len(r.path) > r.lim.Depth:
		return r.refuse(CodeTooLarge, "elements nested more than %d deep", r.lim.Depth)
	case r.elements > r.lim.Elements:
		return r.refuse(CodeTooLarge, "more than %d elements", r.lim.Elements)
	case strings.HasSuffix(name.Space, "/XInclude") || name.Space == "xi":
		return r.refuse(CodeForbidden, "XInclude")
	}
	return nil
}

// document reads the one root element and sees that nothing follows it.
func (r *reader) document() error {
	root := false
	for {
		tok, err := r.token()
		if errors.Is(err, io.EOF) {
			if !root {
				return r.refuse(CodeNotEdXML, "no element")
			}
			return nil
		}
		if err != nil {
			return err
		}
		switch t := tok.(type) {
		case xml.StartElement:
			if root {
				return r.refuse(CodeSyntax, "a second root element")
			}
			root = true
			if part := container(t.Name.Local); part != "edxml" && part != "edxmlenvelope" {
				return r.refuse(CodeNotEdXML, "root element %.80q", t.Name.Local)
			} else if err := r.once(part); err != nil {
				return err
			}
			if err := r.envelope(); err != nil {
				return err
			}
		case xml.CharData:
			if strings.TrimSpace(string(t)) != "" {
				return r.refuse(CodeSyntax, "text outside the root element")
			}
		}
	}
}

// container is the name, in lower case, of an element around the parts. The generation
// before QCVN 102:2016 (http://www.e-doc.vn/Schema/) put them into a SOAP envelope.
func container(local string) string {
	name := strings.ToLower(local)
	switch name {
	case "envelope", "header", "body", "manifest":
		return "edxml" + name
	}
	return name
}

// once refuses a container that was there before, or a message within the message: which
// of the two another reader would believe, nobody knows. Only what merely lists or holds
// files may be repeated.
func (r *reader) once(part string) error {
	again := r.parts[part] || part == "edxml" && len(r.path) > 1
	r.parts[part] = true
	switch {
	case !again:
	case part == "attachmentencoded" || part == "edxmlmanifest":
		r.note(NoteRepeated, r.at(), "")
	default:
		return r.refuse(CodeAmbiguous, "a second %.40s", r.path[len(r.path)-1])
	}
	return nil
}

// envelope reads the elements around the parts; where these stand varies by sender.
func (r *reader) envelope() error {
	return r.children(func(start xml.StartElement) error {
		part := container(start.Name.Local)
		switch part {
		case "edxml", "edxmlenvelope", "edxmlheader", "edxmlbody", "attachmentencoded", "messageheader", "traceheaderlist", "edxmlmanifest":
			if err := r.once(part); err != nil {
				return err
			}
		}
		switch part {
		case "edxml", "edxmlenvelope", "edxmlheader", "edxmlbody", "attachmentencoded":
			return r.envelope()
		case "messageheader":
			return r.fields(&r.header.doc, &r.header.status)
		case "traceheaderlist":
			return r.fields(&r.trace)
		case "edxmlmanifest":
			return r.fields(&r.manifest)
		case "attachment":
			if len(r.files) >= r.lim.Attachments {
				return r.refuse(CodeTooLarge, "more than %d attachments", r.lim.Attachments)
			}
			r.files = append(r.files, file{})
			return r.fields(&r.files[len(r.files)-1])
		case "signature", "digitalsignature":
			before := r.elements
			err := r.discard()
			r.env.Signed = r.elements > before
			return err
		}
		return r.unknown()
	})
}

// children calls child for every element up to the end tag of the one just opened.
func (r *reader) children(child func(xml.StartElement) error) error {
	for {
		tok, err := r.token()
		if err != nil {
			return r.inside(err)
		}
		switch t := tok.(type) {
		case xml.StartElement:
			if err := child(t); err != nil {
				return err
			}
		case xml.EndElement:
			return nil
		}
	}
}

// inside is the error for an input that ends within an element.
func (r *reader) inside(err error) error {
	if errors.Is(err, io.EOF) {
		return r.refuse(CodeSyntax, "the message ends within an element")
	}
	return err
}

func (r *reader) discard() error {
	return r.children(func(xml.StartElement) error { return r.discard() })
}

// unknown keeps the text of an element that the format does not know and of all below.
func (r *reader) unknown() error {
	path, before := r.at(), len(r.env.Unknown)+r.unkept
	text, err := r.text()
	if err != nil {
		return err
	}
	text = plain(text)
	switch {
	case text == "" && before < len(r.env.Unknown)+r.unkept: // it only holds others
	case len(r.env.Unknown) < r.lim.Unknown:
		r.env.Unknown = append(r.env.Unknown, Element{path, text})
	default:
		r.unkept++
	}
	return nil
}
