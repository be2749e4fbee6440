package tsp_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"encoding/asn1"
	"errors"
	"math/big"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"congvan/signing/cms"
	"congvan/signing/signingtest"
	"congvan/signing/tsp"

	"github.com/digitorus/timestamp"
)

var stamped = []byte("giá trị chữ ký")

func sum(h crypto.Hash) []byte {
	s := h.New()
	s.Write(stamped)
	return s.Sum(nil)
}

func digest(h crypto.Hash) ([]byte, error) { return sum(h), nil }

func newPKI(t testing.TB) *signingtest.PKI { return signingtest.NewPKI(t, time.Now, rand.Reader) }

func client(t *testing.T, url string) *tsp.Client {
	t.Helper()
	c, err := tsp.NewClient(tsp.Options{URL: url, Rand: rand.Reader, Timeout: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTimestamp(t *testing.T) {
	p := newPKI(t)
	id := p.TSA()
	url := p.ServeTSA(signingtest.TSASpec{Identity: id, Change: func(ts *timestamp.Timestamp) { ts.Accuracy = 1500 * time.Millisecond }}).URL
	for _, hash := range []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512} {
		token, err := client(t, url).Timestamp(context.Background(), sum(hash), hash)
		if err != nil {
			t.Fatal(hash, err)
		}
		if d := time.Since(token.Time); d < 0 || d > time.Minute || !token.Certificate.Equal(id.Cert) || len(token.Certificates) != 2 ||
			token.Accuracy != 1500*time.Millisecond || !token.Policy.Equal(signingtest.Policy) {
			t.Errorf("%+v", token)
		}
		again, err := tsp.Verify(append(bytes.Clone(token.Raw), 0, 0, 0), digest)
		if err != nil || !bytes.Equal(again.Raw, token.Raw) {
			t.Errorf("padded: %v", err)
		}
		if _, err := tsp.Verify(token.Raw, func(h crypto.Hash) ([]byte, error) { return make([]byte, h.Size()), nil }); !errors.Is(err, tsp.ErrImprint) {
			t.Errorf("other bytes: %v", err)
		}
		openssl(t, p, token.Raw, sum(hash), hash)
	}
}

// openssl judges the token independently.
func openssl(t *testing.T, p *signingtest.PKI, token, digest []byte, hash crypto.Hash) {
	t.Helper()
	dir := t.TempDir()
	for name, data := range map[string][]byte{"token": token, "ca": signingtest.PEM(p.Root.Cert), "data": stamped} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("openssl", "ts", "-verify", "-data", "data", "-token_in", "-in", "token", "-CAfile", "ca")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("openssl %v: %v\n%s", hash, err, out)
	}
}

func TestTimestampRefused(t *testing.T) {
	p := newPKI(t)
	release := make(chan struct{})
	asked := false
	never := func(http.ResponseWriter, *http.Request) { asked = true }
	texts := func(text string) []byte {
		return sequence(t, sequence(t, der(t, 2), sequence(t, der(t, text, "utf8"))))
	}
	elsewhere := p.ServeTSA(signingtest.TSASpec{}).URL
	reply := func(code int, body []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code); _, _ = w.Write(body) }
	}
	rejection, err := timestamp.CreateErrorResponse(timestamp.Rejection, timestamp.BadAlgorithm)
	if err != nil {
		t.Fatal(err)
	}
	expired := p.Issue(signingtest.Spec{CN: "TSA cũ", Key: p.RSA(2048), ExtUsage: []int{1, 3, 6, 1, 5, 5, 7, 3, 8}, ExtCritical: true, NotBefore: time.Now().AddDate(-2, 0, 0), NotAfter: time.Now().AddDate(-1, 0, 0)})
	notYet := p.Issue(signingtest.Spec{CN: "TSA mới", Key: p.RSA(2048), ExtUsage: []int{1, 3, 6, 1, 5, 5, 7, 3, 8}, ExtCritical: true, NotBefore: time.Now().AddDate(0, 0, 1)})
	for name, c := range map[string]struct {
		spec signingtest.TSASpec
		want error
	}{
		"nonce":    {signingtest.TSASpec{Change: func(ts *timestamp.Timestamp) { ts.Nonce = big.NewInt(1) }}, tsp.ErrAnswer},
		"no nonce": {signingtest.TSASpec{Change: func(ts *timestamp.Timestamp) { ts.Nonce = nil }}, tsp.ErrAnswer},
		"imprint":  {signingtest.TSASpec{Change: func(ts *timestamp.Timestamp) { ts.HashedMessage = make([]byte, 32) }}, tsp.ErrImprint},
		"hash": {signingtest.TSASpec{Change: func(ts *timestamp.Timestamp) {
			ts.HashAlgorithm, ts.HashedMessage = crypto.SHA512, make([]byte, 64)
		}}, tsp.ErrImprint},
		"no certificate": {signingtest.TSASpec{Change: func(ts *timestamp.Timestamp) { ts.AddTSACertificate = false }}, cms.ErrNoCertificate},
		"usage critical": {signingtest.TSASpec{Identity: p.BadTSA()}, tsp.ErrCertificate},
		"a person":       {signingtest.TSASpec{Identity: p.Person("Nguyễn Văn Thử", "Sở Thử nghiệm")}, tsp.ErrCertificate},
		"expired":        {signingtest.TSASpec{Identity: expired}, tsp.ErrCertificate},
		"not yet valid":  {signingtest.TSASpec{Identity: notYet}, tsp.ErrCertificate},
		"small key":      {signingtest.TSASpec{Identity: p.Issue(signingtest.Spec{CN: "TSA", Key: p.RSA(1024), ExtUsage: []int{1, 3, 6, 1, 5, 5, 7, 3, 8}, ExtCritical: true})}, cms.ErrWeak},
		"rejection":      {signingtest.TSASpec{Answer: reply(200, rejection)}, tsp.ErrRefused},
		"bad gateway":    {signingtest.TSASpec{Answer: reply(502, nil)}, tsp.ErrUnavailable},
		"a web page":     {signingtest.TSASpec{Answer: reply(200, []byte("<html>đăng nhập</html>"))}, tsp.ErrMalformed},
		"refused":        {signingtest.TSASpec{Answer: reply(200, texts("hết hạn mức"))}, tsp.ErrRefused},
		"bytes after it": {signingtest.TSASpec{Answer: reply(200, append(texts("hết hạn mức"), 5, 0))}, tsp.ErrMalformed},
		"too large":      {signingtest.TSASpec{Answer: reply(200, texts(strings.Repeat("x", 256<<10)))}, tsp.ErrMalformed},
		"granted, empty": {signingtest.TSASpec{Answer: reply(200, []byte{0x30, 5, 0x30, 3, 2, 1, 0})}, tsp.ErrMalformed},
		"redirect": {signingtest.TSASpec{Answer: func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere, http.StatusTemporaryRedirect)
		}}, tsp.ErrUnavailable},
		"slow": {signingtest.TSASpec{Answer: func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-release:
			case <-r.Context().Done():
			}
		}}, tsp.ErrUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			timeout := 5 * time.Second
			if name == "slow" {
				timeout = 50 * time.Millisecond
			}
			cl, err := tsp.NewClient(tsp.Options{URL: p.ServeTSA(c.spec).URL, Rand: rand.Reader, Timeout: timeout})
			if err != nil {
				t.Fatal(err)
			}
			_, err = cl.Timestamp(context.Background(), sum(crypto.SHA256), crypto.SHA256)
			if !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if name == "refused" && !strings.Contains(err.Error(), "hết hạn mức") {
				t.Errorf("without the reason: %v", err)
			}
		})
	}
	close(release)
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	good := p.ServeTSA(signingtest.TSASpec{}).URL
	if _, err := client(t, good).Timestamp(ended, sum(crypto.SHA256), crypto.SHA256); !errors.Is(err, context.Canceled) || errors.Is(err, tsp.ErrUnavailable) {
		t.Errorf("ended context: %v", err)
	}
	silent := client(t, p.ServeTSA(signingtest.TSASpec{Answer: never}).URL)
	for hash, digest := range map[crypto.Hash][]byte{crypto.SHA1: sum(crypto.SHA1), crypto.MD5: make([]byte, 16), crypto.SHA256: sum(crypto.SHA256)[1:]} {
		if _, err := silent.Timestamp(context.Background(), digest, hash); err == nil || asked {
			t.Errorf("%v over %d bytes: asked %v, %v", hash, len(digest), asked, err)
		}
	}
}

