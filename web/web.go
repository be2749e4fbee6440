// Package web draws the pages: server-rendered, Vietnamese first, English switchable. A
// page is a file: its handler and view model in NAME.go, its template in pages/NAME.html.
// Handlers bind, make one flow call or read one view, and render; they decide nothing.
// Signing and viewing need the scripts of src/, everything else works without any.
package web

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"congvan/internal/authz"
	"congvan/internal/demo"
	"congvan/internal/fault"
	"congvan/internal/flow"
	"congvan/internal/org"
	"congvan/internal/query"
	"congvan/signing"
	"congvan/storage/spool"
)

//go:embed pages/*.html
var pageFiles embed.FS

// Sessions is what the pages need of signing in.
type Sessions interface {
	Subject(ctx context.Context) (authz.Subject, bool)
	SignIn(ctx context.Context, username, password string) error
	SignOut(ctx context.Context) error
	Language(ctx context.Context) string // "vi" or "en"
	SetLanguage(ctx context.Context, lang string)
	Positions(ctx context.Context) ([]org.Position, error)
	SwitchPosition(ctx context.Context, positionID string) error
	PutFlash(ctx context.Context, text string)
	PopFlash(ctx context.Context) string
}

// Deps are what the pages stand on.
type Deps struct {
	Flow      *flow.Flow
	Views     *query.Views
	Sessions  Sessions
	Catalogue *fault.Catalogue
	Spool     *spool.Spool // takes in files sent by a browser without scripts
	Explain   func(lang string, r *signing.Report) []string
	Clock     func() time.Time
	Log       *slog.Logger
	Demo      bool              // marks every page, lists the accounts
	Accounts  []demo.Staff      // shown on the sign-in page of a demonstration
	Place     map[string]string // agency id → name, for the header
	// Outage tells of a service that signing needs and that has been missing for too long; nil,
	// or a nil answer: none.
	Outage func() *Outage
}

// Outage stands on every page until the service is back.
type Outage struct {
	Since time.Time
	Until time.Time // documents still go out
	Over  bool      // they no longer do
}

// Web serves the pages. Safe for concurrent use.
type Web struct {
	Deps
	assets    *assets
	templates map[string]map[string]*template.Template // language → page
	words     map[string]map[string]string
}

// New parses every template in every language; an error means that the build is broken.
func New(d Deps) (*Web, error) {
	w := &Web{Deps: d, templates: map[string]map[string]*template.Template{}}
	var err error
	if w.words, err = readWords(); err != nil {
		return nil, err
	}
	if w.assets, err = readAssets(); err != nil {
		return nil, err
	}
	names, err := fs.Glob(pageFiles, "pages/*.html")
	if err != nil {
		return nil, err
	}
	for _, lang := range languages() {
		w.templates[lang] = map[string]*template.Template{}
		for _, name := range names {
			page := strings.TrimSuffix(strings.TrimPrefix(name, "pages/"), ".html")
			if strings.HasPrefix(page, "_") {
				continue
			}
			t, err := template.New(page).Funcs(w.funcs(lang)).ParseFS(pageFiles, "pages/_*.html", name)
			if err != nil {
				return nil, fmt.Errorf("template %s: %w", page, err)
			}
			w.templates[lang][page] = t
		}
	}
	return w, nil
}

// Mount registers the pages. The router's middleware has loaded the session and refuses
// forged requests from other sites.
func (w *Web) Mount(r gin.IRouter) {
	r.GET("/static/*path", w.assets.serve)
	r.HEAD("/static/*path", w.assets.serve)
	r.GET("/dang-nhap", w.signInPage)
	r.POST("/dang-nhap", w.signIn)
	r.POST("/dang-xuat", w.signOut)
	r.POST("/ngon-ngu", w.language)
	in := r.Group("", w.signedIn)
	in.GET("/", w.home)
	in.POST("/chuc-vu", w.position)
	in.GET("/van-ban-di", w.list(authz.Outgoing))
	in.GET("/van-ban-den", w.list(authz.Incoming))
	in.GET("/van-ban-di/moi", w.draftPage)
	in.POST("/van-ban-di/moi", w.draft)
	in.GET("/van-ban-di/noi-nhan", w.recipients)
	in.GET("/van-ban-di/:id", w.outgoing)
	in.GET("/van-ban-di/:id/sua", w.revisePage)
	in.POST("/van-ban-di/:id/sua", w.revise)
	in.GET("/van-ban-di/:id/:act", w.back)
	in.POST("/van-ban-di/:id/:act", w.actOutgoing)
	in.GET("/van-ban-den/giay", w.paperPage)
	in.POST("/van-ban-den/giay", w.paper)
	in.GET("/van-ban-den/:id", w.incoming)
	in.GET("/van-ban-den/:id/:act", w.back)
	in.POST("/van-ban-den/:id/:act", w.actIncoming)
	in.GET("/gui-khong-thanh-cong", w.failed)
	in.GET("/cach-ly", w.quarantine)
	in.GET("/cach-ly/:id/:act", func(c *gin.Context) { c.Redirect(http.StatusSeeOther, "/cach-ly") })
	in.POST("/cach-ly/:id/:act", w.actMessage)
	in.GET("/yeu-cau/:id/:act", w.backToChange)
	in.POST("/yeu-cau/:id/:act", w.actChange)
	in.POST("/gui-lai", w.resendAll)
	in.POST("/gui-lai/:id", w.resend)
}

