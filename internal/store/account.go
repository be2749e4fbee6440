package store

import (
	"context"
	"slices"

	"congvan/internal/account"
	"congvan/internal/org"
)

// Account is kept as internal/account has it.
type Account = account.Account

// APIToken is kept as internal/account has it.
type APIToken = account.Token

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
		{"username_key", account.Fold(a.Username), nil},
	}
}

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
	return one(list(pool{ctx, s}, scanAccount, accountTable.sel("WHERE d.id = ?"), id))
}

// AccountByUsername finds one by the name it signs in with.
func (s *Store) AccountByUsername(ctx context.Context, username string) (Account, error) {
	return one(list(pool{ctx, s}, scanAccount, accountTable.sel("WHERE d.username_key = ?"), account.Fold(username)))
}

// Accounts gives all, by username.
func (s *Store) Accounts(ctx context.Context) ([]Account, error) {
	return list(pool{ctx, s}, scanAccount, accountTable.sel("ORDER BY d.username_key"))
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

// ChangeAccount lets change work on an account and writes it, in one transaction that holds
// its row: two changes at once follow each other. None is fault.NotFound.
func (s *Store) ChangeAccount(ctx context.Context, id string, change func(*Account) error) error {
	return s.Administer(ctx, func(a Admin) error { return a.ChangeAccount(id, change) })
}

// ChangeAccount is Store.ChangeAccount within a transaction, so that an administrator's act
// can be journalled with it.
func (a Admin) ChangeAccount(id string, change func(*Account) error) error {
	x, err := one(list(a, scanAccount, accountTable.sel("WHERE d.id = ?"+a.lock()), id))
	if err != nil {
		return err
	}
	if err := change(&x); err != nil {
		return err
	}
	return a.PutAccount(x)
}

// PositionsOf gives the posts that a person holds now, by the day they began.
func (s *Store) PositionsOf(ctx context.Context, personID string) ([]org.Position, error) {
	found, err := list(pool{ctx, s}, scanPosition, positionTable.sel("WHERE d.person_id = ? ORDER BY d.valid_from, d.id"), personID)
	now := s.clock()
	return slices.DeleteFunc(found, func(p org.Position) bool { return !p.Holds(now) }), err
}

// TokenByHash finds a program's token by the SHA-256 of what it sent, revoked or not.
func (s *Store) TokenByHash(ctx context.Context, hash string) (APIToken, error) {
	return one(list(pool{ctx, s}, scanToken, tokenTable.sel("WHERE d.hash = ?"), hash))
}

// Tokens gives an account's tokens, oldest first.
func (s *Store) Tokens(ctx context.Context, accountID string) ([]APIToken, error) {
	return list(pool{ctx, s}, scanToken, tokenTable.sel("WHERE d.account_id = ? ORDER BY d.created_at, d.id"), accountID)
}

// PutToken writes a token; revoking sets RevokedAt.
func (s *Store) PutToken(ctx context.Context, k APIToken) error {
	return s.Administer(ctx, func(a Admin) error { return a.PutToken(k) })
}

// PutToken is Store.PutToken within a transaction.
func (a Admin) PutToken(k APIToken) error {
	_, err := a.exec(tokenTable.upsert, tokenColumns(&k).args()...)
	return err
}
