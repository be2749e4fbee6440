package signcli

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"congvan/signing"
	"congvan/signing/validation"
)

// The JSON of `verify --json` (docs/verify-report.schema.json). It is a type of its own
// so that the product's report may grow without a script noticing.
type (
	fileJSON struct {
		File       string          `json:"file"`
		Verdict    signing.Verdict `json:"verdict"`
		Reasons    []string        `json:"reasons"`
		Signatures []signatureJSON `json:"signatures"`
		Timestamps []timestampJSON `json:"timestamps"`
	}
	signatureJSON struct {
		Field        string          `json:"field"`
		SubFilter    string          `json:"subfilter"`
		Signer       string          `json:"signer"`
		Level        string          `json:"level"`
		Covers       string          `json:"covers"`
		Integrity    string          `json:"integrity"`
		ChangesAfter string          `json:"changes_after"`
		Changes      []string        `json:"changes"`
		Trust        string          `json:"trust"`
		Revocation   string          `json:"revocation"`
		Time         *string         `json:"time"`
		TimeSource   string          `json:"time_source"`
		Verdict      signing.Verdict `json:"verdict"`
		Reasons      []string        `json:"reasons"`
	}
	timestampJSON struct {
		Field     string          `json:"field"`
		Covers    string          `json:"covers"`
		Integrity string          `json:"integrity"`
		Trust     string          `json:"trust"`
		Time      *string         `json:"time"`
		Verdict   signing.Verdict `json:"verdict"`
		Reasons   []string        `json:"reasons"`
	}
)

// WriteJSON writes one report as one line.
func WriteJSON(w io.Writer, r *signing.Report) error {
	out := fileJSON{
		File: r.File, Verdict: r.Verdict, Reasons: list(r.Reasons),
		Signatures: make([]signatureJSON, 0, len(r.Signatures)), Timestamps: make([]timestampJSON, 0, len(r.Timestamps)),
	}
	for _, s := range r.Signatures {
		out.Signatures = append(out.Signatures, signatureJSON{
			Field: s.Field, SubFilter: s.SubFilter, Signer: s.Signer, Level: s.Level, Covers: s.Covers, Integrity: s.Integrity,
			ChangesAfter: s.ChangesAft, Changes: list(s.Changes), Trust: s.Trust, Revocation: s.Revocation,
			Time: moment(s.Time), TimeSource: s.TimeSource, Verdict: s.Verdict, Reasons: list(s.Reasons),
		})
	}
	for _, t := range r.Timestamps {
		out.Timestamps = append(out.Timestamps, timestampJSON{
			Field: t.Field, Covers: t.Covers, Integrity: t.Integrity, Trust: t.Trust,
			Time: moment(t.Time), Verdict: t.Verdict, Reasons: list(t.Reasons),
		})
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(out)
}

func list(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

func moment(t *time.Time) *string {
	if t == nil {
		return nil
	}
	s := t.Format(time.RFC3339)
	return &s
}

// WriteText writes one report for people: Vietnamese, then English, the details behind.
func WriteText(w io.Writer, r *signing.Report) error {
	var b strings.Builder
	verdict := validation.ExplainVerdict(r.Verdict)
	fmt.Fprintf(&b, "%s\n  %s  %s / %s\n", printable(r.File), r.Verdict, verdict.VI, verdict.EN)
	for _, s := range r.Signatures {
		fmt.Fprintf(&b, "\n  %s  %s\n", s.Verdict, printable(s.Signer))
		detail(&b, "ô chữ ký / field", printable(s.Field)+" ("+printable(s.SubFilter)+", "+s.Level+")")
		when := "-"
		if s.Time != nil {
			when = s.Time.Format(time.RFC3339)
		}
		detail(&b, "thời gian / time", when+" ("+s.TimeSource+")")
		detail(&b, "toàn vẹn / integrity", s.Integrity+", covers "+s.Covers)
		detail(&b, "tin cậy / trust", s.Trust+", revocation "+s.Revocation)
		detail(&b, "thay đổi / changes", s.ChangesAft)
		for _, c := range s.Changes {
			fmt.Fprintf(&b, "      - %s\n", printable(c))
		}
		sentences(&b, s.Reasons)
	}
	for _, t := range r.Timestamps {
		when := "-"
		if t.Time != nil {
			when = t.Time.Format(time.RFC3339)
		}
		fmt.Fprintf(&b, "\n  %s  dấu thời gian / timestamp %s\n", t.Verdict, when)
		detail(&b, "ô chữ ký / field", printable(t.Field))
		detail(&b, "toàn vẹn / integrity", t.Integrity+", covers "+t.Covers)
		detail(&b, "tin cậy / trust", t.Trust)
		sentences(&b, t.Reasons)
	}
	sentences(&b, slices.DeleteFunc(slices.Clone(r.Reasons), told(r)))
	b.WriteByte('\n')
	_, err := io.WriteString(w, b.String())
	return err
}

// told tells which reasons already stand with a signature or a timestamp.
func told(r *signing.Report) func(string) bool {
	return func(code string) bool {
		return slices.ContainsFunc(r.Signatures, func(s signing.SignatureReport) bool { return slices.Contains(s.Reasons, code) }) ||
			slices.ContainsFunc(r.Timestamps, func(t signing.TimestampReport) bool { return slices.Contains(t.Reasons, code) })
	}
}

func detail(b *strings.Builder, name, value string) { fmt.Fprintf(b, "    %s: %s\n", name, value) }

func sentences(b *strings.Builder, reasons []string) {
	for _, code := range reasons {
		e, _ := validation.Explain(code)
		fmt.Fprintf(b, "    %s: %s / %s\n", code, e.VI, e.EN)
	}
}

// printable keeps foreign text from steering the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || r == '\uFFFD' {
			return '?'
		}
		return r
	}, s)
}
