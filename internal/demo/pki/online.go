package pki

import (
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/digitorus/timestamp"
	"golang.org/x/crypto/ocsp"
)

// Where Online answers, and what certificates name.
const (
	PathTSA        = "/tsa"
	pathOCSP       = "/ocsp"
	pathRoot       = "/root.cer"
	pathIssuing    = "/issuing.cer"
	pathRootCRL    = "/root.crl"
	pathIssuingCRL = "/issuing.crl"
)

// stampPolicy is the policy of the demonstration's timestamps.
var stampPolicy = asn1.ObjectIdentifier{2, 999, 68, 2024, 3161}

const (
	maxRequest = 64 << 10 // of OCSP and timestamp requests
	ocspLife   = 24 * time.Hour
)

// Online opens the authority in o.CADir, making what is missing, and answers for it over
// HTTP: timestamps (RFC 3161), OCSP (RFC 6960), revocation lists and certificates. It is
// for a loopback address.
func Online(o Options) (http.Handler, error) {
	if o.Clock == nil || o.Rand == nil || o.CADir == "" || o.Authority == "" {
		return nil, errors.New("demonstration PKI: CADir, Clock, Rand and Authority are needed")
	}
	if err := os.MkdirAll(o.CADir, 0o700); err != nil {
		return nil, fmt.Errorf("demonstration PKI: %w", err)
	}
	unlock, err := lockFile(o.CADir + "/lock")
	if err != nil {
		return nil, err
	}
	defer unlock()
	a, err := openAuthority(o)
	if err != nil {
		return nil, err
	}
	if err := a.renewCRLs(false); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST "+PathTSA, answer("application/timestamp-reply", a.timestamp))
	mux.HandleFunc("POST "+pathOCSP, answer("application/ocsp-response", a.ocspAnswer))
	mux.HandleFunc("GET "+pathOCSP+"/{request...}", a.ocspGet)
	for path, content := range map[string]func() ([]byte, error){
		pathRoot:       func() ([]byte, error) { return a.root.cert.Raw, nil },
		pathIssuing:    func() ([]byte, error) { return a.issuing.cert.Raw, nil },
		pathRootCRL:    func() ([]byte, error) { return os.ReadFile(a.path("crl/root.crl")) },
		pathIssuingCRL: func() ([]byte, error) { return os.ReadFile(a.path("crl/issuing.crl")) },
	} {
		kind := "application/pkix-cert"
		if strings.HasSuffix(path, ".crl") {
			kind = "application/pkix-crl"
		}
		mux.HandleFunc("GET "+path, answer(kind, func([]byte) ([]byte, error) { return content() }))
	}
	return mux, nil
}

// answer reads a bounded request and writes what make says.
func answer(contentType string, build func(request []byte) ([]byte, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		request, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
		if err == nil {
			request, err = build(request)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write(request)
	}
}

// timestamp answers one DER TimeStampReq with a DER TimeStampResp.
func (a *authority) timestamp(request []byte) ([]byte, error) {
	in, err := timestamp.ParseRequest(request)
	if err != nil {
		return nil, err
	}
	out := timestamp.Timestamp{
		HashAlgorithm: in.HashAlgorithm, HashedMessage: in.HashedMessage, Nonce: in.Nonce, Time: a.clock().UTC(),
		Policy: stampPolicy, AddTSACertificate: in.Certificates, Certificates: []*x509.Certificate{a.issuing.cert},
	}
	return out.CreateResponseWithOpts(a.stamper.cert, a.stamper.key, crypto.SHA256)
}

// ocspAnswer says of a certificate what the issuing authority's list says.
func (a *authority) ocspAnswer(request []byte) ([]byte, error) {
	in, err := ocsp.ParseRequest(request)
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(a.path("crl/issuing.crl"))
	if err != nil {
		return nil, err
	}
	list, err := x509.ParseRevocationList(data)
	if err != nil {
		return nil, err
	}
	now := a.clock()
	out := ocsp.Response{Status: ocsp.Good, SerialNumber: in.SerialNumber, ThisUpdate: now.Add(-time.Minute), NextUpdate: now.Add(ocspLife)}
	for _, x := range list.RevokedCertificateEntries {
		if x.SerialNumber.Cmp(in.SerialNumber) == 0 {
			out.Status, out.RevokedAt, out.RevocationReason = ocsp.Revoked, x.RevocationTime, ocsp.Unspecified
		}
	}
	return ocsp.CreateResponse(a.issuing.cert, a.issuing.cert, out, a.issuing.key)
}

// ocspGet is the same with the request in the address (RFC 6960 A.1).
func (a *authority) ocspGet(w http.ResponseWriter, r *http.Request) {
	request, err := base64.StdEncoding.DecodeString(r.PathValue("request"))
	if err != nil || len(request) > maxRequest {
		http.Error(w, "the address holds no OCSP request", http.StatusBadRequest)
		return
	}
	answer("application/ocsp-response", func([]byte) ([]byte, error) { return a.ocspAnswer(request) })(w, r)
}
