//go:build cgo

package pkcs11

import (
	"errors"
	"testing"
	"time"

	"congvan/signing"

	"github.com/miekg/pkcs11"
)

// TestErrors: what a token's answer means, whether the token is started afresh for it, and
// that a PIN which may have reached the token is never offered again.
func TestErrors(t *testing.T) {
	kinds := []error{signing.ErrPINIncorrect, signing.ErrPINLocked, signing.ErrTokenUnavailable}
	for code, c := range map[uint]struct {
		kind        error
		lost, login bool // by itself, and as an answer to C_Login
	}{
		pkcs11.CKR_PIN_INCORRECT:            {signing.ErrPINIncorrect, false, false},
		pkcs11.CKR_PIN_LEN_RANGE:            {signing.ErrPINIncorrect, false, false},
		pkcs11.CKR_PIN_LOCKED:               {signing.ErrPINLocked, false, false},
		pkcs11.CKR_PIN_EXPIRED:              {signing.ErrPINLocked, false, false},
		pkcs11.CKR_GENERAL_ERROR:            {signing.ErrTokenUnavailable, false, false},
		pkcs11.CKR_DEVICE_ERROR:             {signing.ErrTokenUnavailable, true, false},
		pkcs11.CKR_DEVICE_REMOVED:           {signing.ErrTokenUnavailable, true, false},
		pkcs11.CKR_USER_NOT_LOGGED_IN:       {signing.ErrTokenUnavailable, true, false},
		pkcs11.CKR_SESSION_HANDLE_INVALID:   {signing.ErrTokenUnavailable, true, true},
		pkcs11.CKR_SESSION_CLOSED:           {signing.ErrTokenUnavailable, true, true},
		pkcs11.CKR_CRYPTOKI_NOT_INITIALIZED: {signing.ErrTokenUnavailable, true, true},
		pkcs11.CKR_MECHANISM_INVALID:        {nil, false, false},
	} {
		err := error(pkcs11.Error(code))
		said := outward(err)
		if !is(said, code) {
			t.Errorf("%v: said as %v, without its code", err, said)
		}
		for _, k := range kinds {
			if errors.Is(said, k) != (k == c.kind) { //nolint:errorlint // which of them
				t.Errorf("%v: said as %v", err, said)
			}
		}
		if lost(err) != c.lost || judged(err) {
			t.Errorf("%v: lost %v, judged %v", err, lost(err), judged(err))
		}
		login := &loginError{err}
		if lost(login) != c.login || judged(login) == c.login {
			t.Errorf("%v at login: lost %v, judged %v", err, lost(login), judged(login))
		}
	}
	if outward(nil) != nil || !errors.Is(outward(ErrClosed), ErrClosed) {
		t.Error("an error of this package is not a token's")
	}
}

// TestBreakerLetsOneTry: after the pause one caller tries, and another only when that one has
// gone away.
func TestBreakerLetsOneTry(t *testing.T) {
	now := time.Unix(1_750_000_000, 0)
	var b breaker
	for range 2 {
		if !b.enter(now) {
			t.Fatal("closed, and refuses")
		}
	}
	b.leave(false, now, time.Minute)
	if b.enter(now.Add(59*time.Second)) || !b.tripped() {
		t.Error("lets somebody try within the pause")
	}
	now = now.Add(time.Minute)
	if !b.enter(now) {
		t.Error("lets nobody try after the pause")
	}
	if b.enter(now) {
		t.Error("lets two try at once")
	}
	if b.abandon(); !b.enter(now) {
		t.Error("waits for one who went away")
	}
	b.leave(true, now, time.Minute)
	for range 2 {
		if b.tripped() || !b.enter(now) {
			t.Error("stays open after a success")
		}
	}
}

// TestDerSignature: what a token gives for an ECDSA signature must be two numbers.
func TestDerSignature(t *testing.T) {
	for _, raw := range [][]byte{nil, {1}, {1, 2, 3}} {
		if der, err := derSignature(raw); err == nil {
			t.Errorf("%x gives %x", raw, der)
		}
	}
	if der, err := derSignature([]byte{1, 0x80}); err != nil || string(der) != "\x30\x07\x02\x01\x01\x02\x02\x00\x80" {
		t.Errorf("%x, %v", der, err)
	}
}
