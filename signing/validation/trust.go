package validation

import (
	"context"
	"crypto/x509"
	"errors"
	"time"
)

// Trust says which certificates are to be believed. Implementations are safe for
// concurrent use.
type Trust interface {
	// Path builds and checks a path from a certificate to a pinned anchor, by key
	// identifiers, valid at a time; pool holds what the file offers. The path begins
	// with the leaf and ends with the anchor. Errors wrap ErrUntrusted (no path),
	// ErrExpired (a path, but not valid at that time) or are failures to find out.
	Path(ctx context.Context, leaf *x509.Certificate, pool []*x509.Certificate, at time.Time) ([]*x509.Certificate, error)
	// Revocation tells the status of a certificate at a time, from the evidence in
	// the file, from a cache or from the network as configured.
	Revocation(ctx context.Context, cert, issuer *x509.Certificate, at time.Time, evidence Evidence) (Revocation, error)
}

// Errors of Trust.Path.
var (
	ErrUntrusted = errors.New("validation: no path to a trusted anchor")
	ErrExpired   = errors.New("validation: path not valid at that time")
)

// Evidence is the validation material that a file carries: in its document
// security store and in the CMS.
type Evidence struct {
	Certificates []*x509.Certificate
	OCSP         [][]byte // DER responses
	CRLs         [][]byte // DER
}

// RevocationStatus of a certificate.
type RevocationStatus string

// Statuses, as they stand in reports.
const (
	StatusGood    RevocationStatus = "good"
	StatusRevoked RevocationStatus = "revoked"
	StatusUnknown RevocationStatus = "unknown"
)

// Revocation is the answer about one certificate.
type Revocation struct {
	Status    RevocationStatus
	RevokedAt time.Time // when revoked
	Embedded  bool      // the file's own evidence said so
}
