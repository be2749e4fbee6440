package auth_test

import (
	"crypto/rand"
	"strings"
	"testing"

	"congvan/internal/account"
	"congvan/internal/auth"
	"congvan/internal/fault"
)

func TestHashPassword(t *testing.T) {
	h1, err := auth.HashPassword(password, cheap, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	h2, _ := auth.HashPassword(password, cheap, rand.Reader)
	if h1 == h2 || !strings.HasPrefix(h1, "$argon2id$v=19$m=64,t=1,p=1$") {
		t.Fatalf("%s\n%s", h1, h2)
	}
	if _, err := auth.HashPassword("ngắn", cheap, rand.Reader); !fault.Is(err, "password_too_short") {
		t.Fatal(err)
	}
	if _, err := auth.HashPassword(strings.Repeat("x", 1001), cheap, rand.Reader); !fault.Is(err, "text_too_long") {
		t.Fatal(err)
	}
}

// A damaged hash is our fault and lets nobody in, whatever it asks for.
func TestDamagedHash(t *testing.T) {
	for _, hash := range []string{
		"x", "$argon2i$v=19$m=64,t=1,p=1$AAAA$AAAA", "$argon2id$v=19$m=4294967295,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=64,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$",
	} {
		s := newSite(t)
		s.change(func(a *account.Account) { a.PasswordHash = hash })
		c := s.browser(t)
		if got := s.enter(t, c, "mau.tran", password); got != "internal" {
			t.Errorf("%s: %q", hash, got)
		}
		if got := s.who(t, c, ""); got != "" {
			t.Errorf("%s: acts as %q", hash, got)
		}
	}
}
