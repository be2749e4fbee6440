package signingtest

import (
	"context"
	"crypto"
	"crypto/elliptic"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"congvan/signing/pkcs11"
)

// SOPIN is the security officer's PIN of every test token.
const SOPIN = "so-123456"

// Tokens is a SoftHSM2 token store in a temporary folder with an open provider. A
// process opens the module once, so tests that use it do not run in parallel.
type Tokens struct {
	*pkcs11.Provider
	Module string
	Env    map[string]string
	dir    string
	tb     testing.TB
}

// NewTokens opens an empty token store. Module of o may name a module that stands in front of
// SoftHSM2 and Env what it needs; otherwise both are filled in.
func NewTokens(tb testing.TB, o pkcs11.Options) *Tokens {
	tb.Helper()
	t := &Tokens{tb: tb, dir: tb.TempDir()}
	var err error
	if t.Module = o.Module; t.Module == "" {
		if t.Module, err = pkcs11.FindSoftHSM(); err != nil {
			tb.Fatal(err)
		}
	}
	if t.Env, err = pkcs11.SoftHSMConf(filepath.Join(t.dir, "softhsm2.conf"), filepath.Join(t.dir, "tokens")); err != nil {
		tb.Fatal(err)
	}
	maps.Copy(t.Env, o.Env)
	o.Module, o.Env = t.Module, t.Env
	if t.Provider, err = pkcs11.Open(o); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := t.Close(); err != nil {
			tb.Error(err)
		}
	})
	return t
}

// Token makes a token.
func (t *Tokens) Token(label, pin string) {
	t.tb.Helper()
	if err := t.InitToken(context.Background(), label, []byte(SOPIN), []byte(pin)); err != nil {
		t.tb.Fatal(err)
	}
}

// RSA makes an RSA key in a token.
func (t *Tokens) RSA(token, object, pin string, bits int) crypto.PublicKey {
	t.tb.Helper()
	key, err := t.GenerateRSA(context.Background(), pkcs11.KeySpec{Token: token, Label: object, ID: []byte(object), PIN: []byte(pin)}, bits)
	if err != nil {
		t.tb.Fatal(err)
	}
	return key
}

// EC makes an EC key in a token.
func (t *Tokens) EC(token, object, pin string, curve elliptic.Curve) crypto.PublicKey {
	t.tb.Helper()
	key, err := t.GenerateEC(context.Background(), pkcs11.KeySpec{Token: token, Label: object, ID: []byte(object), PIN: []byte(pin)}, curve)
	if err != nil {
		t.tb.Fatal(err)
	}
	return key
}

// ServiceURI writes pin into a file and returns the URI of a service key.
func (t *Tokens) ServiceURI(token, object, pin string) string {
	t.tb.Helper()
	path := filepath.Join(t.dir, token+".pin")
	if err := os.WriteFile(path, []byte(pin+"\n"), 0o600); err != nil {
		t.tb.Fatal(err)
	}
	return t.uri(token, object, path)
}

// PersonalURI returns the URI of a personal key.
func (t *Tokens) PersonalURI(token, object string) string {
	t.tb.Helper()
	return t.uri(token, object, "")
}

func (t *Tokens) uri(token, object, pinFile string) string {
	t.tb.Helper()
	uri, err := pkcs11.URI(token, object, pinFile)
	if err != nil {
		t.tb.Fatal(err)
	}
	return uri
}
