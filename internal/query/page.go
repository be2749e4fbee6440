package query

import (
	"context"
	"slices"
	"time"

	"congvan/internal/authz"
	"congvan/internal/calendar"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/flow"
	"congvan/internal/workflow"
)

// OutgoingPage is all that the page of an outgoing document shows.
type OutgoingPage struct {
	Document   document.Outgoing   `json:"document"`
	Manifest   string              `json:"manifest"` // to be approved
	Agency     string              `json:"agency"`
	Unit       string              `json:"unit"`
	Drafter    Member              `json:"drafter"`
	Signer     Member              `json:"signer"`
	Files      []FileView          `json:"files"`
	Deliveries []document.Delivery `json:"deliveries"`
	Answers    []Row               `json:"answers"` // incoming documents that respond to this one
	ReplyTo    *Row                `json:"reply_to"`
	Changes    []ChangeView        `json:"changes"`   // asked of the recipients, oldest first
	Affects    []Row               `json:"affects"`   // earlier documents that this one recalls or replaces
	Unheard    []string            `json:"unheard"`   // deliveries without 02 or 03 beyond the day of receipt
	Acts       []workflow.Action   `json:"acts"`      // allowed to the reader now
	WaitsFor   string              `json:"waits_for"` // catalogue key of who acts next, "" at the end
	Timeline   []Line              `json:"timeline"`
}

// IncomingPage is all that the page of an incoming document shows.
type IncomingPage struct {
	Document    document.Incoming `json:"document"`
	Agency      string            `json:"agency"`
	Files       []FileView        `json:"files"`
	Assignments []AssignmentView  `json:"assignments"`
	Replies     []Row             `json:"replies"`  // our answers
	Changes     []ChangeView      `json:"changes"`  // asked by the sender, oldest first
	Affects     []Row             `json:"affects"`  // earlier documents that this one recalls or replaces
	Previous    *Row              `json:"previous"` // the earlier attempt under the same identifier
	Receipt     calendar.Receipt  `json:"receipt"`  // how urgent 02 or 03 is, while it is due
	ReceiptBy   *time.Time        `json:"receipt_by"`
	Answered    *Row              `json:"answered"` // our outgoing document that this one responds to
	Issuer      *Issuer           `json:"issuer"`   // of the document handed on, where the sender is not its issuer
	Acts        []workflow.Action `json:"acts"`
	WaitsFor    string            `json:"waits_for"`
	Timeline    []Line            `json:"timeline"`
}

// Issuer is who issued a document that another agency handed on.
type Issuer struct {
	Reference document.Reference `json:"reference"`
	Name      string             `json:"name"` // by the directory; the identifier where it knows none
}

// AssignmentView is an assignment with names.
type AssignmentView struct {
	document.Assignment
	Giver    Member `json:"giver"`
	Assignee Member `json:"assignee"`
	Overdue  bool   `json:"overdue"`
}

// Outgoing is the page of an outgoing document; NotFound without the right to read.
func (v *Views) Outgoing(ctx context.Context, s authz.Subject, id string) (OutgoingPage, error) {
	var p OutgoingPage
	err := v.Store.Read(ctx, func(tx flow.ReadTx) (err error) {
		if p.Document, err = tx.Outgoing(id); err != nil {
			return err
		}
		r := flow.OutgoingResource(&p.Document)
		if !authz.CanRead(s, r) {
			return fault.Missing()
		}
		p.Manifest, p.WaitsFor = p.Document.Manifest(), waitsFor(authz.Outgoing, r.State)
		if p.Acts, err = v.acts(tx, s, &p.Document); err != nil {
			return err
		}
		ag, err := tx.Agency(p.Document.AgencyID)
		if err != nil {
			return err
		}
		unit, err := tx.Unit(p.Document.UnitID)
		if err != nil {
			return err
		}
		p.Agency, p.Unit = ag.Name, unit.Name
		if p.Drafter, err = member(tx, p.Document.DrafterID); err != nil {
			return err
		}
		if p.Signer, err = member(tx, p.Document.SignerID); err != nil {
			return err
		}
		if p.Files, err = files(tx, p.Document.Files); err != nil {
			return err
		}
		if p.Deliveries, err = tx.Deliveries(id); err != nil {
			return err
		}
		cal, err := tx.Calendar()
		if err != nil {
			return err
		}
		p.Unheard = nil
		for i := range p.Deliveries {
			x := &p.Deliveries[i]
			inOrder(x.Events)
			if (x.State == workflow.Sent || x.State == workflow.Arrived) && x.UpdatedAt.Before(cal.LateBefore(v.Clock())) {
				p.Unheard = append(p.Unheard, x.ID)
			}
		}
		p.Changes, p.Affects, err = changesOf(tx, s, &p.Document)
		return err
	})
	if err != nil {
		return p, err
	}
	if p.Document.DocumentID != "" {
		if p.Answers, err = v.Store.Answers(ctx, p.Document.AgencyID, p.Document.DocumentID); err != nil {
			return p, err
		}
		if p.Answers, err = v.readable(ctx, s, p.Answers); err != nil {
			return p, err
		}
	}
	p.Timeline, err = v.timeline(ctx, authz.Outgoing, id)
	return p, err
}

