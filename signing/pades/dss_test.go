package pades

import (
	"errors"
	"strings"
	"testing"

	"congvan/signing"
	"congvan/signing/pdf"
	"congvan/signing/pdf/pdftest"
	"congvan/signing/trust"
)

// What a store has stays where it is, what it lacks is added once, and the signature's
// own entry names all that was given, old or new.
func TestLongTermAdds(t *testing.T) {
	e, s := New(Options{}), newSigner(t, "Nguyễn Văn Thử")
	b := pdftest.New()
	b.Obj(1, "<< /Type /Catalog /Pages 2 0 R /DSS << /Certs 5 0 R /OCSPs [6 0 R] >> >>")
	b.Obj(2, "<< /Type /Pages /Count 1 /Kids [3 0 R] >>")
	b.Obj(3, "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>")
	b.Stream(4, "", string(s.Cert.Raw))
	b.Obj(5, "[4 0 R]")
	b.Stream(6, "", "an answer")
	b.Table("")
	signed := s.sign(t, e, b.Bytes(), signing.Request{Field: "a", Place: signing.Place{Page: 1}})
	evidence := trust.Evidence{Certificates: s.Chain, OCSP: [][]byte{[]byte("another"), []byte("another")}, CRLs: [][]byte{[]byte("a list")}}
	for round, want := range [][3]int{{len(s.Chain), 2, 1}, {len(s.Chain), 2, 1}} {
		tail, err := e.LongTerm(t.Context(), asFile(signed), "a", evidence)
		if err != nil {
			t.Fatal(err)
		}
		signed = append(signed, tail...)
		f := open(t, signed)
		root, err := f.Root()
		if err != nil {
			t.Fatal(err)
		}
		dss, err := f.Dict(root["DSS"])
		if err != nil {
			t.Fatal(err)
		}
		certs, _ := f.Array(dss["Certs"])
		if got := [3]int{len(certs), len(dss["OCSPs"].(pdf.Array)), len(dss["CRLs"].(pdf.Array))}; got != want || certs[0] != pdf.Object(pdf.Ref{Num: 4}) {
			t.Errorf("round %d: the store holds %v, want %v: %v", round, got, want, dss)
		}
		related, err := f.Dict(dss["VRI"])
		if err != nil || len(related) != 1 {
			t.Fatalf("VRI %v %v", related, err)
		}
		for key, ref := range related {
			entry, err := f.Dict(ref)
			if err != nil || len(key) != 40 || len(entry["Cert"].(pdf.Array)) != len(s.Chain) || len(entry["CRL"].(pdf.Array)) != 1 {
				t.Errorf("entry %s: %v %v", key, entry, err)
			}
		}
	}
}

// A file without a store gets one, with no list of nothing; entries of other signatures
// and a store that is an object stay.
func TestLongTermStores(t *testing.T) {
	e, s := New(Options{}), newSigner(t, "Nguyễn Văn Thử")
	for name, c := range map[string]struct {
		catalog string
		related int
		object  bool
	}{
		"none":               {"", 1, false},
		"an object":          {"/DSS 10 0 R", 1, true},
		"another's entry":    {"/DSS << /VRI << /AA << >> >> >>", 2, false},
		"that of an object":  {"/DSS 11 0 R", 2, true},
		"entries as objects": {"/DSS << /VRI 12 0 R >>", 2, false},
	} {
		base := formFile{catalog: c.catalog, extra: map[int]string{10: "<< >>", 11: "<< /VRI 12 0 R >>", 12: "<< /AA << >> >>"}}.build()
		signed := s.sign(t, e, base, signing.Request{Field: "a"})
		tail, err := e.LongTerm(t.Context(), asFile(signed), "a", trust.Evidence{Certificates: s.Chain})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		f := open(t, append(signed, tail...))
		root, _ := f.Root()
		dss, err := f.Dict(root["DSS"])
		if err != nil || dss["OCSPs"] != nil || dss["CRLs"] != nil {
			t.Errorf("%s: %v %v", name, dss, err)
		}
		if related, err := f.Dict(dss["VRI"]); err != nil || len(related) != c.related {
			t.Errorf("%s: entries %v %v", name, related, err)
		}
		revisions := f.Revisions()
		if _, changed := revisions[len(revisions)-1].Changes(1); changed == c.object {
			t.Errorf("%s: the catalog is written anew: %v", name, changed)
		}
	}
}

