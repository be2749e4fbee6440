package signingtest

import (
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
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
}

// OCSP makes an OCSP response about cert in DER.
func (p *PKI) OCSP(cert *x509.Certificate, issuer *Identity, s OCSPSpec) []byte {
	p.tb.Helper()
	der, err := p.ocspResponse(cert.SerialNumber, issuer, s)
	p.must(err)
	return der
}

func (p *PKI) ocspResponse(serial *big.Int, issuer *Identity, s OCSPSpec) ([]byte, error) {
	response := ocsp.Response{Status: ocsp.Good, SerialNumber: serial, ThisUpdate: s.ThisUpdate, NextUpdate: s.NextUpdate}
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
	return ocsp.CreateResponse(issuer.Cert, responder.Cert, response, responder.Key)
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
