package cms

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"sort"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Options says how the signed attributes are signed.
type Options struct {
	PSS bool // RSASSA-PSS instead of PKCS#1 v1.5; RSA keys only
	// Hash of the signature; 0 or equal to the digest's own, since both must be the
	// same (RFC 8933).
	Hash crypto.Hash
}

// Build makes a detached CAdES SignedData over digest, which hash made of the
// content. chain holds the signer's certificate first; all of it is included. sign
// is called once with the digest of the signed attributes and returns an RSA
// signature value or a DER ECDSA signature. The result is DER (about 2 to 3 KiB).
//
// The returned signature is verified with chain[0] first: a wrong key in the token
// is ErrSignature, never a bad file. Weak keys are ErrWeak, other key types
// ErrUnsupported; errors of sign are returned as they are.
func Build(ctx context.Context, digest []byte, hash crypto.Hash, chain []*x509.Certificate,
	sign func(ctx context.Context, toSign []byte) ([]byte, error), opts Options,
) ([]byte, error) {
	alg := digestByHash(hash)
	switch {
	case len(chain) == 0 || sign == nil:
		return nil, errors.New("cms: no signer certificate or no signing function")
	case hash != crypto.SHA256 && hash != crypto.SHA384 && hash != crypto.SHA512:
		return nil, fmt.Errorf("%w: sign with SHA-256, SHA-384 or SHA-512, not %v", ErrUnsupported, hash)
	case opts.Hash != 0 && opts.Hash != hash:
		return nil, fmt.Errorf("%w: signature hash %v differs from content hash %v (RFC 8933)", ErrUnsupported, opts.Hash, hash)
	case len(digest) != hash.Size():
		return nil, fmt.Errorf("cms: digest has %d bytes, %v makes %d", len(digest), hash, hash.Size())
	}
	sigAlg, err := signatureAlgorithm(chain[0], alg, opts.PSS)
	if err != nil {
		return nil, err
	}
	attrs, err := signedAttributes(digest, chain[0])
	if err != nil {
		return nil, err
	}
	h := hash.New()
	h.Write(attrs)
	toSign := h.Sum(nil)
	value, err := sign(ctx, toSign)
	if err != nil {
		return nil, err
	}
	check := Algorithm{Hash: hash}
	if opts.PSS {
		check.PSS = &PSS{SaltLength: hash.Size()}
	}
	if err := verifyValue(chain[0].PublicKey, check, toSign, value); err != nil {
		return nil, fmt.Errorf("the key does not belong to certificate %X: %w", chain[0].SerialNumber, err)
	}
	return assemble(alg, sigAlg, chain, attrs, value)
}

// signatureAlgorithm returns the DER AlgorithmIdentifier for the key of leaf.
func signatureAlgorithm(leaf *x509.Certificate, alg *digestAlgorithm, pss bool) ([]byte, error) {
	switch key := leaf.PublicKey.(type) {
	case *rsa.PublicKey:
		if key.N.BitLen() < minRSABits {
			return nil, fmt.Errorf("%w: RSA key of %d bits, at least %d are needed", ErrWeak, key.N.BitLen(), minRSABits)
		}
		if pss {
			return pssIdentifier(alg)
		}
		return identifier(alg.rsa, true)
	case *ecdsa.PublicKey:
		if pss {
			return nil, fmt.Errorf("%w: RSASSA-PSS with an EC key", ErrUnsupported)
		}
		if key.Curve != elliptic.P256() && key.Curve != elliptic.P384() {
			return nil, fmt.Errorf("%w: curve %s, use P-256 or P-384", ErrUnsupported, key.Curve.Params().Name)
		}
		return identifier(alg.ecdsa, false)
	default:
		return nil, fmt.Errorf("%w: key of type %T", ErrUnsupported, leaf.PublicKey)
	}
}

func identifier(oid asn1.ObjectIdentifier, null bool) ([]byte, error) {
	var b cryptobyte.Builder
	addIdentifier(&b, oid, null)
	return b.Bytes()
}

func addIdentifier(b *cryptobyte.Builder, oid asn1.ObjectIdentifier, null bool) {
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oid)
		if null {
			b.AddASN1NULL()
		}
	})
}

// pssIdentifier writes RSASSA-PSS-params with MGF1 over the same hash and a salt as
// long as the hash (RFC 4055 §3.1).
func pssIdentifier(alg *digestAlgorithm) ([]byte, error) {
	explicit := func(n uint8) cbasn1.Tag { return cbasn1.Tag(n).ContextSpecific().Constructed() }
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oidRSAPSS)
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(explicit(0), func(b *cryptobyte.Builder) { addIdentifier(b, alg.oid, true) })
			b.AddASN1(explicit(1), func(b *cryptobyte.Builder) {
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
					b.AddASN1ObjectIdentifier(oidMGF1)
					addIdentifier(b, alg.oid, true)
				})
			})
			b.AddASN1(explicit(2), func(b *cryptobyte.Builder) { b.AddASN1Int64(int64(alg.hash.Size())) })
		})
	})
	return b.Bytes()
}

