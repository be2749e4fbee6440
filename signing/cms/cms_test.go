package cms

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.mozilla.org/pkcs7"
)

// identity is a throw-away key with a certificate of its own CA.
type identity struct {
	key   crypto.Signer
	chain []*x509.Certificate
}

var content = []byte("nội dung của một công văn")

func newIdentity(t testing.TB, key crypto.Signer) identity {
	t.Helper()
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := func(serial int64, name string) *x509.Certificate {
		return &x509.Certificate{
			SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name},
			NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		}
	}
	ca := template(1, "CA thử")
	ca.IsCA, ca.BasicConstraintsValid, ca.KeyUsage = true, true, x509.KeyUsageCertSign
	leaf := template(0x7fffff, "Nguyễn Văn Thử")
	leaf.KeyUsage = x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment
	leaf.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection}
	leaf.SubjectKeyId = []byte{1, 2, 3}
	parse := func(der []byte, err error) *x509.Certificate {
		if err != nil {
			t.Fatal(err)
		}
		c, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	caCert := parse(x509.CreateCertificate(rand.Reader, ca, ca, caKey.Public(), caKey))
	cert := parse(x509.CreateCertificate(rand.Reader, leaf, caCert, key.Public(), caKey))
	return identity{key, []*x509.Certificate{cert, caCert}}
}

func rsaKey(t testing.TB, bits int) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func ecKey(t testing.TB, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (id identity) signer(hash crypto.Hash, pss bool) func(context.Context, []byte) ([]byte, error) {
	return func(_ context.Context, digest []byte) ([]byte, error) {
		var opts crypto.SignerOpts = hash
		if pss {
			opts = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: hash}
		}
		return id.key.Sign(rand.Reader, digest, opts)
	}
}

func digestOf(data []byte) func(crypto.Hash) ([]byte, error) {
	return func(h crypto.Hash) ([]byte, error) {
		s := h.New()
		s.Write(data)
		return s.Sum(nil), nil
	}
}

func build(t testing.TB, id identity, hash crypto.Hash, pss bool) []byte {
	t.Helper()
	digest, _ := digestOf(content)(hash)
	der, err := Build(context.Background(), digest, hash, id.chain, id.signer(hash, pss), Options{PSS: pss})
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func TestBuildAndVerify(t *testing.T) {
	rsa2048, p256, p384 := newIdentity(t, rsaKey(t, 2048)), newIdentity(t, ecKey(t, elliptic.P256())), newIdentity(t, ecKey(t, elliptic.P384()))
	for _, c := range []struct {
		name string
		id   identity
		hash crypto.Hash
		pss  bool
	}{
		{"rsa-sha256", rsa2048, crypto.SHA256, false},
		{"rsa-sha384", rsa2048, crypto.SHA384, false},
		{"rsa-sha512", rsa2048, crypto.SHA512, false},
		{"pss-sha256", rsa2048, crypto.SHA256, true},
		{"pss-sha512", rsa2048, crypto.SHA512, true},
		{"p256-sha256", p256, crypto.SHA256, false},
		{"p384-sha384", p384, crypto.SHA384, false},
		{"p384-sha512", p384, crypto.SHA512, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			der := build(t, c.id, c.hash, c.pss)
			sd, err := Parse(append(append([]byte{}, der...), make([]byte, 100)...))
			if err != nil {
				t.Fatal(err)
			}
			if err := sd.Verify(digestOf(content)); err != nil {
				t.Fatal(err)
			}
			if err := sd.Verify(digestOf([]byte("khác"))); !errors.Is(err, ErrDigestMismatch) {
				t.Fatalf("other content: %v", err)
			}
			if sd.Signer != sd.Certificates[0] && sd.Signer != sd.Certificates[1] || !sd.Signer.Equal(c.id.chain[0]) {
				t.Fatal("signer not found")
			}
			if !sd.SigningTime.IsZero() || sd.EContent != nil || len(sd.SigningCertificate) != 1 || !sd.SigningCertificate[0].V2 {
				t.Fatalf("attributes: %+v", sd)
			}
			openssl(t, der, content, c.id.chain[1], true)
			if !c.pss { // the library knows no PSS
				crossCheck(t, der)
			}
		})
	}
}

func crossCheck(t *testing.T, der []byte) {
	t.Helper()
	p7, err := pkcs7.Parse(der)
	if err != nil {
		t.Fatal(err)
	}
	p7.Content = content
	if err := p7.Verify(); err != nil {
		t.Fatal(err)
	}
}

