package web

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"congvan/internal/authz"
	"congvan/internal/calendar"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/flow"
	"congvan/internal/query"
	"congvan/internal/register"
	"congvan/internal/workflow"
)

// outgoingView is the page of an outgoing document: its PDF beside what can be done.
type outgoingView struct {
	query.OutgoingPage
	Viewer    viewerView
	Denied    []denied
	Steps     []step
	Today     calendar.Date // of numbering, unless said otherwise
	Places    []placeRow
	Unplaced  bool                          // a place is still missing
	Missing   []string                      // fields to fill before submitting
	CanFollow bool                          // may draft a document that recalls or replaces this one
	Asked     map[string][]query.ChangeView // by delivery
	Unheard   map[string]bool               // deliveries without an answer beyond the day
	Checking  bool                          // a signature's report is still to come
}

// viewerView is what the PDF viewer shows: one of the document's files.
type viewerView struct {
	Kind  authz.Kind
	ID    string // of the document
	Shown *query.FileView
	Files []query.FileView
	Main  bool // the main file is shown: what the leader signs
}

// placeRow is a line of the form for the places on the page.
type placeRow struct {
	Name  string
	At    document.Place
	Found bool
}

func (w *Web) outgoing(c *gin.Context) { w.drawOutgoing(c, nil) }

// drawOutgoing draws the page, after an act that failed with the reason.
func (w *Web) drawOutgoing(c *gin.Context, problem error) {
	me := w.me(c)
	p, err := w.Views.Outgoing(c.Request.Context(), me, c.Param("id"))
	if err != nil {
		w.fail(c, err)
		return
	}
	d := &p.Document
	v := outgoingView{
		OutgoingPage: p, Viewer: viewer(c, authz.Outgoing, d.ID, p.Files), Steps: outgoingSteps(d.State),
		Denied: deniedActs(me, workflow.Outgoing, flow.OutgoingResource(d)), Today: register.DefaultIssueDate(w.Clock()),
	}
	v.CanFollow = d.State == workflow.Issued && authz.MayDraft(me).Act
	v.Asked, v.Unheard = map[string][]query.ChangeView{}, map[string]bool{}
	for _, x := range p.Changes {
		v.Asked[x.DeliveryID] = append(v.Asked[x.DeliveryID], x)
	}
	for _, id := range p.Unheard {
		v.Unheard[id] = true
	}
	if main := document.MainFile(d.Files); main != nil {
		v.Checking = d.SignedAt != nil && slices.ContainsFunc(p.Files, func(f query.FileView) bool { return f.ID == main.ID && f.Report == nil })
	}
	if hasAct(p.Acts, "SUBMIT") {
		v.Missing = missing(d)
	}
	if !slices.ContainsFunc(p.Deliveries, func(x document.Delivery) bool { return x.State == workflow.Failed }) {
		v.Acts = slices.DeleteFunc(v.Acts, func(a workflow.Action) bool { return a == workflow.Resend })
		v.Denied = slices.DeleteFunc(v.Denied, func(x denied) bool { return x.Act == workflow.Resend })
	}
	if !d.Level.Waiting() {
		v.Denied = slices.DeleteFunc(v.Denied, func(x denied) bool { return x.Act == workflow.RetryLevel })
	}
	if main := document.MainFile(d.Files); main != nil && hasAct(p.Acts, "REVISE") {
		v.Places, v.Unplaced = placeRows(d.Layout, c.Request.PostForm, max(1, main.Version.Pages)), len(d.Layout.Complete()) > 0
	}
	status := http.StatusOK
	if problem != nil {
		status = statusOf(problem)
	}
	w.render(c, status, "outgoing", "outgoing.title", v, problem)
}

// missing are the fields that a draft must have before it is submitted.
func missing(d *document.Outgoing) (fields []string) {
	for field, there := range map[string]bool{
		"files": document.MainFile(d.Files) != nil, "signer_id": d.SignerID != "", "recipients": len(d.Recipients) > 0,
	} {
		if !there {
			fields = append(fields, field)
		}
	}
	slices.Sort(fields)
	return fields
}

// viewer picks the file to show: the one asked for, else the main one, else the first PDF.
func viewer(c *gin.Context, kind authz.Kind, id string, files []query.FileView) viewerView {
	v := viewerView{Kind: kind, ID: id, Files: files}
	asked := c.Query("tep")
	for i := range files {
		f := &files[i]
		if f.MediaType != "application/pdf" {
			continue
		}
		better := v.Shown == nil || f.ID == asked || f.Role == document.Main && v.Shown.ID != asked
		if better {
			v.Shown = f
		}
	}
	v.Main = v.Shown != nil && v.Shown.Role == document.Main
	return v
}

