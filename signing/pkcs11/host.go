package pkcs11

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"congvan/signing"
)

// HostOptions of OpenHost.
type HostOptions struct {
	// Options of the module; Env is the whole environment of the process.
	Options
	// Command is the program and its arguments that end in ServeHost with the path of the
	// socket, which is appended.
	Command []string
	// CallTimeout is how long one call into the module may take, and the start of the
	// process; 0 means 20 s.
	CallTimeout time.Duration
	Log         *slog.Logger // nil: no log
}

// Host signs with the tokens of one module that lives in a child process, as Provider does
// in this one. A process that crashes, or is killed because a call hangs in it, is started
// again.
//
// A signature by a service key that was under way then is asked for once more: the digest
// is the same and only the second value is ever seen, so that nothing is signed that was
// not to be signed; Stats.Retries counts them. One by a personal key is not: the token may
// have counted the PIN already, and its owner is asked again. When the second process ends
// as well, a circuit breaker answers signing.ErrTokenUnavailable until its pause is over.
type Host struct {
	options HostOptions
	breaker breaker
	counts  counts

	turn   chan struct{} // held by whoever starts a process
	mu     sync.Mutex
	child  *child
	closed bool
	past   Stats // of processes that have ended
	starts uint64
}

var _ Keys = (*Host)(nil)

// errEnded: the process ended under a request.
var errEnded = fmt.Errorf("%w: the process of the PKCS#11 module ended", signing.ErrTokenUnavailable)

// OpenHost starts the process and opens the module in it. It fails with ErrModule when that
// cannot be done.
func OpenHost(ctx context.Context, o HostOptions) (*Host, error) {
	if o.Clock == nil || len(o.Command) == 0 {
		return nil, errors.New("pkcs11: HostOptions.Clock and Command are needed")
	}
	if o.Pause <= 0 {
		o.Pause = defaultPause
	}
	if o.CallTimeout <= 0 {
		o.CallTimeout = 20 * time.Second
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	h := &Host{options: o, turn: make(chan struct{}, 1)}
	if _, err := h.running(ctx); err != nil {
		if !errors.Is(err, ErrModule) {
			err = fmt.Errorf("%w: %w", ErrModule, err)
		}
		return nil, err
	}
	return h, nil
}

// Sign implements signing.Keys as Provider does. ctx bounds the waiting for a session or a
// turn; CallTimeout bounds the token's own time.
func (h *Host) Sign(ctx context.Context, key string, digest []byte, opts signing.SignOptions) ([]byte, error) {
	signature, err := h.sign(ctx, signRequest{key, digest, opts})
	h.counts.done(err)
	return signature, err
}

func (h *Host) sign(ctx context.Context, r signRequest) ([]byte, error) {
	if !h.breaker.enter(h.options.Clock()) {
		h.counts.add(func(s *Stats) { s.Refused++ })
		return nil, fmt.Errorf("%w: its module failed a moment ago and is not started again yet", signing.ErrTokenUnavailable)
	}
	value, asked, err := h.once(ctx, r)
	final := asked && r.opts.PIN != nil
	if errors.Is(err, errEnded) && !final && ctx.Err() == nil {
		if asked {
			h.counts.add(func(s *Stats) { s.Retries++ })
			h.options.Log.Warn("hsm-host: a signature is asked for again", "why", err)
		}
		value, _, err = h.once(ctx, r)
	}
	if err != nil && (ctx.Err() != nil || final && errors.Is(err, errEnded)) { // that tells nothing of a new process
		h.breaker.abandon()
		return nil, contextual(ctx, err)
	}
	h.breaker.leave(!errors.Is(err, errEnded), h.options.Clock(), h.options.Pause)
	return value, err
}

// once asks the living process. asked tells that the request may have reached it.
func (h *Host) once(ctx context.Context, r signRequest) (value []byte, asked bool, err error) {
	c, err := h.running(ctx)
	if err != nil {
		return nil, false, err
	}
	body, err := r.encode()
	if err != nil {
		return nil, false, err
	}
	value, err = c.ask(ctx, frameSign, body)
	return value, true, err
}

// running returns the living process, starting one where there is none. Every failure to
// start is errEnded as well.
func (h *Host) running(ctx context.Context) (*child, error) {
	if c, err := h.living(); c != nil || err != nil {
		return c, err
	}
	select {
	case h.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("pkcs11: the module is being started: %w", ctx.Err())
	}
	defer func() { <-h.turn }()
	if c, err := h.living(); c != nil || err != nil {
		return c, err
	}
	// a start belongs to all who wait for it, so that it is not cut short with one of them
	sctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), h.options.CallTimeout)
	defer cancel()
	c, err := h.start(sctx)
	if err != nil {
		h.options.Log.Error("hsm-host", "error", err)
		return nil, fmt.Errorf("%w: %w", errEnded, err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		c.kill("the provider is being closed")
		return nil, ErrClosed
	}
	if h.starts++; h.starts > 1 {
		h.options.Log.Warn("hsm-host: started again", "pid", c.pid())
	}
	h.child = c
	return c, nil
}

