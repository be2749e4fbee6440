package trust_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"congvan/signing/trust"
)

func TestGuard(t *testing.T) {
	p := newPKI(t)
	target := p.ServeBytes("text/plain", func() []byte { return []byte("bí mật nội bộ") })
	u, _ := url.Parse(target.URL)
	redirect := httpServer(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, target.URL, http.StatusFound) })
	large := p.ServeBytes("text/plain", func() []byte { return make([]byte, 2000) })
	release := make(chan struct{})
	slow := httpServer(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-release:
		}
	})
	defer close(release)
	g := guard(t, "127.0.0.1")
	get := func(g *trust.Guard, url string) error {
		_, err := g.Fetch(context.Background(), trust.Request{URL: url, Limit: 1000})
		return err
	}
	if err := get(g, target.URL); err != nil {
		t.Fatal(err)
	}
	if err := get(guard(t, u.Host), target.URL); err != nil {
		t.Fatal("host with port", err)
	}
	for name, url := range map[string]string{"redirect": redirect, "too large": large.URL, "slow": slow} {
		if get(g, url) == nil {
			t.Errorf("%s accepted", name)
		}
	}
	for _, url := range []string{
		"http://localhost:" + u.Port(), "ftp://127.0.0.1/x", "file:///etc/passwd", "http://user@127.0.0.1:" + u.Port(), "//127.0.0.1/x",
		"ldap://127.0.0.1/cn=x", "http://127.0.0.1.evil.vn/", "http://evil.vn#@127.0.0.1/", "",
	} {
		if err := get(g, url); !errors.Is(err, trust.ErrNotAllowed) {
			t.Errorf("%s: %v", url, err)
		}
	}
	if err := get(guard(t, ""), "http://:"+u.Port()); !errors.Is(err, trust.ErrNotAllowed) {
		t.Errorf("no host: %v", err)
	}
	if err := get(g, "https://127.0.0.1:1/"); err == nil || errors.Is(err, trust.ErrNotAllowed) {
		t.Errorf("https: %v", err)
	}
	if err := get(guard(t, "127.0.0.1:1"), target.URL); !errors.Is(err, trust.ErrNotAllowed) {
		t.Errorf("other port: %v", err)
	}
}

// TestGuardAsks: what is asked, how long an answer is kept, and that a caller who gives up
// says nothing about the host.
func TestGuardAsks(t *testing.T) {
	var seen []string
	broken := false
	address := httpServer(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		seen = append(seen, r.Method+" "+r.Header.Get("Content-Type")+" "+string(body))
		if broken {
			http.NotFound(w, r)
		}
	})
	at := now
	newGuard := func(o trust.GuardOptions) *trust.Guard {
		o.Hosts, o.Clock = []string{"127.0.0.1"}, func() time.Time { return at }
		g, err := trust.NewGuard(o)
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	g := newGuard(trust.GuardOptions{Keep: time.Hour})
	get, post := trust.Request{URL: address}, trust.Request{URL: address, Body: []byte("hỏi"), ContentType: "application/ocsp-request"}
	for _, step := range []struct {
		name    string
		request trust.Request
		gaveUp  bool
		broken  bool
		after   time.Duration
		fails   bool
		asks    string // nothing: from what is kept
	}{
		{name: "given up", request: get, gaveUp: true, fails: true},
		{name: "asked", request: get, asks: "GET  "},
		{name: "with a body", request: post, asks: "POST application/ocsp-request hỏi"},
		{name: "kept", request: get, after: 59 * time.Minute},
		{name: "no longer", request: get, after: time.Minute, broken: true, fails: true, asks: "GET  "},
		{name: "its failure kept", request: get, after: 5 * time.Minute, fails: true},
		{name: "a tenth of the time", request: get, after: time.Minute, asks: "GET  "},
	} {
		at, broken, seen = at.Add(step.after), step.broken, nil
		ctx, cancel := context.WithCancel(context.Background())
		if step.gaveUp {
			cancel()
		}
		_, err := g.Fetch(ctx, step.request)
		cancel()
		if (err != nil) != step.fails || strings.Join(seen, "\n") != step.asks {
			t.Errorf("%s: asked %q, %v", step.name, seen, err)
		}
	}
	if _, err := newGuard(trust.GuardOptions{Timeout: time.Nanosecond}).Fetch(context.Background(), get); err == nil {
		t.Error("an answer in no time")
	}
	if _, err := trust.NewGuard(trust.GuardOptions{}); err == nil {
		t.Error("a guard without a clock")
	}
}
