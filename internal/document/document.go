// Package document holds the official documents of an agency (văn bản): outgoing and
// incoming ones, their files and versions, and the rules on their metadata. Field names
// follow NĐ 30/2020 Annex VI.
package document

import (
	"crypto/sha256"
	"encoding/hex"
	"sort"
	"strings"
	"time"

	"congvan/internal/calendar"
	"congvan/internal/workflow"
)

// Urgency of a document (mức độ khẩn, NĐ 30/2020 Annex I III.2).
type Urgency int

const (
	Normal     Urgency = 0 // thường
	Urgent     Urgency = 1 // khẩn
	VeryUrgent Urgency = 2 // thượng khẩn
	Express    Urgency = 3 // hỏa tốc
)

// Secrecy of a document (độ mật). Only NotSecret is ever kept (Luật 117/2025/QH15).
type Secrecy int

const (
	NotSecret Secrecy = 0
	Secret    Secrecy = 1 // Mật
	TopSecret Secrecy = 2 // Tối mật
	Utmost    Secrecy = 3 // Tuyệt mật
)

// Metadata are the fields that a person enters and that go on the wire.
type Metadata struct {
	TypeCode    string        `json:"type_code"`   // code of register.DocumentType
	Subject     string        `json:"subject"`     // trích yếu, at most 500 characters
	Urgency     Urgency       `json:"urgency"`     //
	PageAmount  int           `json:"page_amount"` //
	DueDate     calendar.Date `json:"due_date"`    // hạn trả lời; zero if none
	Description string        `json:"description"` // at most 500 characters
	Language    string        `json:"language"`    // "vi" unless said otherwise
	FieldCode   string        `json:"field_code"`  // unit or field part of a công văn's notation
	ToPlaces    []string      `json:"to_places"`   // lines of Nơi nhận beyond the recipients
}

// Party is an agency as a document names it.
type Party struct {
	OrganID   string `json:"organ_id"`
	OrganName string `json:"organ_name"`
}

// Reference names another document as it stands on the wire.
type Reference struct {
	OrganID          string        `json:"organ_id"`
	Code             string        `json:"code"`        // number/notation
	DocumentID       string        `json:"document_id"` // edXML DocumentId
	PromulgationDate calendar.Date `json:"promulgation_date"`
}

// Channel is the way to a recipient.
type Channel string

const (
	Internal Channel = "INTERNAL" // another agency of this installation
	Axis     Channel = "AXIS"     // the national document interconnection axis
	Paper    Channel = "PAPER"    // an incoming paper document
)

// Place is a rectangle on a page: mm from the upper left corner as displayed.
type Place struct {
	Page int     `json:"page"`
	X    float64 `json:"x"`
	Y    float64 `json:"y"`
	W    float64 `json:"w"`
	H    float64 `json:"h"`
}

// Layout says where number, date, signature and seal stand on the main file. Places are
// found in its text; what is not found, or found twice, the drafter gives.
type Layout struct {
	Number   *Place  `json:"number"`
	Day      *Place  `json:"day"`
	Month    *Place  `json:"month"`
	Year     *Place  `json:"year"` // nil where the year is printed
	Leader   *Place  `json:"leader"`
	Agency   *Place  `json:"agency"`
	FontSize float64 `json:"font_size"` // points, of the number
	DateSize float64 `json:"date_size"` // points, of day, month and year
}

// Complete tells which places are still missing, by API name.
func (l Layout) Complete() (missing []string) {
	for _, p := range []struct {
		name string
		at   *Place
	}{{"number", l.Number}, {"day", l.Day}, {"month", l.Month}, {"leader", l.Leader}, {"agency", l.Agency}} {
		if p.at == nil {
			missing = append(missing, p.name)
		}
	}
	return missing
}

