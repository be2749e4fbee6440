//go:build cgo

package pkcs11_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"congvan/signing"
	"congvan/signing/pkcs11"
	"congvan/signing/signingtest"

	miekg "github.com/miekg/pkcs11"
)

const (
	agencyPIN = "agency-135790"
	personPIN = "person-246810"
)

var sha256 = signing.SignOptions{Hash: crypto.SHA256}

func withPIN(pin string) signing.SignOptions {
	return signing.SignOptions{Hash: crypto.SHA256, PIN: []byte(pin)}
}

// clock is a time that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) time() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }
func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// store has an agency token and a person's token with an RSA key each.
type store struct {
	*signingtest.Tokens
	clock          *clock
	agency, person string // URIs
	agencyKey      *rsa.PublicKey
	personKey      *rsa.PublicKey
}

func newStore(t *testing.T, sessions int) *store {
	t.Helper()
	return storeOn(t, pkcs11.Options{Sessions: sessions})
}

// storeOn makes the store with a module and sessions of its own.
func storeOn(t *testing.T, o pkcs11.Options) *store {
	t.Helper()
	s := &store{clock: &clock{now: time.Unix(1_750_000_000, 0)}}
	o.Clock, o.Pause = s.clock.time, time.Minute
	s.Tokens = signingtest.NewTokens(t, o)
	s.Token("agency", agencyPIN)
	s.Token("person", personPIN)
	s.agencyKey = s.RSA("agency", "H99.14", agencyPIN, 2048).(*rsa.PublicKey)
	s.personKey = s.RSA("person", "sign", personPIN, 2048).(*rsa.PublicKey)
	s.agency, s.person = s.ServiceURI("agency", "H99.14", agencyPIN), s.PersonalURI("person", "sign")
	return s
}

// raw is a second door to the module, as another part of the process would have it.
func (s *store) raw(t *testing.T) *miekg.Ctx {
	t.Helper()
	ctx := miekg.New(s.Module)
	t.Cleanup(ctx.Destroy)
	return ctx
}

func digest(n int) []byte {
	h := crypto.SHA256.New()
	fmt.Fprint(h, n)
	return h.Sum(nil)
}

func verify(t *testing.T, key *rsa.PublicKey, n int, signature []byte, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	if err := rsa.VerifyPKCS1v15(key, crypto.SHA256, digest(n), signature); err != nil {
		t.Fatal(err)
	}
}

// TestSignEveryKind: every kind of key with every hash, in this process and in a host.
func TestSignEveryKind(t *testing.T) {
	s := newStore(t, 2)
	rsaKeys := map[string]*rsa.PublicKey{"H99.14": s.agencyKey}
	for name, bits := range map[string]int{"rsa3072": 3072, "rsa4096": 4096} {
		rsaKeys[name] = s.RSA("agency", name, agencyPIN, bits).(*rsa.PublicKey)
	}
	ecKeys := map[string]*ecdsa.PublicKey{}
	for name, curve := range map[string]elliptic.Curve{"p256": elliptic.P256(), "p384": elliptic.P384()} {
		ecKeys[name] = s.EC("agency", name, agencyPIN, curve).(*ecdsa.PublicKey)
	}
	for where, keys := range map[string]signing.Keys{"in this process": s, "in a host": openHost(t, s, nil)} {
		t.Run(where, func(t *testing.T) { signEveryKind(t, s, keys, rsaKeys, ecKeys) })
	}
}

