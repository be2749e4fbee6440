//go:build cgo

package pkcs11

import (
	"context"
	"crypto"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"congvan/signing"

	"github.com/miekg/pkcs11"
)

// faulty is a token that misbehaves on command. Methods it lacks are not called.
type faulty struct {
	module
	mu       sync.Mutex
	label    string // of the token present, empty when it is pulled
	limit    int    // of sessions
	opening  error  // instead of one
	sessions map[pkcs11.SessionHandle]bool
	next     pkcs11.SessionHandle
	logins   int
	starts   int
	login    error
	sign     func() error
}

func (f *faulty) Initialize(...pkcs11.InitializeOption) error { f.starts++; return nil }
func (f *faulty) Finalize() error                             { clear(f.sessions); return nil }
func (f *faulty) GetSlotList(bool) ([]uint, error)            { return []uint{7}, nil }
func (f *faulty) GetTokenInfo(uint) (pkcs11.TokenInfo, error) {
	if f.label == "" {
		return pkcs11.TokenInfo{}, pkcs11.Error(pkcs11.CKR_TOKEN_NOT_PRESENT)
	}
	return pkcs11.TokenInfo{Label: f.label + "   ", SerialNumber: "1", Flags: pkcs11.CKF_TOKEN_INITIALIZED}, nil
}

func (f *faulty) OpenSession(uint, uint) (pkcs11.SessionHandle, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.opening != nil {
		return 0, f.opening
	}
	if len(f.sessions) >= f.limit {
		return 0, pkcs11.Error(pkcs11.CKR_SESSION_COUNT)
	}
	f.next++
	f.sessions[f.next] = true
	return f.next, nil
}

func (f *faulty) CloseSession(s pkcs11.SessionHandle) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.sessions, s)
	return nil
}

func (f *faulty) CloseAllSessions(uint) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	clear(f.sessions)
	return nil
}

func (f *faulty) GetSessionInfo(pkcs11.SessionHandle) (pkcs11.SessionInfo, error) {
	return pkcs11.SessionInfo{State: pkcs11.CKS_RO_USER_FUNCTIONS}, nil
}

func (f *faulty) Login(pkcs11.SessionHandle, uint, string) error                  { f.logins++; return f.login }
func (f *faulty) Logout(pkcs11.SessionHandle) error                               { return nil }
func (f *faulty) FindObjectsInit(pkcs11.SessionHandle, []*pkcs11.Attribute) error { return nil }
func (f *faulty) FindObjectsFinal(pkcs11.SessionHandle) error                     { return nil }
func (f *faulty) SignInit(pkcs11.SessionHandle, []*pkcs11.Mechanism, pkcs11.ObjectHandle) error {
	return nil
}

func (f *faulty) FindObjects(pkcs11.SessionHandle, int) ([]pkcs11.ObjectHandle, bool, error) {
	return []pkcs11.ObjectHandle{9}, false, nil
}

func (f *faulty) GetAttributeValue(_ pkcs11.SessionHandle, _ pkcs11.ObjectHandle, a []*pkcs11.Attribute) ([]*pkcs11.Attribute, error) {
	if a[0].Type == pkcs11.CKA_ALWAYS_AUTHENTICATE {
		return nil, pkcs11.Error(pkcs11.CKR_ATTRIBUTE_TYPE_INVALID)
	}
	value := binary.LittleEndian.AppendUint64(nil, pkcs11.CKK_RSA)
	return []*pkcs11.Attribute{{Type: a[0].Type, Value: value}}, nil
}

func (f *faulty) Sign(s pkcs11.SessionHandle, _ []byte) ([]byte, error) {
	f.mu.Lock()
	open := f.sessions[s]
	f.mu.Unlock()
	if !open {
		return nil, pkcs11.Error(pkcs11.CKR_SESSION_HANDLE_INVALID)
	}
	if f.sign != nil {
		if err := f.sign(); err != nil {
			return nil, err
		}
	}
	return []byte("signature"), nil
}

type fixture struct {
	*Provider
	token *faulty
	now   time.Time
	uri   string
}

func newFixture(t *testing.T, sessions int) *fixture {
	t.Helper()
	f := &fixture{now: time.Unix(1_750_000_000, 0), token: &faulty{label: "hsm", limit: 100, sessions: map[pkcs11.SessionHandle]bool{}}}
	pin := filepath.Join(t.TempDir(), "mã PIN & khác.txt") // a name that needs escaping
	if err := os.WriteFile(pin, []byte("1234"), 0o600); err != nil {
		t.Fatal(err)
	}
	var err error
	if f.Provider, err = open(Options{Sessions: sessions, Pause: time.Minute, Clock: func() time.Time { return f.now }}, f.token); err != nil {
		t.Fatal(err)
	}
	if f.uri, err = URI("hsm", "con dấu", pin); err != nil {
		t.Fatal(err)
	}
	return f
}

