package demo

import (
	"strings"

	"congvan/internal/calendar"
	"congvan/internal/org"
	"congvan/internal/register"
)

// Site is one invented installation: who is there, who works where, and how they sign in.
// Everything in it is test data.
type Site struct {
	Key      string // "a" or "b"
	Name     string
	Agencies []AgencyOf // those of this installation and those it only knows by name
}

// AgencyOf is an agency with its people; one of this installation without any only receives.
type AgencyOf struct {
	org.Agency
	Units []org.Unit
	Staff []Staff
}

// Staff is a person in a position, with an account.
type Staff struct {
	Username string
	Person   org.Person
	Position org.Position
	// Authority is what the position signs as; nil for those who do not sign.
	Authority *org.Authority
	PIN       string // of the personal token; empty for those who do not sign
}

// Password of every demonstration account, and PIN of every demonstration token: printed
// at start, refused in production mode together with the demonstration authority.
const (
	Password = "thu-nghiem-2026"
	PIN      = "246810"
)

// Since is when the invented agencies began to work.
func since() org.Period { return org.Period{ValidFrom: calendar.On(2020, 1, 1)} }

// Sites are the two installations of the demonstration: a city with several agencies, and
// a department of another province.
func Sites() []Site {
	city := agency("a-ubnd", "", "Ủy ban nhân dân Thành phố", "UBND", "Hà Nội", "", "H26", "000.00.00.H26")
	svd := agency("a-svd", "a-ubnd", "Sở Ví dụ", "SVD", "Hà Nội", "Ủy ban nhân dân Thành phố", "H26.14", "000.00.14.H26")
	stn := agency("a-stn", "a-ubnd", "Sở Thử nghiệm", "STN", "Hà Nội", "Ủy ban nhân dân Thành phố", "H26.15", "000.00.15.H26")
	phuong := agency("a-phuong", "a-ubnd", "Ủy ban nhân dân phường Mẫu", "UBND", "phường Mẫu", "Ủy ban nhân dân Thành phố", "H26.31", "000.00.31.H26")
	sm := agency("b-sm", "b-tinh", "Sở Mẫu tỉnh Mẫu", "SM", "Tỉnh Mẫu", "Ủy ban nhân dân tỉnh Mẫu", "H98.05", "000.00.05.H98")
	tinh := agency("b-tinh", "", "Ủy ban nhân dân tỉnh Mẫu", "UBND", "Tỉnh Mẫu", "", "H98", "000.00.00.H98")
	phuong.Numbering = register.Scheme{Kind: register.PerType}

	return []Site{
		{Key: "a", Name: "Thành phố trình diễn", Agencies: []AgencyOf{
			local(city, "Văn phòng", "VP", "Phòng Kinh tế", "KT", people{
				leader: "Phạm Quốc Thí Dụ", title: "Chủ tịch", kind: org.TM, collective: "Ủy ban nhân dân",
				head: "Đặng Thị Bản Mẫu", headTitle: "Trưởng phòng Kinh tế", official: "Vũ Minh Kiểm", second: "Ngô Thị Giả Định",
				checker: "Bùi Văn Thể Thức", clerk: "Hồ Thị Văn Thư",
			}),
			local(svd, "Văn phòng", "VP", "Phòng Nghiệp vụ", "NV", people{
				leader: "Nguyễn Văn Mẫu", title: "Giám đốc", kind: org.Self, deputy: "Trần Thị Thử", deputyTitle: "Phó Giám đốc",
				head: "Lý Văn Trưởng", headTitle: "Chánh Văn phòng", official: "Phan Thị Soạn Thảo", second: "Cao Văn Chuyên",
				checker: "Dương Thị Kiểm", clerk: "Mai Thị Văn Thư",
			}),
			local(stn, "Văn phòng", "VP", "Phòng Tổng hợp", "TH", people{
				leader: "Hoàng Văn Kiểm Thử", title: "Giám đốc", kind: org.Self,
				head: "Tạ Thị Đầu Mục", headTitle: "Chánh Văn phòng", official: "Đinh Văn Xử Lý", second: "Lưu Thị Phối Hợp",
				checker: "Trịnh Văn Soát", clerk: "Đoàn Thị Văn Thư",
			}),
			local(phuong, "Văn phòng", "VP", "Phòng Văn hóa - Xã hội", "VHXH", people{
				leader: "Nguyễn Thị Chủ Tịch Mẫu", title: "Chủ tịch", kind: org.TM, collective: "Ủy ban nhân dân",
				deputy: "Đỗ Thị Minh Họa", deputyTitle: "Phó Chủ tịch",
				head: "Kiều Văn Phụ Trách", headTitle: "Trưởng phòng Văn hóa - Xã hội", official: "Quách Thị Công Chức", second: "Lâm Văn Một Cửa",
				checker: "Từ Văn Rà Soát", clerk: "Châu Thị Văn Thư",
			}),
			{Agency: sm},
			{Agency: tinh},
		}},
		{Key: "b", Name: "Sở Mẫu tỉnh Mẫu", Agencies: []AgencyOf{
			{Agency: tinh},
			local(sm, "Văn phòng", "VP", "Phòng Chuyên môn", "CM", people{
				leader: "Lê Hoàng Ví Dụ", title: "Giám đốc", kind: org.Self,
				head: "Thái Văn Lãnh Phòng", headTitle: "Chánh Văn phòng", official: "Hà Thị Trả Lời", second: "Tô Văn Nghiên Cứu",
				checker: "Khổng Thị Duyệt", clerk: "Vi Thị Văn Thư",
			}),
			{Agency: city},
			{Agency: svd},
			{Agency: stn},
			{Agency: phuong},
		}},
	}
}

