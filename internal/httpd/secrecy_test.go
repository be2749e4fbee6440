package httpd

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// untouchable fails the test when somebody reads it.
type untouchable struct{ t *testing.T }

func (u untouchable) Read([]byte) (int, error) {
	u.t.Error("the body was read before the secrecy was known")
	return 0, errors.New("untouchable")
}

// TestSecretsAreRefusedUnread asks every route that may carry a document with every grade
// but 0: the law is named, nothing is read and nothing is kept.
func TestSecretsAreRefusedUnread(t *testing.T) {
	w := newWorld(t)
	id := w.draft()
	cookies := map[string][]*http.Cookie{}
	for _, name := range []string{"cv.svd", "vt.svd"} {
		c := w.as(name)
		c.get("/me")
		cookies[name] = c.http.Jar.Cookies(mustURL(t, w.http.URL))
	}
	uploads, documents := w.count("uploads"), w.count("outgoing")
	for _, route := range []struct{ method, path, who string }{
		{"POST", "/uploads", "cv.svd"}, {"POST", "/outgoing", "cv.svd"}, {"PUT", "/outgoing/" + id, "cv.svd"}, {"POST", "/incoming/paper", "vt.svd"},
	} {
		for query, want := range map[string]struct {
			status int
			code   string
		}{
			"":             {400, "secrecy_required"},
			"?secrecy=":    {400, "secrecy_required"},
			"?secrecy=1":   {422, "secret_refused"},
			"?secrecy=2":   {422, "secret_refused"},
			"?secrecy=3":   {422, "secret_refused"},
			"?secrecy=4":   {422, "secrecy_unknown"},
			"?secrecy=-1":  {422, "secrecy_unknown"},
			"?secrecy=Mật": {422, "secrecy_unknown"},
			// The first of two counts, as everywhere in the address.
			"?secrecy=3&secrecy=0": {422, "secret_refused"},
		} {
			for _, contentType := range []string{"application/json", "application/octet-stream", "multipart/form-data; boundary=x"} {
				req := httptest.NewRequest(route.method, base+route.path+query, untouchable{t})
				req.ContentLength = 1000
				req.Header.Set("Content-Type", contentType)
				for _, k := range cookies[route.who] {
					req.AddCookie(k)
				}
				rec := httptest.NewRecorder()
				w.server.ServeHTTP(rec, req)
				r := reply{rec.Code, rec.Header(), rec.Body.Bytes()}
				w.conforms(req, r)
				if got := r.text(t, "code"); r.status != want.status || got != want.code {
					t.Errorf("%s %s%s: %d %s, want %d %s", route.method, route.path, query, r.status, got, want.status, want.code)
				}
				if want.code == "secret_refused" && !strings.Contains(r.text(t, "detail"), "117/2025/QH15") {
					t.Errorf("the law is not named: %s", r.body)
				}
				if rec.Header().Get("Connection") != "close" {
					t.Errorf("%s%s: the connection stays open for the rest of the body", route.path, query)
				}
			}
		}
	}
	if w.count("uploads") != uploads || w.count("outgoing") != documents {
		t.Error("something was kept")
	}
}

// TestSecretBodyStaysInTheSocket talks over a real connection: the answer comes although
// not one byte of the body was sent.
func TestSecretBodyStaysInTheSocket(t *testing.T) {
	w := newWorld(t)
	c := w.as("cv.svd")
	cookie := c.http.Jar.Cookies(mustURL(t, w.http.URL))[0]
	conn, err := net.Dial("tcp", w.http.Listener.Addr().String())
	w.must(err)
	defer conn.Close()
	w.must(conn.SetDeadline(time.Now().Add(20 * time.Second)))
	_, err = fmt.Fprintf(conn, "POST %s/uploads?secrecy=2&name=a.pdf HTTP/1.1\r\nHost: x\r\nCookie: %s=%s\r\n"+
		"Content-Type: application/octet-stream\r\nContent-Length: 100000000\r\n\r\n", base, cookie.Name, cookie.Value)
	w.must(err)
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	w.must(err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	w.must(err)
	if res.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(string(b), "secret_refused") || !res.Close {
		t.Errorf("%d, close %v: %s", res.StatusCode, res.Close, b)
	}
}

// TestSecrecyInTheBody: a grade that hides in the body behind an address that says 0.
func TestSecrecyInTheBody(t *testing.T) {
	w := newWorld(t)
	cv, vt := w.as("cv.svd"), w.as("vt.svd")
	documents := w.count("outgoing") + w.count("incoming")
	in := fields{"secrecy": 1, "type_code": "CV", "subject": "x"}
	cv.refused(422, "secret_refused", cv.post("/outgoing?secrecy=0", in))
	vt.refused(422, "secret_refused", vt.post("/incoming/paper?secrecy=0", in))
	if w.count("outgoing")+w.count("incoming") != documents {
		t.Error("something was kept")
	}
}
