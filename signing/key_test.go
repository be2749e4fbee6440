package signing_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"slices"
	"testing"
	"time"

	"congvan/signing"
	"congvan/signing/signingtest"
)

// TestParseChain: certificates only, at least one, at most ten.
func TestParseChain(t *testing.T) {
	p := signingtest.NewPKI(t, time.Now, rand.Reader)
	chain := []*x509.Certificate{p.Issuing.Cert, p.Root.Cert}
	good := signing.EncodeChain(chain)
	other := pem.EncodeToMemory(&pem.Block{Type: "TRUSTED CERTIFICATE", Bytes: p.Root.Cert.Raw})
	broken := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: []byte{1}})
	for name, c := range map[string]struct {
		data []byte
		want int
	}{
		"two": {good, 2}, "twelve": {signing.EncodeChain(slices.Repeat(chain, 6)), 10}, "none": {[]byte("không có gì"), 0},
		"with another block": {append(slices.Clone(good), other...), 0}, "unreadable": {broken, 0},
	} {
		got, err := signing.ParseChain(c.data)
		if len(got) != c.want || (err == nil) != (c.want > 0) {
			t.Errorf("%s: %d certificates, %v", name, len(got), err)
		}
	}
}

// askedKeys remembers how a signature was asked for.
type askedKeys struct{ opts signing.SignOptions }

func (k *askedKeys) Sign(_ context.Context, _ string, _ []byte, opts signing.SignOptions) ([]byte, error) {
	k.opts = opts
	return []byte{1}, nil
}

// TestSigner: a token makes PSS with a salt as long as the hash; whoever wants another one is
// refused instead of getting that.
func TestSigner(t *testing.T) {
	for name, c := range map[string]struct {
		opts crypto.SignerOpts
		pss  bool
		fail bool
	}{
		"PKCS#1":         {crypto.SHA384, false, false},
		"as the hash":    {&rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA384}, true, false},
		"as long as can": {&rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthAuto, Hash: crypto.SHA384}, true, false},
		"48 bytes":       {&rsa.PSSOptions{SaltLength: 48, Hash: crypto.SHA384}, true, false},
		"32 bytes":       {&rsa.PSSOptions{SaltLength: 32, Hash: crypto.SHA384}, true, true},
	} {
		keys := &askedKeys{}
		_, err := signing.Signer(context.Background(), keys, "k", nil, []byte("1")).Sign(nil, make([]byte, 48), c.opts)
		if (err != nil) != c.fail {
			t.Errorf("%s: %v", name, err)
		}
		if want := (signing.SignOptions{Hash: crypto.SHA384, PSS: c.pss, PIN: []byte("1")}); !c.fail && (keys.opts.Hash != want.Hash || keys.opts.PSS != want.PSS || string(keys.opts.PIN) != "1") {
			t.Errorf("%s: asked for %+v", name, keys.opts)
		}
	}
}
