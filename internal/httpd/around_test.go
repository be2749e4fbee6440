package httpd

import (
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
)

func TestHeadersBindTheBrowser(t *testing.T) {
	w := newWorld(t)
	c := w.as("cv.svd")
	for _, path := range []string{"/me", "/nowhere", "/openapi.yaml", "/home"} {
		h := c.get(path).header
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "same-origin", "Cache-Control": "no-store",
			"Cross-Origin-Resource-Policy": "same-origin", "Strict-Transport-Security": "",
		} {
			if h.Get(name) != want {
				t.Errorf("%s: %s is %q", path, name, h.Get(name))
			}
		}
		policy := h.Get("Content-Security-Policy")
		if !strings.Contains(policy, "frame-ancestors 'none'") || !strings.Contains(policy, "default-src 'none'") || strings.Contains(policy, "unsafe-inline") || strings.Contains(policy, "http") {
			t.Errorf("%s: policy %q", path, policy)
		}
		if len(h.Get("X-Request-Id")) != 16 {
			t.Errorf("%s: request id %q", path, h.Get("X-Request-Id"))
		}
	}
}

// TestMountedPages: pages pass the same guards, a panic is answered and logged, and what
// nobody knows is the pages' to answer outside the API only.
func TestMountedPages(t *testing.T) {
	w := newWorld(t)
	w.server.Mount(func(r gin.IRouter) {
		r.GET("/trang", func(c *gin.Context) { c.String(http.StatusOK, w.auth.Language(c.Request.Context())) })
		r.POST("/trang", func(c *gin.Context) { c.Status(http.StatusNoContent) })
		r.GET("/hong", func(*gin.Context) { panic("a slip") })
		r.GET(base+"/hong", func(*gin.Context) { panic("a slip") })
	}, func(c *gin.Context) { c.String(http.StatusNotFound, "trang khác") })
	ask := func(method, path string, header http.Header) (int, string) {
		t.Helper()
		req, err := http.NewRequest(method, w.http.URL+path, nil)
		w.must(err)
		req.Header = header
		res, err := http.DefaultClient.Do(req)
		w.must(err)
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		w.must(err)
		return res.StatusCode, string(b)
	}
	for _, x := range []struct {
		method, path string
		header       http.Header
		status       int
		body         string
	}{
		{"GET", "/trang", nil, 200, "vi"},
		{"GET", "/trang", http.Header{"Accept-Language": {"en-US"}}, 200, "vi"},
		{"POST", "/trang", nil, 204, ""},
		{"POST", "/trang", http.Header{"Sec-Fetch-Site": {"cross-site"}}, 403, "trang web khác"},
		{"GET", "/khong-co", nil, 404, "trang khác"},
		{"GET", base + "/khong-co", nil, 404, `"code":"not_found"`},
		{"GET", "/hong", nil, 500, "Hệ thống gặp lỗi"},
		{"GET", base + "/hong", nil, 500, `"code":"internal"`},
		{"PUT", base + "/me", nil, 405, `"code":"method_not_allowed"`},
		{"GET", "/trang", http.Header{"Authorization": {"Bearer cvt_x"}}, 401, "token"},
	} {
		status, body := ask(x.method, x.path, x.header)
		if status != x.status || !strings.Contains(body, x.body) {
			t.Errorf("%s %s: %d %q, want %d %q", x.method, x.path, status, body, x.status, x.body)
		}
	}
	if log := w.log.String(); strings.Count(log, "a slip") != 2 || strings.Contains(log, "cvt_x") {
		t.Errorf("log:\n%s", log)
	}
}

func TestHealth(t *testing.T) {
	w := newWorld(t)
	c := w.anonymous()
	if r := c.want(http.StatusOK, c.get("/health")); r.text(t, "status") != "ok" || r.text(t, "checks", 0, "name") != "database" {
		t.Errorf("health %s", r.body)
	}
	w.sick = errors.New("token at slot 7 is gone")
	r := c.get("/health")
	if r.status != http.StatusServiceUnavailable || !strings.Contains(string(r.body), `"status":"failing"`) || strings.Contains(string(r.body), "slot 7") {
		t.Errorf("health %d %s", r.status, r.body)
	}
	if !strings.Contains(w.log.String(), "slot 7") {
		t.Error("the log does not say what is wrong")
	}
}

// TestTrustedProxies: who a client says it is counts only from a configured proxy (A5).
func TestTrustedProxies(t *testing.T) {
	for _, trusted := range [][]string{nil, {"127.0.0.1"}} {
		w := newWorld(t)
		w.must(w.server.engine.SetTrustedProxies(trusted))
		c := w.anonymous()
		c.header.Set("X-Forwarded-For", "203.0.113.9")
		c.header.Set("X-Remote-User", "vt.svd")
		c.refused(http.StatusUnauthorized, "not_signed_in", c.get("/me"))
		if got := strings.Contains(w.log.String(), "203.0.113.9"); got != (len(trusted) > 0) {
			t.Errorf("trusted %v: the log says 203.0.113.9: %v", trusted, got)
		}
	}
}

// stuck is a body that brings nothing and ends when its connection is given up.
type stuck struct{ done chan struct{} }

func (s stuck) Read([]byte) (int, error) { <-s.done; return 0, net.ErrClosed }
func (s stuck) Close() error             { return nil }

type deadline struct {
	http.ResponseWriter
	done chan struct{}
}

func (d deadline) SetReadDeadline(at time.Time) error {
	if at.Equal(longPast()) {
		close(d.done)
	}
	return nil
}

// TestIdleBodyIsGivenUp: a sender who stops sending does not hold the request for ever.
func TestIdleBodyIsGivenUp(t *testing.T) {
	done := make(chan struct{})
	body := patient(deadline{done: done}, stuck{done}, time.Millisecond)
	if _, err := body.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Fatal(err)
	}
}
