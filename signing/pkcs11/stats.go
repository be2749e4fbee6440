package pkcs11

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"congvan/signing"
)

// Stats is a snapshot of a provider since it was opened. Counters only grow.
type Stats struct {
	Signatures uint64            // made
	Failures   uint64            // returned to the caller
	FailuresBy map[string]uint64 // the same by Code
	Rebuilds   uint64            // of sessions or of the module
	Refused    uint64            // by a circuit breaker, without asking the token

	Waits [len(waitBounds) + 1]uint64 // acts by how long they waited for a session or a turn; the last has no bound
	Wait  time.Duration               // what they waited together

	PoolSize  int // places of the pools of all service tokens
	PoolInUse int
	Open      int           // circuit breakers that are open
	Busy      time.Duration // how long the oldest call into the module has been running

	// Of a host process; zero in-process.
	Restarts uint64 // processes started after the first
	Retries  uint64 // signatures asked for a second time because a process ended under the first
}

// waitBounds are the upper bounds of Stats.Waits.
var waitBounds = [...]time.Duration{
	time.Millisecond, 5 * time.Millisecond, 20 * time.Millisecond, 100 * time.Millisecond, 500 * time.Millisecond, 2 * time.Second, 10 * time.Second,
}

// WaitBounds are the upper bounds of the classes of Stats.Waits, without the last one.
func WaitBounds() []time.Duration { return slices.Clone(waitBounds[:]) }

// kinds are the errors that callers tell apart, with the codes that stand for them in
// figures and between the processes. The first that fits is taken.
var kinds = []struct {
	code string
	err  error
}{
	{"pin_incorrect", signing.ErrPINIncorrect},
	{"pin_locked", signing.ErrPINLocked},
	{"pin_required", ErrPINRequired},
	{"key_not_found", signing.ErrKeyNotFound},
	{"token_class", ErrTokenClass},
	{"key_uri", ErrURI},
	{"module", ErrModule},
	{"closed", ErrClosed},
	{"token_unavailable", signing.ErrTokenUnavailable},
	{"time_out", context.DeadlineExceeded},
	{"abandoned", context.Canceled},
}

// Code is the short name of an error's kind, "other" for one of no kind.
func Code(err error) string {
	for _, k := range kinds {
		if errors.Is(err, k.err) {
			return k.code
		}
	}
	return "other"
}

// counts are the counters of Stats that belong to the callers.
type counts struct {
	mu sync.Mutex
	s  Stats
}

// done counts an act that ended with err.
func (c *counts) done(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil {
		c.s.Signatures++
		return
	}
	c.s.Failures++
	if c.s.FailuresBy == nil {
		c.s.FailuresBy = map[string]uint64{}
	}
	c.s.FailuresBy[Code(err)]++
}

// waited counts an act's waiting for a session or a turn.
func (c *counts) waited(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := 0
	for i < len(waitBounds) && d > waitBounds[i] {
		i++
	}
	c.s.Waits[i]++
	c.s.Wait += d
}

// add changes a counter under the lock.
func (c *counts) add(change func(*Stats)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&c.s)
}

func (c *counts) read() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.s
	s.FailuresBy = maps.Clone(s.FailuresBy)
	return s
}
