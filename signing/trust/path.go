package trust

import (
	"bytes"
	"context"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"
)

const minRSABits = 2048

// Path returns a path from leaf to an anchor, both included, every certificate of it
// valid at the given time (RFC 5280 §6.1). pool holds foreign certificates that may
// stand between them. What leaf itself may be used for is the caller's to check.
//
// Errors: ErrUntrusted (with ErrUsage where only an issuer's rights are missing),
// ErrExpired or ErrNotYetValid when there is a path, but not at that time: that path comes
// with the error.
func (s *Store) Path(ctx context.Context, leaf *x509.Certificate, pool []*x509.Certificate, at time.Time) ([]*x509.Certificate, error) {
	b := &builder{store: s, at: at, pool: unique(pool, s.intermediates)}
	path, err := b.build(ctx, []*x509.Certificate{leaf})
	if err != nil || path != nil {
		return path, err
	}
	for fetched := 0; s.fetcher != nil && fetched < maxAIA; fetched++ {
		more := s.fetchIssuers(ctx, b.dangling)
		if len(more) == 0 {
			break
		}
		b.pool = unique(b.pool, more)
		b.dangling = nil
		if path, err = b.build(ctx, []*x509.Certificate{leaf}); err != nil || path != nil {
			return path, err
		}
	}
	if b.problem != nil {
		return b.ended, b.problem
	}
	return nil, ErrUntrusted
}

// unique returns at most maxPool certificates of foreign and all of known, each once.
func unique(foreign, known []*x509.Certificate) []*x509.Certificate {
	seen := map[string]bool{}
	var out []*x509.Certificate
	for _, c := range slices.Concat(foreign[:min(len(foreign), maxPool)], known) {
		if c == nil || seen[string(c.Raw)] {
			continue
		}
		seen[string(c.Raw)] = true
		out = append(out, c)
	}
	return out
}

// builder searches depth first.
type builder struct {
	store      *Store
	at         time.Time
	pool       []*x509.Certificate
	signatures int
	problem    error               // why the best path found is not good
	ended      []*x509.Certificate // the path of a problem that is only its time
	dangling   *x509.Certificate   // the last certificate without an issuer
}

// build extends a path that begins with the leaf; nil without error means that there is
// no good one this way.
func (b *builder) build(ctx context.Context, path []*x509.Certificate) ([]*x509.Certificate, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	last := path[len(path)-1]
	if slices.ContainsFunc(b.store.anchors, last.Equal) {
		return b.check(path), nil
	}
	if len(path) == maxDepth {
		return nil, nil
	}
	found := false
	for _, candidates := range [][]*x509.Certificate{b.store.anchors, b.pool} {
		for _, c := range candidates {
			if slices.ContainsFunc(path, c.Equal) || !b.issued(c, last) {
				continue
			}
			found = true
			good, err := b.build(ctx, append(path[:len(path):len(path)], c))
			if good != nil || err != nil {
				return good, err
			}
		}
	}
	if !found {
		b.dangling = last
	}
	return nil, nil
}

// issued tells whether the key of c signed child. Key identifiers and names only spare
// the work of verifying; they prove nothing.
func (b *builder) issued(c, child *x509.Certificate) bool {
	if !bytes.Equal(c.RawSubject, child.RawIssuer) ||
		len(child.AuthorityKeyId) > 0 && len(c.SubjectKeyId) > 0 && !bytes.Equal(c.SubjectKeyId, child.AuthorityKeyId) {
		return false
	}
	if b.signatures++; b.signatures > maxSignatures {
		b.note(fmt.Errorf("%w: more than %d certificates would have to be tried", ErrUntrusted, maxSignatures), nil)
		return false
	}
	signed := factOf('s', c, child)
	if b.store.facts.has(signed) {
		return true
	}
	err := child.CheckSignatureFrom(c)
	if err == nil {
		b.store.facts.learn(signed)
	}
	var constraint x509.ConstraintViolationError
	if errors.As(err, &constraint) && c.CheckSignature(child.SignatureAlgorithm, child.RawTBSCertificate, child.Signature) == nil {
		b.note(fmt.Errorf("%w: %w: %q may not issue certificates", ErrUntrusted, ErrUsage, c.Subject.CommonName), nil)
	}
	return err == nil
}

