package auth_test

import (
	"crypto/rand"
	"net/http"
	"strings"
	"testing"
	"time"

	"congvan/internal/account"
	"congvan/internal/auth"
)

func TestToken(t *testing.T) {
	s := newSite(t)
	secret, hash, err := auth.NewToken(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := s.clock()
	later := now.Add(time.Hour)
	good := account.Token{ID: "tok-1", AccountID: "acc-1", PositionID: "pos-2", Hash: hash, ExpiresAt: &later}
	put := func(k account.Token) {
		s.people.mu.Lock()
		defer s.people.mu.Unlock()
		s.people.tokens[hash] = k
	}
	put(good)
	c := &http.Client{}
	if got := s.who(t, c, "Bearer "+secret); got != "pos-2" {
		t.Fatalf("acts as %q", got)
	}
	for _, header := range []string{"Bearer " + secret + "x", "Bearer", "Basic " + secret, "Bearer cvt_" + strings.Repeat("a", 1000), secret, " "} {
		if got := s.who(t, c, header); got == "pos-2" || got == "pos-1" {
			t.Errorf("Authorization %q acts as %q", header, got)
		}
	}
	for name, k := range map[string]account.Token{
		"revoked":       {AccountID: "acc-1", PositionID: "pos-2", ExpiresAt: &later, RevokedAt: &now},
		"expired":       {AccountID: "acc-1", PositionID: "pos-2", ExpiresAt: &now},
		"position gone": {AccountID: "acc-1", PositionID: "pos-9", ExpiresAt: &later},
		"account gone":  {AccountID: "acc-9", PositionID: "pos-2", ExpiresAt: &later},
	} {
		put(k)
		if got := s.who(t, c, "Bearer "+secret); got != "refused" {
			t.Errorf("%s: acts as %q", name, got)
		}
	}
	put(good)
	s.change(func(a *account.Account) { a.Bar() })
	if got := s.who(t, c, "Bearer "+secret); got != "refused" {
		t.Errorf("locked account: acts as %q", got)
	}
}
