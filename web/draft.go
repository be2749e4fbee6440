package web

import (
	"bytes"
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
	"congvan/internal/org"
	"congvan/internal/query"
	"congvan/internal/register"
)

// draftView is the form of an outgoing document. Until the secrecy is chosen it is that
// one question alone (RULE-13): nothing else may be asked before.
type draftView struct {
	Action   string // where the form goes
	Cancel   string
	Asking   bool // the secrecy
	Secrecy  string
	Reply    *query.IncomingPage // the document answered
	Affects  []query.Row         // the documents it recalls or replaces
	Forward  *query.IncomingPage // the document handed on
	Edit     *query.OutgoingPage // the draft changed; nil for a new one
	Types    []register.DocumentType
	Signers  []query.Member
	Chosen   []agencyChoice
	Found    []agencyChoice
	Searched bool
	Uploads  map[string][]flow.Upload
	Form     url.Values
}

// agencyChoice is an agency in the list of recipients.
type agencyChoice struct {
	Code, Name string
	Closed     bool
}

const foundMax = 12

// secrecy reads the grade that every form carries in its address, so that it is known
// before a byte of the body is read.
func secrecy(c *gin.Context) (document.Secrecy, error) {
	n, err := strconv.Atoi(c.Query("mat"))
	if err != nil {
		return 0, fault.New(fault.Invalid, "secrecy_required").Field("secrecy")
	}
	return document.Secrecy(n), document.GuardSecrecy(document.Secrecy(n))
}

func (w *Web) draftPage(c *gin.Context) {
	if err := authz.MayDraft(w.me(c)).Err(); err != nil {
		w.fail(c, err)
		return
	}
	form := url.Values{"reply_to": {c.Query("tra-loi")}, "forwards": {c.Query("chuyen")}, "type_code": {register.CongVan}}
	if kind, target := effectQuery(c); target != "" {
		form.Set("effect_kind", string(kind))
		form.Set("effect_target", target)
	}
	if c.Query("chuyen") != "" {
		form.Set("type_code", document.TransferNote)
	}
	v := draftView{Action: "/van-ban-di/moi", Cancel: "/van-ban-di", Secrecy: c.Query("mat"), Form: form}
	if _, err := secrecy(c); err != nil {
		v.Asking = true
		if v.Secrecy == "" {
			err = nil
		}
		w.drawDraft(c, v, err)
		return
	}
	w.drawDraft(c, v, nil)
}

func (w *Web) draft(c *gin.Context) {
	v := draftView{Action: "/van-ban-di/moi", Cancel: "/van-ban-di", Secrecy: c.Query("mat")}
	grade, err := secrecy(c)
	if err != nil {
		v.Asking, v.Form = true, url.Values{}
		w.drawDraft(c, v, err)
		return
	}
	v.Form, err = w.readForm(c)
	if err != nil || v.Form.Get("do") == "search" {
		w.drawDraft(c, v, err)
		return
	}
	in, err := draftInput(v.Form, grade)
	if err != nil {
		w.drawDraft(c, v, err)
		return
	}
	d, err := w.Flow.Draft(c.Request.Context(), w.me(c), in)
	if err != nil {
		w.drawDraft(c, v, err)
		return
	}
	w.done(c, "/van-ban-di/"+d.ID, "done.draft")
}

func (w *Web) revisePage(c *gin.Context) {
	p, ok := w.editable(c)
	if !ok {
		return
	}
	w.drawDraft(c, reviseView(p, formOf(&p.Document)), nil)
}

func (w *Web) revise(c *gin.Context) {
	p, ok := w.editable(c)
	if !ok {
		return
	}
	v := reviseView(p, url.Values{})
	grade, err := secrecy(c)
	if err != nil {
		w.drawDraft(c, v, err)
		return
	}
	v.Form, err = w.readForm(c)
	if err != nil || v.Form.Get("do") == "search" {
		w.drawDraft(c, v, err)
		return
	}
	in, err := draftInput(v.Form, grade)
	if err != nil {
		w.drawDraft(c, v, err)
		return
	}
	if len(in.Files) == 0 && in.SignerID == p.Document.SignerID { // same page, same places
		in.Layout = &p.Document.Layout
	}
	if _, err := w.Flow.Revise(c.Request.Context(), w.me(c), p.Document.ID, in); err != nil {
		w.drawDraft(c, v, err)
		return
	}
	w.done(c, "/van-ban-di/"+p.Document.ID, "done.revise")
}

