package auth_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2/memstore"

	"congvan/internal/account"
	"congvan/internal/auth"
	"congvan/internal/fault"
	"congvan/internal/flow"
	"congvan/internal/org"
)

// cheap is a cost for tests only.
var cheap = auth.Cost{MemoryKiB: 64, Passes: 1, Threads: 1}

const password = "đúng mật khẩu 1"

// people is the auth.Store of these tests.
type people struct {
	mu        sync.Mutex
	accounts  map[string]account.Account
	tokens    map[string]account.Token
	positions []org.Position
}

func (p *people) Account(_ context.Context, id string) (account.Account, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if a, ok := p.accounts[id]; ok {
		return a, nil
	}
	return account.Account{}, fault.Missing()
}

func (p *people) AccountByUsername(_ context.Context, name string) (account.Account, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, a := range p.accounts {
		if a.Username == name {
			return a, nil
		}
	}
	return account.Account{}, fault.Missing()
}

func (p *people) ChangeAccount(_ context.Context, id string, change func(*account.Account) error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	a, ok := p.accounts[id]
	if !ok {
		return fault.Missing()
	}
	if err := change(&a); err != nil {
		return err
	}
	p.accounts[id] = a
	return nil
}

func (p *people) TokenByHash(_ context.Context, hash string) (account.Token, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if t, ok := p.tokens[hash]; ok {
		return t, nil
	}
	return account.Token{}, fault.Missing()
}

func (p *people) Read(_ context.Context, fn func(flow.ReadTx) error) error { return fn(persons{}) }

// persons is a flow.ReadTx that knows everybody and nothing else.
type persons struct{ flow.ReadTx }

func (persons) Person(id string) (org.Person, error) {
	return org.Person{ID: id, FullName: "Trần Thị Mẫu"}, nil
}

func (p *people) PositionsOf(context.Context, string) ([]org.Position, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.positions, nil
}

// site is a server with three pages: who, enter and leave.
type site struct {
	*httptest.Server
	auth   *auth.Auth
	people *people
	now    *time.Time
	mu     sync.Mutex
}

func (s *site) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *s.now
}

func (s *site) pass(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*s.now = s.now.Add(d)
}

func newSite(t *testing.T) *site {
	t.Helper()
	now := time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)
	s := &site{now: &now, people: &people{
		accounts: map[string]account.Account{
			"acc-1": {ID: "acc-1", Username: "mau.tran", PersonID: "per-1", PasswordHash: hashed(t), Epoch: 3},
			"acc-2": {ID: "acc-2", Username: "khac", PersonID: "per-2", PasswordHash: hashed(t)},
		},
		tokens: map[string]account.Token{},
		positions: []org.Position{
			{ID: "pos-1", PersonID: "per-1", AgencyID: "agc-1", UnitID: "unt-1", Roles: []org.Role{org.RoleOfficial}},
			{ID: "pos-2", PersonID: "per-1", AgencyID: "agc-1", UnitID: "unt-2", Roles: []org.Role{org.RoleClerk}},
		},
	}}
	fail := func(w http.ResponseWriter, _ *http.Request, err error) {
		http.Error(w, fault.From(err).Code, http.StatusTeapot)
	}
	var err error
	s.auth, err = auth.New(auth.Options{
		Store: s.people, Sessions: memstore.New(), Clock: s.clock, Rand: rand.Reader, Cost: cheap,
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /who", func(w http.ResponseWriter, r *http.Request) {
		sub, ok := auth.Subject(r.Context())
		_ = json.NewEncoder(w).Encode(map[string]any{"in": ok, "account": sub.AccountID, "position": sub.PositionID})
	})
	mux.HandleFunc("POST /enter", func(w http.ResponseWriter, r *http.Request) {
		if err := s.auth.SignIn(r.Context(), r.FormValue("u"), r.FormValue("p")); err != nil {
			fail(w, r, err)
		}
	})
	mux.HandleFunc("POST /leave", func(w http.ResponseWriter, r *http.Request) {
		if err := s.auth.SignOut(r.Context()); err != nil {
			fail(w, r, err)
		}
	})
	mux.HandleFunc("POST /switch", func(w http.ResponseWriter, r *http.Request) {
		if err := s.auth.SwitchPosition(r.Context(), r.FormValue("id")); err != nil {
			fail(w, r, err)
		}
	})
	s.Server = httptest.NewServer(s.auth.Middleware(fail)(mux))
	t.Cleanup(s.Close)
	return s
}

// browser keeps cookies.
func (s *site) browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &http.Client{Jar: jar}
}

