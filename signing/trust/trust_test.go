package trust_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"congvan/signing"
	"congvan/signing/signingtest"
	"congvan/signing/trust"
)

var now = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

func clock() time.Time { return now }

type spec = signingtest.Spec

func newPKI(t testing.TB) *signingtest.PKI { return signingtest.NewPKI(t, clock, rand.Reader) }

// newStore trusts the root; the issuing authority is known as in a real installation.
func newStore(t testing.TB, p *signingtest.PKI, change ...func(*trust.Options)) *trust.Store {
	t.Helper()
	o := trust.Options{Anchors: []*x509.Certificate{p.Root.Cert}, Intermediates: []*x509.Certificate{p.Issuing.Cert}, Clock: clock}
	for _, c := range change {
		c(&o)
	}
	s, err := trust.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func guard(t testing.TB, hosts ...string) *trust.Guard {
	t.Helper()
	g, err := trust.NewGuard(trust.GuardOptions{Hosts: hosts, Clock: clock, Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func TestCheckSigner(t *testing.T) {
	p := newPKI(t)
	revoked := p.Issue(spec{CN: "thu hồi"})
	dir := t.TempDir()
	lists := map[string][]byte{
		filepath.Join(dir, "issuing.crl"): p.CRL(p.Issuing, signingtest.CRLSpec{Revoked: map[*x509.Certificate]time.Time{revoked.Cert: now}}),
		filepath.Join(dir, "root.crl"):    p.CRL(p.Root, signingtest.CRLSpec{}),
	}
	var paths []string
	for path, der := range lists {
		if err := os.WriteFile(path, der, 0o600); err != nil {
			t.Fatal(err)
		}
		paths = append(paths, path)
	}
	s := newStore(t, p, func(o *trust.Options) { o.CRLFiles = paths })
	for name, c := range map[string]struct {
		id   *signingtest.Identity
		want error
	}{
		"good": {p.Person("Nguyễn Văn Thử", "Sở Thử nghiệm"), nil}, "expired": {p.Expired("a"), trust.ErrExpired}, "not yet": {p.NotYetValid("a"), trust.ErrNotYetValid},
		"usage": {p.WrongUsage("a"), trust.ErrUsage}, "authority": {p.Issuing, trust.ErrUsage}, "authority that may sign": {p.Issue(spec{CN: "a", CA: true, Usage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature, Issuer: p.Root}), trust.ErrUsage},
		"nobody": {&signingtest.Identity{}, trust.ErrUntrusted}, "small key": {p.Issue(spec{CN: "a", Key: p.RSA(1024)}), trust.ErrUsage},
		"self-signed": {p.SelfSigned("a"), trust.ErrUntrusted}, "look-alike": {p.LookAlike().Issue(spec{CN: "a"}), trust.ErrUntrusted}, "revoked": {revoked, trust.ErrRevoked},
	} {
		if err := s.CheckSigner(context.Background(), c.id.Chain, now); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if err := newStore(t, p).CheckSigner(context.Background(), p.Issue(spec{CN: "a"}).Chain, now); !errors.Is(err, trust.ErrUnknown) {
		t.Errorf("no lists: %v", err)
	}
}

func TestReadCertificates(t *testing.T) {
	p := newPKI(t)
	dir := t.TempDir()
	for name, data := range map[string][]byte{
		"chain.pem": signingtest.PEM(p.Root.Cert, p.Issuing.Cert), "one.cer": p.TSA().Cert.Raw, "note.txt": []byte("không đọc"),
		"KEY.CRT":     append(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: []byte("khóa")}), signingtest.PEM(p.TSA().Cert)...),
		"old.pem/a.b": []byte("không đọc"),
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	certs, err := trust.ReadCertificates(dir)
	if err != nil || len(certs) != 4 {
		t.Fatalf("%d %v", len(certs), err)
	}
	large := filepath.Join(t.TempDir(), "large.pem")
	if err := os.WriteFile(large, signingtest.PEM(p.Root.Cert), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(large, 8<<20+1); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{filepath.Join(dir, "note.txt"), filepath.Join(dir, "absent.pem"), large} {
		if _, err := trust.ReadCertificates(path); err == nil {
			t.Errorf("%s accepted", path)
		}
	}
	for name, o := range map[string]trust.Options{"anchors": {Clock: clock}, "a clock": {Anchors: certs}} {
		if _, err := trust.New(o); err == nil {
			t.Error("a store without", name)
		}
	}
}

// TestMaterial: what a verdict needs later is complete or refused.
func TestMaterial(t *testing.T) {
	p := newPKI(t)
	leaf, revoked := p.Issue(spec{CN: "a"}), p.Issue(spec{CN: "b"})
	answer := p.OCSP(leaf.Cert, p.Issuing, signingtest.OCSPSpec{})
	ofIssuing := p.CRL(p.Issuing, signingtest.CRLSpec{Revoked: map[*x509.Certificate]time.Time{revoked.Cert: now}})
	ofRoot := p.CRL(p.Root, signingtest.CRLSpec{})
	for name, c := range map[string]struct {
		leaf *x509.Certificate
		kept signing.Evidence
		want error
	}{
		"complete":         {leaf.Cert, signing.Evidence{OCSP: [][]byte{answer}, CRLs: [][]byte{ofRoot}}, nil},
		"issuer's missing": {leaf.Cert, signing.Evidence{OCSP: [][]byte{answer}}, trust.ErrUnknown},
		"leaf's missing":   {leaf.Cert, signing.Evidence{CRLs: [][]byte{ofRoot}}, trust.ErrUnknown},
		"revoked":          {revoked.Cert, signing.Evidence{CRLs: [][]byte{ofRoot, ofIssuing}}, trust.ErrRevoked},
		"no path":          {p.SelfSigned("a").Cert, signing.Evidence{}, trust.ErrUntrusted},
	} {
		s := newStore(t, p, func(o *trust.Options) { o.Evidence = []*signing.Evidence{&c.kept} })
		ev, err := s.Material(context.Background(), c.leaf, nil, now)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if err == nil && (len(ev.Certificates) != 3 || len(ev.OCSP) != 1 || !bytes.Equal(ev.OCSP[0], answer) || len(ev.CRLs) != 1 || !bytes.Equal(ev.CRLs[0], ofRoot)) {
			t.Errorf("%s: %d certificates, %d responses, %d lists", name, len(ev.Certificates), len(ev.OCSP), len(ev.CRLs))
		}
	}
}

// A certificate is judged by itself at both ends of its validity, to the second, and by what
// it was issued with.
func TestUsable(t *testing.T) {
	leaf := newPKI(t).Person("Nguyễn Văn Thử", "Sở Thử nghiệm").Chain[0]
	sha1 := *leaf
	sha1.SignatureAlgorithm = x509.SHA1WithRSA
	for _, c := range []struct {
		cert *x509.Certificate
		at   time.Time
		want error
	}{
		{leaf, leaf.NotBefore, nil},
		{leaf, leaf.NotAfter, nil},
		{leaf, leaf.NotBefore.Add(-time.Second), trust.ErrNotYetValid},
		{leaf, leaf.NotAfter.Add(time.Second), trust.ErrExpired},
		{&sha1, leaf.NotBefore, trust.ErrUsage},
	} {
		if err := trust.Usable(c.cert, c.at); !errors.Is(err, c.want) {
			t.Errorf("%s at %s: %v, want %v", c.cert.SignatureAlgorithm, c.at, err, c.want)
		}
	}
}