func reviseView(p query.OutgoingPage, form url.Values) draftView {
	at := "/van-ban-di/" + p.Document.ID
	return draftView{Action: at + "/sua", Cancel: at, Secrecy: "0", Edit: &p, Form: form}
}

// editable reads a draft that the reader may change; otherwise it has answered.
func (w *Web) editable(c *gin.Context) (query.OutgoingPage, bool) {
	p, err := w.Views.Outgoing(c.Request.Context(), w.me(c), c.Param("id"))
	if err == nil && !hasAct(p.Acts, "REVISE") {
		err = authz.Can(w.me(c), "REVISE", flow.OutgoingResource(&p.Document)).Err()
		if err == nil {
			err = fault.New(fault.Conflict, "action_not_now").With("state", p.Document.State).With("action", "REVISE")
		}
	}
	if err != nil {
		w.fail(c, err)
		return p, false
	}
	return p, true
}

// drawDraft draws the form with what it needs to choose from.
func (w *Web) drawDraft(c *gin.Context, v draftView, problem error) {
	title := "draft.title"
	if v.Edit != nil {
		title = "draft.edit"
	}
	if !v.Asking {
		if err := w.choices(c, &v); err != nil {
			w.fail(c, err)
			return
		}
	}
	status := http.StatusOK
	if problem != nil {
		status = statusOf(problem)
	}
	w.render(c, status, "draft", title, v, problem)
}

func (w *Web) choices(c *gin.Context, v *draftView) error {
	ctx := c.Request.Context()
	var err error
	if v.Signers, err = w.staff(c, func(m query.Member) bool { return slices.Contains(m.Roles, org.RoleLeader) }); err != nil {
		return err
	}
	if v.Uploads, err = w.kept(c, v.Form); err != nil {
		return err
	}
	if id := v.Form.Get("forwards"); id != "" {
		p, err := w.Views.Incoming(ctx, w.me(c), id)
		switch {
		case err == nil:
			v.Forward = &p
			if c.Request.Method == http.MethodGet && v.Edit == nil {
				w.prefillForward(v)
			}
		case v.Edit == nil || fault.KindOf(err) != fault.NotFound:
			return err
		}
	}
	if id := v.Form.Get("reply_to"); id != "" {
		p, err := w.Views.Incoming(ctx, w.me(c), id)
		switch {
		case err == nil:
			v.Reply = &p
			if c.Request.Method == http.MethodGet && v.Edit == nil {
				w.prefill(v)
			}
		case v.Edit == nil || fault.KindOf(err) != fault.NotFound:
			return err
		}
	}
	if err := w.affected(c, v); err != nil {
		return err
	}
	if v.Form.Get("signer_id") == "" && len(v.Signers) == 1 && c.Request.Method == http.MethodGet {
		v.Form.Set("signer_id", v.Signers[0].PositionID)
	}
	v.Types = register.Types()
	if v.Chosen, err = w.chosen(c, v.Form["recipients"]); err != nil {
		return err
	}
	if text := strings.TrimSpace(v.Form.Get("recipient_search")); text != "" {
		v.Searched = true
		v.Found, err = w.found(c, text, v.Form["recipients"])
	}
	return err
}

// prefill proposes what an answer usually says.
func (w *Web) prefill(v *draftView) {
	in := &v.Reply.Document
	v.Form.Set("subject", w.word("vi", "draft.reply_subject",
		"code", in.CodeNumber+"/"+in.CodeNotation, "date", shownDate(in.IssuedDate), "from", in.From.OrganName))
	v.Form.Set("recipients", in.From.OrganID)
	v.Form.Set("urgency", strconv.Itoa(int(in.Urgency)))
}

// prefillForward proposes what a transfer note usually says.
func (w *Web) prefillForward(v *draftView) {
	in := &v.Forward.Document
	subject := []rune(w.word("vi", "draft.forward_subject", "code", in.CodeNumber+"/"+in.CodeNotation,
		"date", shownDate(in.IssuedDate), "from", in.From.OrganName, "subject", in.Subject))
	v.Form.Set("subject", string(subject[:min(len(subject), document.MaxSubject)]))
	v.Form.Set("urgency", strconv.Itoa(int(in.Urgency)))
}

