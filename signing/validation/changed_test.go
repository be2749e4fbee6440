package validation

import (
	"slices"
	"strings"
	"testing"

	"congvan/signing"
)

// steps are what is written before a signature and what after it; nil for nothing.
type steps [2]func(d *doc)

// changed is a case of what may happen to a signed file.
type changed struct {
	steps steps
	// change is told; after "=" it is all that is told. Empty it is forbidden, after "!" for
	// what is told.
	change string
}

// judge signs a file in between and holds the report of that signature against the case.
func (c changed) judge(t *testing.T, b *bench, s sig) {
	t.Helper()
	d := newDoc(t, b)
	d.next = 100
	if c.steps[0] != nil {
		c.steps[0](d)
	}
	d.sign(s)
	c.steps[1](d)
	r := validate(t, b.validator(), d.Bytes())
	first := r.Signatures[0]
	if why, forbidden := strings.CutPrefix(c.change, "!"); forbidden || c.change == "" {
		if !strings.Contains(strings.Join(first.Changes, "; "), why) {
			t.Errorf("want %q: %q", why, first.Changes)
		}
		if r.Verdict != signing.Invalid || first.Integrity != "intact" || first.ChangesAft != "forbidden" || !slices.Contains(first.Reasons, ReasonChanged) {
			t.Errorf("%s %v: %+v", r.Verdict, r.Reasons, first)
		}
		return
	}
	want, all := strings.CutPrefix(c.change, "=")
	if r.Verdict != signing.Valid || all && strings.Join(first.Changes, "; ") != want || !all && !slices.Contains(first.Changes, want) {
		t.Errorf("%s %v, want %q: %+v", r.Verdict, r.Reasons, c.change, first)
	}
}

// inside judges with the first step as part of the signed revision.
func (c changed) inside(t *testing.T, b *bench, s sig) {
	t.Helper()
	s.before, c.steps[0] = c.steps[0], nil
	c.judge(t, b, s)
}

// write is a revision of one object.
func write(num int, body string) func(d *doc) {
	return func(d *doc) { d.Obj(num, body); d.end() }
}
