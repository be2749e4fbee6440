package web

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"congvan/internal/authz"
	"congvan/internal/calendar"
	"congvan/internal/query"
)

// homeView is what waits for the reader.
type homeView struct {
	Today   calendar.Date
	Mine    []query.Box // boxes that wait for the reader's own act
	Other   []query.Box
	Waiting []query.Row
	CanAct  bool // has any box of work at all
	homeActs
}

// homeActs are what the reader may begin.
type homeActs struct{ CanDraft, CanPaper bool }

func (w *Web) home(c *gin.Context) {
	me := w.me(c)
	h, err := w.Views.Home(c.Request.Context(), me)
	if err != nil {
		w.fail(c, err)
		return
	}
	v := homeView{Today: calendar.DateOf(w.Clock()), Waiting: h.Waiting, homeActs: actsOf(me)}
	for _, b := range h.Boxes {
		if b.Act {
			v.Mine = append(v.Mine, b)
		} else {
			v.Other = append(v.Other, b)
		}
	}
	v.CanAct = len(v.Mine) > 0
	w.render(c, http.StatusOK, "home", "home.title", v, nil)
}

func actsOf(s authz.Subject) homeActs {
	return homeActs{CanDraft: authz.MayDraft(s).Act, CanPaper: authz.MayRegisterPaper(s).Act}
}

// listView is one box of documents.
type listView struct {
	Kind  authz.Kind
	Path  string
	Box   string
	Text  string
	Boxes []query.Box
	Page  query.Page
	First string // address of the beginning, on a later page
	Next  string // address of what follows
	homeActs
}

const pageRows = 30

func (w *Web) list(kind authz.Kind) gin.HandlerFunc {
	path := "/van-ban-di"
	if kind == authz.Incoming {
		path = "/van-ban-den"
	}
	return func(c *gin.Context) {
		ctx, me := c.Request.Context(), w.me(c)
		if kind == authz.Outgoing && c.Query("hop") == "failed" { // shown by delivery, not by document
			c.Redirect(http.StatusSeeOther, "/gui-khong-thanh-cong")
			return
		}
		v := listView{Kind: kind, Path: path, Box: c.Query("hop"), Text: searched(c.Query("tim")), homeActs: actsOf(me)}
		var err error
		if v.Page, err = w.Views.List(ctx, me, kind, v.Box, v.Text, cursor(c), pageRows); err != nil {
			w.fail(c, err)
			return
		}
		h, err := w.Views.Home(ctx, me)
		if err != nil {
			w.fail(c, err)
			return
		}
		for _, b := range h.Boxes {
			if b.Kind == kind {
				v.Boxes = append(v.Boxes, b)
			}
		}
		q := c.Request.URL.Query()
		if q.Has("sau") {
			q.Del("sau")
			v.First = path + "?" + q.Encode()
		}
		if n := v.Page.Next; n.ID != "" {
			q.Set("sau", strconv.FormatInt(n.Sort.UnixMicro(), 10)+"."+n.ID)
			v.Next = path + "?" + q.Encode()
		}
		w.render(c, http.StatusOK, "list", "list."+string(kind), v, nil)
	}
}

// searched is what to search for: what people type in one line.
func searched(s string) string {
	if r := []rune(s); len(r) > 200 {
		return string(r[:200])
	}
	return s
}

// cursor reads where a page begins; anything unreadable is the start.
func cursor(c *gin.Context) query.Cursor {
	at, id, _ := strings.Cut(c.Query("sau"), ".")
	us, err := strconv.ParseInt(at, 10, 64)
	if err != nil || len(id) > 100 {
		return query.Cursor{}
	}
	return query.Cursor{Sort: time.UnixMicro(us).UTC(), ID: id}
}
