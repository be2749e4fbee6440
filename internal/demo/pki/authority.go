package pki

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"time"

	"congvan/signing"
	"congvan/signing/softkey"
)

// Lifetimes. Certificates begin before they are made, because the demonstration's
// documents reach back some weeks.
const (
	backdated    = 180 * 24 * time.Hour
	rootLife     = 20 * 365 * 24 * time.Hour
	issuingLife  = 10 * 365 * 24 * time.Hour
	subjectLife  = 3 * 365 * 24 * time.Hour
	renewSubject = 30 * 24 * time.Hour // before its end a certificate is made again
	crlLife      = 7 * 24 * time.Hour
)

const authorityBits = 3072

var (
	oidOrganizationIdentifier = asn1.ObjectIdentifier{2, 5, 4, 97}
	oidExtKeyUsage            = asn1.ObjectIdentifier{2, 5, 29, 37}
	oidTimeStamping           = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 8}
)

// authority holds the certification authority's keys, which lie in files: it belongs to
// the demonstration, not to the product.
type authority struct {
	dir           string
	address       string
	clock         func() time.Time
	rand          io.Reader
	root, issuing *issuer
	stamper       *issuer
	tsa           signing.Credential
}

type issuer struct {
	cert *x509.Certificate
	key  crypto.Signer
}

func (a *authority) path(name string) string { return filepath.Join(a.dir, filepath.FromSlash(name)) }

// openAuthority reads the authority, making what is missing. The caller holds the lock.
func openAuthority(o Options) (*authority, error) {
	a := &authority{dir: o.CADir, address: o.Address, clock: o.Clock, rand: o.Rand}
	if err := os.MkdirAll(a.path("crl"), 0o700); err != nil {
		return nil, err
	}
	ca := func(name string, life time.Duration, pathLen int) *x509.Certificate {
		c := a.template(pkix.Name{CommonName: name, Organization: []string{o.Authority}}, life)
		c.IsCA, c.BasicConstraintsValid, c.MaxPathLen, c.MaxPathLenZero = true, true, pathLen, pathLen == 0
		c.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
		return c
	}
	var err error
	if a.root, err = a.ensureIssuer("root", nil, ca("CA gốc trình diễn", rootLife, 1)); err != nil {
		return nil, err
	}
	if a.issuing, err = a.ensureIssuer("issuing", a.root, ca("CA cấp phát trình diễn", issuingLife, 0)); err != nil {
		return nil, err
	}
	tsa := a.template(pkix.Name{CommonName: "Dịch vụ dấu thời gian trình diễn", Organization: []string{o.Authority}}, subjectLife)
	tsa.KeyUsage = x509.KeyUsageDigitalSignature
	// critical and alone (RFC 3161 §2.3); the library has no way to say critical
	usage, err := asn1.Marshal([]asn1.ObjectIdentifier{oidTimeStamping})
	if err != nil {
		return nil, err
	}
	tsa.ExtraExtensions = []pkix.Extension{{Id: oidExtKeyUsage, Critical: true, Value: usage}}
	if a.stamper, err = a.ensureIssuer("tsa", a.issuing, tsa); err != nil {
		return nil, err
	}
	a.tsa = signing.Credential{KeyURI: softkey.Scheme + a.path("tsa.key"), Chain: []*x509.Certificate{a.stamper.cert, a.issuing.cert}}
	return a, nil
}

// ensureIssuer reads name.key and name.pem, or makes them from the template; a nil
// parent makes a root.
func (a *authority) ensureIssuer(name string, parent *issuer, template *x509.Certificate) (*issuer, error) {
	key, err := a.ensureKey(name + ".key")
	if err != nil {
		return nil, err
	}
	id := &issuer{key: key}
	if parent == nil {
		parent = &issuer{cert: template, key: key}
	}
	if id.cert, err = readCertificate(a.path(name + ".pem")); err == nil {
		if !samePublic(id.cert, key.Public()) || parent.cert.Raw != nil && id.cert.CheckSignatureFrom(parent.cert) != nil {
			return nil, fmt.Errorf("demonstration PKI: %s does not belong to its key or its issuer; remove %s to start afresh", name, a.dir)
		}
		if a.clock().Before(id.cert.NotAfter.Add(-renewSubject)) {
			return id, nil
		}
	} else if !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	if id.cert, err = a.create(template, parent, key.Public()); err != nil {
		return nil, err
	}
	return id, writeFile(a.path(name+".pem"), encode(id.cert), 0o644)
}

