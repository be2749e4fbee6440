// Package account holds the facts of a local account and its API tokens, and the rule
// that slows guessing down. Passwords and sessions are the business of internal/auth, the
// rows of internal/store.
package account

import (
	"strings"
	"time"
	"unicode"

	"congvan/internal/textfold"
)

// Account lets a person sign in (tài khoản). All rights hang on the person's positions.
type Account struct {
	ID           string
	Username     string // Fold of what the person types; unique
	PersonID     string
	PasswordHash string // argon2id, with its parameters (PHC string); empty: no sign-in by password
	Language     string // "vi" or "en"
	Locked       bool   // by an administrator
	FailedLogins int    // in a row
	LockedUntil  *time.Time
	Epoch        int64 // sessions begun under another epoch are over
}

// Token lets a program act for an account in one position.
type Token struct {
	ID         string
	AccountID  string
	Name       string // what it is for
	Hash       string // SHA-256 of the token, hex; the token itself is kept nowhere
	PositionID string
	CreatedAt  time.Time
	ExpiresAt  *time.Time // nil: until it is revoked
	RevokedAt  *time.Time
}

// Guessing is slowed down from the fifth failure in a row: one minute, doubled with each
// further failure up to four hours.
const (
	freeFailures = 5
	firstWait    = time.Minute
	longestWait  = 4 * time.Hour
)

const maxUsername = 200 // bytes

// Fold is the form in which a user name is compared and stored: what cannot be part of a
// name is left out, and its length is bounded.
func Fold(username string) string {
	if len(username) > maxUsername {
		username = username[:maxUsername]
	}
	plain := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(username, ""))
	return strings.ToLower(textfold.NFC(strings.TrimSpace(plain)))
}

// Attempt begins a sign-in at now: it counts the attempt as failed before the password is
// looked at, so that attempts at the same time cannot slip through. While the account waits
// it changes nothing and says how long is left.
func (a *Account) Attempt(now time.Time) (wait time.Duration) {
	if a.LockedUntil != nil && now.Before(*a.LockedUntil) {
		return a.LockedUntil.Sub(now)
	}
	a.FailedLogins++
	if over := a.FailedLogins - freeFailures; over >= 0 {
		until := now.Add(min(firstWait<<min(over, 16), longestWait))
		a.LockedUntil = &until
	}
	return 0
}

// Succeed ends an attempt whose password was right.
func (a *Account) Succeed() { a.FailedLogins, a.LockedUntil = 0, nil }

// EndSessions ends every session of the account at once.
func (a *Account) EndSessions() { a.Epoch++ }

// Bar keeps the person out, from open sessions too, until Admit.
func (a *Account) Bar() {
	a.Locked = true
	a.EndSessions()
}

// Admit lets the person sign in again.
func (a *Account) Admit() {
	a.Locked = false
	a.Succeed()
}

// Usable tells whether the token may be used at now.
func (t Token) Usable(now time.Time) bool {
	return t.RevokedAt == nil && (t.ExpiresAt == nil || now.Before(*t.ExpiresAt))
}
