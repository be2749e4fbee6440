package document_test

import (
	"strings"
	"testing"
	"time"

	"congvan/internal/document"
	"congvan/internal/fault"
)

func TestGuardSecrecyNamesTheField(t *testing.T) {
	for s, code := range map[document.Secrecy]string{0: "", 1: "secret_refused", 2: "secret_refused", 3: "secret_refused", 4: "secrecy_unknown", -1: "secrecy_unknown"} {
		err := document.GuardSecrecy(s)
		if code == "" {
			if err != nil {
				t.Errorf("secrecy %d: %v", s, err)
			}
			continue
		}
		if !fault.Is(err, code) || fault.From(err).FieldName != "secrecy" {
			t.Errorf("secrecy %d: %v, want %s on secrecy", s, err, code)
		}
	}
}

func TestMetadataValidate(t *testing.T) {
	good := document.Metadata{TypeCode: "CV", Subject: "V/v phối hợp triển khai kết nối liên thông văn bản điện tử"}
	for _, x := range []struct {
		name, field, code string
		change            func(*document.Metadata)
	}{
		{"good", "", "", func(*document.Metadata) {}},
		{"longest subject", "", "", func(m *document.Metadata) { m.Subject = strings.Repeat("ộ", 500) }},
		{"no type", "type_code", "field_required", func(m *document.Metadata) { m.TypeCode = "" }},
		{"blank subject", "subject", "field_required", func(m *document.Metadata) { m.Subject = "  " }},
		{"long subject", "subject", "text_too_long", func(m *document.Metadata) { m.Subject = strings.Repeat("ộ", 501) }},
		{"right-to-left override", "subject", "text_control_character", func(m *document.Metadata) { m.Subject = "abc\u202egpj" }},
		{"NUL", "description", "text_control_character", func(m *document.Metadata) { m.Description = "a\x00b" }},
		{"not UTF-8", "subject", "text_not_utf8", func(m *document.Metadata) { m.Subject = "a\xff" }},
		{"urgency", "urgency", "urgency_unknown", func(m *document.Metadata) { m.Urgency = 4 }},
		{"pages", "page_amount", "number_out_of_range", func(m *document.Metadata) { m.PageAmount = -1 }},
		{"long place", "to_places", "text_too_long", func(m *document.Metadata) { m.ToPlaces = []string{strings.Repeat("a", 151)} }},
	} {
		m := good
		x.change(&m)
		err := m.Validate()
		if x.code == "" {
			if err != nil {
				t.Errorf("%s: %v", x.name, err)
			}
			continue
		}
		if !fault.Is(err, x.code) || fault.From(err).FieldName != x.field {
			t.Errorf("%s: %v, want %s on %s", x.name, err, x.code, x.field)
		}
	}
}