func (a *authority) ensureKey(name string) (crypto.Signer, error) {
	data, err := os.ReadFile(a.path(name))
	if err == nil {
		block, _ := pem.Decode(data)
		if block == nil {
			return nil, fmt.Errorf("demonstration PKI: %s is damaged", a.path(name))
		}
		key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
		if signer, ok := key.(crypto.Signer); ok {
			return signer, nil
		}
		return nil, fmt.Errorf("demonstration PKI: %s is damaged: %v", a.path(name), err)
	}
	if !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	key, err := rsa.GenerateKey(a.rand, authorityBits)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return key, writeFile(a.path(name), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600)
}

// template is a certificate with the marks of the demonstration.
func (a *authority) template(name pkix.Name, life time.Duration) *x509.Certificate {
	now := a.clock()
	name.Country, name.OrganizationalUnit = []string{"VN"}, []string{Mark}
	return &x509.Certificate{Subject: name, NotBefore: now.Add(-backdated), NotAfter: now.Add(life - backdated), Policies: marks()}
}

func marks() []x509.OID {
	ints := make([]uint64, len(policy))
	for i, n := range policy {
		ints[i] = uint64(n)
	}
	oid, err := x509.OIDFromInts(ints)
	if err != nil { // the constant is well-formed
		return nil
	}
	return []x509.OID{oid}
}

// issue makes a subject's certificate for signing documents.
func (a *authority) issue(s Subject, person bool, public crypto.PublicKey) (*x509.Certificate, error) {
	organisation := s.Name
	if person {
		organisation = s.Agency
	}
	name := pkix.Name{CommonName: s.Name}
	if organisation != "" {
		name.Organization = []string{organisation}
	}
	if s.OrganID != "" {
		name.ExtraNames = []pkix.AttributeTypeAndValue{{Type: oidOrganizationIdentifier, Value: s.OrganID}}
	}
	t := a.template(name, subjectLife)
	t.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment
	return a.create(t, a.issuing, public)
}

func (a *authority) create(template *x509.Certificate, parent *issuer, public crypto.PublicKey) (*x509.Certificate, error) {
	var serial [16]byte
	if _, err := io.ReadFull(a.rand, serial[:]); err != nil {
		return nil, err
	}
	serial[0] = serial[0]&0x3f | 0x40 // positive, of full length
	template.SerialNumber = new(big.Int).SetBytes(serial[:])
	spki, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, err
	}
	id := sha256.Sum256(spki)
	template.SubjectKeyId = id[:20]
	a.point(template, parent)
	der, err := x509.CreateCertificate(a.rand, template, parent.cert, public, parent.key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// point has a certificate say where to ask about it; a root says nothing of itself.
func (a *authority) point(template *x509.Certificate, parent *issuer) {
	switch {
	case a.address == "" || parent.cert == template:
	case a.root != nil && parent == a.root:
		template.CRLDistributionPoints, template.IssuingCertificateURL = []string{a.address + pathRootCRL}, []string{a.address + pathRoot}
	default:
		template.OCSPServer = []string{a.address + pathOCSP}
		template.CRLDistributionPoints, template.IssuingCertificateURL = []string{a.address + pathIssuingCRL}, []string{a.address + pathIssuing}
	}
}

// renewCRLs makes the lists again when less than half of their life is left, or at once
// with force. What was revoked stays revoked.
func (a *authority) renewCRLs(force bool) error {
	for name, by := range map[string]*issuer{"root": a.root, "issuing": a.issuing} {
		if err := a.renewCRL(name, by, nil, force); err != nil {
			return fmt.Errorf("demonstration PKI: revocation list %s: %w", name, err)
		}
	}
	return nil
}

func (a *authority) revoke(cert *x509.Certificate) error {
	if err := cert.CheckSignatureFrom(a.issuing.cert); err != nil {
		return fmt.Errorf("demonstration PKI: not a certificate of this authority: %w", err)
	}
	return a.renewCRL("issuing", a.issuing, &x509.RevocationListEntry{SerialNumber: cert.SerialNumber, RevocationTime: a.clock()}, true)
}

func (a *authority) renewCRL(name string, by *issuer, add *x509.RevocationListEntry, force bool) error {
	now, path := a.clock(), a.path("crl/"+name+".crl")
	list := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: now.Add(-time.Minute), NextUpdate: now.Add(crlLife)}
	data, err := os.ReadFile(path)
	if err == nil {
		old, err := x509.ParseRevocationList(data)
		if err != nil {
			return err
		}
		ours := old.CheckSignatureFrom(by.cert) == nil
		if ours && !force && now.Before(old.NextUpdate.Add(-crlLife/2)) && !now.Before(old.ThisUpdate) {
			return nil
		}
		list.RevokedCertificateEntries = old.RevokedCertificateEntries
		list.Number.Add(old.Number, big.NewInt(1))
	} else if !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if add != nil {
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries, *add)
	}
	der, err := x509.CreateRevocationList(a.rand, list, by.cert, by.key)
	if err != nil {
		return err
	}
	return writeFile(path, der, 0o644)
}
