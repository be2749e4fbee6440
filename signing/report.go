package signing

import "time"

// Verdict of a file or of one signature (hiệu lực của chữ ký).
type Verdict string

const (
	Valid      Verdict = "VALID"
	Invalid    Verdict = "INVALID"
	Expired    Verdict = "EXPIRED"
	Revoked    Verdict = "REVOKED"
	Unknown    Verdict = "UNKNOWN"
	Unsigned   Verdict = "UNSIGNED"
	Unreadable Verdict = "UNREADABLE"
)

// Report is the outcome of validating one file. The file's verdict is the worst of
// its signatures: INVALID > REVOKED > EXPIRED > UNKNOWN > VALID.
type Report struct {
	File       string            `json:"file,omitempty"`
	Verdict    Verdict           `json:"verdict"`
	Reasons    []string          `json:"reasons"`
	Signatures []SignatureReport `json:"signatures"`
	Timestamps []TimestampReport `json:"timestamps"`
	CheckedAt  time.Time         `json:"checked_at"`
	SHA256     string            `json:"sha256,omitempty"` // of the whole file, hex
	// Evidence repeats the verdict without a network; nil when the file is unreadable. It
	// is kept beside the report, as Evidence.Encode writes it.
	Evidence *Evidence `json:"-"`
}

// SignatureReport judges one approval or certification signature, in revision order.
type SignatureReport struct {
	Field       string     `json:"field"`
	SubFilter   string     `json:"subfilter"`
	Signer      string     `json:"signer"`        // subject common name
	Subject     string     `json:"subject"`       // whole subject, RFC 4514
	Issuer      string     `json:"issuer"`        // issuer common name
	Serial      string     `json:"serial"`        // hex
	Fingerprint string     `json:"fingerprint"`   // SHA-256 of the certificate, hex
	OrganID     string     `json:"organ_id"`      // organizationIdentifier (2.5.4.97) of the subject, if any
	Level       string     `json:"level"`         // B-B, B-T, B-LT, B-LTA, none
	Covers      string     `json:"covers"`        // file, revision, broken
	Integrity   string     `json:"integrity"`     // intact, broken, unsupported
	ChangesAft  string     `json:"changes_after"` // none, permitted, forbidden
	Changes     []string   `json:"changes"`       //
	Trust       string     `json:"trust"`         // trusted, untrusted, unknown
	Revocation  string     `json:"revocation"`    // good, revoked, unknown, unchecked
	Time        *time.Time `json:"time"`          //
	TimeSource  string     `json:"time_source"`   // timestamp, claimed, none
	Verdict     Verdict    `json:"verdict"`       //
	Reasons     []string   `json:"reasons"`       //
}

// TimestampReport judges one document timestamp.
type TimestampReport struct {
	Field     string     `json:"field"`
	Covers    string     `json:"covers"`
	Integrity string     `json:"integrity"`
	Trust     string     `json:"trust"`
	Time      *time.Time `json:"time"`
	Verdict   Verdict    `json:"verdict"`
	Reasons   []string   `json:"reasons"`
}
