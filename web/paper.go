package web

import (
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"congvan/internal/authz"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/flow"
	"congvan/internal/register"
)

// paperView is the form by which a paper document enters the incoming book.
type paperView struct {
	Asking  bool // the secrecy
	Secrecy string
	Types   []register.DocumentType
	Uploads map[string][]flow.Upload
	Doubt   bool // the clerk is asked to confirm
	Form    url.Values
}

func (w *Web) paperPage(c *gin.Context) {
	if err := authz.MayRegisterPaper(w.me(c)).Err(); err != nil {
		w.fail(c, err)
		return
	}
	v := paperView{Secrecy: c.Query("mat"), Form: url.Values{"type_code": {register.CongVan}}}
	if _, err := secrecy(c); err != nil {
		v.Asking = true
		if v.Secrecy == "" {
			err = nil
		}
		w.drawPaper(c, v, err)
		return
	}
	w.drawPaper(c, v, nil)
}

func (w *Web) paper(c *gin.Context) {
	v := paperView{Secrecy: c.Query("mat")}
	grade, err := secrecy(c)
	if err != nil {
		v.Asking, v.Form = true, url.Values{}
		w.drawPaper(c, v, err)
		return
	}
	if v.Form, err = w.readForm(c); err != nil {
		w.drawPaper(c, v, err)
		return
	}
	in, err := paperInput(v.Form, grade)
	if err != nil {
		w.drawPaper(c, v, err)
		return
	}
	d, err := w.Flow.RegisterPaper(c.Request.Context(), w.me(c), in)
	if err != nil {
		v.Doubt = fault.Is(err, "duplicate_reference") || v.Form.Get("confirmed") != ""
		w.drawPaper(c, v, err)
		return
	}
	w.done(c, "/van-ban-den/"+d.ID, "done.register", "number", d.ArrivalNumber)
}

func (w *Web) drawPaper(c *gin.Context, v paperView, problem error) {
	if !v.Asking {
		var err error
		if v.Uploads, err = w.kept(c, v.Form); err != nil {
			w.fail(c, err)
			return
		}
		v.Types = register.Types()
	}
	status := http.StatusOK
	if problem != nil {
		status = statusOf(problem)
	}
	w.render(c, status, "paper", "paper.title", v, problem)
}

func paperInput(form url.Values, grade document.Secrecy) (flow.PaperInput, error) {
	in := flow.PaperInput{
		Secrecy:    grade,
		From:       document.Party{OrganName: form.Get("from.organ_name"), OrganID: form.Get("from.organ_id")},
		CodeNumber: form.Get("code_number"), CodeNotation: form.Get("code_notation"),
		SignerName: form.Get("signer_name"), SignerTitle: form.Get("signer_title"),
		Files: filesOf(form), Confirmed: form.Get("confirmed") != "",
	}
	if err := metadata(form, &in.Metadata); err != nil {
		return in, err
	}
	date, err := readDate(form.Get("issued_date"))
	if err != nil {
		return in, fault.From(err).Field("issued_date")
	}
	in.IssuedDate = date
	return in, nil
}
