//go:build cgo

package pkcs11

import (
	"context"
	"errors"
	"testing"
	"time"

	"congvan/signing"

	"github.com/miekg/pkcs11"
)

// TestPoolKeepsItsPlaces: a place is given up only to a token that has no more sessions and
// gives some; whatever else fails comes back.
func TestPoolKeepsItsPlaces(t *testing.T) {
	ctx := context.Background()
	f := newFixture(t, 1)
	f.token.limit = 1 // the pool's own session takes it
	if err := f.service(ctx); !errors.Is(err, signing.ErrTokenUnavailable) {
		t.Fatalf("no session left: %v", err)
	}
	f.token.limit = 100
	for range 2 {
		f.now = f.now.Add(time.Minute)
		waiting, cancel := context.WithTimeout(ctx, 10*time.Second)
		if err := f.service(waiting); err != nil {
			t.Errorf("sessions again: %v", err)
		}
		cancel()
	}
}

// TestPlaceThatDoesNotOpen: it is told at once, and not waited for as for a busy one.
func TestPlaceThatDoesNotOpen(t *testing.T) {
	f := newFixture(t, 2)
	began, release, first := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	f.token.sign = func() error { close(began); <-release; return nil }
	go func() { first <- f.service(context.Background()) }()
	<-began
	f.token.mu.Lock()
	f.token.opening = pkcs11.Error(pkcs11.CKR_DEVICE_MEMORY)
	f.token.mu.Unlock()
	waiting, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := f.service(waiting); !errors.Is(err, signing.ErrTokenUnavailable) {
		t.Error(err)
	}
	close(release)
	if err := <-first; err != nil {
		t.Error(err)
	}
}

// TestLoginThatIsNoRefusal: the PIN of a service key is given up for when the token refused it,
// not for a token that could not judge it or had judged it before.
func TestLoginThatIsNoRefusal(t *testing.T) {
	for code, c := range map[uint]struct{ now, later bool }{
		pkcs11.CKR_FUNCTION_FAILED:        {false, true},
		pkcs11.CKR_USER_ALREADY_LOGGED_IN: {true, true},
		pkcs11.CKR_PIN_INCORRECT:          {false, false},
		pkcs11.CKR_PIN_LOCKED:             {false, false},
	} {
		f := newFixture(t, 1)
		f.token.login = pkcs11.Error(code)
		if err := f.service(context.Background()); (err == nil) != c.now {
			t.Errorf("%v: %v", pkcs11.Error(code), err)
		}
		f.token.login = nil
		f.now = f.now.Add(time.Minute)
		if err := f.service(context.Background()); (err == nil) != c.later {
			t.Errorf("after %v: %v", pkcs11.Error(code), err)
		}
	}
}
