package register_test

import (
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"congvan/internal/register"
)

func TestParseNotation(t *testing.T) {
	for _, c := range []struct {
		in, number string
		year       int
		notation   string
	}{
		{"08-CTr/TU", "8", 0, "CTr/TU"},
		{"30/2020/NĐ-CP", "30", 2020, "NĐ-CP"},
		{"Số: 05/QĐ-UBND", "5", 0, "QĐ-UBND"},
		{"SỐ 05/QĐ-UBND", "5", 0, "QĐ-UBND"},
		{" 15 / QĐ – BNV ", "15", 0, "QĐ-BNV"},
		{"100/UBND-VX", "100", 0, "UBND-VX"},
		{"12a/UBND-VX", "12a", 0, "UBND-VX"},
		{"12", "12", 0, ""},
		{"12/", "12", 0, ""},
		{"12/2026", "12", 2026, ""},
		{"145/2026-SVD", "145", 2026, "SVD"},
		{"QĐ-UBND", "", 0, "QĐ-UBND"},
		{"74fass22/AB", "", 0, "74fass22/AB"},
		{"00/X", "0", 0, "X"},
		{"", "", 0, ""},
		{"5/ÐA-UBND", "5", 0, "ĐA-UBND"}, // eth typed for Đ
		{norm.NFD.String("5/QĐ-ĐHQG-Ế"), "5", 0, "QĐ-ĐHQG-Ế"},
		{strings.Repeat("9", 40) + "/X", "", 0, strings.Repeat("9", 40) + "/X"},
	} {
		want := register.Reference{Number: c.number, Year: c.year, Notation: c.notation}
		if got := register.ParseNotation(c.in); got != want {
			t.Errorf("ParseNotation(%q) = %+v, want %+v", c.in, got, want)
		}
	}
}

func TestSameReference(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"05/QĐ-UBND", "5/QĐ-UBND", true},
		{"08-CTr/TU", "8/CTr-TU", true},
		{"30/2020/NĐ-CP", "30/2020/nđ-cp", true},
		{norm.NFD.String("5/HĐ-UBND"), "Số: 05/HĐ–UBND", true},
		{"30/2020/NĐ-CP", "30/NĐ-CP", false},
		{"30/2020/NĐ-CP", "30/2021/NĐ-CP", false},
		{"5/HĐ-UBND", "5/HD-UBND", false},
		{"5/QyĐ-UBND", "5/QĐ-UBND", false},
		{"5/TTr-UBND", "5/TrS-UBND", false},
		{"12/UBND-VX", "12a/UBND-VX", false},
		{"1/12-X", "112/X", false},
		{"", "", false},
		{"QĐ-UBND", "QĐ-UBND", false},
	} {
		if register.SameReference(c.a, c.b) != c.same || register.SameReference(c.b, c.a) != c.same {
			t.Errorf("SameReference(%q, %q) is not %v", c.a, c.b, c.same)
		}
	}
}

// What we print, we read back.
func TestReferenceRoundTrip(t *testing.T) {
	for _, dt := range append(register.Types(), register.CopyKinds()...) {
		notation, err := register.Notation(dt, "UBND", "VX")
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int{1, 9, 10, 2026, 12345} {
			got := register.ParseNotation(register.Label(n, notation))
			if register.FullCode(n, notation) != register.FormatNumber(n)+"/"+got.Notation || !register.SameReference(register.Label(n, notation), register.FullCode(n, notation)) {
				t.Errorf("%s: %+v", register.Label(n, notation), got)
			}
		}
	}
}

func FuzzParseNotation(f *testing.F) {
	for _, s := range []string{"30/2020/NĐ-CP", "Số: 05/QĐ-UBND", "--1//2020--", "Số\xff", "1/\xf0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ref := register.ParseNotation(s)
		if len(ref.Number) > 12 {
			t.Errorf("%q: number %q", s, ref.Number)
		}
		if (ref.Number == "") == register.SameReference(s, s) {
			t.Errorf("%q is not the same as itself", s)
		}
	})
}
