package flow

import (
	"context"
	"strings"

	"congvan/internal/authz"
	"congvan/internal/calendar"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/register"
	"congvan/internal/workflow"
)

// NumberInput is the clerk's choice; the zero value is the usual one: today.
type NumberInput struct {
	IssuedDate calendar.Date `json:"issued_date"` // zero: the day of numbering
	Reason     string        `json:"reason"`      // required with another date than the default
}

// Number gives number and date (cấp số, thời gian ban hành; NĐ 30/2020 Đ.15, RULE-4a) and
// enters the document in the register: allocated in the transaction that records it, so
// that the series has no gaps and a number is never a promise.
func (f *Flow) Number(ctx context.Context, a Actor, id string, in NumberInput) (document.Outgoing, error) {
	var d document.Outgoing
	err := f.Store.Write(ctx, func(tx Tx) (err error) {
		if d, err = f.outgoing(tx, a, id, workflow.Number); err != nil {
			return err
		}
		if err := d.Level.Settled(); err != nil {
			return err
		}
		now := f.now()
		date := in.IssuedDate
		if date.IsZero() {
			date = register.DefaultIssueDate(now)
		}
		if register.IssueDateNeedsReason(date, now) {
			if err := reason(in.Reason); err != nil {
				return err
			}
		}
		if err := f.take(tx, &d, date); err != nil {
			return err
		}
		if err := step(&d, workflow.Number, now); err != nil {
			return err
		}
		if err := tx.PutOutgoing(&d); err != nil {
			return err
		}
		return tx.Journal(f.entry(a, workflow.Number, authz.Outgoing, d.ID, document.MainFile(d.Files).Version.Blob, map[string]string{
			"number": register.FullCode(d.Number, d.Notation), "issued_date": d.IssuedDate.String(), "reason": strings.TrimSpace(in.Reason),
		}))
	})
	return d, err
}

// take takes the next number of the series that the agency's scheme puts the document in.
func (f *Flow) take(tx Tx, d *document.Outgoing, date calendar.Date) error {
	ag, err := tx.Agency(d.AgencyID)
	if err != nil {
		return err
	}
	unit, err := tx.Unit(d.UnitID)
	if err != nil {
		return err
	}
	cal, err := tx.Calendar()
	if err != nil {
		return err
	}
	t, ok := register.Lookup(d.TypeCode)
	if !ok {
		return fault.New(fault.Invalid, "type_unknown").Field("type_code")
	}
	code := d.FieldCode
	if code == "" {
		code = unit.Code
	}
	if d.Notation, err = register.Notation(t, ag.Abbreviation, code); err != nil {
		return err
	}
	key, err := register.SeriesKey(ag.Numbering, t, code, "")
	if err != nil {
		return err
	}
	book, err := tx.Book(register.Outgoing(ag.ID, key, date))
	if err != nil {
		return err
	}
	if err := register.CheckIssueDate(date, f.now(), *d.SignedAt, book.LastDate, cal); err != nil {
		return err
	}
	if d.Number, book, err = book.Take(date); err != nil {
		return err
	}
	d.IssuedDate, d.SeriesID = date, key
	d.DocumentID = edXMLDocumentID(ag.CodeIn(f.Codes, f.now()), date, register.FullCode(d.Number, d.Notation))
	return tx.PutBook(book)
}

// edXMLDocumentID is the identifier on the wire: OrganId,yyyy/MM/dd,number/notation
// (QĐ 28/2018 Đ.10.2b).
func edXMLDocumentID(organID string, d calendar.Date, code string) string {
	return organID + "," + d.Start().Format("2006/01/02") + "," + code
}

// Void gives up a numbered document (số hủy): the number stays used and is shown in the
// register with the reason.
func (f *Flow) Void(ctx context.Context, a Actor, id, why string) (document.Outgoing, error) {
	if err := reason(why); err != nil {
		return document.Outgoing{}, err
	}
	return f.decide(ctx, a, id, workflow.Void, map[string]string{"reason": why}, func(d *document.Outgoing) error {
		d.ReturnReason, d.Level = strings.TrimSpace(why), document.Level{}
		return nil
	})
}
