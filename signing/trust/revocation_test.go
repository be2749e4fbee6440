package trust_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"congvan/signing/signingtest"
	"congvan/signing/trust"
)

func TestCRL(t *testing.T) {
	p := newPKI(t)
	good, bad := p.Issue(spec{CN: "a"}), p.Issue(spec{CN: "b"})
	revoked := map[*x509.Certificate]time.Time{bad.Cert: now.AddDate(0, 0, -1)}
	many := map[*x509.Certificate]time.Time{bad.Cert: now.AddDate(0, 0, -1)}
	for i := range 500 {
		many[&x509.Certificate{SerialNumber: big.NewInt(int64(i + 1))}] = now
	}
	stale := signingtest.CRLSpec{ThisUpdate: now.AddDate(0, 0, -20), NextUpdate: now.AddDate(0, 0, -10), Revoked: revoked}
	ofRoot := p.CRL(p.Root, signingtest.CRLSpec{})
	for _, c := range []struct {
		name string
		cert *x509.Certificate
		list []byte
		at   time.Time
		want trust.Status
	}{
		{"good", good.Cert, p.CRL(p.Issuing, signingtest.CRLSpec{Revoked: revoked}), now, trust.Good},
		{"good, PEM", good.Cert, pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: p.CRL(p.Issuing, signingtest.CRLSpec{})}), now, trust.Good},
		{"revoked", bad.Cert, p.CRL(p.Issuing, signingtest.CRLSpec{Revoked: revoked}), now, trust.Revoked},
		{"revoked among many", bad.Cert, p.CRL(p.Issuing, signingtest.CRLSpec{Revoked: many}), now, trust.Revoked},
		{"good among many", good.Cert, p.CRL(p.Issuing, signingtest.CRLSpec{Revoked: many}), now, trust.Good},
		{"none", good.Cert, nil, now, trust.Unknown},
		{"stale", good.Cert, p.CRL(p.Issuing, stale), now, trust.Unknown},
		{"stale but revoked", bad.Cert, p.CRL(p.Issuing, stale), now, trust.Revoked},
		{"fresh for the time asked", good.Cert, p.CRL(p.Issuing, stale), now.AddDate(0, 0, -15), trust.Good},
		{"later than the time asked", good.Cert, p.CRL(p.Issuing, signingtest.CRLSpec{}), now.Add(-12 * time.Hour), trust.Good},
		{"after the certificate's end", p.Expired("c").Cert, p.CRL(p.Issuing, signingtest.CRLSpec{}), now.AddDate(0, 0, -2), trust.Unknown},
		{"from the future", good.Cert, p.CRL(p.Issuing, signingtest.CRLSpec{ThisUpdate: now.Add(time.Hour)}), now, trust.Unknown},
		{"forged", good.Cert, p.CRL(p.Issuing, signingtest.CRLSpec{Signer: p.P256()}), now, trust.Unknown},
		{"of another authority", good.Cert, ofRoot, now, trust.Unknown},
		{"of a look-alike", good.Cert, p.LookAlike().CRL(p.LookAlike().Issuing, signingtest.CRLSpec{}), now, trust.Unknown},
		{"damaged", good.Cert, ofRoot[:len(ofRoot)-3], now, trust.Unknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "list.crl")
			if err := os.WriteFile(path, c.list, 0o600); err != nil {
				t.Fatal(err)
			}
			stored := newStore(t, p, func(o *trust.Options) { o.CRLFiles = []string{path} })
			for name, answer := range map[string]func() (trust.Revocation, error){
				"file": func() (trust.Revocation, error) {
					return stored.Revocation(context.Background(), c.cert, p.Issuing.Cert, c.at, trust.Evidence{})
				},
				"evidence": func() (trust.Revocation, error) {
					return newStore(t, p).Revocation(context.Background(), c.cert, p.Issuing.Cert, c.at, trust.Evidence{CRLs: [][]byte{c.list}})
				},
			} {
				r, err := answer()
				if err != nil || r.Status != c.want {
					t.Fatalf("%s: %v %v, want %s", name, r.Status, err, c.want)
				}
				if r.Embedded != (name == "evidence" && c.want != trust.Unknown) {
					t.Errorf("%s: embedded %v", name, r.Embedded)
				}
				if c.want == trust.Revoked && !r.RevokedAt.Equal(now.AddDate(0, 0, -1)) {
					t.Errorf("revoked at %v", r.RevokedAt)
				}
			}
		})
	}
}

func TestCRLFileIsReadAgain(t *testing.T) {
	p := newPKI(t)
	cert := p.Issue(spec{CN: "a"})
	path := filepath.Join(t.TempDir(), "list.crl")
	s := newStore(t, p, func(o *trust.Options) { o.CRLFiles = []string{path} })
	status := func() trust.Status {
		r, err := s.Revocation(context.Background(), cert.Cert, p.Issuing.Cert, now, trust.Evidence{})
		if err != nil {
			t.Fatal(err)
		}
		return r.Status
	}
	write := func(data []byte, age time.Duration) {
		t.Helper()
		data = append(data, bytes.Repeat([]byte("\n"), 2000-len(data))...)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, now, now.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	if status() != trust.Unknown {
		t.Fatal("no file yet")
	}
	list := func(s signingtest.CRLSpec) []byte {
		return pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: p.CRL(p.Issuing, s)})
	}
	gone := signingtest.CRLSpec{Number: 2, Revoked: map[*x509.Certificate]time.Time{cert.Cert: now}}
	write(list(signingtest.CRLSpec{}), time.Hour)
	if status() != trust.Good {
		t.Fatal("file came")
	}
	write(list(gone), 0)
	if status() != trust.Revoked {
		t.Fatal("file renewed")
	}
	write(list(signingtest.CRLSpec{}), time.Minute)
	if status() != trust.Good {
		t.Fatal("file of the same size, of another time")
	}
	write([]byte("damaged"), time.Hour)
	if status() != trust.Unknown {
		t.Fatal("file damaged")
	}
	write(list(signingtest.CRLSpec{}), time.Hour)
	if status() != trust.Good {
		t.Fatal("file that could not be used, of the same size and time")
	}
	write(append(list(gone), '\n'), time.Hour)
	if status() != trust.Good {
		t.Fatal("file of the same size and time is not read again")
	}
	if err := os.WriteFile(path, list(gone), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, now, now.Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	if status() != trust.Revoked {
		t.Fatal("file of the same time, of another size")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if status() != trust.Unknown {
		t.Fatal("file gone")
	}
}
