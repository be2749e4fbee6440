package httpd

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3filter"
)

// client is one person's program; anonymous without a name.
type client struct {
	w      *world
	http   *http.Client
	header http.Header
}

func (w *world) anonymous() *client {
	jar, err := cookiejar.New(nil)
	w.must(err)
	return &client{w: w, http: &http.Client{Jar: jar}, header: http.Header{}}
}

// as signs in.
func (w *world) as(username string) *client {
	w.t.Helper()
	c := w.anonymous()
	c.want(http.StatusOK, c.post("/session", map[string]string{"username": username, "password": testPassword}))
	return c
}

// reply is an answer, held against the specification.
type reply struct {
	status int
	header http.Header
	body   []byte
}

func (r reply) json(t testing.TB) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(r.body, &v); err != nil {
		t.Fatalf("%v: %s", err, r.body)
	}
	return v
}

// at follows keys and indexes into the answer: at(t, "document", "files", 0, "id").
func (r reply) at(t testing.TB, path ...any) any {
	t.Helper()
	var v any = r.json(t)
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, ok := v.(map[string]any)
			if !ok {
				t.Fatalf("no object at %v: %s", path, r.body)
			}
			v = m[p]
		case int:
			l, ok := v.([]any)
			if !ok || p >= len(l) {
				t.Fatalf("no element %d at %v: %s", p, path, r.body)
			}
			v = l[p]
		}
	}
	return v
}

func (r reply) text(t testing.TB, path ...any) string {
	t.Helper()
	s, ok := r.at(t, path...).(string)
	if !ok {
		t.Fatalf("no text at %v: %s", path, r.body)
	}
	return s
}

func (c *client) get(path string) reply { return c.do(http.MethodGet, path, "", nil) }

func (c *client) post(path string, in any) reply { return c.send(http.MethodPost, path, in) }

func (c *client) send(method, path string, in any) reply {
	c.w.t.Helper()
	b, err := json.Marshal(in)
	c.w.must(err)
	return c.do(method, path, "application/json", bytes.NewReader(b))
}

func (c *client) do(method, path, contentType string, body io.Reader) reply {
	c.w.t.Helper()
	req, err := http.NewRequestWithContext(c.w.t.Context(), method, c.w.http.URL+base+path, body)
	c.w.must(err)
	for k, v := range c.header {
		req.Header[k] = v
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	res, err := c.http.Do(req)
	c.w.must(err)
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	c.w.must(err)
	r := reply{res.StatusCode, res.Header, b}
	c.w.conforms(req, r)
	return r
}

// conforms holds an answer against the specification: every one in these tests.
func (w *world) conforms(req *http.Request, r reply) {
	w.t.Helper()
	local, err := http.NewRequestWithContext(context.Background(), req.Method, req.URL.RequestURI(), nil)
	w.must(err)
	route, params, err := w.router.FindRoute(local)
	if err != nil {
		if r.status != http.StatusNotFound && r.status != http.StatusMethodNotAllowed {
			w.t.Errorf("%s %s is not in the specification and answers %d", req.Method, req.URL.Path, r.status)
		}
		return
	}
	if r.status < 300 {
		w.mu.Lock()
		w.called[route.Method+" "+route.Path] = true
		w.mu.Unlock()
	}
	bytesOnly := strings.HasSuffix(route.Path, "/content") && r.status < 400 || strings.HasSuffix(route.Path, "/openapi.yaml")
	err = openapi3filter.ValidateResponse(context.Background(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: local, PathParams: params, Route: route},
		Status:                 r.status, Header: r.header, Body: io.NopCloser(bytes.NewReader(r.body)),
		Options: &openapi3filter.Options{IncludeResponseStatus: true, ExcludeResponseBody: bytesOnly || r.status == http.StatusNoContent},
	})
	if err != nil {
		w.t.Errorf("%s %s %d breaks the specification: %v\n%s", req.Method, req.URL.Path, r.status, err, r.body)
	}
	if r.status >= 400 && route.Path != "/health" && !strings.HasPrefix(r.header.Get("Content-Type"), "application/problem+json") {
		w.t.Errorf("%s %s: an error of type %q", req.Method, req.URL.Path, r.header.Get("Content-Type"))
	}
}

// want fails the test on another status.
func (c *client) want(status int, r reply) reply {
	c.w.t.Helper()
	if r.status != status {
		c.w.t.Fatalf("status %d, want %d: %s", r.status, status, r.body)
	}
	return r
}

// refused wants a problem with a code.
func (c *client) refused(status int, code string, r reply) reply {
	c.w.t.Helper()
	if got := r.text(c.w.t, "code"); r.status != status || got != code {
		c.w.t.Fatalf("%d %s, want %d %s: %s", r.status, got, status, code, r.body)
	}
	return r
}
