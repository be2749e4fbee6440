package auth

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/alexedwards/scs/v2"

	"congvan/internal/authz"
	"congvan/internal/fault"
	"congvan/internal/org"
)

// Options of signing in.
type Options struct {
	Store    Store
	Sessions scs.Store
	Clock    func() time.Time
	Rand     io.Reader // for the hash that unknown names are compared with
	Secure   bool      // served over TLS: cookies are for TLS only
	Cookie   string    // name of the session's cookie; "" means congvan_session
	Cost     Cost      // of that hash; zero: the recommended one
}

// Auth signs people and programs in. It is safe for concurrent use.
type Auth struct {
	store    Store
	sessions *scs.SessionManager
	clock    func() time.Time
	dummy    string
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
	keyFlash    = "flash"
)

// New makes the sign-in; it hashes one password, for the comparison with unknown names.
func New(o Options) (*Auth, error) {
	dummy, err := HashPassword("nobody has this password", o.Cost, o.Rand)
	if err != nil {
		return nil, err
	}
	s := scs.New()
	s.Store, s.Lifetime = o.Sessions, sessionLife
	s.Cookie.Name, s.Cookie.HttpOnly, s.Cookie.SameSite = cmp.Or(o.Cookie, "congvan_session"), true, http.SameSiteLaxMode
	s.Cookie.Secure, s.Cookie.Path, s.Cookie.Persist = o.Secure, "/", false
	if o.Secure { // the browser then vouches for host, path and TLS
		s.Cookie.Name = "__Host-" + s.Cookie.Name
	}
	return &Auth{
		store: o.Store, sessions: s, clock: o.Clock, dummy: dummy,
		hashing: make(chan struct{}, hashesAtOne), unknown: map[string]*guess{},
	}, nil
}

// Fail answers a request that goes no further.
type Fail func(http.ResponseWriter, *http.Request, error)

// Middleware finds out who asks and keeps it for Who and Subject. A request with an API
// token has no session and no cookie; a wrong token is refused, not anonymous.
func (a *Auth) Middleware(fail Fail) func(http.Handler) http.Handler {
	a.sessions.ErrorFunc = func(w http.ResponseWriter, r *http.Request, err error) {
		fail(w, r, fault.New(fault.Unavailable, "storage_unavailable").Wrap(err))
	}
	return func(next http.Handler) http.Handler {
		pass := func(find func(*http.Request) (*Identity, error)) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				i, err := find(r)
				if err != nil {
					fail(w, r, err)
					return
				}
				next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), identityKey, i)))
			}
		}
		bySession := a.sessions.LoadAndSave(pass(func(r *http.Request) (*Identity, error) { return a.Current(r.Context()) }))
		byToken := pass(func(r *http.Request) (*Identity, error) { return a.byToken(r.Context(), r.Header.Get("Authorization")) })
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") == "" {
				bySession.ServeHTTP(w, r)
				return
			}
			ctx, err := a.sessions.Load(r.Context(), "") // empty, and never written
			if err != nil {
				fail(w, r, fault.From(err))
				return
			}
			byToken.ServeHTTP(w, r.WithContext(ctx))
		})
	}
}

// Current reads the identity of the session anew, as after signing in or changing the
// position; nil for no session. A session that lay idle, or whose account was locked or
// has ended its sessions, is destroyed.
func (a *Auth) Current(ctx context.Context) (*Identity, error) {
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

// Subject is who acts; ok is false for anonymous requests and without a valid position.
func (a *Auth) Subject(ctx context.Context) (authz.Subject, bool) { return Subject(ctx) }

// Positions are those that the person holds now.
func (a *Auth) Positions(ctx context.Context) ([]org.Position, error) {
	i, ok := Who(ctx)
	if !ok {
		return nil, errNotSignedIn()
	}
	return i.Positions, nil
}

// SwitchPosition lets the person act in another of their positions; the error is
// fault.Invalid "position_unknown". It holds from the next request on, and for Current.
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
	if language == "vi" || language == "en" {
		a.sessions.Put(ctx, keyLanguage, language)
	}
}

// Chosen is the language that the person chose in this session, "" for none.
func (a *Auth) Chosen(ctx context.Context) string { return a.sessions.GetString(ctx, keyLanguage) }

// Language of the pages: chosen in the session, else the account's, else Vietnamese. The
// browser's wish does not count: an English Windows says nothing about its user.
func (a *Auth) Language(ctx context.Context) string {
	if l := a.Chosen(ctx); l != "" {
		return l
	}
	if i, ok := Who(ctx); ok && i.Account.Language == "en" {
		return "en"
	}
	return "vi"
}

// PutFlash keeps a message for the next page of the session; PopFlash takes it.
func (a *Auth) PutFlash(ctx context.Context, text string) { a.sessions.Put(ctx, keyFlash, text) }

// PopFlash takes the message that PutFlash kept, "" for none.
func (a *Auth) PopFlash(ctx context.Context) string { return a.sessions.PopString(ctx, keyFlash) }
