package store

import (
	"context"
	"slices"
	"strings"
	"time"

	"congvan/internal/fault"
	"congvan/internal/org"
	"congvan/internal/textfold"
)

// Account lets a person sign in.
type Account struct {
	ID           string
	Username     string // unique, letter case aside
	PersonID     string
	PasswordHash string // argon2id with its parameters
	Language     string // "vi" or "en"
	Locked       bool   // by an administrator
	FailedLogins int    // in a row
	LockedUntil  *time.Time
	Epoch        int64 // raised to end all sessions: a session holds the one it began with
}

// APIToken lets a program act as an account in one position.
type APIToken struct {
	ID         string
	AccountID  string
	Name       string
	Hash       string // SHA-256 of the token, hex; the token itself is kept nowhere
	PositionID string
	CreatedAt  time.Time
	ExpiresAt  *time.Time
	RevokedAt  *time.Time
}

// Usable tells whether the token is neither revoked nor expired at t.
func (k APIToken) Usable(t time.Time) bool {
	return k.RevokedAt == nil && (k.ExpiresAt == nil || t.Before(*k.ExpiresAt))
}

var (
	accountTable = newTable("accounts", accountColumns(new(Account)))
	tokenTable   = newTable("api_tokens", tokenColumns(new(APIToken)))
)

func accountColumns(a *Account) columns {
	return columns{
		{"id", a.ID, &a.ID},
		{"username", a.Username, &a.Username},
		{"person_id", a.PersonID, &a.PersonID},
		{"password_hash", a.PasswordHash, &a.PasswordHash},
		{"language", a.Language, &a.Language},
		{"locked", a.Locked, &a.Locked},
		{"failed_logins", a.FailedLogins, &a.FailedLogins},
		{"locked_until", microsOrNull(a.LockedUntil), asTimePtr{&a.LockedUntil}},
		{"epoch", a.Epoch, &a.Epoch},
		{"username_key", usernameKey(a.Username), nil},
	}
}

func usernameKey(s string) string { return strings.ToLower(textfold.NFC(strings.TrimSpace(s))) }

func tokenColumns(k *APIToken) columns {
	return columns{
		{"id", k.ID, &k.ID},
		{"account_id", k.AccountID, &k.AccountID},
		{"name", k.Name, &k.Name},
		{"hash", k.Hash, &k.Hash},
		{"position_id", k.PositionID, &k.PositionID},
		{"created_at", micros(k.CreatedAt), asTime{&k.CreatedAt}},
		{"expires_at", microsOrNull(k.ExpiresAt), asTimePtr{&k.ExpiresAt}},
		{"revoked_at", microsOrNull(k.RevokedAt), asTimePtr{&k.RevokedAt}},
	}
}

func scanAccount(row scanner) (Account, error) {
	var a Account
	err := row.Scan(accountColumns(&a).dests()...)
	return a, err
}

func scanToken(row scanner) (APIToken, error) {
	var k APIToken
	err := row.Scan(tokenColumns(&k).dests()...)
	return k, err
}

// Account finds one by id; none is fault.NotFound.
func (s *Store) Account(ctx context.Context, id string) (Account, error) {
	return one(list(ctx, s, s.read, scanAccount, accountTable.sel("WHERE d.id = ?"), id))
}

// AccountByUsername finds one by the name it signs in with.
func (s *Store) AccountByUsername(ctx context.Context, username string) (Account, error) {
	return one(list(ctx, s, s.read, scanAccount, accountTable.sel("WHERE d.username_key = ?"), usernameKey(username)))
}

// Accounts gives all, by username.
func (s *Store) Accounts(ctx context.Context) ([]Account, error) {
	return list(ctx, s, s.read, scanAccount, accountTable.sel("ORDER BY d.username_key"))
}

// PutAccount writes an account; fault.Conflict "username_taken".
func (a Admin) PutAccount(x Account) error {
	_, err := a.exec(accountTable.upsert, accountColumns(&x).args()...)
	return err
}

// PutAccount is the same in a transaction of its own.
func (s *Store) PutAccount(ctx context.Context, x Account) error {
	return s.Administer(ctx, func(a Admin) error { return a.PutAccount(x) })
}

// RecordLogin notes the outcome of an attempt to sign in and gives the account after it. A
// success clears the failures; a failure adds one, and lock says for how long so many
// failures lock the account (0: not).
func (s *Store) RecordLogin(ctx context.Context, accountID string, success bool, lock func(failures int) time.Duration) (Account, error) {
	var x Account
	err := s.Administer(ctx, func(a Admin) (err error) {
		x, err = one(list(ctx, s, a.sql, scanAccount, accountTable.sel("WHERE d.id = ?"+a.lock()), accountID))
		if err != nil {
			return err
		}
		if success && x.FailedLogins == 0 && x.LockedUntil == nil {
			return nil
		}
		x.LockedUntil = nil
		if success {
			x.FailedLogins = 0
		} else {
			x.FailedLogins++
			if d := lock(x.FailedLogins); d > 0 {
				until := s.clock().UTC().Truncate(time.Microsecond).Add(d)
				x.LockedUntil = &until
			}
		}
		return a.PutAccount(x)
	})
	return x, err
}

// EndSessions ends all sessions of an account at once.
func (s *Store) EndSessions(ctx context.Context, accountID string) error {
	return s.writing(ctx, func(t *tx) error {
		n, err := t.exec("UPDATE accounts SET epoch = epoch + 1 WHERE id = ?", accountID)
		if err == nil && n == 0 {
			return fault.Missing()
		}
		return err
	})
}

// PositionsOf gives the posts that a person holds now, by the day they began.
func (s *Store) PositionsOf(ctx context.Context, personID string) ([]org.Position, error) {
	found, err := list(ctx, s, s.read, scanPosition, positionTable.sel("WHERE d.person_id = ? ORDER BY d.valid_from, d.id"), personID)
	now := s.clock()
	return slices.DeleteFunc(found, func(p org.Position) bool { return !p.Holds(now) }), err
}

// TokenByHash finds a program's token by the SHA-256 of what it sent, revoked or not.
func (s *Store) TokenByHash(ctx context.Context, hash string) (APIToken, error) {
	return one(list(ctx, s, s.read, scanToken, tokenTable.sel("WHERE d.hash = ?"), hash))
}

// Tokens gives an account's tokens, oldest first.
func (s *Store) Tokens(ctx context.Context, accountID string) ([]APIToken, error) {
	return list(ctx, s, s.read, scanToken, tokenTable.sel("WHERE d.account_id = ? ORDER BY d.created_at, d.id"), accountID)
}

// PutToken writes a token; revoking sets RevokedAt.
func (s *Store) PutToken(ctx context.Context, k APIToken) error {
	return s.writing(ctx, func(t *tx) error {
		_, err := t.exec(tokenTable.upsert, tokenColumns(&k).args()...)
		return err
	})
}
