package auth

import (
	"context"
	"slices"

	"congvan/internal/account"
	"congvan/internal/authz"
	"congvan/internal/fault"
	"congvan/internal/flow"
	"congvan/internal/org"
)

// Identity is who asks: the account, its person, the positions held now, and the one
// acted in. It is read anew for each request, so that what ended is over at once.
type Identity struct {
	Account   account.Account
	Person    org.Person
	Positions []org.Position
	Active    org.Position // zero without a valid position
	Token     string       // id of the API token, empty in a session
}

// Subject is what rights are decided on; ok is false without a valid position.
func (i *Identity) Subject() (s authz.Subject, ok bool) {
	p := i.Active
	return authz.Subject{
		AccountID: i.Account.ID, PersonID: i.Person.ID, PersonName: i.Person.FullName,
		PositionID: p.ID, Title: p.Title, AgencyID: p.AgencyID, UnitID: p.UnitID, Roles: p.Roles,
	}, p.ID != ""
}

type contextKey int

const identityKey contextKey = iota

// Who gives the identity of a request that passed Middleware; ok is false for anonymous ones.
func Who(ctx context.Context) (*Identity, bool) {
	i, ok := ctx.Value(identityKey).(*Identity)
	return i, ok && i != nil
}

// Subject gives the subject of a request; ok is false for anonymous ones and for accounts
// without a valid position.
func Subject(ctx context.Context) (authz.Subject, bool) {
	if i, ok := Who(ctx); ok {
		return i.Subject()
	}
	return authz.Subject{}, false
}

// Require is Subject with the fault that says what is missing: "not_signed_in" or
// "no_position".
func Require(ctx context.Context) (authz.Subject, error) {
	i, ok := Who(ctx)
	if !ok {
		return authz.Subject{}, errNotSignedIn()
	}
	s, ok := i.Subject()
	if !ok {
		return s, fault.New(fault.Forbidden, "no_position")
	}
	return s, nil
}

func errNotSignedIn() error { return fault.New(fault.Forbidden, "not_signed_in") }

// identity reads who stands behind an account. positionID is the position wished for; one
// not held falls back to the first.
func (a *Auth) identity(ctx context.Context, acc account.Account, positionID string) (*Identity, error) {
	i := &Identity{Account: acc}
	err := a.store.Read(ctx, func(tx flow.ReadTx) (err error) {
		i.Person, err = tx.Person(acc.PersonID)
		return err
	})
	if err != nil {
		return nil, err
	}
	if i.Positions, err = a.store.PositionsOf(ctx, acc.PersonID); err != nil {
		return nil, err
	}
	if len(i.Positions) > 0 {
		i.Active = i.Positions[max(0, find(i.Positions, positionID))]
	}
	return i, nil
}

func find(positions []org.Position, id string) int {
	return slices.IndexFunc(positions, func(p org.Position) bool { return p.ID == id })
}
