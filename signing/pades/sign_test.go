package pades

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"congvan/signing"
	"congvan/signing/pdf"
	"congvan/signing/pdf/pdftest"
)

// The kinds of file that no sample has: a hybrid one, one with bytes before its
// header, one that ends without a newline.
func TestOddFiles(t *testing.T) {
	e, s := New(Options{}), newSigner(t, "A")
	hybrid := pdftest.New()
	hybrid.Obj(1, "<< /Type /Catalog /Pages 2 0 R /AcroForm 10 0 R >>")
	hybrid.Obj(2, "<< /Type /Pages /Kids [3 0 R] /Count 1 >>")
	hybrid.Obj(3, "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>")
	hybrid.ObjStm(11, map[int]string{10: "<< /Fields [] >>"})
	hybrid.Hybrid(12, "")
	for name, base := range map[string][]byte{
		"hybrid":           hybrid.Bytes(),
		"leading bytes":    append([]byte("mail header\n\n"), formFile{}.build()...),
		"no final newline": bytes.TrimRight(formFile{}.build(), "\n"),
		"final return":     append(bytes.TrimRight(formFile{}.build(), "\n"), '\r'),
	} {
		t.Run(name, func(t *testing.T) {
			once := s.sign(t, e, base, simpleRequest("s"))
			if !bytes.HasPrefix(once, base) {
				t.Fatal("the input is not the prefix of the signed file")
			}
			verified(t, once, s)
			verified(t, s.sign(t, e, once, signing.Request{Field: "cv-seal"}), s, s)
		})
	}
}

// The lock of the field and the FieldMDP reference of its signature say the same.
func TestLockAndReferenceAgree(t *testing.T) {
	e, leader, agency := New(Options{}), newSigner(t, "A"), newSigner(t, "B")
	letter := sample(t, "cong-van-1.pdf")
	once := leader.sign(t, e, letter, leaderRequest(t, letter, "Nguyễn Văn Mẫu"))
	signed := agency.sign(t, e, once, agencyRequest(t))
	f := open(t, signed)
	fields, err := f.Fields()
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"cv-leader": "Exclude [cv-number cv-day cv-month cv-agency]",
		"cv-agency": "All []",
	}
	for _, field := range fields {
		if field.Type != "Sig" {
			continue
		}
		if _, ok := field.Dict["Lock"].(pdf.Ref); !ok {
			t.Errorf("%s: /Lock is %v, not an object of its own", field.Name, field.Dict["Lock"])
		}
		d, _ := f.Dict(field.Dict["Lock"])
		sig, _ := f.Dict(field.Value)
		reference := sig["Reference"].(pdf.Array)[0].(pdf.Dict)
		if reference["TransformMethod"] != pdf.Name("FieldMDP") || reference["Data"] != f.RootRef() {
			t.Errorf("%s: reference %v", field.Name, reference)
		}
		for _, dict := range []pdf.Dict{d, reference["TransformParams"].(pdf.Dict)} {
			lock, err := readLock(f, dict)
			if err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(lock.Action, " ", lock.Fields); got != want[field.Name] {
				t.Errorf("%s: lock %q, want %q", field.Name, got, want[field.Name])
			}
		}
	}
}

