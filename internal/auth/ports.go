package auth

import (
	"context"

	"congvan/internal/account"
	"congvan/internal/flow"
	"congvan/internal/org"
)

// Store is what signing in needs of the store. What is not there is fault.NotFound.
type Store interface {
	Account(ctx context.Context, id string) (account.Account, error)
	// AccountByUsername compares names by account.Fold.
	AccountByUsername(ctx context.Context, name string) (account.Account, error)
	// ChangeAccount reads an account, lets change work on it and writes it, in one
	// transaction that holds its row: two changes at once follow each other.
	ChangeAccount(ctx context.Context, id string, change func(*account.Account) error) error
	// TokenByHash finds a token by its SHA-256 in hex, revoked or not.
	TokenByHash(ctx context.Context, sha256Hex string) (account.Token, error)

	Read(ctx context.Context, fn func(flow.ReadTx) error) error // for the person
	// PositionsOf gives the positions that a person holds now, in a fixed order.
	PositionsOf(ctx context.Context, personID string) ([]org.Position, error)
}
