// Package signing is the front of the PDF signing module: the types and ports
// through which the rest of the product signs and validates. It knows nothing of
// agencies, documents or flows and could be lifted out of this project.
//
// The work is done by its subpackages: pdf (reader and incremental writer), cms
// (CAdES from a digest), pades (fields, appearances, Prepare and Complete), trust
// (anchors, paths, revocation), validation (the checks) and pkcs11 (keys in
// hardware). The composition root wires them behind the interfaces below.
package signing

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"
)

// File is a PDF as this module sees it: random access and a size in bytes; it is
// never held in memory as a whole.
type File struct {
	R    io.ReaderAt
	Size int64
	// HashState is an optional crypto/sha256 state (encoding.BinaryMarshaler) over
	// exactly the first Size bytes; without it, and where it does not serve (Hashed),
	// the file is read once to be hashed.
	HashState []byte
}

// Place is a rectangle on a page as a person sees it: millimetres from the upper
// left corner of the visible page (CropBox, after /Rotate and UserUnit).
type Place struct {
	Page int     `json:"page"` // 1-based
	X    float64 `json:"x"`
	Y    float64 `json:"y"`
	W    float64 `json:"w"`
	H    float64 `json:"h"`
}

// SignOptions says how a digest is signed.
type SignOptions struct {
	Hash crypto.Hash // SHA-256 (also 0), SHA-384 or SHA-512: of the document and of the signature
	PSS  bool        // RSASSA-PSS instead of PKCS#1 v1.5; RSA keys only
	// PIN of a personal key, typed by its owner for this one act; nil for service
	// keys, whose pool is already logged in. It is never stored or logged.
	PIN []byte
}

// Keys signs digests with private keys that never leave their token. key is an
// RFC 7512 pkcs11: URI without secrets. Implementations are safe for concurrent use.
//
// Errors: ErrPINIncorrect, ErrPINLocked, ErrKeyNotFound, ErrTokenUnavailable, or
// the context's error. A wrong PIN is never retried by the implementation.
type Keys interface {
	Sign(ctx context.Context, key string, digest []byte, opts SignOptions) ([]byte, error)
}

// Errors that callers tell apart.
var (
	ErrPINIncorrect     = errors.New("signing: PIN incorrect")
	ErrPINLocked        = errors.New("signing: PIN locked")
	ErrKeyNotFound      = errors.New("signing: key not found in token")
	ErrTokenUnavailable = errors.New("signing: token not available")

	ErrNotPDF        = errors.New("signing: not a PDF file")
	ErrTruncated     = errors.New("signing: PDF is truncated or damaged")
	ErrEncrypted     = errors.New("signing: PDF is encrypted")
	ErrSigned        = errors.New("signing: PDF already carries a signature")
	ErrResourceLimit = errors.New("signing: PDF exceeds a resource limit")
	ErrFieldExists   = errors.New("signing: field name already used")
	ErrFieldMissing  = errors.New("signing: field not found")
	ErrGlyphMissing  = errors.New("signing: text has a character the font lacks")
	ErrOverflow      = errors.New("signing: CMS does not fit the reserved space")
	ErrPlace         = errors.New("signing: place is outside the page or too small")
	ErrCovers        = fmt.Errorf("%w: it covers text", ErrPlace)
	ErrImage         = errors.New("signing: appearance image is not usable")
	ErrLocked        = errors.New("signing: locked by an earlier signature")
	ErrSeedValue     = errors.New("signing: field demands another kind of signature")
)

// Credential is a signer's certificate with the way to its key.
type Credential struct {
	KeyURI string
	Chain  []*x509.Certificate // leaf first, root not needed
}

// Inspection is what a look at a file tells before anything is signed.
type Inspection struct {
	Version        string   // "1.7"
	Pages          int      //
	PageSizes      []Place  // X and Y zero; W and H in mm, as displayed; at most the first 100 pages
	Encrypted      bool     //
	Signatures     int      // filled signature fields
	FormFields     []string // fully qualified names of fields that are not signatures
	EmptySigFields []string
	Findings       []Finding // active content and other things that a seal must not cover
}

// Finding is something in a file that matters before it is signed.
type Finding struct {
	Code   string `json:"code"`   // javascript, launch, xfa, rich_media, ...
	Weight string `json:"weight"` // refuse, ask, note
	Detail string `json:"detail"`
}

// TextHit is a piece of text found on a page: the rectangle of the exact match.
type TextHit struct {
	Place
	Text     string
	FontSize float64 // points, as displayed
}

// FieldKind tells the fields this module creates.
type FieldKind string

const (
	FieldText      FieldKind = "text"
	FieldSignature FieldKind = "signature"
)

// FieldSpec is a field created empty in the revision of a signature, to be filled later.
type FieldSpec struct {
	Name     string
	Kind     FieldKind
	Place    Place
	FontSize float64 // points; text fields only; 0 means 13
	Italic   bool    // text fields only
	Lock     *Lock   // signature fields only
}

// LockAction is the /Action of a signature field lock (ISO 32000-2, 12.7.5.5).
type LockAction string

const (
	LockAll     LockAction = "All"
	LockInclude LockAction = "Include"
	LockExclude LockAction = "Exclude"
)

// Lock is a signature field lock dictionary. A lock on the field being signed is
// written together with the matching FieldMDP reference in the signature.
type Lock struct {
	Action LockAction
	Fields []string
}

