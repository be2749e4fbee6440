package validation

import (
	"context"
	"crypto/x509"
	"time"

	"congvan/signing/trust"
)

// Trust says which certificates are to be believed; *trust.Store is one.
// Implementations are safe for concurrent use.
type Trust interface {
	// Path builds and checks a path from a certificate to a pinned anchor, by keys and
	// never by names, valid at a time; pool holds what the file offers. It begins with
	// the leaf and ends with the anchor. Errors wrap trust.ErrUntrusted (no path),
	// trust.ErrExpired or trust.ErrNotYetValid (a path, but not at that time; that path
	// comes with the error).
	Path(ctx context.Context, leaf *x509.Certificate, pool []*x509.Certificate, at time.Time) ([]*x509.Certificate, error)
	// Revocation tells the status of a certificate at a time, from the evidence in
	// the file, from a cache or from the network as configured.
	Revocation(ctx context.Context, cert, issuer *x509.Certificate, at time.Time, evidence trust.Evidence) (trust.Revocation, error)
}
