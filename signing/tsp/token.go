// Package tsp gets and reads timestamp tokens (RFC 3161, ETSI EN 319 422): proof by a
// third party that some bytes existed at a time.
//
// Whether the authority behind a token is to be believed is package trust's question;
// this package says that a token is whole, covers the bytes asked about and was made by
// a certificate for that one purpose.
package tsp

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"

	"congvan/signing/cms"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Errors that callers tell apart; all are wrapped with what was found.
var (
	// ErrMalformed: the bytes are no timestamp token or no answer of a timestamp server.
	ErrMalformed = errors.New("tsp: malformed timestamp")
	// ErrImprint: the token covers other bytes.
	ErrImprint = errors.New("tsp: timestamp covers other bytes")
	// ErrToken: the token's signature does not hold.
	ErrToken = errors.New("tsp: timestamp signature does not verify")
	// ErrCertificate: the authority's certificate is not for timestamps alone, or was not
	// valid at the time the token states.
	ErrCertificate = errors.New("tsp: certificate not allowed to make timestamps")
	// ErrRefused: the server refused, with its reason.
	ErrRefused = errors.New("tsp: timestamp refused")
	// ErrAnswer: the server answered another question: nonce or policy differ.
	ErrAnswer = errors.New("tsp: answer does not fit the request")
	// ErrUnavailable: the server cannot be reached or does not answer in time.
	ErrUnavailable = errors.New("tsp: timestamp server not available")
)

// Token is a parsed timestamp token.
type Token struct {
	Raw          []byte // DER, without padding
	Time         time.Time
	Accuracy     time.Duration // 0 when not stated
	Hash         crypto.Hash
	Imprint      []byte
	Policy       asn1.ObjectIdentifier
	Serial       *big.Int
	Nonce        *big.Int            // nil when absent
	Certificate  *x509.Certificate   // of the authority; nil when not inside
	Certificates []*x509.Certificate // all that are inside

	sd *cms.SignedData
}

// Parse reads a token without judging it. Zero bytes after it are tolerated.
func Parse(der []byte) (*Token, error) {
	sd, err := cms.Parse(der)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if !sd.ContentType.Equal(cms.OIDTSTInfo) {
		return nil, fmt.Errorf("%w: content type %v", ErrMalformed, sd.ContentType)
	}
	t := &Token{Raw: sd.Raw(), Certificate: sd.Signer, Certificates: sd.Certificates, sd: sd}
	if !t.readInfo(sd.EContent) {
		return nil, fmt.Errorf("%w: TSTInfo", ErrMalformed)
	}
	return t, nil
}

// readInfo reads TSTInfo (RFC 3161 §2.4.2).
func (t *Token) readInfo(der []byte) bool {
	in := cryptobyte.String(der)
	var body, imprint, algorithm, value, generalTime cryptobyte.String
	var version int
	var oid asn1.ObjectIdentifier
	t.Serial = new(big.Int)
	if !in.ReadASN1(&body, cbasn1.SEQUENCE) || !in.Empty() || !body.ReadASN1Integer(&version) || version != 1 ||
		!body.ReadASN1ObjectIdentifier(&t.Policy) ||
		!body.ReadASN1(&imprint, cbasn1.SEQUENCE) || !imprint.ReadASN1(&algorithm, cbasn1.SEQUENCE) ||
		!algorithm.ReadASN1ObjectIdentifier(&oid) || !imprint.ReadASN1(&value, cbasn1.OCTET_STRING) || !imprint.Empty() ||
		!body.ReadASN1Integer(t.Serial) || !body.ReadASN1(&generalTime, cbasn1.GeneralizedTime) {
		return false
	}
	t.Hash, t.Imprint = cms.HashByOID(oid), value
	if t.Hash == 0 || len(t.Imprint) != t.Hash.Size() {
		return false
	}
	// Fractions of a second are allowed here, unlike in certificates; Parse takes them.
	when, err := time.Parse("20060102150405Z", string(generalTime))
	if err != nil {
		return false
	}
	t.Time = when.UTC()
	if body.PeekASN1Tag(cbasn1.SEQUENCE) && !t.readAccuracy(&body) {
		return false
	}
	var ordering bool
	if body.PeekASN1Tag(cbasn1.BOOLEAN) && !body.ReadASN1Boolean(&ordering) {
		return false
	}
	if body.PeekASN1Tag(cbasn1.INTEGER) {
		t.Nonce = new(big.Int)
		return body.ReadASN1Integer(t.Nonce)
	}
	return true // the authority's name and extensions are not used
}

