package org_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"congvan/internal/calendar"
	"congvan/internal/org"
)

func TestRelist(t *testing.T) {
	at := time.Date(2026, 11, 20, 3, 0, 0, 0, time.UTC)
	today, yesterday := calendar.On(2026, 11, 20), calendar.On(2026, 11, 19)
	qd := func(v string, p org.Period) org.Code { return org.Code{Scheme: org.SchemeQD20, Value: v, Period: p} }
	old := org.Code{Scheme: org.SchemeQCVN102, Value: "000.00.05.H99"}
	for name, c := range map[string]struct {
		have  []org.Code
		codes []string
		want  []org.Code
	}{
		"new agency":      {nil, []string{"H99.05", "000.00.05.H99"}, []org.Code{qd("H99.05", org.Period{}), old}},
		"the same":        {[]org.Code{qd("H99.05", org.Period{}), old}, []string{"h99.05", "000.00.05.H99"}, []org.Code{qd("H99.05", org.Period{}), old}},
		"old code gained": {[]org.Code{qd("H99.05", org.Period{})}, []string{"H99.05", "000.00.05.H99"}, []org.Code{qd("H99.05", org.Period{}), old}},
		"new code": {
			[]org.Code{qd("H99.05", org.Period{}), old},
			[]string{"H99.07", "000.00.05.H99"},
			[]org.Code{qd("H99.05", org.Period{ValidTo: yesterday}), old, qd("H99.07", org.Period{ValidFrom: today})},
		},
		"a code come back": {
			[]org.Code{qd("H99.05", org.Period{ValidTo: yesterday}), qd("H99.07", org.Period{})},
			[]string{"H99.05"},
			[]org.Code{qd("H99.05", org.Period{ValidTo: yesterday}), qd("H99.07", org.Period{ValidTo: yesterday}), qd("H99.05", org.Period{ValidFrom: today})},
		},
		"none":     {[]org.Code{old}, nil, []org.Code{old}},
		"no shape": {nil, []string{"vxp.saas.03"}, []org.Code{{Scheme: org.SchemeOther, Value: "vxp.saas.03"}}},
	} {
		closed := at
		a := org.Agency{Name: "Cũ", Codes: c.have, ClosedAt: &closed}
		got := a.Relist(org.Listed{Codes: c.codes, Name: " Mới "}, at)
		if diff := cmp.Diff(c.want, got.Codes); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if got.Name != "Mới" || got.ClosedAt != nil || a.Name != "Cũ" {
			t.Errorf("%s: %+v from %+v", name, got, a)
		}
		if len(c.codes) > 0 && got.CodeAt(at) == "" {
			t.Errorf("%s: no code in force", name)
		}
	}
	if got := (org.Agency{Name: "Cũ"}).Relist(org.Listed{}, at); got.Name != "Cũ" {
		t.Errorf("a list without a name took it away: %q", got.Name)
	}
}
