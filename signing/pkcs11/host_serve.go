package pkcs11

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"sync"
	"syscall"
	"time"
)

// ServeHost is the host process: it connects to the socket its parent made, opens the
// module that the parent names and answers until the parent is gone or ctx ends. Then it
// lets running calls end, logs out and returns, so that a parent that was killed leaves no
// token half written. It reads no file and no environment variable of its own; the module
// may, and the PIN files of service keys are read here.
//
// An error means that it did not end in an orderly way; the caller ends the process then,
// whatever still runs in vendor code.
func ServeHost(ctx context.Context, socket string, clock func() time.Time) error {
	// a crash in vendor code must not leave PINs in a core file
	if err := syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}); err != nil {
		return fmt.Errorf("pkcs11: no core files: %w", err)
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", socket)
	if err != nil {
		return fmt.Errorf("pkcs11: hsm-host is started by the server, not by hand: %w", err)
	}
	unix, ok := conn.(*net.UnixConn)
	if !ok {
		return errors.Join(errFrame, conn.Close())
	}
	h := &hosting{conn: &frameConn{UnixConn: unix}, running: map[uint64]context.CancelFunc{}}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = unix.CloseRead() })()
	return h.serve(clock)
}

// hosting is the host process's side of the connection.
type hosting struct {
	conn     *frameConn
	provider *Provider

	mu      sync.Mutex
	running map[uint64]context.CancelFunc
	acts    sync.WaitGroup
}

func (h *hosting) serve(clock func() time.Time) error {
	first, err := readFrame(h.conn)
	if err != nil || first.kind != frameOpen {
		return errors.Join(errFrame, err)
	}
	var setup hostSetup
	if err := json.Unmarshal(first.body, &setup); err != nil {
		return errors.Join(errFrame, err)
	}
	err = h.open(setup, clock)
	if err := errors.Join(err, h.conn.send(answer(first.number, struct{}{}, err))); err != nil {
		return err
	}
	ctx, abandon := context.WithCancel(context.Background()) // of those who wait, once nobody waits for them
	defer abandon()
	for {
		f, err := readFrame(h.conn)
		if err != nil { // the parent is gone
			abandon()
			return h.end(setup.Grace)
		}
		h.take(ctx, f)
	}
}

func (h *hosting) open(setup hostSetup, clock func() time.Time) (err error) {
	if setup.Protocol != hostProtocol {
		return fmt.Errorf("%w: server and hsm-host are of different versions; restart the server", ErrModule)
	}
	h.provider, err = Open(Options{Module: setup.Module, Sessions: setup.Sessions, Pause: setup.Pause, Clock: clock})
	return err
}

// take begins what a frame asks for.
func (h *hosting) take(ctx context.Context, f frame) {
	if f.kind == frameCancel {
		h.mu.Lock()
		defer h.mu.Unlock()
		if cancel := h.running[f.number]; cancel != nil {
			cancel()
		}
		return
	}
	ctx, cancel := context.WithCancel(ctx)
	h.mu.Lock()
	h.running[f.number] = cancel
	h.mu.Unlock()
	h.acts.Go(func() {
		body, err := h.act(ctx, f)
		cancel()
		h.mu.Lock()
		delete(h.running, f.number)
		h.mu.Unlock()
		_ = h.conn.send(answer(f.number, body, err)) // nobody to tell: the reader sees it too
	})
}

func (h *hosting) act(ctx context.Context, f frame) (any, error) {
	switch f.kind {
	case frameSign:
		defer clear(f.body) // the PIN
		r, err := decodeSign(f.body)
		if err != nil {
			return nil, err
		}
		return h.provider.Sign(ctx, r.key, r.digest, r.opts)
	case frameDescribe:
		return h.provider.Describe(ctx)
	case frameStatus:
		return h.provider.Stats(), nil
	}
	return nil, errFrame
}

// end waits for running calls and closes the module, but not longer than grace.
func (h *hosting) end(grace time.Duration) error {
	done := make(chan error, 1)
	go func() {
		h.acts.Wait()
		done <- h.provider.Close()
	}()
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case err := <-done:
		return err
	case <-timer.C:
		return errors.New("pkcs11: a call into the module did not end")
	}
}