func (s *site) enter(t *testing.T, c *http.Client, u, p string) string {
	t.Helper()
	return s.post(t, c, "/enter", url.Values{"u": {u}, "p": {p}})
}

func (s *site) post(t *testing.T, c *http.Client, path string, v url.Values) string {
	t.Helper()
	res, err := c.PostForm(s.URL+path, v)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	buf := make([]byte, 200)
	n, _ := res.Body.Read(buf)
	return strings.TrimSpace(string(buf[:n]))
}

func (s *site) who(t *testing.T, c *http.Client, header string) (position string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, s.URL+"/who", nil)
	if err != nil {
		t.Fatal(err)
	}
	if header != "" {
		req.Header.Set("Authorization", header)
	}
	res, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return "refused"
	}
	var out struct{ Position string }
	if err := json.NewDecoder(res.Body).Decode(&out); err != nil {
		t.Fatal(err)
	}
	return out.Position
}

func TestSignInAndOut(t *testing.T) {
	s := newSite(t)
	c := s.browser(t)
	if got := s.who(t, c, ""); got != "" {
		t.Fatalf("anonymous acts as %q", got)
	}
	if got := s.enter(t, c, " Mau.TRAN ", "đu\u0301ng mật khẩu 1"); got != "" { // another keyboard's form of the letters
		t.Fatalf("sign-in: %s", got)
	}
	if got := s.who(t, c, ""); got != "pos-1" {
		t.Fatalf("acts as %q", got)
	}
	if got := s.post(t, c, "/switch", url.Values{"id": {"pos-2"}}); got != "" {
		t.Fatalf("switch: %s", got)
	}
	if got := s.who(t, c, ""); got != "pos-2" {
		t.Fatalf("after the switch acts as %q", got)
	}
	if got := s.post(t, c, "/switch", url.Values{"id": {"pos-9"}}); got != "position_unknown" {
		t.Fatalf("switch to somebody else's position: %q", got)
	}
	stolen := s.cookie(t, c)
	if got := s.post(t, c, "/leave", nil); got != "" {
		t.Fatalf("sign-out: %s", got)
	}
	if got := s.who(t, s.with(t, stolen), ""); got != "" {
		t.Fatalf("the session lives on after the sign-out as %q", got)
	}
}

func (s *site) cookie(t *testing.T, c *http.Client) *http.Cookie {
	t.Helper()
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	cookies := c.Jar.Cookies(u)
	if len(cookies) != 1 {
		t.Fatalf("%d cookies", len(cookies))
	}
	return cookies[0]
}

