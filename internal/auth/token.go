package auth

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"io"
	"strings"

	"congvan/internal/fault"
)

// tokenPrefix lets people and scanners of leaked secrets know a token when they see one.
const tokenPrefix = "cvt_"

// NewToken makes the secret of an API token and what is stored of it. The secret is shown
// once and kept nowhere.
func NewToken(random io.Reader) (secret, hash string, err error) {
	b := make([]byte, 32)
	if _, err := io.ReadFull(random, b); err != nil {
		return "", "", fault.From(err)
	}
	secret = tokenPrefix + base64.RawURLEncoding.EncodeToString(b)
	return secret, hashToken(secret), nil
}

func hashToken(secret string) string {
	h := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(h[:])
}

// byToken finds out who stands behind "Authorization: Bearer cvt_…". The token is bound to
// one position; when that has ended, so has the token.
func (a *Auth) byToken(ctx context.Context, header string) (*Identity, error) {
	wrong := fault.New(fault.Forbidden, "token_invalid")
	scheme, secret, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Bearer") || !strings.HasPrefix(secret, tokenPrefix) || len(secret) > 200 {
		return nil, wrong
	}
	t, err := a.store.TokenByHash(ctx, hashToken(secret))
	if err != nil {
		return nil, missing(err, wrong)
	}
	if !t.Usable(a.clock()) {
		return nil, wrong
	}
	acc, err := a.store.Account(ctx, t.AccountID)
	if err != nil {
		return nil, missing(err, wrong)
	}
	if acc.Locked {
		return nil, wrong
	}
	i, err := a.identity(ctx, acc, t.PositionID)
	if err != nil {
		return nil, err
	}
	if i.Active.ID != t.PositionID {
		return nil, wrong
	}
	i.Token = t.ID
	return i, nil
}

// missing turns "not there" into the given fault and lets all else through.
func missing(err, instead error) error {
	if fault.KindOf(err) == fault.NotFound {
		return instead
	}
	return err
}
