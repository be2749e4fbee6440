package trust

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"slices"
	"sync"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// crl is a revocation list (RFC 5280 §5) read without copying its entries: lists of
// foreign authorities have up to a million, and one is asked for.
type crl struct {
	der        []byte
	tbs        []byte
	algorithm  x509.SignatureAlgorithm
	signature  []byte
	issuer     []byte // DER name
	thisUpdate time.Time
	nextUpdate time.Time // zero when absent
	entries    cryptobyte.String
	scope      scope

	mu       sync.Mutex
	verified map[[32]byte]bool // by issuer certificate: outcome of the signature
}

// scope is what a list covers (issuing distribution point, RFC 5280 §5.2.5).
type scope struct {
	urls                []string
	usersOnly, caOnly   bool
	restricted, unknown bool
}

var errCRL = errors.New("trust: malformed revocation list")

var (
	oidAuthorityKeyID = asn1.ObjectIdentifier{2, 5, 29, 35}
	oidCRLNumber      = asn1.ObjectIdentifier{2, 5, 29, 20}
	oidReasonCode     = asn1.ObjectIdentifier{2, 5, 29, 21}
	oidIssuingPoint   = asn1.ObjectIdentifier{2, 5, 29, 28}
)

// signatureAlgorithms are those a list may be signed with; SHA-1 is not among them. One that
// is absent is zero, under which no signature is right.
var signatureAlgorithms = map[string]x509.SignatureAlgorithm{
	"1.2.840.113549.1.1.11": x509.SHA256WithRSA,
	"1.2.840.113549.1.1.12": x509.SHA384WithRSA,
	"1.2.840.113549.1.1.13": x509.SHA512WithRSA,
	"1.2.840.10045.4.3.2":   x509.ECDSAWithSHA256,
	"1.2.840.10045.4.3.3":   x509.ECDSAWithSHA384,
	"1.2.840.10045.4.3.4":   x509.ECDSAWithSHA512,
	"1.3.101.112":           x509.PureEd25519,
}

// parseCRL reads DER or PEM.
func parseCRL(data []byte) (*crl, error) {
	if len(data) > maxCRL {
		return nil, fmt.Errorf("%w: %d bytes, the limit is %d", errCRL, len(data), maxCRL)
	}
	if block, _ := pem.Decode(data); block != nil {
		data = block.Bytes
	}
	l := &crl{der: data, verified: map[[32]byte]bool{}}
	in := cryptobyte.String(data)
	var outer, tbsElement, algorithm cryptobyte.String
	var oid asn1.ObjectIdentifier
	if !in.ReadASN1(&outer, cbasn1.SEQUENCE) || !in.Empty() ||
		!outer.ReadASN1Element(&tbsElement, cbasn1.SEQUENCE) ||
		!outer.ReadASN1(&algorithm, cbasn1.SEQUENCE) || !algorithm.ReadASN1ObjectIdentifier(&oid) ||
		!outer.ReadASN1BitStringAsBytes(&l.signature) || !outer.Empty() {
		return nil, errCRL
	}
	l.tbs, l.algorithm = tbsElement, signatureAlgorithms[oid.String()]
	var tbs cryptobyte.String
	if !tbsElement.ReadASN1(&tbs, cbasn1.SEQUENCE) {
		return nil, errCRL
	}
	if err := l.readBody(tbs, oid); err != nil {
		return nil, err
	}
	return l, nil
}

func (l *crl) readBody(tbs cryptobyte.String, outer asn1.ObjectIdentifier) error {
	var version int
	var algorithm, issuer cryptobyte.String
	var oid asn1.ObjectIdentifier
	if tbs.PeekASN1Tag(cbasn1.INTEGER) && !tbs.ReadASN1Integer(&version) {
		return errCRL
	}
	if !tbs.ReadASN1(&algorithm, cbasn1.SEQUENCE) || !algorithm.ReadASN1ObjectIdentifier(&oid) || !oid.Equal(outer) ||
		!tbs.ReadASN1Element(&issuer, cbasn1.SEQUENCE) || !readTime(&tbs, &l.thisUpdate) {
		return errCRL
	}
	l.issuer = issuer
	if (tbs.PeekASN1Tag(cbasn1.UTCTime) || tbs.PeekASN1Tag(cbasn1.GeneralizedTime)) && !readTime(&tbs, &l.nextUpdate) {
		return errCRL
	}
	if tbs.PeekASN1Tag(cbasn1.SEQUENCE) && !tbs.ReadASN1(&l.entries, cbasn1.SEQUENCE) {
		return errCRL
	}
	var wrapped, extensions cryptobyte.String
	var present bool
	if !tbs.ReadOptionalASN1(&wrapped, &present, cbasn1.Tag(0).ContextSpecific().Constructed()) || !tbs.Empty() {
		return errCRL
	}
	if !present {
		return nil
	}
	if !wrapped.ReadASN1(&extensions, cbasn1.SEQUENCE) {
		return errCRL
	}
	return eachExtension(extensions, func(e pkix.Extension) error {
		switch {
		case e.Id.Equal(oidAuthorityKeyID), e.Id.Equal(oidCRLNumber):
		case e.Id.Equal(oidIssuingPoint):
			return l.scope.read(e.Value)
		case e.Critical: // a delta list, for one
			l.scope.unknown = true
		}
		return nil
	})
}