// view is what every template gets; Data is the page's own.
type view struct {
	Lang      string
	Title     string
	Path      string // of this page, to come back to
	Me        *authz.Subject
	Agency    string
	Place     map[string]string
	Positions []org.Position // to switch between
	Flash     string
	Problem   string     // sentence of a fault
	Field     string     // the field it concerns
	About     string     // what the page calls that field
	Tried     string     // the act that met it
	Form      url.Values // what was sent, so that nothing typed is lost
	Demo      bool
	HasBuild  bool
	Outage    *Outage
	Data      any
}

// render writes a page; nothing is written before the template has run to its end.
func (w *Web) render(c *gin.Context, status int, page, title string, data any, problem error) {
	ctx := c.Request.Context()
	lang := w.Sessions.Language(ctx)
	v := view{
		Lang: lang, Title: w.word(lang, title), Path: pagePath(c), Place: w.Place, Tried: c.Param("act"), Form: c.Request.PostForm,
		Demo: w.Demo, HasBuild: w.assets.built, Data: data,
	}
	v.Form.Del("pin")
	v.Form.Del("password")
	if s, ok := w.Sessions.Subject(ctx); ok {
		v.Me, v.Agency = &s, w.Place[s.AgencyID]
		v.Flash = w.Sessions.PopFlash(ctx)
		if w.Deps.Outage != nil {
			v.Outage = w.Deps.Outage()
		}
		var err error
		if v.Positions, err = w.Sessions.Positions(ctx); err != nil {
			w.Log.Error("positions", "error", err)
		}
	}
	if problem != nil {
		if fault.KindOf(problem) == fault.Internal {
			w.Log.Error("request", "path", c.Request.URL.Path, "error", problem)
		}
		v.Problem, v.Field = w.Catalogue.Text(lang, problem), fault.From(problem).FieldName
		v.About = w.words[lang]["field."+v.Field]
	}
	var b bytes.Buffer
	if err := w.templates[lang][page].ExecuteTemplate(&b, "layout", v); err != nil {
		w.Log.Error("page", "page", page, "error", err)
		c.String(http.StatusInternalServerError, w.Catalogue.Text(lang, fault.From(err)))
		return
	}
	c.Data(status, "text/html; charset=utf-8", b.Bytes())
}

// pagePath is the address a reader comes back to: of a page that an act has drawn again,
// the page's own.
func pagePath(c *gin.Context) string {
	if act := c.Param("act"); act != "" {
		return strings.TrimSuffix(c.Request.URL.Path, "/"+act)
	}
	return c.Request.URL.RequestURI()
}

// back leads from the address of an act, which somebody loads again, to its page.
func (w *Web) back(c *gin.Context) { c.Redirect(http.StatusSeeOther, pagePath(c)) }

// fail shows a fault as a page of its own: what is not there, or not to be known.
func (w *Web) fail(c *gin.Context, err error) {
	w.render(c, statusOf(err), "fault", "fault.title", nil, err)
}

// NotFound answers for addresses that nobody knows.
func (w *Web) NotFound(c *gin.Context) { w.fail(c, fault.Missing()) }

func statusOf(err error) int {
	switch fault.KindOf(err) {
	case fault.Invalid:
		return http.StatusUnprocessableEntity
	case fault.Conflict:
		return http.StatusConflict
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// signedIn sends strangers to the sign-in page and back where they wanted to go.
func (w *Web) signedIn(c *gin.Context) {
	if _, ok := w.Sessions.Subject(c.Request.Context()); ok {
		return
	}
	next := ""
	if c.Request.Method == http.MethodGet {
		next = "?tiep=" + template.URLQueryEscaper(c.Request.URL.RequestURI())
	}
	c.Redirect(http.StatusSeeOther, "/dang-nhap"+next)
	c.Abort()
}

// me is the reader; signedIn has seen to it that there is one.
func (w *Web) me(c *gin.Context) authz.Subject {
	s, _ := w.Sessions.Subject(c.Request.Context())
	return s
}

// done shows a short confirmation, with its values, on the page that follows an act.
func (w *Web) done(c *gin.Context, to, key string, pairs ...any) {
	ctx := c.Request.Context()
	w.Sessions.PutFlash(ctx, w.word(w.Sessions.Language(ctx), key, pairs...))
	c.Redirect(http.StatusSeeOther, to)
}
