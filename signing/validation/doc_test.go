package validation

import (
	"bytes"
	"cmp"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"congvan/signing"
	"congvan/signing/cms"
	"congvan/signing/pdf/pdftest"
	"congvan/signing/signingtest"
	"congvan/signing/trust"
)

// bench is a hierarchy and people, made once per test.
type bench struct {
	*signingtest.PKI
	leader, agency *signingtest.Identity
}

func newBench(t testing.TB) *bench {
	p := signingtest.NewPKI(t, time.Now, rand.Reader)
	return &bench{
		PKI:    p,
		leader: p.Issue(signingtest.Spec{CN: "Nguyễn Văn Thử", O: "Sở Thử nghiệm"}),
		agency: p.Issue(signingtest.Spec{CN: "Sở Thử nghiệm", O: "Sở Thử nghiệm", OrganID: "H99.14"}),
	}
}

// pinned is a Trust with one anchor and a fixed list of revoked certificates.
type pinned struct {
	root    *x509.Certificate
	revoked map[string]time.Time // by serial
	unknown bool
	known   []*x509.Certificate
}

func (p pinned) Path(_ context.Context, leaf *x509.Certificate, pool []*x509.Certificate, at time.Time) ([]*x509.Certificate, error) {
	roots, others := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(p.root)
	for _, c := range append(p.known, pool...) {
		others.AddCert(c)
	}
	chains, err := leaf.Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: others, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", trust.ErrUntrusted, err)
	}
	return chains[0], nil
}

func (p pinned) Revocation(_ context.Context, cert, _ *x509.Certificate, _ time.Time, _ trust.Evidence) (trust.Revocation, error) {
	if at, ok := p.revoked[cert.SerialNumber.String()]; ok {
		return trust.Revocation{Status: trust.Revoked, RevokedAt: at}, nil
	}
	if p.unknown {
		return trust.Revocation{Status: trust.Unknown}, nil
	}
	return trust.Revocation{Status: trust.Good}, nil
}

func (b *bench) validator() *Validator {
	return New(Options{Trust: pinned{root: b.Root.Cert, known: []*x509.Certificate{b.Issuing.Cert}}, Clock: time.Now})
}

// doc is a one-page document with a form, built and signed by hand.
type doc struct {
	*pdftest.Builder
	t      testing.TB
	bench  *bench
	fields []string // of the form
	annots []string // of the page
	next   int      // object number
	gap    string   // written behind every object
}

func (d *doc) Obj(num int, body string) {
	d.Builder.Obj(num, body)
	d.Raw(d.gap)
}

func (d *doc) Stream(num int, entries, data string) {
	d.Builder.Stream(num, entries, data)
	d.Raw(d.gap)
}