func signEveryKind(t *testing.T, s *store, keys signing.Keys, rsaKeys map[string]*rsa.PublicKey, ecKeys map[string]*ecdsa.PublicKey) {
	ctx := context.Background()
	for _, hash := range []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512} {
		h := hash.New()
		h.Write([]byte("công văn"))
		sum := h.Sum(nil)
		for object, key := range rsaKeys {
			uri := s.ServiceURI("agency", object, agencyPIN)
			sig, err := keys.Sign(ctx, uri, sum, signing.SignOptions{Hash: hash})
			if err != nil || rsa.VerifyPKCS1v15(key, hash, sum, sig) != nil {
				t.Errorf("%s %v: %v", object, hash, err)
			}
			sig, err = keys.Sign(ctx, uri, sum, signing.SignOptions{Hash: hash, PSS: true})
			if err != nil || rsa.VerifyPSS(key, hash, sum, sig, &rsa.PSSOptions{SaltLength: hash.Size()}) != nil {
				t.Errorf("%s PSS %v: %v", object, hash, err)
			}
		}
		for object, key := range ecKeys {
			sig, err := keys.Sign(ctx, s.ServiceURI("agency", object, agencyPIN), sum, signing.SignOptions{Hash: hash})
			if err != nil || !ecdsa.VerifyASN1(key, sum, sig) {
				t.Errorf("%s %v: %v", object, hash, err)
			}
		}
	}
	if _, err := keys.Sign(ctx, s.ServiceURI("agency", "p256", agencyPIN), digest(1), signing.SignOptions{Hash: crypto.SHA256, PSS: true}); err == nil {
		t.Error("PSS with an EC key")
	}
	for _, hash := range []crypto.Hash{crypto.SHA256, crypto.SHA1, 0, 255} {
		if _, err := keys.Sign(ctx, s.agency, digest(1)[:20], signing.SignOptions{Hash: hash}); err == nil {
			t.Errorf("a digest of 20 bytes for hash %d", hash)
		}
	}
}

func TestConcurrentService(t *testing.T) {
	s := newStore(t, 4)
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			sig, err := s.Sign(context.Background(), s.agency, digest(i), sha256)
			if err != nil {
				t.Error(err)
			} else if err := rsa.VerifyPKCS1v15(s.agencyKey, crypto.SHA256, digest(i), sig); err != nil {
				t.Error(i, err)
			}
		})
	}
	wg.Wait()
	if got := s.Stats(); got.Signatures != 100 || got.Failures != 0 {
		t.Errorf("%+v", got)
	}
}

func TestPersonalPIN(t *testing.T) {
	s := newStore(t, 2)
	ctx := context.Background()
	// the agency's pool is logged in, which must not open the person's token
	sig, err := s.Sign(ctx, s.agency, digest(0), sha256)
	verify(t, s.agencyKey, 0, sig, err)
	for i := range 2 {
		if _, err := s.Sign(ctx, s.person, digest(1), withPIN("sai-PIN-1")); !errors.Is(err, signing.ErrPINIncorrect) {
			t.Fatalf("wrong PIN: %v", err)
		}
		sig, err := s.Sign(ctx, s.person, digest(i), withPIN(personPIN))
		verify(t, s.personKey, i, sig, err)
	}
	if _, err := s.Sign(ctx, s.person, digest(1), withPIN("sai-PIN-1")); !errors.Is(err, signing.ErrPINIncorrect) {
		t.Fatalf("wrong PIN after a right one: %v", err)
	}
	if _, err := s.Sign(ctx, s.person, digest(1), sha256); !errors.Is(err, pkcs11.ErrPINRequired) {
		t.Fatalf("no PIN: %v", err)
	}
	pin := []byte(personPIN)
	if _, err := s.Sign(ctx, s.person, digest(1), signing.SignOptions{Hash: crypto.SHA256, PIN: pin}); err != nil || string(pin) != personPIN {
		t.Fatalf("caller's PIN touched: %v", err)
	}
}

func TestPersonalConcurrent(t *testing.T) {
	s := newStore(t, 2)
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			if i%4 == 0 {
				if _, err := s.Sign(context.Background(), s.person, digest(i), withPIN("sai")); !errors.Is(err, signing.ErrPINIncorrect) {
					t.Errorf("wrong PIN among right ones: %v", err)
				}
				return
			}
			sig, err := s.Sign(context.Background(), s.person, digest(i), withPIN(personPIN))
			if err != nil || rsa.VerifyPKCS1v15(s.personKey, crypto.SHA256, digest(i), sig) != nil {
				t.Errorf("%d: %v", i, err)
			}
		})
	}
	wg.Wait()
}

func TestTokenClass(t *testing.T) {
	s := newStore(t, 2)
	ctx := context.Background()
	if _, err := s.Sign(ctx, s.agency, digest(1), withPIN(agencyPIN)); !errors.Is(err, pkcs11.ErrTokenClass) {
		t.Fatalf("service key with PIN: %v", err)
	}
	sig, err := s.Sign(ctx, s.agency, digest(1), sha256)
	verify(t, s.agencyKey, 1, sig, err)
	if _, err := s.Sign(ctx, s.PersonalURI("agency", "H99.14"), digest(1), withPIN("anything")); !errors.Is(err, pkcs11.ErrTokenClass) {
		t.Fatalf("personal use of a service token: %v", err)
	}
	sig, err = s.Sign(ctx, s.person, digest(1), withPIN(personPIN))
	verify(t, s.personKey, 1, sig, err)
	if _, err := s.Sign(ctx, s.ServiceURI("person", "sign", personPIN), digest(1), sha256); !errors.Is(err, pkcs11.ErrTokenClass) {
		t.Fatalf("service use of a personal token: %v", err)
	}
}

