package signcli

import (
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"io"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"congvan/signing"
	"congvan/signing/pades"
	"congvan/signing/signingtest"
	"congvan/signing/softkey"
)

// world is a hierarchy whose every certificate says where to ask about it, on loopback.
type world struct {
	*signingtest.PKI
	issuing        *signingtest.Identity
	leader, agency *signingtest.Identity
	tsa            string // address
	hosts          []string
	rootFile       string

	mu      sync.Mutex
	revoked map[string]time.Time // by serial, in OCSP
	silent  bool                 // OCSP says unknown
}

func newWorld(t testing.TB) *world {
	w := &world{PKI: signingtest.NewPKI(t, time.Now, rand.Reader), revoked: map[string]time.Time{}}
	rootCRL := w.ServeBytes("application/pkix-crl", func() []byte { return w.CRL(w.Root, signingtest.CRLSpec{}) })
	rootCert := w.ServeBytes("application/pkix-cert", func() []byte { return w.Root.Cert.Raw })
	w.issuing = w.Issue(signingtest.Spec{
		CN: "CA cấp phát thử nghiệm 2", CA: true, PathLen: -1, Issuer: w.Root, NotAfter: time.Now().AddDate(5, 0, 0),
		CRL: []string{rootCRL.URL}, AIA: []string{rootCert.URL},
	})
	crl := w.ServeBytes("application/pkix-crl", func() []byte { return w.CRL(w.issuing, signingtest.CRLSpec{}) })
	ocsp := w.ServeOCSP(w.issuing, func(serial *big.Int) signingtest.OCSPSpec {
		w.mu.Lock()
		defer w.mu.Unlock()
		return signingtest.OCSPSpec{RevokedAt: w.revoked[serial.String()], Unknown: w.silent}
	})
	person := signingtest.Spec{CN: "Nguyễn Văn Thử", O: "Sở Thử nghiệm", Issuer: w.issuing, OCSP: []string{ocsp.URL}}
	w.leader = w.Issue(person)
	person.CN, person.OrganID = "Sở Thử nghiệm", "H99.14"
	person.Key = w.RSA(2048)
	w.agency = w.Issue(person)
	authority := w.Issue(signingtest.Spec{
		CN: "Dịch vụ dấu thời gian thử nghiệm", Issuer: w.issuing, Key: w.RSA(2048), CRL: []string{crl.URL},
		ExtUsage: asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 8}, ExtCritical: true, Usage: x509.KeyUsageDigitalSignature,
	})
	w.tsa = w.ServeTSA(signingtest.TSASpec{Identity: authority}).URL
	w.hosts = []string{"127.0.0.1"}
	w.rootFile = save(t, "root.pem", signingtest.PEM(w.Root.Cert))
	return w
}

// options sign testdata/cong-van-1.pdf without a look.
func (w *world) options(t testing.TB, by *signingtest.Identity, level Level) SignOptions {
	return SignOptions{
		In: filepath.Join("..", "..", "testdata", "cong-van-1.pdf"), Out: filepath.Join(t.TempDir(), "out.pdf"),
		Request:    signing.Request{Place: signing.Place{Page: 1}},
		Credential: signing.Credential{KeyURI: by.KeyFile(t), Chain: by.Chain},
		Keys:       softkey.Keys{Rand: rand.Reader}, Level: level, TSA: w.tsa,
		Engine: pades.New(pades.Options{}), Clock: time.Now, Rand: rand.Reader, Warn: io.Discard,
	}
}

// verify judges a file with the root, with or without a network.
func (w *world) verify(t testing.TB, path string, hosts ...string) *signing.Report {
	t.Helper()
	v, err := NewVerifier(VerifyOptions{Trust: []string{w.rootFile}, Hosts: hosts, Clock: time.Now, Warn: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	r, err := v.File(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func save(t testing.TB, name string, data []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// run runs a program and fails the test when it does.
func run(t testing.TB, name string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// accepted lets programs of other hands judge a file: its structure, its signatures.
func accepted(t testing.TB, path string, signatures int) {
	t.Helper()
	if out := run(t, "qpdf", "--check", path); strings.Contains(out, "WARNING") {
		t.Errorf("qpdf: %s", out)
	}
	if out := run(t, "pdfsig", "-nocert", path); strings.Count(out, "Signature Validation: Signature is Valid.") != signatures {
		t.Errorf("pdfsig: want %d valid signatures:\n%s", signatures, out)
	}
}

func gone(t testing.TB, path string) {
	t.Helper()
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
	hidden, err2 := filepath.Glob(filepath.Join(filepath.Dir(path), ".*"))
	if err != nil || err2 != nil || len(left)+len(hidden) > 0 {
		t.Errorf("left behind: %q %q", left, hidden)
	}
}