// The second signature changes nothing but what it may: of the fields /V, /AP, /F
// and /Ff, and no page, form or catalog.
func TestSealChangesOnlyTheFields(t *testing.T) {
	e, leader, agency := New(Options{}), newSigner(t, "A"), newSigner(t, "B")
	letter := sample(t, "cong-van-1.pdf")
	once := leader.sign(t, e, letter, leaderRequest(t, letter, "Nguyễn Văn Mẫu"))
	signed := open(t, agency.sign(t, e, once, agencyRequest(t)))
	before, err := signed.At(1)
	if err != nil {
		t.Fatal(err)
	}
	changed := 0
	for _, c := range signed.Revisions()[2].Objects {
		if _, existed := before.Entry(c.Num); !existed {
			continue
		}
		changed++
		ref := pdf.Ref{Num: c.Num, Gen: c.Gen}
		old, _ := before.Dict(ref)
		now, _ := signed.Dict(ref)
		for key, value := range now {
			if key != "V" && key != "AP" && key != "Ff" && fmt.Sprint(value) != fmt.Sprint(old[key]) {
				t.Errorf("object %d: /%s was %v and is %v", c.Num, key, old[key], value)
			}
		}
		for key := range old {
			if now[key] == nil {
				t.Errorf("object %d lost /%s", c.Num, key)
			}
		}
	}
	if changed != 4 {
		t.Errorf("%d objects changed, want the four fields", changed)
	}
}

// A foreign text field is filled in a font that has its letters, whatever its own.
func TestForeignTextFieldIsFilled(t *testing.T) {
	e, s := New(Options{}), newSigner(t, "A")
	for da, want := range map[string]string{
		"/Helv 12 Tf 0 g": "LiberationSerif ", "/Helv 0 Tf": "LiberationSerif ", "": "LiberationSerif ",
		"0.5 g /It 9.5 Tf": "LiberationSerif-Italic", "/Missing 11 Tf": "LiberationSerif ", "((( Tf": "LiberationSerif ",
	} {
		base := formFile{
			catalog: "/AcroForm << /Fields [10 0 R] /DA (" + pdfEscape(da) + ") /DR << /Font << /It << /Type /Font /BaseFont /Times-Italic >> >> >> >>",
			page:    "/Annots [10 0 R]",
			extra:   map[int]string{10: "<< /Type /Annot /Subtype /Widget /FT /Tx /T (a) /Rect [50 700 250 720] /Q 2 >>"},
		}.build()
		out := s.sign(t, e, base, signing.Request{Field: "s", Fill: []signing.FieldValue{{Name: "a", Value: "Đặng Thị Thường"}}})
		verified(t, out, s)
		path := save(t, "filled.pdf", out)
		words := words(t, out)
		if at := words["Thường"]; at[2] < 248 || at[2] > 250.5 || at[1] < 842-725 || at[3] > 842-695 {
			t.Errorf("%q: the value stands at %v", da, words)
		}
		if fonts := run(t, "pdffonts", path); !bytes.Contains([]byte(fonts), []byte("+"+want)) {
			t.Errorf("%q: fonts %s", da, fonts)
		}
	}
}

func pdfEscape(s string) string {
	return string(bytes.ReplaceAll([]byte(s), []byte("("), []byte(`\(`)))
}

// keysFunc is a key store that tests look into.
type keysFunc func(key string, digest []byte, opts signing.SignOptions) ([]byte, error)

func (f keysFunc) Sign(_ context.Context, key string, digest []byte, opts signing.SignOptions) ([]byte, error) {
	return f(key, digest, opts)
}

// BuildCMS hands key, hash and PIN to the key store, once, and its error back as it is.
func TestBuildCMSAsksTheKeyOnce(t *testing.T) {
	s, calls := newSigner(t, "A"), 0
	keys := keysFunc(func(key string, digest []byte, opts signing.SignOptions) ([]byte, error) {
		calls++
		if key != "pkcs11:token=A" || string(opts.PIN) != "1234" || len(digest) != opts.Hash.Size() {
			t.Errorf("asked for %q, PIN %q, %d bytes for %v", key, opts.PIN, len(digest), opts.Hash)
		}
		return nil, signing.ErrPINIncorrect
	})
	_, err := New(Options{}).BuildCMS(t.Context(), make([]byte, 32), signing.Credential{KeyURI: "pkcs11:token=A", Chain: s.Chain}, keys, signing.SignOptions{PIN: []byte("1234")})
	if !errors.Is(err, signing.ErrPINIncorrect) || calls != 1 {
		t.Errorf("%v after %d calls", err, calls)
	}
}
