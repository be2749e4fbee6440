package validation

import (
	"crypto"
	"crypto/x509"
	"errors"
	"slices"
	"time"

	"congvan/signing"
	"congvan/signing/cms"
	"congvan/signing/trust"
	"congvan/signing/tsp"
)

// token is a judged timestamp: of a signature, or of the document.
type token struct {
	*tsp.Token          // nil when it could not be read
	trusted    bool     // it proves its time
	standing   standing // of its authority's certificate
	reasons    []string
}

func (t *token) add(reason string) { t.reasons = append(t.reasons, reason) }

// skew is how far the clocks of two authorities may differ.
const skew = 5 * time.Minute

// verifyToken reads a token over a digest and tells what speaks against it before
// anybody is asked about its authority. others are certificates that may be its maker's:
// a token need not bring that along.
func verifyToken(der []byte, digest func(crypto.Hash) ([]byte, error), others []*x509.Certificate) *token {
	t := &token{}
	var err error
	t.Token, err = tsp.Verify(der, digest, others...)
	switch {
	case err == nil:
	case errors.Is(err, cms.ErrWeak):
		t.add(ReasonLegacy)
	case errors.Is(err, cms.ErrNoCertificate):
		t.add(ReasonNoCertificate)
	case errors.Is(err, tsp.ErrCertificate):
		t.add(ReasonTimestampUsage)
	case errors.Is(err, tsp.ErrImprint):
		t.add(ReasonDigest)
	default:
		t.add(ReasonTimestampBad)
	}
	return t
}

// signatureTimestamp judges the token over a signature value, nil where there is
// none. It counts only when everything about it holds at the time by which it is
// known to have existed.
func (c *check) signatureTimestamp(s *found, known time.Time) *token {
	if s.cms.Timestamp == nil {
		return nil
	}
	t := verifyToken(s.cms.Timestamp, func(h crypto.Hash) ([]byte, error) {
		sum := h.New()
		sum.Write(s.cms.Signature)
		return sum.Sum(nil), nil
	}, slices.Concat(s.cms.Certificates, c.store.Certificates))
	c.judgeToken(t, known)
	return t
}

// judgeToken looks at the authority behind a token that holds.
func (c *check) judgeToken(t *token, known time.Time) {
	if t.Token == nil {
		return
	}
	t.standing = c.certificate(subject{t.Certificate, t.Certificates, c.store}, known, stamps)
	if outdatedHash(t.Hash, known) {
		t.add(ReasonOutdated)
	}
	if t.Time.After(known.Add(skew)) {
		t.add(ReasonTimeConflict)
	}
	t.trusted = len(t.reasons) == 0 && t.standing.trust == "trusted" && worst(t.standing.reasons) == signing.Valid
}

func stamps(c *x509.Certificate) string {
	if !tsp.ForTimestamps(c) {
		return ReasonTimestampUsage
	}
	return ""
}

// subject is a certificate to be judged with what its signature brought along.
type subject struct {
	leaf     *x509.Certificate
	pool     []*x509.Certificate
	evidence trust.Evidence
}