func eachExtension(in cryptobyte.String, do func(pkix.Extension) error) error {
	for !in.Empty() {
		var one, value cryptobyte.String
		var e pkix.Extension
		if !in.ReadASN1(&one, cbasn1.SEQUENCE) || !one.ReadASN1ObjectIdentifier(&e.Id) ||
			one.PeekASN1Tag(cbasn1.BOOLEAN) && !one.ReadASN1Boolean(&e.Critical) ||
			!one.ReadASN1(&value, cbasn1.OCTET_STRING) || !one.Empty() {
			return errCRL
		}
		e.Value = value
		if err := do(e); err != nil {
			return err
		}
	}
	return nil
}

func (s *scope) read(value []byte) error {
	in := cryptobyte.String(value)
	var body cryptobyte.String
	if !in.ReadASN1(&body, cbasn1.SEQUENCE) || !in.Empty() {
		return errCRL
	}
	for !body.Empty() {
		var field cryptobyte.String
		var tag cbasn1.Tag
		if !body.ReadAnyASN1(&field, &tag) {
			return errCRL
		}
		switch set := len(field) > 0 && field[0] != 0; tag &^ 0x20 {
		case 0x80: // distributionPoint: fullName as URLs
			s.restricted = true
			s.urls = pointURLs(field)
		case 0x81:
			s.usersOnly = set
		case 0x82:
			s.caOnly = set
		case 0x83: // only some reasons
			s.unknown = true
		default: // indirect, attribute certificates
			s.unknown = s.unknown || set
		}
	}
	return nil
}

func pointURLs(in cryptobyte.String) []string {
	var names, name cryptobyte.String
	var tag cbasn1.Tag
	var out []string
	if !in.ReadASN1(&names, cbasn1.Tag(0).ContextSpecific().Constructed()) {
		return nil
	}
	for !names.Empty() && names.ReadAnyASN1(&name, &tag) {
		if tag == cbasn1.Tag(6).ContextSpecific() {
			out = append(out, string(name))
		}
	}
	return out
}

// covers tells whether the list would name the certificate if it were revoked.
func (s *scope) covers(c *x509.Certificate) bool {
	if s.unknown || s.usersOnly && c.IsCA || s.caOnly && !c.IsCA {
		return false
	}
	return !s.restricted || slices.ContainsFunc(s.urls, func(u string) bool { return slices.Contains(c.CRLDistributionPoints, u) })
}

func readTime(in *cryptobyte.String, out *time.Time) bool {
	if in.PeekASN1Tag(cbasn1.UTCTime) {
		return in.ReadASN1UTCTime(out)
	}
	return in.ReadASN1GeneralizedTime(out)
}

// from tells whether issuer made the list.
func (l *crl) from(issuer *x509.Certificate) bool {
	if !bytes.Equal(l.issuer, issuer.RawSubject) ||
		issuer.KeyUsage != 0 && issuer.KeyUsage&x509.KeyUsageCRLSign == 0 {
		return false
	}
	id := sha256.Sum256(issuer.Raw)
	l.mu.Lock()
	defer l.mu.Unlock()
	ok, known := l.verified[id]
	if !known {
		ok = issuer.CheckSignature(l.algorithm, l.tbs, l.signature) == nil
		l.verified[id] = ok
	}
	return ok
}

// lookUp finds a serial number. An entry that cannot be read, or one of another
// issuer's certificate, makes the list useless: an error.
func (l *crl) lookUp(serial *big.Int) (revokedAt time.Time, found bool, err error) {
	want, err := asn1.Marshal(serial)
	if err != nil {
		return time.Time{}, false, err
	}
	for in := l.entries; !in.Empty(); {
		var entry, number cryptobyte.String
		if !in.ReadASN1(&entry, cbasn1.SEQUENCE) || !entry.ReadASN1Element(&number, cbasn1.INTEGER) {
			return time.Time{}, false, errCRL
		}
		mine := bytes.Equal(number, want)
		if !mine && len(entry) <= 17 { // nothing but a date: the usual entry
			continue
		}
		var at time.Time
		if !readTime(&entry, &at) {
			return time.Time{}, false, errCRL
		}
		var extensions cryptobyte.String
		if !entry.Empty() && !entry.ReadASN1(&extensions, cbasn1.SEQUENCE) {
			return time.Time{}, false, errCRL
		}
		err := eachExtension(extensions, func(e pkix.Extension) error {
			if e.Critical && !e.Id.Equal(oidReasonCode) {
				return fmt.Errorf("%w: entry with critical extension %v", errCRL, e.Id)
			}
			return nil
		})
		if err != nil {
			return time.Time{}, false, err
		}
		if mine {
			revokedAt, found = at, true
		}
	}
	return revokedAt, found, nil
}

// crlFile is a list in a file that may be renewed while the program runs.
type crlFile struct {
	path string
	size int64
	time time.Time
	list *crl // nil when the file cannot be used
}

// fileCRLs returns the lists of the files as they are now.
func (s *Store) fileCRLs() []*crl {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []*crl
	for _, f := range s.files {
		info, err := os.Stat(f.path)
		if err != nil {
			f.list, f.size = nil, -1
			continue
		}
		if f.list == nil || info.Size() != f.size || !info.ModTime().Equal(f.time) {
			f.size, f.time, f.list = info.Size(), info.ModTime(), nil
			if data, err := readFile(f.path, maxCRL); err == nil {
				f.list, _ = parseCRL(data) // a damaged list tells nothing: unknown
			}
		}
		if f.list != nil {
			out = append(out, f.list)
		}
	}
	return out
}
