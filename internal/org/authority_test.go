package org_test

import (
	"slices"
	"testing"

	"golang.org/x/text/unicode/norm"

	"congvan/internal/calendar"
	"congvan/internal/fault"
	"congvan/internal/org"
)

func TestBlock(t *testing.T) {
	const ubnd = "Ủy ban nhân dân"
	for _, c := range []struct {
		name       string
		authority  org.Authority
		title      string
		want       []string
		competence string
	}{
		{"the head", org.Authority{Kind: org.Self}, "Giám đốc", []string{"GIÁM ĐỐC"}, ""},
		{
			"for the collective",
			org.Authority{Kind: org.TM, CollectiveName: ubnd},
			"Chủ tịch",
			[]string{"TM. ỦY BAN NHÂN DÂN", "CHỦ TỊCH"},
			"TM. ỦY BAN NHÂN DÂN",
		},
		{
			"deputy, collective",
			org.Authority{Kind: org.KT, CollectiveName: ubnd, GrantorTitle: "Chủ tịch"},
			"Phó Chủ tịch",
			[]string{"TM. ỦY BAN NHÂN DÂN", "KT. CHỦ TỊCH", "PHÓ CHỦ TỊCH"},
			"TM. ỦY BAN NHÂN DÂN KT. CHỦ TỊCH",
		},
		{
			"deputy",
			org.Authority{Kind: org.KT, GrantorTitle: "Bộ trưởng"},
			"Thứ trưởng",
			[]string{"KT. BỘ TRƯỞNG", "THỨ TRƯỞNG"},
			"KT. BỘ TRƯỞNG",
		},
		{
			"by order",
			org.Authority{Kind: org.TL, GrantorTitle: "Chủ tịch"},
			"Chánh Văn phòng",
			[]string{"TL. CHỦ TỊCH", "CHÁNH VĂN PHÒNG"},
			"TL. CHỦ TỊCH",
		},
		{
			"by order, the deputy",
			org.Authority{Kind: org.TL, GrantorTitle: "Chủ tịch", UnitHeadTitle: "Chánh Văn phòng"},
			"Phó Chánh Văn phòng",
			[]string{"TL. CHỦ TỊCH", "KT. CHÁNH VĂN PHÒNG", "PHÓ CHÁNH VĂN PHÒNG"},
			"TL. CHỦ TỊCH KT. CHÁNH VĂN PHÒNG",
		},
		{
			"by authorisation",
			org.Authority{Kind: org.TUQ, GrantorTitle: "Giám đốc"},
			"Trưởng phòng Tổ chức cán bộ",
			[]string{"TUQ. GIÁM ĐỐC", "TRƯỞNG PHÒNG TỔ CHỨC CÁN BỘ"},
			"TUQ. GIÁM ĐỐC",
		},
		{"acting", org.Authority{Kind: org.Q, GrantorTitle: "Giám đốc"}, "Phó Giám đốc", []string{"Q. GIÁM ĐỐC"}, "Q. GIÁM ĐỐC"},
		{
			"acting, collective",
			org.Authority{Kind: org.Q, CollectiveName: ubnd, GrantorTitle: "Chủ tịch"},
			"Phó Chủ tịch",
			[]string{"TM. ỦY BAN NHÂN DÂN", "Q. CHỦ TỊCH"},
			"TM. ỦY BAN NHÂN DÂN Q. CHỦ TỊCH",
		},
		{
			"decomposed and spaced input",
			org.Authority{Kind: org.TM, CollectiveName: norm.NFD.String(" Hội đồng  nhân dân ")},
			norm.NFD.String("Chủ tịch"),
			[]string{"TM. HỘI ĐỒNG NHÂN DÂN", "CHỦ TỊCH"},
			"TM. HỘI ĐỒNG NHÂN DÂN",
		},
	} {
		if got := c.authority.Block(org.Position{Title: c.title}); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
		if got := c.authority.Competence(); got != c.competence {
			t.Errorf("%s: competence %q, want %q", c.name, got, c.competence)
		}
	}
}

// tuq is a complete authorisation until 30/6.
func tuq() org.Authority {
	return org.Authority{
		Kind: org.TUQ, AgencyID: "a", PositionID: "p", GrantorTitle: "Giám đốc", Types: []string{"CV", "TB"}, DocumentRef: "12/GUQ-SVD",
		Period: org.Period{ValidFrom: calendar.On(2026, 1, 1), ValidTo: calendar.On(2026, 6, 30)},
	}
}

func TestAuthorityValidAt(t *testing.T) {
	for when, want := range map[string]string{
		"2025-12-31 23:59:59": "authority_not_yet_valid",
		"2026-01-01 00:00:00": "",
		"2026-06-30 23:59:59": "",
		"2026-07-01 00:00:00": "authority_expired", // still 30/6 in UTC
		"2026-07-01 09:00:00": "authority_expired",
	} {
		err := tuq().ValidAt(at(t, when))
		if want == "" && err != nil || want != "" && (!fault.Is(err, want) || fault.KindOf(err) != fault.Forbidden) {
			t.Errorf("%s: %v, want %q", when, err, want)
		}
	}
	if err := tuq().Covers("TB"); err != nil {
		t.Error(err)
	}
	if err := tuq().Covers("QĐ"); !fault.Is(err, "authority_type_not_covered") {
		t.Error(err)
	}
	if err := (org.Authority{Kind: org.Self}).Covers("QĐ"); err != nil {
		t.Error(err)
	}
}

