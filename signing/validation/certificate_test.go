package validation

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/digitorus/timestamp"

	"congvan/signing"
	"congvan/signing/signingtest"
	"congvan/signing/trust"
)

// says is a Trust with one answer.
type says struct {
	path    []*x509.Certificate
	err     error
	answer  trust.Revocation
	refuses error
	asked   *int
	when    *time.Time // that the path was asked for
}

func (s says) Path(_ context.Context, _ *x509.Certificate, _ []*x509.Certificate, at time.Time) ([]*x509.Certificate, error) {
	if s.when != nil {
		*s.when = at
	}
	return s.path, s.err
}

func (s says) Revocation(context.Context, *x509.Certificate, *x509.Certificate, time.Time, trust.Evidence) (trust.Revocation, error) {
	if s.asked != nil {
		*s.asked++
	}
	return s.answer, s.refuses
}

// What each answer of the trust store leaves of a signature.
func TestAnswersOfTrust(t *testing.T) {
	b := newBench(t)
	path := []*x509.Certificate{b.leader.Cert, b.Issuing.Cert, b.Root.Cert}
	now := time.Now()
	revoked := func(at time.Time) trust.Revocation { return trust.Revocation{Status: trust.Revoked, RevokedAt: at} }
	good := trust.Revocation{Status: trust.Good}
	other := errors.New("nobody answers")
	for name, c := range map[string]struct {
		says       says
		verdict    signing.Verdict
		reason     string
		trust      string
		revocation string
		asked      int
	}{
		"a path":                       {says{path: path, answer: good}, signing.Valid, "", "trusted", "good", 2},
		"its own anchor":               {says{path: path[:1]}, signing.Valid, "", "trusted", "good", 0},
		"no path":                      {says{err: trust.ErrUntrusted}, signing.Unknown, ReasonUntrusted, "untrusted", "unchecked", 0},
		"an empty path":                {says{}, signing.Unknown, ReasonTrustUnknown, "unknown", "unchecked", 0},
		"another's path":               {says{path: path[1:]}, signing.Unknown, ReasonTrustUnknown, "unknown", "unchecked", 0},
		"a path and an error":          {says{path: path, err: other}, signing.Unknown, ReasonTrustUnknown, "unknown", "unchecked", 0},
		"a path that has expired":      {says{path: path, err: trust.ErrExpired}, signing.Expired, ReasonExpired, "trusted", "unchecked", 0},
		"a path that is not yet valid": {says{path: path, err: trust.ErrNotYetValid}, signing.Expired, ReasonNotYetValid, "trusted", "unchecked", 0},
		"revoked":                      {says{path: path, answer: revoked(now.Add(-time.Hour))}, signing.Revoked, ReasonRevoked, "trusted", "revoked", 1},
		"revoked later":                {says{path: path, answer: revoked(now.Add(time.Hour))}, signing.Valid, "", "trusted", "good", 2},
		"revoked, and an error":        {says{path: path, answer: revoked(now.Add(-time.Hour)), refuses: other}, signing.Unknown, ReasonRevUnknown, "trusted", "unknown", 2},
		"revoked later, and an error":  {says{path: path, answer: revoked(now.Add(time.Hour)), refuses: other}, signing.Unknown, ReasonRevUnknown, "trusted", "unknown", 2},
		"good, and an error":           {says{path: path, answer: good, refuses: other}, signing.Unknown, ReasonRevUnknown, "trusted", "unknown", 2},
		"no answer":                    {says{path: path}, signing.Unknown, ReasonRevUnknown, "trusted", "unknown", 2},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoc(t, b)
			d.sign(sig{name: "a"})
			asked := 0
			c.says.asked = &asked
			r := validate(t, New(Options{Trust: c.says, Clock: func() time.Time { return now }}), d.Bytes())
			s := r.Signatures[0]
			if r.Verdict != c.verdict || c.reason != "" && !slices.Contains(s.Reasons, c.reason) || s.Trust != c.trust || s.Revocation != c.revocation || asked != c.asked {
				t.Errorf("%s, asked %d times: %+v", r.Verdict, asked, s)
			}
		})
	}
	d := newDoc(t, b)
	d.sign(sig{name: "a"})
	r := validate(t, New(Options{Clock: time.Now}), d.Bytes())
	if s := r.Signatures[0]; r.Verdict != signing.Unknown || !slices.Contains(s.Reasons, ReasonTrustUnknown) || s.Trust != "unknown" {
		t.Errorf("nobody to be asked: %s %+v", r.Verdict, s)
	}
}

