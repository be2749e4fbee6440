// Package augment raises signatures to higher levels (ETSI EN 319 142-1 §6, EN 319 102-1
// §5): it puts timestamps into signatures, also into stored ones, and adds what a later
// reader needs to judge them without a network. It implements signing.Augmenter.
package augment

import (
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"congvan/signing"
	"congvan/signing/cms"
	"congvan/signing/pades"
	"congvan/signing/trust"
	"congvan/signing/tsp"
)

// TSA is a timestamp server; *tsp.Client is one.
type TSA interface {
	Timestamp(ctx context.Context, digest []byte, hash crypto.Hash) (*tsp.Token, error)
}

// Trust says whom to believe and gathers evidence; *trust.Store is one.
type Trust interface {
	Path(ctx context.Context, leaf *x509.Certificate, pool []*x509.Certificate, at time.Time) ([]*x509.Certificate, error)
	Material(ctx context.Context, leaf *x509.Certificate, pool []*x509.Certificate, at time.Time) (trust.Evidence, error)
}

// Options of New.
type Options struct {
	Engine *pades.Engine
	TSA    []TSA // asked in this order until one gives a token to be believed
	Trust  Trust
}

// Augmenter implements signing.Augmenter. It is safe for concurrent use.
type Augmenter struct{ o Options }

var _ signing.Augmenter = (*Augmenter)(nil)

// New makes an augmenter.
func New(o Options) (*Augmenter, error) {
	if o.Engine == nil || o.Trust == nil || len(o.TSA) == 0 {
		return nil, errors.New("augment: an engine, a timestamp server and somebody to believe are needed")
	}
	return &Augmenter{o}, nil
}

// Timestamp implements signing.Augmenter.
func (a *Augmenter) Timestamp(ctx context.Context, der []byte) ([]byte, error) {
	out, _, err := Stamp(ctx, a.token, der)
	return out, err
}

// Stamp gets a token over the value of a signature and puts it among the unsigned
// attributes.
func Stamp(ctx context.Context, token func(context.Context, []byte) (*tsp.Token, error), der []byte) ([]byte, *tsp.Token, error) {
	sd, err := cms.Parse(der)
	if err != nil {
		return nil, nil, err
	}
	sum := sha256.Sum256(sd.Signature)
	t, err := token(ctx, sum[:])
	if err != nil {
		return nil, nil, err
	}
	out, err := cms.SetTimestampToken(der, t.Raw)
	return out, t, err
}

// TimestampLate implements signing.Augmenter.
func (a *Augmenter) TimestampLate(ctx context.Context, f signing.File, field string) (signing.Patch, error) {
	n, err := a.o.Engine.Newest(ctx, f, field)
	if err != nil {
		return signing.Patch{}, err
	}
	der, err := a.Timestamp(ctx, n.CMS)
	if err != nil {
		return signing.Patch{}, err
	}
	return n.Replace(der)
}

// LongTerm implements signing.Augmenter.
func (a *Augmenter) LongTerm(ctx context.Context, f signing.File, fields []string, level signing.Level) ([]byte, error) {
	var tail []byte
	for _, field := range fields {
		m, err := a.material(ctx, f, field)
		if err != nil {
			return nil, fmt.Errorf("field %q: %w", field, err)
		}
		more, err := a.o.Engine.LongTerm(ctx, signing.Extended(f, tail), field, m)
		if err != nil {
			return nil, err
		}
		tail = append(tail, more...)
	}
	if !level.Reaches(signing.LevelLTA) {
		return tail, nil
	}
	more, err := a.archive(ctx, signing.Extended(f, tail))
	if err != nil {
		return nil, err
	}
	return append(tail, more...), nil
}

// material is what a later reader needs about one signature: about its signer and about
// whoever made its timestamp, at the time that this proves.
func (a *Augmenter) material(ctx context.Context, f signing.File, field string) (trust.Evidence, error) {
	var all trust.Evidence
	der, err := a.o.Engine.SignatureCMS(ctx, f, field)
	if err != nil {
		return all, err
	}
	sd, err := cms.Parse(der)
	if err != nil {
		return all, err
	}
	if sd.Timestamp == nil {
		return all, fmt.Errorf("%w: it carries no timestamp", signing.ErrEvidenceAgainst)
	}
	t, err := tsp.Parse(sd.Timestamp)
	if err != nil {
		return all, fmt.Errorf("%w: %w", signing.ErrEvidenceAgainst, err)
	}
	for _, x := range []struct {
		leaf *x509.Certificate
		pool []*x509.Certificate
	}{{sd.Signer, sd.Certificates}, {t.Certificate, t.Certificates}} {
		if x.leaf == nil {
			return all, fmt.Errorf("%w: the certificate of its signer or of its timestamp is missing", signing.ErrEvidenceAgainst)
		}
		m, err := a.o.Trust.Material(ctx, x.leaf, x.pool, t.Time)
		if err != nil {
			return all, about(ctx, err)
		}
		all.Certificates = append(all.Certificates, m.Certificates...)
		all.OCSP = append(all.OCSP, m.OCSP...)
		all.CRLs = append(all.CRLs, m.CRLs...)
	}
	return all, nil
}

// about says what an error of trust means for the evidence.
func about(ctx context.Context, err error) error {
	switch {
	case errors.Is(ctx.Err(), context.Canceled):
		return ctx.Err()
	case errors.Is(err, trust.ErrUnknown), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%w: %w", signing.ErrEvidenceUnavailable, err)
	}
	return fmt.Errorf("%w: %w", signing.ErrEvidenceAgainst, err)
}

// archive adds a document timestamp over the whole file.
func (a *Augmenter) archive(ctx context.Context, f signing.File) ([]byte, error) {
	prepared, err := a.o.Engine.PrepareTimestamp(ctx, f, signing.TimestampField(1), 0)
	for n := 2; errors.Is(err, signing.ErrFieldExists) && n < 1000; n++ {
		prepared, err = a.o.Engine.PrepareTimestamp(ctx, f, signing.TimestampField(n), 0)
	}
	if err != nil {
		return nil, err
	}
	t, err := a.token(ctx, prepared.Digest)
	if err != nil {
		return nil, err
	}
	return prepared.Complete(t.Raw)
}

// token asks one server after the other for a token over a SHA-256 digest. A token whose
// authority is not to be believed is as good as none.
func (a *Augmenter) token(ctx context.Context, digest []byte) (*tsp.Token, error) {
	var errs []error
	passing := false
	for _, server := range a.o.TSA {
		t, err := server.Timestamp(ctx, digest, crypto.SHA256)
		if err == nil {
			if _, err = a.o.Trust.Path(ctx, t.Certificate, t.Certificates, t.Time); err == nil {
				return t, nil
			}
		}
		if errors.Is(ctx.Err(), context.Canceled) {
			return nil, ctx.Err()
		}
		passing = passing || errors.Is(err, tsp.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded)
		errs = append(errs, err)
	}
	kind := signing.ErrTimestampRejected
	if passing {
		kind = signing.ErrTimestampUnavailable
	}
	return nil, fmt.Errorf("%w: %w", kind, errors.Join(errs...))
}
