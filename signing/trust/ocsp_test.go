package trust_test

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"sync/atomic"
	"testing"
	"time"

	"congvan/signing/signingtest"
	"congvan/signing/trust"
)

func TestOCSP(t *testing.T) {
	p := newPKI(t)
	cert, other := p.Issue(spec{CN: "a"}), p.Issue(spec{CN: "b"})
	look := p.LookAlike()
	responder := func(s spec) *signingtest.Identity {
		s.CN, s.ExtUsage = "r", []int{1, 3, 6, 1, 5, 5, 7, 3, 9}
		return p.Issue(s)
	}
	expired := responder(spec{NotBefore: now.AddDate(-2, 0, 0), NotAfter: now.AddDate(-1, 0, 0)})
	tomorrow := responder(spec{NotBefore: now.AddDate(0, 0, 1)})
	twin := p.Issue(spec{CN: "CA khác, cùng khóa", CA: true, Key: p.Issuing.Key, Issuer: p.Root})
	large := []pkix.Extension{{Id: []int{1, 2, 3}, Value: make([]byte, 1<<20)}}
	for _, c := range []struct {
		name   string
		answer []byte
		want   trust.Status
	}{
		{"good", p.OCSP(cert.Cert, p.Issuing, signingtest.OCSPSpec{}), trust.Good},
		{"good by a responder", p.OCSP(cert.Cert, p.Issuing, signingtest.OCSPSpec{Responder: p.Responder()}), trust.Good},
		{"good, issuer's certificate inside", p.OCSP(cert.Cert, p.Issuing, signingtest.OCSPSpec{Responder: p.Issuing}), trust.Good},
		{"revoked", p.OCSP(cert.Cert, p.Issuing, signingtest.OCSPSpec{RevokedAt: now.AddDate(0, 0, -1)}), trust.Revoked},
		{"unknown", p.OCSP(cert.Cert, p.Issuing, signingtest.OCSPSpec{Unknown: true}), trust.Unknown},
		{"stale", p.OCSP(cert.Cert, p.Issuing, signingtest.OCSPSpec{ThisUpdate: now.AddDate(0, 0, -3)}), trust.Unknown},
		{"about another", p.OCSP(other.Cert, p.Issuing, signingtest.OCSPSpec{}), trust.Unknown},
		{"by a person of the same authority", p.OCSP(cert.Cert, p.Issuing, signingtest.OCSPSpec{Responder: other}), trust.Unknown},
		{"by an expired responder", p.OCSP(cert.Cert, p.Issuing, signingtest.OCSPSpec{Responder: expired}), trust.Unknown},
		{"by a responder of a look-alike", p.OCSP(cert.Cert, p.Issuing, signingtest.OCSPSpec{Responder: look.Responder()}), trust.Unknown},
		{"by a look-alike", look.OCSP(cert.Cert, look.Issuing, signingtest.OCSPSpec{}), trust.Unknown},
		{"by a responder not yet valid", p.OCSP(cert.Cert, p.Issuing, signingtest.OCSPSpec{Responder: tomorrow}), trust.Unknown},
		{"by a responder of another name's authority", p.OCSP(cert.Cert, p.Issuing, signingtest.OCSPSpec{Responder: responder(spec{Issuer: twin})}), trust.Unknown},
		{"named by its key", p.OCSP(cert.Cert, p.Issuing, signingtest.OCSPSpec{ByKey: true}), trust.Good},
		{"a responder named by its key", p.OCSP(cert.Cert, p.Issuing, signingtest.OCSPSpec{ByKey: true, Responder: p.Responder()}), trust.Good},
		{"a look-alike named by its key", look.OCSP(cert.Cert, look.Issuing, signingtest.OCSPSpec{ByKey: true}), trust.Unknown},
		{"too large", p.OCSP(cert.Cert, p.Issuing, signingtest.OCSPSpec{Extensions: large}), trust.Unknown},
		{"damaged", []byte{0x30, 0x03, 0x0a, 0x01, 0x00}, trust.Unknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, err := newStore(t, p).Revocation(context.Background(), cert.Cert, p.Issuing.Cert, now, trust.Evidence{OCSP: [][]byte{c.answer}})
			if err != nil || r.Status != c.want {
				t.Fatalf("%v %v, want %s", r.Status, err, c.want)
			}
			if c.want != trust.Unknown && (!r.OCSP || !r.Embedded || r.Evidence == nil) {
				t.Errorf("%+v", r)
			}
		})
	}
}