func TestAuthorityValidate(t *testing.T) {
	if err := tuq().Validate(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		change      func(*org.Authority)
		want, field string
	}{
		{func(a *org.Authority) { a.Kind = "PP" }, "authority_kind_invalid", "kind"},
		{func(a *org.Authority) { a.PositionID = "" }, "authority_field_required", "position_id"},
		{func(a *org.Authority) { a.GrantorTitle = " " }, "authority_field_required", "grantor_title"},
		{func(a *org.Authority) { a.DocumentRef = "" }, "authority_field_required", "document_ref"},
		{func(a *org.Authority) { a.Types = nil }, "authority_field_required", "content"},
		{func(a *org.Authority) { a.Types, a.Content = nil, "Xác nhận sao y" }, "", ""},
		{func(a *org.Authority) { a.ValidFrom = calendar.Date{} }, "authority_field_required", "valid_from"},
		{func(a *org.Authority) { a.ValidTo = calendar.Date{} }, "authority_field_required", "valid_to"},
		{func(a *org.Authority) { a.ValidTo = calendar.On(2025, 12, 31) }, "period_invalid", "valid_to"},
		{func(a *org.Authority) { a.UnitHeadTitle = "Chánh Văn phòng" }, "authority_field_not_allowed", "unit_head_title"},
		{func(a *org.Authority) { a.Kind, a.Types = org.TL, nil }, "authority_field_required", "types"},
		{func(a *org.Authority) { a.Kind, a.UnitHeadTitle = org.TL, "Chánh Văn phòng" }, "", ""},
		{func(a *org.Authority) { a.Kind = org.TM }, "authority_field_required", "collective_name"},
		{func(a *org.Authority) { *a = org.Authority{Kind: org.Self, PositionID: "p"} }, "", ""},
		{func(a *org.Authority) {
			*a = org.Authority{Kind: org.KT, PositionID: "p", GrantorTitle: "Chủ tịch"}
		}, "", ""},
		{func(a *org.Authority) { *a = org.Authority{Kind: org.Q, PositionID: "p"} }, "authority_field_required", "grantor_title"},
	} {
		a := tuq()
		c.change(&a)
		err := a.Validate()
		if c.want == "" && err != nil || c.want != "" && (!fault.Is(err, c.want) || fault.From(err).FieldName != c.field) {
			t.Errorf("%+v: %v, want %q of %q", a, err, c.want, c.field)
		}
	}
}

func TestCheckGrant(t *testing.T) {
	now := "2026-03-01 08:00:00"
	head := org.Authority{Kind: org.Self, AgencyID: "a", PositionID: "head"}
	for _, c := range []struct {
		name    string
		grantor org.Authority
		change  func(*org.Authority)
		when    string
		want    string
	}{
		{"the head authorises", head, func(*org.Authority) {}, now, ""},
		{"who signs TUQ. passes it on", tuq(), func(*org.Authority) {}, now, "authority_tuq_redelegation"},
		{"a deputy authorises", org.Authority{Kind: org.KT, AgencyID: "a"}, func(*org.Authority) {}, now, "authority_not_head"},
		{"a unit head authorises", org.Authority{Kind: org.TL, AgencyID: "a"}, func(*org.Authority) {}, now, "authority_not_head"},
		{"without a limit in time", head, func(a *org.Authority) { a.ValidTo = calendar.Date{} }, now, "authority_field_required"},
		{"in another agency", head, func(a *org.Authority) { a.AgencyID = "b" }, now, "authority_exceeds_grantor"},
		{
			"beyond the grantor's term",
			org.Authority{Kind: org.Q, AgencyID: "a", Period: org.Period{ValidTo: calendar.On(2026, 5, 31)}},
			func(*org.Authority) {}, now, "authority_exceeds_grantor",
		},
		{
			"within the grantor's term",
			org.Authority{Kind: org.Q, AgencyID: "a", Period: org.Period{ValidTo: calendar.On(2026, 6, 30)}},
			func(*org.Authority) {}, now, "",
		},
		{"beyond the grantor's types", org.Authority{Kind: org.Self, AgencyID: "a", Types: []string{"CV"}}, func(*org.Authority) {}, now, "authority_exceeds_grantor"},
		{
			"all types from some",
			org.Authority{Kind: org.Self, AgencyID: "a", Types: []string{"CV"}},
			func(a *org.Authority) { a.Types, a.Content = nil, "Mọi việc" }, now, "authority_exceeds_grantor",
		},
		{
			"after the grantor's term",
			org.Authority{Kind: org.Self, AgencyID: "a", Period: org.Period{ValidTo: calendar.On(2026, 2, 28)}},
			func(*org.Authority) {}, now, "authority_expired",
		},
	} {
		granted := tuq()
		c.change(&granted)
		err := org.CheckGrant(c.grantor, granted, at(t, c.when))
		if c.want == "" && err != nil || c.want != "" && !fault.Is(err, c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}
