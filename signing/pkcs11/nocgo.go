//go:build !cgo

package pkcs11

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"fmt"

	"congvan/signing"
)

// Provider cannot exist in a build without cgo: PKCS#11 modules are C libraries.
type Provider struct{}

var _ Keys = (*Provider)(nil)

var errNoCGO = fmt.Errorf("%w: this program was built without cgo; build it with CGO_ENABLED=1", ErrModule)

// Open always fails in a build without cgo.
func Open(Options) (*Provider, error) { return nil, errNoCGO }

// Sign implements signing.Keys.
func (*Provider) Sign(context.Context, string, []byte, signing.SignOptions) ([]byte, error) {
	return nil, errNoCGO
}

// Describe lists tokens.
func (*Provider) Describe(context.Context) ([]Token, error) { return nil, errNoCGO }

// InitToken makes a token.
func (*Provider) InitToken(context.Context, string, []byte, []byte) error { return errNoCGO }

// GenerateRSA makes an RSA key pair in a token.
func (*Provider) GenerateRSA(context.Context, KeySpec, int) (*rsa.PublicKey, error) {
	return nil, errNoCGO
}

// GenerateEC makes an EC key pair in a token.
func (*Provider) GenerateEC(context.Context, KeySpec, elliptic.Curve) (*ecdsa.PublicKey, error) {
	return nil, errNoCGO
}

// PublicKey reads a public key object.
func (*Provider) PublicKey(context.Context, string, string) (crypto.PublicKey, error) {
	return nil, errNoCGO
}

// Stats returns zeros.
func (*Provider) Stats() Stats { return Stats{} }

// Close does nothing.
func (*Provider) Close() error { return nil }