func (f *fixture) service(ctx context.Context) error {
	signature, err := f.Sign(ctx, f.uri, make([]byte, 32), signing.SignOptions{Hash: crypto.SHA256})
	if err == nil && string(signature) != "signature" {
		return fmt.Errorf("signed as %q", signature)
	}
	return err
}

func (f *fixture) personal() error {
	_, err := f.Sign(context.Background(), "pkcs11:token=hsm;object=a", make([]byte, 32), signing.SignOptions{Hash: crypto.SHA256, PIN: []byte("1")})
	return err
}

func TestBreaker(t *testing.T) {
	f := newFixture(t, 2)
	ctx := context.Background()
	if err := f.service(ctx); err != nil {
		t.Fatal(err)
	}
	asked := 0
	f.token.sign = func() error { asked++; return pkcs11.Error(pkcs11.CKR_DEVICE_ERROR) }
	if err := f.service(ctx); !errors.Is(err, signing.ErrTokenUnavailable) || asked != 2 {
		t.Fatalf("%v after asking %d times, want one retry", err, asked)
	}
	if err := f.service(ctx); !errors.Is(err, signing.ErrTokenUnavailable) || asked != 2 || f.Stats().Refused != 1 {
		t.Fatalf("open breaker: %v, asked %d times", err, asked)
	}
	f.now = f.now.Add(time.Minute)
	if err := f.service(ctx); !errors.Is(err, signing.ErrTokenUnavailable) || asked != 4 {
		t.Fatalf("half-open: %v, asked %d times", err, asked)
	}
	if f.token.starts != 2 {
		t.Fatalf("module started %d times, the second rebuild must start it afresh", f.token.starts)
	}
	f.token.sign = nil
	if err := f.service(ctx); !errors.Is(err, signing.ErrTokenUnavailable) {
		t.Fatalf("still in the pause: %v", err)
	}
	f.now = f.now.Add(time.Minute)
	for range 3 {
		if err := f.service(ctx); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTokenPulledAndPutBack(t *testing.T) {
	f := newFixture(t, 2)
	ctx := context.Background()
	if err := f.service(ctx); err != nil {
		t.Fatal(err)
	}
	f.token.label = ""
	f.token.sign = func() error { return pkcs11.Error(pkcs11.CKR_DEVICE_REMOVED) }
	if err := f.service(ctx); !errors.Is(err, signing.ErrTokenUnavailable) {
		t.Fatalf("pulled: %v", err)
	}
	f.token.label, f.token.sign = "hsm", nil
	f.now = f.now.Add(time.Hour)
	if err := f.service(ctx); err != nil {
		t.Fatalf("put back: %v", err)
	}
}

func TestPINNeverRetried(t *testing.T) {
	for code, want := range map[uint]error{
		pkcs11.CKR_PIN_INCORRECT: signing.ErrPINIncorrect,
		pkcs11.CKR_PIN_LEN_RANGE: signing.ErrPINIncorrect,
		pkcs11.CKR_PIN_LOCKED:    signing.ErrPINLocked,
		pkcs11.CKR_DEVICE_ERROR:  signing.ErrTokenUnavailable, // during login the token may have counted it
	} {
		f := newFixture(t, 2)
		f.token.login = pkcs11.Error(code)
		if err := f.personal(); !errors.Is(err, want) || f.token.logins != 1 {
			t.Errorf("%#x: %v after %d logins", code, err, f.token.logins)
		}
		if len(f.token.sessions) != 0 {
			t.Errorf("%#x: %d sessions left open", code, len(f.token.sessions))
		}
	}
}

func TestAlreadyLoggedInIsNoPINCheck(t *testing.T) {
	f := newFixture(t, 2)
	f.token.login = pkcs11.Error(pkcs11.CKR_USER_ALREADY_LOGGED_IN)
	f.token.sign = func() error { t.Error("signed without the token judging the PIN"); return nil }
	if err := f.personal(); !errors.Is(err, signing.ErrTokenUnavailable) {
		t.Fatal(err)
	}
}

func TestPoolExhausted(t *testing.T) {
	f := newFixture(t, 2)
	entered, release := make(chan struct{}, 2), make(chan struct{})
	f.token.sign = func() error { entered <- struct{}{}; <-release; return nil }
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			if err := f.service(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	<-entered
	<-entered
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	if err := f.service(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	close(release)
	wg.Wait()
	f.token.sign = nil
	if err := f.service(context.Background()); err != nil { // the breaker is not open
		t.Fatal(err)
	}
}

func TestServicePINAskedOnce(t *testing.T) {
	f := newFixture(t, 2)
	f.token.login = pkcs11.Error(pkcs11.CKR_PIN_INCORRECT)
	for range 3 {
		if err := f.service(context.Background()); !errors.Is(err, signing.ErrPINIncorrect) {
			t.Fatal(err)
		}
	}
	if f.token.logins != 1 {
		t.Fatalf("the token was asked %d times with a PIN it had refused", f.token.logins)
	}
}

// TestOneRebuildForAll: everybody whose session was lost at once waits for one rebuild,
// and those who waited for a lost session take a new one.
func TestOneRebuildForAll(t *testing.T) {
	const sessions = 3
	f := newFixture(t, sessions)
	var wg, entered sync.WaitGroup
	entered.Add(sessions)
	var calls atomic.Int32
	f.token.sign = func() error {
		if calls.Add(1) > sessions {
			return nil
		}
		entered.Done()
		entered.Wait()                    // all sessions are in use when they are lost
		time.Sleep(50 * time.Millisecond) // and the others wait for one of them
		return pkcs11.Error(pkcs11.CKR_DEVICE_ERROR)
	}
	for range 4 * sessions {
		wg.Go(func() {
			if err := f.service(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if got := f.Stats().Rebuilds; got != 1 {
		t.Errorf("%d rebuilds", got)
	}
	if got := len(f.token.sessions); got > sessions+1 {
		t.Errorf("%d sessions open, dead ones were used again", got)
	}
}

func TestECDSADigestIsCut(t *testing.T) {
	k := &key{kind: pkcs11.CKK_EC, order: 32}
	_, input, err := k.mechanism(make([]byte, 64), signing.SignOptions{Hash: crypto.SHA512})
	if err != nil || len(input) != 32 {
		t.Fatalf("%d bytes for P-256: %v", len(input), err)
	}
}

func TestFewerSessionsThanPlaces(t *testing.T) {
	f := newFixture(t, 8)
	f.token.limit = 3 // one holds the login, two sign
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			if err := f.service(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if len(f.token.sessions) > 3 {
		t.Fatal("limit exceeded")
	}
}

func TestBusyPersonalToken(t *testing.T) {
	f := newFixture(t, 2)
	entered, release := make(chan struct{}), make(chan struct{})
	f.token.sign = func() error { close(entered); <-release; return nil }
	done := make(chan error)
	go func() { done <- f.personal() }()
	<-entered
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	_, err := f.Sign(ctx, "pkcs11:token=hsm;object=a", make([]byte, 32), signing.SignOptions{Hash: crypto.SHA256, PIN: []byte("1")})
	if !errors.Is(err, context.DeadlineExceeded) || f.token.logins != 1 {
		t.Errorf("got %v after %d logins", err, f.token.logins)
	}
	close(release)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestParseURI(t *testing.T) {
	for uri, ok := range map[string]bool{
		"pkcs11:token=a;object=b;type=private":                       true,
		"pkcs11:token=S%E1%BB%9F;id=%01%02?pin-source=file:/run/pin": true,
		"pkcs11:slot-id=3;object=b?module-path=/lib/x.so":            true,
		"pkcs11:object=b":                               false,
		"pkcs11:token=a":                                false,
		"pkcs11:token=a;object=b;type=cert":             false,
		"pkcs11:token=a;object=b?pin-value=1234":        false,
		"pkcs11:token=a;object=b?pin-source=pin":        false,
		"pkcs11:token=a;object=b?pin-source=|/bin/sh":   false,
		"pkcs11:token=a;object=b?pin-source=http://h/p": false,
		"pkcs11:token=a;object=b?module-path=/evil.so":  false,
		"pkcs11:token=a;token=b;object=c":               false,
		"pkcs11:slot-id=-1;object=b":                    false,
		"file:/key.pem":                                 false,
		"":                                              false,
	} {
		if _, err := parseURI(uri, "/lib/x.so"); (err == nil) != ok {
			t.Errorf("%s: %v", uri, err)
		} else if err != nil && !errors.Is(err, ErrURI) {
			t.Errorf("%s: untyped error %v", uri, err)
		}
	}
	uri, err := URI("Thẻ 1;x", "a/b=c?&", "/thư mục/a&b.pin")
	if err != nil {
		t.Fatal(err)
	}
	r, err := parseURI(uri, "")
	if err != nil || r.token != "Thẻ 1;x" || r.object != "a/b=c?&" || r.pinFile != "/thư mục/a&b.pin" {
		t.Fatalf("%s: %+v %v", uri, r, err)
	}
}

func FuzzParseURI(f *testing.F) {
	f.Add("pkcs11:token=a;object=b;type=private?pin-source=file:/run/pin")
	f.Add("pkcs11:slot-id=3;id=%01")
	f.Fuzz(func(t *testing.T, uri string) {
		r, err := parseURI(uri, "")
		if err == nil && !r.hasObject && !r.hasID {
			t.Fatal("no key named")
		}
	})
}
