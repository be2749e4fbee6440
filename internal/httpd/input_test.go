package httpd

import (
	"bytes"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"congvan/internal/query"
)

func TestStrictJSON(t *testing.T) {
	w := newWorld(t)
	c := w.as("cv.svd")
	post := func(body string) reply {
		return c.do(http.MethodPost, "/outgoing?secrecy=0", "application/json", strings.NewReader(body))
	}
	for _, x := range []struct {
		body   string
		status int
		code   string
		field  string
	}{
		{`{"subjct": "x"}`, 400, "json_field_unknown", "subjct"},
		{`{"subject": 5}`, 400, "json_type_wrong", "subject"},
		{`{"layout": {"number": {"page": "one"}}}`, 400, "json_type_wrong", "layout.number.page"},
		{`{"recipients": "H98"}`, 400, "json_type_wrong", "recipients"},
		{`{"subject": "x"`, 400, "json_invalid", ""},
		{`{"subject": "x"} {}`, 400, "json_invalid", ""},
		{`[`, 400, "json_invalid", ""},
		{`{"due_date": "31/12/2026"}`, 422, "date_invalid", ""},
		{strings.Repeat("[", 17) + strings.Repeat("]", 17), 400, "json_too_deep", ""},
		{`{"subject": "` + strings.Repeat("[{", 100) + `"}`, 422, "field_required", "type_code"},
		{`{"subject": "` + strings.Repeat("x", maxJSON) + `"}`, 413, "body_too_large", ""},
		{`{"type_code": "CV", "subject": "a\u0000b"}`, 422, "text_control_character", "subject"},
		{`{"type_code": "CV", "subject": "a\u202eb"}`, 422, "text_control_character", "subject"},
		{`{"type_code": "CV", "subject": "   "}`, 422, "field_required", "subject"},
		{`{"type_code": "CV", "subject": "` + strings.Repeat("ế", 501) + `"}`, 422, "text_too_long", "subject"},
		{`{"type_code": "ZZ", "subject": "x"}`, 422, "type_unknown", "type_code"},
		{`{"type_code": "CV", "subject": "x", "urgency": 7}`, 422, "urgency_unknown", "urgency"},
		{`{"type_code": "CV", "subject": "x", "recipients": ["H97.01"]}`, 422, "recipient_unknown", "recipients"},
		{`{"type_code": "CV", "subject": "x", "recipients": ["H26.14"]}`, 422, "recipient_self", "recipients"},
		{`{"type_code": "CV", "subject": "x", "signer_id": "pos-x"}`, 422, "signer_unknown", "signer_id"},
		{`{"type_code": "CV", "subject": "x", "files": [{"role": "MAIN", "upload_id": "upl-x"}]}`, 422, "upload_unknown", "files"},
	} {
		r := c.refused(x.status, x.code, post(x.body))
		var p Problem
		if err := json.Unmarshal(r.body, &p); err != nil || p.Field != x.field || p.Detail == "" || strings.Contains(p.Detail, "{") {
			t.Errorf("%.60s: %s", x.body, r.body)
		}
	}
	for _, path := range []string{
		"/outgoing?limit=0", "/outgoing?limit=101", "/outgoing?limit=x", "/outgoing?q=%ff", "/outgoing/layout-proposal?pages=-1", "/directory/staff?role=KING",
	} {
		c.refused(http.StatusBadRequest, "parameter_invalid", c.get(path))
	}
	for _, after := range []string{"x", "!!!", "AAAA", strings.Repeat("A", 5000)} {
		c.refused(http.StatusBadRequest, "cursor_invalid", c.get("/outgoing?after="+after))
	}
	c.refused(http.StatusNotFound, "not_found", c.get("/outgoing?box=to-sign")) // another's box
}

func TestCursor(t *testing.T) {
	for _, c := range []query.Cursor{{}, {Sort: time.UnixMicro(1_700_000_000_123_456).UTC(), ID: "out-1"}, {Sort: time.UnixMicro(-5).UTC(), ID: "a b"}} {
		if got, err := parseCursor(cursorText(c)); err != nil || got != c {
			t.Errorf("%v comes back as %v: %v", c, got, err)
		}
	}
}

// TestPaging walks a list page by page: every row once, in order.
func TestPaging(t *testing.T) {
	w := newWorld(t)
	c := w.as("cv.svd")
	want := map[string]bool{}
	for range 5 {
		r := c.want(http.StatusCreated, c.post("/outgoing?secrecy=0", fields{"type_code": "CV", "subject": "V/v thử phân trang"}))
		want[r.text(t, "document", "id")] = true
	}
	after, pages := "", 0
	for {
		r := c.want(http.StatusOK, c.get("/outgoing?box=drafts&q=phan+trang&limit=2&after="+after))
		rows, _ := r.at(t, "rows").([]any)
		for i := range rows {
			id := r.text(t, "rows", i, "id")
			if !want[id] {
				t.Errorf("%s comes twice or is not ours", id)
			}
			delete(want, id)
		}
		pages++
		if after = r.text(t, "next"); after == "" {
			break
		}
	}
	if len(want) > 0 || pages != 3 {
		t.Errorf("%d pages, missing %v", pages, want)
	}
}

