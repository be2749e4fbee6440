//go:build cgo

package pkcs11

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"

	"congvan/signing"

	"github.com/miekg/pkcs11"
)

// module is the part of PKCS#11 this package needs; *pkcs11.Ctx is it.
type module interface {
	Initialize(...pkcs11.InitializeOption) error
	Finalize() error
	GetSlotList(tokenPresent bool) ([]uint, error)
	GetTokenInfo(slot uint) (pkcs11.TokenInfo, error)
	InitToken(slot uint, pin, label string) error
	InitPIN(pkcs11.SessionHandle, string) error
	OpenSession(slot, flags uint) (pkcs11.SessionHandle, error)
	CloseSession(pkcs11.SessionHandle) error
	GetSessionInfo(pkcs11.SessionHandle) (pkcs11.SessionInfo, error)
	CloseAllSessions(slot uint) error
	Login(s pkcs11.SessionHandle, user uint, pin string) error
	Logout(pkcs11.SessionHandle) error
	FindObjectsInit(pkcs11.SessionHandle, []*pkcs11.Attribute) error
	FindObjects(pkcs11.SessionHandle, int) ([]pkcs11.ObjectHandle, bool, error)
	FindObjectsFinal(pkcs11.SessionHandle) error
	GetAttributeValue(pkcs11.SessionHandle, pkcs11.ObjectHandle, []*pkcs11.Attribute) ([]*pkcs11.Attribute, error)
	GenerateKeyPair(pkcs11.SessionHandle, []*pkcs11.Mechanism, []*pkcs11.Attribute, []*pkcs11.Attribute) (pkcs11.ObjectHandle, pkcs11.ObjectHandle, error)
	SignInit(pkcs11.SessionHandle, []*pkcs11.Mechanism, pkcs11.ObjectHandle) error
	Sign(pkcs11.SessionHandle, []byte) ([]byte, error)
}

// Provider signs with the tokens of one module. It implements signing.Keys and is
// safe for concurrent use.
type Provider struct {
	options Options
	module  *watched
	destroy func()

	// use is held for reading around every call into the module and for writing by
	// whoever closes sessions or finalises it: C_Finalize under a running call is
	// undefined.
	use        sync.RWMutex
	closed     bool
	generation uint64 // of the module's sessions; counts rebuilds

	mu       sync.Mutex // guards the maps
	tokens   map[tokenID]*token
	resolved map[string]*token // by selector; emptied by a rebuild
	parsed   map[string]*reference
	breakers map[string]*breaker

	counts counts
}

var _ Keys = (*Provider)(nil)

// tokenID names a token whatever slot it is in.
type tokenID struct{ label, serial string }

// token is what the provider knows of one token.
type token struct {
	id   tokenID
	slot uint // at the time it was resolved
	// turn is held by whoever logs in: a personal act from login to logout, or the
	// maker of a pool. It is taken before Provider.use.
	turn  chan struct{}
	class class
	pool  atomic.Pointer[pool]
	// refusedPIN marks the PIN file the token refused: it is not tried again until the
	// file changes, because every try brings the token nearer to being locked.
	refusedPIN string
}

type class int

const (
	unused class = iota
	service
	personal
)

// Open loads and initialises a module. It fails with ErrModule when another part of
// the process has the module open.
func Open(o Options) (*Provider, error) {
	for name, value := range o.Env {
		if err := os.Setenv(name, value); err != nil {
			return nil, fmt.Errorf("%w: %s: %v", ErrModule, name, err)
		}
	}
	if _, err := os.Stat(o.Module); err != nil {
		return nil, fmt.Errorf("%w: %v; install it or set its path", ErrModule, err)
	}
	ctx := pkcs11.New(o.Module)
	if ctx == nil {
		return nil, fmt.Errorf("%w: %s is not a PKCS#11 library for this machine", ErrModule, o.Module)
	}
	p, err := open(o, ctx)
	if err != nil {
		ctx.Destroy()
		return nil, err
	}
	p.destroy = ctx.Destroy
	return p, nil
}