func TestCleanFileName(t *testing.T) {
	for in, want := range map[string]string{
		"Công văn số 5.pdf":      "Công văn số 5.pdf",
		"../../etc/passwd":       "passwd",
		`C:\tệp\phụ lục.pdf`:     "phụ lục.pdf",
		"a\x00b\u202egpj.pdf":    "abgpj.pdf",
		"":                       "tep",
		"...":                    "tep",
		"<script>.pdf":           "script.pdf",
		"x\r\nSet-Cookie: a.pdf": "xSet-Cookie a.pdf",
	} {
		if got := document.CleanFileName(in, "tep"); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	long := document.CleanFileName(strings.Repeat("ế", 400)+".pdf", "tep")
	if n := len([]rune(long)); n != document.MaxFileName || !strings.HasSuffix(long, ".pdf") {
		t.Errorf("a long name keeps its end: %d runes, %q", n, long[len(long)-8:])
	}
}

func TestHasSecretMark(t *testing.T) {
	for in, want := range map[string]bool{
		"Mật": true, "TỐI MẬT": true, "Độ mật: Tuyệt mật": true, " mật ": true,
		"": false, "Thường": false, "V/v bảo mật thông tin": false, "An ninh: bảo mật": false,
	} {
		if got := document.HasSecretMark(in); got != want {
			t.Errorf("%q: got %v", in, got)
		}
	}
}

func TestManifestBindsRoleNameAndBytes(t *testing.T) {
	base := func() document.Outgoing {
		return document.Outgoing{Edition: 1, Files: []document.File{
			{Role: document.Main, Ordinal: 1, Name: "a.pdf", Version: document.Version{Blob: "11"}},
			{Role: document.Annex, Ordinal: 2, Name: "b.pdf", Version: document.Version{Blob: "22"}},
		}}
	}
	a := base()
	m := a.Manifest()
	a.Files[0], a.Files[1] = a.Files[1], a.Files[0]
	if a.Manifest() != m {
		t.Error("the manifest must not depend on the order of the slice")
	}
	for name, change := range map[string]func(*document.Outgoing){
		"bytes": func(o *document.Outgoing) { o.Files[0].Version.Blob = "12" },
		"name":  func(o *document.Outgoing) { o.Files[1].Name = "c.pdf" },
		"role":  func(o *document.Outgoing) { o.Files[1].Role = document.Main },
		"fewer": func(o *document.Outgoing) { o.Files = o.Files[:1] },
	} {
		o := base()
		change(&o)
		if o.Manifest() == m {
			t.Errorf("%s: the manifest did not change", name)
		}
	}
	o := base()
	o.Approvals = []document.Approval{{Kind: document.ContentApproval, Edition: 1, Manifest: m}}
	if !o.Approved(document.ContentApproval) || o.Approved(document.FormatApproval) {
		t.Error("an approval counts for its kind only")
	}
	o.Edition = 2
	if o.Approved(document.ContentApproval) {
		t.Error("an approval of another edition must not count")
	}
}

// TestJudge has the rows of records rules §8.3 that concern a whole document.
func TestJudge(t *testing.T) {
	same := func(a, b string) bool { return strings.EqualFold(a, b) }
	leader := document.SignatureFact{Valid: true}
	seal := document.SignatureFact{Valid: true, Agency: true, OrganID: "H99.14"}
	other := document.SignatureFact{Valid: true, Agency: true, OrganID: "H98.05"}
	file := func(s ...document.SignatureFact) []document.FileFact {
		return []document.FileFact{{Role: document.Main, Readable: true, Signatures: s}}
	}
	for _, x := range []struct {
		name  string
		files []document.FileFact
		want  document.Verdict
	}{
		{"leader and agency", file(leader, seal), document.VerdictSufficient},
		{"agency missing", file(leader), document.VerdictIncomplete},
		{"leader missing", file(seal), document.VerdictIncomplete},
		{"no signature", file(), document.VerdictIncomplete},
		{"agency of another body", file(leader, other), document.VerdictWrongSigner},
		{"a broken one", file(leader, document.SignatureFact{}, seal), document.VerdictNotValid},
		{"revocation unknown", file(leader, document.SignatureFact{Unknown: true}), document.VerdictUnknown},
		{"invalid beats unknown", file(document.SignatureFact{Unknown: true}, document.SignatureFact{}), document.VerdictNotValid},
		{"unreadable", []document.FileFact{{Role: document.Main}}, document.VerdictNotValid},
		{"no main file", []document.FileFact{{Role: document.Annex, Readable: true}}, document.VerdictIncomplete},
		{"an annex with a broken signature", append(file(leader, seal), document.FileFact{Role: document.Annex, Readable: true, Signatures: []document.SignatureFact{{}}}), document.VerdictNotValid},
		{"an agency's seal on an annex is not the main file's", append(file(leader), document.FileFact{Role: document.Annex, Readable: true, Signatures: []document.SignatureFact{seal}}), document.VerdictIncomplete},
	} {
		if got := document.Judge("h99.14", x.files, same); got != x.want {
			t.Errorf("%s: got %s, want %s", x.name, got, x.want)
		}
	}
}

// TestContentHashIgnoresWhatARelayChanges (D2, D3).
func TestContentHashIgnoresWhatARelayChanges(t *testing.T) {
	base := func() document.Consignment {
		return document.Consignment{
			From: document.Party{OrganID: "H99.14", OrganName: "Sở Ví dụ"}, DocumentID: "H99.14,2026/11/20,145/SVD-VP",
			CodeNumber: "145", CodeNotation: "SVD-VP", Subject: "V/v phối hợp",
			Files: []document.ConsignedFile{{Name: "a.pdf", Blob: "11"}}, SentAt: time.Unix(1, 0),
		}
	}
	a := base()
	h := a.ContentHash()
	same := base()
	same.SentAt, same.To, same.From.OrganID = time.Unix(2, 0), []document.Party{{OrganID: "H98.05"}}, "h99.14"
	if same.ContentHash() != h {
		t.Error("times, recipients and the case of an identifier must not change the content")
	}
	for name, change := range map[string]func(*document.Consignment){
		"bytes":      func(c *document.Consignment) { c.Files[0].Blob = "12" },
		"subject":    func(c *document.Consignment) { c.Subject += "." },
		"shifted":    func(c *document.Consignment) { c.CodeNumber, c.CodeNotation = "1", "45SVD-VP" },
		"file order": func(c *document.Consignment) { c.Files = append(c.Files, document.ConsignedFile{Blob: "10"}) },
	} {
		c := base()
		change(&c)
		if c.ContentHash() == h {
			t.Errorf("%s: the hash did not change", name)
		}
	}
}

// A document handed on has an issuer who is not its sender; the issuer's own signatures in
// its files are no sign of a wrong signer.
func TestForwarded(t *testing.T) {
	d := document.Incoming{
		Metadata: document.Metadata{TypeCode: document.TransferNote}, From: document.Party{OrganID: "H99.05"},
		ResponseFor: []document.Reference{{OrganID: "h99.05", Code: "1/A"}, {OrganID: "H98.01", Code: "2/B"}},
	}
	if ref, ok := d.Forwarded(); !ok || ref.Code != "2/B" {
		t.Errorf("%+v %v", ref, ok)
	}
	d.ResponseFor = d.ResponseFor[:1]
	if ref, ok := d.Forwarded(); ok {
		t.Errorf("its own document: %+v", ref)
	}
	d.TypeCode, d.ResponseFor = "CV", []document.Reference{{OrganID: "H98.01"}}
	if _, ok := d.Forwarded(); ok {
		t.Error("an answer counts as handed on")
	}
	same := strings.EqualFold
	sign := func(agency bool, organ string, valid bool) document.SignatureFact {
		return document.SignatureFact{Valid: valid, Agency: agency, OrganID: organ}
	}
	note := document.FileFact{Role: document.Main, Readable: true, Signatures: []document.SignatureFact{sign(false, "", true), sign(true, "H99.05", true)}}
	for name, c := range map[string]struct {
		original document.SignatureFact
		want     document.Verdict
	}{
		"the issuer's seal":       {sign(true, "H98.01", true), document.VerdictSufficient},
		"a broken one":            {sign(true, "H98.01", false), document.VerdictNotValid},
		"the forwarder's own too": {sign(true, "H99.05", true), document.VerdictSufficient},
	} {
		original := document.FileFact{Role: document.Original, Readable: true, Signatures: []document.SignatureFact{c.original}}
		if got := document.Judge("H99.05", []document.FileFact{note, original}, same); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	alone := document.FileFact{Role: document.Main, Readable: true, Signatures: note.Signatures[:1]}
	original := document.FileFact{Role: document.Original, Readable: true, Signatures: []document.SignatureFact{sign(true, "H99.05", true)}}
	if got := document.Judge("H99.05", []document.FileFact{alone, original}, same); got != document.VerdictIncomplete {
		t.Errorf("a seal in the original stands for the note's: %s", got)
	}
}