// acts are what the reader may do now: by right, by state and by the level of the signatures.
func (v *Views) acts(tx flow.ReadTx, s authz.Subject, d *document.Outgoing) ([]workflow.Action, error) {
	acts := authz.Acts(s, flow.OutgoingResource(d))
	var w flow.Waiting
	if d.Level.Waiting() {
		var err error
		if w, err = tx.Waiting(); err != nil {
			return nil, err
		}
	}
	now := v.Clock()
	return slices.DeleteFunc(acts, func(a workflow.Action) bool { return d.Level.Admits(a, now, w.Outage, v.Grace) != nil }), nil
}

// inOrder puts events in the order in which they happened, by the clocks of those who
// report them; they may have come in another one. The axis tells whole seconds: within one
// the order of the road decides.
func inOrder(events []document.StatusEvent) {
	slices.SortStableFunc(events, func(a, b document.StatusEvent) int {
		if c := a.At.Truncate(time.Second).Compare(b.At.Truncate(time.Second)); c != 0 {
			return c
		}
		return workflow.CompareDelivery(a.State, b.State)
	})
}

// Incoming is the page of an incoming document; NotFound without the right to read.
func (v *Views) Incoming(ctx context.Context, s authz.Subject, id string) (IncomingPage, error) {
	var p IncomingPage
	now := v.Clock()
	err := v.Store.Read(ctx, func(tx flow.ReadTx) (err error) {
		if p.Document, err = tx.Incoming(id); err != nil {
			return err
		}
		as, err := tx.Assignments(id)
		if err != nil {
			return err
		}
		askers, err := flow.Askers(tx, &p.Document)
		if err != nil {
			return err
		}
		r := flow.IncomingResource(&p.Document, as, askers)
		if !authz.CanRead(s, r) {
			return fault.Missing()
		}
		p.Acts, p.WaitsFor = authz.Acts(s, r), waitsFor(authz.Incoming, r.State)
		ag, err := tx.Agency(p.Document.AgencyID)
		if err != nil {
			return err
		}
		p.Agency = ag.Name
		for _, a := range as {
			view := AssignmentView{Assignment: a}
			view.Overdue = !a.Deadline.IsZero() && (a.State == workflow.Pending || a.State == workflow.Accepted) && now.After(a.Deadline.End())
			if view.Giver, err = member(tx, a.GiverID); err != nil {
				return err
			}
			if view.Assignee, err = member(tx, a.PositionID); err != nil {
				return err
			}
			p.Assignments = append(p.Assignments, view)
		}
		if p.Files, err = files(tx, p.Document.Files); err != nil {
			return err
		}
		if p.Changes, p.Affects, err = changesOn(tx, s, &p.Document, r); err != nil {
			return err
		}
		if p.Previous, err = incomingLink(tx, s, p.Document.PreviousID); err != nil {
			return err
		}
		if r.State == workflow.Received && p.Document.Channel != document.Paper {
			cal, err := tx.Calendar()
			if err != nil {
				return err
			}
			by := cal.AcknowledgeBy(p.Document.ReceivedAt)
			p.Receipt, p.ReceiptBy = v.Watch.Receipt(cal, p.Document.ReceivedAt, now), &by
		}
		if p.Issuer, err = issuer(tx, &p.Document); err != nil {
			return err
		}
		p.Answered, err = answered(tx, s, p.Document.ResponseFor)
		return err
	})
	if err != nil {
		return p, err
	}
	if p.Replies, err = v.Store.Replies(ctx, id); err != nil {
		return p, err
	}
	if p.Replies, err = v.readable(ctx, s, p.Replies); err != nil {
		return p, err
	}
	p.Timeline, err = v.timeline(ctx, authz.Incoming, id)
	return p, err
}