// signedAttributes returns the DER SET OF Attribute that is hashed and signed.
func signedAttributes(digest []byte, leaf *x509.Certificate) ([]byte, error) {
	contentType, err := attribute(oidContentType, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oidData) })
	if err != nil {
		return nil, err
	}
	messageDigest, err := attribute(oidMessageDigest, func(b *cryptobyte.Builder) { b.AddASN1OctetString(digest) })
	if err != nil {
		return nil, err
	}
	certHash := sha256.Sum256(leaf.Raw)
	signingCert, err := attribute(oidSigningCertV2, func(b *cryptobyte.Builder) {
		// SigningCertificateV2 { certs { ESSCertIDv2 { certHash } } }: the hash algorithm
		// is the DEFAULT, SHA-256, which DER leaves out (RFC 5035 §4).
		b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1OctetString(certHash[:]) })
			})
		})
	})
	if err != nil {
		return nil, err
	}
	return setOf(cbasn1.SET, contentType, messageDigest, signingCert)
}

func attribute(oid asn1.ObjectIdentifier, value func(*cryptobyte.Builder)) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oid)
		b.AddASN1(cbasn1.SET, value)
	})
	return b.Bytes()
}

// setOf writes a SET OF in DER order (X.690 §11.6) under the given tag.
func setOf(tag cbasn1.Tag, elements ...[]byte) ([]byte, error) {
	sorted := append([][]byte(nil), elements...)
	sort.Slice(sorted, func(i, j int) bool { return bytes.Compare(sorted[i], sorted[j]) < 0 })
	var b cryptobyte.Builder
	b.AddASN1(tag, func(b *cryptobyte.Builder) {
		for _, e := range sorted {
			b.AddBytes(e)
		}
	})
	return b.Bytes()
}

// implicit0 and implicit1 are the tags of certificates, signedAttrs and unsignedAttrs.
var (
	implicit0 = cbasn1.Tag(0).ContextSpecific().Constructed()
	implicit1 = cbasn1.Tag(1).ContextSpecific().Constructed()
)

func assemble(alg *digestAlgorithm, sigAlg []byte, chain []*x509.Certificate, attrs, value []byte) ([]byte, error) {
	var raws [][]byte
	for _, c := range chain {
		raws = append(raws, c.Raw)
	}
	certs, err := setOf(implicit0, raws...)
	if err != nil {
		return nil, err
	}
	// The attributes are stored as [0] IMPLICIT but hashed as SET OF (RFC 5652 §5.4):
	// only the first byte differs.
	stored := append([]byte{byte(implicit0)}, attrs[1:]...)
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { // ContentInfo
		b.AddASN1ObjectIdentifier(oidSignedData)
		b.AddASN1(implicit0, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { // SignedData
				b.AddASN1Int64(1)
				b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) { addIdentifier(b, alg.oid, false) })
				b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oidData) })
				b.AddBytes(certs)
				b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) {
					b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) { // SignerInfo
						b.AddASN1Int64(1)
						b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
							b.AddBytes(chain[0].RawIssuer)
							b.AddASN1BigInt(chain[0].SerialNumber)
						})
						addIdentifier(b, alg.oid, false)
						b.AddBytes(stored)
						b.AddBytes(sigAlg)
						b.AddASN1OctetString(value)
					})
				})
			})
		})
	})
	return b.Bytes()
}

// SetTimestampToken returns cms with a signature timestamp (id-aa-signatureTimeStampToken,
// RFC 3161 Appendix A) among its unsigned attributes; all signed bytes stay as they
// are. The caller has verified that token covers the signature value. A CMS that
// already carries one is refused with ErrMalformed, since a second one would hide
// which of them proves the time.
func SetTimestampToken(cms, token []byte) ([]byte, error) {
	sd, err := Parse(cms)
	if err != nil {
		return nil, err
	}
	if sd.Timestamp != nil {
		return nil, malformed("it already carries a signature timestamp")
	}
	t, err := Parse(token)
	if err != nil {
		return nil, fmt.Errorf("timestamp token: %w", err)
	}
	if !t.ContentType.Equal(OIDTSTInfo) {
		return nil, malformed("timestamp token holds content type %v", t.ContentType)
	}
	added, err := attribute(oidTimestampToken, func(b *cryptobyte.Builder) { b.AddBytes(t.raw) })
	if err != nil {
		return nil, err
	}
	elements := [][]byte{added}
	for _, a := range sd.UnsignedAttrs {
		elements = append(elements, a.raw)
	}
	unsigned, err := setOf(implicit1, elements...)
	if err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oidSignedData)
		b.AddASN1(implicit0, func(b *cryptobyte.Builder) {
			b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddBytes(sd.beforeSigners)
				b.AddASN1(cbasn1.SET, func(b *cryptobyte.Builder) {
					b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
						b.AddBytes(sd.signerHead)
						b.AddBytes(unsigned)
					})
				})
			})
		})
	})
	return b.Bytes()
}

// SameButUnsigned tells that b is a with other unsigned attributes at most: the same
// content, certificates, signed attributes and signature value, to the byte. The error
// says what differs, or that one of them cannot be read.
func SameButUnsigned(a, b []byte) error {
	x, err := Parse(a)
	if err != nil {
		return err
	}
	y, err := Parse(b)
	if err != nil {
		return err
	}
	if !bytes.Equal(x.beforeSigners, y.beforeSigners) || !bytes.Equal(x.signerHead, y.signerHead) {
		return malformed("more than its unsigned attributes differs from the signature it is to replace")
	}
	return nil
}
