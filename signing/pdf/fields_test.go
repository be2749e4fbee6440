package pdf

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"congvan/signing"
)

// TestFieldTree: what is a field and what a widget, and what a field has from those above it.
func TestFieldTree(t *testing.T) {
	for name, c := range map[string]struct {
		fields string // of the form
		want   string // name, type, flags, value and number of widgets of each
	}{
		"no form":                   {"", ""},
		"two that are no objects":   {"[<< /T (a) >> << /T (b) >>]", "a  0 <nil> 0, b  0 <nil> 0"},
		"one that is missing":       {"[99 0 R << /T (a) >>]", "a  0 <nil> 0"},
		"no list":                   {"(a)", ""},
		"one that is its widget":    {"[<< /T (a) /Subtype /Widget >>]", "a  0 <nil> 1"},
		"one with a place":          {"[<< /T (a) /Rect [0 0 9 9] >>]", "a  0 <nil> 1"},
		"widgets, one missing":      {"[<< /T (a) /Kids [<< /Rect [0 0 9 9] >> 99 0 R << >>] /Rect [0 0 9 9] >>]", "a  0 <nil> 2"},
		"widgets, and one itself":   {"[<< /T (a) /Kids [<< >>] /Subtype /Widget >>]", "a  0 <nil> 2"},
		"children":                  {"[<< /T (a) /FT /Tx /Ff 2 /V (x) /Kids [<< /T (b) >> << /T (c) /FT /Sig /Ff 1 /V (y) >>] >>]", "a.b Tx 2 [120] 0, a.c Sig 1 [121] 0"},
		"children and widgets":      {"[<< /T (a) /Kids [<< /T (b) >> << >>] >>]", "a.b  0 <nil> 0, a  0 <nil> 1"},
		"a child without a name":    {"[<< /T (a) /Kids [<< /Kids [<< /T (b) >>] >>] >>]", "a.b  0 <nil> 0"},
		"a name that is a number":   {"[<< /T (a) /Kids [<< /T 5 >>] >>]", "a  0 <nil> 0"},
		"an empty value of its own": {"[<< /T (a) /V (x) /Kids [<< /T (b) /V null >>] >>]", "a.b  0 [120] 0"},
	} {
		b, _ := catalogued()
		if c.fields != "" {
			b.Obj(1, "<< /Type /Catalog /AcroForm << /Fields "+c.fields+" >> >>")
		}
		b.Table("")
		f := open(t, b.Bytes())
		fields, err := f.Fields()
		var got []string
		for _, d := range fields {
			got = append(got, fmt.Sprintf("%s %s %d %v %d", d.Name, d.Type, d.Flags, d.Value, len(d.Widgets)))
		}
		if s := strings.Join(got, ", "); err != nil || s != c.want {
			t.Errorf("%s: %q, %v; want %q", name, s, err, c.want)
		}
	}
}

// TestStreamLength: /Length holds where endstream follows it, else the first endstream ends
// the data, within the revision.
func TestStreamLength(t *testing.T) {
	long := strings.Repeat("x", 256<<10-4) // endstream lies over the edge of what is read at once
	for name, c := range map[string]struct {
		length, data, want string
		fails              error
	}{
		"right":                  {"3", "abc\nendstream", "abc", nil},
		"right, the word inside": {"13", "abc endstream\nendstream", "abc endstream", nil},
		"too short":              {"1", "abc\nendstream", "abc", nil},
		"too long":               {"5", "abc\nendstream", "abc", nil},
		"negative":               {"-3", "abc\nendstream", "abc", nil},
		"behind the file":        {"99999999", "abc\nendstream", "abc", nil},
		"behind all numbers":     {"9223372036854775807", "abc\nendstream", "abc", nil},
		"none":                   {"null", "abc\nendstream", "abc", nil},
		"CR LF":                  {"null", "abc\r\nendstream", "abc", nil},
		"CR":                     {"null", "abc\rendstream", "abc", nil},
		"no end of line":         {"null", "abcendstream", "abc", nil},
		"large":                  {"null", long + "\nendstream", long, nil},
		"no end":                 {"3", "abc\n", "", signing.ErrTruncated},
		"no end, large":          {"3", long + long, "", signing.ErrTruncated},
	} {
		b, _ := catalogued()
		b.Obj(3, "<< /Length "+c.length+" >>\nstream\n"+c.data)
		b.Table("")
		f := open(t, b.Bytes())
		o, err := f.Get(Ref{3, 0})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got, err := f.Decode(o.(*Stream), 1<<20)
		if !errors.Is(err, c.fails) || string(got) != c.want {
			t.Errorf("%s: %.40q, %v; want %.40q", name, got, err, c.want)
		}
	}
}
