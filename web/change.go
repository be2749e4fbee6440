package web

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"congvan/internal/authz"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/flow"
	"congvan/internal/query"
	"congvan/internal/register"
)

// quarantineView is the page of the messages set aside (cách ly).
type quarantineView struct {
	Page    query.MessagePage
	Settled bool
	Next    string // address of what follows
}

func (w *Web) quarantine(c *gin.Context) { w.drawQuarantine(c, nil) }

func (w *Web) drawQuarantine(c *gin.Context, problem error) {
	v := quarantineView{Settled: c.Query("xong") != ""}
	var err error
	if v.Page, err = w.Views.Messages(c.Request.Context(), w.me(c), v.Settled, cursor(c), pageRows); err != nil {
		w.fail(c, err)
		return
	}
	if n := v.Page.Next; n.ID != "" {
		q := url.Values{"sau": {strconv.FormatInt(n.Sort.UnixMicro(), 10) + "." + n.ID}}
		if v.Settled {
			q.Set("xong", "1")
		}
		v.Next = "/cach-ly?" + q.Encode()
	}
	status := http.StatusOK
	if problem != nil {
		status = statusOf(problem)
	}
	w.render(c, status, "quarantine", "quarantine.title", v, problem)
}

// actMessage settles a message set aside.
func (w *Web) actMessage(c *gin.Context) {
	form, err := w.readForm(c)
	var q flow.Quarantined
	if err == nil {
		ctx, me, id := c.Request.Context(), w.me(c), c.Param("id")
		switch c.Param("act") {
		case "take-new":
			q, err = w.Flow.TakeNew(ctx, me, id)
		case "take-update":
			q, err = w.Flow.TakeUpdate(ctx, me, id)
		case "send-back":
			q, err = w.Flow.SendBack(ctx, me, id, form.Get("reason"))
		case "put-aside":
			q, err = w.Flow.PutAside(ctx, me, id, form.Get("note"))
		case "read-again":
			q, err = w.Flow.ReadAgain(ctx, me, id)
		default:
			err = fault.Missing()
		}
	}
	switch {
	case err != nil && fault.KindOf(err) == fault.NotFound:
		w.fail(c, err)
	case err != nil:
		w.drawQuarantine(c, err)
	case q.IncomingID != "":
		w.done(c, "/van-ban-den/"+q.IncomingID, "done."+c.Param("act"))
	default:
		w.done(c, "/cach-ly", "done."+c.Param("act"))
	}
}

// actChange answers a recall or an update.
func (w *Web) actChange(c *gin.Context) {
	form, err := w.readForm(c)
	var d document.Incoming
	if err == nil {
		ctx, me, id := c.Request.Context(), w.me(c), c.Param("id")
		switch c.Param("act") {
		case "agree":
			d, err = w.Flow.Agree(ctx, me, id, form.Get("note"))
		case "decline":
			d, err = w.Flow.Decline(ctx, me, id, flow.DeclineInput{Reason: form.Get("reason"), Confirmed: form.Get("confirmed") != ""})
		default:
			err = fault.Missing()
		}
	}
	if err == nil {
		w.done(c, "/van-ban-den/"+d.ID, "done."+c.Param("act"))
		return
	}
	// The page of the document, with what went wrong; the change names it.
	incoming := ""
	_ = w.Views.Store.Read(c.Request.Context(), func(tx flow.ReadTx) error {
		x, err := tx.Change(c.Param("id"))
		incoming = x.IncomingID
		return err
	})
	if incoming == "" || fault.KindOf(err) == fault.NotFound {
		w.fail(c, err)
		return
	}
	w.drawIncomingOf(c, incoming, c.Param("id"), err)
}

// backToChange leads from the address of an answer, which somebody loads again, to the list.
func (w *Web) backToChange(c *gin.Context) { c.Redirect(http.StatusSeeOther, "/van-ban-den?hop=asked") }

// recallInput and updateInput read the forms on an issued document.
func recallInput(form url.Values) flow.RecallInput {
	return flow.RecallInput{Reason: form.Get("reason"), Recipients: slices.DeleteFunc(slices.Clone(form["recipients"]), isEmpty)}
}

func updateInput(form url.Values) (flow.UpdateInput, error) {
	subject := form.Get("subject")
	in := flow.UpdateInput{
		Reason: form.Get("reason"), Subject: &subject, Remove: slices.DeleteFunc(slices.Clone(form["remove"]), isEmpty),
		Add: strings.FieldsFunc(form.Get("add"), func(r rune) bool { return r == ' ' || r == ',' || r == ';' || r == '\n' }),
	}
	due, err := readDate(form.Get("due_date"))
	if err != nil {
		return in, fault.From(err).Field("due_date")
	}
	in.DueDate = &due
	return in, nil
}

// effectQuery is the address's word for what a new document does to an earlier one.
func effectQuery(c *gin.Context) (kind document.ChangeKind, target string) {
	if id := c.Query("thay-the"); id != "" {
		return document.Replace, id
	}
	if id := c.Query("thu-hoi"); id != "" {
		return document.Recall, id
	}
	return "", ""
}

// effectOf reads the effect that a draft's form carries along.
func effectOf(form url.Values) document.Effect {
	e := document.Effect{Kind: document.ChangeKind(form.Get("effect_kind")), Reason: form.Get("effect_reason")}
	e.Targets = slices.DeleteFunc(slices.Clone(form["effect_target"]), isEmpty)
	if len(e.Targets) == 0 {
		return document.Effect{}
	}
	return e
}

// affected reads the documents that a draft recalls or replaces, and for a new one proposes
// what it usually says.
func (w *Web) affected(c *gin.Context, v *draftView) error {
	v.Affects = nil
	for _, id := range v.Form["effect_target"] {
		if id == "" {
			continue
		}
		p, err := w.Views.Outgoing(c.Request.Context(), w.me(c), id)
		if err != nil {
			return err
		}
		d := &p.Document
		code := register.FullCode(d.Number, d.Notation)
		v.Affects = append(v.Affects, query.Row{Kind: authz.Outgoing, ID: d.ID, State: d.State, Subject: d.Subject, Code: code, IssuedDate: d.IssuedDate})
		if v.Edit != nil || c.Request.Method != http.MethodGet {
			continue
		}
		if v.Form.Get("effect_kind") == string(document.Recall) {
			v.Form.Set("subject", w.word("vi", "change.notice_subject", "code", code, "date", shownDate(d.IssuedDate)))
		} else {
			v.Form.Set("type_code", d.TypeCode)
			v.Form.Set("subject", d.Subject)
			v.Form.Set("due_date", shownDate(d.DueDate))
		}
		for _, r := range d.Recipients {
			v.Form.Add("recipients", r.OrganID)
		}
	}
	return nil
}
