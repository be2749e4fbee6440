// Package httpd is the HTTP face of an installation: the API under /api/v1 with its
// specification (openapi.yaml) and everything that stands around each request: who asks,
// limits of size and time, headers that bind the browser, the log. A handler binds the
// input, makes one flow call or reads one view, and answers; it decides nothing.
package httpd

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"congvan/internal/auth"
	"congvan/internal/fault"
	"congvan/internal/flow"
	"congvan/internal/query"
	"congvan/signing"
	"congvan/storage"
	"congvan/storage/spool"
)

// Deps are what the server stands on; all of them are needed unless it says otherwise.
type Deps struct {
	Flow      *flow.Flow
	Views     *query.Views
	Auth      *auth.Auth
	Blobs     storage.Blobs
	Spool     *spool.Spool
	Catalogue *fault.Catalogue
	Clock     func() time.Time
	Rand      io.Reader // for request ids; safe for concurrent use
	Log       *slog.Logger

	// Explain says a validation report in sentences, "vi" or "en".
	Explain func(lang string, r *signing.Report) []string
	// Health looks at what the installation needs; nil: nothing to look at.
	Health func(ctx context.Context) []Check

	TrustedProxies []string // addresses whose X-Forwarded-For is believed; none by default
	TLS            bool     // reached over TLS: tell browsers to stay there
	Demo           bool     // marked as a demonstration wherever it shows
}

// Check is one thing that Health looked at.
type Check struct {
	Name string
	Err  error // nil: in order
}

// Server answers requests. Mount before the first; then it is safe for concurrent use.
type Server struct {
	Deps
	engine  *gin.Engine
	handler http.Handler
}

// New builds the engine with the API; an error means that a trusted proxy's address cannot
// be read.
func New(d Deps) (*Server, error) {
	gin.SetMode(gin.ReleaseMode)
	s := &Server{Deps: d, engine: gin.New()}
	s.engine.HandleMethodNotAllowed = true
	s.engine.RedirectTrailingSlash = false
	if err := s.engine.SetTrustedProxies(d.TrustedProxies); err != nil {
		return nil, err
	}
	s.engine.Use(s.note)
	s.engine.NoRoute(s.noRoute)
	s.engine.NoMethod(s.noMethod)
	for _, r := range s.routes() {
		s.engine.Handle(r.method, base+r.path, r.handle)
	}
	s.handler = s.around(s.engine)
	return s, nil
}

// Mount lets another package register its routes on the engine: its requests pass the
// same guards as the API's. notFound answers addresses outside the API that nobody knows;
// nil leaves the plain answer.
func (s *Server) Mount(register func(gin.IRouter), notFound gin.HandlerFunc) {
	register(s.engine)
	if notFound != nil {
		s.engine.NoRoute(func(c *gin.Context) {
			if isAPI(c.Request) {
				s.noRoute(c)
				return
			}
			notFound(c)
		})
	}
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

func (s *Server) noRoute(c *gin.Context) { s.problem(c.Writer, c.Request, fault.Missing()) }

func (s *Server) noMethod(c *gin.Context) {
	s.problem(c.Writer, c.Request, fault.New(fault.Invalid, "method_not_allowed").With("method", c.Request.Method))
}
