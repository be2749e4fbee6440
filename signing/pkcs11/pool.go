//go:build cgo

package pkcs11

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"congvan/signing"

	"github.com/miekg/pkcs11"
)

// pool holds the sessions of one service token. Login is common to all sessions of
// the process and ends with the last of them, so one session more than the pool's
// places is kept open and never used.
type pool struct {
	slot    uint
	members chan *member // free ones; whoever takes one gives it back
	places  atomic.Int32 // all of them, free or not; a token with fewer sessions makes them fewer
	open    atomic.Int32
	dead    bool // written under Provider.use
	mu      sync.Mutex
	keys    map[string]*key // by URI
}

// member is a place for a session, opened when first used.
type member struct {
	session pkcs11.SessionHandle
	open    bool
}

// signService signs with a pooled session.
func (p *Provider) signService(ctx context.Context, ref *reference, digest []byte, opts signing.SignOptions) ([]byte, error) {
	for {
		pl, err := p.servicePool(ctx, ref)
		if err != nil {
			return nil, err
		}
		began := p.options.Clock()
		var m *member
		select {
		case m = <-pl.members:
		case <-ctx.Done():
			return nil, fmt.Errorf("pkcs11: all %d sessions are busy: %w", pl.places.Load(), ctx.Err())
		}
		p.counts.waited(p.options.Clock().Sub(began))
		signature, again, err := p.signPooled(pl, m, ref, digest, opts)
		if !again {
			return signature, err
		}
	}
}

// signPooled signs with one member and gives it back. again asks for another member:
// the pool died meanwhile, or the token has fewer sessions than the pool places.
func (p *Provider) signPooled(pl *pool, m *member, ref *reference, digest []byte, opts signing.SignOptions) (signature []byte, again bool, err error) {
	p.use.RLock()
	defer p.use.RUnlock()
	if p.closed {
		pl.members <- m
		return nil, false, ErrClosed
	}
	if pl.dead {
		pl.members <- m
		return nil, true, nil
	}
	if !m.open {
		if m.session, err = p.module.OpenSession(pl.slot, pkcs11.CKF_SERIAL_SESSION); err != nil {
			if is(err, pkcs11.CKR_SESSION_COUNT) && pl.open.Load() > 0 {
				pl.places.Add(-1)
				return nil, true, nil // the place is given up: the pool shrinks to what the token has
			}
			pl.members <- m
			return nil, false, err
		}
		m.open = true
		pl.open.Add(1)
	}
	signature, err = p.signIn(pl, m.session, ref, digest, opts)
	if err != nil { // an operation may be left half done in it
		_ = p.module.CloseSession(m.session)
		m.open = false
		pl.open.Add(-1)
	}
	pl.members <- m
	return signature, false, err
}

func (p *Provider) signIn(pl *pool, session pkcs11.SessionHandle, ref *reference, digest []byte, opts signing.SignOptions) ([]byte, error) {
	pl.mu.Lock()
	k := pl.keys[ref.uri]
	pl.mu.Unlock()
	if k == nil {
		var err error
		if k, err = findKey(p.module, session, ref); err != nil {
			if errors.Is(err, signing.ErrKeyNotFound) && !p.loggedIn(session) { // private keys do not show then
				return nil, pkcs11.Error(pkcs11.CKR_USER_NOT_LOGGED_IN)
			}
			return nil, err
		}
		pl.mu.Lock()
		pl.keys[ref.uri] = k
		pl.mu.Unlock()
	}
	return k.sign(p.module, session, digest, opts, nil)
}

func (p *Provider) loggedIn(session pkcs11.SessionHandle) bool {
	info, err := p.module.GetSessionInfo(session)
	return err != nil || info.State == pkcs11.CKS_RO_USER_FUNCTIONS || info.State == pkcs11.CKS_RW_USER_FUNCTIONS
}

// servicePool returns the living pool of the token, making it when there is none.
func (p *Provider) servicePool(ctx context.Context, ref *reference) (*pool, error) {
	p.mu.Lock()
	tok := p.resolved[ref.selector]
	p.mu.Unlock()
	if tok != nil {
		if pl := tok.pool.Load(); pl != nil {
			return pl, nil
		}
	}
	tok, slot, err := p.lookUp(ref)
	if err != nil {
		return nil, err
	}
	if err := tok.take(ctx); err != nil {
		return nil, err
	}
	defer tok.give()
	p.use.RLock()
	defer p.use.RUnlock()
	if p.closed {
		return nil, ErrClosed
	}
	if pl := tok.pool.Load(); pl != nil {
		return pl, nil
	}
	if tok.class == personal {
		return nil, fmt.Errorf("%w: token %s is used for personal keys", ErrTokenClass, tok.id.label)
	}
	return p.newPool(tok, slot, ref)
}

// newPool logs in with the PIN of the file. The caller holds the token's turn and use.
func (p *Provider) newPool(tok *token, slot uint, ref *reference) (*pool, error) {
	pin, mark, err := readPIN(ref.pinFile)
	if err != nil {
		return nil, err
	}
	defer clear(pin)
	if mark == tok.refusedPIN {
		return nil, fmt.Errorf("%w: the token refused the PIN in %s; it is not tried again until that file changes", signing.ErrPINIncorrect, ref.pinFile)
	}
	session, err := p.module.OpenSession(slot, pkcs11.CKF_SERIAL_SESSION)
	if err != nil {
		return nil, err
	}
	// another provider of service keys in this process may have logged in already
	if err := login(p.module, session, pkcs11.CKU_USER, pin); err != nil && !is(err, pkcs11.CKR_USER_ALREADY_LOGGED_IN) {
		if anyOf(err, pkcs11.CKR_PIN_INCORRECT, pkcs11.CKR_PIN_LOCKED, pkcs11.CKR_PIN_INVALID, pkcs11.CKR_PIN_LEN_RANGE, pkcs11.CKR_PIN_EXPIRED) {
			tok.refusedPIN = mark
		}
		_ = p.module.CloseSession(session)
		return nil, err
	}
	tok.class, tok.refusedPIN = service, ""
	pl := &pool{slot: slot, members: make(chan *member, p.options.Sessions), keys: map[string]*key{}}
	pl.places.Store(int32(p.options.Sessions))
	for len(pl.members) < p.options.Sessions {
		pl.members <- &member{}
	}
	tok.pool.Store(pl)
	return pl, nil
}

// lookUp resolves under the lock.
func (p *Provider) lookUp(ref *reference) (*token, uint, error) {
	p.use.RLock()
	defer p.use.RUnlock()
	if p.closed {
		return nil, 0, ErrClosed
	}
	return p.resolve(ref)
}

// take waits for the turn to log in to the token.
func (t *token) take(ctx context.Context) error {
	select {
	case t.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("pkcs11: token %s is busy: %w", t.id.label, ctx.Err())
	}
}

func (t *token) give() { <-t.turn }
