package org

import (
	"strings"

	"congvan/internal/fault"
)

// CodeScheme is the rule book of an identifier (mã định danh điện tử).
type CodeScheme string

// The published forms, and all others.
const (
	SchemeQCVN102 CodeScheme = "QCVN102" // 000.00.00.H26: QCVN 102:2016, QĐ 28/2018 Đ.10.2a
	SchemeQD20    CodeScheme = "QD20"    // H26.01.02: QĐ 20/2020
	SchemeOther   CodeScheme = "OTHER"   // seen on the axis, of no published form
)

// MaxOrganID and MaxWireOrganID bound an identifier in characters: as issued by QĐ
// 20/2020, and as accepted from the axis.
const (
	MaxOrganID     = 35
	MaxWireOrganID = 50
)

// ParseOrganID accepts an identifier from the axis: groups of ASCII letters and digits
// joined by dots, at most MaxWireOrganID long. It is given back as received, spaces at
// the ends aside; it is compared with SameOrganID. The error is fault.Invalid
// "organ_id_invalid".
func ParseOrganID(s string) (string, error) {
	s = strings.TrimSpace(s)
	ok := len(s) <= MaxWireOrganID
	for group := range strings.SplitSeq(s, ".") {
		ok = ok && group != "" && onlyASCII(group, isAlnum)
	}
	if !ok {
		return "", fault.New(fault.Invalid, "organ_id_invalid").Field("organ_id")
	}
	return s, nil
}

// FormOf tells which published form an identifier has, letters in capitals.
func FormOf(s string) CodeScheme {
	g := strings.Split(s, ".")
	switch {
	case len(g) == 4 && digits(g[0], 3) && digits(g[1], 2) && digits(g[2], 2) && isLevel1(g[3]):
		return SchemeQCVN102
	case len(s) <= MaxOrganID && len(g) <= 8 && isLevel1(g[0]) && capitals(g[1:]):
		return SchemeQD20
	}
	return SchemeOther
}

// SameOrganID compares two identifiers as the axis does, letter case aside. No old code
// is ever derived from a new one or back: the codes were issued anew (QĐ 20/2020).
func SameOrganID(a, b string) bool {
	return OrganKey(a) != "" && OrganKey(a) == OrganKey(b)
}

// OrganKey is the form of an identifier that a database index holds.
func OrganKey(s string) string { return strings.ToUpper(strings.TrimSpace(s)) }

// isLevel1 knows a level-1 code: a capital letter and two digits.
func isLevel1(s string) bool {
	return len(s) == 3 && 'A' <= s[0] && s[0] <= 'Z' && digits(s[1:], 2)
}

func capitals(groups []string) bool {
	for _, g := range groups {
		if g == "" || !onlyASCII(g, func(c byte) bool { return isDigit(c) || 'A' <= c && c <= 'Z' }) {
			return false
		}
	}
	return true
}

func digits(s string, n int) bool { return len(s) == n && onlyASCII(s, isDigit) }

func onlyASCII(s string, ok func(byte) bool) bool {
	for i := range len(s) {
		if !ok(s[i]) {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isAlnum(c byte) bool {
	return isDigit(c) || 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z'
}