func agency(id, parent, name, abbreviation, place, superior, code, old string) org.Agency {
	return org.Agency{
		ID: id, ParentID: parent, Name: name, Abbreviation: abbreviation, Place: place, Superior: superior, Block: org.BlockGovernment,
		Codes: []org.Code{
			{Scheme: org.SchemeQD20, Value: code, Period: since()},
			{Scheme: org.SchemeQCVN102, Value: old, Period: since()},
		},
		Numbering: register.Scheme{Kind: register.OneSeries},
	}
}

// people are the names of an agency's staff.
type people struct {
	leader, title       string
	kind                org.AuthorityKind
	collective          string
	deputy, deputyTitle string
	head, headTitle     string
	official, second    string
	checker, clerk      string
}

// local gives an agency of the installation its two units and its staff. Account names
// are role and agency: "gd.svd" is the head, "vt.svd" the clerk.
func local(a org.Agency, office, officeCode, unit, unitCode string, p people) AgencyOf {
	a.Local = true
	out := AgencyOf{Agency: a, Units: []org.Unit{
		{ID: a.ID + "-vp", AgencyID: a.ID, Name: office, Code: officeCode},
		{ID: a.ID + "-nv", AgencyID: a.ID, Name: unit, Code: unitCode},
	}}
	short := a.ID[strings.IndexByte(a.ID, '-')+1:]
	add := func(key, name, title, unitID string, roles ...org.Role) *Staff {
		id := a.ID + "-" + key
		out.Staff = append(out.Staff, Staff{
			Username: key + "." + short, Person: org.Person{ID: "per-" + id, FullName: name},
			Position: org.Position{
				ID: "pos-" + id, PersonID: "per-" + id, AgencyID: a.ID, UnitID: unitID, Title: title, Roles: roles, Period: since(),
			},
		})
		return &out.Staff[len(out.Staff)-1]
	}
	vp, nv := out.Units[0].ID, out.Units[1].ID

	leader := add("gd", p.leader, p.title, vp, org.RoleLeader)
	leader.PIN = PIN
	leader.Authority = &org.Authority{
		ID: "aut-" + a.ID + "-gd", AgencyID: a.ID, PositionID: leader.Position.ID, Kind: p.kind, CollectiveName: p.collective, Period: since(),
	}
	if p.deputy != "" {
		grantor := leader.Position.ID
		deputy := add("pgd", p.deputy, p.deputyTitle, vp, org.RoleLeader)
		deputy.PIN = PIN
		deputy.Authority = &org.Authority{
			ID: "aut-" + a.ID + "-pgd", AgencyID: a.ID, PositionID: deputy.Position.ID, Kind: org.KT, GrantorPositionID: grantor,
			GrantorTitle: p.title, CollectiveName: p.collective, Period: since(),
		}
	}
	headUnit := vp
	if strings.HasPrefix(p.headTitle, "Trưởng phòng") {
		headUnit = nv
	}
	add("tp", p.head, p.headTitle, headUnit, org.RoleUnitHead)
	add("cv", p.official, "Chuyên viên", headUnit, org.RoleOfficial)
	add("cv2", p.second, "Chuyên viên", headUnit, org.RoleOfficial)
	add("tt", p.checker, "Chuyên viên kiểm tra thể thức", vp, org.RoleFormatChecker)
	add("vt", p.clerk, "Văn thư", vp, org.RoleClerk)
	add("qt", "Quản trị "+a.Name, "Quản trị hệ thống", vp, org.RoleAdmin)
	add("tra", "Thanh tra "+a.Name, "Thanh tra viên", vp, org.RoleAuditor)
	return out
}
