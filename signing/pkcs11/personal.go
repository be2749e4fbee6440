//go:build cgo

package pkcs11

import (
	"context"
	"fmt"
	"unsafe"

	"congvan/signing"

	"github.com/miekg/pkcs11"
)

// signPersonal is one act: session, login, signature, logout, with nobody else at the
// token.
func (p *Provider) signPersonal(ctx context.Context, ref *reference, digest []byte, opts signing.SignOptions) (signature []byte, err error) {
	tok, slot, err := p.lookUp(ref)
	if err != nil {
		return nil, err
	}
	began := p.options.Clock()
	if err := tok.take(ctx); err != nil {
		return nil, err
	}
	defer tok.give()
	p.counts.waited(p.options.Clock().Sub(began))
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	p.use.RLock()
	defer p.use.RUnlock()
	switch {
	case p.closed:
		return nil, ErrClosed
	case tok.class == service:
		return nil, fmt.Errorf("%w: token %s is used for service keys", ErrTokenClass, tok.id.label)
	}
	session, err := p.personalLogin(slot, opts.PIN)
	if err != nil {
		return nil, err
	}
	defer func() {
		_ = p.module.Logout(session)
		_ = p.module.CloseSession(session)
	}()
	tok.class = personal
	k, err := findKey(p.module, session, ref)
	if err != nil {
		return nil, err
	}
	return k.sign(p.module, session, digest, opts, opts.PIN)
}

// personalLogin opens a session and lets the token judge the PIN. A token that is
// logged in already would judge nothing, so that state is ended first.
func (p *Provider) personalLogin(slot uint, pin []byte) (pkcs11.SessionHandle, error) {
	for attempt := 0; ; attempt++ {
		session, err := p.module.OpenSession(slot, pkcs11.CKF_SERIAL_SESSION)
		if err != nil {
			return 0, err
		}
		err = login(p.module, session, pkcs11.CKU_USER, pin)
		if err == nil {
			return session, nil
		}
		_ = p.module.CloseSession(session)
		if !is(err, pkcs11.CKR_USER_ALREADY_LOGGED_IN) || attempt > 0 {
			return 0, err
		}
		if err := p.module.CloseAllSessions(slot); err != nil {
			return 0, err
		}
	}
}

// login hands the PIN over in a copy that is wiped afterwards. The library's own copy
// for C is freed but not wiped: that much is left to the process's memory protection.
func login(m module, session pkcs11.SessionHandle, user uint, pin []byte) error {
	wiped := append([]byte(nil), pin...)
	defer clear(wiped)
	if err := m.Login(session, user, unsafe.String(unsafe.SliceData(wiped), len(wiped))); err != nil {
		return &loginError{err}
	}
	return nil
}
