package pades

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"congvan/signing"
	"congvan/signing/pdf"
)

// refused checks that a request is answered with an error of its kind, not signed.
func refused(t testing.TB, name string, e *Engine, base []byte, r signing.Request, want error) {
	t.Helper()
	_, err := e.Prepare(t.Context(), asFile(base), r)
	if err == nil || want != nil && !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", name, err, want)
	}
}

func TestRefusals(t *testing.T) {
	e, s := New(Options{}), newSigner(t, "A")
	empty := formFile{}.build()
	form := formFile{
		catalog: "/AcroForm << /Fields [10 0 R 11 0 R] >>", page: "/Annots [10 0 R 11 0 R]",
		extra: map[int]string{10: strings.Replace(textWidget, "Ghi ch\\372", "a", 1), 11: strings.Replace(emptySig, "(Sig1)", "(nhom.b)", 1)},
	}.build()
	twice := formFile{
		catalog: "/AcroForm << /Fields [10 0 R 11 0 R] >>", page: "/Annots [10 0 R 11 0 R]",
		extra: map[int]string{10: emptySig, 11: emptySig},
	}.build()
	signed := s.sign(t, e, empty, simpleRequest("s"))
	at := signing.Place{Page: 1, X: 20, Y: 20, W: 50, H: 20}
	text := func(name string) []signing.FieldSpec {
		return []signing.FieldSpec{{Name: name, Kind: signing.FieldText, Place: at}}
	}
	seal := signing.Appearance{Look: signing.LookAgency, Image: sealImage(t)}

	sized := func(points, w, h float64) signing.Request {
		return signing.Request{Field: "s", Create: []signing.FieldSpec{{Name: "t", Kind: signing.FieldText, FontSize: points, Place: signing.Place{Page: 1, X: 20, Y: 20, W: w, H: h}}}}
	}

	for name, c := range map[string]struct {
		base    []byte
		request signing.Request
		want    error
	}{
		"field is a text field":         {form, signing.Request{Field: "a"}, signing.ErrFieldExists},
		"field is signed":               {signed, signing.Request{Field: "s"}, signing.ErrFieldExists},
		"field stands twice":            {twice, signing.Request{Field: "Sig1"}, signing.ErrFieldExists},
		"name of a parent":              {form, signing.Request{Field: "nhom"}, signing.ErrFieldExists},
		"created field exists":          {form, signing.Request{Field: "s", Create: text("a")}, signing.ErrFieldExists},
		"created twice":                 {empty, signing.Request{Field: "s", Create: append(text("b"), text("b")...)}, signing.ErrFieldExists},
		"created and signed":            {empty, signing.Request{Field: "s", Create: text("s")}, signing.ErrFieldExists},
		"name with full stop":           {empty, signing.Request{Field: "a.b"}, nil},
		"no name":                       {empty, signing.Request{}, nil},
		"fill what is not there":        {empty, signing.Request{Field: "s", Fill: []signing.FieldValue{{Name: "x"}}}, signing.ErrFieldMissing},
		"fill a signature":              {form, signing.Request{Field: "s", Fill: []signing.FieldValue{{Name: "nhom.b"}}}, signing.ErrFieldMissing},
		"fill twice":                    {form, signing.Request{Field: "s", Fill: []signing.FieldValue{{Name: "a"}, {Name: "a"}}}, signing.ErrFieldExists},
		"fill with a missing glyph":     {form, signing.Request{Field: "s", Fill: []signing.FieldValue{{Name: "a", Value: "漢"}}}, signing.ErrGlyphMissing},
		"fill with too long a text":     {form, signing.Request{Field: "s", Fill: []signing.FieldValue{{Name: "a", Value: strings.Repeat("dài ", 20)}}}, signing.ErrPlace},
		"text field after a signing":    {signed, signing.Request{Field: "s2", Create: text("late")}, signing.ErrSigned},
		"certify after a signing":       {signed, signing.Request{Field: "s2", Certify: 2}, signing.ErrSigned},
		"certify level -1":              {empty, signing.Request{Field: "s", Certify: -1}, nil},
		"certify level 4":               {empty, signing.Request{Field: "s", Certify: 4}, nil},
		"lock without action":           {empty, signing.Request{Field: "s", Lock: &signing.Lock{}}, nil},
		"text field with lock":          {empty, signing.Request{Field: "s", Create: []signing.FieldSpec{{Name: "t", Kind: signing.FieldText, Place: at, Lock: &signing.Lock{Action: signing.LockAll}}}}, nil},
		"unknown kind":                  {empty, signing.Request{Field: "s", Create: []signing.FieldSpec{{Name: "t", Kind: "button", Place: at}}}, nil},
		"unknown look":                  {empty, signing.Request{Field: "s", Place: at, Appearance: signing.Appearance{Look: "stamp"}}, nil},
		"seal without a picture":        {empty, signing.Request{Field: "s", Place: at, Appearance: signing.Appearance{Look: signing.LookAgency}}, signing.ErrImage},
		"text look without text":        {empty, signing.Request{Field: "s", Place: at, Appearance: signing.Appearance{Look: signing.LookCopy}}, nil},
		"word wider than its place":     {empty, signing.Request{Field: "s", Place: at, Appearance: signing.Appearance{Look: signing.LookCopy, Lines: []string{strings.Repeat("dài", 30)}}}, signing.ErrPlace},
		"more lines than there is room": {empty, signing.Request{Field: "s", Place: at, Appearance: signing.Appearance{Look: signing.LookCopy, Lines: strings.Split("a b c d e f g h i", " ")}}, signing.ErrPlace},
		"reserve too large":             {empty, signing.Request{Field: "s", Reserve: 1 << 30}, nil},
		"reserve below nothing":         {empty, signing.Request{Field: "s", Reserve: -1}, nil},
		"look without a place":          {empty, signing.Request{Field: "s", Place: signing.Place{Page: 1}, Appearance: seal}, signing.ErrPlace},
		"field to be filled, no size":   {empty, sized(0, 0, 0), signing.ErrPlace},
		"field of no height":            {empty, sized(0, 5, 0), signing.ErrPlace},
		"letters too small":             {empty, sized(0.9, 50, 50), nil},
		"letters too big":               {empty, sized(201, 50, 50), nil},
		"lock that names no string":     {emptyField("/Lock << /Action /Include /Fields [1] >>"), signing.Request{Field: "Sig1"}, signing.ErrTruncated},
		"annotations that are no list":  {formFile{page: "/Annots 5"}.build(), signing.Request{Field: "s"}, signing.ErrTruncated},
		"resources that are none":       {formFile{catalog: "/AcroForm << /Fields [] /DR 5 >>"}.build(), sized(0, 50, 50), signing.ErrTruncated},
		"resources that are a list":     {formFile{catalog: "/AcroForm << /Fields [] /DR 10 0 R >>", extra: map[int]string{10: "[]"}}.build(), sized(0, 50, 50), signing.ErrTruncated},
		"field that shows twice": {
			formFile{catalog: "/AcroForm << /Fields [10 0 R] >>", page: "/Annots [11 0 R 12 0 R]", extra: map[int]string{
				10: "<< /FT /Sig /T (Sig1) /Kids [11 0 R 12 0 R] >>",
				11: "<< /Subtype /Widget /Parent 10 0 R /Rect [50 600 150 650] >>", 12: "<< /Subtype /Widget /Parent 10 0 R /Rect [50 500 150 550] >>",
			}}.build(), signing.Request{Field: "Sig1", Appearance: seal}, signing.ErrPlace,
		},
		"not a PDF":                   {[]byte("Dear Sir"), signing.Request{Field: "s"}, signing.ErrNotPDF},
		"nothing":                     {nil, signing.Request{Field: "s"}, signing.ErrNotPDF},
		"truncated":                   {sample(t, "cong-van-1-truncated.pdf"), signing.Request{Field: "s"}, signing.ErrTruncated},
		"encrypted, user password":    {sample(t, "cong-van-1-user-password.pdf"), signing.Request{Field: "s"}, signing.ErrEncrypted},
		"encrypted, owner password":   {sample(t, "cong-van-1-owner-password.pdf"), signing.Request{Field: "s"}, signing.ErrEncrypted},
		"visible widget without size": {formFile{catalog: "/AcroForm << /Fields [10 0 R] >>", page: "/Annots [10 0 R]", extra: map[int]string{10: strings.Replace(emptySig, "[50 600 150 650]", "[0 0 0 0]", 1)}}.build(), signing.Request{Field: "Sig1", Appearance: seal}, signing.ErrPlace},
		"widget on no page":           {formFile{catalog: "/AcroForm << /Fields [10 0 R] >>", extra: map[int]string{10: emptySig}}.build(), signing.Request{Field: "Sig1", Appearance: seal}, signing.ErrFieldMissing},
	} {
		if c.request.Time.IsZero() {
			c.request.Time = signedAt
		}
		refused(t, name, e, c.base, c.request, c.want)
	}
}

