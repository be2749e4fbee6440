package storetest

import (
	"sync"
	"testing"
	"time"

	"congvan/internal/fault"
	"congvan/internal/store"
)

func account(id, username string) store.Account {
	until := now().Add(time.Minute)
	return store.Account{ID: id, Username: username, PersonID: "per-" + clerk, PasswordHash: "$argon2id$v=19$x", Language: "vi", Locked: true, FailedLogins: 2, LockedUntil: &until, Epoch: 4}
}

func testAccounts(t *testing.T, w *world) {
	ctx := t.Context()
	want := account("acc-1", "Văn.Thư")
	for range 2 {
		if err := w.s.PutAccount(ctx, want); err != nil {
			t.Fatal(err)
		}
		got, err := w.s.Account(ctx, "acc-1")
		if err != nil {
			t.Fatal(err)
		}
		w.same("account", want, got)
		want.Locked, want.LockedUntil, want.FailedLogins = false, nil, 0
	}
	got, err := w.s.AccountByUsername(ctx, " văn.thư ")
	if err != nil {
		t.Fatal(err)
	}
	w.same("by username", want, got)
	w.refused(w.s.PutAccount(ctx, account("acc-2", "VĂN.THƯ")), fault.Conflict, "username_taken")
	_, err = w.s.AccountByUsername(ctx, "vanthu")
	w.refused(err, fault.NotFound, "not_found")
	_, err = w.s.Account(ctx, "x")
	w.refused(err, fault.NotFound, "not_found")

	var wg sync.WaitGroup
	for range 5 {
		wg.Go(func() {
			err := w.s.ChangeAccount(ctx, "acc-1", func(a *store.Account) error {
				if wait := a.Attempt(now()); wait != 0 {
					t.Errorf("waits %v", wait)
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	got, err = w.s.Account(ctx, "acc-1")
	if err != nil || got.FailedLogins != 5 || got.LockedUntil == nil || !got.LockedUntil.Equal(now().Add(time.Minute)) {
		t.Errorf("after five failures: %+v, %v", got, err)
	}
	refusal := fault.New(fault.Forbidden, "account_locked")
	err = w.s.ChangeAccount(ctx, "acc-1", func(a *store.Account) error { a.Succeed(); return refusal })
	w.refused(err, fault.Forbidden, "account_locked")
	if got, err = w.s.Account(ctx, "acc-1"); err != nil || got.FailedLogins != 5 {
		t.Errorf("a refused change was written: %+v, %v", got, err)
	}
	err = w.s.ChangeAccount(ctx, "acc-1", func(a *store.Account) error { a.Succeed(); a.EndSessions(); return nil })
	if err != nil {
		t.Fatal(err)
	}
	all, err := w.s.Accounts(ctx)
	if err != nil || len(all) != 1 || all[0].FailedLogins != 0 || all[0].LockedUntil != nil || all[0].Epoch != want.Epoch+1 {
		t.Errorf("after a success and the end of all sessions: %+v, %v", all, err)
	}
	w.refused(w.s.ChangeAccount(ctx, "x", func(*store.Account) error { return nil }), fault.NotFound, "not_found")
}

func testTokens(t *testing.T, w *world) {
	ctx := t.Context()
	if err := w.s.PutAccount(ctx, account("acc-1", "clerk")); err != nil {
		t.Fatal(err)
	}
	expires, revoked := now().Add(time.Hour), now()
	token := store.APIToken{ID: "tok-1", AccountID: "acc-1", Name: "Phần mềm một cửa", Hash: "ab", PositionID: clerk, CreatedAt: now(), ExpiresAt: &expires}
	for range 2 {
		if err := w.s.PutToken(ctx, token); err != nil {
			t.Fatal(err)
		}
		got, err := w.s.TokenByHash(ctx, "ab")
		if err != nil {
			t.Fatal(err)
		}
		w.same("token", token, got)
		if got.Usable(now()) == (token.RevokedAt != nil) || got.Usable(expires) {
			t.Errorf("usable: %+v", got)
		}
		token.RevokedAt = &revoked
	}
	all, err := w.s.Tokens(ctx, "acc-1")
	w.same("tokens", 1, len(all))
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.s.TokenByHash(ctx, "x")
	w.refused(err, fault.NotFound, "not_found")
	other := token
	other.ID = "tok-2"
	w.refused(w.s.PutToken(ctx, other), fault.Conflict, "already_exists")
}

func testSessions(t *testing.T, w *world) {
	ctx, sessions := t.Context(), w.s.Sessions()
	find := func(token, want string, there bool) {
		t.Helper()
		data, ok, err := sessions.Find(token)
		if err != nil || ok != there || string(data) != want {
			t.Errorf("%s: %q %v %v", token, data, ok, err)
		}
	}
	for _, data := range []string{"one", "two"} {
		if err := sessions.Commit("token", []byte(data), now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		find("token", data, true)
	}
	if err := sessions.Commit("stale", []byte("x"), now()); err != nil {
		t.Fatal(err)
	}
	find("stale", "", false)
	find("none", "", false)
	if err := sessions.Sweep(ctx); err != nil {
		t.Fatal(err)
	}
	var rows, plain int
	if err := w.s.DB().QueryRowContext(ctx, "SELECT COUNT(*), COUNT(CASE WHEN hash IN ('token', 'stale') THEN 1 END) FROM sessions").Scan(&rows, &plain); err != nil {
		t.Fatal(err)
	}
	if rows != 1 || plain != 0 {
		t.Errorf("%d rows after the sweep, %d with a token in the clear", rows, plain)
	}
	for range 2 {
		if err := sessions.Delete("token"); err != nil {
			t.Fatal(err)
		}
	}
	find("token", "", false)
}
