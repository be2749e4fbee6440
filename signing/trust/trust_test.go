package trust_test

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

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
	for _, c := range []struct {
		name string
		leaf *signingtest.Identity
		pool []*x509.Certificate
		want error
		also error
		len  int
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
		{name: "issuer is no CA", leaf: p.Issue(spec{CN: "a", Issuer: notCA}), pool: []*x509.Certificate{notCA.Cert}, want: trust.ErrUntrusted, also: trust.ErrUsage},
		{name: "issuer without keyCertSign", leaf: p.Issue(spec{CN: "a", Issuer: noSign}), pool: []*x509.Certificate{noSign.Cert}, want: trust.ErrUntrusted, also: trust.ErrUsage},
		{name: "path length", leaf: p.Issue(spec{CN: "a", Issuer: deepCA}), pool: []*x509.Certificate{deepCA.Cert}, want: trust.ErrUntrusted, also: trust.ErrUsage},
		{name: "name constraint kept", leaf: p.Issue(spec{CN: "a", Issuer: narrowCA, DNS: "so.example.vn"}), pool: []*x509.Certificate{narrowCA.Cert}, len: 3},
		{name: "name constraint broken", leaf: p.Issue(spec{CN: "a", Issuer: narrowCA, DNS: "other.vn"}), pool: []*x509.Certificate{narrowCA.Cert}, want: trust.ErrUntrusted, also: trust.ErrUsage},
		{name: "tsa", leaf: p.TSA(), len: 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			path, err := s.Path(context.Background(), c.leaf.Cert, c.pool, now)
			if !errors.Is(err, c.want) || c.also != nil && !errors.Is(err, c.also) || len(path) != c.len {
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
	crossed := p.Issue(spec{CN: "CA khác", CA: true, Issuer: p.Root})
	server := p.ServeBytes("application/pkix-cert", func() []byte { return crossed.Cert.Raw })
	leaf := p.Issue(spec{CN: "a", Issuer: crossed, AIA: []string{server.URL + "/ca.cer"}})
	host := server.Listener.Addr().String()
	if _, err := newStore(t, p).Path(context.Background(), leaf.Cert, nil, now); !errors.Is(err, trust.ErrUntrusted) {
		t.Fatalf("offline: %v", err)
	}
	for hosts, want := range map[string]error{host: nil, "ca.example.vn": trust.ErrUntrusted} {
		s := newStore(t, p, func(o *trust.Options) { o.Fetcher = guard(t, hosts) })
		if _, err := s.Path(context.Background(), leaf.Cert, nil, now); !errors.Is(err, want) {
			t.Fatalf("%s: %v", hosts, err)
		}
	}
}

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
	write(p.CRL(p.Issuing, signingtest.CRLSpec{}), time.Hour)
	if status() != trust.Good {
		t.Fatal("file came")
	}
	write(p.CRL(p.Issuing, signingtest.CRLSpec{Number: 2, Revoked: map[*x509.Certificate]time.Time{cert.Cert: now}}), 0)
	if status() != trust.Revoked {
		t.Fatal("file renewed")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if status() != trust.Unknown {
		t.Fatal("file gone")
	}
}

func TestOCSP(t *testing.T) {
	p := newPKI(t)
	cert, other := p.Issue(spec{CN: "a"}), p.Issue(spec{CN: "b"})
	look := p.LookAlike()
	expired := p.Issue(spec{CN: "r", ExtUsage: []int{1, 3, 6, 1, 5, 5, 7, 3, 9}, NotBefore: now.AddDate(-2, 0, 0), NotAfter: now.AddDate(-1, 0, 0)})
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
	both := trust.Evidence{
		OCSP: [][]byte{p.OCSP(cert.Cert, p.Issuing, signingtest.OCSPSpec{})},
		CRLs: [][]byte{p.CRL(p.Issuing, signingtest.CRLSpec{Revoked: map[*x509.Certificate]time.Time{cert.Cert: now}})},
	}
	if r, _ := newStore(t, p).Revocation(context.Background(), cert.Cert, p.Issuing.Cert, now, both); r.Status != trust.Revoked {
		t.Error("good outweighed revoked")
	}
}

func TestRevocationOverTheNetwork(t *testing.T) {
	p := newPKI(t)
	var asked atomic.Int32
	var broken atomic.Bool
	responder := p.Responder()
	ocspServer := p.ServeOCSP(p.Issuing, func(*big.Int) signingtest.OCSPSpec {
		asked.Add(1)
		return signingtest.OCSPSpec{Responder: responder, Unknown: broken.Load()}
	})
	crlServer := p.ServeBytes("application/pkix-crl", func() []byte { return p.CRL(p.Issuing, signingtest.CRLSpec{}) })
	cert := p.Issue(spec{CN: "a", OCSP: []string{ocspServer.URL}})
	withCRL := p.Issue(spec{CN: "b", OCSP: []string{ocspServer.URL}, CRL: []string{crlServer.URL + "/a.crl"}})
	s := newStore(t, p, func(o *trust.Options) { o.Fetcher = guard(t, "127.0.0.1") })
	status := func(c *signingtest.Identity, s *trust.Store) trust.Status {
		r, err := s.Revocation(context.Background(), c.Cert, p.Issuing.Cert, now, trust.Evidence{})
		if err != nil {
			t.Fatal(err)
		}
		return r.Status
	}
	for range 3 {
		if got := status(cert, s); got != trust.Good {
			t.Fatal(got)
		}
	}
	if asked.Load() != 1 {
		t.Errorf("asked %d times, the answer was to be kept", asked.Load())
	}
	broken.Store(true)
	if got := status(withCRL, s); got != trust.Good { // OCSP does not know, the list does
		t.Error(got)
	}
	if got := status(cert, newStore(t, p)); got != trust.Unknown {
		t.Error("offline", got)
	}
}

func TestGuard(t *testing.T) {
	p := newPKI(t)
	target := p.ServeBytes("text/plain", func() []byte { return []byte("bí mật nội bộ") })
	u, _ := url.Parse(target.URL)
	redirect := httpServer(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, target.URL, http.StatusFound) })
	large := p.ServeBytes("text/plain", func() []byte { return make([]byte, 2000) })
	release := make(chan struct{})
	slow := httpServer(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-release:
		}
	})
	defer close(release)
	g := guard(t, "127.0.0.1")
	get := func(g *trust.Guard, url string) error {
		_, err := g.Fetch(context.Background(), trust.Request{URL: url, Limit: 1000})
		return err
	}
	if err := get(g, target.URL); err != nil {
		t.Fatal(err)
	}
	if err := get(guard(t, u.Host), target.URL); err != nil {
		t.Fatal("host with port", err)
	}
	for name, url := range map[string]string{"redirect": redirect, "too large": large.URL, "slow": slow} {
		if get(g, url) == nil {
			t.Errorf("%s accepted", name)
		}
	}
	for _, url := range []string{
		"http://localhost:" + u.Port(), "ftp://127.0.0.1/x", "file:///etc/passwd", "http://user@127.0.0.1:" + u.Port(), "//127.0.0.1/x",
		"ldap://127.0.0.1/cn=x", "http://127.0.0.1.evil.vn/", "http://evil.vn#@127.0.0.1/", "",
	} {
		if err := get(g, url); !errors.Is(err, trust.ErrNotAllowed) {
			t.Errorf("%s: %v", url, err)
		}
	}
	if err := get(guard(t, "127.0.0.1:1"), target.URL); !errors.Is(err, trust.ErrNotAllowed) {
		t.Errorf("other port: %v", err)
	}
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
		"usage": {p.WrongUsage("a"), trust.ErrUsage}, "authority": {p.Issuing, trust.ErrUsage}, "small key": {p.Issue(spec{CN: "a", Key: p.RSA(1024)}), trust.ErrUsage},
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
	for name, data := range map[string][]byte{"chain.pem": signingtest.PEM(p.Root.Cert, p.Issuing.Cert), "one.cer": p.TSA().Cert.Raw, "note.txt": []byte("không đọc")} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	certs, err := trust.ReadCertificates(dir)
	if err != nil || len(certs) != 3 {
		t.Fatalf("%d %v", len(certs), err)
	}
	for _, path := range []string{filepath.Join(dir, "note.txt"), filepath.Join(dir, "absent.pem")} {
		if _, err := trust.ReadCertificates(path); err == nil {
			t.Errorf("%s accepted", path)
		}
	}
	if _, err := trust.New(trust.Options{Clock: clock}); err == nil {
		t.Error("a store without anchors")
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