// What a signature locked, no later one changes.
func TestLocksAreHonoured(t *testing.T) {
	e, leader, agency := New(Options{}), newSigner(t, "A"), newSigner(t, "B")
	letter := sample(t, "cong-van-1.pdf")
	once := leader.sign(t, e, letter, leaderRequest(t, letter, "Nguyễn Văn Mẫu"))
	at := signing.Place{Page: 1, X: 20, Y: 250, W: 30, H: 10}
	copied := signing.Appearance{Look: signing.LookCopy, Lines: []string{"SAO Y"}}

	refused(t, "a visible field under Exclude", e, once,
		signing.Request{Field: "other", Place: at, Appearance: copied, Time: signedAt}, signing.ErrLocked)
	refused(t, "an empty field under Exclude", e, once, signing.Request{
		Field: "other", Time: signedAt,
		Create: []signing.FieldSpec{{Name: "late", Kind: signing.FieldSignature, Place: at}},
	}, signing.ErrLocked)

	twice := agency.sign(t, e, once, agencyRequest(t))
	refused(t, "the number after the seal", e, twice, signing.Request{
		Field: "third", Time: signedAt,
		Fill: []signing.FieldValue{{Name: "cv-number", Value: "126"}},
	}, signing.ErrLocked)
	refused(t, "a visible field after the seal", e, twice,
		signing.Request{Field: "cv-third", Place: at, Appearance: copied, Time: signedAt}, signing.ErrLocked)
	// An invisible signature changes nothing that was signed.
	accepted(t, agency.sign(t, e, twice, signing.Request{Field: "cv-third"}), leader, agency, agency)
}