// Whose certificate it is does not depend on the day: outside its time it is looked at on
// its nearest day.
func TestDayOfThePath(t *testing.T) {
	b := newBench(t)
	now := time.Now().Truncate(time.Second)
	expired, early := b.Expired("x"), b.NotYetValid("y")
	for name, c := range map[string]struct {
		by   *signingtest.Identity
		want time.Time
	}{
		"in its time":   {b.leader, now},
		"expired":       {expired, expired.Cert.NotAfter},
		"not yet valid": {early, early.Cert.NotBefore},
	} {
		d := newDoc(t, b)
		d.sign(sig{name: "a", by: c.by})
		var when time.Time
		validate(t, New(Options{Trust: says{err: trust.ErrUntrusted, when: &when}, Clock: func() time.Time { return now }}), d.Bytes())
		if !when.Equal(c.want) {
			t.Errorf("%s: %s, want %s", name, when, c.want)
		}
	}
}

func TestWhoMaySign(t *testing.T) {
	said := []pkix.Extension{{Id: oidKeyUsage}}
	for want, list := range map[string][]*x509.Certificate{
		"": {
			{KeyUsage: x509.KeyUsageDigitalSignature, Extensions: said},
			{KeyUsage: x509.KeyUsageContentCommitment, Extensions: said},
			{KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment, Extensions: said},
		},
		ReasonKeyUsage: {
			{KeyUsage: x509.KeyUsageKeyEncipherment, Extensions: said},
			{KeyUsage: x509.KeyUsageCertSign, Extensions: said, IsCA: true},
			{KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, Extensions: said, IsCA: true},
			{IsCA: true},
		},
		ReasonKeyUsageUnsaid: {{}, {Extensions: []pkix.Extension{{Id: oidOrganizationIdentifier}}}},
	} {
		for _, c := range list {
			if got := signs(c); got != want {
				t.Errorf("usage %b, authority %v: %q, want %q", c.KeyUsage, c.IsCA, got, want)
			}
		}
	}
}

// What decided is kept as evidence, each piece once.
func TestEvidenceIsKeptOnce(t *testing.T) {
	b := newBench(t)
	d := newDoc(t, b)
	d.sign(sig{name: "a"})
	d.sign(sig{name: "b"})
	path := []*x509.Certificate{b.leader.Cert, b.Issuing.Cert, b.Root.Cert}
	for name, c := range map[string]struct {
		answer     trust.Revocation
		ocsp, crls int
	}{
		"a response": {trust.Revocation{Status: trust.Good, OCSP: true, Evidence: []byte("o")}, 1, 0},
		"a list":     {trust.Revocation{Status: trust.Good, Evidence: []byte("c")}, 0, 1},
		"nothing":    {trust.Revocation{Status: trust.Good}, 0, 0},
	} {
		e := validate(t, New(Options{Trust: says{path: path, answer: c.answer}, Clock: time.Now}), d.Bytes()).Evidence
		if len(e.OCSP) != c.ocsp || len(e.CRLs) != c.crls || len(e.Anchors) != 1 || len(e.Certificates) != 2 {
			t.Errorf("%s: %d responses, %d lists, %d anchors, %d certificates", name, len(e.OCSP), len(e.CRLs), len(e.Anchors), len(e.Certificates))
		}
	}
}

// A document timestamp proves what lies before it only while it holds itself.
func TestTimeThatATimestampProves(t *testing.T) {
	b := newBench(t)
	d := newDoc(t, b)
	d.sign(sig{name: "a"})
	d.documentTimestamp("t", signingtest.TSASpec{})
	for name, c := range map[string]struct {
		change func(d *doc)
		source string
	}{
		"as it was":       {func(*doc) {}, "timestamp"},
		"changed after":   {func(d *doc) { d.Stream(4, "", forged); d.end() }, "claimed"},
		"its value bent":  {flipSignature, "claimed"},
		"a second one":    {func(d *doc) { d.documentTimestamp("u", signingtest.TSASpec{}) }, "timestamp"},
		"a fill after it": {fillSo, "timestamp"},
	} {
		t.Run(name, func(t *testing.T) {
			e := *d
			e.replace(d.Bytes())
			c.change(&e)
			r := validate(t, b.validator(), e.Bytes())
			if s := r.Signatures[0]; s.TimeSource != c.source {
				t.Errorf("%s %v: %+v", r.Verdict, r.Reasons, s)
			}
		})
	}
}

// One that is ahead of the clock does not make the certificate older.
func TestTimestampAheadOfTheClock(t *testing.T) {
	b := newBench(t)
	now := time.Now()
	d := newDoc(t, b)
	d.sign(sig{name: "a", by: b.Issue(signingtest.Spec{CN: "x", NotAfter: now.Add(2 * time.Minute)})})
	d.documentTimestamp("t", signingtest.TSASpec{Change: func(ts *timestamp.Timestamp) { ts.Time = now.Add(4 * time.Minute).UTC() }})
	r := validate(t, b.validator(), d.Bytes())
	if s := r.Signatures[0]; r.Verdict != signing.Valid || s.TimeSource != "claimed" {
		t.Errorf("%s %v: %+v", r.Verdict, r.Reasons, s)
	}
}
