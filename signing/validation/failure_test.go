package validation

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"congvan/signing"
	"congvan/signing/signingtest"
)

// failing is a store of which one read fails.
type failing struct {
	r    io.ReaderAt
	n    int // reads so far
	fail int // the one that fails
}

func (f *failing) ReadAt(p []byte, at int64) (int, error) {
	if f.n++; f.n == f.fail {
		return 0, errors.New("the store does not answer")
	}
	return f.r.ReadAt(p, at)
}

// Whichever read fails, nothing is said of the signatures: what could not be looked at
// counts neither for them nor against them.
func TestNoVerdictWithoutTheBytes(t *testing.T) {
	b := newBench(t)
	d := newDoc(t, b)
	d.gap = "% " + strings.Repeat("x", 70<<10) + "\n" // so that every object is read by itself
	d.Obj(43, "<< /T (nhom) /Kids [12 0 R] >>")
	d.fields[1] = "43 0 R"
	d.text(12, "ngay", "/Parent 43 0 R")
	d.Stream(41, "/Subtype /Form /BBox [0 0 100 20]", "")
	d.Obj(42, "<< /N 41 0 R >>")
	d.text(11, "so", "/AP 42 0 R")
	d.Stream(15, "/Type /Metadata /Subtype /XML", packet("Công văn", "writer", "2026-11-21"))
	d.Obj(1, "<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R /Metadata 15 0 R /Perms << /DocMDP 100 0 R >> >>")
	d.next = 100
	d.sign(sig{name: "a", dict: docMDP(2), field: "/Lock << /Action /Include /Fields [(x)] >>", make: d.stamped(b.leader, signingtest.TSASpec{}, nil)})
	d.Stream(41, "/Subtype /Form /BBox [0 0 100 20]", "q Q")
	d.text(11, "so", "/AP 42 0 R /V (1)")
	d.Stream(15, "/Type /Metadata /Subtype /XML", packet("Công văn", "other", "2026-11-22"))
	d.end()
	store := func(n int, der []byte) { d.Stream(n, "", string(der)) }
	store(50, b.Issuing.Cert.Raw)
	store(51, b.CRL(b.Issuing, signingtest.CRLSpec{}))
	store(52, b.CRL(b.Root, signingtest.CRLSpec{}))
	d.Obj(53, "<< /Certs [50 0 R] /CRLs [51 0 R 52 0 R] >>")
	d.Obj(1, "<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R /Metadata 15 0 R /Perms << /DocMDP 100 0 R >> /DSS 53 0 R >>")
	d.end()
	d.documentTimestamp("t", signingtest.TSASpec{})
	for name, c := range map[string]struct {
		file    []byte
		verdict signing.Verdict
	}{
		"as it is":            {d.Bytes(), signing.Valid},
		"with more behind it": {append(d.Bytes(), "/ByteRange"...), signing.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			file := c.file
			v := New(Options{Trust: b.store(t), Clock: time.Now})
			judge := func(fail int) (*signing.Report, int) {
				r := &failing{r: bytes.NewReader(file), fail: fail}
				report, err := v.Validate(t.Context(), signing.File{R: r, Size: int64(len(file))}, time.Time{})
				if err != nil {
					t.Fatal(err)
				}
				return report, r.n
			}
			whole, reads := judge(0)
			if whole.Verdict != c.verdict || len(whole.Signatures) != 1 || len(whole.Timestamps) != 1 {
				t.Fatalf("%s %v: %+v", whole.Verdict, whole.Reasons, whole.Signatures)
			}
			for i := 1; i <= reads; i++ {
				if r, _ := judge(i); r.Verdict != signing.Unreadable || !slices.Equal(r.Reasons, []string{ReasonUnavailable}) {
					t.Errorf("read %d of %d fails: %s %v", i, reads, r.Verdict, r.Reasons)
				}
			}
		})
	}
}

// Nor is an update accepted, or refused for what it holds.
func TestNoExtensionWithoutTheBytes(t *testing.T) {
	b := newBench(t)
	d := newDoc(t, b)
	d.gap = "% " + strings.Repeat("x", 70<<10) + "\n"
	d.Stream(41, "/Subtype /Form /BBox [0 0 100 20]", "")
	d.Obj(42, "<< /N 41 0 R >>")
	d.text(11, "so", "/AP 42 0 R")
	d.end()
	base := fileOf(d.Bytes())
	d.next = 100
	d.sign(sig{name: "a", before: func(d *doc) {
		d.Stream(120, "/Subtype /Form /BBox [0 0 100 20]", "q Q")
		d.text(11, "so", "/AP << /N 120 0 R >> /V (1)")
	}})
	req := signing.Request{Field: "a", Fill: []signing.FieldValue{{Name: "so", Value: "1"}}}
	check := func(fail int) (int, error) {
		r := &failing{r: bytes.NewReader(d.Bytes()), fail: fail}
		err := b.validator().CheckExtension(t.Context(), base, signing.File{R: r, Size: d.Len()}, req)
		return r.n, err
	}
	reads, err := check(0)
	if err != nil {
		t.Fatal(err)
	}
	for i := 1; i <= reads; i++ {
		if _, err := check(i); err == nil || errors.Is(err, ErrExtension) {
			t.Errorf("read %d of %d fails: %v", i, reads, err)
		}
	}
}
