package calendar

import "time"

// Demonstration gives the public holidays of 2026 and 2027 for demonstration data and
// tests. It is a plausible table, NOT an official one: each year's days off and make-up
// days are fixed by a notice of the government, and an agency in service enters its own.
func Demonstration() Calendar {
	c := Calendar{Holidays: map[Date]string{}, ExtraWorkdays: map[Date]string{}}
	off := func(name string, first Date, days int) {
		for i := range days {
			c.Holidays[first.AddDays(i)] = name
		}
	}
	off("Tết Dương lịch", On(2026, time.January, 1), 2)
	c.ExtraWorkdays[On(2026, time.January, 10)] = "Làm bù ngày 02/01/2026"
	off("Tết Nguyên đán Bính Ngọ", On(2026, time.February, 16), 5)
	off("Nghỉ bù Giỗ Tổ Hùng Vương", On(2026, time.April, 27), 1)
	off("Ngày Chiến thắng", On(2026, time.April, 30), 1)
	off("Ngày Quốc tế Lao động", On(2026, time.May, 1), 1)
	c.Holidays[On(2026, time.August, 31)] = "Nghỉ hoán đổi dịp Quốc khánh"
	c.ExtraWorkdays[On(2026, time.August, 22)] = "Làm bù ngày 31/8/2026"
	off("Quốc khánh", On(2026, time.September, 1), 2)

	off("Tết Dương lịch", On(2027, time.January, 1), 1)
	off("Tết Nguyên đán Đinh Mùi", On(2027, time.February, 5), 7)
	off("Giỗ Tổ Hùng Vương", On(2027, time.April, 16), 1)
	off("Ngày Chiến thắng", On(2027, time.April, 30), 1)
	off("Nghỉ bù Ngày Quốc tế Lao động", On(2027, time.May, 3), 1)
	off("Quốc khánh", On(2027, time.September, 2), 2)
	return c
}
