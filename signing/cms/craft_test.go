package cms

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// crafted is a SignedData whose every part can be made wrong before it is signed and put
// together.
type crafted struct {
	id             identity
	hash           crypto.Hash
	content        []byte // EncapsulatedContentInfo
	certs, crls    []byte // members of the sets; nil: no set
	signer         []byte // SignerIdentifier
	digest, sigAlg []byte // AlgorithmIdentifiers
	attrs          []byte // members of the set; nil: no attributes
	unsigned       []byte // the same
	value          []byte // nil: signed by the key
}

var one = []byte{2, 1, 1}

// craft is a SignedData that verifies.
func craft(t testing.TB, id identity) *crafted {
	t.Helper()
	leaf := id.chain[0]
	c := &crafted{
		id: id, hash: crypto.SHA256, content: element(0x30, oidOf(t, oidData)), digest: algorithm(t, digests[0].oid),
		certs: slices.Concat(leaf.Raw, id.chain[1].Raw), signer: element(0x30, append(bytes.Clone(leaf.RawIssuer), serialOf(t, id)...)),
	}
	sum, _ := digestOf(content)(c.hash)
	c.attrs = slices.Concat(attributeOf(t, oidContentType, oidOf(t, oidData)), attributeOf(t, oidMessageDigest, element(4, sum)))
	switch leaf.PublicKey.(type) {
	case ed25519.PublicKey:
		c.hash, c.digest, c.sigAlg = crypto.SHA512, algorithm(t, OIDByHash(crypto.SHA512)), algorithm(t, oidEd25519)
		sum, _ := digestOf(content)(c.hash)
		c.attrs = slices.Concat(attributeOf(t, oidContentType, oidOf(t, oidData)), attributeOf(t, oidMessageDigest, element(4, sum)))
	default:
		var err error
		if c.sigAlg, err = signatureAlgorithm(leaf, &digests[0], false); err != nil {
			c.sigAlg = algorithm(t, oidRSA) // a key too weak to sign with
		}
	}
	return c
}

func (c *crafted) der(t testing.TB) []byte {
	t.Helper()
	value := c.value
	if value == nil {
		message := content
		if c.attrs != nil {
			message = element(0x31, c.attrs)
		}
		opts := crypto.SignerOpts(c.hash)
		if _, ok := c.id.key.(ed25519.PrivateKey); ok {
			opts = crypto.Hash(0)
		} else {
			message, _ = digestOf(message)(c.hash)
		}
		var err error
		if value, err = c.id.key.Sign(rand.Reader, message, opts); err != nil {
			t.Fatal(err)
		}
	}
	optional := func(tag byte, set []byte) []byte {
		if set == nil {
			return nil
		}
		return element(tag, set)
	}
	info := slices.Concat(one, c.signer, c.digest, optional(0xa0, c.attrs), c.sigAlg, element(4, value), optional(0xa1, c.unsigned))
	body := slices.Concat(one, element(0x31, c.digest), c.content, optional(0xa0, c.certs), optional(0xa1, c.crls), element(0x31, element(0x30, info)))
	return element(0x30, append(oidOf(t, oidSignedData), element(0xa0, element(0x30, body))...))
}

