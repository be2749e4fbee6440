package register

import (
	"time"

	"congvan/internal/calendar"
	"congvan/internal/fault"
)

// DefaultIssueDate is the day of numbering: number and date are one act.
func DefaultIssueDate(numberedAt time.Time) calendar.Date { return calendar.DateOf(numberedAt) }

// IssueDateNeedsReason tells whether the clerk departs from the default, which is
// journalled with a reason.
func IssueDateNeedsReason(chosen calendar.Date, numberedAt time.Time) bool {
	return chosen != DefaultIssueDate(numberedAt)
}

// CheckIssueDate decides whether a document may bear the chosen date of issue (thời gian
// ban hành, NĐ 30/2020 Đ.15.2; our reading where the decree is silent). It may be
// the day of numbering; or the day of signature, if numbering is on or before the next
// working day. It is never earlier than lastUsed, the last date used in the series (zero
// if none), so that dates rise with numbers.
//
// Errors: fault.Invalid "issue_date_not_allowed" (another day), "issue_date_too_late"
// (the signing day, but the next working day is over), "issue_date_before_signature" (signed
// after the time of numbering); fault.Conflict "issue_date_before_last" (named in "last").
func CheckIssueDate(chosen calendar.Date, numberedAt, signedAt time.Time, lastUsed calendar.Date, cal calendar.Calendar) error {
	const field = "issue_date"
	numbered, signed := calendar.DateOf(numberedAt), calendar.DateOf(signedAt)
	switch {
	case signedAt.After(numberedAt):
		return fault.New(fault.Invalid, "issue_date_before_signature").Field(field)
	case chosen != numbered && chosen != signed:
		return fault.New(fault.Invalid, "issue_date_not_allowed").Field(field).
			With("numbered", shown(numbered)).With("signed", shown(signed))
	case chosen != numbered && numbered.After(cal.NextWorkingDay(signed)):
		return fault.New(fault.Invalid, "issue_date_too_late").Field(field).
			With("signed", shown(signed)).With("limit", shown(cal.NextWorkingDay(signed)))
	case chosen.Before(lastUsed):
		return fault.New(fault.Conflict, "issue_date_before_last").Field(field).With("last", shown(lastUsed))
	}
	return nil
}

// shown is a date as people read it in a message: 31/12/2026.
func shown(d calendar.Date) string { return d.Start().Format("02/01/2006") }
