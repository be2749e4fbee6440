package trust

import (
	"bytes"
	"context"
	"crypto/sha1" //nolint:gosec // RFC 6960 names the key in a CertID by SHA-1; it secures nothing
	"crypto/x509"
	"encoding/asn1"
	"slices"
	"time"

	"golang.org/x/crypto/ocsp"
)

// Revocation tells the status of cert, issued by issuer, at a time: from the evidence
// given, then the store's lists and responses, then OCSP and CRL over the network where that is
// allowed. Whatever says revoked wins, stale or not; good needs an answer that is fresh
// for the time asked. The error is only ever the context's.
//
// RevokedAt may lie after the time asked: whether that matters is the caller's to say.
func (s *Store) Revocation(ctx context.Context, cert, issuer *x509.Certificate, at time.Time, ev Evidence) (Revocation, error) {
	q := &question{store: s, cert: cert, issuer: issuer, at: at, responders: ev.Certificates, answer: Revocation{Status: Unknown}}
	for _, der := range ev.OCSP[:min(len(ev.OCSP), maxEvidence)] {
		q.ocsp(der, true)
	}
	for _, der := range ev.CRLs[:min(len(ev.CRLs), maxEvidence)] {
		if list, err := parseCRL(der); err == nil {
			q.crl(list, true)
		}
	}
	for _, list := range slices.Concat(s.lists, s.fileCRLs()) {
		q.crl(list, false)
	}
	for _, der := range s.ocsp {
		q.ocsp(der, false)
	}
	if q.answer.Status == Unknown && s.fetcher != nil {
		q.fetch(ctx)
	}
	return q.answer, ctx.Err()
}

// question collects answers about one certificate.
type question struct {
	store        *Store
	cert, issuer *x509.Certificate
	at           time.Time
	responders   []*x509.Certificate
	answer       Revocation
}

// take keeps an answer if it outweighs what is known: the earliest revocation, else
// the first good one.
func (q *question) take(r Revocation) {
	if q.answer.Status == Unknown || r.Status == Revoked && (q.answer.Status == Good || r.RevokedAt.Before(q.answer.RevokedAt)) {
		q.answer = r
	}
}

// fresh tells whether an answer issued over [this, next] speaks for the time asked. A
// later answer does too, but none from after the certificate's end: ended ones drop out of
// lists (RFC 5280 §3.3).
func (q *question) fresh(this, next time.Time) bool {
	if this.After(q.store.clock().Add(skew)) || this.After(q.cert.NotAfter) {
		return false
	}
	if next.IsZero() {
		return !this.Before(q.at)
	}
	return !next.Before(q.at)
}

func (q *question) crl(list *crl, embedded bool) {
	if !list.scope.covers(q.cert) || !list.from(q.issuer) {
		return
	}
	revokedAt, found, err := list.lookUp(q.cert.SerialNumber)
	if err != nil {
		return
	}
	r := Revocation{Status: Good, Embedded: embedded, Evidence: list.der}
	switch {
	case found:
		r.Status, r.RevokedAt = Revoked, revokedAt
	case !q.fresh(list.thisUpdate, list.nextUpdate):
		return
	}
	q.take(r)
}

func (q *question) ocsp(der []byte, embedded bool) {
	if len(der) > maxOCSP {
		return
	}
	// the library trusts any certificate the issuer made, so the responder is judged here
	response, err := ocsp.ParseResponseForCert(der, q.cert, nil)
	if err != nil || !q.authorised(response) {
		return
	}
	r := Revocation{Status: Good, Embedded: embedded, Evidence: der, OCSP: true}
	switch response.Status {
	case ocsp.Revoked:
		r.Status, r.RevokedAt = Revoked, response.RevokedAt
	case ocsp.Good:
		if !q.fresh(response.ThisUpdate, response.NextUpdate) {
			return
		}
	default:
		return
	}
	q.take(r)
}

// authorised tells whether the issuer, or a responder it has named by a certificate for
// that one purpose, signed the response (RFC 6960 §4.2.2.2).
func (q *question) authorised(r *ocsp.Response) bool {
	responders := q.responders[:min(len(q.responders), maxPool)]
	for _, c := range append([]*x509.Certificate{q.issuer, r.Certificate}, responders...) {
		if c == nil || !names(r, c) {
			continue
		}
		if !c.Equal(q.issuer) && (!slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageOCSPSigning) ||
			!bytes.Equal(c.RawIssuer, q.issuer.RawSubject) || c.CheckSignatureFrom(q.issuer) != nil ||
			r.ProducedAt.Before(c.NotBefore) || r.ProducedAt.After(c.NotAfter)) {
			continue
		}
		if r.CheckSignatureFrom(c) == nil {
			return true
		}
	}
	return false
}

// names tells whether the response says that c made it.
func names(r *ocsp.Response, c *x509.Certificate) bool {
	if r.RawResponderName != nil {
		return bytes.Equal(r.RawResponderName, c.RawSubject)
	}
	var spki struct {
		Algorithm asn1.RawValue
		Key       asn1.BitString
	}
	if _, err := asn1.Unmarshal(c.RawSubjectPublicKeyInfo, &spki); err != nil {
		return false
	}
	sum := sha1.Sum(spki.Key.Bytes) //nolint:gosec // see above
	return bytes.Equal(r.ResponderKeyHash, sum[:])
}

// fetch asks the addresses in the certificate, OCSP first.
func (q *question) fetch(ctx context.Context) {
	const addresses = 3
	if request, err := ocsp.CreateRequest(q.cert, q.issuer, nil); err == nil {
		for _, url := range q.cert.OCSPServer[:min(len(q.cert.OCSPServer), addresses)] {
			der, err := q.store.fetcher.Fetch(ctx, Request{URL: url, Body: request, ContentType: "application/ocsp-request", Limit: maxOCSP})
			if err == nil {
				q.ocsp(der, false)
			}
			if q.answer.Status != Unknown {
				return
			}
		}
	}
	for _, url := range q.cert.CRLDistributionPoints[:min(len(q.cert.CRLDistributionPoints), addresses)] {
		der, err := q.store.fetcher.Fetch(ctx, Request{URL: url, Limit: maxCRL})
		if err != nil {
			continue
		}
		if list, err := parseCRL(der); err == nil {
			q.crl(list, false)
		}
		if q.answer.Status != Unknown {
			return
		}
	}
}
