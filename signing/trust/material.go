package trust

import (
	"context"
	"crypto/x509"
	"fmt"
	"time"
)

// Material gathers what a later reader needs to repeat the verdict on a certificate
// without a network (ETSI EN 319 142-1, 5.4.2): the certificates of its path, the
// anchor included, and for every one below the anchor the answer that called it good
// at a time. pool holds foreign certificates that may stand in the path.
//
// Errors: those of Path, ErrRevoked, and ErrUnknown when an answer is missing.
func (s *Store) Material(ctx context.Context, leaf *x509.Certificate, pool []*x509.Certificate, at time.Time) (Evidence, error) {
	path, err := s.Path(ctx, leaf, pool, at)
	if err != nil {
		return Evidence{}, err
	}
	ev := Evidence{Certificates: path}
	for i, c := range path[:len(path)-1] {
		r, err := s.Revocation(ctx, c, path[i+1], at, Evidence{Certificates: pool})
		switch {
		case err != nil:
			return Evidence{}, err
		case r.Status == Revoked:
			return Evidence{}, fmt.Errorf("%w: %q since %s", ErrRevoked, c.Subject.CommonName, r.RevokedAt.UTC().Format(time.RFC3339))
		case r.Status != Good:
			return Evidence{}, fmt.Errorf("%w: %q: no usable answer from its OCSP and CRL addresses", ErrUnknown, c.Subject.CommonName)
		case r.OCSP:
			ev.OCSP = append(ev.OCSP, r.Evidence)
		default:
			ev.CRLs = append(ev.CRLs, r.Evidence)
		}
	}
	return ev, nil
}
