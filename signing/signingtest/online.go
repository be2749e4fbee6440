package signingtest

import (
	"crypto/rand"
	"crypto/x509"
	"math/big"
	"sync"
	"testing"
	"time"
)

// Online is a hierarchy whose every certificate says where to ask about it: OCSP, CRLs,
// issuers and a timestamp server, all on 127.0.0.1.
type Online struct {
	*PKI
	CA       *Identity // issues below the root, beside Issuing, which names no address
	RootFile string    // PEM
	TSA      string    // address
	TSACert  *x509.Certificate

	ocsp    string
	mu      sync.Mutex
	revoked map[string]time.Time
}

// NewOnline starts the servers.
func NewOnline(tb testing.TB) *Online {
	tb.Helper()
	o := &Online{PKI: NewPKI(tb, time.Now, rand.Reader), revoked: map[string]time.Time{}}
	o.RootFile = writeTemp(tb, "root.pem", PEM(o.Root.Cert))
	rootCRL := o.ServeBytes("application/pkix-crl", func() []byte { return o.CRL(o.Root, CRLSpec{}) })
	rootCert := o.ServeBytes("application/pkix-cert", func() []byte { return o.Root.Cert.Raw })
	o.CA = o.Issue(Spec{
		CN: "CA cấp phát trực tuyến thử nghiệm", CA: true, PathLen: -1, Issuer: o.Root, NotAfter: time.Now().AddDate(5, 0, 0),
		CRL: []string{rootCRL.URL}, AIA: []string{rootCert.URL},
	})
	o.ocsp = o.ServeOCSP(o.CA, func(serial *big.Int) OCSPSpec {
		o.mu.Lock()
		defer o.mu.Unlock()
		return OCSPSpec{RevokedAt: o.revoked[serial.String()]}
	}).URL
	crl := o.ServeBytes("application/pkix-crl", func() []byte { return o.CRL(o.CA, CRLSpec{}) })
	authority := o.Issue(Spec{
		CN: "Dịch vụ dấu thời gian thử nghiệm", Issuer: o.CA, Key: o.RSA(2048), CRL: []string{crl.URL},
		ExtUsage: oidTimeStamping, ExtCritical: true, Usage: x509.KeyUsageDigitalSignature,
	})
	o.TSA, o.TSACert = o.ServeTSA(TSASpec{Identity: authority}).URL, authority.Cert
	return o
}

// Signer issues a certificate about which the OCSP server answers.
func (o *Online) Signer(s Spec) *Identity {
	o.tb.Helper()
	s.Issuer, s.OCSP = o.CA, []string{o.ocsp}
	return o.Issue(s)
}

// Revoke lets the OCSP server call a certificate revoked since a time.
func (o *Online) Revoke(c *x509.Certificate, at time.Time) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.revoked[c.SerialNumber.String()] = at
}
