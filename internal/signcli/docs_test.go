package signcli

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"congvan/signing"
	"congvan/signing/inspect"
	"congvan/signing/validation"
)

// The tables of docs/signing.md are the code's. CONGVAN_WRITE_DOCS=1 writes them anew.
func TestDocumentation(t *testing.T) {
	path := filepath.Join("..", "..", "docs", "signing.md")
	have := string(read(t, path))
	want := have
	for name, rows := range map[string][][]string{
		"permitted": permittedTable(), "verdicts": verdictTable(), "reasons": reasonTable(t), "findings": findingTable(),
		"algorithms": algorithmTable(),
	} {
		begin := "<!-- table: " + name + " -->\n"
		head, rest, ok := strings.Cut(want, begin)
		_, tail, ok2 := strings.Cut(rest, "<!-- end -->")
		if !ok || !ok2 {
			t.Fatalf("%s has no table %q", path, name)
		}
		want = head + begin + table(rows) + "<!-- end -->" + tail
	}
	if have == want {
		return
	}
	if os.Getenv("CONGVAN_WRITE_DOCS") == "" {
		t.Fatalf("%s does not say what the code does: CONGVAN_WRITE_DOCS=1 go test -run TestDocumentation ./internal/signcli", path)
	}
	if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
		t.Fatal(err)
	}
}

func table(rows [][]string) string {
	var b strings.Builder
	for i, row := range rows {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(row, " | "))
		if i == 0 {
			b.WriteString("|" + strings.Repeat("---|", len(row)) + "\n")
		}
	}
	return b.String()
}

func algorithmTable() [][]string {
	out := [][]string{{"algorithm", "until"}}
	for _, a := range validation.AlgorithmEnds() {
		name := a.Name
		if a.Below > 0 {
			name += fmt.Sprintf(" below %d bits", a.Below)
		}
		out = append(out, []string{name, a.End.Format(time.DateOnly)})
	}
	return out
}

func permittedTable() [][]string {
	out := [][]string{{"code", "where", "keys", "P", "locks", "only if"}}
	for _, p := range validation.Permitted() {
		keys := make([]string, len(p.Keys))
		for i, k := range p.Keys {
			keys[i] = string(k)
		}
		locks := ""
		if p.Locked {
			locks = "yes"
		}
		out = append(out, []string{"`" + p.Code + "`", p.Where, strings.Join(keys, " "), fmt.Sprint(p.CertifyP), locks, p.Only})
	}
	return out
}

func verdictTable() [][]string {
	out := [][]string{{"verdict", "Vietnamese", "English"}}
	for _, v := range []signing.Verdict{signing.Valid, signing.Unknown, signing.Expired, signing.Revoked, signing.Invalid, signing.Unsigned, signing.Unreadable} {
		e := validation.ExplainVerdict(v)
		out = append(out, []string{string(v), e.VI, e.EN})
	}
	return out
}

func reasonTable(t *testing.T) [][]string {
	out := [][]string{{"reason", "effect", "Vietnamese", "English"}}
	for _, code := range validation.Reasons() {
		e, ok := validation.Explain(code)
		if !ok {
			t.Fatalf("reason %q is not explained", code)
		}
		out = append(out, []string{"`" + code + "`", string(e.Effect), e.VI, e.EN})
	}
	return out
}

func findingTable() [][]string {
	out := [][]string{{"finding", "weight", "meaning"}}
	for _, c := range inspect.Codes() {
		out = append(out, []string{"`" + c.Code + "`", c.Weight, c.Meaning})
	}
	return out
}
