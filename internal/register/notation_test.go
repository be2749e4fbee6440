package register_test

import (
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"congvan/internal/calendar"
	"congvan/internal/fault"
	"congvan/internal/register"
	"congvan/internal/textfold"
)

func docType(t *testing.T, code string) register.DocumentType {
	t.Helper()
	dt, ok := register.Lookup(code)
	if !ok {
		t.Fatalf("no type %q", code)
	}
	return dt
}

func TestTypesOfTheDecree(t *testing.T) {
	types := register.Types()
	if len(types) != 29 || len(register.CopyKinds()) != 3 {
		t.Fatalf("%d types, %d copy kinds", len(types), len(register.CopyKinds()))
	}
	abbreviations, rows := 0, map[int]string{}
	codes, folded := map[string]bool{}, map[string]int{}
	for _, dt := range append(types, register.CopyKinds()...) {
		if codes[strings.ToLower(dt.Code)] {
			t.Errorf("code %s twice, case aside", dt.Code)
		}
		codes[strings.ToLower(dt.Code)] = true
		folded[textfold.Fold(dt.Code)]++
		if dt.HasAbbreviation != (dt.Abbreviation != "") || dt.HasAbbreviation && dt.Abbreviation != dt.Code {
			t.Errorf("%+v: abbreviation", dt)
		}
		if dt.HasAbbreviation && !dt.Copy {
			abbreviations++
		}
		if dt.TypeDetail != 0 {
			if rows[dt.TypeDetail] != "" {
				t.Errorf("row %d is %s and %s", dt.TypeDetail, rows[dt.TypeDetail], dt.Code)
			}
			rows[dt.TypeDetail] = dt.Code
		}
		if got, ok := register.Lookup(norm.NFD.String(dt.Code)); !ok || got != dt {
			t.Errorf("Lookup(NFD %s) = %+v", dt.Code, got)
		}
		if norm.NFC.String(dt.Name) != dt.Name || norm.NFC.String(dt.Code) != dt.Code {
			t.Errorf("%s is not NFC", dt.Code)
		}
	}
	if abbreviations != 27 {
		t.Errorf("%d abbreviations, the decree has 27", abbreviations)
	}
	// Found together by a search without tones, yet types of their own.
	for _, f := range []string{"hd", "da"} {
		if folded[f] != 2 {
			t.Errorf("%q folds %d codes", f, folded[f])
		}
	}
	for code, row := range map[string]int{"NQ": 1, "QĐ": 2, "BC": 14, "HĐ": 17, "CV": 18, "CĐ": 19, "BTT": 22, "GUQ": 24, "GGT": 26, "PB": 0} {
		if docType(t, code).TypeDetail != row {
			t.Errorf("%s is row %d", code, docType(t, code).TypeDetail)
		}
	}
	for _, c := range []struct{ a, b string }{{"QyĐ", "QĐ"}, {"HĐ", "HD"}, {"DA", "ĐA"}, {"TTr", "TrS"}} {
		if docType(t, c.a) == docType(t, c.b) {
			t.Errorf("%s and %s are one type", c.a, c.b)
		}
	}
	for _, no := range []string{"", "qđ", "QD", "TrC", "Công văn"} {
		if _, ok := register.Lookup(no); ok {
			t.Errorf("Lookup(%q) found a type", no)
		}
	}
}

func TestLookupByNameAndRow(t *testing.T) {
	for name, code := range map[string]string{
		"Công văn": "CV", "CÔNG VĂN": "CV", "Quyết định (cá biệt)": "QĐ", "quy định": "QyĐ",
		"Giấy uỷ quyền": "GUQ", "Bản thoả thuận": "BTT", "Dự án": "DA", "Đề án": "ĐA", "Trích sao": "TrS",
	} {
		if got, ok := register.LookupName(name); !ok || got.Code != code {
			t.Errorf("LookupName(%q) = %q", name, got.Code)
		}
	}
	if got, ok := register.LookupName("Quyêt đinh"); ok {
		t.Errorf("a misspelt name is %s", got.Code)
	}
	if got, ok := register.LookupTypeDetail(18); !ok || got.Code != register.CongVan {
		t.Errorf("row 18 is %q", got.Code)
	}
	if got, ok := register.LookupTypeDetail(0); ok {
		t.Errorf("row 0 is %q", got.Code)
	}
}

func TestLabel(t *testing.T) {
	for _, c := range []struct {
		n                  int
		code, agency, unit string
		want               string
	}{
		{5, "QĐ", "UBND", "", "Số: 05/QĐ-UBND"},
		{15, "QĐ", "UBND", "VX", "Số: 15/QĐ-UBND"}, // a named document does not show the unit
		{12, "CV", "UBND", "VX", "Số: 12/UBND-VX"},
		{5, "CV", "BNV", "VP", "Số: 05/BNV-VP"},
		{3, "SY", "VP", "", "Số: 03/SY-VP"},
		{100, "TTr", "SNV", "", "Số: 100/TTr-SNV"},
		{1, "NQ", norm.NFD.String("HĐND"), "", "Số: 01/NQ-HĐND"},
		{9, "QyĐ", " UBND ", "", "Số: 09/QyĐ-UBND"},
		{10, "ThC", "UBND", "VP.1", "Số: 10/UBND-VP.1"},
	} {
		notation, err := register.Notation(docType(t, c.code), c.agency, c.unit)
		if err != nil {
			t.Errorf("%s %s: %v", c.code, c.agency, err)
			continue
		}
		if got := register.Label(c.n, notation); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
	}
}

func TestNotationRefuses(t *testing.T) {
	for _, c := range []struct{ code, agency, unit, want string }{
		{"QĐ", "", "", "abbreviation_required"},
		{"CV", "UBND", "  ", "unit_code_required"},
		{"CV", "UB ND", "VX", "notation_part_invalid"},
		{"CV", "UBND", "V/X", "notation_part_invalid"},
		{"CV", "UBND", "V-X", "notation_part_invalid"},
		{"CV", "UBND", "VX.", "notation_part_invalid"},
		{"CV", "UBND\x00", "VX", "notation_part_invalid"},
		{"QĐ", "UBND\xff", "", "notation_part_invalid"},
		{"QĐ", strings.Repeat("Đ", 28), "", "notation_too_long"},
	} {
		if got, err := register.Notation(docType(t, c.code), c.agency, c.unit); !fault.Is(err, c.want) {
			t.Errorf("%+v: %q, %v", c, got, err)
		}
	}
	if _, err := register.Notation(docType(t, "QĐ"), strings.Repeat("Đ", 27), ""); err != nil {
		t.Errorf("30 characters: %v", err)
	}
}

func TestDateLine(t *testing.T) {
	for d, want := range map[calendar.Date]string{
		calendar.On(2020, 1, 5):   "Hà Nội, ngày 05 tháng 01 năm 2020",
		calendar.On(2020, 6, 15):  "Hà Nội, ngày 15 tháng 6 năm 2020",
		calendar.On(2020, 2, 9):   "Hà Nội, ngày 09 tháng 02 năm 2020",
		calendar.On(2020, 3, 31):  "Hà Nội, ngày 31 tháng 3 năm 2020",
		calendar.On(2020, 10, 3):  "Hà Nội, ngày 03 tháng 10 năm 2020",
		calendar.On(2026, 12, 10): "Hà Nội, ngày 10 tháng 12 năm 2026",
	} {
		if got := register.DateLine("Hà Nội", d); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
