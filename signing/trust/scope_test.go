package trust_test

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"testing"
	"time"

	"congvan/signing/signingtest"
	"congvan/signing/trust"
)

// TestCRLScope: a list that does not cover the certificate must not call it good.
func TestCRLScope(t *testing.T) {
	p := newPKI(t)
	const url = "http://crl.example.vn/a.crl"
	cert := p.Issue(spec{CN: "a", CRL: []string{url}})
	point := func(fields ...asn1.RawValue) pkix.Extension {
		value, err := asn1.Marshal(fields)
		if err != nil {
			t.Fatal(err)
		}
		return pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 28}, Critical: true, Value: value}
	}
	flag := func(tag int) asn1.RawValue {
		return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: tag, Bytes: []byte{0xff}}
	}
	wrap := func(tag int, inner asn1.RawValue) asn1.RawValue {
		der, err := asn1.Marshal(inner)
		if err != nil {
			t.Fatal(err)
		}
		return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: tag, IsCompound: true, Bytes: der}
	}
	named := func(tag int, name string) asn1.RawValue {
		return wrap(0, wrap(0, asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: tag, Bytes: []byte(name)}))
	}
	at := func(url string) asn1.RawValue { return named(6, url) }
	longer := point(at(url))
	longer.Value = append(longer.Value, 5, 0)
	other := &x509.Certificate{SerialNumber: cert.Cert.SerialNumber}
	for name, c := range map[string]struct {
		list signingtest.CRLSpec
		want trust.Status
	}{
		"own point":                    {signingtest.CRLSpec{Extensions: []pkix.Extension{point(at(url))}}, trust.Good},
		"another point":                {signingtest.CRLSpec{Extensions: []pkix.Extension{point(at("http://crl.example.vn/b.crl"))}}, trust.Unknown},
		"own point, as a mail address": {signingtest.CRLSpec{Extensions: []pkix.Extension{point(named(1, url))}}, trust.Unknown},
		"own point and more":           {signingtest.CRLSpec{Extensions: []pkix.Extension{longer}}, trust.Unknown},
		"users only":                   {signingtest.CRLSpec{Extensions: []pkix.Extension{point(flag(1))}}, trust.Good},
		"CAs only":                     {signingtest.CRLSpec{Extensions: []pkix.Extension{point(flag(2))}}, trust.Unknown},
		"some reasons":                 {signingtest.CRLSpec{Extensions: []pkix.Extension{point(asn1.RawValue{Class: 2, Tag: 3, Bytes: []byte{1, 0x60}})}}, trust.Unknown},
		"indirect":                     {signingtest.CRLSpec{Extensions: []pkix.Extension{point(flag(4))}}, trust.Unknown},
		"attributes":                   {signingtest.CRLSpec{Extensions: []pkix.Extension{point(flag(5))}}, trust.Unknown},
		"delta":                        {signingtest.CRLSpec{Extensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 27}, Critical: true, Value: []byte{2, 1, 1}}}}, trust.Unknown},
		"note":                         {signingtest.CRLSpec{Extensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3}, Value: []byte{5, 0}}}}, trust.Good},
		"entry of another issuer": {signingtest.CRLSpec{
			Revoked:   map[*x509.Certificate]time.Time{other: now},
			OfEntries: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 29}, Critical: true, Value: []byte{0x30, 0}}},
		}, trust.Unknown},
		"reason": {signingtest.CRLSpec{
			Revoked:   map[*x509.Certificate]time.Time{other: now},
			OfEntries: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 24}, Value: []byte("\x18\x0f20260101000000Z")}},
		}, trust.Revoked},
	} {
		r, err := newStore(t, p).Revocation(context.Background(), cert.Cert, p.Issuing.Cert, now, trust.Evidence{CRLs: [][]byte{p.CRL(p.Issuing, c.list)}})
		if err != nil || r.Status != c.want {
			t.Errorf("%s: %v %v, want %s", name, r.Status, err, c.want)
		}
	}
	for name, c := range map[string]struct {
		tag  int
		want trust.Status
	}{"users only": {1, trust.Unknown}, "CAs only": {2, trust.Good}} {
		list := p.CRL(p.Root, signingtest.CRLSpec{Extensions: []pkix.Extension{point(flag(c.tag))}})
		r, err := newStore(t, p).Revocation(context.Background(), p.Issuing.Cert, p.Root.Cert, now, trust.Evidence{CRLs: [][]byte{list}})
		if err != nil || r.Status != c.want {
			t.Errorf("of an authority, %s: %v %v, want %s", name, r.Status, err, c.want)
		}
	}
}