// answered finds our own document that an incoming one responds to, if the reader may see it.
func answered(tx flow.ReadTx, s authz.Subject, refs []document.Reference) (*Row, error) {
	for _, ref := range refs {
		d, err := tx.OutgoingByDocumentID(ref.DocumentID)
		if fault.KindOf(err) == fault.NotFound && err != nil {
			continue
		}
		if err != nil {
			return nil, err
		}
		if authz.CanRead(s, flow.OutgoingResource(&d)) {
			return &Row{Kind: authz.Outgoing, ID: d.ID, State: d.State, Subject: d.Subject, Code: ref.Code, IssuedDate: d.IssuedDate, Sort: d.UpdatedAt}, nil
		}
	}
	return nil, nil
}

func member(tx flow.ReadTx, positionID string) (Member, error) {
	if positionID == "" {
		return Member{}, nil
	}
	p, err := tx.Position(positionID)
	if err != nil {
		return Member{}, err
	}
	person, err := tx.Person(p.PersonID)
	if err != nil {
		return Member{}, err
	}
	m := Member{PositionID: p.ID, FullName: person.FullName, Title: p.Title, UnitID: p.UnitID, Roles: p.Roles}
	if p.UnitID != "" {
		u, err := tx.Unit(p.UnitID)
		if err != nil {
			return m, err
		}
		m.UnitName = u.Name
	}
	return m, nil
}

// waitsFor names who acts next in a state, as a catalogue key.
func waitsFor(k authz.Kind, s workflow.State) string {
	if k == authz.Incoming {
		return map[workflow.State]string{
			workflow.Received: "who_clerk", workflow.Registered: "who_clerk", workflow.Presented: "who_leader",
			workflow.Directed: "who_assignee", workflow.InProgress: "who_lead",
		}[s]
	}
	return map[workflow.State]string{
		workflow.Draft: "who_drafter", workflow.InReview: "who_unit_head", workflow.ContentApproved: "who_format_checker",
		workflow.FormatApproved: "who_signer", workflow.Signed: "who_clerk", workflow.Numbered: "who_clerk", workflow.AgencySigned: "who_clerk",
	}[s]
}

// readable keeps the rows of documents that the reader may know of (A4).
func (v *Views) readable(ctx context.Context, s authz.Subject, rows []Row) ([]Row, error) {
	var out []Row
	err := v.Store.Read(ctx, func(tx flow.ReadTx) error {
		out = nil
		for _, r := range rows {
			_, err := readable(tx, s, r.Kind, r.ID)
			if err != nil && fault.KindOf(err) != fault.NotFound {
				return err
			}
			if err == nil {
				out = append(out, r)
			}
		}
		return nil
	})
	return out, err
}

// FileContent is a file that the reader may open: in its newest version or, with a blob, in
// the signed one of these bytes. A page that was drawn before a timestamp came shows what
// it said.
func (v *Views) FileContent(ctx context.Context, s authz.Subject, kind authz.Kind, id, fileID, blob string) (document.File, error) {
	var found document.File
	err := v.Store.Read(ctx, func(tx flow.ReadTx) error {
		fs, err := readable(tx, s, kind, id)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(fs, func(f document.File) bool { return f.ID == fileID })
		if i < 0 {
			return fault.Missing()
		}
		found = fs[i]
		if blob == "" || blob == found.Version.Blob {
			return nil
		}
		old, err := tx.VersionOf(fileID, blob)
		if err == nil && old.Level == "" { // drafts of earlier editions are nobody's to read
			err = fault.Missing()
		}
		found.Version = old
		return err
	})
	return found, err
}

func readable(tx flow.ReadTx, s authz.Subject, kind authz.Kind, id string) ([]document.File, error) {
	if kind == authz.Outgoing {
		d, err := tx.Outgoing(id)
		if err != nil {
			return nil, err
		}
		if !authz.CanRead(s, flow.OutgoingResource(&d)) {
			return nil, fault.Missing()
		}
		return d.Files, nil
	}
	d, err := tx.Incoming(id)
	if err != nil {
		return nil, err
	}
	as, err := tx.Assignments(id)
	if err != nil {
		return nil, err
	}
	askers, err := flow.Askers(tx, &d)
	if err != nil {
		return nil, err
	}
	if !authz.CanRead(s, flow.IncomingResource(&d, as, askers)) {
		return nil, fault.Missing()
	}
	return d.Files, nil
}

func issuer(tx flow.ReadTx, d *document.Incoming) (*Issuer, error) {
	ref, ok := d.Forwarded()
	if !ok {
		return nil, nil //nolint:nilnil // most documents come from who issued them
	}
	ag, err := tx.AgencyByOrganID(ref.OrganID)
	switch {
	case err == nil:
		return &Issuer{ref, ag.Name}, nil
	case fault.KindOf(err) == fault.NotFound:
		return &Issuer{ref, ref.OrganID}, nil
	}
	return nil, err
}
