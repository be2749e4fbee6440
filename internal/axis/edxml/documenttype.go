package edxml

import "strings"

// DocumentType is the kind of document: Type 1 is legal normative (quy phạm pháp
// luật), 2 administrative (hành chính); TypeDetail is the row in that list, 0 if not
// given; TypeName is what people read.
type DocumentType struct {
	Type       Number
	TypeDetail Number `json:",omitzero"`
	TypeName   string `json:",omitzero"`
}

// The two lists of Amendment 1:2022. Rows 10–17 of the second follow the order of
// NĐ 30/2020 Đ.7; its rows after 26 are not known.
var (
	normativeTypes = []string{
		"Hiến pháp", "Luật", "Pháp lệnh", "Lệnh", "Nghị quyết", "Nghị quyết liên tịch",
		"Nghị định", "Quyết định", "Thông tư", "Thông tư liên tịch", "Chỉ thị", "Bộ luật",
		"Văn bản quy phạm pháp luật của chính quyền địa phương ở đơn vị hành chính - kinh tế đặc biệt",
	}
	administrativeTypes = []string{
		"Nghị quyết", "Quyết định", "Chỉ thị", "Quy chế", "Quy định", "Thông cáo",
		"Thông báo", "Hướng dẫn", "Chương trình", "Kế hoạch", "Phương án", "Đề án", "Dự án",
		"Báo cáo", "Biên bản", "Tờ trình", "Hợp đồng", "Công văn", "Công điện",
		"Bản ghi nhớ", "Bản cam kết", "Bản thỏa thuận", "Giấy chứng nhận",
		"Giấy ủy quyền", "Giấy mời", "Giấy giới thiệu",
	}
)

// AdministrativeType is the wire form of an administrative document's kind by its name
// ("Công văn"); a name outside the list travels with TypeDetail 0.
func AdministrativeType(name string) DocumentType { return typeIn("2", administrativeTypes, name) }

// NormativeType is the wire form of a legal normative document's kind by its name.
func NormativeType(name string) DocumentType { return typeIn("1", normativeTypes, name) }

func typeIn(kind Number, list []string, name string) DocumentType {
	t := DocumentType{Type: kind, TypeDetail: "0", TypeName: name}
	for i, row := range list {
		if strings.EqualFold(row, name) {
			t.TypeDetail = NumberOf(i + 1)
		}
	}
	return t
}

// Name is the kind in words, read as tolerantly as senders are careless: the name if
// there is one, else the row of the list, else a Type above 2 taken as a row of the
// administrative list. Empty if nothing fits.
func (t DocumentType) Name() string {
	if t.TypeName != "" {
		return t.TypeName
	}
	kind, _ := t.Type.Int()
	row, _ := t.TypeDetail.Int()
	list := administrativeTypes
	switch {
	case kind == 1:
		list = normativeTypes
	case kind > 2:
		row = kind
	}
	if row < 1 || row > len(list) {
		return ""
	}
	return list[row-1]
}