// living returns the process unless it has ended.
func (h *Host) living() (*child, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.closed:
		return nil, ErrClosed
	case h.child == nil:
		return nil, nil //nolint:nilnil // none yet, or none any more
	}
	select {
	case <-h.child.over:
		h.options.Log.Error("hsm-host: ended", "pid", h.child.pid(), "why", h.child.why())
		h.past.pile(h.child.lastSeen())
		h.child = nil
		return nil, nil //nolint:nilnil // as above
	default:
		return h.child, nil
	}
}

// start runs the process and has it open the module.
func (h *Host) start(ctx context.Context) (*child, error) {
	setup, err := json.Marshal(hostSetup{
		Protocol: hostProtocol, Module: h.options.Module, Sessions: h.options.Sessions, Pause: h.options.Pause, Grace: h.options.CallTimeout,
	})
	if err != nil {
		return nil, err
	}
	c, err := startChild(ctx, h.options)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { c.kill("opening the module hangs") })
	defer stop()
	if _, err := c.ask(context.WithoutCancel(ctx), frameOpen, setup); err != nil {
		c.kill("the module did not open")
		return nil, err
	}
	go c.guard(h.options.CallTimeout)
	return c, nil
}

// Describe lists the initialised tokens with their public keys, without login.
func (h *Host) Describe(ctx context.Context) ([]Token, error) {
	c, err := h.running(ctx)
	if err != nil {
		return nil, err
	}
	body, err := c.ask(ctx, frameDescribe, nil)
	if err != nil {
		return nil, contextual(ctx, err)
	}
	var out []Token
	if err := json.Unmarshal(body, &out); err != nil {
		return nil, errFrame
	}
	return out, nil
}

// Stats returns a snapshot: what callers got is counted here, sessions and waiting in the
// process, which is asked for it.
func (h *Host) Stats() Stats {
	h.mu.Lock()
	c, past, starts := h.child, h.past, h.starts
	h.mu.Unlock()
	s := h.counts.read()
	if c != nil {
		now := c.status(statusWait)
		s.PoolSize, s.PoolInUse, s.Open, s.Busy = now.PoolSize, now.PoolInUse, now.Open, now.Busy
		s.pile(now)
	}
	s.pile(past)
	if h.breaker.tripped() {
		s.Open++
	}
	if starts > 1 {
		s.Restarts = starts - 1
	}
	return s
}

// PID is the number of the living process, 0 when there is none.
func (h *Host) PID() int {
	c, err := h.living()
	if c == nil || err != nil {
		return 0
	}
	return c.pid()
}

// Close lets running calls end, logs out and ends the process.
func (h *Host) Close() error {
	h.mu.Lock()
	c, closed := h.child, h.closed
	h.closed = true
	h.mu.Unlock()
	if closed || c == nil {
		return nil
	}
	return c.close(h.options.CallTimeout)
}

// pile adds the counters that are counted in the process to s.
func (s *Stats) pile(of Stats) {
	s.Rebuilds += of.Rebuilds
	s.Refused += of.Refused
	s.Wait += of.Wait
	for i, n := range of.Waits {
		s.Waits[i] += n
	}
}