func TestBuildIsDER(t *testing.T) {
	der := build(t, newIdentity(t, rsaKey(t, 2048)), crypto.SHA256, false)
	out, rest, err := normalise(der)
	if err != nil || len(rest) != 0 || !bytes.Equal(out, der) {
		t.Fatalf("not DER: %v", err)
	}
	if bytes.Contains(der, oidOf(t, oidSigningTime)) {
		t.Fatal("signing-time is there")
	}
	// the ESS hash algorithm is the DEFAULT and must not be written
	sd, _ := Parse(der)
	v := sd.Attribute(oidSigningCertV2)
	if want := 2 + 2 + 2 + 34; len(v) != want {
		t.Fatalf("signing-certificate-v2 has %d bytes, want %d", len(v), want)
	}
	var set asn1.RawValue
	if _, err := asn1.Unmarshal(sd.SignedAttrs, &set); err != nil || set.Tag != asn1.TagSet {
		t.Fatal("signed attributes are no SET")
	}
	var previous []byte
	for rest := set.Bytes; len(rest) > 0; {
		var one asn1.RawValue
		if rest, err = asn1.Unmarshal(rest, &one); err != nil {
			t.Fatal(err)
		}
		if bytes.Compare(previous, one.FullBytes) >= 0 {
			t.Fatal("SET OF not sorted")
		}
		previous = one.FullBytes
	}
}

func TestBuildRefuses(t *testing.T) {
	good, other := newIdentity(t, rsaKey(t, 2048)), newIdentity(t, rsaKey(t, 2048))
	digest, _ := digestOf(content)(crypto.SHA256)
	ctx := context.Background()
	failing := errors.New("token away")
	for name, c := range map[string]struct {
		run  func() ([]byte, error)
		want error
	}{
		"wrong key": {func() ([]byte, error) {
			return Build(ctx, digest, crypto.SHA256, good.chain, other.signer(crypto.SHA256, false), Options{})
		}, ErrSignature},
		"weak key": {func() ([]byte, error) {
			weak := newIdentity(t, rsaKey(t, 1024))
			return Build(ctx, digest, crypto.SHA256, weak.chain, weak.signer(crypto.SHA256, false), Options{})
		}, ErrWeak},
		"sha-1": {func() ([]byte, error) {
			d, _ := digestOf(content)(crypto.SHA1)
			return Build(ctx, d, crypto.SHA1, good.chain, good.signer(crypto.SHA1, false), Options{})
		}, ErrUnsupported},
		"curve": {func() ([]byte, error) {
			id := newIdentity(t, ecKey(t, elliptic.P521()))
			return Build(ctx, digest, crypto.SHA256, id.chain, id.signer(crypto.SHA256, false), Options{})
		}, ErrUnsupported},
		"two hashes": {func() ([]byte, error) {
			return Build(ctx, digest, crypto.SHA256, good.chain, good.signer(crypto.SHA256, false), Options{Hash: crypto.SHA512})
		}, ErrUnsupported},
		"sign fails": {func() ([]byte, error) {
			return Build(ctx, digest, crypto.SHA256, good.chain, func(context.Context, []byte) ([]byte, error) { return nil, failing }, Options{})
		}, failing},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := c.run(); !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
		})
	}
	if _, err := Build(ctx, digest[:20], crypto.SHA256, good.chain, good.signer(crypto.SHA256, false), Options{}); err == nil {
		t.Fatal("short digest accepted")
	}
}

// TestEveryByteCounts flips each byte of the signer info: nothing may still verify
// except where the parser ignores it by design (unsigned parts).
func TestEveryByteCounts(t *testing.T) {
	der := build(t, newIdentity(t, ecKey(t, elliptic.P256())), crypto.SHA256, false)
	sd, err := Parse(der)
	if err != nil {
		t.Fatal(err)
	}
	start := bytes.Index(der, sd.SignedAttrs[1:])
	end := start + len(sd.SignedAttrs) - 1
	for i := start; i < end; i++ {
		forged := append([]byte{}, der...)
		forged[i] ^= 0x01
		sd, err := Parse(forged)
		if err == nil {
			err = sd.Verify(digestOf(content))
		}
		if err == nil {
			t.Fatalf("byte %d of the signed attributes does not count", i-start)
		}
	}
}

