package cms

import (
	"crypto"
	"crypto/x509"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// FromX509 reads the oldest kind of PDF signature, adbe.x509.rsa_sha1: the RSA signature
// over the SHA-1 of the document in an OCTET STRING, and beside it the certificates,
// signer's first (ISO 32000-1, 12.8.3.2). It has no attributes, and Verify calls it weak.
// Error: ErrMalformed.
func FromX509(value []byte, certs [][]byte) (*SignedData, error) {
	in := cryptobyte.String(value)
	var raw, signature cryptobyte.String
	if len(value) > MaxSize || !in.ReadASN1Element(&raw, cbasn1.OCTET_STRING) {
		return nil, malformed("no OCTET STRING")
	}
	sd := &SignedData{raw: raw, ContentType: oidData}
	raw.ReadASN1(&signature, cbasn1.OCTET_STRING)
	sd.Signature = signature
	sd.DigestAlgorithm = Algorithm{OID: OIDByHash(crypto.SHA1), Hash: crypto.SHA1}
	sd.SignatureAlgorithm = Algorithm{OID: oidRSA, Hash: crypto.SHA1}
	if len(certs) > MaxCertificates {
		return nil, malformed("certificates, at most %d", MaxCertificates)
	}
	for _, der := range certs {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			if c = odd(der); c == nil {
				return nil, malformed("certificate")
			}
		}
		sd.Certificates = append(sd.Certificates, c)
	}
	if len(sd.Certificates) > 0 {
		sd.Signer = sd.Certificates[0]
	}
	return sd, nil
}
