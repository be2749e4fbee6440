// Package cms builds, reads and verifies the CMS SignedData (RFC 5652) that a PDF
// signature or a timestamp token carries. It signs from a digest, so the document
// never has to be in memory, and writes the CAdES baseline attributes of
// ETSI EN 319 122-1 and nothing else: content-type, message-digest and ESS
// signing-certificate-v2, no signing-time (EN 319 142-1 wants that in /M).
//
// Everything read is foreign: Parse is bounded in size, depth and count, and no
// input makes it panic.
package cms

import (
	"crypto"
	_ "crypto/sha1" // read only: legacy signatures are verified and reported as weak
	_ "crypto/sha256"
	_ "crypto/sha3"
	_ "crypto/sha512"
	"encoding/asn1"
	"errors"
	"fmt"
)

// Limits of what Parse accepts.
const (
	MaxSize         = 8 << 20 // bytes; revocation archives in old signatures are large
	MaxCertificates = 64
	MaxAttributes   = 64
	maxDepth        = 64   // nesting of BER elements
	minRSABits      = 2048 // below it: ErrWeak
	maxRSABits      = 8192 // above it verification is a denial of service: ErrUnsupported
)

// Errors that callers tell apart; all are wrapped with what was found.
var (
	// ErrMalformed: the bytes are not a SignedData, or exceed a limit.
	ErrMalformed = errors.New("cms: malformed SignedData")
	// ErrSignerCount: not exactly one SignerInfo (ISO 32000-2 12.8.3.3.1).
	ErrSignerCount = errors.New("cms: not exactly one signer")
	// ErrNoCertificate: the signer's certificate is not among the certificates.
	ErrNoCertificate = errors.New("cms: signer certificate missing")
	// ErrDigestMismatch: the content is not the one that was signed.
	ErrDigestMismatch = errors.New("cms: content does not match message-digest")
	// ErrSignature: the signature value does not verify with the signer's key.
	ErrSignature = errors.New("cms: signature does not verify")
	// ErrSignedAttributes: a signed attribute is missing, doubled or contradicts the rest.
	ErrSignedAttributes = errors.New("cms: signed attributes not acceptable")
	// ErrUnsupported: an algorithm or a parameter that this package does not verify.
	ErrUnsupported = errors.New("cms: algorithm not supported")
	// ErrWeak: everything verified, but by an algorithm or key size that is no longer
	// accepted (SHA-1, SHA-224, RSA below 2048 bits).
	ErrWeak = errors.New("cms: algorithm too weak")
)

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}

var (
	oidData       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidSignedData = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}

	oidContentType         = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningTime         = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 5}
	oidAlgorithmProtection = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 52}
	oidSigningCertificate  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 12}
	oidTimestampToken      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 14}
	oidSigningCertV2       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}

	oidRSA     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	oidMGF1    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 8}
	oidRSAPSS  = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}
	oidECKey   = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}
	oidEd25519 = asn1.ObjectIdentifier{1, 3, 101, 112}
)

// OIDTSTInfo is the content type of a timestamp token (RFC 3161 §2.4.2).
var OIDTSTInfo = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}

// OIDRevocationArchival is Adobe's signed attribute with OCSP responses and CRLs
// (ISO 32000-2 12.8.3.3.2), read with Attribute.
var OIDRevocationArchival = asn1.ObjectIdentifier{1, 2, 840, 113583, 1, 1, 8}

// digestAlgorithm names one hash in all the ways CMS does.
type digestAlgorithm struct {
	hash       crypto.Hash
	oid        asn1.ObjectIdentifier
	rsa, ecdsa asn1.ObjectIdentifier // signature algorithms bound to the hash
	weak       bool
}

var digests = []digestAlgorithm{
	{crypto.SHA256, asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}, asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}, false},
	{crypto.SHA384, asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 12}, asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 3}, false},
	{crypto.SHA512, asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 13}, asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 4}, false},
	{crypto.SHA3_256, asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 8}, asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 3, 14}, asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 3, 10}, false},
	{crypto.SHA3_384, asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 9}, asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 3, 15}, asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 3, 11}, false},
	{crypto.SHA3_512, asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 10}, asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 3, 16}, asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 3, 12}, false},
	{crypto.SHA224, asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 4}, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 14}, asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 1}, true},
	{crypto.SHA1, asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 5}, asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 1}, true},
}

func digestByHash(h crypto.Hash) *digestAlgorithm {
	for i := range digests {
		if digests[i].hash == h {
			return &digests[i]
		}
	}
	return nil
}

// HashByOID returns the hash a digest algorithm identifier names, 0 when this
// package does not know it.
func HashByOID(oid asn1.ObjectIdentifier) crypto.Hash {
	for i := range digests {
		// Some signers put the signature algorithm where the digest algorithm belongs.
		if digests[i].oid.Equal(oid) || digests[i].rsa.Equal(oid) {
			return digests[i].hash
		}
	}
	return 0
}

// OIDByHash returns the digest algorithm identifier of a hash, nil when this package does
// not know it.
func OIDByHash(h crypto.Hash) asn1.ObjectIdentifier {
	if d := digestByHash(h); d != nil {
		return d.oid
	}
	return nil
}

// WeakHash tells that a hash is no longer accepted for signatures.
func WeakHash(h crypto.Hash) bool {
	d := digestByHash(h)
	return d == nil || d.weak
}
