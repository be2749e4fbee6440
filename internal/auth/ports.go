package auth

import (
	"context"

	"congvan/internal/account"
	"congvan/internal/org"
)

// Store is what signing in needs of the store. What is not there is fault.NotFound.
type Store interface {
	Account(ctx context.Context, id string) (account.Account, error)
	AccountByUsername(ctx context.Context, folded string) (account.Account, error)
	// ChangeAccount reads an account, lets change work on it and writes it, in one
	// transaction that holds its row: two changes at once follow each other.
	ChangeAccount(ctx context.Context, id string, change func(*account.Account) error) error
	TokenByHash(ctx context.Context, sha256Hex string) (account.Token, error)

	Person(ctx context.Context, id string) (org.Person, error)
	// PositionsOf gives the positions that a person holds now, in a fixed order.
	PositionsOf(ctx context.Context, personID string) ([]org.Position, error)
}
