package vxp

import (
	"bufio"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// answering is a client of a server that answers every call with a text.
func answering(t testing.TB, contentType, text string) *Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/downloadEdoc" && contentType == "application/json" {
			http.Error(w, "no such operation", http.StatusNotImplemented)
			return
		}
		w.Header().Set("Content-Type", contentType)
		_, _ = io.WriteString(w, text)
	}))
	t.Cleanup(server.Close)
	return newClient(t, server.URL, systems[0], func(c *Config) { c.MaxFetch, c.MaxList = 1000, 100_000 })
}

func TestFetchReadsAnyForm(t *testing.T) {
	const want = "<edXML>\n văn bản ở đây</edXML>"
	b := base64.StdEncoding.EncodeToString([]byte(want))
	split := b[:20] + `\r\n` + b[20:]
	for name, answer := range map[string]string{
		"plain":       `{"status":"OK","ErrorCode":"0","data":"` + b + `"}`,
		"data first":  `{"data":"` + b + `","ErrorDesc":"Thanh cong","ErrorCode":0,"status":"OK"}`,
		"spaces":      " {\n \"status\" : \"OK\" ,\r\n\t\"ErrorCode\" : 0 , \"data\" : \"" + b + "\" }\n",
		"line ends":   `{"status":"OK","data":"` + split + `"}`,
		"escapes":     `{"status":"OK","data":"` + strings.ReplaceAll(strings.ReplaceAll(b, "/", `\/`), "=", `\u003d`) + `"}`,
		"capitals":    `{"Status":"ok","Data":"` + b + `"}`,
		"no status":   `{"ErrorCode":"0","data":"` + b + `"}`,
		"null, false": `{"ErrorDesc":null,"x":false,"status":"OK","data":"` + b + `"}`,
	} {
		got, err := fetch(t, answering(t, "application/json", answer), "1")
		if err != nil || string(got) != want {
			t.Errorf("%s: %q %v", name, got, err)
		}
	}
	if got, err := fetch(t, answering(t, "application/octet-stream", want), "1"); err != nil || string(got) != want {
		t.Errorf("as it is: %q %v", got, err)
	}
}

func TestFetchRefuses(t *testing.T) {
	b := base64.StdEncoding.EncodeToString([]byte("<edXML/>"))
	for name, c := range map[string]struct {
		contentType, answer string
		retryable           bool
	}{
		"refusal":              {"application/json", `{"status":"FAIL","ErrorCode":"23","ErrorDesc":"khong co"}`, false},
		"refusal, null data":   {"application/json", `{"status":"FAIL","ErrorCode":"23","data":null}`, false},
		"refusal after data":   {"application/json", `{"data":"` + b + `","status":"FAIL","ErrorCode":"23"}`, false},
		"too much":             {"application/json", `{"status":"OK","data":"` + strings.Repeat("AAAA", 400) + `"}`, false},
		"too much as it is":    {"application/xml", strings.Repeat("<a/>", 400), false},
		"html":                 {"text/html; charset=utf-8", `<html>502</html>`, true},
		"html for getEdoc":     {"application/json", `<html>502</html>`, true},
		"empty":                {"application/json", ``, true},
		"cut in data":          {"application/json", `{"status":"OK","data":"` + b[:6], true},
		"cut after data":       {"application/json", `{"status":"OK","data":"` + b + `"`, true},
		"cut in a name":        {"application/json", `{"stat`, true},
		"no data":              {"application/json", `{"status":"OK"}`, true},
		"data is an object":    {"application/json", `{"status":"OK","data":{"edxml":"x"}}`, true},
		"data twice":           {"application/json", `{"status":"OK","data":"` + b + `","data":"` + b + `"}`, true},
		"not base64":           {"application/json", `{"status":"OK","data":"<edXML/>"}`, true},
		"half a byte":          {"application/json", `{"status":"OK","data":"AAAAA"}`, true},
		"bad escape":           {"application/json", `{"status":"OK","data":"\u00e9AAA"}`, true},
		"deep":                 {"application/json", strings.Repeat(`{"a":`, 100000), true},
		"endless member":       {"application/json", `{"ErrorDesc":"` + strings.Repeat("x", 100<<10) + `","data":"` + b + `"}`, false},
		"comma missing":        {"application/json", `{"status":"OK" "data":"` + b + `"}`, true},
		"array, not an object": {"application/json", `[]`, true},
	} {
		_, err := fetch(t, answering(t, c.contentType, c.answer), "1")
		if e := asError(t, err); e.Retryable != c.retryable {
			t.Errorf("%s: %v", name, e)
		}
	}
}