// TestAlreadyLoggedIn: something else in the process left the person's token logged in;
// a wrong PIN must be refused all the same.
func TestAlreadyLoggedIn(t *testing.T) {
	s := newStore(t, 2)
	raw := s.raw(t)
	slot := slotOf(t, s, "person")
	session, err := raw.OpenSession(slot, miekg.CKF_SERIAL_SESSION)
	if err != nil {
		t.Fatal(err)
	}
	if err := raw.Login(session, miekg.CKU_USER, personPIN); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Sign(context.Background(), s.person, digest(1), withPIN("sai")); !errors.Is(err, signing.ErrPINIncorrect) {
		t.Fatalf("got %v", err)
	}
	sig, err := s.Sign(context.Background(), s.person, digest(1), withPIN(personPIN))
	verify(t, s.personKey, 1, sig, err)
}

func slotOf(t *testing.T, s *store, label string) uint {
	t.Helper()
	tokens, err := s.Describe(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	for _, tok := range tokens {
		if tok.Label == label {
			return tok.Slot
		}
	}
	t.Fatalf("no token %s", label)
	return 0
}

func TestKeyNotFound(t *testing.T) {
	s := newStore(t, 2)
	ctx := context.Background()
	for uri, opts := range map[string]signing.SignOptions{
		s.ServiceURI("agency", "H99.15", agencyPIN): sha256,
		s.PersonalURI("person", "other"):            withPIN(personPIN),
	} {
		if _, err := s.Sign(ctx, uri, digest(1), opts); !errors.Is(err, signing.ErrKeyNotFound) {
			t.Errorf("%s: %v", uri, err)
		}
	}
	if _, err := s.Sign(ctx, s.PersonalURI("nobody", "x"), digest(1), withPIN("1234")); !errors.Is(err, signing.ErrTokenUnavailable) {
		t.Errorf("no token: %v", err)
	}
	sig, err := s.Sign(ctx, s.agency, digest(2), sha256)
	verify(t, s.agencyKey, 2, sig, err)
}

func TestRecovery(t *testing.T) {
	s := newStore(t, 3)
	raw := s.raw(t)
	ctx := context.Background()
	for name, disturb := range map[string]func() error{
		"sessions closed": func() error { return raw.CloseAllSessions(slotOf(t, s, "agency")) },
		"logged out": func() error {
			session, err := raw.OpenSession(slotOf(t, s, "agency"), miekg.CKF_SERIAL_SESSION)
			if err != nil {
				return err
			}
			return raw.Logout(session)
		},
		"finalised":                raw.Finalize,
		"finalised and back again": func() error { return errors.Join(raw.Finalize(), raw.Initialize()) },
	} {
		t.Run(name, func(t *testing.T) {
			for i := range 3 {
				sig, err := s.Sign(ctx, s.agency, digest(i), sha256)
				verify(t, s.agencyKey, i, sig, err)
			}
			before := s.Stats().Rebuilds
			if err := disturb(); err != nil {
				t.Fatal(err)
			}
			var wg sync.WaitGroup
			for i := range 20 {
				wg.Go(func() {
					uri, opts, key := s.agency, sha256, s.agencyKey
					if i%5 == 0 {
						uri, opts, key = s.person, withPIN(personPIN), s.personKey
					}
					sig, err := s.Sign(ctx, uri, digest(i), opts)
					if err != nil || rsa.VerifyPKCS1v15(key, crypto.SHA256, digest(i), sig) != nil {
						t.Errorf("%d: %v", i, err)
					}
				})
			}
			wg.Wait()
			if got := s.Stats().Rebuilds - before; got != 1 {
				t.Errorf("%d rebuilds, want one for all", got)
			}
			if _, err := s.Sign(ctx, s.person, digest(1), withPIN("sai")); !errors.Is(err, signing.ErrPINIncorrect) {
				t.Errorf("wrong PIN afterwards: %v", err)
			}
		})
	}
}

func TestServicePINRefusedOnce(t *testing.T) {
	s := newStore(t, 2)
	ctx := context.Background()
	wrong := s.ServiceURI("agency", "H99.14", "sai-PIN")
	for range 3 {
		if _, err := s.Sign(ctx, wrong, digest(1), sha256); !errors.Is(err, signing.ErrPINIncorrect) {
			t.Fatalf("got %v", err)
		}
	}
	s.clock.add(time.Hour)
	uri := s.ServiceURI("agency", "H99.14", agencyPIN) // the file is mended
	sig, err := s.Sign(ctx, uri, digest(1), sha256)
	verify(t, s.agencyKey, 1, sig, err)
}

func TestDescribe(t *testing.T) {
	s := newStore(t, 2)
	tokens, err := s.Describe(context.Background())
	if err != nil || len(tokens) != 2 {
		t.Fatalf("%v %v", tokens, err)
	}
	for _, tok := range tokens {
		if len(tok.Keys) != 1 || tok.Keys[0].Type != "RSA" || tok.Keys[0].Bits != 2048 || tok.Serial == "" {
			t.Errorf("%+v", tok)
		}
	}
	key, err := s.PublicKey(context.Background(), "agency", "H99.14")
	if err != nil || !s.agencyKey.Equal(key) {
		t.Errorf("public key: %v", err)
	}
	want := s.EC("agency", "p384", agencyPIN, elliptic.P384()).(*ecdsa.PublicKey)
	if key, err = s.PublicKey(context.Background(), "agency", "p384"); err != nil || !want.Equal(key) {
		t.Errorf("public key: %v", err)
	}
	if _, err := s.PublicKey(context.Background(), "agency", "H99.15"); !errors.Is(err, signing.ErrKeyNotFound) {
		t.Errorf("absent public key: %v", err)
	}
	if err := s.InitToken(context.Background(), "agency", []byte("12345678"), []byte("12345678")); err == nil {
		t.Error("token initialised twice")
	}
	if _, err := s.GenerateRSA(context.Background(), pkcs11.KeySpec{Token: "agency", Label: "H99.14", PIN: []byte(agencyPIN)}, 2048); err == nil {
		t.Error("key made twice")
	}
}

func TestOpenFails(t *testing.T) {
	notALibrary := filepath.Join(t.TempDir(), "lib.so")
	if err := os.WriteFile(notALibrary, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, module := range []string{"/khong/co.so", notALibrary} {
		if _, err := pkcs11.Open(pkcs11.Options{Module: module, Clock: time.Now}); !errors.Is(err, pkcs11.ErrModule) {
			t.Errorf("%s: %v", module, err)
		}
	}
	s := newStore(t, 1)
	if _, err := pkcs11.Open(pkcs11.Options{Module: s.Module, Clock: time.Now}); !errors.Is(err, pkcs11.ErrModule) {
		t.Errorf("second opening: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Sign(context.Background(), s.agency, digest(1), sha256); !errors.Is(err, pkcs11.ErrClosed) {
		t.Errorf("after close: %v", err)
	}
}

// TestSigner: a certificate request is signed by keys in the token through crypto.Signer,
// which ends with its context.
func TestSigner(t *testing.T) {
	s := newStore(t, 2)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for name, signer := range map[string]crypto.Signer{
		"agency": signing.Signer(ctx, s, s.agency, s.agencyKey, nil),
		"person": signing.Signer(ctx, s, s.person, s.personKey, []byte(personPIN)),
	} {
		for _, algorithm := range []x509.SignatureAlgorithm{x509.SHA256WithRSA, x509.SHA384WithRSAPSS} {
			der, err := x509.CreateCertificateRequest(nil, &x509.CertificateRequest{SignatureAlgorithm: algorithm}, signer)
			if err != nil {
				t.Fatalf("%s %v: %v", name, algorithm, err)
			}
			if request, err := x509.ParseCertificateRequest(der); err != nil || request.CheckSignature() != nil {
				t.Errorf("%s %v: %v", name, algorithm, err)
			}
		}
		if _, err := signer.Sign(nil, digest(1), &rsa.PSSOptions{Hash: crypto.SHA256, SaltLength: 20}); err == nil {
			t.Error("a salt that the token does not make")
		}
	}
	cancel()
	person := signing.Signer(ctx, s, s.person, s.personKey, []byte(personPIN))
	if _, err := person.Sign(nil, digest(1), crypto.SHA256); !errors.Is(err, context.Canceled) {
		t.Errorf("after its context: %v", err)
	}
}
