package pdf

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"congvan/signing"
)

// TestRevisionEntries: of two entries of one number the first stands, and where readers would
// disagree the number is told.
func TestRevisionEntries(t *testing.T) {
	at := func(n int64) Change { return Change{Num: 5, Offset: n} }
	free, freeAgain := Change{Num: 5, Free: true}, Change{Num: 5, Gen: 1, Free: true}
	for name, c := range map[string]struct {
		table, more []Change
		hybrid      bool
		want        Change
		conflict    bool
	}{
		"one":                           {[]Change{at(10)}, nil, false, at(10), false},
		"the same twice":                {[]Change{at(10), at(10)}, nil, false, at(10), false},
		"two":                           {[]Change{at(10), at(20)}, nil, false, at(10), true},
		"free twice":                    {[]Change{free, freeAgain}, nil, false, free, false},
		"free, then used":               {[]Change{free, at(10)}, nil, false, free, true},
		"used, then free":               {[]Change{at(10), free}, nil, false, at(10), true},
		"hidden by the table":           {[]Change{free}, []Change{at(10)}, true, at(10), false},
		"hidden, and no hybrid file":    {[]Change{free}, []Change{at(10)}, false, free, true},
		"free in the stream":            {[]Change{at(10)}, []Change{free}, true, at(10), true},
		"another in the stream":         {[]Change{at(10)}, []Change{at(20)}, true, at(10), true},
		"the same in the stream":        {[]Change{at(10)}, []Change{at(10)}, true, at(10), false},
		"only in the stream of a table": {nil, []Change{at(10)}, true, at(10), false},
	} {
		var r Revision
		r.add(c.table, false)
		r.add(c.more, c.hybrid)
		if len(r.Objects) != 1 || r.Objects[0] != c.want || slices.Contains(r.Conflicts, 5) != c.conflict {
			t.Errorf("%s: %+v, conflicts %v", name, r.Objects, r.Conflicts)
		}
	}
	// a stream that an older table named restates, and the table holds
	sec := section{objects: []Change{at(10)}, hiddenAt: 100, hidden: []Change{at(20)}}
	named := map[int64]bool{}
	first, second := revisionOf(sec, named), revisionOf(sec, named)
	if !reflect.DeepEqual(first.Conflicts, []int{5}) || first.Restated != nil {
		t.Errorf("named first: conflicts %v, restated %v", first.Conflicts, first.Restated)
	}
	if len(second.Conflicts) != 0 || !reflect.DeepEqual(second.Restated, []int{5}) {
		t.Errorf("named again: conflicts %v, restated %v", second.Conflicts, second.Restated)
	}
	if alone := revisionOf(sec, nil); !reflect.DeepEqual(alone.Conflicts, []int{5}) {
		t.Errorf("linearized: conflicts %v", alone.Conflicts)
	}
}

// TestSectionsInOrder: a section lies behind the one before it, and what ends the file ends
// the newest only when it names it.
func TestSectionsInOrder(t *testing.T) {
	// sections written at once, each with its /Prev: -1 for none, else the index of another
	file := func(prevs []int, last int, head string) ([]byte, []int64) {
		b, _ := catalogued()
		b.Raw(head)
		at := make([]int64, len(prevs))
		body := func(prev int) string {
			s := "xref\n0 1\n0000000000 65535 f \n1 1\n0000000015 00000 n \ntrailer\n<< /Size 2 /Root 1 0 R"
			if prev >= 0 {
				s += fmt.Sprintf(" /Prev %010d", at[prev])
			}
			return s + " >>\n"
		}
		next := b.Len()
		for i, p := range prevs {
			at[i] = next
			next += int64(len(body(p)))
		}
		for _, p := range prevs {
			b.Raw(body(p))
		}
		b.Raw(fmt.Sprintf("startxref\n%d\n%%%%EOF\n", at[last]))
		return b.Bytes(), at
	}
	for name, c := range map[string]struct {
		prevs []int
		last  int
		want  error
	}{
		"one":                 {[]int{-1}, 0, nil},
		"two":                 {[]int{-1, 0}, 1, nil},
		"three":               {[]int{-1, 0, 1}, 2, nil},
		"the older behind":    {[]int{1, -1}, 0, signing.ErrTruncated},
		"one of three behind": {[]int{-1, 2, 0}, 1, signing.ErrTruncated},
		"in a ring":           {[]int{1, 0}, 1, signing.ErrTruncated},
	} {
		data, _ := file(c.prevs, c.last, "")
		f, err := opened(t, data)
		if !errors.Is(err, c.want) || err == nil && len(f.Revisions()) != len(c.prevs) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	for trailer, want := range map[string]int{"": 1, "/Size 50": 49, "/Size 1": 1} {
		b, _ := catalogued()
		b.Root += " " + trailer
		b.Table("")
		if f := open(t, b.Bytes()); f.MaxObject() != want {
			t.Errorf("%q: highest object %d", trailer, f.MaxObject())
		}
	}
	data, at := file([]int{-1}, 0, "")
	whole := int64(len(data))
	far := []byte(strings.Replace(string(data), "startxref", strings.Repeat(" ", 5000)+"startxref", 1))
	for name, c := range map[string]struct {
		data        []byte
		start, ends int64
	}{
		"its own":            {data, at[0], whole},
		"an older one again": {append(slices.Clone(data), fmt.Sprintf("5 0 obj\n1\nendobj\nstartxref\n%d\n%%%%EOF\n", at[0])...), at[0], whole},
		"far behind":         {far, at[0], int64(len(far))},
	} {
		f, err := opened(t, c.data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if r := f.Revisions()[0]; r.StartXref != c.start || r.End != c.ends || r.Marker != c.ends-1 {
			t.Errorf("%s: %d at %d to %d, want %d to %d", name, r.StartXref, r.Marker, r.End, c.start, c.ends)
		}
	}
}
