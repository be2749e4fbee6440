package demo

import (
	"fmt"

	"congvan/internal/org"
)

// Wards are n invented agencies without people, for what goes to very many recipients.
func Wards(n int, local bool) []AgencyOf {
	out := make([]AgencyOf, 0, n)
	for i := range n {
		a := agency(fmt.Sprintf("w-%03d", i+1), "", fmt.Sprintf("Ủy ban nhân dân phường Mẫu %d", i+1), "UBND", fmt.Sprintf("phường Mẫu %d", i+1),
			"Ủy ban nhân dân tỉnh Mẫu", fmt.Sprintf("H98.20.%03d", i+1), fmt.Sprintf("%03d.20.00.H98", i+1))
		a.Local = local
		out = append(out, AgencyOf{Agency: a})
	}
	return out
}

// Trio are three more invented installations of one agency each, every one of which knows
// the others: for tests that need more than two. Everything in them is test data.
func Trio() []Site {
	type office struct {
		AgencyOf
		key string
	}
	var offices []office
	for _, o := range []struct{ key, name, abbreviation, code, old string }{
		{"x", "Sở Một tỉnh Mẫu", "SMOT", "H98.11", "000.00.11.H98"},
		{"y", "Sở Hai tỉnh Mẫu", "SHAI", "H98.12", "000.00.12.H98"},
		{"z", "Sở Ba tỉnh Mẫu", "SBA", "H98.13", "000.00.13.H98"},
	} {
		a := agency(o.key+"-so", "", o.name, o.abbreviation, "Tỉnh Mẫu", "Ủy ban nhân dân tỉnh Mẫu", o.code, o.old)
		offices = append(offices, office{key: o.key, AgencyOf: local(a, "Văn phòng", "VP", "Phòng Chuyên môn", "CM", people{
			leader: "Nguyễn Văn Mẫu", title: "Giám đốc", kind: org.Self,
			head: "Thái Ví Dụ " + o.abbreviation, headTitle: "Chánh Văn phòng",
			official: "Hà Bản Mẫu " + o.abbreviation, second: "Tô Bản Mẫu " + o.abbreviation,
			checker: "Khổng Thử Nghiệm " + o.abbreviation, clerk: "Vi Thử Nghiệm " + o.abbreviation,
		})})
	}
	var out []Site
	for _, here := range offices {
		s := Site{Key: here.key, Name: here.Name}
		for _, o := range offices {
			if o.key == here.key {
				s.Agencies = append(s.Agencies, o.AgencyOf)
			} else {
				a := o.Agency
				a.Local = false
				s.Agencies = append(s.Agencies, AgencyOf{Agency: a})
			}
		}
		out = append(out, s)
	}
	return out
}
