//go:build cgo

package pkcs11_test

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"congvan/signing/pkcs11"
)

// TestMain lets the test binary be the host process, and the server that is killed.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "hsm-host" {
		ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGHUP)
		defer stop()
		if err := pkcs11.ServeHost(ctx, os.Args[2], time.Now); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// openHost opens the module of s in a process of its own.
func openHost(t testing.TB, s *store, change func(*pkcs11.HostOptions)) *pkcs11.Host {
	t.Helper()
	o := pkcs11.HostOptions{
		Options:     pkcs11.Options{Module: s.Module, Env: s.Env, Sessions: 3, Pause: time.Minute, Clock: s.clock.time},
		Command:     []string{"/proc/self/exe", "hsm-host"},
		CallTimeout: 20 * time.Second,
	}
	if change != nil {
		change(&o)
	}
	h, err := pkcs11.OpenHost(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

func TestHostSigns(t *testing.T) {
	s := newStore(t, 2)
	h := openHost(t, s, nil)
	sig, err := h.Sign(context.Background(), s.agency, digest(1), sha256)
	verify(t, s.agencyKey, 1, sig, err)
	sig, err = h.Sign(context.Background(), s.person, digest(2), withPIN(personPIN))
	verify(t, s.personKey, 2, sig, err)
	tokens, err := h.Describe(context.Background())
	if err != nil || len(tokens) != 2 || len(tokens[0].Keys) != 1 {
		t.Errorf("%+v %v", tokens, err)
	}
	if got := h.Stats(); got.Signatures != 2 || got.PoolSize != 3 || got.PoolInUse != 0 || got.Restarts != 0 {
		t.Errorf("%+v", got)
	}
}
