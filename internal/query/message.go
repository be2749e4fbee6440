package query

import (
	"context"
	"time"

	"congvan/internal/authz"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/flow"
	"congvan/internal/workflow"
)

// HeldFilter is a list of messages set aside for one agency, as data.
type HeldFilter struct {
	AgencyID string
	Settled  bool // those that were dealt with, instead of those that wait
	After    Cursor
	Limit    int
}

// MessageRow is a message set aside (văn bản cách ly) as a page shows it.
type MessageRow struct {
	ID         string            `json:"id"`
	State      workflow.State    `json:"state"`
	From       document.Party    `json:"from"`
	Reason     string            `json:"reason"` // catalogue code
	Code       string            `json:"code"`   // number/notation, if it could be read
	Subject    string            `json:"subject"`
	DocumentID string            `json:"document_id"`
	Channel    document.Channel  `json:"channel"`
	Raw        bool              `json:"raw"` // the message as it came can be had
	At         time.Time         `json:"at"`
	Note       string            `json:"note"`
	SettledBy  string            `json:"settled_by"`
	SettledAt  *time.Time        `json:"settled_at"`
	IncomingID string            `json:"incoming_id"` // the document that came of it
	Earlier    *Row              `json:"earlier"`     // the document that has its identifier
	Acts       []workflow.Action `json:"acts"`
}

// MessagePage is a slice of the messages set aside. Secret ones are readable by nobody and
// only counted.
type MessagePage struct {
	Rows    []MessageRow `json:"rows"`
	Next    Cursor       `json:"next"`
	Waiting int          `json:"waiting"`
	Secret  int          `json:"secret"`
}

// Messages lists what was set aside for the reader's agency: a clerk's and an auditor's to see.
func (v *Views) Messages(ctx context.Context, s authz.Subject, settled bool, after Cursor, limit int) (MessagePage, error) {
	var p MessagePage
	if !authz.CanRead(s, authz.Resource{Kind: authz.Message, AgencyID: s.AgencyID}) {
		return p, authz.Decision{Read: true, Code: "forbidden_role", Who: "who_clerk"}.Err()
	}
	limit = min(max(limit, 1), 100)
	found, err := v.Store.Held(ctx, HeldFilter{AgencyID: s.AgencyID, Settled: settled, After: after, Limit: limit + 1})
	if err != nil {
		return p, err
	}
	if len(found) > limit {
		found = found[:limit]
		p.Next = Cursor{Sort: found[limit-1].At, ID: found[limit-1].ID}
	}
	err = v.Store.Read(ctx, func(tx flow.ReadTx) error {
		p.Rows = nil
		for i := range found {
			row, err := messageRow(tx, s, &found[i])
			if err != nil {
				return err
			}
			p.Rows = append(p.Rows, row)
		}
		return nil
	})
	if err != nil {
		return p, err
	}
	p.Waiting, p.Secret, err = v.Store.CountHeld(ctx, s.AgencyID)
	return p, err
}

// Message is one of them; NotFound without the right to read.
func (v *Views) Message(ctx context.Context, s authz.Subject, id string) (row MessageRow, err error) {
	err = v.Store.Read(ctx, func(tx flow.ReadTx) error {
		q, err := tx.Quarantined(id)
		if err != nil {
			return err
		}
		if !authz.CanRead(s, flow.MessageResource(&q)) {
			return fault.Missing()
		}
		row, err = messageRow(tx, s, &q)
		return err
	})
	return row, err
}

// RawMessage finds the blob of a message as it came, for its reader to download.
func (v *Views) RawMessage(ctx context.Context, s authz.Subject, id string) (blob string, err error) {
	err = v.Store.Read(ctx, func(tx flow.ReadTx) error {
		q, err := tx.Quarantined(id)
		if err != nil {
			return err
		}
		if !authz.CanRead(s, flow.MessageResource(&q)) || q.RawKey == "" {
			return fault.Missing()
		}
		blob = q.RawKey
		return nil
	})
	return blob, err
}

func messageRow(tx flow.ReadTx, s authz.Subject, q *flow.Quarantined) (MessageRow, error) {
	r := MessageRow{
		ID: q.ID, State: q.State, From: q.From, Reason: q.Reason, DocumentID: q.DocumentID, Channel: q.Channel, Raw: q.RawKey != "",
		At: q.At, Note: q.Note, SettledBy: q.SettledBy, SettledAt: q.SettledAt, IncomingID: q.IncomingID,
	}
	if r.From.OrganName == "" {
		ag, err := tx.AgencyByOrganID(q.From.OrganID)
		if err != nil && fault.KindOf(err) != fault.NotFound {
			return r, err
		}
		r.From.OrganName = ag.Name
	}
	for _, a := range authz.Acts(s, flow.MessageResource(q)) {
		if fitsMessage(a, q) {
			r.Acts = append(r.Acts, a)
		}
	}
	c := q.Consignment
	if c == nil {
		return r, nil
	}
	r.Subject = c.Subject
	if c.CodeNumber != "" || c.CodeNotation != "" {
		r.Code = c.CodeNumber + "/" + c.CodeNotation
	}
	before, err := tx.IncomingNamed(q.AgencyID, q.DocumentID)
	if err != nil {
		return r, err
	}
	for i := range before {
		if d := &before[i]; d.ID != q.IncomingID {
			r.Earlier = incomingRow(d)
			break
		}
	}
	return r, nil
}

// fitsMessage tells whether an act can do anything with a message: what was not read can
// only be read again or put away.
func fitsMessage(a workflow.Action, q *flow.Quarantined) bool {
	switch a {
	case workflow.TakeUpdate:
		return q.Consignment != nil && q.Reason == "same_id_other_content"
	case workflow.TakeNew:
		return q.Consignment != nil && len(q.Consignment.Files) > 0
	case workflow.SendBack:
		return q.Consignment != nil
	case workflow.ReadAgain:
		return q.Consignment == nil && q.RawKey != "" && q.Channel == document.Axis
	}
	return true
}

// incomingRow is a received document as a link.
func incomingRow(d *document.Incoming) *Row {
	return &Row{
		Kind: authz.Incoming, ID: d.ID, State: d.State, TypeCode: d.TypeCode, Subject: d.Subject, Code: d.CodeNumber + "/" + d.CodeNotation,
		Party: d.From.OrganName, Parties: 1, IssuedDate: d.IssuedDate, ArrivalNumber: d.ArrivalNumber, Verdict: d.Verdict, Sort: d.ReceivedAt,
	}
}
