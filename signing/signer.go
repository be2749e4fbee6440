package signing

import (
	"context"
	"crypto"
	"crypto/rsa"
	"fmt"
	"io"
)

// Signer lends a key to libraries that know crypto.Signer only (certificate requests, TLS).
// It is bound to ctx: crypto.Signer has no way to say how long one may wait, so that a
// signer must not outlive the act that it was made for. pin is of a personal key, nil for a
// service key; the signer does not keep a copy.
func Signer(ctx context.Context, keys Keys, key string, public crypto.PublicKey, pin []byte) crypto.Signer {
	return &boundSigner{ctx, keys, key, public, pin}
}

type boundSigner struct {
	ctx    context.Context // what it is bound to
	keys   Keys
	key    string
	public crypto.PublicKey
	pin    []byte
}

func (s *boundSigner) Public() crypto.PublicKey { return s.public }

// Sign implements crypto.Signer; the token has its own source of randomness.
func (s *boundSigner) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	o := SignOptions{Hash: opts.HashFunc(), PIN: s.pin}
	if pss, ok := opts.(*rsa.PSSOptions); ok {
		// what a token is asked for is a salt as long as the hash
		if pss.SaltLength != rsa.PSSSaltLengthEqualsHash && pss.SaltLength != rsa.PSSSaltLengthAuto && pss.SaltLength != o.Hash.Size() {
			return nil, fmt.Errorf("signing: PSS with a salt of %d bytes; use one as long as the hash", pss.SaltLength)
		}
		o.PSS = true
	}
	return s.keys.Sign(s.ctx, s.key, digest, o)
}
