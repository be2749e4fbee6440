package signcli

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/digitorus/timestamp"

	"congvan/signing"
	"congvan/signing/pades"
	"congvan/signing/pdf"
	"congvan/signing/signingtest"
	"congvan/signing/tsp"
)

var timeStamping = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 8}

// authority is a timestamp service whose certificate ends at a time.
func (w *world) authority(cn string, end time.Time) (*signingtest.Identity, string) {
	crl := w.ServeBytes("application/pkix-crl", func() []byte { return w.CRL(w.CA, signingtest.CRLSpec{}) })
	id := w.Issue(signingtest.Spec{
		CN: cn, Issuer: w.CA, Key: w.PKI.RSA(2048), CRL: []string{crl.URL}, NotAfter: end,
		ExtUsage: timeStamping, ExtCritical: true, Usage: x509.KeyUsageDigitalSignature,
	})
	return id, w.ServeTSA(signingtest.TSASpec{Identity: id}).URL
}

// renew stores what the newest document timestamp needs and puts another one on top.
func (w *world) renew(t *testing.T, data []byte, field, next, address string, of *x509.Certificate) []byte {
	t.Helper()
	e := pades.New(pades.Options{})
	store, err := openTrust([]string{w.RootFile}, []*x509.Certificate{w.CA.Cert}, hostsOf([]*x509.Certificate{of, w.CA.Cert}), time.Now, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	m, err := store.Material(t.Context(), of, []*x509.Certificate{w.CA.Cert}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	tail, err := e.LongTerm(t.Context(), signing.File{R: bytes.NewReader(data), Size: int64(len(data))}, field, m)
	if err != nil {
		t.Fatal(err)
	}
	data = append(bytes.Clone(data), tail...)
	p, err := e.PrepareTimestamp(t.Context(), signing.File{R: bytes.NewReader(data), Size: int64(len(data))}, next, 0)
	if err != nil {
		t.Fatal(err)
	}
	client, err := tsp.NewClient(tsp.Options{URL: address, Timeout: slow, Rand: rand.Reader})
	if err != nil {
		t.Fatal(err)
	}
	token, err := client.Timestamp(t.Context(), p.Digest, crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	if tail, err = p.Complete(token.Raw); err != nil {
		t.Fatal(err)
	}
	return append(data, tail...)
}

// An archive outlives its timestamp services: renewed before each ends, twice, it is
// VALID offline when the signer's certificate and all services but the newest have ended, and what the store holds is not
// doubled. Not renewed it is not.
func TestArchiveIsRenewedTwice(t *testing.T) {
	w := newWorld(t)
	now := time.Now()
	ends := []time.Time{now.Add(time.Hour), now.Add(3 * time.Hour), now.AddDate(4, 0, 0)}
	var services []*signingtest.Identity
	var addresses []string
	for i, end := range ends {
		id, address := w.authority("TSA "+string(rune('A'+i)), end)
		services, addresses = append(services, id), append(addresses, address)
	}
	signer := w.Online.Signer(signingtest.Spec{CN: "Nguyễn Văn Thử", NotAfter: now.Add(time.Hour)})
	o := w.options(t, signer, LevelLTA)
	o.TSA, o.Request.Certify = addresses[0], 1 // certified against every change but this
	if _, err := Sign(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	verdict := func(data []byte, at time.Time) *signing.Report {
		v, err := NewVerifier(VerifyOptions{Trust: []string{w.RootFile}, At: at, Clock: time.Now, Warn: io.Discard})
		if err != nil {
			t.Fatal(err)
		}
		r, err := v.File(t.Context(), save(t, "a.pdf", data))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	files := [][]byte{read(t, o.Out)}
	files = append(files, w.renew(t, files[0], "cv-timestamp", "t2", addresses[1], services[0].Cert))
	files = append(files, w.renew(t, files[1], "t2", "t3", addresses[2], services[1].Cert))
	for i, data := range files {
		accepted(t, save(t, "renewed.pdf", data), 1)
		for j, at := range []time.Time{now.Add(30 * time.Minute), now.Add(2 * time.Hour), now.Add(4 * time.Hour)} {
			r := verdict(data, at)
			if valid := r.Verdict == signing.Valid; valid != (j <= i) || len(r.Timestamps) != i+1 {
				t.Errorf("renewed %d times, at %s: %s %v %+v %+v", i, at.Sub(now), r.Verdict, r.Reasons, r.Signatures, r.Timestamps)
			}
			if r.Verdict == signing.Valid && r.Signatures[0].Level != string(LevelLTA) {
				t.Errorf("level %s", r.Signatures[0].Level)
			}
		}
	}
	f, err := pdf.Open(t.Context(), bytes.NewReader(files[2]), int64(len(files[2])), pdf.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	root, err := f.Root()
	if err != nil {
		t.Fatal(err)
	}
	dss, err := f.Dict(root["DSS"])
	if err != nil {
		t.Fatal(err)
	}
	certs, _ := f.Array(dss["Certs"])
	seen := map[string]bool{}
	for _, c := range certs {
		o, err := f.Resolve(c)
		s, ok := o.(*pdf.Stream)
		if err != nil || !ok {
			t.Fatal(err)
		}
		der, err := f.Decode(s, 1<<20)
		if err != nil || seen[string(der)] {
			t.Errorf("a certificate is stored twice, %v", err)
		}
		seen[string(der)] = true
	}
	if len(certs) != 5 { // signer, CA, root, two timestamp services
		t.Errorf("%d certificates", len(certs))
	}
}

// A timestamp that fails never leaves a lower level behind, whatever is wrong with it.
func TestTimestampFaults(t *testing.T) {
	w := newWorld(t)
	expired, _ := w.authority("TSA cũ", time.Now().Add(-time.Hour))
	ended := make(chan struct{})
	defer close(ended)
	for name, c := range map[string]struct {
		spec signingtest.TSASpec
		want string
	}{
		"down":    {signingtest.TSASpec{Answer: func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusBadGateway) }}, "502"},
		"slow":    {signingtest.TSASpec{Answer: func(http.ResponseWriter, *http.Request) { <-ended }}, "deadline"},
		"nonce":   {signingtest.TSASpec{Change: func(ts *timestamp.Timestamp) { ts.Nonce = big.NewInt(1) }}, "nonce"},
		"imprint": {signingtest.TSASpec{Change: func(ts *timestamp.Timestamp) { ts.HashedMessage = make([]byte, 32) }}, "other bytes"},
		"usage":   {signingtest.TSASpec{Identity: w.BadTSA()}, "certificate"},
		"expired": {signingtest.TSASpec{Identity: expired}, "certificate"},
	} {
		for _, level := range []Level{LevelT, LevelLTA} {
			t.Run(name+" "+string(level), func(t *testing.T) {
				o := w.options(t, w.leader, level)
				o.TSA = w.ServeTSA(c.spec).URL
				ctx, stop := t.Context(), context.CancelFunc(func() {})
				if name == "slow" {
					ctx, stop = context.WithTimeout(ctx, 500*time.Millisecond)
				}
				defer stop()
				if _, err := Sign(ctx, o); err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("%v, want %q", err, c.want)
				}
				gone(t, o.Out)
			})
		}
	}
}

// Signing a file of 300 MB takes no more memory than one of 300 KB: what is allocated
// in all, over look, signature, self-check, judgement and copy.
func TestMemoryOfABigFile(t *testing.T) {
	w := newWorld(t)
	in := filepath.Join(t.TempDir(), "big.pdf")
	sparse(t, in, 300<<20)
	o := w.options(t, w.leader, LevelB)
	o.In = in
	o.Request.Appearance, o.Request.Place = signing.Appearance{Look: signing.LookCopy, Lines: []string{"Sao y"}}, signing.Place{Page: 1, X: 100, Y: 10, W: 50, H: 20}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := Sign(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 32<<20 {
		t.Errorf("%d bytes allocated", n)
	}
	if info, err := os.Stat(o.Out); err != nil || info.Size() < 300<<20 {
		t.Errorf("%v %v", info, err)
	}
}

// sparse writes a PDF with one enormous image, all zeros, that takes no room on disk.
func sparse(t *testing.T, path string, size int64) {
	t.Helper()
	head := "%PDF-1.7\n%\xE2\xE3\xCF\xD3\n"
	var offsets []int
	for i, body := range []string{
		"<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /XObject << /Im 4 0 R >> >> >>",
		fmt.Sprintf("<< /Type /XObject /Subtype /Image /Width 1000 /Height %d /ColorSpace /DeviceGray /BitsPerComponent 8 /Length %d >>\nstream\n", size/1000, size),
	} {
		offsets = append(offsets, len(head))
		head += fmt.Sprintf("%d 0 obj\n%s", i+1, body)
		if i < 3 {
			head += "\nendobj\n"
		}
	}
	tail := "\nendstream\nendobj\n"
	xref := int64(len(head)) + size + int64(len(tail))
	tail += "xref\n0 5\n0000000000 65535 f \n"
	for _, at := range offsets {
		tail += fmt.Sprintf("%010d 00000 n \n", at)
	}
	tail += fmt.Sprintf("trailer\n<< /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", xref)
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte(head), 0); err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt([]byte(tail), int64(len(head))+size); err != nil {
		t.Fatal(err)
	}
}
