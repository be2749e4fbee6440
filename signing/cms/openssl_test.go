package cms

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// openssl verifies der over data, with or without asking for CAdES.
func openssl(t *testing.T, der, data []byte, root *x509.Certificate, cades bool) {
	t.Helper()
	dir := t.TempDir()
	file := func(name string, data []byte) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	args := []string{
		"cms", "-verify", "-binary", "-inform", "DER", "-in", file("cms.der", der), "-content", file("content", data),
		"-CAfile", file("ca.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Raw})), "-purpose", "any", "-out", filepath.Join(dir, "out"),
	}
	if cades {
		args = append(args, "-cades")
	}
	if out, err := exec.Command("openssl", args...).CombinedOutput(); err != nil {
		t.Fatalf("openssl: %v\n%s", err, out)
	}
}

func TestOpenSSLSignatures(t *testing.T) {
	// What another implementation makes: with signing-time, v1 and v2 references,
	// key identifiers, encapsulated content, streamed BER, no attributes at all.
	id := newIdentity(t, rsaKey(t, 2048))
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return p
	}
	keyDER, _ := x509.MarshalPKCS8PrivateKey(id.key)
	key := write("key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}))
	cert := write("cert.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: id.chain[0].Raw}))
	in := write("in", content)
	for _, c := range []struct {
		args string
		want error
	}{
		{"-md sha256", nil},
		{"-md sha256 -cades", nil},
		{"-md sha1 -cades", ErrWeak},
		{"-md sha256 -keyid", nil},
		{"-md sha256 -noattr", nil},
		{"-md sha256 -nodetach", nil},
		{"-md sha256 -nodetach -stream", nil},
		{"-md sha512 -keyopt rsa_padding_mode:pss -keyopt rsa_pss_saltlen:20", nil},
		{"-md sha3-256", nil},
		{"-md sha256 -nocerts", ErrNoCertificate},
		{"-md md5", ErrUnsupported},
	} {
		t.Run(c.args, func(t *testing.T) {
			out := filepath.Join(dir, "out.der")
			args := append([]string{"cms", "-sign", "-binary", "-outform", "DER", "-in", in, "-signer", cert, "-inkey", key, "-out", out}, strings.Fields(c.args)...)
			if msg, err := exec.Command("openssl", args...).CombinedOutput(); err != nil {
				t.Fatalf("openssl: %v\n%s", err, msg)
			}
			der, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			sd, err := Parse(der)
			if err != nil {
				t.Fatal(err)
			}
			if err := sd.Verify(digestOf(content)); !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if inside := strings.Contains(c.args, "-nodetach"); inside != bytes.Equal(sd.EContent, content) || !inside && sd.EContent != nil {
				t.Fatalf("content %q", sd.EContent)
			}
			if !strings.Contains(c.args, "noattr") && sd.SigningTime.IsZero() {
				t.Fatal("signing-time not read")
			}
			if c.want == nil {
				if err := sd.Verify(digestOf([]byte("khác"))); err == nil {
					t.Fatal("other content accepted")
				}
			}
		})
	}
}
