package account_test

import (
	"testing"
	"time"

	"congvan/internal/account"
)

func TestGuessingIsSlowedDown(t *testing.T) {
	now := time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)
	var a account.Account
	for i := range 5 {
		if wait := a.Attempt(now); wait != 0 {
			t.Fatalf("attempt %d waits %v", i+1, wait)
		}
	}
	for _, want := range []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute} {
		if wait := a.Attempt(now); wait != want {
			t.Fatalf("wait %v, want %v", wait, want)
		}
		now = now.Add(want)
		if wait := a.Attempt(now); wait != 0 {
			t.Fatalf("after the wait still %v", wait)
		}
	}
	for range 100 {
		now = now.Add(5 * time.Hour)
		if wait := a.Attempt(now); wait != 0 {
			t.Fatalf("after five hours still %v", wait)
		}
	}
	if wait := a.Attempt(now); wait <= 0 || wait > 4*time.Hour {
		t.Fatalf("longest wait %v", wait)
	}
	a.Succeed()
	if wait := a.Attempt(now); wait != 0 {
		t.Fatalf("after a success %v", wait)
	}
}

func TestFoldMakesOneNameOfItsSpellings(t *testing.T) {
	for _, s := range []string{" Đặng.Hòa ", "đặng.hòa", "ĐẶNG.HÒA", "đa\u0323\u0306ng.ho\u0300a", "đặng\x00.hòa\xff\n"} {
		if got := account.Fold(s); got != "đặng.hòa" {
			t.Errorf("Fold(%q) = %q", s, got)
		}
	}
}

func TestBarEndsSessions(t *testing.T) {
	a := account.Account{Epoch: 7}
	a.Bar()
	if !a.Locked || a.Epoch == 7 {
		t.Fatalf("%+v", a)
	}
	a.Admit()
	if a.Locked || a.Epoch == 7 {
		t.Fatalf("admitting revived sessions: %+v", a)
	}
}

func TestTokenUsable(t *testing.T) {
	now := time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)
	later := now.Add(time.Second)
	for want, tokens := range map[bool][]account.Token{
		true:  {{}, {ExpiresAt: &later}},
		false: {{ExpiresAt: &now}, {ExpiresAt: &later, RevokedAt: &now}},
	} {
		for _, k := range tokens {
			if k.Usable(now) != want {
				t.Errorf("%+v: usable %v", k, !want)
			}
		}
	}
}
