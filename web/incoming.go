package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"congvan/internal/authz"
	"congvan/internal/calendar"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/flow"
	"congvan/internal/org"
	"congvan/internal/query"
	"congvan/internal/workflow"
)

// incomingView is the page of a received document.
type incomingView struct {
	query.IncomingPage
	Viewer  viewerView
	Denied  []denied
	Steps   []step
	Mine    *query.AssignmentView // the assignment by which the reader works on it
	Leaders []query.Member        // to present it to
	Staff   []query.Member        // to give it to
	Days    []calendar.Date       // deadlines to propose
	TriedID string                // the change that an answer failed on
}

func (w *Web) incoming(c *gin.Context) { w.drawIncoming(c, nil) }

func (w *Web) drawIncoming(c *gin.Context, problem error) {
	w.drawIncomingOf(c, c.Param("id"), "", problem)
}

// drawIncomingOf draws the page of a received document, after an answer to one of its
// changes too.
func (w *Web) drawIncomingOf(c *gin.Context, id, changeID string, problem error) {
	me := w.me(c)
	p, err := w.Views.Incoming(c.Request.Context(), me, id)
	if err != nil {
		w.fail(c, err)
		return
	}
	for _, l := range p.Timeline {
		if l.Detail["from"] == p.Document.From.OrganID && l.Detail["from"] != "" {
			l.Detail["from"] = p.Document.From.OrganName
		}
	}
	as := make([]document.Assignment, len(p.Assignments))
	for i, a := range p.Assignments {
		as[i] = a.Assignment
	}
	v := incomingView{
		IncomingPage: p, Viewer: viewer(c, authz.Incoming, p.Document.ID, p.Files), Steps: incomingSteps(p.Document.State),
		Denied: deniedActs(me, workflow.Incoming, flow.IncomingResource(&p.Document, as, nil)), Mine: mine(p.Assignments, me),
	}
	v.Acts = slices.DeleteFunc(v.Acts, func(a workflow.Action) bool { return !fits(a, v.Mine) })
	v.TriedID = changeID
	if err := w.directions(c, &v); err != nil {
		w.fail(c, err)
		return
	}
	status := http.StatusOK
	if problem != nil {
		status = statusOf(problem)
	}
	w.render(c, status, "incoming", "incoming.title", v, problem)
}

// mine is the reader's own open assignment, or as unit head one of the unit's.
func mine(as []query.AssignmentView, me authz.Subject) *query.AssignmentView {
	var unit *query.AssignmentView
	for i := range as {
		a := &as[i]
		switch {
		case a.State == workflow.Returned || a.State == workflow.Withdrawn:
		case a.PositionID == me.PositionID:
			return a
		case unit == nil && a.UnitID == me.UnitID && me.Has(org.RoleUnitHead):
			unit = a
		}
	}
	return unit
}

// fits tells whether an act that right and state admit makes sense for the reader's own
// assignment: what is begun is not begun again, and who only takes note does not answer.
func fits(a workflow.Action, mine *query.AssignmentView) bool {
	switch a {
	case workflow.Start:
		return mine != nil && mine.State == workflow.Pending
	case workflow.Reply:
		return mine != nil && mine.Role != document.Information
	case workflow.Complete:
		return mine != nil && mine.Role == document.Lead && (mine.State == workflow.Pending || mine.State == workflow.Accepted)
	}
	return true
}

// directions reads who can be given the document and until when.
func (w *Web) directions(c *gin.Context, v *incomingView) (err error) {
	me := w.me(c)
	if hasAct(v.Acts, "PRESENT") {
		if v.Leaders, err = w.staff(c, func(m query.Member) bool { return slices.Contains(m.Roles, org.RoleLeader) }); err != nil {
			return err
		}
	}
	if !hasAct(v.Acts, "ASSIGN") {
		return nil
	}
	v.Staff, err = w.staff(c, func(m query.Member) bool {
		given := slices.ContainsFunc(v.Assignments, func(a query.AssignmentView) bool {
			return a.PositionID == m.PositionID && a.State != workflow.Returned && a.State != workflow.Withdrawn
		})
		return m.PositionID != me.PositionID && !given && works(m.Roles)
	})
	if err != nil {
		return err
	}
	return w.Views.Store.Read(c.Request.Context(), func(tx flow.ReadTx) error {
		cal, err := tx.Calendar()
		if err != nil {
			return err
		}
		today := calendar.DateOf(w.Clock())
		v.Days = nil
		for _, n := range []int{1, 2, 3, 5, 7, 10, 15} {
			v.Days = append(v.Days, cal.AddWorkingDays(today, n))
		}
		return nil
	})
}

// works tells whether a position handles documents that a leader gives out.
func works(roles []org.Role) bool {
	return slices.ContainsFunc(roles, func(r org.Role) bool {
		return r == org.RoleOfficial || r == org.RoleUnitHead || r == org.RoleLeader || r == org.RoleFormatChecker
	})
}

func (w *Web) actIncoming(c *gin.Context) {
	form, err := w.readForm(c)
	if err == nil {
		var d document.Incoming
		if d, err = w.doIncoming(c, c.Param("id"), form); err == nil {
			w.done(c, "/van-ban-den/"+d.ID, "done."+c.Param("act"), "number", d.ArrivalNumber)
			return
		}
	}
	w.drawIncoming(c, err)
}

// doIncoming is the act that the address names, with what its form holds.
func (w *Web) doIncoming(c *gin.Context, id string, form url.Values) (document.Incoming, error) {
	ctx, me := c.Request.Context(), w.me(c)
	switch c.Param("act") {
	case "register":
		return w.Flow.Register(ctx, me, id, flow.RegisterInput{Confirmed: form.Get("confirmed") != ""})
	case "refuse":
		return w.Flow.Refuse(ctx, me, id, form.Get("reason"))
	case "present":
		return w.Flow.Present(ctx, me, id, form.Get("leader_id"))
	case "assign":
		in, err := assignInput(form)
		if err != nil {
			return document.Incoming{}, err
		}
		return w.Flow.Assign(ctx, me, id, in)
	case "start":
		return w.Flow.Start(ctx, me, id)
	case "complete":
		return w.Flow.Complete(ctx, me, id, form.Get("note"))
	}
	return document.Incoming{}, fault.Missing()
}

// assignInput reads a leader's direction: each person's role stands in a field named
// after the position; the common deadline holds where no other is given, and never for
// those who only take note.
func assignInput(form url.Values) (flow.AssignInput, error) {
	in := flow.AssignInput{Opinion: form.Get("opinion")}
	common, err := readDate(form.Get("deadline"))
	if err != nil {
		return in, fault.From(err).Field("deadline")
	}
	for _, position := range form["position"] {
		role := document.AssignmentRole(form.Get("role." + position))
		if role == "" {
			continue
		}
		to := document.AssignmentTo{PositionID: position, Role: role, Deadline: common}
		if own := strings.TrimSpace(form.Get("deadline." + position)); own != "" {
			if to.Deadline, err = readDate(own); err != nil {
				return in, fault.From(err).Field("to")
			}
		} else if role == document.Information {
			to.Deadline = calendar.Date{}
		}
		in.To = append(in.To, to)
	}
	return in, nil
}