// chosen names the recipients already picked.
func (w *Web) chosen(c *gin.Context, codes []string) ([]agencyChoice, error) {
	var out []agencyChoice
	now := w.Clock()
	err := w.Views.Store.Read(c.Request.Context(), func(tx flow.ReadTx) error {
		out = nil
		for _, code := range codes {
			if code == "" || slices.ContainsFunc(out, func(a agencyChoice) bool { return a.Code == code }) {
				continue
			}
			a, err := tx.AgencyByOrganID(code)
			if err != nil && fault.KindOf(err) != fault.NotFound {
				return err
			}
			x := agencyChoice{Code: code, Name: code}
			if err == nil {
				x.Name, x.Closed = a.Name, !a.Open(now)
			}
			out = append(out, x)
		}
		return nil
	})
	return out, err
}

// found searches agencies to send to, without those already picked.
func (w *Web) found(c *gin.Context, text string, picked []string) ([]agencyChoice, error) {
	all, err := w.Views.Store.Agencies(c.Request.Context(), searched(text), "", foundMax)
	if err != nil {
		return nil, err
	}
	now, own := w.Clock(), w.me(c).AgencyID
	var out []agencyChoice
	for _, a := range all {
		code := a.CodeAt(now)
		if code != "" && a.ID != own && !slices.Contains(picked, code) {
			out = append(out, agencyChoice{Code: code, Name: a.Name, Closed: !a.Open(now)})
		}
	}
	return out, nil
}

// recipients is the part of the form that a script asks for while somebody types.
func (w *Web) recipients(c *gin.Context) {
	v := draftView{Searched: true}
	if text := strings.TrimSpace(c.Query("tim")); text != "" {
		var err error
		if v.Found, err = w.found(c, text, c.QueryArray("recipients")); err != nil {
			c.Status(statusOf(err))
			return
		}
	}
	w.fragment(c, "draft", "found", v)
}

// fragment draws a part of a page.
func (w *Web) fragment(c *gin.Context, page, part string, data any) {
	var b bytes.Buffer
	lang := w.Sessions.Language(c.Request.Context())
	if err := w.templates[lang][page].ExecuteTemplate(&b, part, data); err != nil {
		w.Log.Error("page", "page", page, "part", part, "error", err)
		c.Status(http.StatusInternalServerError)
		return
	}
	c.Data(http.StatusOK, "text/html; charset=utf-8", b.Bytes())
}

func draftInput(form url.Values, grade document.Secrecy) (flow.DraftInput, error) {
	in := flow.DraftInput{
		Secrecy: grade, SignerID: form.Get("signer_id"), Recipients: slices.DeleteFunc(slices.Clone(form["recipients"]), isEmpty),
		Files: filesOf(form), ReplyTo: form.Get("reply_to"), Forwards: form.Get("forwards"), Effect: effectOf(form),
	}
	err := metadata(form, &in.Metadata)
	return in, err
}

func isEmpty(s string) bool { return s == "" }

// metadata reads the fields that every document has.
func metadata(form url.Values, m *document.Metadata) error {
	m.TypeCode, m.Subject, m.Description = form.Get("type_code"), form.Get("subject"), form.Get("description")
	m.FieldCode, m.ToPlaces = strings.TrimSpace(form.Get("field_code")), lines(form.Get("to_places"))
	m.Language = "vi"
	urgency, err := number(form, "urgency")
	if err != nil {
		return err
	}
	m.Urgency = document.Urgency(urgency)
	if m.PageAmount, err = number(form, "page_amount"); err != nil {
		return err
	}
	if m.DueDate, err = readDate(form.Get("due_date")); err != nil {
		return fault.From(err).Field("due_date")
	}
	return nil
}

// number reads a whole number; an empty field is 0.
func number(form url.Values, field string) (int, error) {
	s := strings.TrimSpace(form.Get(field))
	if s == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0, fault.New(fault.Invalid, "number_out_of_range").Field(field).With("max", 99999)
	}
	return n, nil
}

// formOf is a draft as its form shows it.
func formOf(d *document.Outgoing) url.Values {
	f := url.Values{
		"type_code": {d.TypeCode}, "subject": {d.Subject}, "urgency": {strconv.Itoa(int(d.Urgency))}, "signer_id": {d.SignerID},
		"field_code": {d.FieldCode}, "description": {d.Description}, "due_date": {shownDate(d.DueDate)}, "reply_to": {d.ReplyTo}, "forwards": {d.Forwards},
		"to_places": {strings.Join(d.ToPlaces, "\n")}, "effect_kind": {string(d.Effect.Kind)}, "effect_target": d.Effect.Targets,
		"effect_reason": {d.Effect.Reason},
	}
	if d.PageAmount > 0 {
		f.Set("page_amount", strconv.Itoa(d.PageAmount))
	}
	for _, r := range d.Recipients {
		f.Add("recipients", r.OrganID)
	}
	return f
}