// FieldValue fills an existing text field.
type FieldValue struct{ Name, Value string }

// Look names the appearance of a signature by NĐ 30/2020 Annex I.
type Look string

const (
	LookNone       Look = "none"       // no visible mark
	LookLeader     Look = "leader"     // blue handwritten signature, centred in the place
	LookAgency     Look = "agency"     // red seal at true size
	LookAttachment Look = "attachment" // three lines of 10-pt black text, top right, no seal
	LookCopy       Look = "copy"       // as attachment, text of a copy
	LookInitials   Look = "initials"
)

// Appearance is what a signature shows.
type Appearance struct {
	Look  Look
	Image []byte   // PNG with alpha; leader, agency, initials
	Lines []string // text, NFC; attachment, copy
}

// Request describes one signature to be added as one incremental update.
type Request struct {
	Field      string // filled if it exists and is empty, otherwise created at Place
	Place      Place  // ignored when Field exists
	Appearance Appearance
	Lock       *Lock       // of the field when created; an existing field keeps its own
	Create     []FieldSpec // further fields, created empty in the same revision
	Fill       []FieldValue
	Certify    int // DocMDP P (1..3), 0 for an approval signature
	Name       string
	Reason     string
	Location   string
	Time       time.Time // /M, with its own zone
	Reserve    int       // bytes for /Contents; 0 means 32 KiB
	// Hash is the digest of the document and of its signature (RFC 8933): SHA-256
	// (also 0), SHA-384 or SHA-512. BuildCMS is given the same.
	Hash crypto.Hash
	// Timestamped says that the signature will carry a timestamp, which the seed values
	// of an existing field may demand.
	Timestamped bool
}

// Prepared is a signature waiting for its CMS: the prefix is the untouched input,
// Tail the incremental update with a placeholder.
type Prepared struct {
	Digest    []byte // over ByteRange, by the request's Hash
	ByteRange [4]int64
	Tail      []byte // the update; Contents still zero
	contents  int    // offset in Tail of the first hex digit of /Contents
	reserve   int    // bytes reserved
}

// NewPrepared is for the engine that prepares: contentsAt is the offset in tail of
// the first hex digit of /Contents, reserve its size in bytes.
func NewPrepared(digest []byte, byteRange [4]int64, tail []byte, contentsAt, reserve int) *Prepared {
	return &Prepared{Digest: digest, ByteRange: byteRange, Tail: tail, contents: contentsAt, reserve: reserve}
}

// Complete returns the finished update: the placeholder replaced by cms. The signed
// file is the input followed by it. It returns ErrOverflow when cms does not fit, with
// nothing changed. The update is Tail itself, so that it is not copied: a second call, as
// with a timestamp added, writes over what the first returned.
func (p *Prepared) Complete(cms []byte) ([]byte, error) {
	if len(cms) > p.reserve {
		return nil, ErrOverflow
	}
	hole := p.Tail[p.contents : p.contents+2*p.reserve]
	n := hex.Encode(hole, cms)
	for i := range hole[n:] { // what a longer one left
		hole[n+i] = '0'
	}
	return p.Tail, nil
}

// Engine works on PDF files. Every method reads by range and is safe for
// concurrent use. Malformed input yields one of the errors above, never a panic.
type Engine interface {
	// Inspect looks at a file before it is signed.
	Inspect(ctx context.Context, f File) (*Inspection, error)
	// Find returns every occurrence of text in the file's page content, in reading
	// order; runs of white space match any white space, comparison is on NFC.
	Find(ctx context.Context, f File, text string) ([]TextHit, error)
	// Blanks finds every line that holds the literal pieces in order, such as {"Số:"} or
	// {"ngày", "tháng", "năm"}. A result is one line's match: one hit per gap between two
	// pieces, and a last one from the final piece to the next text or the end of the line.
	// A gap that holds real text comes with it as Text, so that a blank (spaces, dots,
	// ellipses, underscores) is told from a filled one; behind the final piece, a gap of
	// one space or less has the word that follows as its Text.
	Blanks(ctx context.Context, f File, pieces []string) ([][]TextHit, error)
	// Flatten appends an update that turns every form field except signatures into
	// page content; it returns the tail, empty when there is nothing to flatten.
	Flatten(ctx context.Context, f File) (tail []byte, err error)
	// Prepare builds the update that adds one signature.
	Prepare(ctx context.Context, f File, r Request) (*Prepared, error)
	// BuildCMS makes the CAdES SignedData (B-B) over a document digest: signed
	// attributes content-type, message-digest and ESS signing-certificate-v2, no
	// signing-time (ETSI EN 319 142-1). digest is made by opts.Hash.
	BuildCMS(ctx context.Context, digest []byte, c Credential, keys Keys, opts SignOptions) ([]byte, error)
}

// Validator judges the signatures of a file, fail-closed. Safe for concurrent use.
type Validator interface {
	// Validate always returns a report unless ctx ends; an unreadable file is a
	// verdict (UNREADABLE), not an error.
	Validate(ctx context.Context, f File, at time.Time) (*Report, error)
	// CheckExtension tells whether signed is base followed by exactly one revision
	// that holds only what r asked for: our fields, appearance and signature. It is
	// the self-check in the signing path; signed.R may be a view of base + tail.
	CheckExtension(ctx context.Context, base, signed File, r Request) error
}
