//go:build cgo

package pkcs11_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"congvan/signing"
)

// TestTokenFilesGoneAndBack takes the tokens' files away and puts them back, as a pulled
// disk or an unplugged device does: SoftHSM does not read them anew by itself.
func TestTokenFilesGoneAndBack(t *testing.T) {
	s := newStore(t, 2)
	ctx := context.Background()
	sign := func(i int) ([]byte, error) { return s.Sign(ctx, s.person, digest(i), withPIN(personPIN)) }
	sig, err := sign(1)
	verify(t, s.personKey, 1, sig, err)

	dir := filepath.Join(filepath.Dir(s.Env["SOFTHSM2_CONF"]), "tokens")
	if err := os.Rename(dir, dir+".gone"); err != nil {
		t.Fatal(err)
	}
	if _, err := sign(2); !errors.Is(err, signing.ErrTokenUnavailable) {
		t.Fatalf("gone: %v", err)
	}
	s.clock.add(2 * time.Minute)
	if _, err := sign(3); !errors.Is(err, signing.ErrTokenUnavailable) {
		t.Fatalf("still gone: %v", err)
	}
	if err := os.Rename(dir+".gone", dir); err != nil {
		t.Fatal(err)
	}
	s.clock.add(2 * time.Minute)
	sig, err = sign(4)
	verify(t, s.personKey, 4, sig, err)
	sig, err = s.Sign(ctx, s.agency, digest(5), sha256)
	verify(t, s.agencyKey, 5, sig, err)
}
