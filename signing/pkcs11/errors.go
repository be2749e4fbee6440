//go:build cgo

package pkcs11

import (
	"errors"
	"fmt"

	"congvan/signing"

	"github.com/miekg/pkcs11"
)

// errAbsent: no slot holds the token.
var errAbsent = fmt.Errorf("%w: not in any slot", signing.ErrTokenUnavailable)

// loginError is an error of C_Login itself. Nearly none of them may be answered by
// another try: the token counts them.
type loginError struct{ err error }

func (e *loginError) Error() string { return e.err.Error() }
func (e *loginError) Unwrap() error { return e.err }

func is(err error, code uint) bool {
	var e pkcs11.Error
	return errors.As(err, &e) && uint(e) == code
}

func anyOf(err error, codes ...uint) bool {
	for _, c := range codes {
		if is(err, c) {
			return true
		}
	}
	return false
}

// lost tells that sessions, login or handles are gone, which a rebuild may cure.
func lost(err error) bool {
	var login *loginError
	if errors.As(err, &login) {
		// the PIN never reached the token
		return anyOf(err, pkcs11.CKR_CRYPTOKI_NOT_INITIALIZED, pkcs11.CKR_SESSION_HANDLE_INVALID, pkcs11.CKR_SESSION_CLOSED)
	}
	return anyOf(err, pkcs11.CKR_SESSION_HANDLE_INVALID, pkcs11.CKR_SESSION_CLOSED, pkcs11.CKR_OBJECT_HANDLE_INVALID,
		pkcs11.CKR_KEY_HANDLE_INVALID, pkcs11.CKR_USER_NOT_LOGGED_IN, pkcs11.CKR_DEVICE_ERROR, pkcs11.CKR_DEVICE_REMOVED,
		pkcs11.CKR_TOKEN_NOT_PRESENT, pkcs11.CKR_CRYPTOKI_NOT_INITIALIZED)
}

// unavailable tells that the token did not do its work. Where that lasts, only a module
// started afresh may see the token again: SoftHSM does not read a token's files anew.
func unavailable(err error) bool { return errors.Is(outward(err), signing.ErrTokenUnavailable) }

// judged tells that a PIN may have reached the token: it is not offered again.
func judged(err error) bool {
	var login *loginError
	return errors.As(err, &login) && !lost(err)
}

// outward turns PKCS#11 codes into the errors of package signing.
func outward(err error) error {
	var code pkcs11.Error
	if err == nil || !errors.As(err, &code) {
		return err
	}
	kind := error(nil)
	switch uint(code) {
	case pkcs11.CKR_PIN_INCORRECT, pkcs11.CKR_PIN_INVALID, pkcs11.CKR_PIN_LEN_RANGE:
		kind = signing.ErrPINIncorrect
	case pkcs11.CKR_PIN_LOCKED, pkcs11.CKR_PIN_EXPIRED:
		kind = signing.ErrPINLocked
	case pkcs11.CKR_SESSION_COUNT, pkcs11.CKR_DEVICE_MEMORY, pkcs11.CKR_HOST_MEMORY, pkcs11.CKR_GENERAL_ERROR,
		pkcs11.CKR_FUNCTION_FAILED, pkcs11.CKR_TOKEN_NOT_RECOGNIZED, pkcs11.CKR_USER_ALREADY_LOGGED_IN,
		pkcs11.CKR_USER_PIN_NOT_INITIALIZED, pkcs11.CKR_SLOT_ID_INVALID:
		kind = signing.ErrTokenUnavailable
	}
	if kind == nil && lost(code) {
		kind = signing.ErrTokenUnavailable
	}
	if kind == nil {
		return fmt.Errorf("pkcs11: the token answered %w", code)
	}
	return fmt.Errorf("%w: %w", kind, code)
}
