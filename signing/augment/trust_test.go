package augment_test

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/digitorus/timestamp"

	"congvan/signing"
	"congvan/signing/augment"
	"congvan/signing/signingtest"
	"congvan/signing/trust"
	"congvan/signing/tsp"
)

// believing trusts everybody and gathers what it is told to.
type believing struct {
	material func(leaf *x509.Certificate) error
}

func (believing) Path(context.Context, *x509.Certificate, []*x509.Certificate, time.Time) ([]*x509.Certificate, error) {
	return nil, nil
}

func (b believing) Material(_ context.Context, leaf *x509.Certificate, _ []*x509.Certificate, _ time.Time) (trust.Evidence, error) {
	return trust.Evidence{}, b.material(leaf)
}

// tsaFunc is a timestamp server that tests look into.
type tsaFunc func(digest []byte) (*tsp.Token, error)

func (f tsaFunc) Timestamp(_ context.Context, digest []byte, _ crypto.Hash) (*tsp.Token, error) {
	return f(digest)
}

func TestAugmenterNeedsItsParts(t *testing.T) {
	w := newWorld(t)
	all := augment.Options{Engine: w.engine, Trust: w.trust, TSA: []augment.TSA{w.server(w.TSA)}}
	for name, leave := range map[string]func(*augment.Options){
		"engine": func(o *augment.Options) { o.Engine = nil },
		"trust":  func(o *augment.Options) { o.Trust = nil },
		"TSA":    func(o *augment.Options) { o.TSA = nil },
	} {
		o := all
		leave(&o)
		if _, err := augment.New(o); err == nil {
			t.Errorf("without %s", name)
		}
	}
}

// Nobody else is asked once nobody waits.
func TestCancelledBetweenServers(t *testing.T) {
	w := newWorld(t)
	ctx, stop := context.WithCancel(t.Context())
	asked := 0
	server := tsaFunc(func([]byte) (*tsp.Token, error) {
		asked++
		stop()
		return nil, tsp.ErrUnavailable
	})
	a, err := augment.New(augment.Options{Engine: w.engine, Trust: w.trust, TSA: []augment.TSA{server, server}})
	w.must(err)
	if _, err := a.TimestampLate(ctx, file(w.twice(0, nil)), "Agency"); err == nil || asked != 1 || !errors.Is(err, context.Canceled) || errors.Is(err, signing.ErrTimestampUnavailable) {
		t.Errorf("%d asked: %v", asked, err)
	}
}

// What trust says of a certificate is told by what may pass and what will not.
func TestEvidenceFaults(t *testing.T) {
	w := newWorld(t)
	data := w.twice(0, nil)
	patch, err := w.augmenter(w.TSA).TimestampLate(t.Context(), file(data), "Agency")
	w.must(err)
	w.must(patch.Apply(data, 0))
	for name, c := range map[string]struct {
		err  error
		stop bool
		want error
	}{
		"no answer":           {trust.ErrUnknown, false, signing.ErrEvidenceUnavailable},
		"no answer in time":   {fmt.Errorf("OCSP: %w", context.DeadlineExceeded), false, signing.ErrEvidenceUnavailable},
		"revoked":             {trust.ErrRevoked, false, signing.ErrEvidenceAgainst},
		"nobody waits for it": {trust.ErrUnknown, true, context.Canceled},
	} {
		ctx, stop := context.WithCancel(t.Context())
		material := func(*x509.Certificate) error {
			if c.stop {
				stop()
			}
			return c.err
		}
		a, err := augment.New(augment.Options{Engine: w.engine, Trust: believing{material}, TSA: []augment.TSA{w.server(w.TSA)}})
		w.must(err)
		if _, err := a.LongTerm(ctx, file(data), []string{"Agency"}, signing.LevelLT); !errors.Is(err, c.want) || c.stop && errors.Is(err, signing.ErrEvidenceUnavailable) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		stop()
	}
}

// A timestamp whose authority nobody can name proves nothing.
func TestTimestampWithoutCertificate(t *testing.T) {
	w := newWorld(t)
	spec := signingtest.TSASpec{Identity: w.PKI.TSA(), Change: func(ts *timestamp.Timestamp) { ts.AddTSACertificate = false }}
	server := tsaFunc(func(digest []byte) (*tsp.Token, error) {
		request := timestamp.Request{HashAlgorithm: crypto.SHA256, HashedMessage: digest}
		body, err := request.Marshal()
		w.must(err)
		der, err := w.PKI.Timestamp(body, spec)
		w.must(err)
		answer, err := timestamp.ParseResponse(der)
		w.must(err)
		return tsp.Parse(answer.RawToken)
	})
	material := func(leaf *x509.Certificate) error {
		if leaf == nil {
			t.Error("asked about nobody")
		}
		return nil
	}
	a, err := augment.New(augment.Options{Engine: w.engine, Trust: believing{material}, TSA: []augment.TSA{server}})
	w.must(err)
	data := w.twice(0, nil)
	patch, err := a.TimestampLate(t.Context(), file(data), "Agency")
	w.must(err)
	w.must(patch.Apply(data, 0))
	if _, err := a.LongTerm(t.Context(), file(data), []string{"Agency"}, signing.LevelLT); !errors.Is(err, signing.ErrEvidenceAgainst) {
		t.Errorf("%v", err)
	}
}
