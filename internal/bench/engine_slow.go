package bench

import (
	"context"
	"crypto/elliptic"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"time"

	"congvan/internal/demo/pki"
	"congvan/signing"
	"congvan/signing/pkcs11"
	"congvan/signing/signingtest/p11fault"
)

// slow measures the engine behind a token that takes its time and has many sessions, as
// HSMs on a network are. The time is slept, but the signature behind it is SoftHSM's own: with
// RSA it takes so much of the processors that these, not the sessions, may set the pace. The
// rows with few sessions and with P-256, whose signature takes a tenth of that, tell which.
func (r *signRun) slow(ctx context.Context) error {
	r.say("a slow token with many sessions")
	module, err := p11fault.New(r.Dir)
	if err != nil || len(r.Host) == 0 {
		r.add(Row{What: "Documents signed by a slow token", Unit: "/s", AtLeast: true, Missing: fmt.Sprint("the test module cannot be used: ", err)})
		return nil
	}
	if err := module.Rules(fmt.Sprintf("delay sign %d 1 0", latency)); err != nil {
		return err
	}
	f, state, err := r.hashed("slow", r.sizes[len(r.sizes)/2])
	if err != nil {
		return err
	}
	defer func() { _ = f.Close(); _ = os.Remove(f.Name()) }()
	ec, err := r.curved(ctx)
	if err != nil {
		return err
	}
	for _, t := range []slowToken{
		{sessions: latencyPool, signer: r.agency},
		{sessions: latencyPool / 3, signer: r.agency, note: ", RSA"},
		{sessions: latencyPool, signer: ec, note: ", P-256"},
	} {
		if err := r.slowly(ctx, module, t, f, state); err != nil {
			return err
		}
	}
	return nil
}

// slowToken is one way to have a slow token.
type slowToken struct {
	sessions int
	signer   signing.Credential
	note     string
}

// slowly measures a slow token, for whose sessions twice as many workers wait.
func (r *signRun) slowly(ctx context.Context, module *p11fault.Module, t slowToken, f sample, state []byte) error {
	env := maps.Clone(r.pki.Env)
	maps.Copy(env, module.Env(r.pki.Module))
	keys, err := pkcs11.OpenHost(ctx, pkcs11.HostOptions{
		Options: pkcs11.Options{Module: module.Path, Env: env, Sessions: t.sessions, Clock: r.Clock}, Command: r.Host,
	})
	if err != nil {
		return err
	}
	defer func() { _ = keys.Close() }()
	in := turns{rounds: 1, each: time.Duration(r.usual.rounds) * r.usual.each}
	rates, err := r.compare(ctx, 2*t.sessions, in, r.raw(keys, t.signer), r.document(keys, t.signer, f, state, signing.Appearance{}))
	if err != nil {
		return err
	}
	possible := float64(1000 / latency * t.sessions)
	r.add(Row{
		What: fmt.Sprintf("Documents of %s, hash state kept, token of %d ms and %d sessions%s", sizeName(f.size), latency, t.sessions, t.note),
		Unit: "/s", AtLeast: true, Measured: rates[1], Limit: latencyShare * possible,
		Note: fmt.Sprintf("%.0f %% of the %s /s that the sessions can do; the token alone %s /s; %d workers, through hsm-host", 100*rates[1]/possible, figure(possible), figure(rates[0]), 2*t.sessions),
	})
	return nil
}

// curved is a signer with a P-256 key in the agencies' token and a certificate that the key
// made itself.
func (r *signRun) curved(ctx context.Context) (_ signing.Credential, err error) {
	pinFile := filepath.Join(r.pkiDir(), "agency.pin")
	pin, err := os.ReadFile(pinFile)
	if err != nil {
		return signing.Credential{}, err
	}
	keys, err := pkcs11.Open(pkcs11.Options{Module: r.pki.Module, Env: r.pki.Env, Clock: r.Clock})
	if err != nil {
		return signing.Credential{}, err
	}
	defer func() { err = errors.Join(err, keys.Close()) }()
	const label = "bench-curved"
	public, err := keys.GenerateEC(ctx, pkcs11.KeySpec{Token: pki.AgencyToken, Label: label, ID: []byte(label), PIN: pin}, elliptic.P256())
	if err != nil {
		return signing.Credential{}, err
	}
	uri, err := pkcs11.URI(pki.AgencyToken, label, pinFile)
	if err != nil {
		return signing.Credential{}, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Sở Đo lường thử nghiệm"}, KeyUsage: x509.KeyUsageDigitalSignature,
		NotBefore: r.Clock().Add(-time.Hour), NotAfter: r.Clock().Add(24 * time.Hour),
	}
	der, err := x509.CreateCertificate(r.Rand, template, template, public, signing.Signer(ctx, keys, uri, public, nil))
	if err != nil {
		return signing.Credential{}, err
	}
	cert, err := x509.ParseCertificate(der)
	return signing.Credential{KeyURI: uri, Chain: []*x509.Certificate{cert}}, err
}
