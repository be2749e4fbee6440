package calendar

import "time"

// Watch is when a clerk is warned that a receipt is due (báo nhận trong ngày, NĐ 30/2020
// Đ.21.2.c). The law gives the day; when its working hours end, and how long before that a
// warning helps, the installation says. The zero value means 17:00 and three hours.
type Watch struct {
	DayEnds time.Duration // end of the working hours, since midnight
	Warn    time.Duration // before it
}

// The defaults of a Watch.
const (
	defaultDayEnds = 17 * time.Hour
	defaultWarn    = 3 * time.Hour
)

// Receipt says how urgent a receipt is that is still due.
type Receipt string

// The states of a receipt.
const (
	ReceiptOpen Receipt = ""     // in time, and not yet to be warned of
	ReceiptSoon Receipt = "SOON" // due today, before long
	ReceiptLate Receipt = "LATE"
)

// LateBefore divides what is received: what came before this instant and is unanswered is
// late now. It is the end of the last working day that is over, for what came on a day off
// counts as come on the next working day.
func (c Calendar) LateBefore(now time.Time) time.Time {
	return c.AddWorkingDays(DateOf(now), -1).AddDays(1).Start()
}

// WarnBefore is the instant before which what came and is unanswered is to be warned of at
// now: all that is late, and on a working day, in its last hours, what is due that day.
func (w Watch) WarnBefore(c Calendar, now time.Time) time.Time {
	today := DateOf(now)
	if !c.IsWorkingDay(today) || now.Before(w.warnAt(today)) {
		return c.LateBefore(now)
	}
	return today.AddDays(1).Start()
}

func (w Watch) warnAt(d Date) time.Time {
	ends, warn := w.DayEnds, w.Warn
	if ends <= 0 {
		ends = defaultDayEnds
	}
	if warn <= 0 {
		warn = defaultWarn
	}
	return d.Start().Add(ends - warn)
}

// Receipt judges one receipt that is still due.
func (w Watch) Receipt(c Calendar, received, now time.Time) Receipt {
	switch {
	case received.Before(c.LateBefore(now)):
		return ReceiptLate
	case received.Before(w.WarnBefore(c, now)):
		return ReceiptSoon
	}
	return ReceiptOpen
}