// Outgoing is a document on its way out (văn bản đi, NĐ 30/2020 Đ.10–19).
type Outgoing struct {
	ID       string         `json:"id"`
	Row      int64          `json:"row"` // grows with every write; compare-and-swap
	AgencyID string         `json:"agency_id"`
	UnitID   string         `json:"unit_id"` // drafting unit
	State    workflow.State `json:"state"`
	Metadata

	Edition     int         `json:"edition"`      // grows with every new set of files under review
	DrafterID   string      `json:"drafter_id"`   // position
	SignerID    string      `json:"signer_id"`    // position of the competent person
	Layout      Layout      `json:"layout"`       //
	Recipients  []Party     `json:"recipients"`   //
	ReplyTo     string      `json:"reply_to"`     // id of the incoming document answered, if any
	Forwards    string      `json:"forwards"`     // id of the incoming document handed on, if any
	ResponseFor []Reference `json:"response_for"` //
	Effect      Effect      `json:"effect"`       // on earlier documents, when issued

	Number     int           `json:"number"` // 0 until numbered
	Notation   string        `json:"notation"`
	IssuedDate calendar.Date `json:"issued_date"`
	SeriesID   string        `json:"series_id"`
	DocumentID string        `json:"document_id"` // edXML DocumentId, set with the number

	ReturnReason string     `json:"return_reason"` // of the newest return, cleared at the next submit
	Warnings     []string   `json:"warnings"`      // recorded, such as an annex that went unsigned
	Level        Level      `json:"level"`         // of the signatures: asked, reached, waiting
	Sent         []SentFile `json:"sent"`          // the bytes that left, set at issue
	CreatedAt    time.Time  `json:"created_at"`
	UpdatedAt    time.Time  `json:"updated_at"`
	SignedAt     *time.Time `json:"signed_at"`
	IssuedAt     *time.Time `json:"issued_at"`

	Files     []File     `json:"files"`
	Approvals []Approval `json:"approvals"` // of the present edition
}

// Incoming is a document that came to an agency (văn bản đến, NĐ 30/2020 Đ.20–24).
type Incoming struct {
	ID       string         `json:"id"`
	Row      int64          `json:"row"`
	AgencyID string         `json:"agency_id"` // the recipient
	State    workflow.State `json:"state"`
	Metadata

	Channel      Channel       `json:"channel"`
	From         Party         `json:"from"`          // issuer
	ContentHash  string        `json:"content_hash"`  // Consignment.ContentHash; empty for paper
	DocumentID   string        `json:"document_id"`   // edXML DocumentId
	CodeNumber   string        `json:"code_number"`   // verbatim
	CodeNotation string        `json:"code_notation"` // verbatim
	IssuedDate   calendar.Date `json:"issued_date"`
	SignerName   string        `json:"signer_name"`
	SignerTitle  string        `json:"signer_title"`
	Competence   string        `json:"competence"`
	ResponseFor  []Reference   `json:"response_for"`
	RawKey       string        `json:"raw_key"` // blob of the raw message

	Verdict       Verdict    `json:"verdict"` // PENDING until the files are checked
	ArrivalNumber int        `json:"arrival_number"`
	ArrivalYear   int        `json:"arrival_year"`
	ReceivedAt    time.Time  `json:"received_at"`
	RegisteredAt  *time.Time `json:"registered_at"`
	ResolvedAt    *time.Time `json:"resolved_at"`
	PresentedTo   string     `json:"presented_to"` // position of the leader
	RefusalReason string     `json:"refusal_reason"`
	PreviousID    string     `json:"previous_id"` // an earlier document under the same identifier: this is a new attempt
	UpdatedAt     time.Time  `json:"updated_at"`

	Files []File `json:"files"`
}

// Role of a file within its document.
type Role string

const (
	Main  Role = "MAIN"
	Annex Role = "ANNEX" // phụ lục, a file of its own
	// Original is a file of a received document that is handed on: its bytes, with the
	// issuer's signatures, are never touched.
	Original Role = "ORIGINAL"
)

// TransferNote is the type of the document under which another is handed on (phiếu chuyển,
// NĐ 30/2020 Đ.7).
const TransferNote = "PC"

