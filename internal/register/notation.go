package register

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"congvan/internal/calendar"
	"congvan/internal/fault"
	"congvan/internal/textfold"
)

// MaxNotation is the longest notation that the exchange accepts (edXML CodeNotation,
// NĐ 30/2020 Phụ lục VI: 30 characters).
const MaxNotation = 30

// Notation gives the code after the number (ký hiệu, NĐ 30/2020 Đ.15 and Phụ lục I mục
// II.3): type and agency for a named document ("QĐ-UBND", the unit is not part of it),
// agency and drafting unit or field for one without an abbreviation ("UBND-VX"). For a
// copy the agency's place is taken by who copies ("SY-VP").
//
// Errors are fault.Invalid: "abbreviation_required" and "unit_code_required" where a part
// is missing, "notation_part_invalid" where one holds anything but letters and digits
// (joined by dots if need be), "notation_too_long" beyond MaxNotation.
func Notation(t DocumentType, agencyAbbr, unitCode string) (string, error) {
	agency, err := notationPart(agencyAbbr, "agency_abbreviation", "abbreviation_required")
	if err != nil {
		return "", err
	}
	out := t.Abbreviation + "-" + agency
	if !t.HasAbbreviation {
		unit, err := notationPart(unitCode, "unit_code", "unit_code_required")
		if err != nil {
			return "", err
		}
		out = agency + "-" + unit
	}
	if utf8.RuneCountInString(out) > MaxNotation {
		return "", fault.New(fault.Invalid, "notation_too_long").Field("notation").With("max", MaxNotation)
	}
	return out, nil
}

func notationPart(s, field, missing string) (string, error) {
	s = textfold.NFC(strings.TrimSpace(s))
	if s == "" {
		return "", fault.New(fault.Invalid, missing).Field(field)
	}
	for group := range strings.SplitSeq(s, ".") {
		ok := group != ""
		for _, r := range group {
			ok = ok && r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
		}
		if !ok {
			return "", fault.New(fault.Invalid, "notation_part_invalid").Field(field)
		}
	}
	return s, nil
}

// FormatNumber writes a number as it is printed: a zero before 1 to 9.
func FormatNumber(n int) string {
	if n < 10 {
		return "0" + strconv.Itoa(n)
	}
	return strconv.Itoa(n)
}

// FullCode is number and notation as they are cited: "05/QĐ-UBND".
func FullCode(n int, notation string) string { return FormatNumber(n) + "/" + notation }

// Label is the whole line of box 3: "Số: 05/QĐ-UBND".
func Label(n int, notation string) string { return "Số: " + FullCode(n, notation) }

// DayText is the day as printed: a zero before 1 to 9 (NĐ 30/2020 Phụ lục I mục II.4).
func DayText(day int) string { return FormatNumber(day) }

// MonthText is the month as printed: a zero before 1 and 2 only.
func MonthText(m time.Month) string {
	if m <= time.February {
		return "0" + strconv.Itoa(int(m))
	}
	return strconv.Itoa(int(m))
}

// DateLine is box 4: "Hà Nội, ngày 05 tháng 01 năm 2020".
func DateLine(place string, d calendar.Date) string {
	return place + ", " + DateText(d)
}

// DateText is the date in words: "ngày 05 tháng 01 năm 2020".
func DateText(d calendar.Date) string {
	return "ngày " + DayText(d.Day) + " tháng " + MonthText(d.Month) + " năm " + strconv.Itoa(d.Year)
}
