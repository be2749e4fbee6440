package trust_test

import (
	"context"
	"crypto/x509"
	"errors"
	"net/http"
	"slices"
	"testing"

	"congvan/signing/signingtest"
	"congvan/signing/trust"
)

func TestPath(t *testing.T) {
	p := newPKI(t)
	s := newStore(t, p)
	look := p.LookAlike()
	deepCA := p.Issue(spec{CN: "CA dưới CA cấp phát", CA: true}) // the issuing CA has path length 0
	notCA := p.Issue(spec{CN: "Không phải CA"})
	noSign := p.Issue(spec{CN: "CA không được cấp", CA: true, Usage: x509.KeyUsageCRLSign, Issuer: p.Root})
	oldCA := p.Issue(spec{CN: "CA hết hạn", CA: true, Issuer: p.Root, NotBefore: now.AddDate(-3, 0, 0), NotAfter: now.AddDate(0, -1, 0)})
	narrowCA := p.Issue(spec{CN: "CA hạn chế", CA: true, Issuer: p.Root, DNSConstraint: "example.vn"})
	crossed := p.Issue(spec{CN: "CA khác", CA: true, Issuer: p.Root})
	largeCA := p.Issue(spec{CN: "CA khóa RSA", CA: true, Issuer: p.Root, Key: p.RSA(2048)})
	smallCA := p.Issue(spec{CN: "CA khóa ngắn", CA: true, Issuer: p.Root, Key: p.RSA(1024)})
	// authorities of one name and key: a leaf of one is a leaf of all
	twin := func(s spec) *x509.Certificate {
		s.CN, s.CA, s.Key = "CA khác", true, crossed.Key
		return p.Issue(s).Cert
	}
	deadEnd := twin(spec{Issuer: p.Issue(spec{CN: "CA gốc lạ", CA: true, SelfSigned: true})})
	mute := twin(spec{Issuer: p.Root, Usage: x509.KeyUsageCRLSign})
	ended := twin(spec{Issuer: p.Root, NotBefore: now.AddDate(-3, 0, 0), NotAfter: now.AddDate(0, -1, 0)})
	later := twin(spec{Issuer: p.Root, NotBefore: now.AddDate(0, 1, 0)})
	ofTwins := p.Issue(spec{CN: "a", Issuer: crossed})
	// issuers as a forger or a careless authority fills them in
	claimed, nameless := *notCA.Cert, *crossed.Cert
	claimed.PublicKey, nameless.SubjectKeyId = nil, nil
	deep := []*signingtest.Identity{p.Root}
	var deepPool []*x509.Certificate
	for len(deep) < 8 {
		deep = append(deep, p.Issue(spec{CN: "CA sâu", CA: true, Issuer: deep[len(deep)-1]}))
		deepPool = append(deepPool, deep[len(deep)-1].Cert)
	}
	for _, c := range []struct {
		name  string
		leaf  *signingtest.Identity
		pool  []*x509.Certificate
		want  error
		usage bool
		len   int
	}{
		{name: "leaf only", leaf: p.Issue(spec{CN: "a"}), len: 3},
		{name: "direct", leaf: p.Issue(spec{CN: "a", Issuer: p.Root}), len: 2},
		{name: "anchor itself", leaf: p.Root, len: 1},
		{name: "from the pool", leaf: p.Issue(spec{CN: "a", Issuer: crossed}), pool: []*x509.Certificate{nil, look.Root.Cert, crossed.Cert}, len: 3},
		{name: "issuer missing", leaf: p.Issue(spec{CN: "a", Issuer: crossed}), want: trust.ErrUntrusted},
		{name: "self-signed", leaf: p.SelfSigned("a"), want: trust.ErrUntrusted},
		{name: "same names, other keys", leaf: look.Issue(spec{CN: "a"}), pool: []*x509.Certificate{look.Issuing.Cert, look.Root.Cert}, want: trust.ErrUntrusted},
		{name: "expired", leaf: p.Expired("a"), want: trust.ErrExpired, len: 3},
		{name: "not yet valid", leaf: p.NotYetValid("a"), want: trust.ErrNotYetValid, len: 3},
		{name: "issuer expired", leaf: p.Issue(spec{CN: "a", Issuer: oldCA}), pool: []*x509.Certificate{oldCA.Cert}, want: trust.ErrExpired, len: 3},
		{name: "issuer is no CA", leaf: p.Issue(spec{CN: "a", Issuer: notCA}), pool: []*x509.Certificate{notCA.Cert}, want: trust.ErrUntrusted, usage: true},
		{name: "issuer without keyCertSign", leaf: p.Issue(spec{CN: "a", Issuer: noSign}), pool: []*x509.Certificate{noSign.Cert}, want: trust.ErrUntrusted, usage: true},
		{name: "path length", leaf: p.Issue(spec{CN: "a", Issuer: deepCA}), pool: []*x509.Certificate{deepCA.Cert}, want: trust.ErrUntrusted, usage: true},
		{name: "name constraint kept", leaf: p.Issue(spec{CN: "a", Issuer: narrowCA, DNS: "so.example.vn"}), pool: []*x509.Certificate{narrowCA.Cert}, len: 3},
		{name: "name constraint broken", leaf: p.Issue(spec{CN: "a", Issuer: narrowCA, DNS: "other.vn"}), pool: []*x509.Certificate{narrowCA.Cert}, want: trust.ErrUntrusted, usage: true},
		{name: "issuer with an RSA key", leaf: p.Issue(spec{CN: "a", Issuer: largeCA}), pool: []*x509.Certificate{largeCA.Cert}, len: 3},
		{name: "issuer with a small key", leaf: p.Issue(spec{CN: "a", Issuer: smallCA}), pool: []*x509.Certificate{smallCA.Cert}, want: trust.ErrUntrusted},
		{name: "no issuer's key named", leaf: p.Issue(spec{CN: "a", Issuer: &signingtest.Identity{Key: crossed.Key, Cert: &nameless}}), pool: []*x509.Certificate{crossed.Cert}, len: 3},
		{name: "no CA, and not its signature", leaf: p.Issue(spec{CN: "a", Issuer: &signingtest.Identity{Key: p.P256(), Cert: &claimed}}), pool: []*x509.Certificate{notCA.Cert}, want: trust.ErrUntrusted},
		{name: "as deep as allowed", leaf: p.Issue(spec{CN: "a", Issuer: deep[6]}), pool: deepPool, len: 8},
		{name: "too deep", leaf: p.Issue(spec{CN: "a", Issuer: deep[7]}), pool: deepPool, want: trust.ErrUntrusted},
		{name: "many copies of a dead end", leaf: ofTwins, pool: append(slices.Repeat([]*x509.Certificate{deadEnd}, 70), crossed.Cert), len: 3},
		{name: "the wrong time tells more than the wrong use", leaf: ofTwins, pool: []*x509.Certificate{mute, ended}, want: trust.ErrExpired, len: 3},
		{name: "and is not forgotten for it", leaf: ofTwins, pool: []*x509.Certificate{ended, mute}, want: trust.ErrExpired, len: 3},
		{name: "nor for another wrong time", leaf: ofTwins, pool: []*x509.Certificate{ended, later}, want: trust.ErrExpired, len: 3},
		{name: "a good one after a bad", leaf: ofTwins, pool: []*x509.Certificate{ended, mute, crossed.Cert}, len: 3},
		{name: "tsa", leaf: p.TSA(), len: 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			path, err := s.Path(context.Background(), c.leaf.Cert, c.pool, now)
			if !errors.Is(err, c.want) || errors.Is(err, trust.ErrUsage) != c.usage || len(path) != c.len {
				t.Fatalf("path of %d, %v; want %d, %v", len(path), err, c.len, c.want)
			}
			if c.want == nil && (!path[0].Equal(c.leaf.Cert) || !path[len(path)-1].Equal(p.Root.Cert)) {
				t.Fatal("path does not run from leaf to anchor")
			}
		})
	}
}