func oidOf(t testing.TB, oid asn1.ObjectIdentifier) []byte {
	t.Helper()
	b, err := asn1.Marshal(oid)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func serialOf(t testing.TB, id identity) []byte {
	t.Helper()
	b, err := asn1.Marshal(id.chain[0].SerialNumber)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// algorithm is an identifier without parameters.
func algorithm(t testing.TB, oid asn1.ObjectIdentifier) []byte { return element(0x30, oidOf(t, oid)) }

func attributeOf(t testing.TB, oid asn1.ObjectIdentifier, values ...[]byte) []byte {
	return element(0x30, append(oidOf(t, oid), element(0x31, bytes.Join(values, nil))...))
}

// judged is what Parse and, after it, Verify say.
func judged(der []byte) error {
	sd, err := Parse(der)
	if err != nil {
		return err
	}
	return sd.Verify(digestOf(content))
}

// Every part of a SignedData that is wrong in one way.
func TestCrafted(t *testing.T) {
	ec, rsa2048 := newIdentity(t, ecKey(t, elliptic.P256())), newIdentity(t, rsaKey(t, 2048))
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ed, weak := newIdentity(t, edKey), newIdentity(t, rsaKey(t, 1024))
	ski := element(0x80, ec.chain[0].SubjectKeyId)
	ca := ec.chain[1].Raw
	many := func(n int) []byte { return bytes.Repeat([]byte{0x30, 0}, n) }
	odd := attributeOf(t, oidSigningTime, []byte{5, 0})
	for name, c := range map[string]struct {
		id     identity
		change func(*crafted)
		want   error
	}{
		"as it is":                         {ec, func(*crafted) {}, nil},
		"RSA":                              {rsa2048, func(*crafted) {}, nil},
		"Ed25519":                          {ed, func(*crafted) {}, nil},
		"no attributes":                    {ec, func(c *crafted) { c.attrs = nil }, nil},
		"a token without attributes":       {ec, func(c *crafted) { c.attrs, c.content = nil, element(0x30, oidOf(t, OIDTSTInfo)) }, ErrSignedAttributes},
		"a key of 1024 bits":               {weak, func(*crafted) {}, ErrWeak},
		"an algorithm without parameters":  {rsa2048, func(c *crafted) { c.sigAlg = algorithm(t, digests[0].rsa) }, nil},
		"named for the key alone, RSA":     {rsa2048, func(c *crafted) { c.sigAlg = algorithm(t, oidRSA) }, nil},
		"named for the key alone, EC":      {ec, func(c *crafted) { c.sigAlg = algorithm(t, oidECKey) }, nil},
		"an RSA algorithm, an EC key":      {ec, func(c *crafted) { c.sigAlg = algorithm(t, digests[0].rsa) }, ErrUnsupported},
		"an EC algorithm, an RSA key":      {rsa2048, func(c *crafted) { c.sigAlg = algorithm(t, digests[0].ecdsa) }, ErrUnsupported},
		"an algorithm of no kind":          {ec, func(c *crafted) { c.sigAlg = algorithm(t, oidData) }, ErrUnsupported},
		"a digest of no kind":              {ec, func(c *crafted) { c.digest = algorithm(t, oidData) }, ErrUnsupported},
		"a digest called by its signature": {rsa2048, func(c *crafted) { c.digest = algorithm(t, digests[0].rsa) }, nil},
		"another value":                    {ec, func(c *crafted) { c.value = []byte{0x30, 6, 2, 1, 1, 2, 1, 1} }, ErrSignature},
		"another value, RSA":               {rsa2048, func(c *crafted) { c.value = make([]byte, 256) }, ErrSignature},
		"another value, Ed25519":           {ed, func(c *crafted) { c.value = make([]byte, 64) }, ErrSignature},
		"Ed25519 called something else":    {ed, func(c *crafted) { c.sigAlg = algorithm(t, OIDByHash(crypto.SHA512)) }, ErrUnsupported},
		"Ed25519 called ECDSA":             {ed, func(c *crafted) { c.sigAlg = algorithm(t, digestByHash(crypto.SHA512).ecdsa) }, ErrUnsupported},
		"Ed25519 without attributes":       {ed, func(c *crafted) { c.attrs = nil }, ErrUnsupported},
		"a key identifier":                 {ec, func(c *crafted) { c.signer = ski }, nil},
		"a key identifier of nothing":      {ec, func(c *crafted) { c.signer = element(0x80, nil) }, ErrMalformed},
		"no certificates":                  {ec, func(c *crafted) { c.certs = nil }, ErrNoCertificate},
		"another's certificate":            {ec, func(c *crafted) { c.certs = ca }, ErrNoCertificate},
		"an attribute certificate alone":   {ec, func(c *crafted) { c.certs = element(0xa1, nil) }, ErrNoCertificate},
		"certificates that cannot be read": {ec, func(c *crafted) { c.certs = many(1) }, ErrUnsupported},
		"one more that cannot be read":     {ec, func(c *crafted) { c.certs = append(many(1), c.certs...) }, nil},
		"as many certificates as may be":   {ec, func(c *crafted) { c.certs = append(many(MaxCertificates-2), c.certs...) }, nil},
		"a certificate too many":           {ec, func(c *crafted) { c.certs = append(many(MaxCertificates-1), c.certs...) }, ErrMalformed},
		"as many lists as may be":          {ec, func(c *crafted) { c.crls = many(MaxCertificates) }, nil},
		"a list too many":                  {ec, func(c *crafted) { c.crls = many(MaxCertificates + 1) }, ErrMalformed},
		"a list cut off":                   {ec, func(c *crafted) { c.crls = []byte{0x30} }, ErrMalformed},
		"as many attributes as may be":     {ec, func(c *crafted) { c.unsigned = bytes.Repeat(odd, MaxAttributes) }, nil},
		"an attribute too many":            {ec, func(c *crafted) { c.unsigned = bytes.Repeat(odd, MaxAttributes+1) }, ErrMalformed},
		"as many values as may be": {ec, func(c *crafted) {
			c.unsigned = attributeOf(t, oidSigningTime, bytes.Repeat([]byte{5, 0}, MaxAttributes))
		}, nil},
		"a value too many": {ec, func(c *crafted) {
			c.unsigned = attributeOf(t, oidSigningTime, bytes.Repeat([]byte{5, 0}, MaxAttributes+1))
		}, ErrMalformed},
		"signed by another of the same name": {ec, func(c *crafted) { c.id.key = ecKey(t, elliptic.P256()) }, ErrSignature},
	} {
		crafted := craft(t, c.id)
		c.change(crafted)
		if err := judged(crafted.der(t)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// Lists of revocation that a signer put beside the certificates are handed on; what is
// none of them is not.
func TestListsBesideTheSignature(t *testing.T) {
	c := craft(t, newIdentity(t, ecKey(t, elliptic.P256())))
	c.crls = []byte{0x30, 2, 5, 0, 0xa1, 0, 0x30, 0}
	sd, err := Parse(c.der(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(sd.CRLs) != 2 || !bytes.Equal(sd.CRLs[0], []byte{0x30, 2, 5, 0}) {
		t.Errorf("%x", sd.CRLs)
	}
}

// Whatever more an element holds than it may is refused, but in sets that name what is
// not looked at and in parameters of algorithms.
func TestNothingMoreIsTaken(t *testing.T) {
	id := newIdentity(t, ecKey(t, elliptic.P256()))
	c := craft(t, id)
	c.content = element(0x30, append(oidOf(t, oidData), element(0xa0, element(4, content))...))
	c.unsigned = attributeOf(t, oidSigningTime, []byte{5, 0})
	der := c.der(t)
	if err := judged(der); err != nil {
		t.Fatal(err)
	}
	var taken []string
	for at, grown := range grow(der, "", id) {
		if judged(grown) == nil {
			taken = append(taken, at)
		}
	}
	slices.Sort(taken)
	want := []string{
		".1.0.1", ".1.0.1.0", // digestAlgorithms
		".1.0.3",         // certificates: a choice of another kind
		".1.0.4.0.2",     // digestAlgorithm
		".1.0.4.0.4",     // signatureAlgorithm
		".1.0.4.0.6.0.1", // values of an unsigned attribute
	}
	if !slices.Equal(taken, want) {
		t.Errorf("taken with more in them: %v, want %v", taken, want)
	}
}

// grow yields a DER element with a NULL more in each of its constructed parts, by its
// path; certificates stay as they are.
func grow(der []byte, path string, id identity) map[string][]byte {
	out := map[string][]byte{}
	tag, length, body, err := header(der)
	if err != nil || tag&tagConstructed == 0 || strings.HasSuffix(path, ".1.0.3.0") || strings.HasSuffix(path, ".1.0.3.1") {
		return out
	}
	body = body[:length]
	out[path] = element(tag, append(bytes.Clone(body), 5, 0))
	for i, at := 0, 0; at < len(body); i++ {
		_, n, rest, _ := header(body[at:])
		end := len(body) - len(rest) + n
		for where, child := range grow(body[at:end], fmt.Sprintf("%s.%d", path, i), id) {
			out[where] = element(tag, slices.Concat(body[:at], child, body[end:]))
		}
		at = end
	}
	return out
}

// The parameters of RSASSA-PSS: the defaults where they are left out, nothing where a
// combination is not verified here.
func TestPSSParameters(t *testing.T) {
	sha256 := algorithm(t, OIDByHash(crypto.SHA256))
	mgf := func(name asn1.ObjectIdentifier, hash []byte) []byte {
		return element(0xa1, element(0x30, append(oidOf(t, name), hash...)))
	}
	integer := func(tag byte, n int64) []byte {
		var b cryptobyte.Builder
		b.AddASN1(cbasn1.Tag(tag), func(b *cryptobyte.Builder) { b.AddASN1Int64(n) })
		return b.BytesOrPanic()
	}
	both := append(element(0xa0, sha256), mgf(oidMGF1, sha256)...)
	for name, c := range map[string]struct {
		in   []byte
		hash crypto.Hash // 0: not verified
		salt int
	}{
		"none":                 {nil, crypto.SHA1, 20},
		"all left out":         {element(0x30, nil), crypto.SHA1, 20},
		"salt alone":           {element(0x30, integer(0xa2, 32)), crypto.SHA1, 32},
		"hashes":               {element(0x30, both), crypto.SHA256, 20},
		"all":                  {element(0x30, slices.Concat(both, integer(0xa2, 32), integer(0xa3, 1))), crypto.SHA256, 32},
		"no salt":              {element(0x30, append(both, integer(0xa2, 0)...)), crypto.SHA256, 0},
		"the longest salt":     {element(0x30, append(both, integer(0xa2, maxRSABits/8)...)), crypto.SHA256, maxRSABits / 8},
		"a longer salt":        {element(0x30, append(both, integer(0xa2, maxRSABits/8+1)...)), 0, 0},
		"a salt below nothing": {element(0x30, append(both, integer(0xa2, -1)...)), 0, 0},
		"a salt of no number":  {element(0x30, append(both, element(0xa2, []byte{5, 0})...)), 0, 0},
		"another trailer":      {element(0x30, append(both, integer(0xa3, 2)...)), 0, 0},
		"a trailer of nothing": {element(0x30, append(both, element(0xa3, []byte{5, 0})...)), 0, 0},
		"something behind":     {append(element(0x30, both), 5, 0), 0, 0},
		"something more":       {element(0x30, append(both, 5, 0)), 0, 0},
		"one hash of two":      {element(0x30, element(0xa0, sha256)), 0, 0},
		"another mask":         {element(0x30, append(element(0xa0, sha256), mgf(oidData, sha256)...)), 0, 0},
		"a mask of no hash":    {element(0x30, append(element(0xa0, sha256), mgf(oidMGF1, nil)...)), 0, 0},
		"a hash cut off":       {element(0x30, append(element(0xa0, []byte{0x30, 0}), mgf(oidMGF1, sha256)...)), 0, 0},
		"no sequence":          {[]byte{5, 0}, 0, 0},
	} {
		hash, pss := readPSS(c.in)
		if hash != c.hash && !(c.hash == 0 && pss == nil) || c.hash != 0 && (pss == nil || pss.SaltLength != c.salt) {
			t.Errorf("%s: %v %+v, want %v and %d", name, hash, pss, c.hash, c.salt)
		}
	}
}
