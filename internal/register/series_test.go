package register_test

import (
	"testing"

	"congvan/internal/fault"
	"congvan/internal/register"
)

// groups puts named decisions into one group, all else into another.
func groups() map[string]string {
	g := map[string]string{}
	for _, dt := range register.Types() {
		g[dt.Code] = "Văn bản khác"
		if dt.Code == "QĐ" || dt.Code == "NQ" {
			g[dt.Code] = "Văn bản quyết định"
		}
	}
	return g
}

func schemes() []register.Scheme {
	return []register.Scheme{
		{},
		{Kind: register.OneSeries},
		{Kind: register.PerType},
		{Kind: register.PerGroup, Groups: groups()},
		{Kind: register.PerUnit},
	}
}

func TestSeriesKey(t *testing.T) {
	for _, c := range []struct {
		scheme           register.Scheme
		code, unit, body string
		want             string
	}{
		{register.Scheme{}, "QĐ", "VX", "", "ALL"},
		{register.Scheme{Kind: register.OneSeries}, "CV", "VX", "", "ALL"},
		{register.Scheme{Kind: register.PerType}, "QĐ", "VX", "", "TYPE:QĐ"},
		{register.Scheme{Kind: register.PerType}, "HĐ", "", "", "TYPE:HĐ"},
		{register.Scheme{Kind: register.PerType}, "HD", "", "", "TYPE:HD"},
		{register.Scheme{Kind: register.PerType}, "CV", "VX", "", "TYPE:CV"},
		{register.Scheme{Kind: register.PerType}, "ThC", "VX", "", "TYPE:CV"},
		{register.Scheme{Kind: register.PerGroup, Groups: groups()}, "QĐ", "", "", "GROUP:Văn bản quyết định"},
		{register.Scheme{Kind: register.PerGroup, Groups: groups()}, "CV", "", "", "GROUP:Văn bản khác"},
		{register.Scheme{Kind: register.PerUnit}, "CV", "VX", "", "UNIT:VX"},
		{register.Scheme{Kind: register.PerUnit}, "QĐ", "VX", "", "TYPE:QĐ"},
		{register.Scheme{Kind: register.PerType}, "QĐ", "", "HĐTĐ", "BODY:HĐTĐ"},
		{register.Scheme{Kind: register.PerUnit}, "SY", "VP", "", "COPY"},
		{register.Scheme{Kind: register.PerType}, "SL", "", "", "COPY"},
		{register.Scheme{Kind: register.PerType}, "TrS", "", "HĐTĐ", "COPY"},
	} {
		got, err := register.SeriesKey(c.scheme, docType(t, c.code), c.unit, c.body)
		if err != nil || got != c.want {
			t.Errorf("%s %s %q %q: %q, %v; want %q", c.scheme.Kind, c.code, c.unit, c.body, got, err, c.want)
		}
	}
}

// Number and notation are unique in the agency's year whatever the scheme: what prints
// alike is counted together.
func TestSameNotationSameSeries(t *testing.T) {
	type source struct{ abbr, unit, body string }
	sources := []source{{"UBND", "VX", ""}, {"UBND", "KT", ""}, {"HĐTĐ", "VX", "HĐTĐ"}, {"BCĐ", "KT", "BCĐ"}}
	for _, scheme := range schemes() {
		if err := scheme.Validate(); err != nil {
			t.Fatalf("%s: %v", scheme.Kind, err)
		}
		seriesOf := map[string]string{}
		for _, dt := range append(register.Types(), register.CopyKinds()...) {
			for _, s := range sources {
				notation, err := register.Notation(dt, s.abbr, s.unit)
				if err != nil {
					t.Fatal(err)
				}
				key, err := register.SeriesKey(scheme, dt, s.unit, s.body)
				if err != nil {
					t.Fatal(err)
				}
				if before, ok := seriesOf[notation]; ok && before != key {
					t.Errorf("%q: %s is numbered in %s and in %s", scheme.Kind, notation, before, key)
				}
				seriesOf[notation] = key
			}
		}
	}
}

func TestSchemeRefuses(t *testing.T) {
	apart := groups()
	apart["ThC"] = "Thư"
	missing := groups()
	delete(missing, "BC")
	for _, c := range []struct {
		scheme register.Scheme
		want   string
	}{
		{register.Scheme{Kind: "EACH"}, "scheme_invalid"},
		{register.Scheme{Kind: register.PerGroup}, "scheme_type_without_group"},
		{register.Scheme{Kind: register.PerGroup, Groups: missing}, "scheme_type_without_group"},
		{register.Scheme{Kind: register.PerGroup, Groups: apart}, "scheme_groups_clash"},
	} {
		if err := c.scheme.Validate(); !fault.Is(err, c.want) {
			t.Errorf("%+v: %v", c.scheme, err)
		}
		if _, err := register.SeriesKey(c.scheme, docType(t, "QĐ"), "VX", ""); !fault.Is(err, c.want) {
			t.Errorf("SeriesKey: %v, want %s", err, c.want)
		}
	}
	if _, err := register.SeriesKey(register.Scheme{Kind: register.PerUnit}, docType(t, "CV"), " ", ""); !fault.Is(err, "unit_code_required") {
		t.Errorf("no unit: %v", err)
	}
}