func open(o Options, m module) (*Provider, error) {
	if o.Clock == nil {
		return nil, errors.New("pkcs11: Options.Clock is needed")
	}
	if o.Sessions <= 0 {
		o.Sessions = 4
	}
	if o.Pause <= 0 {
		o.Pause = defaultPause
	}
	w := watch(m, o.Clock)
	if err := w.Initialize(); err != nil {
		return nil, fmt.Errorf("%w: %s: %v", ErrModule, o.Module, err)
	}
	return &Provider{
		options: o, module: w, destroy: func() {}, tokens: map[tokenID]*token{},
		resolved: map[string]*token{}, parsed: map[string]*reference{}, breakers: map[string]*breaker{},
	}, nil
}

// Close logs out everywhere and unloads the module once running calls have ended.
func (p *Provider) Close() error {
	p.use.Lock()
	defer p.use.Unlock()
	if p.closed {
		return nil
	}
	p.closed = true
	p.forget()
	err := p.module.Finalize()
	p.destroy()
	if err != nil && !is(err, pkcs11.CKR_CRYPTOKI_NOT_INITIALIZED) {
		return fmt.Errorf("pkcs11: %w", err)
	}
	return nil
}

// Stats returns a snapshot.
func (p *Provider) Stats() Stats {
	s := p.counts.read()
	s.Busy = p.module.oldest()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, t := range p.tokens {
		if pl := t.pool.Load(); pl != nil {
			places := int(pl.places.Load())
			s.PoolSize += places
			s.PoolInUse += max(0, places-len(pl.members))
		}
	}
	for _, b := range p.breakers {
		if b.tripped() {
			s.Open++
		}
	}
	return s
}

// Sign implements signing.Keys: PKCS#1 v1.5 or PSS signature values of RSA keys, DER
// ECDSA signatures of EC keys. ctx bounds the waiting for a session or a turn.
func (p *Provider) Sign(ctx context.Context, key string, digest []byte, opts signing.SignOptions) ([]byte, error) {
	signature, err := p.sign(ctx, key, digest, opts)
	p.counts.done(err)
	if err != nil {
		return nil, err
	}
	return signature, nil
}

func (p *Provider) sign(ctx context.Context, key string, digest []byte, opts signing.SignOptions) ([]byte, error) {
	ref, err := p.reference(key)
	if err != nil {
		return nil, err
	}
	if !opts.Hash.Available() || len(digest) != opts.Hash.Size() {
		return nil, fmt.Errorf("pkcs11: digest of %d bytes does not fit hash %v", len(digest), opts.Hash)
	}
	attempt := p.signPersonal
	switch {
	case ref.service() && opts.PIN != nil:
		return nil, fmt.Errorf("%w: this key takes no PIN", ErrTokenClass)
	case ref.service():
		attempt = p.signService
	case len(opts.PIN) == 0:
		return nil, ErrPINRequired
	}
	br := p.breakerOf(ref.selector)
	if !br.enter(p.options.Clock()) {
		p.counts.add(func(s *Stats) { s.Refused++ })
		return nil, fmt.Errorf("%w: it failed a moment ago and is not asked again yet", signing.ErrTokenUnavailable)
	}
	generation := p.generationNow()
	signature, err := attempt(ctx, ref, digest, opts)
	if again := br.tripped(); lost(err) || again && unavailable(err) {
		cause := err
		if err = p.rebuild(generation, ref, cause, again); err == nil {
			if err = cause; !judged(cause) {
				signature, err = attempt(ctx, ref, digest, opts)
			}
		}
	}
	if err = outward(err); err != nil && errors.Is(err, ctx.Err()) {
		br.abandon()
		return nil, err
	}
	br.leave(!errors.Is(err, signing.ErrTokenUnavailable), p.options.Clock(), p.options.Pause)
	return signature, err
}

// maxParsed bounds the URIs that are remembered; an installation has some hundred keys.
const maxParsed = 1024

// reference parses a URI, once for each.
func (p *Provider) reference(uri string) (*reference, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if r := p.parsed[uri]; r != nil {
		return r, nil
	}
	r, err := parseURI(uri, p.options.Module)
	if err != nil {
		return nil, err
	}
	if len(p.parsed) >= maxParsed {
		clear(p.parsed)
	}
	p.parsed[uri] = r
	return r, nil
}

func (p *Provider) breakerOf(selector string) *breaker {
	p.mu.Lock()
	defer p.mu.Unlock()
	b := p.breakers[selector]
	if b == nil {
		b = &breaker{}
		p.breakers[selector] = b
	}
	return b
}

