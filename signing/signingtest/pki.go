// Package signingtest makes what signing tests need and throws it away afterwards: a
// certificate hierarchy with every kind of bad certificate, revocation lists, OCSP
// and timestamp servers on 127.0.0.1, and SoftHSM tokens in a temporary folder. All
// names are invented and carry the mark "CHỨNG THƯ THỬ NGHIỆM".
//
// Everything fails the test on error, so that tests read as sentences.
package signingtest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Mark stands in the organisational unit of every certificate made here.
const Mark = "CHỨNG THƯ THỬ NGHIỆM"

// OIDOrganizationIdentifier holds an agency's identifier code (ITU-T X.520, 2.5.4.97).
var OIDOrganizationIdentifier = asn1.ObjectIdentifier{2, 5, 4, 97}

// PKI is a root, an issuing authority below it and a clock.
type PKI struct {
	Root    *Identity
	Issuing *Identity
	Clock   func() time.Time
	Rand    io.Reader
	tb      testing.TB
}

// Identity is a certificate with its key; Chain runs from the certificate up to, but
// not including, the root. Key is nil when it lies in a token.
type Identity struct {
	Key   crypto.Signer
	Cert  *x509.Certificate
	Chain []*x509.Certificate
}

// Spec describes a certificate to be issued; the zero values give a good signer's
// certificate, valid from a day ago for a year.
type Spec struct {
	CN, O, OrganID string
	Key            crypto.Signer    // nil: a new P-256 key
	Public         crypto.PublicKey // of a key in a token, instead of Key
	NotBefore      time.Time
	NotAfter       time.Time
	Usage          x509.KeyUsage // 0: digitalSignature and nonRepudiation
	ExtUsage       asn1.ObjectIdentifier
	ExtCritical    bool
	Serial         *big.Int
	CA             bool
	PathLen        int       // CA only; -1 means none at all below, 0 no limit
	Issuer         *Identity // nil: the issuing authority
	SelfSigned     bool
	CRL, OCSP, AIA []string // addresses in the certificate
	DNSConstraint  string   // CA only: a permitted name subtree
	DNS            string   // a subject alternative name
}

// NoUsage leaves the key usage out of a certificate.
const NoUsage x509.KeyUsage = -1

// NewPKI makes a root and an issuing authority with the clock's time and random's
// bytes; tests hand in time.Now and crypto/rand.Reader where they do not care.
func NewPKI(tb testing.TB, clock func() time.Time, random io.Reader) *PKI {
	tb.Helper()
	p := &PKI{Clock: clock, Rand: random, tb: tb}
	now := clock()
	p.Root = p.Issue(Spec{
		CN: "CA gốc thử nghiệm", O: "Cơ quan chứng thực thử nghiệm", CA: true, SelfSigned: true,
		NotBefore: now.AddDate(-5, 0, 0), NotAfter: now.AddDate(15, 0, 0),
	})
	p.Issuing = p.Issue(Spec{
		CN: "CA cấp phát thử nghiệm", O: "Cơ quan chứng thực thử nghiệm", CA: true, PathLen: -1, Issuer: p.Root,
		NotBefore: now.AddDate(-5, 0, 0), NotAfter: now.AddDate(10, 0, 0),
	})
	return p
}

// P256 and P384 make EC keys, RSA makes RSA keys.
func (p *PKI) P256() crypto.Signer { return p.ec(elliptic.P256()) }

// P384 makes a key on P-384.
func (p *PKI) P384() crypto.Signer { return p.ec(elliptic.P384()) }

func (p *PKI) ec(curve elliptic.Curve) crypto.Signer {
	p.tb.Helper()
	key, err := ecdsa.GenerateKey(curve, p.Rand)
	p.must(err)
	return key
}

// RSA makes an RSA key.
func (p *PKI) RSA(bits int) crypto.Signer {
	p.tb.Helper()
	key, err := rsa.GenerateKey(p.Rand, bits)
	p.must(err)
	return key
}

func (p *PKI) must(err error) {
	p.tb.Helper()
	if err != nil {
		p.tb.Fatal(err)
	}
}

// Issue makes a certificate as described.
func (p *PKI) Issue(s Spec) *Identity {
	p.tb.Helper()
	key, public := s.Key, s.Public
	if key == nil && public == nil {
		key = p.P256()
	}
	if public == nil {
		public = key.Public()
	}
	template := p.template(s, public)
	issuer := s.Issuer
	if issuer == nil {
		issuer = p.Issuing
	}
	if s.SelfSigned {
		issuer = &Identity{Key: key, Cert: template}
	}
	der, err := x509.CreateCertificate(p.Rand, template, issuer.Cert, public, issuer.Key)
	p.must(err)
	cert, err := x509.ParseCertificate(der)
	p.must(err)
	id := &Identity{Key: key, Cert: cert, Chain: []*x509.Certificate{cert}}
	if !s.SelfSigned {
		for _, c := range issuer.Chain {
			if c.CheckSignatureFrom(c) != nil {
				id.Chain = append(id.Chain, c)
			}
		}
	}
	return id
}