// TestRevokedOutweighsGood: whatever the order of the answers, and the earliest counts.
func TestRevokedOutweighsGood(t *testing.T) {
	p := newPKI(t)
	cert := p.Issue(spec{CN: "a"}).Cert
	first, second := now.AddDate(0, 0, -2), now.AddDate(0, 0, -1)
	response := func(at time.Time) []byte { return p.OCSP(cert, p.Issuing, signingtest.OCSPSpec{RevokedAt: at}) }
	list := func(at time.Time) []byte {
		return p.CRL(p.Issuing, signingtest.CRLSpec{Revoked: map[*x509.Certificate]time.Time{cert: at}})
	}
	goodResponse, goodList := response(time.Time{}), p.CRL(p.Issuing, signingtest.CRLSpec{})
	for name, c := range map[string]struct { // responses are read before lists
		response, list []byte
		at             time.Time
	}{
		"good, revoked":  {goodResponse, list(first), first},
		"revoked, good":  {response(first), goodList, first},
		"earlier, later": {response(first), list(second), first},
		"later, earlier": {response(second), list(first), first},
	} {
		ev := trust.Evidence{OCSP: [][]byte{c.response}, CRLs: [][]byte{c.list}}
		if r, err := newStore(t, p).Revocation(context.Background(), cert, p.Issuing.Cert, now, ev); err != nil || r.Status != trust.Revoked || !r.RevokedAt.Equal(c.at) {
			t.Errorf("%s: %v %v %v", name, r.Status, r.RevokedAt, err)
		}
	}
}

// TestRevocationOverTheNetwork: OCSP first, then the lists, and nothing more once it is known.
func TestRevocationOverTheNetwork(t *testing.T) {
	p := newPKI(t)
	var responses, lists, stale atomic.Int32
	var broken atomic.Bool
	responder := p.Responder()
	ocspServer := p.ServeOCSP(p.Issuing, func(*big.Int) signingtest.OCSPSpec {
		responses.Add(1)
		return signingtest.OCSPSpec{Responder: responder, Unknown: broken.Load()}
	})
	serveList := func(n *atomic.Int32, s signingtest.CRLSpec) string {
		return p.ServeBytes("application/pkix-crl", func() []byte { n.Add(1); return p.CRL(p.Issuing, s) }).URL
	}
	old := serveList(&stale, signingtest.CRLSpec{ThisUpdate: now.AddDate(0, 0, -20), NextUpdate: now.AddDate(0, 0, -10)})
	cert := p.Issue(spec{CN: "a", OCSP: []string{ocspServer.URL}})
	withCRL := p.Issue(spec{CN: "b", OCSP: []string{ocspServer.URL}, CRL: []string{old, serveList(&lists, signingtest.CRLSpec{}), old + "/2"}})
	online := newStore(t, p, func(o *trust.Options) { o.Fetcher = guard(t, "127.0.0.1") })
	embedded := trust.Evidence{CRLs: [][]byte{p.CRL(p.Issuing, signingtest.CRLSpec{})}}
	for _, c := range []struct {
		name                    string
		cert                    *signingtest.Identity
		store                   *trust.Store
		ev                      trust.Evidence
		broken                  bool
		want                    trust.Status
		responses, lists, stale int32
	}{
		{name: "offline", cert: cert, store: newStore(t, p), want: trust.Unknown},
		{name: "known already", cert: cert, store: online, ev: embedded, want: trust.Good},
		{name: "asked", cert: cert, store: online, want: trust.Good, responses: 1},
		{name: "the answer is kept", cert: cert, store: online, want: trust.Good},
		{name: "OCSP does not know, the second list does", cert: withCRL, store: online, broken: true, want: trust.Good, responses: 1, lists: 1, stale: 1},
		{
			name: "OCSP knows", cert: withCRL, want: trust.Good, responses: 1,
			store: newStore(t, p, func(o *trust.Options) { o.Fetcher = guard(t, "127.0.0.1") }),
		},
	} {
		for _, n := range []*atomic.Int32{&responses, &lists, &stale} {
			n.Store(0)
		}
		broken.Store(c.broken)
		r, err := c.store.Revocation(context.Background(), c.cert.Cert, p.Issuing.Cert, now, c.ev)
		if err != nil || r.Status != c.want {
			t.Errorf("%s: %v %v", c.name, r.Status, err)
		}
		if responses.Load() != c.responses || lists.Load() != c.lists || stale.Load() != c.stale {
			t.Errorf("%s: asked %d responses, %d lists, %d old ones", c.name, responses.Load(), lists.Load(), stale.Load())
		}
	}
}
