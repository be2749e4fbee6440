package httpd

import (
	"bytes"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestVersionOnAPage: a page that was drawn before the next signature, or before a late
// timestamp, still gets the bytes it names; a draft that was replaced is nobody's to read.
func TestVersionOnAPage(t *testing.T) {
	w := newWorld(t)
	id := w.issued()
	c := w.as("vt.svd")
	page := c.get("/outgoing/" + id)
	at := "/outgoing/" + id + "/files/" + page.text(t, "files", 0, "id") + "/content?version="
	newest, signed := page.text(t, "files", 0, "version", "blob"), page.text(t, "files", 0, "version", "base_blob")
	for _, blob := range []string{newest, signed} {
		if got := c.want(http.StatusOK, c.get(at+blob)); sum(got.body) != blob || got.header.Get("X-Content-SHA256") != blob {
			t.Errorf("asked for %s, got %s", blob, sum(got.body))
		}
	}
	draft := sum(sample(t, "cong-van-1.pdf"))
	for _, blob := range []string{draft, sum([]byte("another"))} {
		c.refused(http.StatusNotFound, "not_found", c.get(at+blob))
	}
	w.as("vt.stn").refused(http.StatusNotFound, "not_found", w.as("vt.stn").get(at+signed))
}

func TestRanges(t *testing.T) {
	w := newWorld(t)
	id := w.draft()
	want := sample(t, "cong-van-1.pdf")
	c := w.as("cv.svd")
	page := c.get("/outgoing/" + id)
	path := "/outgoing/" + id + "/files/" + page.text(t, "files", 0, "id") + "/content"
	etag := `"` + page.text(t, "files", 0, "version", "blob") + `"`
	for _, x := range []struct {
		header http.Header
		status int
		body   []byte
	}{
		{nil, 200, want},
		{http.Header{"Range": {"bytes=0-99"}}, 206, want[:100]},
		{http.Header{"Range": {"bytes=100-"}}, 206, want[100:]},
		{http.Header{"Range": {"bytes=-5"}}, 206, want[len(want)-5:]},
		{http.Header{"Range": {"bytes=99999999-"}}, 416, nil},
		{http.Header{"If-None-Match": {etag}}, 304, []byte{}},
		{http.Header{"If-None-Match": {`"another"`}}, 200, want},
		{http.Header{"Range": {"bytes=0-99"}, "If-Range": {etag}}, 206, want[:100]},
		{http.Header{"Range": {"bytes=0-99"}, "If-Range": {`"another"`}}, 200, want},
	} {
		req, err := http.NewRequest(http.MethodGet, w.http.URL+base+path, nil)
		w.must(err)
		for k, v := range x.header {
			req.Header[k] = v
		}
		res, err := c.http.Do(req)
		w.must(err)
		var b bytes.Buffer
		_, err = b.ReadFrom(res.Body)
		w.must(err)
		_ = res.Body.Close()
		if res.StatusCode != x.status || x.body != nil && !bytes.Equal(b.Bytes(), x.body) {
			t.Errorf("%v: %d with %d bytes, want %d with %d", x.header, res.StatusCode, b.Len(), x.status, len(x.body))
		}
		if x.status < 400 && (res.Header.Get("ETag") != etag || res.Header.Get("Cache-Control") != "no-store") {
			t.Errorf("%v: ETag %q, Cache-Control %q", x.header, res.Header.Get("ETag"), res.Header.Get("Cache-Control"))
		}
	}
}

// nasty are names that try to break out of a header, a path or a page.
var nasty = []string{
	"công văn số 12.pdf", `a".pdf`, "a\r\nSet-Cookie: x=y.pdf", `a\".pdf`, "../../etc/passwd", `..\..\x.pdf`, "a;filename=b.exe", "%0d%0aX: y.pdf",
	"a\x00b.pdf", "\u202efdp.exe", "’“”.pdf", "a'b.pdf", "<script>alert(1)</script>.pdf", strings.Repeat("ế", 300) + ".pdf", "\xff\xfe.pdf", ".", "",
}

func TestDisposition(t *testing.T) {
	for _, name := range nasty {
		for _, show := range []bool{true, false} {
			got := disposition(show, name)
			if strings.ContainsFunc(got, func(r rune) bool { return r < 0x20 || r > 0x7e }) || strings.Count(got, `"`) != 2 || strings.Contains(got, `\`) {
				t.Errorf("%q gives %q", name, got)
			}
			kind, params, err := mime.ParseMediaType(strings.Replace(got, `filename="`, `ascii="`, 1))
			if err != nil || (kind == "inline") != show || params["filename"] != strings.ToValidUTF8(name, "_") {
				t.Errorf("%q reads back as %s %q: %v", name, kind, params["filename"], err)
			}
		}
	}
}

// TestOnlyPDFIsShown uploads a page that would run a script and nasty names: all of it
// comes back as a download that can do nothing.
func TestOnlyPDFIsShown(t *testing.T) {
	w := newWorld(t)
	cv := w.as("cv.svd")
	main := cv.upload("cong-van.pdf", sample(t, "cong-van-1.pdf"))
	files := []any{fields{"role": "MAIN", "upload_id": main}}
	for _, name := range nasty {
		body := "<html><script>alert(1)</script>"
		if strings.HasSuffix(strings.ToLower(name), ".pdf") {
			body = string(sample(t, "phu-luc.pdf"))
		}
		r := cv.do(http.MethodPost, "/uploads?"+url.Values{"secrecy": {"0"}, "name": {name}}.Encode(), "application/octet-stream", strings.NewReader(body))
		if strings.ContainsRune(name, 0) || !utf8.ValidString(name) {
			cv.refused(http.StatusBadRequest, "parameter_invalid", r)
			continue
		}
		files = append(files, fields{"role": "ANNEX", "upload_id": cv.want(http.StatusCreated, r).text(t, "id")})
	}
	in := draftInput(w, "", "")
	in["files"] = files
	page := cv.want(http.StatusCreated, cv.post("/outgoing?secrecy=0", in))
	list, ok := page.at(t, "files").([]any)
	if !ok || len(list) != len(files) {
		t.Fatalf("files %s", page.body)
	}
	for i := range list {
		got := cv.want(http.StatusOK, cv.get("/outgoing/"+page.text(t, "document", "id")+"/files/"+page.text(t, "files", i, "id")+"/content"))
		disposition, policy := got.header.Get("Content-Disposition"), got.header.Get("Content-Security-Policy")
		isPDF := got.header.Get("Content-Type") == "application/pdf"
		if strings.HasPrefix(disposition, "inline") != isPDF || strings.Contains(policy, "sandbox") == isPDF ||
			!strings.Contains(policy, "default-src 'none'") || got.header.Get("X-Content-Type-Options") != "nosniff" || got.header.Get("Set-Cookie") != "" {
			t.Errorf("%s %q comes with %v", got.header.Get("Content-Type"), page.text(t, "files", i, "name"), got.header)
		}
	}
}
