package web

import (
	"bytes"
	"context"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"congvan/internal/authz"
	"congvan/internal/fault"
	"congvan/internal/flowtest"
	"congvan/internal/org"
	"congvan/internal/query"
	"congvan/storage/spool"
)

// site is the pages of a real installation: only signing in is the test's own.
type site struct {
	*flowtest.World
	engine *gin.Engine
	flash  string
}

type subjectKey struct{}

// sessions believes whom the test names.
type sessions struct {
	stranger
	s *site
}

func (x sessions) Subject(ctx context.Context) (authz.Subject, bool) {
	a, ok := ctx.Value(subjectKey{}).(authz.Subject)
	return a, ok
}
func (x sessions) Positions(context.Context) ([]org.Position, error) { return nil, nil }
func (x sessions) PutFlash(_ context.Context, text string)           { x.s.flash = text }

func newSite(t *testing.T) *site {
	t.Helper()
	gin.SetMode(gin.ReleaseMode)
	s := &site{World: flowtest.New(t), engine: gin.New()}
	catalogue, err := fault.NewCatalogue()
	s.Must(err)
	w, err := New(Deps{
		Flow: s.Flow, Views: &query.Views{Store: s.Store, Clock: s.Now}, Sessions: sessions{s: s}, Catalogue: catalogue,
		Spool: spool.New(t.TempDir(), 1<<20), Explain: explained, Clock: s.Now, Log: discard(),
	})
	s.Must(err)
	w.Mount(s.engine)
	s.engine.NoRoute(w.NotFound)
	return s
}

func (s *site) send(who, method, path, contentType string, body io.Reader) *httptest.ResponseRecorder {
	s.T.Helper()
	r := httptest.NewRequestWithContext(s.T.Context(), method, path, body)
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	if who != "" {
		r = r.WithContext(context.WithValue(r.Context(), subjectKey{}, s.Who(who)))
	}
	out := httptest.NewRecorder()
	s.engine.ServeHTTP(out, r)
	return out
}

// see is a page as somebody reads it; it must be there.
func (s *site) see(who, path string, words ...string) string {
	s.T.Helper()
	out := s.send(who, http.MethodGet, path, "", nil)
	if out.Code != http.StatusOK {
		s.T.Fatalf("%s at %s: HTTP %d\n%s", who, path, out.Code, visible(out.Body.String()))
	}
	text := squeeze(visible(out.Body.String()))
	for _, w := range words {
		if !strings.Contains(text, w) {
			s.T.Errorf("%s at %s does not see %q", who, path, w)
		}
	}
	return out.Body.String()
}

func squeeze(s string) string { return strings.Join(strings.Fields(s), " ") }

// act sends a form and gives the address it leads to.
func (s *site) act(who, path string, form url.Values) string {
	s.T.Helper()
	out := s.send(who, http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
	if out.Code != http.StatusSeeOther {
		s.T.Fatalf("%s posts %s: HTTP %d\n%s", who, path, out.Code, squeeze(visible(out.Body.String())))
	}
	return out.Header().Get("Location")
}

// refused sends a form that must not be taken; it gives the page that says so.
func (s *site) refused(who, path string, form url.Values, status int, words ...string) string {
	s.T.Helper()
	out := s.send(who, http.MethodPost, path, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
	text := out.Body.String()
	if out.Code != status {
		s.T.Errorf("%s posts %s: HTTP %d, want %d\n%s", who, path, out.Code, status, squeeze(visible(text)))
	}
	for _, w := range words {
		if !strings.Contains(squeeze(visible(text)), w) && !strings.Contains(text, w) {
			s.T.Errorf("%s posts %s: the page does not say %q", who, path, w)
		}
	}
	return text
}

// parts is a form with files, as a browser without scripts sends it.
func parts(t *testing.T, form url.Values, files ...[3]string) (contentType string, body *bytes.Buffer) {
	t.Helper()
	body = &bytes.Buffer{}
	m := multipart.NewWriter(body)
	for name, values := range form {
		for _, v := range values {
			if err := m.WriteField(name, v); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, f := range files {
		p, err := m.CreateFormFile(f[0], f[1])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(p, f[2]); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	return m.FormDataContentType(), body
}