func (t *Token) readAccuracy(body *cryptobyte.String) bool {
	var fields cryptobyte.String
	var seconds int64
	if !body.ReadASN1(&fields, cbasn1.SEQUENCE) || fields.PeekASN1Tag(cbasn1.INTEGER) && !fields.ReadASN1Integer(&seconds) {
		return false
	}
	if seconds < 0 || seconds > 1<<31 {
		return false
	}
	t.Accuracy = time.Duration(seconds) * time.Second
	for tag, unit := range []time.Duration{time.Millisecond, time.Microsecond} {
		var n int64
		if fields.PeekASN1Tag(cbasn1.Tag(tag).ContextSpecific()) {
			if !fields.ReadASN1Int64WithTag(&n, cbasn1.Tag(tag).ContextSpecific()) || n < 0 || n > 999 {
				return false
			}
			t.Accuracy += time.Duration(n) * unit
		}
	}
	return fields.Empty()
}

// Verify judges a token over bytes whose digest is computed for the hash the token
// used. It returns the token when it is whole, covers those bytes, and was made by a
// certificate for timestamps alone that was valid then. A token by weak means is
// refused with an error that wraps cms.ErrWeak, one whose maker's certificate is neither
// in it nor among the others with one that wraps cms.ErrNoCertificate.
func Verify(der []byte, digest func(crypto.Hash) ([]byte, error), others ...*x509.Certificate) (*Token, error) {
	t, err := Parse(der)
	if err != nil {
		return nil, err
	}
	if t.sd.FindSigner(others) {
		t.Certificate = t.sd.Signer
	}
	if cms.WeakHash(t.Hash) {
		return nil, fmt.Errorf("%w: %w: imprint by %v", ErrToken, cms.ErrWeak, t.Hash)
	}
	sum, err := digest(t.Hash)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(sum, t.Imprint) {
		return nil, ErrImprint
	}
	if err := t.verifySignature(); err != nil {
		return nil, err
	}
	return t, t.checkCertificate()
}

func (t *Token) verifySignature() error {
	if len(t.sd.SigningCertificate) == 0 {
		return fmt.Errorf("%w: it does not name its certificate (RFC 3161 §2.4.2)", ErrToken)
	}
	err := t.sd.Verify(func(h crypto.Hash) ([]byte, error) {
		sum := h.New()
		sum.Write(t.sd.EContent)
		return sum.Sum(nil), nil
	})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrToken, err)
	}
	return nil
}

func (t *Token) checkCertificate() error {
	c := t.Certificate
	if !ForTimestamps(c) {
		return fmt.Errorf("%w: %q", ErrCertificate, c.Subject.CommonName)
	}
	if t.Time.Before(c.NotBefore) || t.Time.After(c.NotAfter) {
		return fmt.Errorf("%w: %q was not valid on %s", ErrCertificate, c.Subject.CommonName, t.Time.Format(time.RFC3339))
	}
	return nil
}

var (
	oidExtKeyUsage  = asn1.ObjectIdentifier{2, 5, 29, 37}
	oidTimeStamping = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 8}
)

// ForTimestamps tells whether a certificate is a timestamp authority's: extended key
// usage timeStamping, critical and alone (RFC 3161 §2.3).
func ForTimestamps(c *x509.Certificate) bool {
	i := slices.IndexFunc(c.Extensions, func(e pkix.Extension) bool { return e.Id.Equal(oidExtKeyUsage) })
	if i < 0 || !c.Extensions[i].Critical {
		return false
	}
	var usages []asn1.ObjectIdentifier
	rest, err := asn1.Unmarshal(c.Extensions[i].Value, &usages)
	return err == nil && len(rest) == 0 && len(usages) == 1 && usages[0].Equal(oidTimeStamping)
}
