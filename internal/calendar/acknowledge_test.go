package calendar_test

import (
	"testing"
	"time"

	"congvan/internal/calendar"
)

// TestReceiptWatch: the sender must be told the same day (NĐ 30/2020 Đ.21.2.c); the warning
// comes before the working hours end, over week-ends and holidays too.
func TestReceiptWatch(t *testing.T) {
	c := calendar.Demonstration()
	at := func(s string) time.Time {
		x, err := time.ParseInLocation("2006-01-02 15:04", s, calendar.Zone())
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	for _, x := range []struct {
		received, now string
		want          calendar.Receipt
	}{
		{"2026-11-19 08:00", "2026-11-19 09:00", calendar.ReceiptOpen}, // Thursday
		{"2026-11-19 08:00", "2026-11-19 13:59", calendar.ReceiptOpen},
		{"2026-11-19 08:00", "2026-11-19 14:00", calendar.ReceiptSoon},
		{"2026-11-19 23:30", "2026-11-19 23:59", calendar.ReceiptSoon},
		{"2026-11-19 08:00", "2026-11-20 00:00", calendar.ReceiptLate},
		{"2026-11-20 16:50", "2026-11-21 10:00", calendar.ReceiptLate}, // Friday evening, on Saturday
		{"2026-11-21 10:00", "2026-11-21 20:00", calendar.ReceiptOpen}, // came on a Saturday
		{"2026-11-21 10:00", "2026-11-23 09:00", calendar.ReceiptOpen}, // Monday
		{"2026-11-21 10:00", "2026-11-23 15:00", calendar.ReceiptSoon},
		{"2026-11-21 10:00", "2026-11-24 00:00", calendar.ReceiptLate},
		{"2026-02-14 10:00", "2026-02-20 20:00", calendar.ReceiptOpen}, // Saturday before Tết
		{"2026-02-13 10:00", "2026-02-16 08:00", calendar.ReceiptLate}, // Friday before Tết
		{"2026-02-17 10:00", "2026-02-23 15:00", calendar.ReceiptSoon}, // in Tết: due on the first working day
		{"2026-08-22 09:00", "2026-08-22 15:00", calendar.ReceiptSoon}, // a Saturday that is worked
	} {
		if got := (calendar.Watch{}).Receipt(c, at(x.received), at(x.now)); got != x.want {
			t.Errorf("received %s, at %s: %q, want %q", x.received, x.now, got, x.want)
		}
		due := c.AcknowledgeBy(at(x.received))
		if late := at(x.now).After(due); late != (x.want == calendar.ReceiptLate) {
			t.Errorf("received %s, at %s: late %v by AcknowledgeBy, %q by the watch", x.received, x.now, late, x.want)
		}
	}
	early := calendar.Watch{DayEnds: 16 * time.Hour, Warn: 7 * time.Hour}
	if got := early.Receipt(c, at("2026-11-19 08:00"), at("2026-11-19 09:00")); got != calendar.ReceiptSoon {
		t.Errorf("the installation's own hours: %q", got)
	}
}
