package calendar

import "time"

// The limits below are instants: an act at the limit is on time, one after it is late.
// What is urgent (Khẩn, Thượng khẩn, Hỏa tốc) is due "immediately"; the agency says in
// minutes what that means, and minutes run at night and on holidays too.

// nextDay is the rule "the same day, at the latest the next working day".
func (c Calendar) nextDay(from time.Time, urgent bool, urgentMinutes int) time.Time {
	if urgent {
		return from.Add(time.Duration(urgentMinutes) * time.Minute)
	}
	return c.NextWorkingDay(DateOf(from)).End()
}

// RegisterBy is when an incoming document must be registered, submitted and handed over
// (NĐ 30/2020 Đ.4.2.c, Đ.23.1): the end of the next working day, urgent at once.
func (c Calendar) RegisterBy(received time.Time, urgent bool, urgentMinutes int) time.Time {
	return c.nextDay(received, urgent, urgentMinutes)
}

// AcknowledgeBy is when the sender must have been told "received" or "refused" (NĐ 30/2020
// Đ.21.2.c: the same day). What comes on a day off counts as come on the next working
// day: our reading, because a clerk has to look at it first.
func (c Calendar) AcknowledgeBy(received time.Time) time.Time {
	return c.EndOfWorkingDay(DateOf(received))
}

// IssueBy is when a signed document must be numbered, sealed and issued (NĐ 30/2020
// Đ.15.2, Đ.18.1): the end of the next working day after the signature, urgent at once.
func (c Calendar) IssueBy(signed time.Time, urgent bool, urgentMinutes int) time.Time {
	return c.nextDay(signed, urgent, urgentMinutes)
}

// SendBy is when an electronic document must have left for the axis (QĐ 28/2018 Đ.6.2):
// the day of signature or the morning (until 12:00) of the next working day, urgent at
// once.
func (c Calendar) SendBy(signed time.Time, urgent bool, urgentMinutes int) time.Time {
	if urgent {
		return c.nextDay(signed, true, urgentMinutes)
	}
	return c.NextWorkingDay(DateOf(signed)).Start().Add(12 * time.Hour)
}

// Timeliness is one of the four classes in which every piece of work is counted
// (chưa xử lý trong hạn, chưa xử lý quá hạn, hoàn thành đúng hạn, hoàn thành quá hạn).
type Timeliness string

// The four classes.
const (
	OpenOnTime  Timeliness = "OPEN_ON_TIME"
	OpenOverdue Timeliness = "OPEN_OVERDUE"
	DoneOnTime  Timeliness = "DONE_ON_TIME"
	DoneLate    Timeliness = "DONE_LATE"
)

// Class puts work into its class. Without a due time nothing is late; done is nil while
// the work is open.
func Class(due, done *time.Time, now time.Time) Timeliness {
	late := func(t time.Time) bool { return due != nil && t.After(*due) }
	switch {
	case done == nil && late(now):
		return OpenOverdue
	case done == nil:
		return OpenOnTime
	case late(*done):
		return DoneLate
	}
	return DoneOnTime
}
