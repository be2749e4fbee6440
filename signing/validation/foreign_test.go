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
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"congvan/signing"
	"congvan/signing/signingtest"
)

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
			// The bytes to sign are known once the placeholder stands: sign twice.
			d.sign(sig{name: "a", subFilter: subFilter, contents: "3003020101"})
			file := d.Bytes()
			at := bytes.LastIndex(file, []byte("/Contents <")) + len("/Contents ")
			gap := at + reserve + 2
			dir := t.TempDir()
			in := filepath.Join(dir, "in")
			if err := os.WriteFile(in, append(bytes.Clone(file[:at]), file[gap:]...), 0o600); err != nil {
				t.Fatal(err)
			}
			chain := by.ChainFile(t)
			args := append([]string{
				"cms", "-sign", "-binary", "-in", in, "-outform", "DER", "-signer", chain,
				"-inkey", strings.TrimPrefix(by.KeyFile(t), "file:"),
			}, c.args...)
			der, err := exec.Command("openssl", args...).Output()
			if err != nil {
				t.Fatalf("openssl: %v", err)
			}
			copy(file[at+1:], fmt.Sprintf("%x", der)+"000000000000")
			d.replace(file)
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
			// the digest handed over is SHA-256, so the value is made from the finished file
			d.sign(sig{name: "a", subFilter: subFilterX509, dict: c.dict, make: func([]byte) []byte { return []byte{4, 1, 1} }})
			file := d.Bytes()
			at := bytes.LastIndex(file, []byte("/Contents <")) + len("/Contents ")
			h := sha1.New()
			h.Write(file[:at])
			h.Write(file[at+reserve+2:])
			value, err := by.Key.Sign(rand.Reader, h.Sum(nil), crypto.SHA1)
			if err != nil {
				t.Fatal(err)
			}
			der, err := asn1.Marshal(value)
			if err != nil {
				t.Fatal(err)
			}
			copy(file[at+1:], fmt.Sprintf("%x", der))
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
			d.sign(sig{name: "a", subFilter: subFilterSHA1, contents: "3003020101"})
			file := d.Bytes()
			at := bytes.LastIndex(file, []byte("/Contents <")) + len("/Contents ")
			h := sha1.New()
			h.Write(file[:at])
			h.Write(file[at+reserve+2:])
			sum := h.Sum(nil)
			if c.digest != nil {
				sum = c.digest(sum)
			}
			in := filepath.Join(t.TempDir(), "in")
			if err := os.WriteFile(in, sum, 0o600); err != nil {
				t.Fatal(err)
			}
			der, err := exec.CommandContext(t.Context(), "openssl", append([]string{
				"cms", "-sign", "-binary", "-in", in, "-outform", "DER", "-signer", b.leader.ChainFile(t),
				"-inkey", strings.TrimPrefix(b.leader.KeyFile(t), "file:"),
			}, c.args...)...).Output()
			if err != nil {
				t.Fatalf("openssl: %v", err)
			}
			copy(file[at+1:], fmt.Sprintf("%x", der)+"000000000000")
			r := validate(t, b.validator(), file)
			s := r.Signatures[0]
			want := map[bool]signing.Verdict{true: signing.Unknown, false: signing.Invalid}[c.integrity == "intact"]
			if r.Verdict != want || s.Integrity != c.integrity || !slices.Contains(s.Reasons, c.reason) || s.Level != "none" {
				t.Errorf("%s: %+v", r.Verdict, s)
			}
		})
	}
}
