//go:build cgo

package pkcs11_test

import (
	"context"
	"crypto"
	"crypto/rsa"
	"errors"
	"sync"
	"testing"
	"time"

	"congvan/signing"
	"congvan/signing/pkcs11"
	"congvan/signing/signingtest/p11fault"
)

// trial is a token store behind the module that misbehaves, opened in one of two ways.
type trial struct {
	*store
	keys   pkcs11.Keys
	module *p11fault.Module
}

const pause = 50 * time.Millisecond // of a circuit breaker on the real clock

// eachWay runs a test with the module in this process and in a host.
func eachWay(t *testing.T, sessions int, test func(*testing.T, *trial)) {
	tr := newTrial(t, sessions)
	t.Run("in this process", func(t *testing.T) { test(t, tr) })
	t.Run("in a host", func(t *testing.T) { test(t, tr.hosted(t, sessions, 20*time.Second)) })
}

func newTrial(t *testing.T, sessions int) *trial {
	t.Helper()
	m, err := p11fault.New(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	behind, err := pkcs11.FindSoftHSM()
	if err != nil {
		t.Fatal(err)
	}
	tr := &trial{module: m, store: storeOn(t, pkcs11.Options{Module: m.Path, Env: m.Env(behind), Sessions: sessions})}
	tr.keys = tr.Provider
	tr.rules(t)
	return tr
}

// hosted opens the same tokens in a host.
func (tr *trial) hosted(t *testing.T, sessions int, callTimeout time.Duration) *trial {
	t.Helper()
	h := *tr
	h.rules(t)
	h.keys = openHost(t, tr.store, func(o *pkcs11.HostOptions) {
		o.Sessions, o.Pause, o.Clock, o.CallTimeout = sessions, pause, time.Now, callTimeout
	})
	h.rules(t)
	return &h
}

func (tr *trial) rules(t *testing.T, rules ...string) {
	t.Helper()
	if err := tr.module.Rules(rules...); err != nil {
		t.Fatal(err)
	}
}

// agencySigns makes a service signature and checks its value.
func (tr *trial) agencySigns(n int) error {
	sig, err := tr.keys.Sign(context.Background(), tr.agency, digest(n), sha256)
	if err != nil {
		return err
	}
	return rsa.VerifyPKCS1v15(tr.agencyKey, crypto.SHA256, digest(n), sig)
}

func (tr *trial) personSigns(n int, pin string) error {
	sig, err := tr.keys.Sign(context.Background(), tr.person, digest(n), withPIN(pin))
	if err != nil {
		return err
	}
	return rsa.VerifyPKCS1v15(tr.personKey, crypto.SHA256, digest(n), sig)
}

// mends waits until signing works again once the circuit breakers' pause is over.
func (tr *trial) mends(t *testing.T, sign func() error) {
	t.Helper()
	tr.clock.add(2 * time.Minute)
	var err error
	for range 200 {
		if err = sign(); err == nil {
			return
		}
		time.Sleep(pause)
	}
	t.Fatal("it does not sign again:", err)
}

func (tr *trial) called(t *testing.T, call string, want int) {
	t.Helper()
	if got := tr.module.Calls(call); got != want {
		t.Errorf("C_%s was called %d times, want %d", call, got, want)
	}
}

// TestModuleCures: what one rebuild and one retry cure, and how often the token is asked.
func TestModuleCures(t *testing.T) {
	eachWay(t, 3, func(t *testing.T, tr *trial) {
		for name, rule := range map[string]string{
			"sessions lost":                "lose sign 0 3 3",
			"finalised by force":           "final sign 0 3 3",
			"device error":                 "fail sign 0x30 3 3",
			"device removed":               "fail sign 0x32 3 3",
			"session closed":               "fail sign 0xb0 3 3",
			"done but reported failed":     "late sign 0x30 3 3",
			"key handle unknown":           "fail sign 0x82 3 3",
			"logged out behind our back":   "fail sign 0x101 3 3",
			"module was never initialised": "fail sign 0x190 3 3",
		} {
			t.Run(name, func(t *testing.T) {
				before := tr.keys.Stats().Rebuilds
				tr.rules(t, rule)
				for i := range 6 {
					if err := tr.agencySigns(i); err != nil {
						t.Fatal(err)
					}
				}
				if got := tr.keys.Stats().Rebuilds - before; got != 1 {
					t.Errorf("%d rebuilds, want one", got)
				}
				tr.called(t, "sign", 7)
			})
		}
	})
}

// TestModuleFails: a failure that no rebuild cures is told, not repeated, and the token is
// left alone until the pause of the circuit breaker is over.
func TestModuleFails(t *testing.T) {
	eachWay(t, 2, func(t *testing.T, tr *trial) {
		for i := range 2 {
			if err := tr.agencySigns(i); err != nil {
				t.Fatal(err)
			}
		}
		tr.rules(t, "fail sign 0x5 1 1") // CKR_GENERAL_ERROR
		if err := tr.agencySigns(1); !errors.Is(err, signing.ErrTokenUnavailable) {
			t.Fatal(err)
		}
		tr.called(t, "sign", 1)
		if got := tr.keys.Stats(); got.Open != 1 || got.FailuresBy["token_unavailable"] != 1 {
			t.Errorf("%+v", got)
		}
		tr.mends(t, func() error { return tr.agencySigns(2) })
		if got := tr.keys.Stats(); got.Open != 0 {
			t.Errorf("%+v", got)
		}
	})
}

func TestModuleTokenPulled(t *testing.T) {
	eachWay(t, 2, func(t *testing.T, tr *trial) {
		if err := tr.agencySigns(1); err != nil {
			t.Fatal(err)
		}
		tr.rules(t, "pull slots 0 1 0", "pull open 0 1 0", "pull login 0 1 0", "pull sign 0 1 0")
		for _, sign := range []func() error{func() error { return tr.agencySigns(1) }, func() error { return tr.personSigns(1, personPIN) }} {
			if err := sign(); !errors.Is(err, signing.ErrTokenUnavailable) {
				t.Errorf("pulled: %v", err)
			}
		}
		tr.called(t, "login", 0) // no PIN is shown to an empty slot
		tr.rules(t)
		tr.mends(t, func() error { return tr.agencySigns(2) })
		tr.mends(t, func() error { return tr.personSigns(2, personPIN) })
	})
}

// TestModuleFewSessions: a token with fewer sessions than the pool has places serves all.
func TestModuleFewSessions(t *testing.T) {
	eachWay(t, 8, func(t *testing.T, tr *trial) {
		tr.rules(t, "limit open 3 1 0") // one holds the login, two sign
		var wg sync.WaitGroup
		for i := range 60 {
			wg.Go(func() {
				if err := tr.agencySigns(i); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got := tr.keys.Stats(); got.PoolSize != 2 || got.Signatures != 60 {
			t.Errorf("%+v", got)
		}
	})
}

// TestModuleSlow: a slow token and many sessions. Signatures run side by side; whoever
// cannot wait goes away without a signature and without harm.
func TestModuleSlow(t *testing.T) {
	eachWay(t, 30, func(t *testing.T, tr *trial) {
		tr.rules(t, "delay sign 20 1 0")
		var wg sync.WaitGroup
		for i := range 150 {
			wg.Go(func() {
				if err := tr.agencySigns(i); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		got := tr.keys.Stats()
		var waits uint64
		for _, n := range got.Waits {
			waits += n
		}
		if got.Signatures != 150 || waits != 150 || got.PoolSize != 30 || got.PoolInUse != 0 {
			t.Errorf("%+v", got)
		}
		tr.called(t, "sign", 150)
	})
}

// TestModuleBusy: waiting for the only session is bounded by the caller's context.
func TestModuleBusy(t *testing.T) {
	eachWay(t, 1, func(t *testing.T, tr *trial) {
		if err := tr.agencySigns(0); err != nil {
			t.Fatal(err)
		}
		tr.rules(t, "delay sign 300 1 1")
		first := make(chan error, 1)
		go func() { first <- tr.agencySigns(1) }()
		for tr.module.Calls("sign") == 0 {
			time.Sleep(time.Millisecond)
		}
		if got := tr.keys.Stats(); got.PoolInUse != 1 || got.Busy == 0 && tr.keys != pkcs11.Keys(tr.Provider) {
			t.Errorf("%+v", got)
		}
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		defer cancel()
		if _, err := tr.keys.Sign(ctx, tr.agency, digest(2), sha256); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("waiting: %v", err)
		}
		if err := <-first; err != nil {
			t.Error(err)
		}
		tr.called(t, "sign", 1)
		if err := tr.agencySigns(3); err != nil {
			t.Error("afterwards:", err)
		}
		if got := tr.keys.Stats(); got.FailuresBy["time_out"] != 1 || got.Open != 0 {
			t.Errorf("%+v", got)
		}
	})
}

// TestModulePIN: the token is shown a PIN once, whatever it answers.
func TestModulePIN(t *testing.T) {
	eachWay(t, 2, func(t *testing.T, tr *trial) {
		for name, c := range map[string]struct {
			rule, pin string
			want      error
		}{
			"wrong":                     {"", "sai-PIN-1", signing.ErrPINIncorrect},
			"locked":                    {"fail login 0xa4 1 1", personPIN, signing.ErrPINLocked},
			"device error at the login": {"fail login 0x30 1 1", personPIN, signing.ErrTokenUnavailable},
			"counted, then lost":        {"late login 0x32 1 1", personPIN, signing.ErrTokenUnavailable},
		} {
			tr.rules(t, c.rule)
			if err := tr.personSigns(1, c.pin); !errors.Is(err, c.want) {
				t.Errorf("%s: %v", name, err)
			}
			tr.called(t, "login", 1)
			tr.called(t, "sign", 0)
			tr.rules(t)
			tr.mends(t, func() error { return tr.personSigns(2, personPIN) })
		}
		// also when the module is started afresh because the token failed before
		tr.rules(t, "fail login 0x30 1 0")
		for n := range 2 {
			if err := tr.personSigns(1, personPIN); !errors.Is(err, signing.ErrTokenUnavailable) {
				t.Error(err)
			}
			tr.called(t, "login", n+1)
			tr.clock.add(2 * time.Minute)
			time.Sleep(2 * pause)
		}
		tr.rules(t)
		tr.mends(t, func() error { return tr.personSigns(2, personPIN) })

		wrong := tr.ServiceURI("agency", "H99.14", "sai-PIN")
		tr.rules(t)
		for range 3 {
			if _, err := tr.keys.Sign(context.Background(), wrong, digest(1), sha256); !errors.Is(err, signing.ErrPINIncorrect) {
				t.Error(err)
			}
		}
		tr.called(t, "login", 1) // the file has not changed since
	})
}
