package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/alexedwards/scs/v2"

	"congvan/internal/fault"
)

// Sessions keeps the sessions of scs. A session's token is kept as its SHA-256, so that a
// copy of the database opens no session.
type Sessions struct{ s *Store }

var _ scs.CtxStore = Sessions{}

// Sessions is the session store on this database.
func (s *Store) Sessions() Sessions { return Sessions{s} }

func tokenHash(token string) string {
	h := sha256.Sum256([]byte(token))
	return hex.EncodeToString(h[:])
}

// FindCtx gives the data of a session that has not expired.
func (x Sessions) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	var data []byte
	err := get(pool{ctx, x.s}, []any{&data}, "SELECT data FROM sessions WHERE hash = ? AND expires > ?", tokenHash(token), micros(x.s.clock()))
	if err != nil && fault.KindOf(err) == fault.NotFound {
		return nil, false, nil
	}
	return data, err == nil, err
}

// CommitCtx writes a session.
func (x Sessions) CommitCtx(ctx context.Context, token string, data []byte, expires time.Time) error {
	return x.s.writing(ctx, func(t *tx) error {
		_, err := t.exec("INSERT INTO sessions (hash, data, expires) VALUES (?, ?, ?) ON CONFLICT (hash) DO UPDATE SET data = excluded.data, expires = excluded.expires",
			tokenHash(token), data, micros(expires))
		return err
	})
}

// DeleteCtx ends a session; one that is not there is no error.
func (x Sessions) DeleteCtx(ctx context.Context, token string) error {
	return x.s.writing(ctx, func(t *tx) error {
		_, err := t.exec("DELETE FROM sessions WHERE hash = ?", tokenHash(token))
		return err
	})
}

// Sweep removes the expired sessions; for a ticker.
func (x Sessions) Sweep(ctx context.Context) error {
	return x.s.writing(ctx, func(t *tx) error {
		_, err := t.exec("DELETE FROM sessions WHERE expires <= ?", micros(x.s.clock()))
		return err
	})
}

// Find, Commit and Delete are the same without a context, as scs wants them too.

// Find is FindCtx.
func (x Sessions) Find(token string) ([]byte, bool, error) {
	return x.FindCtx(context.Background(), token)
}

// Commit is CommitCtx.
func (x Sessions) Commit(token string, data []byte, expires time.Time) error {
	return x.CommitCtx(context.Background(), token, data, expires)
}

// Delete is DeleteCtx.
func (x Sessions) Delete(token string) error { return x.DeleteCtx(context.Background(), token) }
