package calendar_test

import (
	"encoding/json"
	"testing"
	"time"

	"congvan/internal/calendar"
	"congvan/internal/fault"
)

func at(t *testing.T, s string) time.Time {
	t.Helper()
	v, err := time.ParseInLocation("2006-01-02 15:04:05", s, calendar.Zone())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func day(t *testing.T, s string) calendar.Date {
	t.Helper()
	d, err := calendar.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestDateOfIsVietnamTime(t *testing.T) {
	for utc, want := range map[string]string{
		"2026-12-31T16:59:59Z": "2026-12-31",
		"2026-12-31T17:00:00Z": "2027-01-01",
		"2026-03-01T01:00:00Z": "2026-03-01",
	} {
		v, err := time.Parse(time.RFC3339, utc)
		if err != nil {
			t.Fatal(err)
		}
		if got := calendar.DateOf(v).String(); got != want {
			t.Errorf("DateOf(%s) = %s, want %s", utc, got, want)
		}
	}
	if !calendar.DateOf(time.Time{}).IsZero() {
		t.Error("the zero time has a date")
	}
}

func TestParseDate(t *testing.T) {
	for _, bad := range []string{"2026-2-3", "2026-02-30", "03/02/2026", "2026-02-03T00:00:00Z", " 2026-02-03", "0000-01-01", "x"} {
		if d, err := calendar.ParseDate(bad); !fault.Is(err, "date_invalid") {
			t.Errorf("ParseDate(%q) = %v, %v", bad, d, err)
		}
	}
	if d, err := calendar.ParseDate(""); err != nil || !d.IsZero() || d.String() != "" {
		t.Errorf("no date: %v, %v", d, err)
	}
	if d := day(t, "2028-02-29"); d != calendar.On(2028, time.February, 29) || d.AddDays(1) != day(t, "2028-03-01") {
		t.Errorf("leap day: %v", d)
	}
}

func TestDateOrder(t *testing.T) {
	ordered := []string{"", "2025-12-31", "2026-01-01", "2026-01-02", "2026-02-01", "2027-01-01"}
	for i := range ordered {
		for j := range ordered {
			want := 0
			if i < j {
				want = -1
			} else if i > j {
				want = 1
			}
			a, b := day(t, ordered[i]), day(t, ordered[j])
			if a.Compare(b) != want || a.Before(b) != (want < 0) || a.After(b) != (want > 0) {
				t.Errorf("%q against %q is not %d", ordered[i], ordered[j], want)
			}
		}
	}
}

func TestJSON(t *testing.T) {
	type box struct {
		On   calendar.Date `json:"on"`
		None calendar.Date `json:"none,omitzero"`
	}
	b, err := json.Marshal(box{On: calendar.On(2026, time.June, 5)})
	if err != nil || string(b) != `{"on":"2026-06-05"}` {
		t.Fatalf("%s, %v", b, err)
	}
	var back box
	if err := json.Unmarshal(b, &back); err != nil || back.On != calendar.On(2026, time.June, 5) {
		t.Errorf("%+v, %v", back, err)
	}
	if err := json.Unmarshal([]byte(`{"on":"5/6/2026"}`), &back); err == nil {
		t.Error("a wrong date was read")
	}
	c := calendar.Calendar{Holidays: map[calendar.Date]string{calendar.On(2026, 9, 2): "Quốc khánh"}}
	if b, err = json.Marshal(c); err != nil || string(b) != `{"holidays":{"2026-09-02":"Quốc khánh"},"extra_workdays":null}` {
		t.Errorf("%s, %v", b, err)
	}
	var again calendar.Calendar
	if err := json.Unmarshal(b, &again); err != nil || again.IsWorkingDay(calendar.On(2026, 9, 2)) {
		t.Errorf("%+v, %v", again, err)
	}
}

func TestWorkingDays(t *testing.T) {
	cal := calendar.Demonstration()
	for d, want := range map[string]bool{
		"2026-11-20": true,  // Friday
		"2026-11-21": false, // Saturday
		"2026-11-22": false, // Sunday
		"2026-02-17": false, // first day of Tết
		"2026-01-10": true,  // a Saturday worked instead of 2 January
		"2027-01-01": false,
	} {
		if cal.IsWorkingDay(day(t, d)) != want {
			t.Errorf("%s: working = %v", d, !want)
		}
	}
	for _, c := range []struct {
		from string
		n    int
		want string
	}{
		{"2026-11-20", 1, "2026-11-23"},
		{"2026-11-21", 1, "2026-11-23"},
		{"2026-11-20", 5, "2026-11-27"},
		{"2026-11-21", 0, "2026-11-21"},
		{"2026-11-23", -1, "2026-11-20"},
		{"2026-12-31", 1, "2027-01-04"},
		{"2026-02-13", 1, "2026-02-23"}, // over Tết
		{"2026-01-09", 1, "2026-01-10"}, // the make-up Saturday counts
	} {
		if got := cal.AddWorkingDays(day(t, c.from), c.n).String(); got != c.want {
			t.Errorf("%s + %d working days = %s, want %s", c.from, c.n, got, c.want)
		}
	}
	if got := (calendar.Calendar{}).NextWorkingDay(day(t, "2026-12-31")).String(); got != "2027-01-01" {
		t.Errorf("without holidays: %s", got)
	}
	own := calendar.Calendar{Holidays: map[calendar.Date]string{day(t, "2026-11-23"): "Nghỉ theo thông báo"}}
	if got := cal.Merge(own).NextWorkingDay(day(t, "2026-11-20")).String(); got != "2026-11-24" {
		t.Errorf("merged: %s", got)
	}
	if !cal.IsWorkingDay(day(t, "2026-11-23")) {
		t.Error("Merge changed the calendar it was called on")
	}
}

func TestDeadlines(t *testing.T) {
	cal := calendar.Demonstration()
	const minutes = 30
	for _, c := range []struct {
		name            string
		limit           time.Time
		onTime, tooLate string
	}{
		{
			"received Friday 16:50: until the end of Monday",
			cal.RegisterBy(at(t, "2026-11-20 16:50:00"), false, minutes), "2026-11-23 17:00:00", "2026-11-24 08:00:00",
		},
		{
			"received before Tết: the working day after it",
			cal.RegisterBy(at(t, "2026-02-13 09:00:00"), false, minutes), "2026-02-23 23:59:59", "2026-02-24 00:00:00",
		},
		{
			"arrived 31/12 23:50, registered 04/01: counted from 31/12",
			cal.RegisterBy(at(t, "2026-12-31 23:50:00"), false, minutes), "2027-01-04 16:00:00", "2027-01-05 00:00:00",
		},
		{
			"urgent: registered next morning is late",
			cal.RegisterBy(at(t, "2026-11-19 16:50:00"), true, minutes), "2026-11-19 17:20:00", "2026-11-20 07:30:00",
		},
		{
			"acknowledged the same day",
			cal.AcknowledgeBy(at(t, "2026-11-20 08:00:00")), "2026-11-20 23:59:59", "2026-11-21 00:00:00",
		},
		{
			"come on a Saturday: acknowledged on Monday",
			cal.AcknowledgeBy(at(t, "2026-11-21 08:00:00")), "2026-11-23 23:59:59", "2026-11-24 00:00:00",
		},
		{
			"signed Thursday, issued Friday",
			cal.IssueBy(at(t, "2026-11-19 17:00:00"), false, minutes), "2026-11-20 23:59:59", "2026-11-21 00:00:00",
		},
		{
			"urgent, issued at once",
			cal.IssueBy(at(t, "2026-11-19 17:00:00"), true, 60), "2026-11-19 18:00:00", "2026-11-19 18:00:01",
		},
		{
			"sent over the axis the next working morning",
			cal.SendBy(at(t, "2026-11-20 17:00:00"), false, minutes), "2026-11-23 12:00:00", "2026-11-23 12:00:01",
		},
	} {
		good, bad := at(t, c.onTime), at(t, c.tooLate)
		if got := calendar.Class(&c.limit, &good, bad); got != calendar.DoneOnTime {
			t.Errorf("%s: done %s is %s (limit %s)", c.name, c.onTime, got, c.limit)
		}
		if got := calendar.Class(&c.limit, &bad, bad); got != calendar.DoneLate {
			t.Errorf("%s: done %s is %s (limit %s)", c.name, c.tooLate, got, c.limit)
		}
	}
}

func TestClass(t *testing.T) {
	due, before, after := at(t, "2026-11-20 10:00:00"), at(t, "2026-11-20 09:59:59"), at(t, "2026-11-20 10:00:01")
	for _, c := range []struct {
		due, done *time.Time
		now       time.Time
		want      calendar.Timeliness
	}{
		{&due, nil, before, calendar.OpenOnTime},
		{&due, nil, due, calendar.OpenOnTime},
		{&due, nil, after, calendar.OpenOverdue},
		{&due, &before, after, calendar.DoneOnTime},
		{&due, &after, after, calendar.DoneLate},
		{nil, nil, after, calendar.OpenOnTime},
		{nil, &after, after, calendar.DoneOnTime},
	} {
		if got := calendar.Class(c.due, c.done, c.now); got != c.want {
			t.Errorf("Class(%v, %v, %v) = %s, want %s", c.due, c.done, c.now, got, c.want)
		}
	}
}