func TestListsRefuse(t *testing.T) {
	for name, c := range map[string]struct {
		answer    string
		retryable bool
	}{
		"refusal":      {`{"status":"FAIL","ErrorCode":"15","ErrorDesc":"sai"}`, false},
		"html":         {`<html>502</html>`, true},
		"cut":          {`{"status":"OK","data":[{"docId":"1"}`, true},
		"object":       {`{"status":"OK","data":{"a":[]}}`, true},
		"not rows":     {`{"status":"OK","data":[1,2]}`, true},
		"one huge row": {`{"status":"OK","data":[{"docId":"` + strings.Repeat("x", 2<<20) + `"}]}`, true},
		"too long":     {`{"status":"OK","data":[` + strings.Repeat(`{"docId":"1"},`, 10_000) + `{}]}`, true},
		"deep":         {strings.Repeat("[", 90_000), true},
		"deep row":     {`{"data":[` + strings.Repeat(`{"a":`, 15_000), true},
	} {
		_, err := answering(t, "text/plain", c.answer).Received(context.Background(), KindEdoc, Period{})
		if e := asError(t, err); e.Retryable != c.retryable {
			t.Errorf("%s: %v", name, e)
		}
	}
	rows, err := answering(t, "text/plain", `{"status":"OK","data":null}`).Received(context.Background(), KindEdoc, Period{})
	if err != nil || rows != nil {
		t.Errorf("no rows: %v %v", rows, err)
	}
	rows, err = answering(t, "text/plain", `{"status":"OK","data":[{"docId":7,"from":"H99.14","status":null,"x":{"y":1}}]}`).
		Received(context.Background(), KindEdoc, Period{})
	if err != nil || len(rows) != 1 || rows[0].DocID != "7" || rows[0].From != "H99.14" {
		t.Errorf("loose row: %+v %v", rows, err)
	}
}

// A redirect is not followed: it would carry the signature elsewhere.
func TestRedirectIsAnError(t *testing.T) {
	followed := false
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed = true }))
	defer other.Close()
	server := httptest.NewServer(http.RedirectHandler(other.URL, http.StatusTemporaryRedirect))
	defer server.Close()
	c := newClient(t, server.URL, systems[0], nil)
	if e := asError(t, c.UpdateStatus(context.Background(), "1", TransportDone)); e.Retryable || e.HTTPStatus != 307 || followed {
		t.Errorf("%v, followed %v", e, followed)
	}
}

func TestForeignWordsAreCleaned(t *testing.T) {
	desc := "<b>\r\nX-Injected: 1\x1b[31m \u202egpj.exe " + strings.Repeat("dài ", 400)
	answer := fmt.Sprintf(`{"status":"FAIL","ErrorCode":"1","ErrorDesc":%q}`, desc)
	answer = strings.ReplaceAll(answer, `\x1b`, `\u001b`)
	e := asError(t, answering(t, "text/plain", answer).UpdateStatus(context.Background(), "1", TransportDone))
	if strings.ContainsAny(e.Desc, "\r\n\x1b\u202e") || len([]rune(e.Desc)) > 500 || !strings.HasPrefix(e.Desc, "<b>") {
		t.Errorf("%q", e.Desc)
	}
}

func TestErrorsKeepTheSecret(t *testing.T) {
	c := newClient(t, "http://127.0.0.1:1", systems[0], nil)
	err := c.UpdateStatus(context.Background(), "1", TransportDone)
	if s := fmt.Sprintf("%v %+v %#v", err, err, err); strings.Contains(s, systems[0].Secret) {
		t.Error(s)
	}
}

func TestNewRefusesBadConfig(t *testing.T) {
	good := Config{Endpoint: "https://axis.example", SystemID: "x", Secret: "y", Now: at}
	for name, change := range map[string]func(*Config){
		"endpoint": func(c *Config) { c.Endpoint = "axis.example" },
		"scheme":   func(c *Config) { c.Endpoint = "file:///etc" },
		"system":   func(c *Config) { c.SystemID = "" },
		"secret":   func(c *Config) { c.Secret = "" },
		"clock":    func(c *Config) { c.Now = nil },
	} {
		cfg := good
		change(&cfg)
		if _, err := New(cfg); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TLS is verified unless the caller's own configuration says otherwise.
func TestTLSIsVerified(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"status":"OK"}`)
	}))
	defer server.Close()
	server.Config.ErrorLog = nil
	c := newClient(t, server.URL, systems[0], nil)
	if err := c.UpdateStatus(context.Background(), "1", TransportDone); err == nil {
		t.Error("an unknown authority was trusted")
	}
	trusting := newClient(t, server.URL, systems[0], func(c *Config) { c.TLS = server.Client().Transport.(*http.Transport).TLSClientConfig })
	if err := trusting.UpdateStatus(context.Background(), "1", TransportDone); err != nil {
		t.Error(err)
	}
}

// FuzzAnswer: any answer gives rows or an *Error.
func FuzzAnswer(f *testing.F) {
	f.Add(`{"status":"OK","ErrorCode":"0","data":[{"docId":"1"}]}`)
	f.Add(`{"status":"FAIL","data":"PGEvPg=="}`)
	f.Add(`{"data":"\/\u002b\n","status":null}`)
	f.Fuzz(func(t *testing.T, text string) {
		_, _ = readAnswer(strings.NewReader(text), func(row) error { return nil })
		r, err := openData("getEdoc", bufio.NewReader(strings.NewReader(text)))
		if err == nil {
			_, _ = io.Copy(io.Discard, r)
		}
	})
}