// What is no store, or more than one, is refused before anything is written.
func TestLongTermBounds(t *testing.T) {
	e, s := New(Options{}), newSigner(t, "Nguyễn Văn Thử")
	for name, c := range map[string]struct {
		certs string
		want  error
	}{
		"as many as may be": {strings.Repeat("10 0 R ", maxStored), nil},
		"one more":          {strings.Repeat("10 0 R ", maxStored+1), signing.ErrResourceLimit},
		"what is no stream": {"(a)", signing.ErrTruncated},
		"what is not there": {"99 0 R", signing.ErrTruncated},
	} {
		base := formFile{catalog: "/DSS << /Certs [" + c.certs + "] >>", extra: map[int]string{10: "<< /Length 1 >>\nstream\na\nendstream"}}.build()
		signed := s.sign(t, e, base, signing.Request{Field: "a"})
		if _, err := e.LongTerm(t.Context(), asFile(signed), "a", trust.Evidence{Certificates: s.Chain}); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestLongTermRefuses(t *testing.T) {
	e, s := New(Options{}), newSigner(t, "Nguyễn Văn Thử")
	letter := sample(t, "cong-van-1.pdf")
	signed := s.sign(t, e, letter, signing.Request{
		Field: "a", Place: signing.Place{Page: 1},
		Create: []signing.FieldSpec{{Name: "later", Kind: signing.FieldSignature, Place: signing.Place{Page: 1, X: 10, Y: 10, W: 20, H: 10}}},
	})
	for _, field := range []string{"nowhere", "later"} {
		if _, err := e.LongTerm(t.Context(), asFile(signed), field, trust.Evidence{}); !errors.Is(err, signing.ErrFieldMissing) {
			t.Errorf("%s: %v", field, err)
		}
	}
	if _, err := e.PrepareTimestamp(t.Context(), asFile(signed), "a", 0); !errors.Is(err, signing.ErrFieldExists) {
		t.Errorf("a name that is taken: %v", err)
	}
	if _, err := e.PrepareTimestamp(t.Context(), asFile(signed), "t", maxReserve+1); err == nil {
		t.Error("a reserve without bound")
	}
	if _, err := e.PrepareTimestamp(t.Context(), asFile(signed), "t", -1); err == nil {
		t.Error("a reserve below nothing")
	}
	text := formFile{catalog: "/AcroForm << /Fields [<< /FT /Tx /T (a) /V << /Contents (x) >> >>] >>"}.build()
	if _, err := e.LongTerm(t.Context(), asFile(text), "a", trust.Evidence{}); !errors.Is(err, signing.ErrFieldMissing) {
		t.Errorf("a text field with contents: %v", err)
	}
	encrypted := sample(t, "cong-van-1-owner-password.pdf")
	if _, err := e.PrepareTimestamp(t.Context(), asFile(encrypted), "t", 0); !errors.Is(err, signing.ErrEncrypted) {
		t.Errorf("encrypted: %v", err)
	}
}

// A document timestamp goes on a file that is certified against every change.
func TestTimestampOnCertified(t *testing.T) {
	e, s := New(Options{}), newSigner(t, "Nguyễn Văn Thử")
	signed := s.sign(t, e, sample(t, "cong-van-1.pdf"), signing.Request{Field: "a", Place: signing.Place{Page: 1}, Certify: 1})
	p, err := e.PrepareTimestamp(t.Context(), asFile(signed), "t", 700)
	if err != nil {
		t.Fatal(err)
	}
	tail, err := p.Complete([]byte{0x30, 0})
	if err != nil {
		t.Fatal(err)
	}
	fields := signatures(t, append(signed, tail...))
	if len(fields) != 2 || len(fields[1].contents) != 700 || fields[1].dict["SubFilter"] != pdf.Name("ETSI.RFC3161") || fields[1].dict["Type"] != pdf.Name("DocTimeStamp") || fields[1].dict["M"] != nil {
		t.Errorf("%+v", fields)
	}
}
