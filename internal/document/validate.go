package document

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"congvan/internal/fault"
)

// Limits of NĐ 30/2020 Annex VI, in characters.
const (
	MaxSubject     = 500
	MaxDescription = 500
	MaxToPlace     = 150
	MaxRecipients  = 1000
	MaxReason      = 1000
	MaxOpinion     = 2000
	MaxFileName    = 200
)

// GuardSecrecy refuses every secret grade with the law named; nothing may be read or
// kept before it has passed (Luật Bảo vệ bí mật nhà nước 117/2025/QH15, RULE-13).
func GuardSecrecy(s Secrecy) error {
	if s < NotSecret || s > Utmost {
		return fault.New(fault.Invalid, "secrecy_unknown").Field("secrecy")
	}
	if s != NotSecret {
		return fault.New(fault.Invalid, "secret_refused").Field("secrecy")
	}
	return nil
}

// Validate checks the fields a person enters and returns the first fault, with its field.
func (m *Metadata) Validate() error {
	if m.TypeCode == "" {
		return fault.New(fault.Invalid, "field_required").Field("type_code")
	}
	if err := Text("subject", m.Subject, 1, MaxSubject); err != nil {
		return err
	}
	if err := Text("description", m.Description, 0, MaxDescription); err != nil {
		return err
	}
	if m.Urgency < Normal || m.Urgency > Express {
		return fault.New(fault.Invalid, "urgency_unknown").Field("urgency")
	}
	if m.PageAmount < 0 || m.PageAmount > 99999 {
		return fault.New(fault.Invalid, "number_out_of_range").Field("page_amount").With("max", 99999)
	}
	for _, p := range m.ToPlaces {
		if err := Text("to_places", p, 1, MaxToPlace); err != nil {
			return err
		}
	}
	return nil
}

// Text checks a line of text: its length in characters and that it holds no control
// characters. field is its API name.
func Text(field, s string, least, most int) error {
	n := utf8.RuneCountInString(strings.TrimSpace(s))
	switch {
	case !utf8.ValidString(s):
		return fault.New(fault.Invalid, "text_not_utf8").Field(field)
	case n < least:
		return fault.New(fault.Invalid, "field_required").Field(field)
	case n > most:
		return fault.New(fault.Invalid, "text_too_long").Field(field).With("max", most).With("length", n)
	}
	for _, r := range s {
		if unicode.IsControl(r) && r != '\n' && r != '\t' && r != '\r' || isBidiControl(r) {
			return fault.New(fault.Invalid, "text_control_character").Field(field)
		}
	}
	return nil
}

// CleanFileName makes a foreign file name safe to show and to offer for download; it is
// never used as a path. An empty result becomes fallback.
func CleanFileName(name, fallback string) string {
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	clean := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || isBidiControl(r) || strings.ContainsRune(`<>:"|?*`, r) || r == utf8.RuneError {
			return -1
		}
		return r
	}, name)
	clean = strings.Trim(clean, " .")
	if r := []rune(clean); len(r) > MaxFileName {
		clean = string(r[len(r)-MaxFileName:])
	}
	if clean == "" {
		return fallback
	}
	return clean
}

func isBidiControl(r rune) bool {
	return r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 || r == 0x200E || r == 0x200F || r == 0xFEFF
}

// secretMarks are the words a secret document carries in its marks (box 10a).
var secretMarks = [...]string{"TUYỆT MẬT", "TỐI MẬT", "MẬT"}

// HasSecretMark tells whether a mark line of a foreign message names a secret grade. It
// looks at whole fields only ("MẬT", "Độ mật: Tối mật"), never inside running text, so
// that a subject about "bảo mật" is not taken for a secret.
func HasSecretMark(mark string) bool {
	s := strings.ToUpper(strings.TrimSpace(mark))
	if i := strings.LastIndex(s, ":"); i >= 0 {
		s = strings.TrimSpace(s[i+1:])
	}
	for _, m := range secretMarks {
		if s == m {
			return true
		}
	}
	return false
}