// TestPathIsBounded: thousands of certificates that all look like the issuer.
func TestPathIsBounded(t *testing.T) {
	p := newPKI(t)
	key := p.P256()
	pool := make([]*x509.Certificate, 0, 1000)
	for range 150 { // same name and key: each could be the issuer of all the others
		pool = append(pool, p.Issue(spec{CN: "vòng", CA: true, Key: key, SelfSigned: true}).Cert)
	}
	for len(pool) < cap(pool) {
		pool = append(pool, pool[0])
	}
	leaf := p.Issue(spec{CN: "a", Issuer: &signingtest.Identity{Key: key, Cert: pool[0]}})
	if _, err := newStore(t, p).Path(context.Background(), leaf.Cert, pool, now); !errors.Is(err, trust.ErrUntrusted) {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := newStore(t, p).Path(ended, leaf.Cert, pool, now); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

func TestPathFetchesIssuer(t *testing.T) {
	p := newPKI(t)
	asked := 0
	chain := []*signingtest.Identity{p.Root} // each names the address of the one above
	server := httpServer(t, func(w http.ResponseWriter, r *http.Request) {
		for _, id := range chain {
			if r.URL.Path == "/"+id.Cert.SerialNumber.String() {
				_, _ = w.Write(id.Cert.Raw)
				return
			}
		}
		http.NotFound(w, r)
	})
	for range 4 {
		up := chain[len(chain)-1]
		chain = append(chain, p.Issue(spec{CN: "CA khác", CA: true, Issuer: up, AIA: []string{server + "/absent", server + "/" + up.Cert.SerialNumber.String()}}))
	}
	below := func(i int, address string) *x509.Certificate {
		return p.Issue(spec{CN: "a", Issuer: chain[i], AIA: []string{server + "/" + address}}).Cert
	}
	serial := func(i int) string { return chain[i].Cert.SerialNumber.String() }
	online := func(o *trust.Options) { o.Fetcher = counted{guard(t, "127.0.0.1"), &asked} }
	for _, c := range []struct {
		name    string
		leaf    *x509.Certificate
		pool    []*x509.Certificate
		fetcher func(*trust.Options)
		want    error
	}{
		{"offline", below(1, serial(1)), nil, func(*trust.Options) {}, trust.ErrUntrusted},
		{"host not on the list", below(1, serial(1)), nil, func(o *trust.Options) { o.Fetcher = guard(t, "ca.example.vn") }, trust.ErrUntrusted},
		{"one", below(1, serial(1)), nil, online, nil},
		{"three", below(3, serial(3)), nil, online, nil},
		{"four", below(4, serial(4)), nil, online, trust.ErrUntrusted},
		{"above a known one", below(2, "absent"), []*x509.Certificate{chain[2].Cert}, online, nil},
		{"none there", p.Issue(spec{CN: "a", Issuer: chain[1], AIA: []string{server + "/absent", server + "/gone"}}).Cert, nil, online, trust.ErrUntrusted},
		{"nothing to fetch", p.Expired("a").Cert, nil, online, trust.ErrExpired},
	} {
		asked = 0
		path, err := newStore(t, p, c.fetcher).Path(context.Background(), c.leaf, c.pool, now)
		if !errors.Is(err, c.want) || err == nil && len(path) == 0 {
			t.Errorf("%s: path of %d, %v; want %v", c.name, len(path), err, c.want)
		}
		if c.name == "none there" && asked != 2 {
			t.Errorf("%s: asked %d times", c.name, asked)
		}
	}
}

// counted counts what is fetched.
type counted struct {
	trust.Fetcher
	n *int
}

func (c counted) Fetch(ctx context.Context, r trust.Request) ([]byte, error) {
	*c.n++
	return c.Fetcher.Fetch(ctx, r)
}
