package validation

import (
	"slices"
	"testing"
	"time"
)

func TestDatesOfDictionaries(t *testing.T) {
	for text, want := range map[string]string{
		"D:20261121090000+07'00'": "2026-11-21T02:00:00Z",
		"D:20261121090000+07'30'": "2026-11-21T01:30:00Z",
		"D:20261121090000-05'30":  "2026-11-21T14:30:00Z",
		"D:20261121090000+07'":    "2026-11-21T02:00:00Z",
		"D:20261121090000+07":     "2026-11-21T02:00:00Z",
		"D:20261121090000+7":      "2026-11-21T09:00:00Z",
		"D:20261121090000Z":       "2026-11-21T09:00:00Z",
		"D:20261121090000Z00'00'": "2026-11-21T09:00:00Z",
		"D:20261121090000*07'00'": "2026-11-21T09:00:00Z",
		"D:20261121090000+99'00'": "2026-11-21T09:00:00Z",
		"D:20261121090000":        "2026-11-21T09:00:00Z",
		"D:202611210900009":       "2026-11-21T09:00:00Z",
		"D:202611210900":          "2026-11-21T09:00:00Z",
		"D:20261121":              "2026-11-21T00:00:00Z",
		"20261121":                "2026-11-21T00:00:00Z",
		"D:2026":                  "2026-01-01T00:00:00Z",
		"D:202":                   "",
		"D:2026112":               "",
		"D:20261321":              "",
		"D:":                      "",
		"":                        "",
		"hôm nay":                 "",
	} {
		at, err := parseDate(text)
		got := ""
		if err == nil {
			got = at.Format(time.RFC3339)
		}
		if got != want {
			t.Errorf("%q is %q, want %q (%v)", text, got, want, err)
		}
	}
}

// Where nothing proves the time of signing, /M claims it.
func TestClaimedTime(t *testing.T) {
	b := newBench(t)
	for dict, want := range map[string]string{
		"/M (D:20261121090000+07'00')": "2026-11-21T02:00:00Z",
		"/M (hom nay)":                 "",
		"/M 2026":                      "",
		"/M null":                      "",
	} {
		d := newDoc(t, b)
		d.sign(sig{name: "a", dict: dict})
		s := validate(t, b.validator(), d.Bytes()).Signatures[0]
		got, source, reason := "", "none", ReasonNoTime
		if s.Time != nil {
			got = s.Time.Format(time.RFC3339)
		}
		if want != "" {
			source, reason = "claimed", ReasonClaimedTime
		}
		if got != want || s.TimeSource != source || !slices.Equal(s.Reasons, []string{reason}) {
			t.Errorf("%s: %q %s %v", dict, got, s.TimeSource, s.Reasons)
		}
	}
}