// placeRows are the places as found or given, else as NĐ 30/2020 proposes them, else as
// just typed.
func placeRows(l document.Layout, form url.Values, pages int) []placeRow {
	proposal := flow.Proposal(pages)
	var out []placeRow
	for _, x := range []struct {
		name        string
		have, offer *document.Place
	}{
		{"number", l.Number, proposal.Number},
		{"day", l.Day, proposal.Day},
		{"month", l.Month, proposal.Month},
		{"leader", l.Leader, proposal.Leader},
		{"agency", l.Agency, proposal.Agency},
	} {
		row := placeRow{Name: x.name, Found: x.have != nil}
		if row.At = *x.offer; row.Found {
			row.At = *x.have
		}
		if p, err := readPlace(form, x.name); err == nil && p != nil {
			row.At = *p
		}
		out = append(out, row)
	}
	return out
}

func (w *Web) actOutgoing(c *gin.Context) {
	form, err := w.readForm(c)
	if err == nil {
		var d document.Outgoing
		if d, err = w.doOutgoing(c, c.Param("id"), form); err == nil {
			w.done(c, "/van-ban-di/"+d.ID, "done."+c.Param("act"), "code", code(d.Number, d.Notation), "date", shownDate(d.IssuedDate))
			return
		}
	}
	w.drawOutgoing(c, err)
}

// doOutgoing is the act that the address names, with what its form holds.
func (w *Web) doOutgoing(c *gin.Context, id string, form url.Values) (document.Outgoing, error) {
	ctx, me := c.Request.Context(), w.me(c)
	switch c.Param("act") {
	case "submit":
		return w.Flow.Submit(ctx, me, id)
	case "withdraw":
		return w.Flow.Withdraw(ctx, me, id)
	case "cancel":
		return w.Flow.Cancel(ctx, me, id)
	case "approve-content":
		return w.Flow.ApproveContent(ctx, me, id, form.Get("manifest"))
	case "approve-format":
		return w.Flow.ApproveFormat(ctx, me, id, form.Get("manifest"))
	case "return":
		return w.Flow.Return(ctx, me, id, form.Get("reason"))
	case "sign":
		pin := []byte(form.Get("pin"))
		form.Del("pin")
		defer clear(pin)
		return w.Flow.Sign(ctx, me, id, flow.SignInput{Viewed: form.Get("viewed_sha256"), PIN: pin})
	case "number":
		date, err := readDate(form.Get("issued_date"))
		if err != nil {
			return document.Outgoing{}, fault.From(err).Field("issued_date")
		}
		return w.Flow.Number(ctx, me, id, flow.NumberInput{IssuedDate: date, Reason: form.Get("reason")})
	case "seal":
		return w.Flow.Seal(ctx, me, id)
	case "issue":
		return w.Flow.Issue(ctx, me, id)
	case "void":
		return w.Flow.Void(ctx, me, id, form.Get("reason"))
	case "retry-level":
		return w.Flow.RetryLevel(ctx, me, id)
	case "recall":
		return w.Flow.Recall(ctx, me, id, recallInput(form))
	case "update":
		in, err := updateInput(form)
		if err != nil {
			return document.Outgoing{}, err
		}
		return w.Flow.Update(ctx, me, id, in)
	case "places":
		return w.setPlaces(ctx, me, id, form)
	}
	return document.Outgoing{}, fault.Missing()
}

// setPlaces keeps the draft as it is and takes the places the drafter gives.
func (w *Web) setPlaces(ctx context.Context, me authz.Subject, id string, form url.Values) (document.Outgoing, error) {
	p, err := w.Views.Outgoing(ctx, me, id)
	if err != nil {
		return p.Document, err
	}
	d := &p.Document
	l := d.Layout
	for _, x := range []struct {
		name string
		at   **document.Place
	}{{"number", &l.Number}, {"day", &l.Day}, {"month", &l.Month}, {"leader", &l.Leader}, {"agency", &l.Agency}} {
		given, err := readPlace(form, x.name)
		if err != nil {
			return *d, err
		}
		if given != nil {
			*x.at = given
		}
	}
	in := flow.DraftInput{Metadata: d.Metadata, SignerID: d.SignerID, ReplyTo: d.ReplyTo, Effect: d.Effect, Layout: &l}
	for _, r := range d.Recipients {
		in.Recipients = append(in.Recipients, r.OrganID)
	}
	return w.Flow.Revise(ctx, me, id, in)
}

// readPlace reads one place in mm; nil when it was not given.
func readPlace(form url.Values, name string) (*document.Place, error) {
	if !form.Has("layout." + name + ".page") {
		return nil, nil
	}
	field := func(part string) (float64, error) {
		s := strings.Replace(strings.TrimSpace(form.Get("layout."+name+"."+part)), ",", ".", 1)
		v, err := strconv.ParseFloat(s, 64)
		if err != nil || v < -1000 || v > 10000 {
			return 0, fault.New(fault.Invalid, "number_out_of_range").Field("layout."+name).With("max", 10000)
		}
		return v, nil
	}
	var v [5]float64
	for i, part := range []string{"page", "x", "y", "w", "h"} {
		var err error
		if v[i], err = field(part); err != nil {
			return nil, err
		}
	}
	return &document.Place{Page: int(v[0]), X: v[1], Y: v[2], W: v[3], H: v[4]}, nil
}
