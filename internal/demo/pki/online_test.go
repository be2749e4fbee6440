package pki

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"golang.org/x/crypto/ocsp"

	"congvan/signing/trust"
	"congvan/signing/tsp"
)

// TestOnline: the authority answers for what it made: a timestamp to be believed, the
// revocation status of a subject over the addresses in its certificate, and a path from a
// leaf alone.
func TestOnline(t *testing.T) {
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(w, r) }))
	defer server.Close()
	o := options(t, t.TempDir())
	o.CADir, o.Address = filepath.Join(o.Dir, "ca"), server.URL
	var err error
	if handler, err = Online(o); err != nil {
		t.Fatal(err)
	}
	p := ensure(t, o)

	client, err := tsp.NewClient(tsp.Options{URL: server.URL + PathTSA, Rand: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte("công văn"))
	token, err := client.Timestamp(t.Context(), sum[:], crypto.SHA256)
	if err != nil || !token.Time.Equal(now) {
		t.Fatalf("timestamp: %v %v", token, err)
	}

	guard, err := trust.NewGuard(trust.GuardOptions{Hosts: []string{"127.0.0.1"}, Clock: o.Clock})
	if err != nil {
		t.Fatal(err)
	}
	believe := func() *trust.Store {
		s, err := trust.New(trust.Options{Anchors: []*x509.Certificate{p.Root}, Fetcher: guard, Clock: o.Clock})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	leaf := p.Persons["lanh-dao"].Chain[0]
	for name, c := range map[string]*x509.Certificate{"leader": leaf, "timestamps": token.Certificate} {
		m, err := believe().Material(t.Context(), c, nil, now)
		if err != nil || len(m.Certificates) != 3 || len(m.OCSP) != 1 || len(m.CRLs) != 1 {
			t.Errorf("%s: %d certificates, %d OCSP, %d lists: %v", name, len(m.Certificates), len(m.OCSP), len(m.CRLs), err)
		}
	}
	if err := p.Revoke(leaf); err != nil {
		t.Fatal(err)
	}
	guard, err = trust.NewGuard(trust.GuardOptions{Hosts: []string{"127.0.0.1"}, Clock: o.Clock})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := believe().Material(t.Context(), leaf, nil, now); !errors.Is(err, trust.ErrRevoked) {
		t.Errorf("revoked: %v", err)
	}

	request, err := ocsp.CreateRequest(leaf, p.Issuing, nil)
	if err != nil {
		t.Fatal(err)
	}
	body := get(t, server.URL+"/ocsp/"+base64.StdEncoding.EncodeToString(request), http.StatusOK)
	if r, err := ocsp.ParseResponseForCert(body, leaf, p.Issuing); err != nil || r.Status != ocsp.Revoked {
		t.Errorf("OCSP by GET: %+v %v", r, err)
	}
	get(t, server.URL+"/ocsp/!", http.StatusBadRequest)
	for _, path := range []string{"/tsa", "/ocsp"} {
		for _, b := range [][]byte{nil, []byte("0"), make([]byte, maxRequest+1)} {
			r, err := http.Post(server.URL+path, "application/octet-stream", bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			_ = r.Body.Close()
			if r.StatusCode != http.StatusBadRequest {
				t.Errorf("%s, %d bytes: %s", path, len(b), r.Status)
			}
		}
	}
}

func get(t *testing.T, url string, status int) []byte {
	t.Helper()
	request, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != status {
		t.Fatalf("%s: %s %v", url, r.Status, err)
	}
	return b
}
