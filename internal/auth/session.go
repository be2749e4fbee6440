package auth

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/alexedwards/scs/v2"

	"congvan/internal/fault"
)

// Options of signing in.
type Options struct {
	Store    Store
	Sessions scs.Store
	Clock    func() time.Time
	Rand     io.Reader // for the hash that unknown names are compared with
	Secure   bool      // served over TLS: cookies are for TLS only
	Cost     Cost      // of new password hashes; zero: the recommended one

	// Fail answers a request whose session or token could not be read.
	Fail func(http.ResponseWriter, *http.Request, error)
}

// Auth signs people and programs in. It is safe for concurrent use.
type Auth struct {
	store    Store
	sessions *scs.SessionManager
	clock    func() time.Time
	cost     Cost
	dummy    string
	fail     func(http.ResponseWriter, *http.Request, error)
	hashing  chan struct{} // bounds the memory of argon2

	mu      sync.Mutex
	unknown map[string]*guess // names that are nobody's, slowed down like the others
}

// Bounds of a session: its life, and how long it may lie idle.
const (
	sessionLife = 12 * time.Hour
	sessionIdle = time.Hour
	touchEvery  = time.Minute
	hashesAtOne = 4
)

// Keys of what a session holds.
const (
	keyAccount  = "account"
	keyEpoch    = "epoch"
	keyPosition = "position"
	keySeen     = "seen" // Unix seconds
	keyLanguage = "language"
)

// New makes the sign-in; it hashes one password, for the comparison with unknown names.
func New(o Options) (*Auth, error) {
	dummy, err := HashPassword("nobody has this password", o.Cost, o.Rand)
	if err != nil {
		return nil, err
	}
	s := scs.New()
	s.Store, s.Lifetime = o.Sessions, sessionLife
	s.Cookie.Name, s.Cookie.HttpOnly, s.Cookie.SameSite = "congvan_session", true, http.SameSiteLaxMode
	s.Cookie.Secure, s.Cookie.Path, s.Cookie.Persist = o.Secure, "/", false
	if o.Secure { // the browser then vouches for host, path and TLS
		s.Cookie.Name = "__Host-congvan_session"
	}
	a := &Auth{
		store: o.Store, sessions: s, clock: o.Clock, cost: o.Cost, dummy: dummy, fail: o.Fail,
		hashing: make(chan struct{}, hashesAtOne), unknown: map[string]*guess{},
	}
	if a.fail == nil {
		a.fail = func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusInternalServerError) }
	}
	s.ErrorFunc = func(w http.ResponseWriter, r *http.Request, err error) {
		a.fail(w, r, fault.New(fault.Unavailable, "storage_unavailable").Wrap(err))
	}
	return a, nil
}

// Middleware finds out who asks and keeps it for Who and Subject. A request with an API
// token has no session and no cookie; a wrong token is refused, not anonymous.
func (a *Auth) Middleware(next http.Handler) http.Handler {
	inSession := a.sessions.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i, err := a.resume(r.Context())
		if err != nil {
			a.fail(w, r, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), identityKey, i)))
	}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := r.Header.Get("Authorization")
		if header == "" {
			inSession.ServeHTTP(w, r)
			return
		}
		ctx, err := a.sessions.Load(r.Context(), "") // empty, and never written
		if err != nil {
			a.fail(w, r, fault.From(err))
			return
		}
		i, err := a.byToken(ctx, header)
		if err != nil {
			a.fail(w, r, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(ctx, identityKey, i)))
	})
}

// resume gives the identity of the session in ctx, nil for none. A session that lay idle,
// or whose account was locked or has ended its sessions, is destroyed.
func (a *Auth) resume(ctx context.Context) (*Identity, error) {
	id := a.sessions.GetString(ctx, keyAccount)
	if id == "" {
		return nil, nil
	}
	acc, err := a.store.Account(ctx, id)
	if err != nil && fault.KindOf(err) != fault.NotFound {
		return nil, err
	}
	now := a.clock()
	seen := time.Unix(a.sessions.GetInt64(ctx, keySeen), 0)
	if err != nil || acc.Locked || acc.Epoch != a.sessions.GetInt64(ctx, keyEpoch) || now.Sub(seen) > sessionIdle {
		return nil, a.sessions.Destroy(ctx)
	}
	if now.Sub(seen) >= touchEvery {
		a.sessions.Put(ctx, keySeen, now.Unix())
	}
	return a.identity(ctx, acc, a.sessions.GetString(ctx, keyPosition))
}

// SwitchPosition lets the person act in another of their positions; the error is
// fault.Invalid "position_unknown". The new identity holds from the next request on.
func (a *Auth) SwitchPosition(ctx context.Context, positionID string) error {
	i, ok := Who(ctx)
	if !ok {
		return errNotSignedIn()
	}
	if i.Token != "" || find(i.Positions, positionID) < 0 {
		return fault.New(fault.Invalid, "position_unknown").Field("position_id")
	}
	a.sessions.Put(ctx, keyPosition, positionID)
	return nil
}

// SetLanguage keeps the language of the pages, "vi" or "en", for this session.
func (a *Auth) SetLanguage(ctx context.Context, language string) {
	a.sessions.Put(ctx, keyLanguage, language)
}

// Language of a request: chosen in the session, else the account's, else the browser's,
// else Vietnamese.
func (a *Auth) Language(r *http.Request) string {
	ctx := r.Context()
	if l := a.sessions.GetString(ctx, keyLanguage); l != "" {
		return l
	}
	if i, ok := Who(ctx); ok && i.Account.Language != "" {
		return i.Account.Language
	}
	return Accepted(r)
}

// Accepted is the language that a request's Accept-Language asks for: "en" when English
// comes first, else "vi".
func Accepted(r *http.Request) string {
	first, _, _ := strings.Cut(r.Header.Get("Accept-Language"), ",")
	if l := strings.ToLower(strings.TrimSpace(first)); l == "en" || strings.HasPrefix(l, "en-") || strings.HasPrefix(l, "en;") {
		return "en"
	}
	return "vi"
}

// Flash keeps a message for the next page of the session; PopFlash takes it.
func (a *Auth) Flash(ctx context.Context, key, message string) {
	a.sessions.Put(ctx, "flash-"+key, message)
}

// PopFlash takes the message that Flash kept, "" for none.
func (a *Auth) PopFlash(ctx context.Context, key string) string {
	return a.sessions.PopString(ctx, "flash-"+key)
}
