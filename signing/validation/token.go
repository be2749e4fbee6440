package validation

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"congvan/signing/cms"
	"congvan/signing/trust"
)

// tstInfo is what a timestamp token says (RFC 3161 §2.4.2).
type tstInfo struct {
	hash    crypto.Hash
	imprint []byte
	time    time.Time
}

var errTSTInfo = errors.New("validation: timestamp token is malformed")

func parseTSTInfo(der []byte) (tstInfo, error) {
	var t tstInfo
	in := cryptobyte.String(der)
	var body, imprint, alg, value, serial cryptobyte.String
	var version int
	var policy, oid asn1.ObjectIdentifier
	if !in.ReadASN1(&body, cbasn1.SEQUENCE) || !in.Empty() ||
		!body.ReadASN1Integer(&version) || version != 1 ||
		!body.ReadASN1ObjectIdentifier(&policy) ||
		!body.ReadASN1(&imprint, cbasn1.SEQUENCE) ||
		!imprint.ReadASN1(&alg, cbasn1.SEQUENCE) ||
		!alg.ReadASN1ObjectIdentifier(&oid) ||
		!imprint.ReadASN1(&value, cbasn1.OCTET_STRING) || !imprint.Empty() ||
		!body.ReadASN1(&serial, cbasn1.INTEGER) {
		return t, errTSTInfo
	}
	var gen cryptobyte.String
	if !body.ReadASN1(&gen, cbasn1.GeneralizedTime) {
		return t, errTSTInfo
	}
	// Fractions of a second are allowed here (RFC 3161), unlike in certificates.
	when, err := time.Parse("20060102150405Z", string(gen))
	if err != nil {
		return t, fmt.Errorf("%w: %v", errTSTInfo, err)
	}
	t.hash, t.imprint, t.time = cms.HashByOID(oid), value, when.UTC()
	if t.hash == 0 || len(t.imprint) != t.hash.Size() {
		return t, errTSTInfo
	}
	return t, nil
}

// token is a judged timestamp token.
type token struct {
	info     tstInfo
	intact   bool
	trusted  bool
	standing standing
	reasons  []string
}

// signatureTimestamp judges the token over a signature value. It counts only when
// everything about it holds at the time by which it is known to have existed.
func (c *check) signatureTimestamp(s *found, ev trust.Evidence, known time.Time) *token {
	if s.cms == nil || s.cms.Timestamp == nil {
		return nil
	}
	t := &token{}
	sd, err := cms.Parse(s.cms.Timestamp)
	if err != nil || !sd.ContentType.Equal(cms.OIDTSTInfo) {
		t.reasons = append(t.reasons, ReasonTimestampBad)
		return t
	}
	if t.info, err = parseTSTInfo(sd.EContent); err != nil || !t.info.hash.Available() {
		t.reasons = append(t.reasons, ReasonTimestampBad)
		return t
	}
	imprint := t.info.hash.New()
	imprint.Write(s.cms.Signature)
	if !bytes.Equal(imprint.Sum(nil), t.info.imprint) {
		t.reasons = append(t.reasons, ReasonTimestampBad)
		return t
	}
	err = sd.Verify(func(h crypto.Hash) ([]byte, error) {
		d := h.New()
		d.Write(sd.EContent)
		return d.Sum(nil), nil
	})
	if err != nil && !errors.Is(err, cms.ErrWeak) {
		t.reasons = append(t.reasons, ReasonTimestampBad)
		return t
	}
	t.intact = true
	weak := err != nil || cms.WeakHash(t.info.hash)
	c.judgeToken(t, sd, ev, known, weak)
	return t
}

// judgeToken looks at the authority behind an intact token.
func (c *check) judgeToken(t *token, sd *cms.SignedData, ev trust.Evidence, known time.Time, weak bool) {
	t.standing = c.certificate(sd, ev, known, stamps)
	if t.info.time.After(known.Add(skew)) {
		t.reasons = append(t.reasons, ReasonTimeConflict)
	}
	if weak {
		t.reasons = append(t.reasons, ReasonLegacy)
	}
	leaf := sd.Signer
	inTime := leaf != nil && !t.info.time.Before(leaf.NotBefore) && !t.info.time.After(leaf.NotAfter)
	t.trusted = inTime && len(t.reasons) == 0 && worst(t.standing.reasons) == worst(nil) && t.standing.trust == "trusted"
}

// skew is how far the clocks of two authorities may differ.
const skew = 5 * time.Minute

var (
	oidExtKeyUsage  = asn1.ObjectIdentifier{2, 5, 29, 37}
	oidTimeStamping = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 8}
)

// stamps demands a timestamp authority's certificate: extended key usage
// timeStamping, critical and alone (RFC 3161 §2.3).
func stamps(c *x509.Certificate) string {
	i := slices.IndexFunc(c.Extensions, func(e pkix.Extension) bool { return e.Id.Equal(oidExtKeyUsage) })
	if i < 0 || !c.Extensions[i].Critical {
		return ReasonTimestampUsage
	}
	var usages []asn1.ObjectIdentifier
	rest, err := asn1.Unmarshal(c.Extensions[i].Value, &usages)
	if err != nil || len(rest) > 0 || len(usages) != 1 || !usages[0].Equal(oidTimeStamping) {
		return ReasonTimestampUsage
	}
	return ""
}
