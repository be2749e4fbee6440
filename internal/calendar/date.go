package calendar

import (
	"fmt"
	"time"

	"congvan/internal/fault"
)

// Zone is Vietnam time, a fixed +07:00 without daylight saving.
func Zone() *time.Location { return time.FixedZone("", 7*60*60) }

// Date is a civil day in Vietnam (ngày). The zero Date means "none" and is written "".
// Dates are comparable with == and usable as map keys.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// On gives the Date of these numbers, normalised as time.Date does (32 January is
// 1 February).
func On(year int, month time.Month, day int) Date {
	return DateOf(time.Date(year, month, day, 0, 0, 0, 0, Zone()))
}

// DateOf gives the day that the clocks of Vietnam show at t; none for the zero time.
func DateOf(t time.Time) Date {
	if t.IsZero() {
		return Date{}
	}
	y, m, d := t.In(Zone()).Date()
	return Date{y, m, d}
}

// ParseDate reads "2006-01-02", nothing else; "" is the zero Date.
// The error is fault.Invalid "date_invalid".
func ParseDate(s string) (Date, error) {
	if s == "" {
		return Date{}, nil
	}
	t, err := time.ParseInLocation(time.DateOnly, s, Zone())
	if err != nil || t.Year() < 1 {
		return Date{}, fault.New(fault.Invalid, "date_invalid")
	}
	return DateOf(t), nil
}

// IsZero tells whether there is no date; encoding/json's omitzero asks it.
func (d Date) IsZero() bool { return d == Date{} }

// Compare gives -1, 0 or 1. The zero Date is before every other.
func (d Date) Compare(e Date) int {
	switch {
	case d.Before(e):
		return -1
	case e.Before(d):
		return 1
	}
	return 0
}

// Before tells whether d is an earlier day than e.
func (d Date) Before(e Date) bool {
	if d.Year != e.Year {
		return d.Year < e.Year
	}
	if d.Month != e.Month {
		return d.Month < e.Month
	}
	return d.Day < e.Day
}

// After tells whether d is a later day than e.
func (d Date) After(e Date) bool { return e.Before(d) }

// AddDays gives the day n days later, or earlier for n < 0.
func (d Date) AddDays(n int) Date { return On(d.Year, d.Month, d.Day+n) }

// Weekday is the day of the week.
func (d Date) Weekday() time.Weekday { return d.Start().Weekday() }

// Start is the first instant of the day in Vietnam.
func (d Date) Start() time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, Zone())
}

// End is the last instant of the day in Vietnam, 23:59:59.999999: times are kept to the
// microsecond, and a deadline shown to people must show the day it belongs to.
func (d Date) End() time.Time {
	return time.Date(d.Year, d.Month, d.Day, 23, 59, 59, 999_999_000, Zone())
}

// String is "2006-01-02", or "" for no date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day)
}

// MarshalText writes String, so that a Date is a JSON string and a JSON object's key.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (d *Date) UnmarshalText(b []byte) error {
	p, err := ParseDate(string(b))
	if err != nil {
		return err
	}
	*d = p
	return nil
}
