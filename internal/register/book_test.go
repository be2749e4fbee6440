package register_test

import (
	"testing"
	"time"

	"congvan/internal/calendar"
	"congvan/internal/fault"
	"congvan/internal/register"
)

func at(t *testing.T, s string) time.Time {
	t.Helper()
	v, err := time.ParseInLocation("2006-01-02 15:04", s, calendar.Zone())
	if err != nil {
		t.Fatal(err)
	}
	return v.UTC()
}

func date(t *testing.T, s string) calendar.Date {
	t.Helper()
	d, err := calendar.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestCheckIssueDate(t *testing.T) {
	cal := calendar.Demonstration()
	for _, c := range []struct {
		name                     string
		chosen, numbered, signed string
		last                     string
		want                     string // fault code, "" = allowed
	}{
		{"default over the year's end", "2027-01-04", "2027-01-04 08:00", "2026-12-31 17:30", "", ""},
		{"signing day over the year's end", "2026-12-31", "2027-01-04 08:00", "2026-12-31 17:30", "2026-12-31", ""},
		{"a day between", "2027-01-02", "2027-01-04 08:00", "2026-12-31 17:30", "", "issue_date_not_allowed"},
		{"tomorrow", "2027-01-05", "2027-01-04 08:00", "2026-12-31 17:30", "", "issue_date_not_allowed"},
		{"no date", "", "2027-01-04 08:00", "2026-12-31 17:30", "", "issue_date_not_allowed"},
		{"signing day, two working days later", "2026-12-31", "2027-01-05 08:00", "2026-12-31 17:30", "", "issue_date_too_late"},
		{"default, however late", "2027-01-15", "2027-01-15 08:00", "2026-12-31 17:30", "2027-01-14", ""},
		{"signing day before the last date used", "2026-11-19", "2026-11-20 08:00", "2026-11-19 16:00", "2026-11-20", "issue_date_before_last"},
		{"signing day equal to the last date used", "2026-11-19", "2026-11-20 08:00", "2026-11-19 16:00", "2026-11-19", ""},
		{"the clock went back", "2026-11-20", "2026-11-20 08:00", "2026-11-19 16:00", "2026-11-21", "issue_date_before_last"},
		{"signed after numbering", "2026-11-20", "2026-11-20 08:00", "2026-11-20 08:01", "", "issue_date_before_signature"},
		{"the day is Vietnam's, not UTC's", "2027-01-01", "2027-01-01 00:00", "2026-12-31 23:00", "", ""},
		{"UTC's day is not chosen by default", "2026-12-30", "2027-01-01 00:00", "2026-12-31 23:00", "", "issue_date_not_allowed"},
		{"signed on Saturday, numbered on Monday", "2026-11-21", "2026-11-23 09:00", "2026-11-21 09:00", "", ""},
	} {
		err := register.CheckIssueDate(date(t, c.chosen), at(t, c.numbered), at(t, c.signed), date(t, c.last), cal)
		if c.want == "" && err != nil || c.want != "" && !fault.Is(err, c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	if register.IssueDateNeedsReason(date(t, "2027-01-04"), at(t, "2027-01-04 08:00")) {
		t.Error("the default needs a reason")
	}
	if !register.IssueDateNeedsReason(date(t, "2026-12-31"), at(t, "2027-01-04 08:00")) {
		t.Error("the signing day needs none")
	}
}

// Signed 31/12/2026 17:30, numbered on Monday 04/01/2027: 01 of 2027 by default, the next
// number of 2026 if the signing day is chosen, until that book is closed.
func TestYearRollOver(t *testing.T) {
	numbered := at(t, "2027-01-04 08:00")
	byDefault := register.Outgoing("a", "ALL", register.DefaultIssueDate(numbered))
	if byDefault != (register.Series{AgencyID: "a", Year: 2027, Key: "ALL"}) {
		t.Fatalf("%+v", byDefault)
	}
	n, _, err := register.Book{Series: byDefault}.Take(register.DefaultIssueDate(numbered))
	if err != nil || register.FormatNumber(n) != "01" {
		t.Errorf("%d, %v", n, err)
	}

	signed := date(t, "2026-12-31")
	old := register.Book{Series: register.Outgoing("a", "ALL", signed), Last: 812, LastDate: date(t, "2026-12-30")}
	n, old, err = old.Take(signed)
	if err != nil || n != 813 || old.LastDate != signed {
		t.Errorf("%d, %+v, %v", n, old, err)
	}
	closed, err := old.Close("clerk-1", numbered, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, after, err := closed.Take(signed); !fault.Is(err, "book_closed") || after.Last != 813 {
		t.Errorf("closed book gave a number: %+v, %v", after, err)
	}

	// The first instant of 2027 in Vietnam is still 2026 in UTC.
	midnight := time.Date(2026, 12, 31, 17, 0, 0, 0, time.UTC)
	if y := register.Outgoing("a", "ALL", register.DefaultIssueDate(midnight)).Year; y != 2027 {
		t.Errorf("year %d", y)
	}
	if y := register.Outgoing("a", "ALL", register.DefaultIssueDate(midnight.Add(-time.Second))).Year; y != 2026 {
		t.Errorf("year %d", y)
	}
	// Arrived on 31/12 at 23:50, registered on 04/01: 01 of 2027.
	if s := register.Arrival("a", calendar.DateOf(numbered)); s != (register.Series{AgencyID: "a", Year: 2027, Key: register.ArrivalKey}) {
		t.Errorf("%+v", s)
	}
}

func TestBookIsGapless(t *testing.T) {
	b := register.Book{Series: register.Series{AgencyID: "a", Year: 2026, Key: "ALL"}}
	d := date(t, "2026-01-05")
	for want := 1; want <= 400; want++ {
		if want%3 == 0 { // a refusal uses no number
			if _, b2, err := b.Take(b.LastDate.AddDays(-1)); !fault.Is(err, "issue_date_before_last") || b2 != b {
				t.Fatalf("%+v, %v", b2, err)
			}
		}
		n, next, err := b.Take(d)
		if err != nil || n != want {
			t.Fatalf("%d, %v; want %d", n, err, want)
		}
		b = next
		if want%2 == 0 {
			d = d.AddDays(1)
		}
	}
	if _, _, err := b.Take(date(t, "2027-01-01")); !fault.Is(err, "book_wrong_year") {
		t.Errorf("another year's date: %v", err)
	}
}

func TestCloseBook(t *testing.T) {
	b := register.Book{Series: register.Series{AgencyID: "a", Year: 2026, Key: "ALL"}, Last: 3}
	when := at(t, "2027-01-04 08:00")
	for _, c := range []struct {
		by       string
		at       time.Time
		reserved int
		want     string
	}{
		{"clerk-1", at(t, "2026-12-31 23:59"), 0, "book_year_not_over"},
		{"clerk-1", when, 1, "book_numbers_reserved"},
		{" ", when, 0, "book_clerk_required"},
	} {
		if _, err := b.Close(c.by, c.at, c.reserved); !fault.Is(err, c.want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	closed, err := b.Close("clerk-1", when, 0)
	if err != nil || closed.ClosedBy != "clerk-1" || !closed.ClosedAt.Equal(when) || b.ClosedAt != nil {
		t.Errorf("%+v, %v", closed, err)
	}
	if _, err := closed.Close("clerk-2", when, 0); !fault.Is(err, "book_closed") {
		t.Errorf("closed twice: %v", err)
	}
}
