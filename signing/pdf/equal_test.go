package pdf

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"congvan/signing/pdf/pdftest"
)

func parsed(t *testing.T, source string) Object {
	t.Helper()
	lim := DefaultLimits()
	o, err := memoryLexer([]byte(source), &lim).object()
	if err != nil {
		t.Fatalf("%s: %v", source, err)
	}
	return o
}

// TestEqual: what was changed after a signature must not count as the same.
func TestEqual(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"1", "1", true},
		{"1", "2", false},
		{"612", "612.0", true},
		{"612", "612.5", false},
		{"9007199254740993", "9007199254740992.0", false},
		{"-9007199254740993", "-9007199254740992.0", false},
		{"1.5", "1.5", true},
		{"1.5", "1.25", false},
		{"1", "(1)", false},
		{"null", "null", true},
		{"null", "false", false},
		{"true", "true", true},
		{"true", "false", false},
		{"/A", "/A", true},
		{"/A", "(A)", false},
		{"(A)", "/A", false},
		{"(A)", "<41>", true},
		{"(A)", "(B)", false},
		{"3 0 R", "3 0 R", true},
		{"3 0 R", "3 1 R", false},
		{"[1 2]", "[1.0 2]", true},
		{"[1 2]", "[2 1]", false},
		{"[1 2]", "[1 2 3]", false},
		{"[]", "()", false},
		{"[]", "<<>>", false},
		{"<<>>", "[]", false},
		{"<< /A 1 /B [2] >>", "<< /B [2] /A 1 >>", true},
		{"<< /A 1 /B [2] >>", "<< /A 1 /B [3] >>", false},
		{"<< /A 1 >>", "<< /B 1 >>", false},
		{"<< /A 1 >>", "<< /A 1 /B 2 >>", false},
	} {
		a, b := parsed(t, c.a), parsed(t, c.b)
		if Equal(a, b) != c.want || Equal(b, a) != c.want {
			t.Errorf("%s and %s: %v, %v", c.a, c.b, Equal(a, b), Equal(b, a))
		}
		if same, err := SameObject(nil, nil, a, b); same != c.want || err != nil {
			t.Errorf("%s and %s as objects: %v, %v", c.a, c.b, same, err)
		}
	}
	if Equal(Dict{"A": nil}, Dict{"B": nil}) {
		t.Error("null under another key")
	}
	b := pdftest.New()
	b.Obj(1, "<< /Type /Catalog >>")
	long := strings.Repeat("x", 40_000)
	for i, data := range []string{long, long, long[1:] + "y", long[1:], "y" + long[1:], strings.Repeat("z", 16<<10), strings.Repeat("z", 16<<10)} {
		b.Stream(i+2, "", data)
	}
	b.Stream(9, "/Kind /Other", long)
	b.Table("")
	f := open(t, b.Bytes())
	get := func(n int) Object {
		o, err := f.Get(Ref{n, 0})
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	for n, want := range map[int]bool{1: false, 3: true, 4: false, 5: false, 6: false, 9: false} {
		if same, err := SameObject(f, f, get(2), get(n)); same != want || err != nil {
			t.Errorf("streams 2 and %d: %v, %v", n, same, err)
		}
	}
	if same, err := SameObject(f, f, get(7), get(8)); !same || err != nil {
		t.Errorf("streams of a whole block: %v, %v", same, err)
	}
	if Equal(get(2), get(2)) {
		t.Error("streams are equal as they stand")
	}
	broken := &File{shared: &shared{ctx: t.Context(), lim: f.lim}}
	if same, err := sameBytes(broken, failing{}, bytes.NewReader(nil)); same || err == nil {
		t.Errorf("unreadable: %v, %v", same, err)
	}
}

// failing cannot be read.
type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }

// TestReferences: numbers that no file can have name nothing.
func TestReferences(t *testing.T) {
	for source, want := range map[string]Object{
		"3 0 R": Ref{3, 0}, "2147483647 65535 R": Ref{2147483647, 65535},
		"0 0 R": nil, "2147483648 0 R": nil, "3 65536 R": nil, "3 0 X": int64(3), "3 /A": int64(3),
	} {
		if got := parsed(t, source); !Equal(got, want) {
			t.Errorf("%s: %v", source, got)
		}
		if strings.HasSuffix(source, "R") {
			if got := parsed(t, "["+source+"]"); !Equal(got, Array{want}) {
				t.Errorf("[%s]: %v", source, got)
			}
		}
	}
	if got := parsed(t, "[-3 0 R 3 -1 R]"); !Equal(got, Array{nil, nil}) {
		t.Errorf("negative: %v", got)
	}
	lim := DefaultLimits()
	for _, source := range []string{
		"[R]", "[3 R]", "[/A 0 R]", "[3 /A R]", "[3", "<< /A", "<< /A >>", "<< 1 2 >>", "[x]", "x", "", "<< /A 1",
	} {
		if o, err := memoryLexer([]byte(source), &lim).object(); err == nil {
			t.Errorf("%s: %v", source, o)
		}
	}
	for source, want := range map[string]bool{"<< /A 1 /B 2 >>": false, "<< /A 1 /A 2 >>": true, "[<< /A 1 /A 1 >>]": true} {
		l := memoryLexer([]byte(source), &lim)
		if _, err := l.object(); err != nil || l.ambiguous != want {
			t.Errorf("%s: ambiguous %v, %v", source, l.ambiguous, err)
		}
	}
	if got := parsed(t, "<< /A null /B 1 >>"); !Equal(got, Dict{"B": int64(1)}) {
		t.Errorf("null in a dictionary: %v", got)
	}
}