func (p *Provider) generationNow() uint64 {
	p.use.RLock()
	defer p.use.RUnlock()
	return p.generation
}

// rebuild closes the sessions of the token, or starts the module afresh where that
// cannot help, unless somebody else has done so since generation.
func (p *Provider) rebuild(generation uint64, ref *reference, cause error, again bool) error {
	p.use.Lock()
	defer p.use.Unlock()
	if p.closed {
		return ErrClosed
	}
	if p.generation != generation {
		return nil
	}
	p.generation++
	p.counts.add(func(s *Stats) { s.Rebuilds++ })
	p.mu.Lock()
	tok := p.resolved[ref.selector]
	p.mu.Unlock()
	if tok != nil && !again && !is(cause, pkcs11.CKR_CRYPTOKI_NOT_INITIALIZED) {
		if err := p.module.CloseAllSessions(tok.slot); err == nil {
			p.drop(tok)
			return nil
		}
	}
	p.forget()
	_ = p.module.Finalize() // it may be finalised already
	if err := p.module.Initialize(); err != nil && !is(err, pkcs11.CKR_CRYPTOKI_ALREADY_INITIALIZED) {
		return fmt.Errorf("%w: %v after %v", signing.ErrTokenUnavailable, err, cause)
	}
	return nil
}

// forget drops every pool and resolution; the caller holds use for writing.
func (p *Provider) forget() {
	p.mu.Lock()
	tokens := make([]*token, 0, len(p.tokens))
	for _, t := range p.tokens {
		tokens = append(tokens, t)
	}
	p.mu.Unlock()
	for _, t := range tokens {
		p.drop(t)
	}
	p.mu.Lock()
	clear(p.resolved)
	p.mu.Unlock()
}

// drop forgets the sessions of one token; the caller holds use for writing.
func (p *Provider) drop(t *token) {
	if old := t.pool.Swap(nil); old != nil {
		old.dead = true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for selector, r := range p.resolved {
		if r == t {
			delete(p.resolved, selector)
		}
	}
}

// resolve finds the one token a reference names, and its slot. The caller holds use.
func (p *Provider) resolve(ref *reference) (found *token, at uint, err error) {
	slots, err := p.module.GetSlotList(true)
	if err != nil {
		return nil, 0, err
	}
	var unread error
	for _, slot := range slots {
		info, err := p.module.GetTokenInfo(slot)
		if err != nil { // another token's trouble is not this one's
			if !is(err, pkcs11.CKR_TOKEN_NOT_PRESENT) && !is(err, pkcs11.CKR_TOKEN_NOT_RECOGNIZED) {
				unread = err
			}
			continue
		}
		if info.Flags&pkcs11.CKF_TOKEN_INITIALIZED == 0 || !ref.names(slot, info) {
			continue
		}
		if found != nil {
			return nil, 0, fmt.Errorf("%w: several tokens fit; add serial=", signing.ErrKeyNotFound)
		}
		found, at = p.known(tokenID{trim(info.Label), trim(info.SerialNumber)}, slot), slot
	}
	switch {
	case found == nil && unread != nil: // it may have been this one
		return nil, 0, unread
	case found == nil:
		return nil, 0, fmt.Errorf("%w: %q", errAbsent, ref.token+ref.serial)
	}
	p.mu.Lock()
	p.resolved[ref.selector] = found
	p.mu.Unlock()
	return found, at, nil
}

// known returns the record of a token. One that turns up in another slot moves there as
// soon as it has no pool: sessions belong to the old slot until they are found dead.
func (p *Provider) known(id tokenID, slot uint) *token {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.tokens[id]
	if t == nil {
		t = &token{id: id, slot: slot, turn: make(chan struct{}, 1)}
		p.tokens[id] = t
	} else if t.slot != slot && t.pool.Load() == nil {
		t.slot = slot
	}
	return t
}

func (r *reference) names(slot uint, info pkcs11.TokenInfo) bool {
	return (r.slot == nil || *r.slot == slot) && fits(r.token, info.Label) && fits(r.serial, info.SerialNumber) &&
		fits(r.manufacturer, info.ManufacturerID) && fits(r.model, info.Model)
}

func fits(want, have string) bool { return want == "" || want == trim(have) }

// trim removes the padding of PKCS#11 text fields.
func trim(s string) string { return strings.TrimRight(s, " \x00") }