func TestPolicy(t *testing.T) {
	p := newPKI(t)
	other := asn1.ObjectIdentifier{1, 2, 3, 4}
	for name, c := range map[string]struct {
		change func(ts *timestamp.Timestamp)
		want   error
	}{"kept": {nil, nil}, "ignored": {func(ts *timestamp.Timestamp) { ts.Policy = signingtest.Policy }, tsp.ErrAnswer}} {
		cl, err := tsp.NewClient(tsp.Options{URL: p.ServeTSA(signingtest.TSASpec{Change: c.change}).URL, Rand: rand.Reader, Policy: other})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := cl.Timestamp(context.Background(), sum(crypto.SHA256), crypto.SHA256); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := tsp.NewClient(tsp.Options{URL: "https://tsa.example.vn/"}); err == nil {
		t.Error("no source of nonces")
	}
	if _, err := tsp.NewClient(tsp.Options{URL: "https://tsa.example.vn/", Rand: rand.Reader}); err != nil {
		t.Error(err)
	}
	for _, url := range []string{"", "ftp://a/b", "/local", "http://"} {
		if _, err := tsp.NewClient(tsp.Options{URL: url, Rand: rand.Reader}); err == nil {
			t.Errorf("%q accepted", url)
		}
	}
}

// TestEveryByteCounts: no change inside the signed content goes unnoticed.
func TestEveryByteCounts(t *testing.T) {
	p := newPKI(t)
	token, err := client(t, p.ServeTSA(signingtest.TSASpec{}).URL).Timestamp(context.Background(), sum(crypto.SHA256), crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	sd, err := cms.Parse(token.Raw)
	if err != nil {
		t.Fatal(err)
	}
	start := bytes.Index(token.Raw, sd.EContent)
	for i := start; i < start+len(sd.EContent); i++ {
		forged := bytes.Clone(token.Raw)
		forged[i] ^= 1
		if _, err := tsp.Verify(forged, digest); err == nil {
			t.Fatalf("byte %d does not count", i-start)
		}
	}
}

func FuzzParse(f *testing.F) {
	seed, err := os.ReadFile("testdata/token.der")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Fuzz(func(t *testing.T, der []byte) {
		token, err := tsp.Parse(der)
		if err != nil {
			return
		}
		if token.Time.IsZero() || len(token.Imprint) != token.Hash.Size() {
			t.Fatalf("%+v", token)
		}
		_, _ = tsp.Verify(der, func(h crypto.Hash) ([]byte, error) { return token.Imprint, nil })
	})
}

// A token need not hold its maker's certificate when the request does not ask for it: a
// file may keep it elsewhere.
func TestTokenWithoutItsCertificate(t *testing.T) {
	p := newPKI(t)
	id := p.TSA()
	query, err := timestamp.CreateRequest(bytes.NewReader(stamped), &timestamp.RequestOptions{Nonce: big.NewInt(1)})
	if err != nil {
		t.Fatal(err)
	}
	reply, err := p.Timestamp(query, signingtest.TSASpec{Identity: id, Leaf: true})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := timestamp.ParseResponse(reply)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tsp.Verify(answer.RawToken, digest); !errors.Is(err, cms.ErrNoCertificate) {
		t.Errorf("without it: %v", err)
	}
	if _, err := tsp.Verify(answer.RawToken, digest, p.TSA().Cert); !errors.Is(err, cms.ErrNoCertificate) {
		t.Errorf("with another authority's: %v", err)
	}
	token, err := tsp.Verify(answer.RawToken, digest, p.Root.Cert, id.Cert)
	if err != nil || !token.Certificate.Equal(id.Cert) {
		t.Errorf("with it: %v", err)
	}
}
