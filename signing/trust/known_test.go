package trust_test

import (
	"context"
	"crypto/x509"
	"errors"
	"slices"
	"testing"

	"congvan/signing/trust"
)

// TestPathAgain: what a store remembers of a path spares work and judges nothing: time,
// forgeries and other anchors are seen as if it were asked for the first time.
func TestPathAgain(t *testing.T) {
	p := newPKI(t)
	s := newStore(t, p)
	ctx := context.Background()
	leaf := p.Issue(spec{CN: "Nguyễn Văn Thử"}).Cert
	for range 2 {
		path, err := s.Path(ctx, leaf, nil, now)
		if err != nil || len(path) != 3 || !path[0].Equal(leaf) || !path[2].Equal(p.Root.Cert) {
			t.Fatalf("%d certificates, %v", len(path), err)
		}
	}
	if _, err := s.Path(ctx, leaf, nil, leaf.NotAfter.AddDate(0, 0, 1)); !errors.Is(err, trust.ErrExpired) {
		t.Error("later:", err)
	}
	if _, err := s.Path(ctx, leaf, nil, leaf.NotBefore.AddDate(0, 0, -1)); !errors.Is(err, trust.ErrNotYetValid) {
		t.Error("earlier:", err)
	}
	raw := slices.Clone(leaf.Raw)
	raw[len(raw)-1] ^= 1 // in its signature
	forged, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := s.Path(ctx, forged, nil, now); !errors.Is(err, trust.ErrUntrusted) || errors.Is(err, trust.ErrUsage) {
			t.Error("forged:", err)
		}
	}
	tooDeep := p.Issue(spec{CN: "CA dưới CA cấp phát", CA: true})
	under := p.Issue(spec{CN: "Dưới CA không được phép", Issuer: tooDeep}).Cert
	for range 2 {
		if _, err := s.Path(ctx, under, []*x509.Certificate{tooDeep.Cert}, now); !errors.Is(err, trust.ErrUntrusted) {
			t.Error("path too long:", err)
		}
	}
}