// Forwarded is the document that a transfer note hands on, by its issuer, who is another
// than the sender; false for any other document.
func (d *Incoming) Forwarded() (Reference, bool) {
	if d.TypeCode != TransferNote {
		return Reference{}, false
	}
	for _, r := range d.ResponseFor {
		if r.OrganID != "" && !strings.EqualFold(strings.TrimSpace(r.OrganID), strings.TrimSpace(d.From.OrganID)) {
			return r, true
		}
	}
	return Reference{}, false
}

// File is one file of a document with its newest version; older versions are kept.
type File struct {
	ID        string  `json:"id"`
	Role      Role    `json:"role"`
	Ordinal   int     `json:"ordinal"`
	Name      string  `json:"name"`       // as uploaded, cleaned; never used as a path
	MediaType string  `json:"media_type"` // by content, not by name
	Version   Version `json:"version"`
}

// VersionKind says how a version came to be.
type VersionKind string

const (
	VersionDraft     VersionKind = "DRAFT"     // uploaded
	VersionFlattened VersionKind = "FLATTENED" // form fields turned into page content
	VersionSigned    VersionKind = "SIGNED"    // with the competent person's signature
	VersionSealed    VersionKind = "SEALED"    // with the agency's signature
	VersionStamped   VersionKind = "STAMPED"   // its newest signature got its timestamp late
	VersionLongTerm  VersionKind = "LONG_TERM" // with long-term data, a document timestamp
	VersionReceived  VersionKind = "RECEIVED"  // came with a message
	VersionScan      VersionKind = "SCAN"      // of a paper document
)

// Version is an immutable state of a file. Blob is the SHA-256 of its bytes in hex and
// names them in the storage.
type Version struct {
	ID        string      `json:"id"`
	N         int         `json:"n"`
	Kind      VersionKind `json:"kind"`
	Blob      string      `json:"blob"`
	Size      int64       `json:"size"`
	HashState []byte      `json:"-"` // SHA-256 state over the whole blob; trust-bearing, never leaves the server
	Pages     int         `json:"pages"`
	BaseBlob  string      `json:"base_blob"` // the version it extends byte for byte, if any
	Level     string      `json:"level"`     // of our signatures in it; empty without any
	CreatedAt time.Time   `json:"created_at"`
	CreatedBy string      `json:"created_by"` // position
}

// ApprovalKind tells content from format (NĐ 30/2020 Đ.12; RULE-1).
type ApprovalKind string

const (
	ContentApproval ApprovalKind = "CONTENT" // unit head
	FormatApproval  ApprovalKind = "FORMAT"  // format checker
)

// Approval is a recorded approval of one exact edition.
type Approval struct {
	Kind       ApprovalKind `json:"kind"`
	Edition    int          `json:"edition"`
	Manifest   string       `json:"manifest"` // Outgoing.Manifest at that moment
	PositionID string       `json:"position_id"`
	PersonName string       `json:"person_name"`
	OnBehalfOf string       `json:"on_behalf_of"`
	At         time.Time    `json:"at"`
}

// MainFile is the document's main file, or nil before the upload.
func MainFile(files []File) *File {
	for i := range files {
		if files[i].Role == Main {
			return &files[i]
		}
	}
	return nil
}

// Manifest is the SHA-256 in hex over role, name and blob of every file in order: what
// an approval binds to.
func (o *Outgoing) Manifest() string {
	files := append([]File(nil), o.Files...)
	sort.Slice(files, func(i, j int) bool { return files[i].Ordinal < files[j].Ordinal })
	h := sha256.New()
	for _, f := range files {
		for _, s := range []string{string(f.Role), f.Name, f.Version.Blob} {
			h.Write([]byte(s))
			h.Write([]byte{0})
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Approved tells whether the present edition, with exactly its present files, carries an
// approval of this kind.
func (o *Outgoing) Approved(k ApprovalKind) bool {
	m := o.Manifest()
	for _, a := range o.Approvals {
		if a.Kind == k && a.Edition == o.Edition && a.Manifest == m {
			return true
		}
	}
	return false
}
