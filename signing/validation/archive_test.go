package validation

import (
	"crypto/x509"
	"encoding/asn1"
	"slices"
	"testing"
	"time"

	"go.mozilla.org/pkcs7"

	"congvan/signing/cms"
	"congvan/signing/signingtest"
)

// A signature that brings the answers about its certificates as Adobe's signed attribute is
// judged by them, offline and with nothing else at hand.
func TestRevocationArchive(t *testing.T) {
	b := newBench(t)
	by := b.Issue(signingtest.Spec{CN: "Người ký cũ", Key: b.RSA(2048)})
	root, issuing := b.CRL(b.Root, signingtest.CRLSpec{}), b.CRL(b.Issuing, signingtest.CRLSpec{})
	revoked := b.CRL(b.Issuing, signingtest.CRLSpec{Revoked: map[*x509.Certificate]time.Time{by.Cert: time.Now().Add(-time.Hour)}})
	good := b.OCSP(by.Cert, b.Issuing, signingtest.OCSPSpec{})
	empty := slices.Repeat([][]byte{{0x30, 0}}, maxEvidence)
	const asked = 100 // of each kind, by package trust
	const whole, first, second = asn1.TagSequence, 0, 1
	of := func(class, tag int, parts ...[]byte) []byte {
		der, err := asn1.Marshal(asn1.RawValue{Class: class, Tag: tag, IsCompound: true, Bytes: slices.Concat(parts...)})
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	sequence := func(parts ...[]byte) []byte { return of(asn1.ClassUniversal, whole, parts...) }
	list := func(tag int, parts ...[]byte) []byte {
		return of(asn1.ClassContextSpecific, tag, sequence(parts...))
	}
	for name, c := range map[string]struct {
		archive []byte
		want    string
	}{
		"lists":                          {sequence(list(first, issuing, root)), "good"},
		"a list and a response":          {sequence(list(first, root), list(second, good)), "good"},
		"a list that names it":           {sequence(list(first, revoked, root)), "revoked"},
		"nothing about the issuer":       {sequence(list(first, issuing)), "unknown"},
		"nothing":                        {sequence(), "unknown"},
		"responses in the lists' place":  {sequence(list(first, good, root)), "unknown"},
		"lists in the responses' place":  {sequence(list(second, issuing, root)), "unknown"},
		"no sequence":                    {list(first, issuing, root), "unknown"},
		"no sequence of lists":           {sequence(of(asn1.ClassContextSpecific, first, issuing, root)), "unknown"},
		"what comes before a stray byte": {sequence(list(first, issuing, root, []byte{5, 0})), "good"},
		"what comes after a stray byte":  {sequence(list(first, []byte{5, 0}, issuing, root)), "unknown"},
		"as many as are looked at":       {sequence(list(first, slices.Concat(empty[:asked-2], [][]byte{issuing, root})...)), "good"},
		"one more":                       {sequence(list(first, slices.Concat(empty[:asked-1], [][]byte{issuing, root})...)), "unknown"},
		"more than are kept":             {sequence(list(first, slices.Concat(empty, [][]byte{issuing, root})...)), "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoc(t, b)
			d.sign(sig{name: "a", subFilter: subFilterPKCS7, over: func(covered []byte) []byte { return archiving(t, covered, by, b.Issuing.Cert, c.archive) }})
			r := validate(t, New(Options{Trust: b.store(t), Clock: time.Now}), d.Bytes())
			if s := r.Signatures[0]; s.Integrity != "intact" || s.Trust != "trusted" || s.Revocation != c.want {
				t.Errorf("%s, want %s: %+v", s.Revocation, c.want, s)
			}
		})
	}
}

// archiving makes a CMS with a revocation archive.
func archiving(t *testing.T, covered []byte, by *signingtest.Identity, issuer *x509.Certificate, archive []byte) []byte {
	t.Helper()
	sd, err := pkcs7.NewSignedData(covered)
	if err != nil {
		t.Fatal(err)
	}
	sd.SetDigestAlgorithm(pkcs7.OIDDigestAlgorithmSHA256)
	sd.AddCertificate(issuer)
	if err := sd.AddSigner(by.Cert, by.Key, pkcs7.SignerInfoConfig{ExtraSignedAttributes: []pkcs7.Attribute{
		{Type: cms.OIDRevocationArchival, Value: asn1.RawValue{FullBytes: archive}},
	}}); err != nil {
		t.Fatal(err)
	}
	sd.Detach()
	der, err := sd.Finish()
	if err != nil {
		t.Fatal(err)
	}
	read, err := cms.Parse(der)
	if err != nil {
		t.Fatal(err)
	}
	if responses, lists := archived(read); len(responses) > maxEvidence || len(lists) > maxEvidence {
		t.Errorf("%d responses and %d lists are kept", len(responses), len(lists))
	}
	return der
}
