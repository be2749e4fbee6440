// Package softkey signs with private keys in PEM files. It exists for development
// and tests: a key in a file can be copied, so production configuration refuses it.
package softkey

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"congvan/signing"
)

// Scheme starts every key URI of this package.
const Scheme = "file:"

const maxKeyFile = 64 << 10

// Keys implements signing.Keys over unencrypted PEM files (PKCS#8, PKCS#1 or SEC 1)
// named by file:PATH. The file is read for each signature and nothing is kept. Safe
// for concurrent use.
type Keys struct {
	// Rand feeds ECDSA and PSS, e.g. crypto/rand.Reader.
	Rand io.Reader
}

var _ signing.Keys = Keys{}

// Sign implements signing.Keys. opts.PIN is refused: a file has no PIN, and a caller
// who passes one believes to be talking to a token.
func (k Keys) Sign(ctx context.Context, key string, digest []byte, opts signing.SignOptions) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if opts.PIN != nil {
		return nil, errors.New("softkey: a key in a file takes no PIN")
	}
	if !opts.Hash.Available() || len(digest) != opts.Hash.Size() {
		return nil, fmt.Errorf("softkey: digest of %d bytes does not fit hash %v", len(digest), opts.Hash)
	}
	signer, err := load(key)
	if err != nil {
		return nil, err
	}
	var how crypto.SignerOpts = opts.Hash
	if opts.PSS {
		if _, ok := signer.(*rsa.PrivateKey); !ok {
			return nil, errors.New("softkey: RSASSA-PSS needs an RSA key")
		}
		how = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: opts.Hash}
	}
	return signer.Sign(k.Rand, digest, how)
}

func load(uri string) (crypto.Signer, error) {
	path, ok := strings.CutPrefix(uri, Scheme)
	if !ok {
		return nil, fmt.Errorf("%w: %q is not a file: URI", signing.ErrKeyNotFound, uri)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", signing.ErrKeyNotFound, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxKeyFile))
	if err != nil {
		return nil, fmt.Errorf("%w: %v", signing.ErrKeyNotFound, err)
	}
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		var parsed any
		switch block.Type {
		case "PRIVATE KEY":
			parsed, err = x509.ParsePKCS8PrivateKey(block.Bytes)
		case "RSA PRIVATE KEY":
			parsed, err = x509.ParsePKCS1PrivateKey(block.Bytes)
		case "EC PRIVATE KEY":
			parsed, err = x509.ParseECPrivateKey(block.Bytes)
		default: // certificates and EC parameters may stand in the same file
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %s: %v", signing.ErrKeyNotFound, path, err)
		}
		switch key := parsed.(type) {
		case *rsa.PrivateKey:
			return key, nil
		case *ecdsa.PrivateKey:
			return key, nil
		default:
			return nil, fmt.Errorf("%w: %s holds a key of type %T, use RSA or EC", signing.ErrKeyNotFound, path, parsed)
		}
	}
	return nil, fmt.Errorf("%w: %s holds no unencrypted PEM private key", signing.ErrKeyNotFound, path)
}
