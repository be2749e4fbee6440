package validation

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"encoding"
	"errors"
	"image"
	"image/color"
	"image/png"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"congvan/signing"
	"congvan/signing/pades"
	"congvan/signing/pdf"
	"congvan/signing/signingtest"
)

// keys signs with an identity in memory.
type keys struct{ *signingtest.Identity }

func (k keys) Sign(_ context.Context, _ string, digest []byte, o signing.SignOptions) ([]byte, error) {
	return k.Key.Sign(rand.Reader, digest, o.Hash)
}

// road signs real letters with the real engine and lets CheckExtension watch.
type road struct {
	t      testing.TB
	engine *pades.Engine
	v      *Validator
}

func (r road) sign(in []byte, by *signingtest.Identity, req signing.Request) []byte {
	r.t.Helper()
	req.Time = time.Now()
	f := fileOf(in)
	h := sha256.New()
	h.Write(in)
	f.HashState, _ = h.(encoding.BinaryMarshaler).MarshalBinary()
	p, err := r.engine.Prepare(r.t.Context(), f, req)
	if err != nil {
		r.t.Fatal(err)
	}
	der, err := r.engine.BuildCMS(r.t.Context(), p.Digest, signing.Credential{Chain: by.Chain}, keys{by}, signing.SignOptions{})
	if err != nil {
		r.t.Fatal(err)
	}
	tail, err := p.Complete(der)
	if err != nil {
		r.t.Fatal(err)
	}
	out := append(bytes.Clone(in), tail...)
	for _, base := range []signing.File{f, fileOf(in)} {
		if err := r.v.CheckExtension(r.t.Context(), base, fileOf(out), req); err != nil {
			r.t.Fatal(err)
		}
	}
	return out
}

