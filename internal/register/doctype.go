// Package register knows the books of an agency: document types, number and notation
// and their printed form, series and year, the date of issue, and the reading of other
// agencies' references (NĐ 30/2020 Đ.7, Đ.15, Đ.22, Phụ lục I and III). Everything is
// a pure value or function, safe for concurrent use; the counters are the store's.
package register

import (
	"strings"

	"congvan/internal/textfold"
)

// DocumentType is a kind of administrative document (loại văn bản hành chính) or of copy
// (bản sao). Code identifies it inside the system and is its abbreviation where it has
// one; the codes CV and ThC are internal and never printed, because công văn and thư
// công have no abbreviation (NĐ 30/2020 Phụ lục III mục I).
type DocumentType struct {
	Code            string `json:"code"`
	Name            string `json:"name"`
	Abbreviation    string `json:"abbreviation"` // printed in the notation; empty for công văn and thư công
	HasAbbreviation bool   `json:"has_abbreviation"`
	TypeDetail      int    `json:"type_detail"` // row of edXML's list B (QCVN 102:2016 sửa đổi 1:2022); 0 = not known
	Copy            bool   `json:"copy"`        // one of the three kinds of copy (NĐ 30/2020 Đ.25)
}

// Codes of the types that rules name.
const (
	CongVan  = "CV"
	ThuCong  = "ThC"
	SaoY     = "SY"
	SaoLuc   = "SL"
	TrichSao = "TrS"
)

func named(abbreviation, name string, detail int) DocumentType {
	return DocumentType{Code: abbreviation, Name: name, Abbreviation: abbreviation, HasAbbreviation: true, TypeDetail: detail}
}

func unnamed(code, name string, detail int) DocumentType {
	return DocumentType{Code: code, Name: name, TypeDetail: detail}
}

func copyKind(abbreviation, name string) DocumentType {
	t := named(abbreviation, name, 0)
	t.Copy = true
	return t
}

// Types gives the 29 types in the order of NĐ 30/2020 Đ.7; the slice is the caller's.
func Types() []DocumentType {
	return []DocumentType{
		named("NQ", "Nghị quyết", 1),
		named("QĐ", "Quyết định", 2),
		named("CT", "Chỉ thị", 3),
		named("QC", "Quy chế", 4),
		named("QyĐ", "Quy định", 5),
		named("TC", "Thông cáo", 6),
		named("TB", "Thông báo", 7),
		named("HD", "Hướng dẫn", 8),
		named("CTr", "Chương trình", 9),
		named("KH", "Kế hoạch", 10),
		named("PA", "Phương án", 11),
		named("ĐA", "Đề án", 12),
		named("DA", "Dự án", 13),
		named("BC", "Báo cáo", 14),
		named("BB", "Biên bản", 15),
		named("TTr", "Tờ trình", 16),
		named("HĐ", "Hợp đồng", 17),
		unnamed(CongVan, "Công văn", 18),
		named("CĐ", "Công điện", 19),
		named("BGN", "Bản ghi nhớ", 20),
		named("BTT", "Bản thỏa thuận", 22),
		named("GUQ", "Giấy ủy quyền", 24),
		named("GM", "Giấy mời", 25),
		named("GGT", "Giấy giới thiệu", 26),
		named("GNP", "Giấy nghỉ phép", 0),
		named("PG", "Phiếu gửi", 0),
		named("PC", "Phiếu chuyển", 0),
		named("PB", "Phiếu báo", 0),
		unnamed(ThuCong, "Thư công", 0),
	}
}

// CopyKinds gives the three kinds of copy (NĐ 30/2020 Đ.25); the slice is the caller's.
func CopyKinds() []DocumentType {
	return []DocumentType{
		copyKind(SaoY, "Sao y"),
		copyKind(SaoLuc, "Sao lục"),
		copyKind(TrichSao, "Trích sao"),
	}
}

// Lookup finds a type or kind of copy by its code; diacritics and case count (QyĐ is not
// QĐ), the Unicode form does not.
func Lookup(code string) (DocumentType, bool) {
	code = textfold.NFC(code)
	return find(func(t DocumentType) bool { return t.Code == code })
}

// LookupName finds a type by its name as other systems write it: any case, "(cá biệt)"
// ignored.
func LookupName(name string) (DocumentType, bool) {
	name = plainName(name)
	return find(func(t DocumentType) bool { return plainName(t.Name) == name })
}

// LookupTypeDetail finds a type by its row in edXML's list B (Type = 2).
func LookupTypeDetail(row int) (DocumentType, bool) {
	return find(func(t DocumentType) bool { return row > 0 && t.TypeDetail == row })
}

func find(match func(DocumentType) bool) (DocumentType, bool) {
	for _, t := range append(Types(), CopyKinds()...) {
		if match(t) {
			return t, true
		}
	}
	return DocumentType{}, false
}

// plainName also evens out the two places of a tone mark (uỷ, ủy; thoả, thỏa), which
// both are in use.
func plainName(name string) string {
	name, _, _ = strings.Cut(textfold.NFC(name), "(")
	return textfold.Key(name)
}
