package auth

import (
	"context"
	"math"
	"time"

	"congvan/internal/account"
	"congvan/internal/fault"
)

// SignIn checks a name and a password and begins a session: with a new token, so that one
// planted before is worth nothing; Current then tells who signed in. Unknown names and wrong passwords get the same answer
// after the same work: fault.Forbidden "credentials_wrong", or "login_throttled" after five
// failures in a row. Only who knows the password learns that the account is locked.
func (a *Auth) SignIn(ctx context.Context, username, password string) error {
	name := account.Fold(username)
	acc, err := a.store.AccountByUsername(ctx, name)
	known := err == nil
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return err
	}
	wait, err := a.attempt(ctx, name, acc, known)
	if err != nil {
		return err
	}
	if wait > 0 {
		return fault.New(fault.Forbidden, "login_throttled").With("seconds", int(math.Ceil(wait.Seconds())))
	}
	hash := acc.PasswordHash
	if hash == "" {
		hash = a.dummy
	}
	right, err := a.compare(ctx, hash, password)
	switch {
	case err != nil:
		return err
	case !right || !known || acc.PasswordHash == "":
		return fault.New(fault.Forbidden, "credentials_wrong")
	case acc.Locked:
		return fault.New(fault.Forbidden, "account_locked")
	}
	return a.begin(ctx, acc)
}

// compare bounds how many passwords are hashed at once.
func (a *Auth) compare(ctx context.Context, hash, password string) (bool, error) {
	select {
	case a.hashing <- struct{}{}:
		defer func() { <-a.hashing }()
	case <-ctx.Done():
		return false, fault.New(fault.Unavailable, "request_timeout").Wrap(ctx.Err())
	}
	right, err := verify(hash, password)
	if err != nil {
		return false, fault.From(err)
	}
	return right, nil
}

// begin opens the session and ends the count of failures.
func (a *Auth) begin(ctx context.Context, acc account.Account) error {
	err := a.store.ChangeAccount(ctx, acc.ID, func(x *account.Account) error {
		if x.Locked {
			return fault.New(fault.Forbidden, "account_locked")
		}
		x.Succeed()
		acc = *x
		return nil
	})
	if err != nil {
		return err
	}
	if err := a.sessions.Clear(ctx); err != nil {
		return fault.From(err)
	}
	if err := a.sessions.RenewToken(ctx); err != nil {
		return fault.New(fault.Unavailable, "storage_unavailable").Wrap(err)
	}
	a.sessions.Put(ctx, keyAccount, acc.ID)
	a.sessions.Put(ctx, keyEpoch, acc.Epoch)
	a.sessions.Put(ctx, keySeen, a.clock().Unix())
	return nil
}

// SignOut ends the session of the request.
func (a *Auth) SignOut(ctx context.Context) error {
	if err := a.sessions.Destroy(ctx); err != nil {
		return fault.New(fault.Unavailable, "storage_unavailable").Wrap(err)
	}
	return nil
}

// SignOutEverywhere ends every session of an account at once, on all machines.
func (a *Auth) SignOutEverywhere(ctx context.Context, accountID string) error {
	return a.store.ChangeAccount(ctx, accountID, func(x *account.Account) error {
		x.EndSessions()
		return nil
	})
}

// attempt counts a sign-in as failed before the password is looked at; while the name has
// to wait it says how long.
func (a *Auth) attempt(ctx context.Context, name string, acc account.Account, known bool) (wait time.Duration, err error) {
	if !known {
		return a.attemptUnknown(name), nil
	}
	err = a.store.ChangeAccount(ctx, acc.ID, func(x *account.Account) error {
		wait = x.Attempt(a.clock())
		return nil
	})
	return wait, err
}

// guess is the count of a name that is nobody's.
type guess struct {
	account.Account
	last time.Time
}

const maxGuesses = 10_000

// attemptUnknown slows names that are nobody's down as if they were somebody's, so that
// the waiting does not tell. The counts live in memory, the oldest go first.
func (a *Auth) attemptUnknown(name string) time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.clock()
	g := a.unknown[name]
	if g == nil {
		if len(a.unknown) >= maxGuesses {
			a.forget()
		}
		g = &guess{}
		a.unknown[name] = g
	}
	g.last = now
	return g.Attempt(now)
}

// forget drops the name that was tried longest ago.
func (a *Auth) forget() {
	var oldest string
	for name, g := range a.unknown {
		if oldest == "" || g.last.Before(a.unknown[oldest].last) {
			oldest = name
		}
	}
	delete(a.unknown, oldest)
}