func TestWrongSigningCertificate(t *testing.T) {
	// The attacker keeps key and serial and swaps the certificate: only ESS tells.
	key := rsaKey(t, 2048)
	a, b := newIdentity(t, key), newIdentity(t, key)
	b.chain[0].RawIssuer, b.chain[0].SerialNumber = a.chain[0].RawIssuer, a.chain[0].SerialNumber
	sd, err := Parse(build(t, a, crypto.SHA256, false))
	if err != nil {
		t.Fatal(err)
	}
	sd.Signer = b.chain[0]
	if err := sd.Verify(digestOf(content)); !errors.Is(err, ErrSignedAttributes) {
		t.Fatalf("got %v", err)
	}
}

func TestParseRefuses(t *testing.T) {
	der := build(t, newIdentity(t, ecKey(t, elliptic.P256())), crypto.SHA256, false)
	deep := bytes.Repeat([]byte{0x30, 0x80}, 100000)
	for name, in := range map[string][]byte{
		"empty": nil, "zeros": make([]byte, 100), "truncated": der[:len(der)-1],
		"deep": deep, "huge length": {0x30, 0x84, 0xff, 0xff, 0xff, 0xff}, "text": []byte("khong phai CMS"),
		"too large": make([]byte, MaxSize+1), "called data": bytes.Replace(der, oidOf(t, oidSignedData), oidOf(t, oidData), 1),
	} {
		if _, err := Parse(in); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for n, want := range map[int]error{0: ErrSignerCount, 2: ErrSignerCount} {
		if _, err := Parse(withSigners(t, der, n)); !errors.Is(err, want) {
			t.Errorf("%d signers: %v", n, err)
		}
	}
}

// withSigners repeats the signer info n times.
func withSigners(t *testing.T, der []byte, n int) []byte {
	t.Helper()
	sd, err := Parse(der)
	if err != nil {
		t.Fatal(err)
	}
	signer := element(0x30, sd.signerHead)
	set := element(0x31, bytes.Repeat(signer, n))
	body := element(0x30, append(append([]byte{}, sd.beforeSigners...), set...))
	return element(0x30, append(oidOf(t, oidSignedData), element(0xa0, body)...))
}

func TestSetTimestampToken(t *testing.T) {
	id := newIdentity(t, rsaKey(t, 2048))
	der := build(t, id, crypto.SHA256, false)
	token := tstToken(t, id)
	stamped, err := SetTimestampToken(append(append([]byte{}, der...), 0, 0, 0), token)
	if err != nil {
		t.Fatal(err)
	}
	before, _ := Parse(der)
	after, err := Parse(stamped)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(after.Timestamp, token) || !bytes.Equal(after.SignedAttrs, before.SignedAttrs) || !bytes.Equal(after.Signature, before.Signature) {
		t.Fatal("token missing or signed parts changed")
	}
	if err := after.Verify(digestOf(content)); err != nil {
		t.Fatal(err)
	}
	openssl(t, stamped, content, id.chain[1], true)
	if _, err := SetTimestampToken(stamped, token); !errors.Is(err, ErrMalformed) {
		t.Fatalf("second token: %v", err)
	}
	if _, err := SetTimestampToken(der, der); !errors.Is(err, ErrMalformed) {
		t.Fatalf("not a token: %v", err)
	}
}

// tstToken is a SignedData of the timestamp content type, as far as this package looks.
func tstToken(t *testing.T, id identity) []byte {
	t.Helper()
	sd, err := Parse(build(t, id, crypto.SHA256, false))
	if err != nil {
		t.Fatal(err)
	}
	encap := element(0x30, append(oidOf(t, OIDTSTInfo), element(0xa0, element(0x04, []byte{0x30, 0}))...))
	old := element(0x30, oidOf(t, oidData))
	head := bytes.Replace(sd.beforeSigners, old, encap, 1)
	body := element(0x30, append(head, element(0x31, element(0x30, sd.signerHead))...))
	return element(0x30, append(oidOf(t, oidSignedData), element(0xa0, body)...))
}

func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*.der")
	if err != nil || len(files) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, name := range files {
		der, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(der)
		f.Add(append(append([]byte{}, der...), 0, 0, 0))
	}
	f.Add([]byte{0x30, 0x80, 0x24, 0x80, 0x04, 0x01, 0x61, 0x00, 0x00, 0x00, 0x00})
	f.Fuzz(func(t *testing.T, in []byte) {
		sd, err := Parse(in)
		if err != nil {
			return
		}
		// whatever the verdict: never content that was not signed
		if err := sd.Verify(digestOf([]byte("khác"))); err == nil || errors.Is(err, ErrWeak) {
			t.Fatal("accepted content nobody signed")
		}
		if again, err := Parse(sd.raw); err != nil || !bytes.Equal(again.raw, sd.raw) {
			t.Fatal("normal form is not stable")
		}
	})
}
