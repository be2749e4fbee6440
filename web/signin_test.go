package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"congvan/internal/demo"
	"congvan/internal/fault"
	"congvan/internal/flowtest"
	"congvan/internal/org"
)

// doorkeeper lets nobody in but who knows the password.
type doorkeeper struct {
	stranger
	lang *string
}

func (doorkeeper) SignIn(_ context.Context, _, password string) error {
	if password != demo.Password {
		return fault.New(fault.Forbidden, "credentials_wrong")
	}
	return nil
}
func (d doorkeeper) SetLanguage(_ context.Context, l string) { *d.lang = l }
func (d doorkeeper) Language(context.Context) string         { return *d.lang }

func TestSignIn(t *testing.T) {
	lang := "vi"
	w := newWeb(t)
	w.Sessions = doorkeeper{lang: &lang}
	s := &site{World: &flowtest.World{T: t}, engine: gin.New()}
	w.Mount(s.engine)

	s.see("", "/dang-nhap?tiep=/van-ban-di", "Đăng nhập", "Tài khoản trình diễn", demo.Password, "CHỨNG THƯ THỬ NGHIỆM")
	wrong := url.Values{"username": {"cv.svd"}, "password": {"bí mật của tôi"}, "next": {"/van-ban-di"}}
	page := s.refused("", "/dang-nhap", wrong, http.StatusForbidden, "Tên đăng nhập hoặc mật khẩu không đúng", `value="cv.svd"`, `value="/van-ban-di"`)
	if strings.Contains(page, "bí mật của tôi") {
		t.Error("the password comes back")
	}
	right := url.Values{"username": {"cv.svd"}, "password": {demo.Password}, "next": {"/van-ban-di"}}
	if to := s.act("", "/dang-nhap", right); to != "/van-ban-di" {
		t.Errorf("leads to %s", to)
	}
	right.Set("next", "//elsewhere")
	if to := s.act("", "/dang-nhap", right); to != "/" {
		t.Errorf("leads to %s", to)
	}
	if to := s.act("", "/ngon-ngu", url.Values{"lang": {"en"}, "next": {"/dang-nhap"}}); to != "/dang-nhap" || lang != "en" {
		t.Errorf("leads to %s in %s", to, lang)
	}
	s.see("", "/dang-nhap", "Sign in", "Demonstration accounts")
}

// nobody has signed in and holds no position.
type nobody struct{ stranger }

func (nobody) Positions(context.Context) ([]org.Position, error) { return nil, nil }

// Who has signed in but holds no position is told so, not sent round in circles.
func TestNoPosition(t *testing.T) {
	w := newWeb(t)
	w.Sessions = nobody{}
	s := &site{World: &flowtest.World{T: t}, engine: gin.New()}
	w.Mount(s.engine)
	out := s.send("", http.MethodGet, "/dang-nhap", "", nil)
	if out.Code != http.StatusForbidden || !strings.Contains(out.Body.String(), "chưa có vị trí công tác") {
		t.Errorf("HTTP %d", out.Code)
	}
}

// Files under the present checksum are kept for ever; any other address is not there.
func TestAssets(t *testing.T) {
	w := newWeb(t)
	s := &site{World: &flowtest.World{T: t}, engine: gin.New()}
	w.Mount(s.engine)
	at := w.assets.path("app.css")
	out := s.send("", http.MethodGet, at, "", nil)
	if out.Code != http.StatusOK || !strings.Contains(out.Header().Get("Cache-Control"), "immutable") || !strings.HasPrefix(out.Header().Get("Content-Type"), "text/css") {
		t.Errorf("%s: HTTP %d %v", at, out.Code, out.Header())
	}
	if n := out.Body.Len(); n > 60<<10 {
		t.Errorf("the style sheet has %d bytes", n)
	}
	for _, wrong := range []string{"/static/000000000000/app.css", "/static/app.css", w.assets.base + "../web.go", w.assets.base, w.assets.base + ".gitkeep"} {
		if out := s.send("", http.MethodGet, wrong, "", nil); out.Code != http.StatusNotFound {
			t.Errorf("%s: HTTP %d", wrong, out.Code)
		}
	}
}

// Strangers are sent to the sign-in page and back.
func TestStrangersSignIn(t *testing.T) {
	w := newWeb(t)
	s := &site{World: &flowtest.World{T: t}, engine: gin.New()}
	w.Mount(s.engine)
	for _, path := range []string{"/", "/van-ban-di", "/van-ban-den", "/van-ban-di/moi", "/van-ban-den/giay", "/van-ban-di/noi-nhan?tim=a"} {
		if out := s.send("", http.MethodGet, path, "", nil); out.Code != http.StatusSeeOther || !strings.HasPrefix(out.Header().Get("Location"), "/dang-nhap?tiep=") {
			t.Errorf("%s: HTTP %d", path, out.Code)
		}
	}
}