// newDoc writes the unsigned revision: text fields "so" (11) and "ngay" (12), an
// empty signature field "trong" (13), a page (3) with content (4) and font (5).
func newDoc(t testing.TB, b *bench) *doc {
	d := &doc{Builder: pdftest.New(), t: t, bench: b, next: 20}
	d.fields = []string{"11 0 R", "12 0 R", "13 0 R"}
	d.annots = []string{"11 0 R", "12 0 R", "13 0 R"}
	d.Obj(1, "<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R >>")
	d.Obj(2, "<< /Type /Pages /Count 1 /Kids [3 0 R] >>")
	d.page("")
	d.Stream(4, "", "BT /F1 12 Tf 72 700 Td (So tien: 100 dong) Tj ET")
	d.Obj(5, "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
	d.form("")
	d.Stream(7, "/Subtype /Form /BBox [0 0 100 20]", "")
	d.text(11, "so", "")
	d.text(12, "ngay", "")
	d.Obj(13, "<< /Type /Annot /Subtype /Widget /FT /Sig /T (trong) /Rect [300 100 400 150] /P 3 0 R /F 4 >>")
	d.Obj(14, "<< /Title (Cong van) >>")
	d.Table("/Info 14 0 R /ID [<01> <01>]")
	return d
}

func (d *doc) page(extra string) {
	d.Obj(3, fmt.Sprintf("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> /Annots [%s] %s >>",
		strings.Join(d.annots, " "), extra))
}

func (d *doc) form(extra string) {
	d.Obj(6, fmt.Sprintf("<< /Fields [%s] %s >>", strings.Join(d.fields, " "), extra))
}

func (d *doc) text(num int, name, extra string) {
	d.Obj(num, dictOf(extra, "Type", "/Annot", "Subtype", "/Widget", "FT", "/Tx", "T", "("+name+")",
		"Rect", fmt.Sprintf("[72 %d 172 %d]", 300+num, 320+num), "P", "3 0 R", "F", "4", "DA", "(/F1 12 Tf)", "AP", "<< /N 7 0 R >>"))
}

// dictOf writes the entries given as keys and values, but for those that extra has, and extra.
func dictOf(extra string, entries ...string) string {
	top := extra + " " // without the dictionaries inside
	for i := strings.LastIndex(top, "<<"); i >= 0; i = strings.LastIndex(top, "<<") {
		top = top[:i] + top[i+strings.Index(top[i:], ">>")+2:]
	}
	out := "<<"
	for i := 0; i < len(entries); i += 2 {
		if !strings.Contains(top, "/"+entries[i]+" ") {
			out += " /" + entries[i] + " " + entries[i+1]
		}
	}
	return out + " " + extra + " >>"
}

func (d *doc) end() { d.Table("/Info 14 0 R /ID [<01> <02>]") }

// sig says how one signature is written; the zero value is a good one in a new
// visible field.
type sig struct {
	name      string
	by        *signingtest.Identity
	subFilter string
	field     string                     // further entries of the field
	rect      string                     // of a new field; empty: a place on blank paper
	dict      string                     // further entries of the dictionary
	existing  int                        // object number of an empty field to fill
	before    func(d *doc)               // further objects of the revision
	end       func(d *doc)               // instead of a table
	direct    bool                       // the dictionary lies in the field itself
	byteRange func(r []int) string       // instead of the true one
	contents  string                     // instead of the CMS, in hex
	make      func(digest []byte) []byte // instead of the CMS
	over      func(bytes []byte) []byte  // the same, of the bytes that are covered
}

const reserve = 20000 // hex digits of /Contents

// sign adds a revision with one signature and returns its object numbers.
func (d *doc) sign(s sig) (field, dict int) {
	d.t.Helper()
	dict = d.next
	field = d.next + 1
	d.next += 2
	value := fmt.Sprintf("%d 0 R", dict)
	if s.direct {
		value = d.value(s)
	}
	if s.existing != 0 {
		field, s.rect = s.existing, "300 100 400 150"
	} else {
		d.fields = append(d.fields, fmt.Sprintf("%d 0 R", field))
		d.annots = append(d.annots, fmt.Sprintf("%d 0 R", field))
	}
	d.Obj(field, dictOf(s.field, "Type", "/Annot", "Subtype", "/Widget", "FT", "/Sig", "T", "("+s.name+")",
		"Rect", "["+cmp.Or(s.rect, fmt.Sprintf("%d 100 %d 150", field, field+80))+"]", "P", "3 0 R", "F", "4", "V", value))
	d.form("/SigFlags 3")
	if s.existing == 0 {
		d.page("")
	}
	if s.before != nil {
		s.before(d)
	}
	if !s.direct {
		d.Obj(dict, d.value(s))
	}
	if s.end != nil {
		s.end(d)
	} else {
		d.end()
	}
	d.complete(s)
	return field, dict
}

// value is a signature dictionary with placeholders for complete.
func (d *doc) value(s sig) string {
	kind := "Sig"
	if s.subFilter == subFilterTimestamp {
		kind = "DocTimeStamp"
	}
	at := "/M (D:20261121090000+07'00')"
	if strings.Contains(s.dict, "/M ") {
		at = ""
	}
	return fmt.Sprintf("<< /Type /%s /Filter /Adobe.PPKLite /SubFilter /%s /ByteRange [%s] /Contents <%s> %s %s >>",
		kind, cmp.Or(s.subFilter, subFilterCAdES), strings.Repeat("#", 60), strings.Repeat("0", reserve), at, s.dict)
}

// complete writes the ByteRange and the CMS into the last placeholder.
func (d *doc) complete(s sig) {
	d.t.Helper()
	if s.by == nil {
		s.by = d.bench.leader
	}
	file := d.Bytes()
	at := bytes.LastIndex(file, []byte("<"+strings.Repeat("0", reserve)+">"))
	r := []int{0, at, at + reserve + 2, len(file) - at - reserve - 2}
	text := fmt.Sprintf("%d %d %d %d", r[0], r[1], r[2], r[3])
	if s.byteRange != nil {
		text = s.byteRange(r)
	}
	hole := bytes.LastIndex(file, bytes.Repeat([]byte("#"), 60))
	copy(file[hole:], fmt.Sprintf("%-60s", text))
	value := s.contents
	if value == "" {
		der := s.over
		if s.make == nil {
			s.make = func(digest []byte) []byte { return d.cms(digest, s.by) }
		}
		if der == nil {
			der = func(covered []byte) []byte {
				digest := sha256.Sum256(covered)
				return s.make(digest[:])
			}
		}
		value = hex.EncodeToString(der(slices.Concat(file[:r[1]], file[r[2]:])))
	}
	if len(value) > reserve {
		d.t.Fatalf("CMS needs %d digits", len(value))
	}
	copy(file[at+1:], value)
	d.replace(file)
}

func (d *doc) cms(digest []byte, by *signingtest.Identity) []byte {
	d.t.Helper()
	der, err := cms.Build(d.t.Context(), digest, crypto.SHA256, by.Chain, func(_ context.Context, toSign []byte) ([]byte, error) {
		return by.Key.Sign(rand.Reader, toSign, crypto.SHA256)
	}, cms.Options{})
	if err != nil {
		d.t.Fatal(err)
	}
	return der
}

// replace continues on changed bytes of the same length.
func (d *doc) replace(file []byte) {
	b := pdftest.Continue(file, d.Prev(), d.Size())
	d.Builder = b
}

func fileOf(data []byte) signing.File {
	return signing.File{R: bytes.NewReader(data), Size: int64(len(data))}
}

func validate(t testing.TB, v *Validator, data []byte) *signing.Report {
	t.Helper()
	r, err := v.Validate(t.Context(), fileOf(data), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if sum := sha256.Sum256(data); r.Verdict != signing.Unreadable && r.SHA256 != hex.EncodeToString(sum[:]) {
		t.Errorf("SHA-256 %s", r.SHA256)
	}
	for _, s := range r.Signatures {
		if reasons := slices.Sorted(slices.Values(s.Reasons)); len(slices.Compact(reasons)) != len(s.Reasons) {
			t.Errorf("a reason is told twice: %v", s.Reasons)
		}
		if s.Covers == "file" && slices.Contains(r.Reasons, ReasonTrailingData) {
			t.Errorf("bytes behind the end are not covered: %+v", s)
		}
		if s.Integrity != "intact" && (s.Trust != "unknown" || s.Revocation != "unchecked" || s.TimeSource != "none" || s.Time != nil || s.Level != "none") {
			t.Errorf("a value that does not hold is judged further: %+v", s)
		}
	}
	return r
}
