package validation

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"slices"
	"time"
)

// AlgorithmEnd is one row of the crypto suite: from a day on, keys of a kind below a size
// or digests by a hash are no longer relied on unless the signature is proven to be older
// (ETSI EN 319 102-1, 5.2.8; the dates follow ETSI TS 119 312).
type AlgorithmEnd struct {
	Name  string    // of a key type or a hash
	Below int       // keys shorter than this many bits; 0 for a hash
	End   time.Time // first day without it
}

// AlgorithmEnds is the table (docs/signing.md shows it). What is not in it has no end yet.
// RSA below 2048 bits, curves below 256 bits and SHA-1 are refused or warned of whatever
// the day.
func AlgorithmEnds() []AlgorithmEnd { return slices.Clone(algorithmEnds[:]) }

var algorithmEnds = [...]AlgorithmEnd{
	{"SHA-1", 0, day(2012, 8, 1)},
	{"SHA-224", 0, day(2029, 1, 1)},
	{"RSA", 1900, day(2019, 10, 1)},
	{"RSA", 3000, day(2029, 1, 1)},
	{"ECDSA", 256, day(2021, 1, 1)},
}

func day(y int, m time.Month, d int) time.Time { return time.Date(y, m, d, 0, 0, 0, 0, time.UTC) }

// outdated tells whether an algorithm had ended at a time.
func outdated(name string, bits int, at time.Time) bool {
	return slices.ContainsFunc(algorithmEnds[:], func(a AlgorithmEnd) bool {
		return a.Name == name && bits < max(a.Below, 1) && !at.Before(a.End)
	})
}

// outdatedHash tells whether a hash had ended at a time.
func outdatedHash(h crypto.Hash, at time.Time) bool { return outdated(h.String(), 0, at) }

// outdatedKeys tells whether the key of one of the certificates had ended at a time.
func outdatedKeys(path []*x509.Certificate, at time.Time) bool {
	return slices.ContainsFunc(path, func(c *x509.Certificate) bool {
		switch key := c.PublicKey.(type) {
		case *rsa.PublicKey:
			return outdated("RSA", key.N.BitLen(), at)
		case *ecdsa.PublicKey:
			return outdated("ECDSA", key.Params().BitSize, at)
		}
		return false
	})
}