func TestPIN(t *testing.T) {
	for in, want := range map[string]string{
		`"123456"`: "123456", `""`: "", `"a\"b\\c\/d"`: `a"b\c/d`, `"\u0031\u003c"`: "1<", `"\ud83d\udd11"`: "🔑", `"mã số"`: "mã số", `"\b\f\n\r\t"`: "\b\f\n\r\t",
		`"\ud83d"`: "\ufffd", `"\ud83dx"`: "\ufffdx",
	} {
		var viaString string
		if err := json.Unmarshal([]byte(in), &viaString); err != nil || viaString != want {
			t.Fatalf("%s is %q for encoding/json: %v", in, viaString, err)
		}
		var p pin
		if err := json.Unmarshal([]byte(in), &p); err != nil || string(p) != want {
			t.Errorf("%s gives %q: %v", in, p, err)
		}
	}
	for _, in := range []string{"5", "null", "{}", "[1]", "true"} {
		var p pin
		if err := p.UnmarshalJSON([]byte(in)); err == nil {
			t.Errorf("%s gives %q", in, p)
		}
	}
}

func TestBindSign(t *testing.T) {
	for body, want := range map[string]string{
		`{"viewed_sha256": "ab", "pin": "1"}`: "", `{}`: "", `{"pin": 1}`: "json_type_wrong", `{"pin": "1", "key": "x"}`: "json_field_unknown",
		`{"pin": "1"`: "json_invalid", `[]`: "json_type_wrong", ``: "json_invalid", `{"viewed_sha256": 1}`: "json_type_wrong",
	} {
		c, _ := gin.CreateTestContext(httptest.NewRecorder())
		c.Request = httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
		c.Request.Header.Set("Content-Type", "application/json")
		in, err := bindSign(c)
		switch {
		case want == "" && err != nil:
			t.Errorf("%s: %v", body, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want) || in.PIN != nil):
			t.Errorf("%s: %v, want %s", body, err, want)
		}
	}
}

// TestSigningRefusals: what goes wrong at the token, and what the page is told.
func TestSigningRefusals(t *testing.T) {
	w := newWorld(t)
	id := w.reviewed()
	gd := w.as("gd.svd")
	viewed := gd.get("/outgoing/"+id).text(t, "files", 0, "version", "blob")
	at := "/outgoing/" + id + "/sign"
	for _, x := range []struct {
		in     fields
		status int
		code   string
	}{
		{fields{"viewed_sha256": viewed, "pin": "000000"}, 422, "pin_incorrect"},
		{fields{"viewed_sha256": viewed, "pin": ""}, 422, "pin_required"},
		{fields{"viewed_sha256": viewed}, 422, "pin_required"},
		{fields{"viewed_sha256": strings.Repeat("0", 64), "pin": testPIN}, 409, "viewed_other_bytes"},
		{fields{"pin": testPIN}, 409, "viewed_other_bytes"},
	} {
		gd.refused(x.status, x.code, gd.post(at, x.in))
	}
	gd.want(http.StatusOK, gd.post(at, fields{"viewed_sha256": viewed, "pin": testPIN}))
	gd.refused(http.StatusConflict, "action_not_now", gd.post(at, fields{"viewed_sha256": viewed, "pin": testPIN}))
}

// form makes a multipart body of named parts.
func form(t *testing.T, parts ...[3]string) (string, io.Reader) {
	t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for _, p := range parts {
		f, err := m.CreateFormFile(p[0], p[1])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(f, p[2]); err != nil {
			t.Fatal(err)
		}
	}
	if err := m.Close(); err != nil {
		t.Fatal(err)
	}
	return m.FormDataContentType(), &b
}

func TestUploads(t *testing.T) {
	w := newWorld(t)
	c := w.as("cv.svd")
	letter := string(sample(t, "cong-van-1.pdf"))
	at := "/uploads?secrecy=0"
	media, body := form(t, [3]string{"file", "thư mời.pdf", letter})
	r := c.want(http.StatusCreated, c.do(http.MethodPost, at, media, body))
	if r.text(t, "name") != "thư mời.pdf" || r.text(t, "sha256") != sum([]byte(letter)) || r.at(t, "pages") != 1.0 || r.at(t, "size") != float64(len(letter)) {
		t.Errorf("upload %s", r.body)
	}
	uploads := w.count("uploads")
	refuse := func(status int, code, media string, body io.Reader) {
		t.Helper()
		c.refused(status, code, c.do(http.MethodPost, at+"&name=a.pdf", media, body))
	}
	media, body = form(t, [3]string{"file", "a.pdf", letter}, [3]string{"file", "b.pdf", letter})
	refuse(422, "file_expected", media, body)
	media, body = form(t, [3]string{"other", "a.pdf", letter})
	refuse(422, "file_expected", media, body)
	media, body = form(t)
	refuse(422, "file_expected", media, body)
	media, body = form(t, [3]string{"file", "a.pdf", letter})
	refuse(400, "file_interrupted", media, io.LimitReader(body, 1000))
	refuse(415, "media_type_wrong", "text/html", strings.NewReader(letter))
	refuse(415, "media_type_wrong", "multipart/form-data", strings.NewReader(letter))
	refuse(422, "file_empty", "application/octet-stream", strings.NewReader(""))
	refuse(422, "not_a_pdf", "application/octet-stream", strings.NewReader("xin chào"))
	refuse(422, "pdf_truncated", "application/octet-stream", bytes.NewReader(sample(t, "cong-van-1-truncated.pdf")))
	large := strings.Repeat("x", uploadLimit+1)
	refuse(413, "file_too_large", "application/octet-stream", strings.NewReader(large))
	refuse(413, "file_too_large", "application/octet-stream", io.MultiReader(strings.NewReader(large))) // of unknown length
	media, body = form(t, [3]string{"file", "a.pdf", large})
	refuse(413, "file_too_large", media, body)
	if got := c.do(http.MethodPost, at, "application/octet-stream", strings.NewReader(large)).text(t, "detail"); !strings.Contains(got, "8 MB") {
		t.Errorf("the limit is not named: %s", got)
	}
	if w.count("uploads") != uploads {
		t.Error("a refused file was kept")
	}
}
