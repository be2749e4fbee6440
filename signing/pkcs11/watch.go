//go:build cgo

package pkcs11

import (
	"sync"
	"time"

	"github.com/miekg/pkcs11"
)

// watched is a module that knows how long its calls have been running: a call that hangs
// in vendor code cannot be cancelled, but it can be seen.
type watched struct {
	module
	clock func() time.Time

	mu      sync.Mutex
	next    uint64
	running map[uint64]time.Time
}

func watch(m module, clock func() time.Time) *watched {
	return &watched{module: m, clock: clock, running: map[uint64]time.Time{}}
}

// oldest is how long the call that runs longest has been running.
func (w *watched) oldest() time.Duration {
	now := w.clock()
	w.mu.Lock()
	defer w.mu.Unlock()
	var d time.Duration
	for _, began := range w.running {
		d = max(d, now.Sub(began))
	}
	return d
}

func (w *watched) begin() uint64 {
	now := w.clock()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.next++
	w.running[w.next] = now
	return w.next
}

func (w *watched) end(id uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.running, id)
}

func (w *watched) Initialize(o ...pkcs11.InitializeOption) error {
	defer w.end(w.begin())
	return w.module.Initialize(o...)
}

func (w *watched) Finalize() error {
	defer w.end(w.begin())
	return w.module.Finalize()
}

func (w *watched) GetSlotList(present bool) ([]uint, error) {
	defer w.end(w.begin())
	return w.module.GetSlotList(present)
}

func (w *watched) GetTokenInfo(slot uint) (pkcs11.TokenInfo, error) {
	defer w.end(w.begin())
	return w.module.GetTokenInfo(slot)
}

func (w *watched) OpenSession(slot, flags uint) (pkcs11.SessionHandle, error) {
	defer w.end(w.begin())
	return w.module.OpenSession(slot, flags)
}

func (w *watched) CloseSession(s pkcs11.SessionHandle) error {
	defer w.end(w.begin())
	return w.module.CloseSession(s)
}

func (w *watched) GetSessionInfo(s pkcs11.SessionHandle) (pkcs11.SessionInfo, error) {
	defer w.end(w.begin())
	return w.module.GetSessionInfo(s)
}

func (w *watched) CloseAllSessions(slot uint) error {
	defer w.end(w.begin())
	return w.module.CloseAllSessions(slot)
}

func (w *watched) Login(s pkcs11.SessionHandle, user uint, pin string) error {
	defer w.end(w.begin())
	return w.module.Login(s, user, pin)
}

func (w *watched) Logout(s pkcs11.SessionHandle) error {
	defer w.end(w.begin())
	return w.module.Logout(s)
}

func (w *watched) FindObjectsInit(s pkcs11.SessionHandle, t []*pkcs11.Attribute) error {
	defer w.end(w.begin())
	return w.module.FindObjectsInit(s, t)
}

func (w *watched) FindObjects(s pkcs11.SessionHandle, n int) ([]pkcs11.ObjectHandle, bool, error) {
	defer w.end(w.begin())
	return w.module.FindObjects(s, n)
}

func (w *watched) FindObjectsFinal(s pkcs11.SessionHandle) error {
	defer w.end(w.begin())
	return w.module.FindObjectsFinal(s)
}

func (w *watched) GetAttributeValue(s pkcs11.SessionHandle, o pkcs11.ObjectHandle, a []*pkcs11.Attribute) ([]*pkcs11.Attribute, error) {
	defer w.end(w.begin())
	return w.module.GetAttributeValue(s, o, a)
}

func (w *watched) SignInit(s pkcs11.SessionHandle, m []*pkcs11.Mechanism, k pkcs11.ObjectHandle) error {
	defer w.end(w.begin())
	return w.module.SignInit(s, m, k)
}

func (w *watched) Sign(s pkcs11.SessionHandle, data []byte) ([]byte, error) {
	defer w.end(w.begin())
	return w.module.Sign(s, data)
}
