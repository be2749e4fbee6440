package cms

import (
	"bytes"
	"crypto"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// signedWith makes a SignedData with exactly the given attributes, in the given order,
// correctly signed: what a hostile or careless signer could make.
func signedWith(t *testing.T, id identity, digestAlg, signAlg crypto.Hash, attrs ...[]byte) []byte {
	t.Helper()
	set := element(byte(cbasn1.SET), bytes.Join(attrs, nil))
	h := signAlg.New()
	h.Write(set)
	value, err := id.key.Sign(rand.Reader, h.Sum(nil), signAlg)
	if err != nil {
		t.Fatal(err)
	}
	sigAlg, err := signatureAlgorithm(id.chain[0], digestByHash(signAlg), false)
	if err != nil {
		t.Fatal(err)
	}
	der, err := assemble(digestByHash(digestAlg), sigAlg, id.chain, set, value)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func TestSignedAttributes(t *testing.T) {
	id := newIdentity(t, ecKey(t, elliptic.P256()))
	attr := func(b []byte, err error) []byte {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	contentType := attr(attribute(oidContentType, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oidData) }))
	otherType := attr(attribute(oidContentType, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(OIDTSTInfo) }))
	digest := func(data []byte, h crypto.Hash) []byte {
		sum, _ := digestOf(data)(h)
		return attr(attribute(oidMessageDigest, func(b *cryptobyte.Builder) { b.AddASN1OctetString(sum) }))
	}
	right := digest(content, crypto.SHA256)
	protect := func(digest, signature crypto.Hash) []byte {
		return attr(attribute(oidAlgorithmProtection, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				addIdentifier(b, digestByHash(digest).oid, false)
				b.AddASN1(implicit1, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(digestByHash(signature).ecdsa) })
			})
		}))
	}
	reference := func(values int, certs int) []byte {
		var b cryptobyte.Builder
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(oidSigningCertV2)
			b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) {
				for range values {
					b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
						b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
							for i := range certs {
								sum, _ := digestOf(id.chain[i].Raw)(crypto.SHA256)
								b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1OctetString(sum) })
							}
						})
					})
				}
			})
		})
		return attr(b.Bytes())
	}
	const h = crypto.SHA256
	for _, c := range []struct {
		name  string
		der   []byte
		parse error
		want  error
	}{
		{"minimal", signedWith(t, id, h, h, contentType, right), nil, nil},
		{"not sorted", signedWith(t, id, h, h, right, contentType), nil, nil},
		{"content-type missing", signedWith(t, id, h, h, right), nil, ErrSignedAttributes},
		{"content-type of a token", signedWith(t, id, h, h, otherType, right), nil, ErrSignedAttributes},
		{"message-digest missing", signedWith(t, id, h, h, contentType), nil, ErrSignedAttributes},
		{"message-digest twice", signedWith(t, id, h, h, contentType, right, digest([]byte("khác"), h)), nil, ErrSignedAttributes},
		{"content-type twice", signedWith(t, id, h, h, contentType, contentType, right), nil, ErrSignedAttributes},
		{"other content", signedWith(t, id, h, h, contentType, digest([]byte("khác"), h)), nil, ErrDigestMismatch},
		{"two hashes", signedWith(t, id, crypto.SHA512, h, contentType, digest(content, crypto.SHA512)), nil, ErrUnsupported},
		{"protected", signedWith(t, id, h, h, contentType, right, protect(h, h)), nil, nil},
		{"other digest protected", signedWith(t, id, h, h, contentType, right, protect(crypto.SHA512, h)), nil, ErrSignedAttributes},
		{"other signature protected", signedWith(t, id, h, h, contentType, right, protect(h, crypto.SHA512)), nil, ErrSignedAttributes},
		{"reference to the chain", signedWith(t, id, h, h, contentType, right, reference(1, 2)), nil, nil},
		{"two references", signedWith(t, id, h, h, contentType, right, reference(2, 1)), nil, ErrSignedAttributes},
		{"empty reference", signedWith(t, id, h, h, contentType, right, reference(1, 0)), ErrMalformed, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			sd, err := Parse(c.der)
			if !errors.Is(err, c.parse) {
				t.Fatalf("parse: %v", err)
			}
			if err != nil {
				return
			}
			if err := sd.Verify(digestOf(content)); !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
		})
	}
}
