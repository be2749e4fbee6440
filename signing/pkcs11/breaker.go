package pkcs11

import (
	"sync"
	"time"
)

// breaker stops asking a token that failed even after a rebuild. When the pause is
// over one caller may try; its success closes the breaker, its failure opens it again.
type breaker struct {
	mu     sync.Mutex
	open   bool
	trying bool
	until  time.Time
}

// enter tells whether the token may be asked now.
func (b *breaker) enter(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.open {
		return true
	}
	if b.trying || now.Before(b.until) {
		return false
	}
	b.trying = true
	return true
}

// leave records the outcome of what enter allowed: whether the token answered at all.
func (b *breaker) leave(answered bool, now time.Time, pause time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.trying = false
	b.open = !answered
	if b.open {
		b.until = now.Add(pause)
	}
}

// abandon takes back what enter allowed: the caller went away before an outcome.
func (b *breaker) abandon() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.trying = false
}

// tripped tells that the last outcome was a failure.
func (b *breaker) tripped() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.open
}
