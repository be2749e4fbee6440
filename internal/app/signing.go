package app

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"congvan/internal/demo/pki"
	"congvan/internal/fault"
	"congvan/internal/flow"
	"congvan/signing"
	"congvan/signing/augment"
	"congvan/signing/pades"
	"congvan/signing/trust"
	"congvan/signing/validation"
)

// Signing is the signing module as this installation has set it up: what signs, what
// judges, and what is believed.
type Signing struct {
	Engine    signing.Engine
	Validator signing.Validator
	Trust     *trust.Store
	// Augmenter and Offline are nil where no level above B-B is asked for.
	Augmenter signing.Augmenter
	Offline   signing.Validator // has the anchors and nothing else
	Demo      bool              // the demonstration authority is among the anchors
	clock     func() time.Time
}

// openSigning reads anchors and revocation lists. Production mode refuses to start with
// the demonstration authority.
func openSigning(cfg Config, clock func() time.Time, metrics prometheus.Registerer) (*Signing, error) {
	anchors, err := trust.ReadCertificates(cfg.Trust.Anchors...)
	if err != nil {
		return nil, fmt.Errorf("trust.anchors: %w", err)
	}
	engine := pades.New(pades.Options{})
	s := &Signing{Engine: engine, clock: clock}
	for _, c := range anchors {
		if pki.IsDemonstration(c) {
			s.Demo = true
		}
	}
	if s.Demo && cfg.Mode == "production" {
		return nil, errors.New("production mode refuses the demonstration authority (CHỨNG THƯ THỬ NGHIỆM): name real anchors in trust.anchors, or use mode = \"demo\"")
	}
	o := trust.Options{Anchors: anchors, CRLFiles: cfg.Trust.CRLs, Clock: clock}
	if len(cfg.Trust.Hosts) > 0 {
		if o.Fetcher, err = trust.NewGuard(trust.GuardOptions{Hosts: cfg.Trust.Hosts, Clock: clock}); err != nil {
			return nil, fmt.Errorf("trust.hosts: %w", err)
		}
	}
	if s.Trust, err = trust.New(o); err != nil {
		return nil, fmt.Errorf("trust: %w", err)
	}
	s.Validator = validation.New(validation.Options{Trust: s.Trust, Clock: clock})
	if !signing.Level(cfg.Signing.Level).Reaches(signing.LevelT) {
		return s, nil
	}
	return s, s.openLevels(cfg, engine, anchors, metrics)
}

// openLevels sets up what raises signatures above B-B.
func (s *Signing) openLevels(cfg Config, engine *pades.Engine, anchors []*x509.Certificate, metrics prometheus.Registerer) error {
	if len(cfg.Trust.TSA) == 0 {
		return fmt.Errorf("trust.tsa: signatures of level %s need a timestamp server; name its address", cfg.Signing.Level)
	}
	servers, err := timestampServers(cfg.Trust.TSA, metrics)
	if err != nil {
		return err
	}
	if s.Augmenter, err = augment.New(augment.Options{Engine: engine, TSA: servers, Trust: s.Trust}); err != nil {
		return err
	}
	alone, err := trust.New(trust.Options{Anchors: anchors, Clock: s.clock})
	if err != nil {
		return fmt.Errorf("trust: %w", err)
	}
	s.Offline = validation.New(validation.Options{Trust: alone, Clock: s.clock})
	return nil
}

// CheckSigner implements flow.Trust (NĐ 68/2024 Đ.29): use, validity, path and revocation,
// before the token is asked.
func (s *Signing) CheckSigner(ctx context.Context, c flow.Credential) error {
	chain, err := signing.ParseChain(c.ChainPEM)
	if err != nil {
		return fault.New(fault.Internal, "credential_broken").Wrap(err)
	}
	if got := signing.Fingerprint(chain[0]); got != c.Fingerprint {
		return fault.New(fault.Internal, "credential_broken").With("fingerprint", got)
	}
	err = s.Trust.CheckSigner(ctx, chain, s.clock())
	for _, x := range []struct {
		is   error
		kind fault.Kind
		code string
	}{
		{trust.ErrExpired, fault.Invalid, "certificate_expired"},
		{trust.ErrNotYetValid, fault.Invalid, "certificate_not_yet_valid"},
		{trust.ErrRevoked, fault.Invalid, "certificate_revoked"},
		{trust.ErrUsage, fault.Invalid, "certificate_usage"},
		{trust.ErrUnknown, fault.Unavailable, "revocation_unknown"},
		{trust.ErrUntrusted, fault.Invalid, "certificate_untrusted"},
	} {
		if errors.Is(err, x.is) {
			return fault.New(x.kind, x.code).Wrap(err)
		}
	}
	return err
}

// renewDemo keeps the revocation lists of the demonstration authority fresh.
func (a *App) renewDemo(ctx context.Context) {
	d := a.Config.Demo
	if d.CADir == "" || a.Config.Mode != "demo" {
		return
	}
	p, err := pki.Ensure(ctx, pki.Options{
		Dir: d.PKIDir, CADir: d.CADir, Module: a.Config.Keys.Module, Clock: a.Clock, Rand: rand.Reader, Authority: DemoAuthority,
	})
	if err != nil {
		a.Log.Error("demonstration authority", "error", err)
		return
	}
	every(ctx, time.Hour, func() {
		if err := p.RenewCRLs(); err != nil {
			a.Log.Error("demonstration revocation lists", "error", err)
		}
	})
}

// DemoAuthority is the organisation in the demonstration's certificates.
const DemoAuthority = "Cơ quan chứng thực trình diễn"
