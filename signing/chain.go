package signing

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
)

// Chain is a certificate chain, leaf first.
type Chain = []*x509.Certificate

// ParseChain reads a PEM chain, leaf first; at most ten certificates.
func ParseChain(data []byte) (Chain, error) {
	var out Chain
	for len(out) < 10 {
		var b *pem.Block
		if b, data = pem.Decode(data); b == nil {
			break
		}
		if b.Type != pemCertificate {
			return nil, fmt.Errorf("signing: PEM block %q in a certificate chain", b.Type)
		}
		c, err := x509.ParseCertificate(b.Bytes)
		if err != nil {
			return nil, fmt.Errorf("signing: certificate chain: %w", err)
		}
		out = append(out, c)
	}
	if len(out) == 0 {
		return nil, errors.New("signing: no certificate in chain")
	}
	return out, nil
}

// Fingerprint is the SHA-256 of a certificate, in hex.
func Fingerprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return hex.EncodeToString(sum[:])
}

// EncodeChain writes a chain as PEM.
func EncodeChain(chain Chain) []byte {
	var out []byte
	for _, c := range chain {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: pemCertificate, Bytes: c.Raw})...)
	}
	return out
}
