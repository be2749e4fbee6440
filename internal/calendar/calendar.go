// Package calendar knows the days of Vietnam: civil dates at +07:00, working days with
// public holidays and make-up days, and the deadlines that NĐ 30/2020 and QĐ 28/2018
// count from them. Pure values; safe for concurrent use as long as nobody writes to a
// Calendar's maps.
package calendar

import (
	"maps"
	"time"
)

// Calendar says which days the agencies of an installation work. The zero value has
// Saturdays and Sundays off and no holidays. The values of both maps are names to show
// ("Tết Nguyên đán").
type Calendar struct {
	Holidays      map[Date]string `json:"holidays"`       // days off beside weekends
	ExtraWorkdays map[Date]string `json:"extra_workdays"` // weekend days worked instead (làm bù); they win over Holidays
}

// IsWorkingDay tells whether the agencies work on d.
func (c Calendar) IsWorkingDay(d Date) bool {
	if _, ok := c.ExtraWorkdays[d]; ok {
		return true
	}
	if _, ok := c.Holidays[d]; ok {
		return false
	}
	w := d.Weekday()
	return w != time.Saturday && w != time.Sunday
}

// NextWorkingDay is the first working day after d, never d itself.
func (c Calendar) NextWorkingDay(d Date) Date { return c.AddWorkingDays(d, 1) }

// AddWorkingDays goes n working days forward from d, or back for n < 0. d itself is not
// counted; n = 0 gives d. The walk ends because the holidays named are finite.
func (c Calendar) AddWorkingDays(d Date, n int) Date {
	step := 1
	if n < 0 {
		step, n = -1, -n
	}
	for n > 0 {
		d = d.AddDays(step)
		if c.IsWorkingDay(d) {
			n--
		}
	}
	return d
}

// EndOfWorkingDay is the last instant of d if d is worked, else of the next working day.
func (c Calendar) EndOfWorkingDay(d Date) time.Time {
	if !c.IsWorkingDay(d) {
		d = c.NextWorkingDay(d)
	}
	return d.End()
}

// Merge gives a calendar with the days of both; the other's names win.
func (c Calendar) Merge(other Calendar) Calendar {
	out := Calendar{Holidays: map[Date]string{}, ExtraWorkdays: map[Date]string{}}
	for _, from := range []Calendar{c, other} {
		maps.Copy(out.Holidays, from.Holidays)
		maps.Copy(out.ExtraWorkdays, from.ExtraWorkdays)
	}
	return out
}
