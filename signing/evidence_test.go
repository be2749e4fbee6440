package signing_test

import (
	"bytes"
	"crypto/rand"
	"crypto/x509"
	"reflect"
	"testing"
	"time"

	"congvan/signing"
	"congvan/signing/signingtest"
)

func TestEvidenceSurvivesItsEncoding(t *testing.T) {
	p := signingtest.NewPKI(t, time.Now, rand.Reader)
	e := &signing.Evidence{
		At: time.Date(2026, 11, 21, 8, 0, 0, 5, time.UTC), Anchors: []*x509.Certificate{p.Root.Cert},
		Certificates: []*x509.Certificate{p.Issuing.Cert}, OCSP: [][]byte{{0x30, 0}, {0x30, 1, 2}}, CRLs: [][]byte{p.CRL(p.Root, signingtest.CRLSpec{})},
	}
	encoded := e.Encode()
	if !bytes.Equal(encoded, e.Encode()) {
		t.Error("two encodings of one evidence differ")
	}
	back, err := signing.ParseEvidence(encoded)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(e, back) {
		t.Errorf("read back as %+v", back)
	}
}

func TestNoEvidence(t *testing.T) {
	for name, data := range map[string]string{
		"time without words": "2026-11-21T08:00:00Z\n",
		"empty":              "", "certificates": "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
		"time":        "# judged as of noon\n",
		"certificate": "# judged as of 2026-11-21T08:00:00Z\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
	} {
		if e, err := signing.ParseEvidence([]byte(data)); err == nil {
			t.Errorf("%s: read as %+v", name, e)
		}
	}
	large := make([]byte, signing.MaxEvidence+1)
	copy(large, "# judged as of 2026-11-21T08:00:00Z\n")
	if _, err := signing.ParseEvidence(large); err == nil {
		t.Error("evidence without a limit")
	}
}

func FuzzParseEvidence(f *testing.F) {
	f.Add([]byte("# judged as of 2026-11-21T08:00:00Z\n-----BEGIN OCSP RESPONSE-----\nMAA=\n-----END OCSP RESPONSE-----\n"))
	f.Add((&signing.Evidence{CRLs: [][]byte{{0x30, 0}}}).Encode())
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := signing.ParseEvidence(data)
		if err != nil {
			return
		}
		if back, err := signing.ParseEvidence(e.Encode()); err != nil || !reflect.DeepEqual(e, back) {
			t.Errorf("%+v came back as %+v, %v", e, back, err)
		}
	})
}
