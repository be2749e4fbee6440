package validation

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"congvan/signing"
)

// Every reason that the code can give is in the table, with a sentence in both
// languages, and nothing in the table is idle.
func TestEveryReasonIsExplained(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	declared := map[string]string{}
	used := map[string]bool{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(Reason[A-Z]\w*)\s+= "(\w+)"`).FindAllStringSubmatch(string(src), -1) {
			declared[m[1]] = m[2]
		}
		if name == "explain.go" {
			continue
		}
		for _, m := range regexp.MustCompile(`\bReason[A-Z]\w*`).FindAllString(string(src), -1) {
			used[m] = true
		}
	}
	if len(declared) < 30 {
		t.Fatalf("%d reasons found", len(declared))
	}
	for name, code := range declared {
		e, ok := Explain(code)
		if !ok {
			t.Errorf("%s (%s) is not explained", name, code)
		}
		sentence(t, code, e)
		if !used[name] {
			t.Errorf("%s is never given", name)
		}
	}
	codes := Reasons()
	slices.Sort(codes)
	if len(slices.Compact(codes)) != len(declared) {
		t.Errorf("%d sentences for %d reasons", len(codes), len(declared))
	}
}

func TestEveryVerdictIsExplained(t *testing.T) {
	for _, v := range []signing.Verdict{
		signing.Valid, signing.Invalid, signing.Expired, signing.Revoked, signing.Unknown, signing.Unsigned, signing.Unreadable,
	} {
		sentence(t, string(v), ExplainVerdict(v))
	}
}

func sentence(t *testing.T, code string, e Explanation) {
	t.Helper()
	for _, s := range []string{e.VI, e.EN} {
		first, _ := firstRune(s)
		if len(s) < 15 || !strings.HasSuffix(s, ".") || !unicode.IsUpper(first) || !norm.NFC.IsNormalString(s) {
			t.Errorf("%s: %q", code, s)
		}
	}
	if e.Effect == "" {
		t.Errorf("%s has no effect", code)
	}
}

func firstRune(s string) (rune, bool) {
	for _, r := range s {
		return r, true
	}
	return 0, false
}

func TestWorstOrdersVerdicts(t *testing.T) {
	for _, c := range []struct {
		codes []string
		want  signing.Verdict
	}{
		{nil, signing.Valid},
		{[]string{ReasonClaimedTime, ReasonFilledAfter}, signing.Valid},
		{[]string{ReasonUntrusted}, signing.Unknown},
		{[]string{ReasonUntrusted, ReasonExpired}, signing.Expired},
		{[]string{ReasonExpired, ReasonRevoked, ReasonRevUnknown}, signing.Revoked},
		{[]string{ReasonRevoked, ReasonDigest}, signing.Invalid},
		{[]string{"never_heard_of"}, signing.Invalid},
	} {
		if got := worst(c.codes); got != c.want {
			t.Errorf("%v: %s, want %s", c.codes, got, c.want)
		}
	}
}

// The whitelist is data: every change the rules can report has its row.
func TestEveryChangeHasARow(t *testing.T) {
	src, err := os.ReadFile("permitted.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`\tChange\w+\s+= "(\w+)"`).FindAllStringSubmatch(string(src), -1) {
		p := permission(m[1])
		if m[1] == ChangeForbidden {
			if p.CertifyP < 4 {
				t.Error("the forbidden is permitted")
			}
			continue
		}
		if p.Code != m[1] || p.Where == "" || p.Only == "" || p.CertifyP < 1 {
			t.Errorf("%s: %+v", m[1], p)
		}
	}
	if len(Permitted()) < 10 {
		t.Errorf("%d rows", len(Permitted()))
	}
}
