package lgsp

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"congvan/internal/axis/vxp"
)

// facade answers every operation but the sign-in with a text.
func facade(t testing.TB, status int, text string) *Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if r.URL.Path == "/v1/auth/login" {
			if r.URL.Query().Get("allow_anonymous") != "true" {
				t.Errorf("sign-in with %s", r.URL.RawQuery)
			}
			_, _ = io.WriteString(w, `{"success":true,"data":{"token":"abc"}}`)
			return
		}
		if r.Header.Get("Authorization") != "Bearer abc" || r.Header.Get("X-SystemId") != "s" || r.Header.Get("X-SecretKey") != "k" {
			t.Errorf("headers %v", r.Header)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}))
	t.Cleanup(server.Close)
	c, err := New(Config{Endpoint: server.URL, SystemID: "s", SecretKey: "k", Username: "u", Password: "p", Now: time.Now, MaxFetch: 1 << 20, MaxList: 1 << 16})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func fetch(t testing.TB, c *Client) (string, error) {
	t.Helper()
	body, err := c.Fetch(context.Background(), "1")
	if err != nil {
		return "", err
	}
	defer body.Close()
	b, err := io.ReadAll(body)
	return string(b), err
}

func TestFetchReadsTheTextOfTheAnswer(t *testing.T) {
	const text = "<?xml version=\"1.0\"?>\n<edXML>Đỗ 😀\t\\</edXML>"
	escaped := `<?xml version=\"1.0\"?>\n<edXML>\u0110\u1ed7 \ud83d\ude00\t\\<\/edXML>`
	coded := base64.StdEncoding.EncodeToString([]byte(text))
	for name, answer := range map[string]string{
		"text":         `{"success":true,"data":{"docId":"1","edxml":"` + escaped + `"}}`,
		"base64":       `{"success":true,"data":{"edxml":"` + coded + `"}}`,
		"other order":  ` { "data" : { "attachments" : [ { "a" : [ "\"}]" , 1 , null ] } ] , "edxml" : "` + escaped + `" , "docId" : 7 } , "success" : true }`,
		"empty before": `{"message":null,"data":{"x":{},"y":[],"edxml":"` + escaped + `","z":-1.5e3},"success":true}`,
	} {
		if got, err := fetch(t, facade(t, 200, answer)); got != text || err != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestFetchRefuses(t *testing.T) {
	long := strings.Repeat("x", 2<<20)
	for name, c := range map[string]struct {
		status    int
		answer    string
		retryable bool
		code      string
	}{
		"refusal":          {200, `{"success":false,"message":"Khong tim thay","data":{"docId":"1","errorCode":10,"errorDesc":"Khong co"}}`, false, "10"},
		"refusal after":    {200, `{"data":{"edxml":"<a/>","errorCode":"20"},"success":false}`, true, "20"},
		"refusal, no data": {200, `{"success":false,"message":"Khong","data":null}`, false, ""},
		"no edxml":         {200, `{"success":true,"data":{"docId":"1"}}`, true, ""},
		"no success":       {200, `{"data":{"edxml":"<a/>"}}`, false, ""},
		"cut off":          {200, `{"success":true,"data":{"edxml":"<a`, true, ""},
		"cut after":        {200, `{"success":true,"data":{"edxml":"<a/>"`, true, ""},
		"twice":            {200, `{"success":true,"data":{"edxml":"<a/>","edxml":"<b/>"}}`, true, ""},
		"half a pair":      {200, `{"success":true,"data":{"edxml":"<\ud83d"}}`, true, ""},
		"bad escape":       {200, `{"success":true,"data":{"edxml":"<\x"}}`, true, ""},
		"html":             {200, `<html>`, true, ""},
		"too long":         {200, `{"success":true,"data":{"edxml":"<` + long + `"}}`, false, ""},
		"deep":             {200, `{"success":true,"data":{"a":` + strings.Repeat("[", 100) + strings.Repeat("]", 100) + `,"edxml":"<a/>"}}`, true, ""},
		"HTTP 500":         {500, `x`, true, ""},
		"HTTP 404":         {404, `{"success":false,"message":"Khong"}`, false, ""},
	} {
		got, err := fetch(t, facade(t, c.status, c.answer))
		var e *vxp.Error
		if !errors.As(err, &e) || e.Retryable != c.retryable || e.Code != c.code {
			t.Errorf("%s: %.20q, %v, want retryable %v", name, got, err, c.retryable)
		}
	}
}

func TestListRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		answer    string
		retryable bool
	}{
		"refusal":  {`{"success":false,"message":"x","data":{"errorCode":"19"}}`, false},
		"not list": {`{"success":true,"data":{"a":1}}`, true},
		"html":     {`<html>`, true},
		"cut off":  {`{"success":true,"data":[{"docId":"1"`, true},
		"too long": {`{"success":true,"data":["` + strings.Repeat("x", 1<<17) + `"]}`, true},
	} {
		_, err := facade(t, 200, c.answer).Received(context.Background(), vxp.KindEdoc, vxp.Period{})
		var e *vxp.Error
		if !errors.As(err, &e) || e.Retryable != c.retryable {
			t.Errorf("%s: %v", name, err)
		}
	}
	rows, err := facade(t, 200, `{"success":true,"count":1,"data":[{"docId":12,"from":"H99.14","createdTime":"2026/11/20 10:00:00"}]}`).
		Received(context.Background(), vxp.KindEdoc, vxp.Period{})
	if err != nil || len(rows) != 1 || rows[0].DocID != "12" || rows[0].From != "H99.14" {
		t.Errorf("%+v, %v", rows, err)
	}
}

func TestNoSentList(t *testing.T) {
	_, err := facade(t, 200, "").Sent(context.Background(), vxp.KindEdoc, "", vxp.Period{})
	if !errors.Is(err, vxp.ErrNotOffered) {
		t.Error(err)
	}
}

func TestNewNamesWhatIsMissing(t *testing.T) {
	good := Config{Endpoint: "http://127.0.0.1", SystemID: "s", SecretKey: "k", Username: "u", Password: "p", Now: time.Now}
	for name, change := range map[string]func(*Config){
		"endpoint": func(c *Config) { c.Endpoint = "ftp://x" }, "system": func(c *Config) { c.SystemID = "a b" },
		"secret": func(c *Config) { c.SecretKey = "" }, "user": func(c *Config) { c.Username = "" }, "clock": func(c *Config) { c.Now = nil },
	} {
		c := good
		change(&c)
		if _, err := New(c); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// FuzzText: any answer gives a text or an error, and never more than it held.
func FuzzText(f *testing.F) {
	for _, s := range []string{
		`{"success":true,"data":{"edxml":"<a\u0110/>"}}`, `{"data":{"x":[{}],"edxml":"a"},"success":true}`, `{"success":false}`, `{`, `{"data":{"data":{}}}`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		success := ""
		x, err := edxmlText(strings.NewReader(s), func(m map[string]string) error {
			success = m["success"]
			return refused("f", m)
		})
		if err != nil {
			return
		}
		b, err := io.ReadAll(x)
		if len(b) > len(s) {
			t.Fatalf("%d bytes of %d", len(b), len(s))
		}
		if err == nil && success != "true" {
			t.Fatalf("a message without success: %q", s)
		}
	})
}
