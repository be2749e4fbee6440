package signingtest

import (
	"crypto"
	"crypto/sha1" //nolint:gosec // see produced
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"golang.org/x/crypto/ocsp"
)

// CRLSpec describes a revocation list; the zero value is an empty list of now, good
// for a week.
type CRLSpec struct {
	Revoked    map[*x509.Certificate]time.Time
	ThisUpdate time.Time
	NextUpdate time.Time
	Signer     crypto.Signer // another key than the issuer's, for a forged list
	Number     int64
	Extensions []pkix.Extension // of the list
	OfEntries  []pkix.Extension // of each entry
}

// CRL makes a revocation list of issuer in DER.
func (p *PKI) CRL(issuer *Identity, s CRLSpec) []byte {
	p.tb.Helper()
	list := &x509.RevocationList{ThisUpdate: s.ThisUpdate, NextUpdate: s.NextUpdate, Number: big.NewInt(max(s.Number, 1)), ExtraExtensions: s.Extensions}
	if list.ThisUpdate.IsZero() {
		list.ThisUpdate = p.Clock().Add(-time.Minute)
	}
	if list.NextUpdate.IsZero() {
		list.NextUpdate = list.ThisUpdate.AddDate(0, 0, 7)
	}
	for cert, at := range s.Revoked {
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries,
			x509.RevocationListEntry{SerialNumber: cert.SerialNumber, RevocationTime: at, ExtraExtensions: s.OfEntries})
	}
	key := s.Signer
	if key == nil {
		key = issuer.Key
		der, err := x509.CreateRevocationList(p.Rand, list, issuer.Cert, key)
		p.must(err)
		return der
	}
	// the library checks that the key fits the certificate, a forger does not
	forger := *issuer.Cert
	forger.PublicKey = key.Public()
	der, err := x509.CreateRevocationList(p.Rand, list, &forger, key)
	p.must(err)
	return der
}

// OCSPSpec describes one OCSP answer; the zero value says good, now, for a day.
type OCSPSpec struct {
	RevokedAt  time.Time
	Unknown    bool
	ThisUpdate time.Time
	NextUpdate time.Time
	Responder  *Identity // nil: the issuer itself
	ByKey      bool      // the responder is named by its key instead of its name
	Extensions []pkix.Extension
}

// OCSP makes an OCSP response about cert in DER.
func (p *PKI) OCSP(cert *x509.Certificate, issuer *Identity, s OCSPSpec) []byte {
	p.tb.Helper()
	der, err := p.ocspResponse(cert.SerialNumber, issuer, s)
	p.must(err)
	return der
}

func (p *PKI) ocspResponse(serial *big.Int, issuer *Identity, s OCSPSpec) ([]byte, error) {
	response := ocsp.Response{Status: ocsp.Good, SerialNumber: serial, ThisUpdate: s.ThisUpdate, NextUpdate: s.NextUpdate, ExtraExtensions: s.Extensions}
	if response.ThisUpdate.IsZero() {
		response.ThisUpdate = p.Clock().Add(-time.Minute)
	}
	if response.NextUpdate.IsZero() {
		response.NextUpdate = response.ThisUpdate.AddDate(0, 0, 1)
	}
	switch {
	case s.Unknown:
		response.Status = ocsp.Unknown
	case !s.RevokedAt.IsZero():
		response.Status, response.RevokedAt, response.RevocationReason = ocsp.Revoked, s.RevokedAt, ocsp.KeyCompromise
	}
	responder := issuer
	if s.Responder != nil {
		responder = s.Responder
		response.Certificate = responder.Cert
	}
	der, err := ocsp.CreateResponse(issuer.Cert, responder.Cert, response, responder.Key)
	if err != nil {
		return nil, err
	}
	return p.produced(der, responder, s.ByKey)
}

// produced signs a response once more, said to be produced at the clock's time, where the
// library puts the machine's, and, byKey, by a responder named by the hash of its key
// (RFC 6960 §4.2.1).
func (p *PKI) produced(der []byte, responder *Identity, byKey bool) ([]byte, error) {
	var outer struct {
		Status asn1.Enumerated
		Bytes  struct {
			Type  asn1.ObjectIdentifier
			Basic []byte
		} `asn1:"explicit,tag:0"`
	}
	var basic struct {
		Data struct {
			Responder  asn1.RawValue
			ProducedAt time.Time `asn1:"generalized"`
			Responses  asn1.RawValue
		}
		Algorithm    pkix.AlgorithmIdentifier
		Signature    asn1.BitString
		Certificates []asn1.RawValue `asn1:"explicit,tag:0,optional"`
	}
	var key struct {
		Algorithm asn1.RawValue
		Bits      asn1.BitString
	}
	for _, part := range []struct {
		der  func() []byte
		into any
	}{
		{func() []byte { return der }, &outer},
		{func() []byte { return outer.Bytes.Basic }, &basic},
		{func() []byte { return responder.Cert.RawSubjectPublicKeyInfo }, &key},
	} {
		if _, err := asn1.Unmarshal(part.der(), part.into); err != nil {
			return nil, err
		}
	}
	sum := sha1.Sum(key.Bits.Bytes) //nolint:gosec // what RFC 6960 names a key by
	name, err := asn1.Marshal(sum[:])
	if err != nil {
		return nil, err
	}
	if byKey {
		basic.Data.Responder = asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 2, IsCompound: true, Bytes: name}
	}
	basic.Data.ProducedAt = p.Clock().UTC().Truncate(time.Second)
	data, err := asn1.Marshal(basic.Data)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(data)
	if basic.Signature.Bytes, err = responder.Key.Sign(p.Rand, digest[:], crypto.SHA256); err != nil {
		return nil, err
	}
	basic.Signature.BitLength = 8 * len(basic.Signature.Bytes)
	if outer.Bytes.Basic, err = asn1.Marshal(basic); err != nil {
		return nil, err
	}
	return asn1.Marshal(outer)
}

// ServeOCSP answers OCSP requests about certificates of issuer; answer says what is
// said of a serial number.
func (p *PKI) ServeOCSP(issuer *Identity, answer func(serial *big.Int) OCSPSpec) *httptest.Server {
	return serve(p.tb, func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, 64<<10))
		if err != nil {
			return
		}
		request, err := ocsp.ParseRequest(body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		der, err := p.ocspResponse(request.SerialNumber, issuer, answer(request.SerialNumber))
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/ocsp-response")
		_, _ = w.Write(der)
	})
}

// ServeBytes answers every request with what content returns at that time: a CRL, a
// certificate.
func (p *PKI) ServeBytes(contentType string, content func() []byte) *httptest.Server {
	return serve(p.tb, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write(content())
	})
}

func serve(tb testing.TB, handler http.HandlerFunc) *httptest.Server {
	server := httptest.NewServer(handler)
	tb.Cleanup(server.Close)
	return server
}