func (p *PKI) template(s Spec, public crypto.PublicKey) *x509.Certificate {
	p.tb.Helper()
	now := p.Clock()
	t := &x509.Certificate{
		SerialNumber: s.Serial, NotBefore: s.NotBefore, NotAfter: s.NotAfter, KeyUsage: s.Usage,
		Subject:               pkix.Name{Country: []string{"VN"}, CommonName: s.CN, OrganizationalUnit: []string{Mark}},
		CRLDistributionPoints: s.CRL, OCSPServer: s.OCSP, IssuingCertificateURL: s.AIA,
		BasicConstraintsValid: s.CA, IsCA: s.CA,
	}
	if t.SerialNumber == nil {
		var serial [16]byte
		_, err := io.ReadFull(p.Rand, serial[:])
		p.must(err)
		serial[0] = serial[0]&0x3f | 0x40 // positive and of full length
		t.SerialNumber = new(big.Int).SetBytes(serial[:])
	}
	if s.O != "" {
		t.Subject.Organization = []string{s.O}
	}
	if s.OrganID != "" {
		t.Subject.ExtraNames = []pkix.AttributeTypeAndValue{{Type: OIDOrganizationIdentifier, Value: s.OrganID}}
	}
	if t.NotBefore.IsZero() {
		t.NotBefore = now.AddDate(0, 0, -1)
	}
	if t.NotAfter.IsZero() {
		t.NotAfter = now.AddDate(1, 0, 0)
	}
	if s.Usage == NoUsage {
		t.KeyUsage = 0
	} else if t.KeyUsage == 0 {
		t.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment
	}
	if s.CA {
		t.MaxPathLen, t.MaxPathLenZero = max(s.PathLen, 0), s.PathLen < 0
		if s.Usage == 0 {
			t.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
		}
		if s.DNSConstraint != "" {
			t.PermittedDNSDomains, t.PermittedDNSDomainsCritical = []string{s.DNSConstraint}, true
		}
	}
	if s.DNS != "" {
		t.DNSNames = []string{s.DNS}
	}
	if s.ExtUsage != nil {
		value, err := asn1.Marshal([]asn1.ObjectIdentifier{s.ExtUsage})
		p.must(err)
		t.ExtraExtensions = append(t.ExtraExtensions, pkix.Extension{Id: oidExtKeyUsage, Critical: s.ExtCritical, Value: value})
	}
	spki, err := x509.MarshalPKIXPublicKey(public)
	p.must(err)
	sum := sha256.Sum256(spki)
	t.SubjectKeyId = sum[:20]
	return t
}

var (
	oidExtKeyUsage  = asn1.ObjectIdentifier{2, 5, 29, 37}
	oidTimeStamping = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 8}
	oidOCSPSigning  = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 9}
)

// Person issues an RSA-2048 certificate to a natural person of an agency.
func (p *PKI) Person(name, agency string) *Identity {
	p.tb.Helper()
	return p.Issue(Spec{CN: name, O: agency, Key: p.RSA(2048)})
}

// Agency issues an RSA-2048 certificate to an agency with its identifier code.
func (p *PKI) Agency(name, organID string) *Identity {
	p.tb.Helper()
	return p.Issue(Spec{CN: name, O: name, OrganID: organID, Key: p.RSA(2048)})
}

// TSA issues a timestamp authority's certificate: critical extended key usage
// timeStamping alone (RFC 3161 §2.3).
func (p *PKI) TSA() *Identity {
	p.tb.Helper()
	return p.Issue(Spec{
		CN: "Dịch vụ dấu thời gian thử nghiệm", Key: p.RSA(2048), ExtUsage: oidTimeStamping, ExtCritical: true,
		Usage: x509.KeyUsageDigitalSignature,
	})
}

// BadTSA is as TSA, but the extended key usage is not critical.
func (p *PKI) BadTSA() *Identity {
	p.tb.Helper()
	return p.Issue(Spec{CN: "Dấu thời gian sai", Key: p.RSA(2048), ExtUsage: oidTimeStamping, Usage: x509.KeyUsageDigitalSignature})
}

// Responder issues a delegated OCSP responder's certificate.
func (p *PKI) Responder() *Identity {
	p.tb.Helper()
	return p.Issue(Spec{CN: "Dịch vụ OCSP thử nghiệm", ExtUsage: oidOCSPSigning, Usage: x509.KeyUsageDigitalSignature})
}

// Expired issues a certificate that ended yesterday.
func (p *PKI) Expired(name string) *Identity {
	p.tb.Helper()
	return p.Issue(Spec{CN: name, NotBefore: p.Clock().AddDate(-2, 0, 0), NotAfter: p.Clock().AddDate(0, 0, -1)})
}

// NotYetValid issues a certificate that begins tomorrow.
func (p *PKI) NotYetValid(name string) *Identity {
	p.tb.Helper()
	return p.Issue(Spec{CN: name, NotBefore: p.Clock().AddDate(0, 0, 1), NotAfter: p.Clock().AddDate(2, 0, 0)})
}

// WrongUsage issues a certificate that may encrypt but not sign.
func (p *PKI) WrongUsage(name string) *Identity {
	p.tb.Helper()
	return p.Issue(Spec{CN: name, Usage: x509.KeyUsageKeyEncipherment | x509.KeyUsageDataEncipherment})
}

// SelfSigned makes a certificate that nobody vouches for.
func (p *PKI) SelfSigned(name string) *Identity {
	p.tb.Helper()
	return p.Issue(Spec{CN: name, SelfSigned: true})
}

// LookAlike makes a second hierarchy whose names equal this one's in every letter,
// with other keys.
func (p *PKI) LookAlike() *PKI {
	p.tb.Helper()
	return NewPKI(p.tb, p.Clock, p.Rand)
}

// KeyFile writes the key into a temporary PEM file and returns its file: URI.
func (id *Identity) KeyFile(tb testing.TB) string {
	tb.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(id.Key)
	if err != nil {
		tb.Fatal(err)
	}
	return "file:" + writeTemp(tb, "key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// ChainFile writes the chain, leaf first, into a temporary PEM file.
func (id *Identity) ChainFile(tb testing.TB) string {
	tb.Helper()
	return writeTemp(tb, "chain.pem", PEM(id.Chain...))
}

// PEM encodes certificates.
func PEM(certs ...*x509.Certificate) []byte {
	var out []byte
	for _, c := range certs {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return out
}

func writeTemp(tb testing.TB, name string, data []byte) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}
