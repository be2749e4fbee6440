package signingtest_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"io"
	"math/big"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"congvan/signing/cms"
	"congvan/signing/signingtest"

	"github.com/digitorus/timestamp"
	"golang.org/x/crypto/ocsp"
)

func newPKI(t *testing.T) *signingtest.PKI { return signingtest.NewPKI(t, time.Now, rand.Reader) }

func TestChains(t *testing.T) {
	p := newPKI(t)
	roots, pool := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(p.Root.Cert)
	pool.AddCert(p.Issuing.Cert)
	verify := func(id *signingtest.Identity) error {
		_, err := id.Cert.Verify(x509.VerifyOptions{Roots: roots, Intermediates: pool, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
		return err
	}
	agency := p.Agency("Sở Thử nghiệm", "H99.14")
	for name, id := range map[string]*signingtest.Identity{"person": p.Person("Nguyễn Văn Thử", "Sở Thử nghiệm"), "agency": agency, "tsa": p.TSA()} {
		if err := verify(id); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if len(id.Chain) != 2 {
			t.Errorf("%s: chain of %d", name, len(id.Chain))
		}
	}
	for name, id := range map[string]*signingtest.Identity{
		"expired": p.Expired("x"), "not yet": p.NotYetValid("x"),
		"self-signed": p.SelfSigned("x"), "look-alike": p.LookAlike().Person("x", "y"),
	} {
		if verify(id) == nil {
			t.Errorf("%s verifies", name)
		}
	}
	var organID string
	for _, n := range agency.Cert.Subject.Names {
		if n.Type.Equal(signingtest.OIDOrganizationIdentifier) {
			organID, _ = n.Value.(string)
		}
	}
	if organID != "H99.14" {
		t.Errorf("organizationIdentifier %q", organID)
	}
}

func TestCRL(t *testing.T) {
	p := newPKI(t)
	who := p.Expired("x")
	list, err := x509.ParseRevocationList(p.CRL(p.Issuing, signingtest.CRLSpec{Revoked: map[*x509.Certificate]time.Time{who.Cert: time.Now()}}))
	if err != nil || len(list.RevokedCertificateEntries) != 1 {
		t.Fatal(err)
	}
	if err := list.CheckSignatureFrom(p.Issuing.Cert); err != nil {
		t.Fatal(err)
	}
	forged, err := x509.ParseRevocationList(p.CRL(p.Issuing, signingtest.CRLSpec{Signer: p.P256()}))
	if err != nil {
		t.Fatal(err)
	}
	if forged.CheckSignatureFrom(p.Issuing.Cert) == nil {
		t.Fatal("forged list verifies")
	}
}

func TestOCSPServer(t *testing.T) {
	p := newPKI(t)
	good, bad := p.Issue(signingtest.Spec{CN: "a"}), p.Issue(signingtest.Spec{CN: "b"})
	server := p.ServeOCSP(p.Issuing, func(serial *big.Int) signingtest.OCSPSpec {
		if serial.Cmp(bad.Cert.SerialNumber) == 0 {
			return signingtest.OCSPSpec{RevokedAt: time.Now(), Responder: p.Responder()}
		}
		return signingtest.OCSPSpec{}
	})
	for cert, want := range map[*x509.Certificate]int{good.Cert: ocsp.Good, bad.Cert: ocsp.Revoked} {
		request, err := ocsp.CreateRequest(cert, p.Issuing.Cert, nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := http.Post(server.URL, "application/ocsp-request", bytes.NewReader(request))
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(response.Body)
		response.Body.Close()
		answer, err := ocsp.ParseResponseForCert(body, cert, p.Issuing.Cert)
		if err != nil || answer.Status != want {
			t.Fatalf("status %v: %v", answer, err)
		}
	}
}

func TestTSAServer(t *testing.T) {
	p := newPKI(t)
	server := p.ServeTSA(signingtest.TSASpec{})
	data := []byte("giá trị chữ ký")
	query, err := timestamp.CreateRequest(bytes.NewReader(data), &timestamp.RequestOptions{Certificates: true, Nonce: big.NewInt(7)})
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.Post(server.URL, "application/timestamp-query", bytes.NewReader(query))
	if err != nil {
		t.Fatal(err)
	}
	reply, _ := io.ReadAll(response.Body)
	response.Body.Close()
	ts, err := timestamp.ParseResponse(reply)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(data)
	if !bytes.Equal(ts.HashedMessage, sum[:]) {
		t.Fatal("imprint")
	}
	sd, err := cms.Parse(ts.RawToken)
	if err != nil {
		t.Fatal(err)
	}
	content := func() ([]byte, error) { s := sha256.Sum256(sd.EContent); return s[:], nil }
	if err := sd.Verify(func(h crypto.Hash) ([]byte, error) { return content() }); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, b := range map[string][]byte{"q": query, "r": reply, "ca": signingtest.PEM(p.Root.Cert)} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("openssl", "ts", "-verify", "-queryfile", "q", "-in", "r", "-CAfile", "ca")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("openssl ts: %v\n%s", err, out)
	}
}
