package pades

import (
	"errors"
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
	encrypted := sample(t, "cong-van-1-owner-password.pdf")
	if _, err := e.PrepareTimestamp(t.Context(), asFile(encrypted), "t", 0); !errors.Is(err, signing.ErrEncrypted) {
		t.Errorf("encrypted: %v", err)
	}
}

// A document timestamp goes on a file that is certified against every change.
func TestTimestampOnCertified(t *testing.T) {
	e, s := New(Options{}), newSigner(t, "Nguyễn Văn Thử")
	signed := s.sign(t, e, sample(t, "cong-van-1.pdf"), signing.Request{Field: "a", Place: signing.Place{Page: 1}, Certify: 1})
	p, err := e.PrepareTimestamp(t.Context(), asFile(signed), "t", 0)
	if err != nil {
		t.Fatal(err)
	}
	tail, err := p.Complete([]byte{0x30, 0})
	if err != nil {
		t.Fatal(err)
	}
	fields := signatures(t, append(signed, tail...))
	if len(fields) != 2 || fields[1].dict["SubFilter"] != pdf.Name("ETSI.RFC3161") || fields[1].dict["Type"] != pdf.Name("DocTimeStamp") || fields[1].dict["M"] != nil {
		t.Errorf("%+v", fields)
	}
}
