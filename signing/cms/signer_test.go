package cms

import (
	"bytes"
	"context"
	"crypto"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"math/big"
	"slices"
	"testing"
	"time"
)

// The signer is found by issuer and number, or by the key's name, and by nothing less;
// once known it stays.
func TestFindSigner(t *testing.T) {
	cert := func(issuer string, serial int64, key string) *x509.Certificate {
		c := &x509.Certificate{RawIssuer: []byte(issuer), SerialNumber: big.NewInt(serial)}
		if key != "" {
			c.SubjectKeyId = []byte(key)
		}
		return c
	}
	wanted := cert("CA", 5, "k")
	others := []*x509.Certificate{cert("CA", 6, ""), cert("other", 5, "x"), cert("CA", -251, "y")}
	for name, c := range map[string]struct {
		sd    SignedData
		certs []*x509.Certificate
		want  *x509.Certificate
	}{
		"by number":            {SignedData{issuer: []byte("CA"), serial: []byte{5}}, append(others, wanted), wanted},
		"by key":               {SignedData{ski: []byte("k")}, append(others, wanted), wanted},
		"not there":            {SignedData{issuer: []byte("CA"), serial: []byte{5}}, others, nil},
		"not there, by key":    {SignedData{ski: []byte("k")}, others, nil},
		"the first of two":     {SignedData{issuer: []byte("CA"), serial: []byte{5}}, []*x509.Certificate{wanted, cert("CA", 5, "k")}, wanted},
		"one is known already": {SignedData{issuer: []byte("CA"), serial: []byte{5}, Signer: wanted}, []*x509.Certificate{cert("CA", 5, "k")}, wanted},
		"a number of no bytes": {SignedData{issuer: []byte("CA")}, others, nil},
		"nobody":               {SignedData{issuer: []byte("CA"), serial: []byte{5}}, nil, nil},
	} {
		if found := c.sd.FindSigner(c.certs); c.sd.Signer != c.want || found != (c.want != nil) {
			t.Errorf("%s: %+v, %v", name, c.sd.Signer, found)
		}
	}
}

