package edxml

import "io"

// File takes one attachment's bytes and gives them back; *os.File is one.
type File interface {
	io.Writer
	io.ReaderAt
}

// Spool opens an empty file for an attachment. The caller keeps track of what it opened
// and removes it in its own time, whether or not Read succeeds; a zipped attachment
// takes two.
type Spool func() (File, error)

// Envelope is what Read found: a Message or a Status, the other nil.
type Envelope struct {
	Message *Message  `json:",omitzero"`
	Status  *Status   `json:",omitzero"`
	Unknown []Element `json:",omitzero"` // elements the format does not know
	Notes   []Note    `json:",omitzero"`
	Signed  bool      // the message carries a signature of its own (never verified)
	// TraceEnd is the offset just after the last TraceHeader, where Relay adds another;
	// 0 if there is none.
	TraceEnd int64 `json:",omitzero"`
}

// Element is an element the format does not know, kept as it came.
type Element struct {
	Path string
	Text string
}

// NoteCode names an oddity that does not keep a message from being read.
type NoteCode string

// Codes of Note.
const (
	NoteStrayText   NoteCode = "stray-text"   // text before the first tag
	NoteMissing     NoteCode = "missing"      // a required element is absent
	NoteForm        NoteCode = "form"         // a value not of its kind, kept verbatim
	NoteUnknown     NoteCode = "unknown-cut"  // more unknown elements than are kept
	NoteRepeated    NoteCode = "repeated"     // a second list or holder of files, read like the first
	NoteNoContent   NoteCode = "no-content"   // a listed attachment did not come
	NoteNoReference NoteCode = "no-reference" // an attachment that the manifest does not list
	NoteBase64      NoteCode = "base64-url"   // base64 in the alphabet for addresses
	NoteType        NoteCode = "type"         // the bytes are of another type than the name says
	NoteContentType NoteCode = "content-type" // declared a ZIP and is none
	NoteZip         NoteCode = "zip-kept"     // a ZIP that is not one file's wrapping
)

// NoteCodes are all of them.
func NoteCodes() []NoteCode {
	return []NoteCode{
		NoteStrayText, NoteMissing, NoteForm, NoteUnknown, NoteRepeated, NoteNoContent, NoteNoReference,
		NoteBase64, NoteType, NoteContentType, NoteZip,
	}
}

// Note is an oddity, for the clerk or the log.
type Note struct {
	Code   NoteCode
	Path   string
	Detail string `json:",omitzero"`
}
