package org

import (
	"strings"
	"time"

	"congvan/internal/calendar"
)

// Listed is an agency as the axis lists it: its codes, the one in force first, and its name.
type Listed struct {
	Codes []string
	Name  string
}

// ListedID is the id of an agency that is in the directory only because the axis lists it.
func ListedID(code string) string { return "axis-" + strings.ToLower(OrganKey(code)) }

// Relist brings an agency up to what the axis lists on the day of t: its name, and its
// codes, of which one of a scheme that another takes the place of ends the day before. No
// code is ever taken away: old documents name it. An agency that was closed because the
// axis no longer listed it is open again. Without a name it keeps its own.
func (a Agency) Relist(l Listed, t time.Time) Agency {
	a.ClosedAt = nil
	if name := strings.TrimSpace(l.Name); name != "" {
		a.Name = name
	}
	return a.WithCodes(l.Codes, t)
}

// WithCodes adds the codes that are not yet the agency's from the day of t on.
func (a Agency) WithCodes(codes []string, t time.Time) Agency {
	day := calendar.DateOf(t)
	own := append([]Code(nil), a.Codes...)
	for _, value := range codes {
		if OrganKey(value) == "" || holds(own, value, t) {
			continue
		}
		c := Code{Scheme: FormOf(strings.ToUpper(value)), Value: value}
		for i := range own {
			if own[i].Scheme == c.Scheme && own[i].Holds(t) {
				own[i].ValidTo = day.AddDays(-1)
				c.ValidFrom = day
			}
		}
		own = append(own, c)
	}
	a.Codes = own
	return a
}

func holds(codes []Code, value string, t time.Time) bool {
	for _, c := range codes {
		if SameOrganID(c.Value, value) && c.Holds(t) {
			return true
		}
	}
	return false
}
