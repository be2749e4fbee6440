package validation

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"slices"
	"time"

	"congvan/signing/trust"
)

// standing is what checks 5 to 9 learn about one certificate.
type standing struct {
	trust      string // trusted, untrusted, unknown
	revocation string // good, revoked, unknown, unchecked
	reasons    []string
	embedded   bool // all revocation answers came out of the file
}

func (s *standing) add(reason string) { s.reasons = append(s.reasons, reason) }

// certificate judges a signer's certificate at the time that counts: path (5), the
// purpose checked by usage (6), validity (8) and revocation (9).
func (c *check) certificate(who subject, at time.Time, usage func(*x509.Certificate) (reason string)) standing {
	s := standing{trust: "unknown", revocation: "unchecked"}
	leaf := who.leaf
	if leaf == nil {
		s.add(ReasonNoCertificate)
		return s
	}
	if reason := usage(leaf); reason != "" {
		s.add(reason)
	}
	if at.After(leaf.NotAfter) {
		s.add(ReasonExpired)
	} else if at.Before(leaf.NotBefore) {
		s.add(ReasonNotYetValid)
	}
	if c.v.trust == nil {
		s.add(ReasonTrustUnknown)
		return s
	}
	// Whose certificate it is does not depend on the day: an expired one is looked at
	// on its last day.
	when := at
	if when.After(leaf.NotAfter) {
		when = leaf.NotAfter
	} else if when.Before(leaf.NotBefore) {
		when = leaf.NotBefore
	}
	pool := append(slices.Clone(who.pool), who.evidence.Certificates...)
	path, err := c.v.trust.Path(c.ctx, leaf, pool, when)
	c.usePath(path)
	switch {
	case err == nil && len(path) > 0 && path[0].Equal(leaf):
		s.trust = "trusted"
	case errors.Is(err, trust.ErrExpired):
		s.trust = "trusted"
		s.add(ReasonExpired)
		return s
	case errors.Is(err, trust.ErrNotYetValid):
		s.trust = "trusted"
		s.add(ReasonNotYetValid)
		return s
	case errors.Is(err, trust.ErrUntrusted):
		s.trust = "untrusted"
		s.add(ReasonUntrusted)
		return s
	default:
		s.add(ReasonTrustUnknown)
		return s
	}
	if outdatedKeys(path, at) {
		s.add(ReasonOutdated)
	}
	ev := who.evidence
	ev.Certificates = pool
	c.revocation(&s, path, ev, at)
	return s
}

// subject gathers what a signature brings along for its own certificate.
func (s *found) subject(ev trust.Evidence) subject {
	ocsps, crls := archived(s.cms)
	ev.OCSP = slices.Concat(ev.OCSP, ocsps)
	ev.CRLs = slices.Concat(ev.CRLs, s.cms.CRLs, crls)
	return subject{s.cms.Signer, s.cms.Certificates, ev}
}

// revocation asks about every certificate of the path below the anchor.
func (c *check) revocation(s *standing, path []*x509.Certificate, ev trust.Evidence, at time.Time) {
	s.revocation, s.embedded = "good", true
	// where the signer is the anchor itself there is nobody to revoke it
	for i, cert := range path[:len(path)-1] {
		r, err := c.v.trust.Revocation(c.ctx, cert, path[i+1], at, ev)
		s.embedded = s.embedded && r.Embedded && err == nil
		c.useAnswer(r)
		switch {
		case err == nil && r.Status == trust.Good:
		case err == nil && r.Status == trust.Revoked && !r.RevokedAt.After(at):
			s.revocation = "revoked"
			s.add(ReasonRevoked)
			return
		case err == nil && r.Status == trust.Revoked: // later: good at the time that counts
		default:
			s.revocation = "unknown"
			s.add(ReasonRevUnknown)
		}
	}
}

// usePath keeps the certificates of a path as evidence: what fetched issuers and the
// store's own intermediates gave is not in the file.
func (c *check) usePath(path []*x509.Certificate) {
	if len(path) == 0 {
		return
	}
	e, top := c.used, path[len(path)-1]
	for _, cert := range path[:len(path)-1] {
		if !slices.ContainsFunc(e.Certificates, cert.Equal) {
			e.Certificates = append(e.Certificates, cert)
		}
	}
	if !slices.ContainsFunc(e.Anchors, top.Equal) {
		e.Anchors = append(e.Anchors, top)
	}
}

// useAnswer keeps the response or list that decided.
func (c *check) useAnswer(r trust.Revocation) {
	if r.Evidence == nil {
		return
	}
	list := &c.used.CRLs
	if r.OCSP {
		list = &c.used.OCSP
	}
	if !slices.ContainsFunc(*list, func(der []byte) bool { return bytes.Equal(der, r.Evidence) }) {
		*list = append(*list, r.Evidence)
	}
}

var oidKeyUsage = asn1.ObjectIdentifier{2, 5, 29, 15}

// signs demands a certificate that may sign documents: digitalSignature or
// nonRepudiation, and not an authority's. One that says nothing of its use is not
// forbidden it (RFC 5280 §4.2.1.3), but nobody vouches for it either.
func signs(c *x509.Certificate) string {
	if !c.IsCA && !slices.ContainsFunc(c.Extensions, func(e pkix.Extension) bool { return e.Id.Equal(oidKeyUsage) }) {
		return ReasonKeyUsageUnsaid
	}
	if c.IsCA || c.KeyUsage&(x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment) == 0 {
		return ReasonKeyUsage
	}
	return ""
}
