package web

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"congvan/internal/demo"
	"congvan/internal/fault"
)

// signInView is the sign-in page.
type signInView struct {
	Username string
	Next     string
	Groups   []accountGroup // of a demonstration
	Password string
	PIN      string
}

// accountGroup are the accounts of one agency.
type accountGroup struct {
	Name  string
	Staff []demo.Staff
}

func (w *Web) signInPage(c *gin.Context) {
	if _, ok := w.Sessions.Subject(c.Request.Context()); ok {
		c.Redirect(http.StatusSeeOther, "/")
		return
	}
	status, problem := http.StatusOK, error(nil)
	if held, err := w.Sessions.Positions(c.Request.Context()); err == nil && len(held) == 0 { // signed in, but as nobody
		problem = fault.New(fault.Forbidden, "no_position")
		status = statusOf(problem)
	}
	w.render(c, status, "signin", "signin.title", w.signInData("", c.Query("tiep")), problem)
}

func (w *Web) signInData(username, next string) signInView {
	v := signInView{Username: username, Next: ownPath(next)}
	if w.Demo {
		v.Groups, v.Password, v.PIN = w.groups(), demo.Password, demo.PIN
	}
	return v
}

// groups puts the demonstration accounts under their agencies, in the order they came.
func (w *Web) groups() []accountGroup {
	var out []accountGroup
	for _, s := range w.Accounts {
		name := w.Place[s.Position.AgencyID]
		if len(out) == 0 || out[len(out)-1].Name != name {
			out = append(out, accountGroup{Name: name})
		}
		last := &out[len(out)-1]
		last.Staff = append(last.Staff, s)
	}
	return out
}

func (w *Web) signIn(c *gin.Context) {
	username, next := c.PostForm("username"), c.PostForm("next")
	if err := w.Sessions.SignIn(c.Request.Context(), username, c.PostForm("password")); err != nil {
		w.render(c, statusOf(err), "signin", "signin.title", w.signInData(username, next), err)
		return
	}
	c.Redirect(http.StatusSeeOther, ownPath(next))
}

func (w *Web) signOut(c *gin.Context) {
	if err := w.Sessions.SignOut(c.Request.Context()); err != nil {
		w.fail(c, err)
		return
	}
	c.Redirect(http.StatusSeeOther, "/dang-nhap")
}

func (w *Web) language(c *gin.Context) {
	lang := "vi"
	if c.PostForm("lang") == "en" {
		lang = "en"
	}
	w.Sessions.SetLanguage(c.Request.Context(), lang)
	c.Redirect(http.StatusSeeOther, ownPath(c.PostForm("next")))
}

func (w *Web) position(c *gin.Context) {
	if err := w.Sessions.SwitchPosition(c.Request.Context(), c.PostForm("position")); err != nil {
		w.fail(c, err)
		return
	}
	c.Redirect(http.StatusSeeOther, "/")
}

// ownPath lets a redirect go to a page of ours only.
func ownPath(p string) string {
	if !strings.HasPrefix(p, "/") || strings.HasPrefix(p, "//") || strings.ContainsAny(p, "\\\r\n\t") {
		return "/"
	}
	return p
}
