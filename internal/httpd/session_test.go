package httpd

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"congvan/internal/account"
	"congvan/internal/auth"
	"congvan/internal/calendar"
	"congvan/internal/org"
	"congvan/internal/store"
)

func mustURL(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := url.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func (w *world) cookie(c *client) *http.Cookie {
	w.t.Helper()
	k := c.http.Jar.Cookies(mustURL(w.t, w.http.URL))
	if len(k) != 1 {
		w.t.Fatalf("%d cookies", len(k))
	}
	return k[0]
}

func TestForgedRequestsAreRefused(t *testing.T) {
	w := newWorld(t)
	c := w.as("cv.svd")
	uploads := w.count("uploads")
	for name, header := range map[string]http.Header{
		"cross-site":        {"Sec-Fetch-Site": {"cross-site"}},
		"sibling":           {"Sec-Fetch-Site": {"same-site"}},
		"foreign origin":    {"Origin": {"https://khac.example"}},
		"null origin":       {"Origin": {"null"}},
		"cross-site origin": {"Sec-Fetch-Site": {"cross-site"}, "Origin": {w.http.URL}},
	} {
		forged := &client{w: w, http: c.http, header: header}
		for _, r := range []reply{
			forged.post("/outgoing?secrecy=0", fields{}),
			forged.do(http.MethodPost, "/uploads?secrecy=0", "multipart/form-data; boundary=x", strings.NewReader("--x--\r\n")),
			forged.do(http.MethodPost, "/uploads?secrecy=0", "application/octet-stream", strings.NewReader("x")),
			forged.do(http.MethodDelete, "/session", "", nil),
			forged.post("/session", fields{"username": "vt.svd", "password": testPassword}),
		} {
			if r.status != http.StatusForbidden || r.text(t, "code") != "cross_site_refused" {
				t.Errorf("%s: %d %s", name, r.status, r.body)
			}
		}
	}
	if w.count("uploads") != uploads {
		t.Error("a forged request left something")
	}
	own := &client{w: w, http: c.http, header: http.Header{"Sec-Fetch-Site": {"same-origin"}, "Origin": {w.http.URL}}}
	own.want(http.StatusCreated, own.do(http.MethodPost, "/uploads?secrecy=0&name=a.pdf", "application/octet-stream", strings.NewReader(string(sample(t, "phu-luc.pdf")))))
}

// TestFormsCannotPost: what a plain form of another site could send is not JSON.
func TestFormsCannotPost(t *testing.T) {
	w := newWorld(t)
	c := w.as("cv.svd")
	for _, contentType := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""} {
		c.refused(http.StatusUnsupportedMediaType, "media_type_wrong", c.do(http.MethodPost, "/outgoing?secrecy=0", contentType, strings.NewReader("{}")))
	}
}

func TestSignInGivesANewSession(t *testing.T) {
	w := newWorld(t)
	c := w.anonymous()
	planted := &http.Cookie{Name: "congvan_session", Value: "planted", Path: "/"}
	c.http.Jar.SetCookies(mustURL(t, w.http.URL), []*http.Cookie{planted})
	r := c.want(http.StatusOK, c.post("/session", fields{"username": "CV.svd ", "password": testPassword}))
	if r.text(t, "username") != "cv.svd" || r.text(t, "active") != w.staff("cv.svd").Position.ID {
		t.Errorf("signed in as %s", r.body)
	}
	first := w.cookie(c)
	if first.Value == "planted" {
		t.Fatal("the planted session was taken over")
	}
	set := strings.Join(r.header.Values("Set-Cookie"), "\n")
	if !strings.Contains(set, "HttpOnly") || !strings.Contains(set, "SameSite=Lax") {
		t.Errorf("cookie %q", set)
	}
	c.want(http.StatusOK, c.post("/session", fields{"username": "vt.svd", "password": testPassword}))
	old := w.anonymous()
	old.http.Jar.SetCookies(mustURL(t, w.http.URL), []*http.Cookie{first})
	old.refused(http.StatusUnauthorized, "not_signed_in", old.get("/me"))
}

func TestLockEndsSessionAndToken(t *testing.T) {
	w := newWorld(t)
	c := w.as("cv.svd")
	secret, hash, err := auth.NewToken(rand.Reader)
	w.must(err)
	w.must(w.store.PutToken(context.Background(), account.Token{
		ID: "tok-1", AccountID: "acc-cv.svd", Name: "thử", Hash: hash, PositionID: w.staff("cv.svd").Position.ID, CreatedAt: testNow(),
	}))
	program := &client{w: w, http: &http.Client{}, header: http.Header{"Authorization": {"Bearer " + secret}}}
	if r := program.want(http.StatusOK, program.get("/me")); r.at(t, "token") != true || r.header.Get("Set-Cookie") != "" {
		t.Errorf("by token: %s, cookie %q", r.body, r.header.Get("Set-Cookie"))
	}
	c.want(http.StatusOK, c.get("/home"))
	w.must(w.store.ChangeAccount(context.Background(), "acc-cv.svd", func(a *account.Account) error { a.Bar(); return nil }))
	c.refused(http.StatusUnauthorized, "not_signed_in", c.get("/home"))
	r := program.refused(http.StatusUnauthorized, "token_invalid", program.get("/home"))
	if !strings.HasPrefix(r.header.Get("WWW-Authenticate"), "Bearer") {
		t.Errorf("WWW-Authenticate %q", r.header.Get("WWW-Authenticate"))
	}
	locked := w.anonymous()
	locked.refused(http.StatusForbidden, "account_locked", locked.post("/session", fields{"username": "cv.svd", "password": testPassword}))
	locked.refused(http.StatusUnauthorized, "not_signed_in", locked.get("/me"))
	w.must(w.store.ChangeAccount(context.Background(), "acc-cv.svd", func(a *account.Account) error { a.Admit(); return nil }))
	c.refused(http.StatusUnauthorized, "not_signed_in", c.get("/home"))
}