// What signing-certificate names is the signer's certificate, by every hash and number
// that it gives, in each of its versions (RFC 5035 §3 and §5.4).
func TestSigningCertificateReference(t *testing.T) {
	id := newIdentity(t, ecKey(t, elliptic.P256()))
	leaf, ca := id.chain[0], id.chain[1]
	hash := func(h crypto.Hash, of *x509.Certificate) []byte {
		sum, _ := digestOf(of.Raw)(h)
		return element(4, sum)
	}
	serial := func(number []byte) []byte { return element(0x30, append(element(0x30, nil), number...)) }
	v2 := func(parts ...[]byte) []byte {
		return attributeOf(t, oidSigningCertV2, element(0x30, element(0x30, element(0x30, bytes.Join(parts, nil)))))
	}
	v1 := func(of ...*x509.Certificate) []byte {
		var certs []byte
		for _, c := range of {
			certs = append(certs, element(0x30, hash(crypto.SHA1, c))...)
		}
		return attributeOf(t, oidSigningCertificate, element(0x30, element(0x30, certs)))
	}
	many := func(n int) []byte {
		return attributeOf(t, oidSigningCertV2, element(0x30, element(0x30, bytes.Repeat(element(0x30, hash(crypto.SHA256, leaf)), n))))
	}
	sha512 := algorithm(t, OIDByHash(crypto.SHA512))
	for name, c := range map[string]struct {
		attribute []byte
		want      error
	}{
		"the signer":                 {v2(hash(crypto.SHA256, leaf)), nil},
		"another":                    {v2(hash(crypto.SHA256, ca)), ErrSignedAttributes},
		"by another hash":            {v2(sha512, hash(crypto.SHA512, leaf)), nil},
		"another, by another hash":   {v2(sha512, hash(crypto.SHA512, ca)), ErrSignedAttributes},
		"by a hash of no kind":       {v2(algorithm(t, oidData), hash(crypto.SHA256, leaf)), ErrSignedAttributes},
		"an algorithm cut off":       {v2(element(0x30, nil), hash(crypto.SHA256, leaf)), ErrMalformed},
		"with its number":            {v2(hash(crypto.SHA256, leaf), serial(serialOf(t, id))), nil},
		"with another number":        {v2(hash(crypto.SHA256, leaf), serial([]byte{2, 1, 9})), ErrSignedAttributes},
		"with what is no number":     {v2(hash(crypto.SHA256, leaf), serial([]byte{5, 0})), ErrMalformed},
		"with what is no issuer":     {v2(hash(crypto.SHA256, leaf), element(0x30, serialOf(t, id))), ErrMalformed},
		"with something else":        {v2(hash(crypto.SHA256, leaf), []byte{5, 0}), ErrMalformed},
		"no hash":                    {v2([]byte{5, 0}), ErrMalformed},
		"nothing in it":              {v2(), ErrMalformed},
		"the chain":                  {v1(leaf, ca), nil},
		"the chain, turned round":    {v1(ca, leaf), ErrSignedAttributes},
		"the old kind":               {v1(leaf), nil},
		"both kinds":                 {append(v2(hash(crypto.SHA256, leaf)), v1(leaf)...), nil},
		"both, the old one another":  {append(v2(hash(crypto.SHA256, leaf)), v1(ca)...), ErrSignedAttributes},
		"both, the new one another":  {append(v2(hash(crypto.SHA256, ca)), v1(leaf)...), ErrSignedAttributes},
		"the old kind twice":         {append(v1(leaf), v1(leaf)...), ErrSignedAttributes},
		"no sequence":                {attributeOf(t, oidSigningCertV2, []byte{5, 0}), ErrMalformed},
		"a sequence of none":         {attributeOf(t, oidSigningCertV2, element(0x30, []byte{5, 0})), ErrMalformed},
		"as many as may be":          {many(MaxCertificates), nil},
		"one too many":               {many(MaxCertificates + 1), ErrMalformed},
		"what is no reference in it": {attributeOf(t, oidSigningCertV2, element(0x30, element(0x30, []byte{5, 0}))), ErrMalformed},
	} {
		crafted := craft(t, id)
		crafted.attrs = append(crafted.attrs, c.attribute...)
		if err := judged(crafted.der(t)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// A value is checked by the means that its algorithm names, or not at all.
func TestVerifyValue(t *testing.T) {
	key := rsaKey(t, 2048)
	digest, _ := digestOf(content)(crypto.SHA256)
	pss := func(salt int) []byte {
		value, err := rsa.SignPSS(rand.Reader, key, crypto.SHA256, digest, &rsa.PSSOptions{SaltLength: salt})
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
	huge := &rsa.PublicKey{N: new(big.Int).SetBit(big.NewInt(1), maxRSABits, 1), E: 65537}
	small := &rsa.PublicKey{N: new(big.Int).SetBit(big.NewInt(1), 1000, 1), E: 65537}
	bare := Algorithm{OID: oidRSA, Hash: crypto.SHA256}
	salted := func(n int) Algorithm {
		return Algorithm{OID: oidRSAPSS, Hash: crypto.SHA256, PSS: &PSS{SaltLength: n}}
	}
	for name, c := range map[string]struct {
		key    crypto.PublicKey
		alg    Algorithm
		digest []byte
		value  []byte
		want   error
	}{
		"a salt":                    {&key.PublicKey, salted(32), digest, pss(32), nil},
		"another salt":              {&key.PublicKey, salted(20), digest, pss(32), ErrSignature},
		"no salt":                   {&key.PublicKey, salted(0), digest, pss(32), nil},
		"no salt, another value":    {&key.PublicKey, salted(0), digest, make([]byte, 256), ErrSignature},
		"parameters not understood": {&key.PublicKey, Algorithm{OID: oidRSAPSS, Hash: crypto.SHA256}, digest, pss(32), ErrUnsupported},
		"another value":             {&key.PublicKey, bare, digest, make([]byte, 256), ErrSignature},
		"a digest cut off":          {&key.PublicKey, bare, digest[:20], make([]byte, 256), ErrUnsupported},
		"a key too long":            {huge, bare, digest, make([]byte, 1025), ErrUnsupported},
		"a key too short":           {small, bare, digest, make([]byte, 126), ErrUnsupported},
		"no key":                    {nil, bare, digest, nil, ErrUnsupported},
	} {
		if err := verifyValue(c.key, c.alg, c.digest, c.value); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// The oldest kind of PDF signature: its means are too weak, and everything else must hold.
func TestFromX509(t *testing.T) {
	id, other := newIdentity(t, rsaKey(t, 2048)), newIdentity(t, rsaKey(t, 2048))
	sum, _ := digestOf(content)(crypto.SHA1)
	value, err := id.key.Sign(rand.Reader, sum, crypto.SHA1)
	if err != nil {
		t.Fatal(err)
	}
	signed, leaf := element(4, value), id.chain[0].Raw
	for name, c := range map[string]struct {
		value []byte
		certs [][]byte
		want  error
	}{
		"as it is":            {signed, [][]byte{leaf, id.chain[1].Raw}, ErrWeak},
		"with padding":        {append(bytes.Clone(signed), 0, 0), [][]byte{leaf}, ErrWeak},
		"another's":           {signed, [][]byte{other.chain[0].Raw, leaf}, ErrSignature},
		"no certificate":      {signed, nil, ErrNoCertificate},
		"an odd one":          {signed, [][]byte{bytes.Replace(leaf, []byte{2, 3, 0x7f, 0xff, 0xff}, []byte{2, 3, 0xff, 0xff, 0xff}, 1)}, ErrWeak},
		"what is none":        {signed, [][]byte{leaf, []byte("x")}, ErrMalformed},
		"as many as may be":   {signed, slices.Repeat([][]byte{leaf}, MaxCertificates), ErrWeak},
		"one too many":        {signed, slices.Repeat([][]byte{leaf}, MaxCertificates+1), ErrMalformed},
		"no string":           {[]byte{5, 0}, [][]byte{leaf}, ErrMalformed},
		"nothing":             {nil, [][]byte{leaf}, ErrMalformed},
		"longer than allowed": {append(bytes.Clone(signed), make([]byte, MaxSize)...), [][]byte{leaf}, ErrMalformed},
	} {
		sd, err := FromX509(c.value, c.certs)
		if err == nil {
			err = sd.Verify(digestOf(content))
		}
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// A signature may grow by unsigned attributes, and change in nothing else.
func TestSameButUnsigned(t *testing.T) {
	id := newIdentity(t, ecKey(t, elliptic.P256()))
	c := craft(t, id)
	c.value = []byte{0x30, 6, 2, 1, 1, 2, 1, 1}
	first := c.der(t)
	for name, x := range map[string]struct {
		change func(*crafted)
		want   error
	}{
		"the same":                 {func(*crafted) {}, nil},
		"with an unsigned one":     {func(c *crafted) { c.unsigned = attributeOf(t, oidSigningTime, []byte{5, 0}) }, nil},
		"with another value":       {func(c *crafted) { c.value = []byte{0x30, 6, 2, 1, 1, 2, 1, 2} }, ErrMalformed},
		"with a certificate less":  {func(c *crafted) { c.certs = id.chain[0].Raw }, ErrMalformed},
		"with a signed one more":   {func(c *crafted) { c.attrs = append(c.attrs, attributeOf(t, oidSigningTime, []byte{5, 0})...) }, ErrMalformed},
		"with something beside it": {func(c *crafted) { c.crls = []byte{0x30, 0} }, ErrMalformed},
		"of another kind":          {func(c *crafted) { c.content = nil }, ErrMalformed},
	} {
		other := *c
		x.change(&other)
		der := other.der(t)
		for _, err := range []error{SameButUnsigned(first, der), SameButUnsigned(der, first)} {
			if !errors.Is(err, x.want) {
				t.Errorf("%s: %v, want %v", name, err, x.want)
			}
		}
	}
}

func TestSmallParts(t *testing.T) {
	at := time.Date(2026, 11, 21, 8, 30, 45, 0, time.UTC)
	for in, want := range map[string]time.Time{
		"\x17\x0d261121083045Z": at, "\x18\x0f20261121083045Z": at, "\x18\x0d261121083045Z": {}, "\x17\x0f20261121083045Z": {}, "\x05\x00": {}, "": {},
	} {
		if got := readTime([]byte(in)); !got.Equal(want) {
			t.Errorf("%q: %v, want %v", in, got, want)
		}
	}
	for in, want := range map[string]int64{"": 0, "\x00": 0, "\x7f": 127, "\x80": -128, "\xff": -1, "\x00\xff": 255} {
		if got := integer([]byte(in)); got.Int64() != want {
			t.Errorf("%x: %v, want %d", in, got, want)
		}
	}
	for _, d := range digests {
		if HashByOID(d.oid) != d.hash || HashByOID(d.rsa) != d.hash || !OIDByHash(d.hash).Equal(d.oid) || WeakHash(d.hash) != d.weak {
			t.Errorf("%v does not read as itself", d.hash)
		}
	}
	if HashByOID(oidData) != 0 || OIDByHash(crypto.MD5) != nil || !WeakHash(crypto.MD5) {
		t.Error("a hash of no kind is one")
	}
	if odd(append(bytes.Clone(newIdentity(t, ecKey(t, elliptic.P256())).chain[0].Raw), 0)) != nil {
		t.Error("a certificate with a byte behind it")
	}
}

// What signatures are made with: identifiers as RFC 4055 §5 and RFC 5758 §3.2 write them.
func TestIdentifiers(t *testing.T) {
	for name, c := range map[string]struct {
		id   identity
		want []byte
	}{
		"RSA":   {newIdentity(t, rsaKey(t, 2048)), element(0x30, append(oidOf(t, digests[0].rsa), 5, 0))},
		"ECDSA": {newIdentity(t, ecKey(t, elliptic.P256())), algorithm(t, digests[0].ecdsa)},
	} {
		sd, err := Parse(build(t, c.id, crypto.SHA256, false))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(sd.SignatureAlgorithm.raw, c.want) || !bytes.Equal(sd.DigestAlgorithm.raw, algorithm(t, digests[0].oid)) {
			t.Errorf("%s: %x and %x", name, sd.SignatureAlgorithm.raw, sd.DigestAlgorithm.raw)
		}
	}
	ec := newIdentity(t, ecKey(t, elliptic.P256()))
	digest, _ := digestOf(content)(crypto.SHA256)
	sign := ec.signer(crypto.SHA256, false)
	if _, err := Build(t.Context(), digest, crypto.SHA256, ec.chain, sign, Options{Hash: crypto.SHA256}); err != nil {
		t.Errorf("the same hash twice: %v", err)
	}
	if _, err := Build(t.Context(), digest, crypto.SHA256, ec.chain, sign, Options{PSS: true}); !errors.Is(err, ErrUnsupported) {
		t.Errorf("PSS with an EC key: %v", err)
	}
	for name, run := range map[string]func() ([]byte, error){
		"no chain": func() ([]byte, error) { return Build(t.Context(), digest, crypto.SHA256, nil, sign, Options{}) },
		"no signing": func() ([]byte, error) {
			return Build(context.Background(), digest, crypto.SHA256, ec.chain, nil, Options{})
		},
	} {
		if der, err := run(); err == nil {
			t.Errorf("%s: %x", name, der)
		}
	}
}
