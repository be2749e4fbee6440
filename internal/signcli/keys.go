package signcli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"time"

	"congvan/signing"
	"congvan/signing/pkcs11"
	"congvan/signing/softkey"
)

const maxPINFile = 4 << 10

// ErrKeyURI says that --key cannot name a key.
var ErrKeyURI = errors.New("--key is neither an RFC 7512 pkcs11: URI nor file:KEY.pem")

// OpenKeys opens what holds the key of a URI. The module of a pkcs11: URI is the one in
// its module-path, else module, else SoftHSM2. Call close when done.
func OpenKeys(uri, module string, clock func() time.Time, random io.Reader) (keys signing.Keys, close func() error, err error) {
	switch {
	case strings.HasPrefix(uri, softkey.Scheme):
		return softkey.Keys{Rand: random}, func() error { return nil }, nil
	case !strings.HasPrefix(uri, "pkcs11:"):
		return nil, nil, ErrKeyURI
	}
	named, err := modulePath(uri)
	if err != nil {
		return nil, nil, err
	}
	if named != "" {
		module = named
	}
	if module == "" {
		if module, err = pkcs11.FindSoftHSM(); err != nil {
			return nil, nil, err
		}
	}
	p, err := pkcs11.Open(pkcs11.Options{Module: module, Sessions: 1, Clock: clock})
	if err != nil {
		return nil, nil, err
	}
	return p, p.Close, nil
}

// modulePath is the module-path attribute of a pkcs11: URI.
func modulePath(uri string) (string, error) {
	_, query, _ := strings.Cut(uri, "?")
	for attribute := range strings.SplitSeq(query, "&") {
		if v, ok := strings.CutPrefix(attribute, "module-path="); ok {
			path, err := url.PathUnescape(v)
			if err != nil {
				return "", fmt.Errorf("%w: module-path: %w", ErrKeyURI, err)
			}
			return path, nil
		}
	}
	return "", nil
}

// ReadPIN reads a PIN file; a final line end is not part of the PIN.
func ReadPIN(path string) ([]byte, error) {
	f, err := openFile(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if f.size > maxPINFile {
		return nil, fmt.Errorf("%s is too big for a PIN file", path)
	}
	pin, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if pin = bytes.TrimRight(pin, "\r\n"); len(pin) == 0 {
		return nil, fmt.Errorf("PIN file %s is empty", path)
	}
	return pin, nil
}