func TestGuessingIsThrottledAlike(t *testing.T) {
	w := newWorld(t)
	c := w.anonymous()
	for i := range 7 {
		known := c.post("/session", fields{"username": "cv.svd", "password": "sai mật khẩu"})
		unknown := c.post("/session", fields{"username": "khong.co", "password": "sai mật khẩu"})
		want := "credentials_wrong"
		if i >= 5 {
			want = "login_throttled"
			if known.header.Get("Retry-After") != "60" || unknown.header.Get("Retry-After") != "60" {
				t.Errorf("Retry-After %q and %q", known.header.Get("Retry-After"), unknown.header.Get("Retry-After"))
			}
		}
		if known.text(t, "code") != want || unknown.text(t, "code") != want || known.status != unknown.status ||
			known.text(t, "detail") != unknown.text(t, "detail") || len(known.header) != len(unknown.header) {
			t.Fatalf("attempt %d: %d %s and %d %s", i+1, known.status, known.body, unknown.status, unknown.body)
		}
	}
	c.refused(http.StatusTooManyRequests, "login_throttled", c.post("/session", fields{"username": "cv.svd", "password": testPassword}))
	w.pass(time.Minute)
	c.want(http.StatusOK, c.post("/session", fields{"username": "cv.svd", "password": testPassword}))
}

// TestPositions: somebody with two positions acts in one at a time, and one whose last
// position has ended may look at who they are and at nothing else.
func TestPositions(t *testing.T) {
	w := newWorld(t)
	cv := w.staff("cv.svd")
	second := org.Position{
		ID: "pos-second", PersonID: cv.Person.ID, AgencyID: "a-stn", Title: "Văn thư kiêm nhiệm", Roles: []org.Role{org.RoleClerk},
		Period: org.Period{ValidFrom: calendar.On(2026, 1, 1)},
	}
	w.must(w.store.Administer(t.Context(), func(a store.Admin) error { return a.PutPosition(second) }))
	c := w.as("cv.svd")
	if r := c.get("/me"); r.text(t, "active") != cv.Position.ID {
		t.Fatalf("active %s", r.body)
	}
	c.want(http.StatusCreated, c.do(http.MethodPost, "/uploads?secrecy=0&name=a.pdf", "application/pdf", strings.NewReader(string(sample(t, "phu-luc.pdf")))))
	if r := c.want(http.StatusOK, c.post("/session/position", fields{"position_id": "pos-second"})); r.text(t, "active") != "pos-second" || r.text(t, "positions", 1, "agency_name") != "Sở Thử nghiệm" {
		t.Errorf("after the change %s", r.body)
	}
	if r := c.get("/me"); r.text(t, "active") != "pos-second" {
		t.Errorf("the change does not last: %s", r.body)
	}
	c.refused(http.StatusForbidden, "forbidden_role", c.post("/outgoing?secrecy=0", fields{"type_code": "CV", "subject": "x"}))
	c.refused(http.StatusUnprocessableEntity, "position_unknown", c.post("/session/position", fields{"position_id": w.staff("gd.svd").Position.ID}))

	end := func(p org.Position) {
		p.ValidTo = calendar.On(2026, 11, 1)
		w.must(w.store.Administer(t.Context(), func(a store.Admin) error { return a.PutPosition(p) }))
	}
	end(second)
	if r := c.get("/me"); r.text(t, "active") != cv.Position.ID {
		t.Errorf("the ended position is still active: %s", r.body)
	}
	end(cv.Position)
	if r := c.want(http.StatusOK, c.get("/me")); r.text(t, "active") != "" {
		t.Errorf("active %s", r.body)
	}
	for _, path := range []string{"/home", "/outgoing", "/incoming", "/directory/agencies"} {
		c.refused(http.StatusForbidden, "no_position", c.get(path))
	}
}

func TestLanguage(t *testing.T) {
	w := newWorld(t)
	for accept, want := range map[string]string{
		"": "Không tìm thấy.", "vi-VN,vi;q=0.9": "Không tìm thấy.", "en": "Not found.", "en-US,en;q=0.9,vi;q=0.8": "Not found.", "fr": "Không tìm thấy.",
	} {
		c := w.anonymous()
		c.header.Set("Accept-Language", accept)
		r := c.refused(http.StatusNotFound, "not_found", c.get("/nowhere"))
		if !strings.HasPrefix(r.text(t, "detail"), want) {
			t.Errorf("Accept-Language %q: %s", accept, r.body)
		}
	}
}