func TestCertification(t *testing.T) {
	e, first, second := New(Options{}), newSigner(t, "A"), newSigner(t, "B")
	for p := 1; p <= 3; p++ {
		r := simpleRequest("cert")
		r.Certify, r.Lock = p, &signing.Lock{Action: signing.LockInclude, Fields: []string{"cert"}}
		once := first.sign(t, e, formFile{}.build(), r)
		accepted(t, once, first)
		root, _ := open(t, once).Root()
		perms, err := open(t, once).Dict(root["Perms"])
		if err != nil || perms["DocMDP"] == nil {
			t.Errorf("P %d: /Perms is %v, %v", p, perms, err)
		}
		if reference := signatures(t, once)[0].dict["Reference"].(pdf.Array)[0].(pdf.Dict); reference["TransformMethod"] != pdf.Name("DocMDP") || reference["Data"] != nil {
			t.Errorf("P %d: reference %v", p, reference)
		}
		if p == 1 {
			refused(t, "approval after P 1", e, once, signing.Request{Field: "cv-seal", Time: signedAt}, signing.ErrLocked)
			continue
		}
		accepted(t, second.sign(t, e, once, signing.Request{Field: "cv-seal"}), first, second)
		accepted(t, second.sign(t, e, once, signing.Request{Field: "unseen"}), first, second)
		visible := simpleRequest("shown")
		visible.Create, visible.Place.Y, visible.Time = nil, 120, signedAt
		refused(t, "a new look on a certified file", e, once, visible, signing.ErrLocked)
		later := signing.Request{Field: "unseen", Time: signedAt, Create: []signing.FieldSpec{{Name: "x", Kind: signing.FieldSignature, Place: visible.Place}}}
		refused(t, "a new field to be seen later", e, once, later, signing.ErrLocked)
	}
}

// A certification takes nothing from the permissions that the file has.
func TestCertificationKeepsOtherPermissions(t *testing.T) {
	s := newSigner(t, "A")
	out := s.sign(t, New(Options{}), formFile{catalog: "/Perms << /UR3 10 0 R >>", extra: map[int]string{10: "<< /Type /Sig >>"}}.build(), signing.Request{Field: "s", Certify: 2})
	root, _ := open(t, out).Root()
	if perms, err := open(t, out).Dict(root["Perms"]); err != nil || perms["DocMDP"] == nil || perms["UR3"] != (pdf.Ref{Num: 10}) {
		t.Errorf("/Perms is %v, %v", perms, err)
	}
}

// An engine keeps to the limits that it was given.
func TestLimitsOfTheEngine(t *testing.T) {
	limits := pdf.DefaultLimits()
	limits.Objects = 2
	refused(t, "four objects", New(Options{Limits: limits}), formFile{}.build(), signing.Request{Field: "s", Time: signedAt}, signing.ErrResourceLimit)
}

// A CMS of exactly the reserved size fits, one byte more does not.
func TestOverflow(t *testing.T) {
	e, base := New(Options{}), formFile{}.build()
	p, err := e.Prepare(t.Context(), asFile(base), signing.Request{Field: "s", Time: signedAt, Reserve: 500})
	if err != nil {
		t.Fatal(err)
	}
	cms := bytes.Repeat([]byte{0xAB}, 501)
	if _, err := p.Complete(cms); !errors.Is(err, signing.ErrOverflow) {
		t.Errorf("501 bytes in 500: %v", err)
	}
	tail, err := p.Complete(cms[:500])
	if err != nil {
		t.Fatal(err)
	}
	got := signatures(t, append(bytes.Clone(base), tail...))[0]
	if !bytes.Equal(got.contents, cms[:500]) {
		t.Errorf("read back %d bytes", len(got.contents))
	}
}

func TestSignatureNeedsATime(t *testing.T) {
	refused(t, "no time", New(Options{}), formFile{}.build(), signing.Request{Field: "s"}, nil)
}
