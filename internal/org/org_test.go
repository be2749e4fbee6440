package org_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"congvan/internal/calendar"
	"congvan/internal/fault"
	"congvan/internal/org"
	"congvan/internal/register"
)

func at(t *testing.T, s string) time.Time {
	t.Helper()
	v, err := time.ParseInLocation("2006-01-02 15:04:05", s, calendar.Zone())
	if err != nil {
		t.Fatal(err)
	}
	return v.UTC()
}

// agency is test data under the unused codes H99.
func agency() org.Agency {
	return org.Agency{
		ID: "a", Name: "Sở Ví dụ", Abbreviation: "SVD", Place: "Hà Nội", Block: org.BlockGovernment, Local: true,
		Numbering: register.Scheme{Kind: register.PerType},
		Codes: []org.Code{
			{Scheme: org.SchemeQCVN102, Value: "000.00.13.H99"},
			{Scheme: org.SchemeQD20, Value: "H99.13", Period: org.Period{ValidFrom: calendar.On(2022, 1, 1), ValidTo: calendar.On(2025, 6, 30)}},
			{Scheme: org.SchemeQD20, Value: "H99.21", Period: org.Period{ValidFrom: calendar.On(2025, 7, 1)}},
		},
	}
}

func TestCodeAt(t *testing.T) {
	a := agency()
	for when, want := range map[string]string{
		"2021-12-31 23:59:59": "000.00.13.H99",
		"2022-01-01 00:00:00": "H99.13",
		"2025-06-30 23:59:59": "H99.13",
		"2025-07-01 00:00:00": "H99.21",
	} {
		if got := a.CodeAt(at(t, when)); got != want {
			t.Errorf("%s: %q, want %q", when, got, want)
		}
	}
	for id, want := range map[string]bool{"h99.13": true, " H99.21 ": true, "000.00.13.h99": true, "H99": false, "": false} {
		if a.HasCode(id) != want {
			t.Errorf("HasCode(%q) is not %v", id, want)
		}
	}
	if got := (org.Agency{}).CodeAt(at(t, "2026-01-01 00:00:00")); got != "" {
		t.Errorf("no codes: %q", got)
	}
	closed := at(t, "2026-01-01 00:00:00")
	a.ClosedAt = &closed
	if a.Open(closed) || !a.Open(closed.Add(-time.Second)) {
		t.Error("closing is not at its instant")
	}
}

func TestAgencyJSON(t *testing.T) {
	b, err := json.Marshal(agency())
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"numbering":{"kind":"PER_TYPE"}`, `{"scheme":"QD20","value":"H99.21","valid_from":"2025-07-01"}`, `"local":true`} {
		if !strings.Contains(string(b), want) {
			t.Errorf("%s is not in %s", want, b)
		}
	}
	var back org.Agency
	if err := json.Unmarshal(b, &back); err != nil || back.CodeAt(at(t, "2026-01-01 00:00:00")) != "H99.21" {
		t.Errorf("%+v, %v", back, err)
	}
}

func TestOrganID(t *testing.T) {
	for _, c := range []struct {
		id   string
		wire bool
		form org.CodeScheme
	}{
		{"000.00.00.H99", true, org.SchemeQCVN102},
		{"000.00.13.H99", true, org.SchemeQCVN102},
		{"H99", true, org.SchemeQD20},
		{"H99.02.02", true, org.SchemeQD20},
		{"H99.DN.001", true, org.SchemeQD20},
		{"h99.02", true, org.SchemeOther},
		{"28.22.H99", true, org.SchemeOther},
		{"01.02.G99", true, org.SchemeOther},
		{"001.00.20.TT2", true, org.SchemeOther},
		{"vxp.saas.03", true, org.SchemeOther},
		{"H99.1.2.3.4.5.6.7", true, org.SchemeQD20},
		{"H99.1.2.3.4.5.6.7.8", true, org.SchemeOther},
		{"H99." + strings.Repeat("1", 31), true, org.SchemeQD20},
		{"H99." + strings.Repeat("1", 32), true, org.SchemeOther},
		{strings.Repeat("1", 50), true, org.SchemeOther},
		{strings.Repeat("1", 51), false, org.SchemeOther},
		{"", false, org.SchemeOther},
		{"H99.", false, org.SchemeOther},
		{".H99", false, org.SchemeOther},
		{"H99..1", false, org.SchemeOther},
		{"H99/1", false, org.SchemeOther},
		{"H99,2026", false, org.SchemeOther},
		{"Ħ99", false, org.SchemeOther},
		{"H９９", false, org.SchemeOther},
		{"H99\x00", false, org.SchemeOther},
	} {
		got, err := org.ParseOrganID(" " + c.id + "\n")
		if c.wire && (err != nil || got != c.id) || !c.wire && !fault.Is(err, "organ_id_invalid") {
			t.Errorf("ParseOrganID(%q) = %q, %v", c.id, got, err)
		}
		if form := org.FormOf(c.id); form != c.form {
			t.Errorf("FormOf(%q) = %s, want %s", c.id, form, c.form)
		}
	}
	if !org.SameOrganID("h99.dn.001", "H99.DN.001") || org.SameOrganID("000.00.13.H99", "H99.13") || org.SameOrganID("", " ") {
		t.Error("SameOrganID")
	}
}

func TestPosition(t *testing.T) {
	p := org.Position{Roles: []org.Role{org.RoleOfficial, org.RoleClerk}, Period: org.Period{ValidTo: calendar.On(2026, 6, 30)}}
	for _, r := range org.Roles() {
		if p.Has(r) != (r == org.RoleOfficial || r == org.RoleClerk) {
			t.Errorf("Has(%s)", r)
		}
	}
	if !p.Holds(at(t, "2026-06-30 23:59:59")) || p.Holds(at(t, "2026-07-01 00:00:00")) || !(org.Period{}).Holds(at(t, "2026-07-01 00:00:00")) {
		t.Error("period")
	}
}
