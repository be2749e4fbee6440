package trust

import (
	"crypto/sha256"
	"crypto/x509"
	"sync"
)

// maxFacts bounds what is remembered; an installation meets some hundred certificates.
const maxFacts = 4096

// facts remembers what has been found true of certificates and can never become false: that
// one's key signed another, that a path obeys the rules that do not depend on time. What
// was found false is not remembered.
type facts struct {
	mu    sync.RWMutex
	known map[fact]struct{}
}

type fact [sha256.Size]byte

// factOf names a fact about certificates in an order, which their whole bytes stand for.
func factOf(what byte, certs ...*x509.Certificate) (f fact) {
	h := sha256.New()
	h.Write([]byte{what})
	for _, c := range certs {
		h.Write(c.Raw) // DER tells its own length
	}
	h.Sum(f[:0])
	return f
}

func (k *facts) has(f fact) bool {
	k.mu.RLock()
	defer k.mu.RUnlock()
	_, ok := k.known[f]
	return ok
}

func (k *facts) learn(f fact) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.known) >= maxFacts || k.known == nil {
		k.known = map[fact]struct{}{}
	}
	k.known[f] = struct{}{}
}
