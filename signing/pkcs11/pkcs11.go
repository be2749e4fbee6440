// Package pkcs11 signs with keys in PKCS#11 tokens: HSMs, USB tokens, SoftHSM2.
//
// A key is named by an RFC 7512 URI and belongs to one of two classes, told by the
// URI alone and never mixed on one token:
//
//   - service keys (agencies, services): the URI has pin-source=file:PATH. The token
//     stays logged in, signatures run on a pool of sessions.
//   - personal keys: the URI has no pin-source and the owner's PIN comes with each
//     call. Login, sign and logout are one act, serialised per token, so that the
//     token itself judges every PIN: PKCS#11 login belongs to the process, and on a
//     token that is already logged in any PIN would be "accepted".
//
// Lost sessions, a token pulled and put back and a module finalised by force are
// cured by one rebuild and one retry; after that a circuit breaker answers
// signing.ErrTokenUnavailable until its pause is over. A wrong PIN is never retried.
//
// A module holds process-wide state, so a process opens it once. Open runs it in this
// process, where a call that hangs in vendor code cannot be cancelled and a crash takes
// everything with it. OpenHost runs it in a child process that can be killed and started
// again. Either way contexts bound the waiting for a session.
package pkcs11

import (
	"context"
	"errors"
	"time"

	"congvan/signing"
)

// Keys is what Provider and Host have in common: signing, and what an operator wants to
// know. It is safe for concurrent use.
type Keys interface {
	signing.Keys
	// Describe lists the initialised tokens with their public keys, without login.
	Describe(ctx context.Context) ([]Token, error)
	Stats() Stats
	Close() error
}

// Options of Open.
type Options struct {
	// Module is the path of the vendor's shared library.
	Module string
	// Env is set with os.Setenv before the module is initialised, because modules read
	// their configuration from the environment (SOFTHSM2_CONF).
	Env map[string]string
	// Sessions is the size of the pool of each service token; 0 means 4.
	Sessions int
	// Pause of the circuit breaker; 0 means 5 s.
	Pause time.Duration
	// Clock is the time source of the circuit breaker.
	Clock func() time.Time
}

// Errors beside those of package signing.
var (
	// ErrURI: the key URI cannot be used; the message says why.
	ErrURI = errors.New("pkcs11: key URI not acceptable")
	// ErrTokenClass: a token of service keys was asked with a PIN, or a token already
	// used for one class was asked for the other.
	ErrTokenClass = errors.New("pkcs11: a token holds either service keys or personal keys")
	// ErrPINRequired: a personal key was asked to sign without its owner's PIN.
	ErrPINRequired = errors.New("pkcs11: personal key needs its owner's PIN")
	// ErrClosed: the provider was closed.
	ErrClosed = errors.New("pkcs11: provider closed")
	// ErrModule: the module cannot be loaded or initialised.
	ErrModule = errors.New("pkcs11: module cannot be used")
)

// Token is one initialised token as the doctor sees it, without login.
type Token struct {
	Slot         uint
	Label        string
	Serial       string
	Manufacturer string
	Model        string
	PINLocked    bool
	PINCountLow  bool // a wrong PIN was given since the last right one
	Keys         []Key
}

// Key is a public key object; its private half usually has the same label and id.
type Key struct {
	Label string
	ID    []byte
	Type  string // RSA, EC or the PKCS#11 number
	Bits  int    // RSA only
}

// KeySpec names a key pair to be generated in a token.
type KeySpec struct {
	Token string // label of the token
	Label string // CKA_LABEL, object= in the URI
	ID    []byte // CKA_ID
	PIN   []byte // user PIN of the token
}

const defaultPause = 5 * time.Second // of a circuit breaker
