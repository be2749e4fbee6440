package walk

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"congvan/internal/app"
	"congvan/internal/demo/pki"
)

// Authority is the demonstration's certification authority on loopback: timestamps, OCSP,
// revocation lists, certificates. It runs in this process, beside the installations.
type Authority struct {
	Base string      // address, which stands in the certificates
	Down atomic.Bool // answers 502 instead

	server *http.Server
}

// StartAuthority answers for the authority in caDir until Stop. Its address is kept there:
// without a port it listens where it did before, if that is free.
func StartAuthority(ctx context.Context, caDir string, port int, clock func() time.Time, random io.Reader) (*Authority, error) {
	if err := os.MkdirAll(caDir, 0o700); err != nil {
		return nil, err
	}
	kept := filepath.Join(caDir, "address")
	l, err := listenAgain(ctx, kept, port)
	if err != nil {
		return nil, fmt.Errorf("demonstration authority: %w", err)
	}
	a := &Authority{Base: "http://" + l.Addr().String()}
	online, err := pki.Online(pki.Options{CADir: caDir, Address: a.Base, Clock: clock, Rand: random, Authority: app.DemoAuthority})
	if err == nil {
		err = os.WriteFile(kept, []byte(l.Addr().String()), 0o600)
	}
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	a.server = &http.Server{ReadHeaderTimeout: 5 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if a.Down.Load() {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		online.ServeHTTP(w, r)
	})}
	go func() { _ = a.server.Serve(l) }()
	return a, nil
}

func listenAgain(ctx context.Context, kept string, port int) (net.Listener, error) {
	var lc net.ListenConfig
	if port == 0 {
		if b, err := os.ReadFile(kept); err == nil {
			if l, err := lc.Listen(ctx, "tcp", strings.TrimSpace(string(b))); err == nil {
				return l, nil
			}
		}
	}
	return lc.Listen(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", port))
}

// Stop ends it.
func (a *Authority) Stop() { _ = a.server.Close() }

// Trust is what an installation's configuration says of it.
func (a *Authority) Trust() app.Trust {
	return app.Trust{TSA: []string{a.Base + pki.PathTSA}, Hosts: []string{strings.TrimPrefix(a.Base, "http://")}}
}
