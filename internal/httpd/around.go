package httpd

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"congvan/internal/auth"
	"congvan/internal/fault"
)

const (
	base = "/api/v1"

	// What the pages may load and do: their own, and nothing else. Compiling WebAssembly is
	// for the viewer's image decoders.
	contentPolicy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; " +
		"font-src 'self' data:; connect-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

func isAPI(r *http.Request) bool {
	return r.URL.Path == base || strings.HasPrefix(r.URL.Path, base+"/")
}

// around puts the guards around the engine, the outermost first.
func (s *Server) around(h http.Handler) http.Handler {
	h = s.Auth.Middleware(s.problem)(h)
	cross := http.NewCrossOriginProtection()
	cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.problem(w, r, fault.New(fault.Forbidden, "cross_site_refused"))
	}))
	h = cross.Handler(h)
	h = s.headers(h)
	return s.record(h)
}

// headers bind the browser: no framing, no guessing of types, nothing from elsewhere,
// nothing kept. A handler may loosen what it must.
func (s *Server) headers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
		h.Set("Cache-Control", "no-store")
		if s.TLS {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

// trace is what the log says of one request. The layers inside fill it.
type trace struct {
	id      string
	route   string
	client  string
	account string
	status  int
	bytes   int64
	cause   error // of an answer that is our fault
}

type traceKey struct{}

func traceOf(ctx context.Context) *trace {
	if t, ok := ctx.Value(traceKey{}).(*trace); ok {
		return t
	}
	return &trace{}
}

// record gives the request its id, bounds its time, saves the server from panics and
// writes one line when it is answered: never a body, a query or a name.
func (s *Server) record(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t := &trace{id: s.requestID(), client: r.RemoteAddr}
		w.Header().Set("X-Request-Id", t.id)
		out := &counted{ResponseWriter: w, t: t}
		start := s.Clock()
		r = r.WithContext(context.WithValue(r.Context(), traceKey{}, t))
		r.Body = patient(w, r.Body, stall)
		defer func() {
			if p := recover(); p != nil {
				if p == http.ErrAbortHandler { //nolint:errorlint // the value net/http itself compares
					panic(p)
				}
				s.Log.Error("panic", "request", t.id, "value", fmt.Sprint(p), "stack", string(debug.Stack()))
				if t.status == 0 {
					s.problem(out, r, fault.New(fault.Internal, "internal").Wrap(errors.New("panic")))
				}
			}
			s.write(r, t, s.Clock().Sub(start))
		}()
		next.ServeHTTP(out, r)
	})
}

func (s *Server) write(r *http.Request, t *trace, took time.Duration) {
	level := slog.LevelInfo
	attrs := []any{
		"id", t.id, "method", r.Method, "path", r.URL.Path, "route", t.route, "status", t.status,
		"bytes", t.bytes, "ms", took.Milliseconds(), "client", t.client, "account", t.account,
	}
	if t.cause != nil {
		level = slog.LevelError
		attrs = append(attrs, "error", t.cause)
	}
	s.Log.Log(r.Context(), level, "request", attrs...)
}

func (s *Server) requestID() string {
	var b [8]byte
	if _, err := io.ReadFull(s.Rand, b[:]); err != nil {
		return "-"
	}
	return hex.EncodeToString(b[:])
}

// note tells the log what only the engine knows.
func (s *Server) note(c *gin.Context) {
	t := traceOf(c.Request.Context())
	t.route, t.client = c.FullPath(), c.ClientIP()
	if i, ok := auth.Who(c.Request.Context()); ok {
		t.account = i.Account.ID
	}
}

// counted counts what is answered.
type counted struct {
	http.ResponseWriter
	t *trace
}

func (c *counted) WriteHeader(status int) {
	if c.t.status == 0 && status >= 200 {
		c.t.status = status
	}
	c.ResponseWriter.WriteHeader(status)
}

func (c *counted) Write(b []byte) (int, error) {
	if c.t.status == 0 {
		c.t.status = http.StatusOK
	}
	n, err := c.ResponseWriter.Write(b)
	c.t.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController through.
func (c *counted) Unwrap() http.ResponseWriter { return c.ResponseWriter }
