package validation

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha1"
	"encoding/asn1"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"congvan/signing"
	"congvan/signing/signingtest"
)

// openssl makes a CMS over some content.
func openssl(t *testing.T, content []byte, by *signingtest.Identity, args ...string) []byte {
	t.Helper()
	c := exec.CommandContext(t.Context(), "openssl", append([]string{
		"cms", "-sign", "-binary", "-outform", "DER", "-signer", by.ChainFile(t), "-inkey", strings.TrimPrefix(by.KeyFile(t), "file:"),
	}, args...)...)
	c.Stdin = bytes.NewReader(content)
	der, err := c.Output()
	if err != nil {
		t.Fatalf("openssl: %v", err)
	}
	return der
}

// Signatures as other programs make them.
func TestForeignCMS(t *testing.T) {
	b := newBench(t)
	for _, c := range []struct {
		name    string
		bits    int
		args    []string
		verdict signing.Verdict
		reason  string
	}{
		{"RSA and SHA-256, with signing-time", 2048, []string{"-md", "sha256"}, signing.Valid, ""},
		{"RSA-PSS", 2048, []string{"-md", "sha384", "-keyopt", "rsa_padding_mode:pss"}, signing.Valid, ""},
		{"no certificate", 2048, []string{"-md", "sha512", "-nocerts"}, signing.Invalid, ReasonNoCertificate},
		{"SHA-1", 2048, []string{"-md", "sha1"}, signing.Unknown, ReasonLegacy},
		{"SHA-1, by now", 2048, []string{"-md", "sha1"}, signing.Unknown, ReasonOutdated},
		{"RSA-1024", 1024, []string{"-md", "sha256"}, signing.Invalid, ReasonWeakKey},
		{"no signed attributes", 2048, []string{"-md", "sha256", "-noattr"}, signing.Valid, ""},
		{"content enclosed", 2048, []string{"-md", "sha256", "-nodetach"}, signing.Invalid, ReasonNotDetached},
		{"a curve of 224 bits", 224, []string{"-md", "sha256"}, signing.Invalid, ReasonWeakKey},
		{"CAdES", 256, []string{"-md", "sha256", "-cades"}, signing.Valid, ""},
		{"CAdES, no word of the certificate", 256, []string{"-md", "sha256"}, signing.Invalid, ReasonNoCertRef},
	} {
		t.Run(c.name, func(t *testing.T) {
			var key crypto.Signer
			switch c.bits {
			case 224:
				curve, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
				if err != nil {
					t.Fatal(err)
				}
				key = curve
			case 256:
				key = b.P256()
			default:
				key = b.RSA(c.bits)
			}
			by := b.Issue(signingtest.Spec{CN: "x", Key: key})
			subFilter := subFilterPKCS7
			if strings.HasPrefix(c.name, "CAdES") {
				subFilter = subFilterCAdES
			}
			d := newDoc(t, b)
			d.sign(sig{name: "a", subFilter: subFilter, over: func(covered []byte) []byte { return openssl(t, covered, by, c.args...) }})
			r := validate(t, b.validator(), d.Bytes())
			if r.Verdict != c.verdict || (c.reason != "" && !slices.Contains(r.Reasons, c.reason)) {
				t.Errorf("%s %v: %+v", r.Verdict, r.Reasons, r.Signatures)
			}
		})
	}
}

// The oldest kind of signature: a bare RSA value over SHA-1, the certificates beside it.
// It is judged, and no longer relied on.
func TestOldestKindOfSignature(t *testing.T) {
	b := newBench(t)
	by := b.Issue(signingtest.Spec{CN: "Người ký cũ", Key: b.RSA(2048)})
	stranger := b.Issue(signingtest.Spec{CN: "Người khác", Key: b.RSA(2048)})
	for name, c := range map[string]struct {
		dict      string
		flip      bool
		verdict   signing.Verdict
		integrity string
		reason    string
	}{
		"one certificate":     {fmt.Sprintf("/Cert <%x>", by.Cert.Raw), false, signing.Unknown, "intact", ReasonLegacy},
		"a chain":             {fmt.Sprintf("/Cert [<%x> <%x>]", by.Cert.Raw, b.Issuing.Cert.Raw), false, signing.Unknown, "intact", ReasonLegacy},
		"another certificate": {fmt.Sprintf("/Cert <%x>", stranger.Cert.Raw), false, signing.Invalid, "broken", ReasonSignature},
		"no certificate":      {"", false, signing.Invalid, "broken", ReasonNoCertificate},
		"altered":             {fmt.Sprintf("/Cert <%x>", by.Cert.Raw), true, signing.Invalid, "broken", ReasonSignature},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoc(t, b)
			d.sign(sig{name: "a", subFilter: subFilterX509, dict: c.dict, over: func(covered []byte) []byte {
				sum := sha1.Sum(covered)
				value, err := by.Key.Sign(rand.Reader, sum[:], crypto.SHA1)
				if err != nil {
					t.Fatal(err)
				}
				der, err := asn1.Marshal(value)
				if err != nil {
					t.Fatal(err)
				}
				return der
			}})
			file := d.Bytes()
			if c.flip {
				file[bytes.Index(file, []byte("100 dong"))] = '9'
			}
			r := validate(t, b.validator(), file)
			s := r.Signatures[0]
			if r.Verdict != c.verdict || s.Integrity != c.integrity || !slices.Contains(s.Reasons, c.reason) || s.Level != "none" {
				t.Errorf("%s: %+v", r.Verdict, s)
			}
		})
	}
}

// An old kind of signature: the CMS encloses the SHA-1 digest of the document. It is
// judged, and no longer relied on.
func TestEnclosedDigest(t *testing.T) {
	b := newBench(t)
	for name, c := range map[string]struct {
		args      []string
		digest    func(sum []byte) []byte
		integrity string
		reason    string
	}{
		"enclosed":       {[]string{"-nodetach", "-md", "sha256"}, nil, "intact", ReasonLegacy},
		"not enclosed":   {[]string{"-md", "sha256"}, nil, "broken", ReasonCMS},
		"another digest": {[]string{"-nodetach", "-md", "sha256"}, func(sum []byte) []byte { return append(sum[:19:19], sum[19]+1) }, "broken", ReasonDigest},
		"no digest":      {[]string{"-nodetach", "-md", "sha256"}, func([]byte) []byte { return nil }, "broken", ReasonDigest},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoc(t, b)
			d.sign(sig{name: "a", subFilter: subFilterSHA1, over: func(covered []byte) []byte {
				sum := sha1.Sum(covered)
				content := sum[:]
				if c.digest != nil {
					content = c.digest(content)
				}
				return openssl(t, content, b.leader, c.args...)
			}})
			r := validate(t, b.validator(), d.Bytes())
			s := r.Signatures[0]
			want := map[bool]signing.Verdict{true: signing.Unknown, false: signing.Invalid}[c.integrity == "intact"]
			if r.Verdict != want || s.Integrity != c.integrity || !slices.Contains(s.Reasons, c.reason) || s.Level != "none" {
				t.Errorf("%s: %+v", r.Verdict, s)
			}
		})
	}
}
