package pades

import (
	"errors"
	"strings"
	"testing"

	"congvan/signing"
)

// A new signature stands over blank paper, other signatures and the signer's block;
// over other text of the page, or the value of a field, it is refused and told why.
func TestPlaceOverText(t *testing.T) {
	e, leader := New(Options{}), newSigner(t, "Nguyễn Văn Mẫu")
	letter := sample(t, "cong-van-1.pdf")
	find := func(s string) signing.Place {
		hits, err := e.Find(t.Context(), asFile(letter), s)
		if err != nil || len(hits) == 0 {
			t.Fatalf("%q: %v %v", s, hits, err)
		}
		return hits[len(hits)-1].Place
	}
	name, body, to := find("Nguyễn Văn Mẫu"), find("Kính gửi"), find("Nơi nhận:")
	around := func(p signing.Place, grow float64) signing.Place {
		return signing.Place{Page: p.Page, X: p.X - grow, Y: p.Y - grow, W: p.W + 2*grow, H: p.H + 2*grow}
	}
	picture := signing.Appearance{Look: signing.LookAgency, Image: sealImage(t)}
	at := func(p signing.Place) signing.Request {
		return signing.Request{Field: "s", Place: p, Appearance: picture, Time: signedAt}
	}
	seal := func(p signing.Place) signing.Request {
		r := signing.Request{Field: "s", Time: signedAt}
		r.Create = []signing.FieldSpec{{Name: "seal", Kind: signing.FieldSignature, Place: p}}
		return r
	}
	blank := seal(around(body, 2))
	blank.Create[0].Kind = signing.FieldText // over the dots of a form, say
	block := signing.Appearance{Look: signing.LookCopy, Lines: []string{"Sao y", "21-11-2026 15:30:45 +07:00"}}
	first := leaderRequest(t, letter, "Nguyễn Văn Mẫu")
	once := leader.sign(t, e, letter, first)
	filled := leader.sign(t, e, once, signing.Request{Field: "cv-agency", Fill: []signing.FieldValue{{Name: "cv-number", Value: "125"}}})
	var number signing.Place
	for _, c := range first.Create {
		if c.Name == "cv-number" {
			number = c.Place
		}
	}
	existing := formFile{
		catalog: "/AcroForm << /Fields [10 0 R] >>",
		page:    "/Annots [10 0 R] /Contents 11 0 R /Resources << /Font << /F 13 0 R >> >>",
		extra:   map[int]string{10: emptySig, 11: "<< /Length 39 >>\nstream\nBT /F 20 Tf 50 610 Td (Ky vao day) Tj ET\nendstream", 13: helvetica},
	}.build()
	talkative := formFile{
		page:  "/Contents 11 0 R /Resources << /Font << /F 13 0 R >> >>",
		extra: map[int]string{11: "<< /Length 100 >>\nstream\nBT /F 20 Tf 50 610 Td (" + strings.Repeat("i", 41) + ") Tj ET" + strings.Repeat(" ", 100-31-41) + "\nendstream", 13: helvetica},
	}.build()
	unlocked := leader.sign(t, e, letter, signing.Request{
		Field: "a", Place: first.Place, Appearance: picture,
	})
	for name, c := range map[string]struct {
		base []byte
		r    signing.Request
		text string // named in the refusal; empty: it is prepared
	}{
		"over the body":              {letter, at(around(body, 2)), "Kính gửi"},
		"over the recipients":        {letter, at(around(to, 1)), "Nơi nhận"},
		"over the name":              {letter, at(around(name, 2)), ""},
		"seal field over the body":   {letter, seal(around(body, 2)), "Kính gửi"},
		"text field over the body":   {letter, blank, ""},
		"seal field over the name":   {letter, seal(around(name, 2)), ""},
		"over another signature":     {unlocked, at(first.Place), ""},
		"over a number filled in":    {clearLocks(t, filled), at(around(number, 1)), "125"},
		"over long words":            {talkative, at(signing.Place{Page: 1, X: 17, Y: 75, W: 90, H: 10}), "“" + strings.Repeat("i", 40) + "…”"},
		"invisible":                  {letter, signing.Request{Field: "s", Time: signedAt}, ""},
		"a field that was there":     {existing, signing.Request{Field: "Sig1", Appearance: picture, Time: signedAt}, ""},
		"block with room to spare":   {letter, signing.Request{Field: "s", Place: signing.Place{Page: 1, X: 130, Y: 3, W: 70, H: 200}, Appearance: block, Time: signedAt}, ""},
		"block over the body":        {letter, signing.Request{Field: "s", Place: signing.Place{Page: 1, X: body.X, Y: body.Y - 2, W: 70, H: 20}, Appearance: block, Time: signedAt}, ""},
		"known signer, no such form": {existing, signing.Request{Field: "s", Name: "Ky vao day", Place: signing.Place{Page: 1, X: 17, Y: 75, W: 40, H: 10}, Appearance: picture, Time: signedAt}, ""},
		"the same, another signer":   {existing, signing.Request{Field: "s", Name: "Ai khac", Place: signing.Place{Page: 1, X: 17, Y: 75, W: 40, H: 10}, Appearance: picture, Time: signedAt}, "Ky vao day"},
	} {
		if name == "block over the body" {
			c.text = "“"
		}
		_, err := e.Prepare(t.Context(), asFile(c.base), c.r)
		if c.text == "" && err != nil || c.text != "" && (!errors.Is(err, signing.ErrCovers) || !errors.Is(err, signing.ErrPlace) || !strings.Contains(err.Error(), c.text)) {
			t.Errorf("%s: %v, want %q", name, err, c.text)
		}
	}
}

// clearLocks makes the locks of a file's signatures void, so that only the rule of
// overlap is left to refuse.
func clearLocks(t testing.TB, data []byte) []byte {
	t.Helper()
	return []byte(strings.NewReplacer("/FieldMDP", "/FieldXXX", "/SigFieldLock", "/SigFieldXXXX", "/Lock ", "/Xock ").Replace(string(data)))
}
