package validation

import (
	"context"
	"crypto"
	"crypto/x509"
	"slices"
	"testing"
	"time"

	"congvan/signing"
	"congvan/signing/signingtest"

	"github.com/digitorus/timestamp"
)

// ageless believes every path that ends in the root, whatever the day.
type ageless struct{ pinned }

func (a ageless) Path(ctx context.Context, leaf *x509.Certificate, pool []*x509.Certificate, _ time.Time) ([]*x509.Certificate, error) {
	return a.pinned.Path(ctx, leaf, pool, time.Now())
}

// A key of 2048 bits serves until 2029, and afterwards where a timestamp shows that the
// signature is older.
func TestAlgorithmsEnd(t *testing.T) {
	b := newBench(t)
	long := func(bits int) *signingtest.Identity {
		return b.Issue(signingtest.Spec{CN: "x", Key: b.RSA(bits), NotAfter: time.Now().AddDate(20, 0, 0)})
	}
	short, large, curve := long(2048), long(3072), b.Issue(signingtest.Spec{CN: "y", NotAfter: time.Now().AddDate(20, 0, 0)})
	later := day(2030, 6, 1)
	for name, c := range map[string]struct {
		by       *signingtest.Identity
		stamped  bool
		at       time.Time
		outdated bool
	}{
		"RSA-2048 today":                       {short, false, time.Time{}, false},
		"RSA-2048 on its last day":             {short, false, day(2029, 1, 1).Add(-time.Second), false},
		"RSA-2048 a day later":                 {short, false, day(2029, 1, 1), true},
		"RSA-2048 in 2030, timestamped before": {short, true, later, false},
		"RSA-3072 in 2030":                     {large, false, later, false},
		"P-256 in 2030":                        {curve, false, later, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoc(t, b)
			s := sig{name: "a", by: c.by}
			if c.stamped {
				authority := b.Issue(signingtest.Spec{
					CN: "TSA", Key: b.RSA(3072), NotAfter: time.Now().AddDate(20, 0, 0),
					ExtUsage: []int{1, 3, 6, 1, 5, 5, 7, 3, 8}, ExtCritical: true, Usage: x509.KeyUsageDigitalSignature,
				})
				s.make = d.stamped(c.by, signingtest.TSASpec{Identity: authority, Change: func(*timestamp.Timestamp) {}}, nil)
			}
			d.sign(s)
			v := New(Options{Trust: ageless{pinned{root: b.Root.Cert, known: []*x509.Certificate{b.Issuing.Cert}}}, Clock: time.Now})
			r, err := v.Validate(t.Context(), fileOf(d.Bytes()), c.at)
			if err != nil {
				t.Fatal(err)
			}
			if got := slices.Contains(r.Reasons, ReasonOutdated); got != c.outdated || c.outdated != (r.Verdict == signing.Unknown) {
				t.Errorf("%s %v", r.Verdict, r.Reasons)
			}
		})
	}
	for h, at := range map[crypto.Hash]time.Time{crypto.SHA1: day(2012, 8, 1), crypto.SHA224: day(2029, 1, 1)} {
		if !outdatedHash(h, at) || outdatedHash(h, at.Add(-time.Second)) {
			t.Errorf("%v does not end on %s", h, at)
		}
	}
	if outdatedHash(crypto.SHA256, day(2100, 1, 1)) {
		t.Error("SHA-256 has an end")
	}
}
