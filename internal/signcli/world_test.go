package signcli

import (
	"bytes"
	"crypto/rand"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"congvan/signing"
	"congvan/signing/cms"
	"congvan/signing/pades"
	"congvan/signing/pdf"
	"congvan/signing/signingtest"
	"congvan/signing/softkey"
)

// world is an online hierarchy with two signers.
type world struct {
	*signingtest.Online
	leader, agency *signingtest.Identity
	hosts          []string
}

func newWorld(t testing.TB) *world {
	o := signingtest.NewOnline(t)
	return &world{
		Online: o, hosts: []string{"127.0.0.1"},
		leader: o.Signer(signingtest.Spec{CN: "Nguyễn Văn Thử", O: "Sở Thử nghiệm"}),
		agency: o.Signer(signingtest.Spec{CN: "Sở Thử nghiệm", O: "Sở Thử nghiệm", OrganID: "H99.14", Key: o.PKI.RSA(2048)}),
	}
}

// options sign testdata/cong-van-1.pdf without a look.
func (w *world) options(t testing.TB, by *signingtest.Identity, level Level) SignOptions {
	return SignOptions{
		In: filepath.Join("..", "..", "testdata", "cong-van-1.pdf"), Out: filepath.Join(t.TempDir(), "out.pdf"),
		Request:    signing.Request{Place: signing.Place{Page: 1}},
		Credential: signing.Credential{KeyURI: by.KeyFile(t), Chain: by.Chain},
		Keys:       softkey.Keys{Rand: rand.Reader}, Level: level, TSA: w.TSA,
		Engine: pades.New(pades.Options{}), Clock: time.Now, Rand: rand.Reader, Warn: io.Discard,
	}
}

// verify judges a file with the root, with or without a network.
func (w *world) verify(t testing.TB, path string, hosts ...string) *signing.Report {
	t.Helper()
	v, err := NewVerifier(VerifyOptions{Trust: []string{w.RootFile}, Hosts: hosts, Clock: time.Now, Warn: io.Discard})
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

// cmsOf reads the CMS of the only signature of a file.
func cmsOf(t testing.TB, data []byte) *cms.SignedData {
	t.Helper()
	f, err := pdf.Open(t.Context(), bytes.NewReader(data), int64(len(data)), pdf.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	fields, err := f.Fields()
	if err != nil || len(fields) != 1 {
		t.Fatalf("%d fields, %v", len(fields), err)
	}
	d, err := f.Dict(fields[0].Value)
	if err != nil {
		t.Fatal(err)
	}
	contents, _ := d["Contents"].(pdf.String)
	sd, err := cms.Parse(contents)
	if err != nil {
		t.Fatal(err)
	}
	return sd
}