func picture(t testing.TB) []byte {
	m := image.NewNRGBA(image.Rect(0, 0, 60, 60))
	for i := range 60 {
		m.Set(i, i, color.NRGBA{R: 200, A: 255})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func leaderRequest(t testing.TB) signing.Request {
	later := func(name string, y float64) signing.FieldSpec {
		return signing.FieldSpec{Name: name, Kind: signing.FieldText, Place: signing.Place{Page: 1, X: 30, Y: y, W: 20, H: 6}}
	}
	return signing.Request{
		Field: "cv-leader", Place: signing.Place{Page: 1, X: 120, Y: 200, W: 40, H: 18},
		Appearance: signing.Appearance{Look: signing.LookLeader, Image: picture(t)},
		Lock:       &signing.Lock{Action: signing.LockExclude, Fields: []string{"cv-number", "cv-day", "cv-month", "cv-agency"}},
		Create: []signing.FieldSpec{
			later("cv-number", 30), later("cv-day", 40), later("cv-month", 50),
			{
				Name: "cv-agency", Kind: signing.FieldSignature, Place: signing.Place{Page: 1, X: 100, Y: 190, W: 36, H: 36},
				Lock: &signing.Lock{Action: signing.LockAll},
			},
		},
		Name: "Nguyễn Văn Thử",
	}
}

func agencyRequest(t testing.TB) signing.Request {
	return signing.Request{
		Field: "cv-agency", Appearance: signing.Appearance{Look: signing.LookAgency, Image: picture(t)},
		Fill: []signing.FieldValue{{Name: "cv-number", Value: "125"}, {Name: "cv-day", Value: "21"}, {Name: "cv-month", Value: "11"}},
	}
}

func letters(t testing.TB) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for _, n := range []string{"cong-van-1.pdf", "cong-van-1-linearized.pdf", "cong-van-1-rotated.pdf", "cong-van-1-xref-stream.pdf", "cong-van-bieu-mau.pdf"} {
		data, err := os.ReadFile(filepath.Join("..", "..", "testdata", n))
		if err != nil {
			t.Fatal(err)
		}
		out[n] = data
	}
	return out
}

// The road of a document: leader, then number, date and seal; then somebody edits.
func TestRoadOfALetter(t *testing.T) {
	b := newBench(t)
	r := road{t, pades.New(pades.Options{}), b.validator()}
	for name, letter := range letters(t) {
		t.Run(name, func(t *testing.T) {
			r.t = t
			if report := validate(t, r.v, letter); report.Verdict != signing.Unsigned {
				t.Fatalf("before: %s %v", report.Verdict, report.Reasons)
			}
			once := r.sign(letter, b.leader, leaderRequest(t))
			twice := r.sign(once, b.agency, agencyRequest(t))
			report := validate(t, r.v, twice)
			if report.Verdict != signing.Valid || len(report.Signatures) != 2 {
				t.Fatalf("%s %v: %+v", report.Verdict, report.Reasons, report.Signatures)
			}
			leader, agency := report.Signatures[0], report.Signatures[1]
			if leader.ChangesAft != "permitted" || leader.Covers != "revision" || leader.Level != "B-B" || leader.Signer != "Nguyễn Văn Thử" ||
				agency.ChangesAft != "none" || agency.Covers != "file" || agency.OrganID != "H99.14" {
				t.Errorf("leader %+v\nagency %+v", leader, agency)
			}
			for _, want := range []string{"signature_filled cv-agency", "field_filled cv-number", "field_filled cv-day"} {
				if !slices.Contains(leader.Changes, want) {
					t.Errorf("changes %q lack %q", leader.Changes, want)
				}
			}
			sum := sha256.Sum256(twice)
			if want := (&big.Int{}).SetBytes(sum[:]).Text(16); !strings.HasSuffix(report.SHA256, want) {
				t.Errorf("SHA-256 %s, want %s", report.SHA256, want)
			}
			edited := fill(t, twice, "cv-number", "126")
			report = validate(t, r.v, edited)
			if report.Verdict != signing.Invalid || report.Signatures[1].ChangesAft != "forbidden" || report.Signatures[0].ChangesAft != "permitted" {
				t.Errorf("after an edit: %s %+v", report.Verdict, report.Signatures)
			}
			if report := validate(t, r.v, fill(t, once, "cv-number", "125")); report.Verdict != signing.Valid ||
				!slices.Contains(report.Reasons, ReasonFilledAfter) {
				t.Errorf("filled after the last signature: %s %v", report.Verdict, report.Reasons)
			}
		})
	}
}

// fill sets a text field in an update of its own.
func fill(t testing.TB, data []byte, name, value string) []byte {
	t.Helper()
	f, err := pdf.Open(t.Context(), bytes.NewReader(data), int64(len(data)), pdf.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	fields, err := f.Fields()
	if err != nil {
		t.Fatal(err)
	}
	u := pdf.NewUpdate(f)
	for _, field := range fields {
		if field.Name == name {
			d := pdf.Dict{}
			for k, v := range field.Dict {
				d[k] = v
			}
			d["V"] = pdf.String(value)
			u.Set(field.Ref, d)
		}
	}
	tail, err := u.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return append(bytes.Clone(data), tail...)
}

// What CheckExtension must refuse: an update that holds anything else.
func TestCheckExtensionRefuses(t *testing.T) {
	b := newBench(t)
	r := road{t, pades.New(pades.Options{}), b.validator()}
	letter := letters(t)["cong-van-1.pdf"]
	req := leaderRequest(t)
	once := r.sign(letter, b.leader, req)
	twice := r.sign(once, b.agency, agencyRequest(t))
	check := func(base, signed []byte, req signing.Request) error {
		return r.v.CheckExtension(t.Context(), fileOf(base), fileOf(signed), req)
	}
	with := func(change func(r *signing.Request)) signing.Request {
		r := leaderRequest(t)
		change(&r)
		return r
	}
	broken := bytes.Clone(once)
	i := bytes.LastIndex(broken, []byte("/Reason"))
	if i < 0 {
		i = bytes.LastIndex(broken, []byte("/Type"))
	}
	broken[i+1]++
	for name, err := range map[string]error{
		"nothing came":           check(once, once, req),
		"shorter":                check(once, letter, req),
		"two revisions":          check(letter, twice, req),
		"a fill after it":        check(letter, fill(t, once, "cv-day", "1"), req),
		"only a fill":            check(once, fill(t, once, "cv-day", "1"), agencyRequest(t)),
		"trailing bytes":         check(letter, append(bytes.Clone(once), "x"...), req),
		"another field":          check(letter, once, with(func(r *signing.Request) { r.Field = "khac" })),
		"a field too many":       check(letter, once, with(func(r *signing.Request) { r.Create = r.Create[1:] })),
		"a field too few":        check(letter, once, with(func(r *signing.Request) { r.Create = append(r.Create, signing.FieldSpec{Name: "x", Kind: "text"}) })),
		"certification not done": check(letter, once, with(func(r *signing.Request) { r.Certify = 2 })),
		"another value":          check(once, twice, func() signing.Request { r := agencyRequest(t); r.Fill[0].Value = "126"; return r }()),
		"a value not asked for":  check(once, twice, func() signing.Request { r := agencyRequest(t); r.Fill = r.Fill[1:]; return r }()),
		"a broken byte":          check(letter, broken, req),
	} {
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	d := newDoc(t, b)
	base := d.Bytes()
	d.sign(sig{name: "a", before: func(d *doc) { d.Stream(4, "", forged) }})
	if err := check(base, d.Bytes(), signing.Request{Field: "a"}); !errors.Is(err, ErrExtension) {
		t.Errorf("page content changed: %v", err)
	}
	d = newDoc(t, b)
	base = d.Bytes()
	d.sign(sig{name: "a", before: func(d *doc) { d.Obj(2, "<< /Type /Pages /Count 2 /Kids [3 0 R 3 0 R] >>") }})
	if err := check(base, d.Bytes(), signing.Request{Field: "a"}); !errors.Is(err, ErrExtension) {
		t.Errorf("page tree changed: %v", err)
	}
	hiding := func() *doc {
		d := newDoc(t, b)
		d.Obj(30, "(a)")
		d.Raw("90 0 obj\n(hidden)\nendobj\n")
		d.end()
		return d
	}
	d = hiding()
	base = d.Bytes()
	d.sign(sig{name: "a"})
	if err := check(base, d.Bytes(), signing.Request{Field: "a"}); !errors.Is(err, ErrExtension) {
		t.Errorf("numbers below /Size used: %v", err)
	}
	d = hiding()
	d.next = 40
	d.sign(sig{name: "a", before: func(d *doc) { d.Entry(90, int64(bytes.Index(base, []byte("90 0 obj")))) }})
	if err := check(base, d.Bytes(), signing.Request{Field: "a"}); !errors.Is(err, ErrExtension) {
		t.Errorf("old bytes made an object: %v", err)
	}
	d = newDoc(t, b)
	d.sign(sig{name: "a", field: "/Lock << /Action /All >>"})
	base = d.Bytes()
	d.sign(sig{name: "b"})
	if err := check(base, d.Bytes(), signing.Request{Field: "b"}); !errors.Is(err, ErrExtension) {
		t.Errorf("locked: %v", err)
	}
	d = newDoc(t, b)
	base = d.Bytes()
	d.sign(sig{name: "a"})
	if err := check(base, d.Bytes(), signing.Request{Field: "a"}); err != nil {
		t.Errorf("good update: %v", err)
	}
}

// With a kept hash state nothing before the update is read but what the objects need.
func TestCheckExtensionReadsTheTail(t *testing.T) {
	b := newBench(t)
	d := newDoc(t, b)
	d.Stream(30, "", strings.Repeat("x", 5<<20))
	d.end()
	base := d.Bytes()
	d.next = 40
	d.sign(sig{name: "a"})
	h := sha256.New()
	h.Write(base)
	state, _ := h.(encoding.BinaryMarshaler).MarshalBinary()
	r := &counting{r: bytes.NewReader(d.Bytes())}
	err := b.validator().CheckExtension(t.Context(), signing.File{R: r, Size: int64(len(base)), HashState: state},
		signing.File{R: r, Size: d.Len()}, signing.Request{Field: "a"})
	if err != nil || r.n > 400<<10 {
		t.Errorf("%d bytes read, %v", r.n, err)
	}
	// A state that does not serve costs a reading, never the verdict.
	h.Write([]byte("more"))
	longer, _ := h.(encoding.BinaryMarshaler).MarshalBinary()
	for name, s := range map[string][]byte{"of a longer file": longer, "unreadable": []byte("unreadable"), "truncated": state[:len(state)-1]} {
		err := b.validator().CheckExtension(t.Context(), signing.File{R: r, Size: int64(len(base)), HashState: s},
			signing.File{R: r, Size: d.Len()}, signing.Request{Field: "a"})
		if err != nil {
			t.Errorf("state %s: %v", name, err)
		}
	}
	err = b.validator().CheckExtension(t.Context(), signing.File{R: r, Size: int64(len(base)), HashState: state},
		signing.File{R: r, Size: d.Len()}, signing.Request{Field: "a", Hash: crypto.SHA384})
	if !errors.Is(err, ErrExtension) {
		t.Errorf("another digest than asked for: %v", err)
	}
}

type counting struct {
	r io.ReaderAt
	n int
}

func (c *counting) ReadAt(p []byte, off int64) (int, error) {
	c.n += len(p)
	return c.r.ReadAt(p, off)
}
