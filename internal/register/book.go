package register

import (
	"strings"
	"time"

	"congvan/internal/calendar"
	"congvan/internal/fault"
)

// Book is the state of one series in its year (sổ đăng ký): the last number given, its
// date, and who closed it. The store keeps it as a row and changes it inside the
// transaction that records the document; that makes numbers gapless.
type Book struct {
	Series
	Last     int           `json:"last"`               // 0 = none given yet
	LastDate calendar.Date `json:"last_date,omitzero"` // the latest date used
	ClosedAt *time.Time    `json:"closed_at,omitempty"`
	ClosedBy string        `json:"closed_by,omitempty"` // account of the clerk
}

// Take gives the next number for a document of this date, and the book after it.
// Errors: fault.Conflict "book_closed" (with "year"), fault.Conflict
// "issue_date_before_last"; fault.Internal "book_wrong_year" if the caller took the book
// of another year.
func (b Book) Take(date calendar.Date) (int, Book, error) {
	switch {
	case date.Year != b.Year:
		return 0, b, fault.New(fault.Internal, "book_wrong_year").With("year", b.Year).With("date", date)
	case b.ClosedAt != nil:
		return 0, b, fault.New(fault.Conflict, "book_closed").With("year", b.Year)
	case date.Before(b.LastDate):
		return 0, b, fault.New(fault.Conflict, "issue_date_before_last").Field("issue_date").With("last", shown(b.LastDate))
	}
	b.Last++
	b.LastDate = date
	return b.Last, b, nil
}

// Close closes the book for ever, by a named clerk, after its year has ended; reserved is
// how many numbers are still neither used nor voided, and must be 0.
// Errors: fault.Conflict "book_closed", "book_year_not_over", "book_numbers_reserved";
// fault.Invalid "book_clerk_required".
func (b Book) Close(by string, at time.Time, reserved int) (Book, error) {
	switch {
	case b.ClosedAt != nil:
		return b, fault.New(fault.Conflict, "book_closed").With("year", b.Year)
	case calendar.DateOf(at).Year <= b.Year:
		return b, fault.New(fault.Conflict, "book_year_not_over").With("year", b.Year)
	case reserved != 0:
		return b, fault.New(fault.Conflict, "book_numbers_reserved").With("count", reserved)
	case strings.TrimSpace(by) == "":
		return b, fault.New(fault.Invalid, "book_clerk_required").Field("closed_by")
	}
	b.ClosedAt, b.ClosedBy = &at, by
	return b, nil
}
