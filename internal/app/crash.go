package app

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"

	"congvan/internal/document"
	"congvan/internal/flow"
	"congvan/signing"
	"congvan/storage"
)

// crash ends the process, as a power cut would, right after the n-th thing that the acts
// did to the outside: a file stored, a transaction committed, a key used, a message handed
// to the axis. Tests of the order rule try every n; the demonstration alone can set it.
//
// It waits for a key that is in use elsewhere: SoftHSM writes its token file at every login
// and not in one piece, so that a power cut in that moment loses the token. That is the
// software token's weakness, not a line of the order rule; a hardware token has none.
type crash struct {
	left  atomic.Int64
	inUse sync.RWMutex // read-held while a key is used
	log   *slog.Logger
}

// exitCrashed is the exit code of a process killed by SIGKILL, as a shell reports it.
const exitCrashed = 137

func (c *crash) did(what string, err error) {
	if err == nil && c.left.Add(-1) == 0 {
		c.inUse.Lock()
		c.log.Error("the test ends this process", "after", what)
		os.Exit(exitCrashed)
	}
}

// crashAfter has the acts end the process after their n-th effect.
func crashAfter(n int64, p *flow.Ports, log *slog.Logger) {
	c := &crash{log: log}
	c.left.Store(n)
	p.Store, p.Blobs, p.Keys = crashStore{p.Store, c}, crashBlobs{p.Blobs, c}, crashKeys{p.Keys, c}
	if p.Augmenter != nil {
		p.Augmenter = crashAugmenter{p.Augmenter, c}
	}
	if p.Courier != nil {
		p.Courier = crashCourier{p.Courier, c}
	}
}

type crashStore struct {
	flow.Store
	*crash
}

func (s crashStore) Write(ctx context.Context, fn func(flow.Tx) error) error {
	err := s.Store.Write(ctx, fn)
	s.did("store.write", err)
	return err
}

type crashBlobs struct {
	storage.Blobs
	*crash
}

func (b crashBlobs) Put(ctx context.Context, key storage.Key, size int64, r io.Reader) error {
	err := b.Blobs.Put(ctx, key, size, r)
	b.did("blobs.put", err)
	return err
}

func (b crashBlobs) Compose(ctx context.Context, key, prefix storage.Key, tail []byte) error {
	err := b.Blobs.Compose(ctx, key, prefix, tail)
	b.did("blobs.compose", err)
	return err
}

type crashKeys struct {
	signing.Keys
	*crash
}

func (k crashKeys) Sign(ctx context.Context, key string, digest []byte, o signing.SignOptions) ([]byte, error) {
	k.inUse.RLock()
	out, err := k.Keys.Sign(ctx, key, digest, o)
	k.inUse.RUnlock()
	k.did("keys.sign", err)
	return out, err
}

type crashAugmenter struct {
	signing.Augmenter
	*crash
}

func (a crashAugmenter) Timestamp(ctx context.Context, cms []byte) ([]byte, error) {
	out, err := a.Augmenter.Timestamp(ctx, cms)
	a.did("augment.timestamp", err)
	return out, err
}

func (a crashAugmenter) TimestampLate(ctx context.Context, f signing.File, field string) (signing.Patch, error) {
	out, err := a.Augmenter.TimestampLate(ctx, f, field)
	a.did("augment.late", err)
	return out, err
}

func (a crashAugmenter) LongTerm(ctx context.Context, f signing.File, fields []string, l signing.Level) ([]byte, error) {
	out, err := a.Augmenter.LongTerm(ctx, f, fields, l)
	a.did("augment.longterm", err)
	return out, err
}

type crashCourier struct {
	flow.Courier
	*crash
}

func (r crashCourier) Send(ctx context.Context, c document.Consignment, again bool) []document.Handover {
	out := r.Courier.Send(ctx, c, again)
	var err error
	for _, h := range out {
		err = errors.Join(err, h.Err)
	}
	r.did("courier.send", err)
	return out
}

func (r crashCourier) SendStatus(ctx context.Context, m document.StatusMessage) error {
	err := r.Courier.SendStatus(ctx, m)
	r.did("courier.status", err)
	return err
}