// check judges a complete path.
func (b *builder) check(path []*x509.Certificate) []*x509.Certificate {
	for _, c := range path {
		if err := within(c, b.at); err != nil {
			b.note(err, path)
			return nil
		}
	}
	for _, c := range path[1:] {
		if key, ok := c.PublicKey.(*rsa.PublicKey); ok && key.N.BitLen() < minRSABits {
			b.note(fmt.Errorf("%w: %q has an RSA key of %d bits", ErrUntrusted, c.Subject.CommonName, key.N.BitLen()), nil)
			return nil
		}
	}
	if len(path) == 1 { // the leaf itself is pinned
		return path
	}
	// The standard library judges this one path once more: path lengths, name
	// constraints, critical extensions nobody understands. Nothing of that depends on time
	// but the validity, which has been checked above.
	obeys := factOf('p', path...)
	if b.store.facts.has(obeys) {
		return path
	}
	roots, between := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(path[len(path)-1])
	for _, c := range path[1 : len(path)-1] {
		between.AddCert(c)
	}
	chains, err := path[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: between, CurrentTime: b.at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	if err != nil {
		b.note(fmt.Errorf("%w: %w: %v", ErrUntrusted, ErrUsage, err), nil)
		return nil
	}
	b.store.facts.learn(obeys)
	return chains[0]
}

// note keeps the most telling problem: a path at another time tells more than none.
func (b *builder) note(err error, path []*x509.Certificate) {
	if b.problem == nil || errors.Is(b.problem, ErrUntrusted) && !errors.Is(err, ErrUntrusted) {
		b.problem, b.ended = err, path
	}
}

// fetchIssuers gets the issuer of cert from the addresses in it (RFC 5280 §4.2.2.1).
func (s *Store) fetchIssuers(ctx context.Context, cert *x509.Certificate) []*x509.Certificate {
	if cert == nil {
		return nil
	}
	for _, url := range cert.IssuingCertificateURL[:min(len(cert.IssuingCertificateURL), maxAIA)] {
		data, err := s.fetcher.Fetch(ctx, Request{URL: url, Limit: 64 << 10})
		if err != nil {
			continue
		}
		if certs, err := parseCertificates(data); err == nil {
			return certs
		}
	}
	return nil
}

// CheckSigner tells whether a certificate may make a signature now, before the token is
// asked (NĐ 68/2024 Đ.29): its use, validity, path and revocation, the whole path long.
// chain begins with the signer's certificate.
//
// Errors: ErrUsage, those of Path, ErrRevoked, ErrUnknown.
func (s *Store) CheckSigner(ctx context.Context, chain []*x509.Certificate, at time.Time) error {
	if len(chain) == 0 {
		return fmt.Errorf("%w: no certificate", ErrUntrusted)
	}
	if err := Usable(chain[0], at); err != nil {
		return err
	}
	path, err := s.Path(ctx, chain[0], chain[1:], at)
	if err != nil {
		return err
	}
	for i, c := range path[:len(path)-1] {
		r, err := s.Revocation(ctx, c, path[i+1], at, Evidence{})
		switch {
		case err != nil:
			return err
		case r.Status == Revoked:
			return fmt.Errorf("%w: %q since %s", ErrRevoked, c.Subject.CommonName, r.RevokedAt.UTC().Format(time.RFC3339))
		case r.Status != Good:
			return fmt.Errorf("%w: %q", ErrUnknown, c.Subject.CommonName)
		}
	}
	return nil
}

// Usable tells whether a certificate taken by itself may make a signature at a time: what it
// is for, its key, what it was issued with, its validity. Errors: ErrUsage, ErrExpired,
// ErrNotYetValid.
func Usable(c *x509.Certificate, at time.Time) error {
	name := c.Subject.CommonName
	switch key, isRSA := c.PublicKey.(*rsa.PublicKey); {
	case c.IsCA:
		return fmt.Errorf("%w: %q is an authority's certificate", ErrUsage, name)
	case c.KeyUsage&(x509.KeyUsageDigitalSignature|x509.KeyUsageContentCommitment) == 0:
		return fmt.Errorf("%w: %q has neither digitalSignature nor nonRepudiation", ErrUsage, name)
	case isRSA && key.N.BitLen() < minRSABits:
		return fmt.Errorf("%w: %q has an RSA key of %d bits", ErrUsage, name, key.N.BitLen())
	}
	switch c.SignatureAlgorithm {
	case x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1:
		return fmt.Errorf("%w: %q was issued with %s", ErrUsage, name, c.SignatureAlgorithm)
	}
	return within(c, at)
}

// within tells whether a certificate is valid at a time, both ends included.
func within(c *x509.Certificate, at time.Time) error {
	switch {
	case at.After(c.NotAfter):
		return fmt.Errorf("%w: %q on %s", ErrExpired, c.Subject.CommonName, c.NotAfter.UTC().Format(time.RFC3339))
	case at.Before(c.NotBefore):
		return fmt.Errorf("%w: %q before %s", ErrNotYetValid, c.Subject.CommonName, c.NotBefore.UTC().Format(time.RFC3339))
	}
	return nil
}