// with is a browser that holds a cookie.
func (s *site) with(t *testing.T, k *http.Cookie) *http.Client {
	t.Helper()
	c := s.browser(t)
	u, err := url.Parse(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	c.Jar.SetCookies(u, []*http.Cookie{k})
	return c
}

func TestSessionFixation(t *testing.T) {
	s := newSite(t)
	planted := &http.Cookie{Name: "congvan_session", Value: "planted-by-somebody-else"}
	victim := s.with(t, planted)
	if got := s.enter(t, victim, "mau.tran", password); got != "" {
		t.Fatal(got)
	}
	if got := s.who(t, s.with(t, planted), ""); got != "" {
		t.Fatalf("the planted session acts as %q", got)
	}
	first := s.cookie(t, victim)
	if got := s.enter(t, victim, "khac", password); got != "" {
		t.Fatal(got)
	}
	if s.cookie(t, victim).Value == first.Value {
		t.Fatal("signing in as another kept the session token")
	}
	if got := s.who(t, s.with(t, first), ""); got != "" {
		t.Fatalf("the session of before acts as %q", got)
	}
}

func TestCookieIsGuarded(t *testing.T) {
	s := newSite(t)
	res, err := http.PostForm(s.URL+"/enter", url.Values{"u": {"mau.tran"}, "p": {password}})
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	set := res.Header.Get("Set-Cookie")
	if !strings.Contains(set, "HttpOnly") || !strings.Contains(set, "SameSite=Lax") || strings.Contains(set, "Secure") {
		t.Fatalf("cookie %q", set)
	}
}

// Over TLS the browser vouches for host, path and TLS by the cookie's name.
func TestSecureCookie(t *testing.T) {
	a, err := auth.New(auth.Options{
		Store:    &people{accounts: map[string]account.Account{"acc-1": {ID: "acc-1", Username: "mau.tran", PasswordHash: hashed(t)}}},
		Sessions: memstore.New(), Clock: time.Now, Rand: rand.Reader, Cost: cheap, Secure: true, Cookie: "site",
	})
	if err != nil {
		t.Fatal(err)
	}
	rec := httptest.NewRecorder()
	enter := func(_ http.ResponseWriter, r *http.Request) {
		if err := a.SignIn(r.Context(), "mau.tran", password); err != nil {
			t.Error(err)
		}
	}
	a.Middleware(nil)(http.HandlerFunc(enter)).ServeHTTP(rec, httptest.NewRequest(http.MethodPost, "/", nil))
	set := rec.Header().Get("Set-Cookie")
	if !strings.HasPrefix(set, "__Host-site=") || !strings.Contains(set, "Secure") || !strings.Contains(set, "Path=/") || strings.Contains(set, "Domain") {
		t.Errorf("cookie %q", set)
	}
}

func hashed(t *testing.T) string {
	t.Helper()
	h, err := auth.HashPassword(password, cheap, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestSessionEnds(t *testing.T) {
	for name, end := range map[string]func(*site){
		"idle":       func(s *site) { s.pass(61 * time.Minute) },
		"locked":     func(s *site) { s.change(func(a *account.Account) { a.Bar() }) },
		"everywhere": func(s *site) { _ = s.auth.SignOutEverywhere(context.Background(), "acc-1") },
		"locked and let in again": func(s *site) {
			s.change(func(a *account.Account) { a.Bar(); a.Admit() })
		},
		"account gone": func(s *site) {
			s.people.mu.Lock()
			delete(s.people.accounts, "acc-1")
			s.people.mu.Unlock()
		},
		"no position": func(s *site) {
			s.people.mu.Lock()
			s.people.positions = nil
			s.people.mu.Unlock()
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			c := s.browser(t)
			s.enter(t, c, "mau.tran", password)
			s.pass(50 * time.Minute)
			if got := s.who(t, c, ""); got != "pos-1" {
				t.Fatalf("before the end acts as %q", got)
			}
			s.pass(50 * time.Minute)
			if got := s.who(t, c, ""); got != "pos-1" {
				t.Fatalf("a session in use acts as %q", got)
			}
			end(s)
			if got := s.who(t, c, ""); got != "" {
				t.Fatalf("after the end acts as %q", got)
			}
		})
	}
}

func (s *site) change(f func(*account.Account)) {
	_ = s.people.ChangeAccount(context.Background(), "acc-1", func(a *account.Account) error { f(a); return nil })
}

func TestGuessingLooksTheSameForUnknownNames(t *testing.T) {
	s := newSite(t)
	c := s.browser(t)
	for i := range 8 {
		known, unknown := s.enter(t, c, "mau.tran", "wrong password"), s.enter(t, c, "nobody", "wrong password")
		want := "credentials_wrong"
		if i >= 5 {
			want = "login_throttled"
		}
		if known != want || unknown != want {
			t.Fatalf("attempt %d: known %q, unknown %q, want %q", i+1, known, unknown, want)
		}
	}
	if got := s.enter(t, c, "mau.tran", password); got != "login_throttled" {
		t.Fatalf("the right password while waiting: %q", got)
	}
	s.pass(time.Minute)
	if got := s.enter(t, c, "mau.tran", password); got != "" {
		t.Fatalf("the right password after the wait: %q", got)
	}
	if got := s.enter(t, c, "mau.tran", "wrong password"); got != "credentials_wrong" {
		t.Fatalf("the count lives on after a success: %q", got)
	}
}

func TestGuessingAtOnce(t *testing.T) {
	s := newSite(t)
	answers := make(chan string, 40)
	for range cap(answers) {
		go func() { answers <- s.enter(t, &http.Client{}, "mau.tran", "wrong password") }()
	}
	looked := 0
	for range cap(answers) {
		if <-answers == "credentials_wrong" {
			looked++
		}
	}
	if looked != 5 {
		t.Fatalf("%d passwords were looked at, want 5", looked)
	}
}

func TestLockedAccountTellsOnlyWhoKnowsThePassword(t *testing.T) {
	s := newSite(t)
	s.change(func(a *account.Account) { a.Bar() })
	c := s.browser(t)
	if got := s.enter(t, c, "mau.tran", "wrong password"); got != "credentials_wrong" {
		t.Fatal(got)
	}
	if got := s.enter(t, c, "mau.tran", password); got != "account_locked" {
		t.Fatal(got)
	}
	if got := s.who(t, c, ""); got != "" {
		t.Fatalf("acts as %q", got)
	}
}
