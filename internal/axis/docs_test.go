package axis_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"congvan/internal/axis/axistest"
	"congvan/internal/axis/edxml"
)

// docTable is a table of docs/axis.md between two marks: its rows' cells, without code marks.
func docTable(t *testing.T, mark string) (rows [][]string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "docs", "axis.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(b), "<!-- "+mark+" -->")
	text, _, _ = strings.Cut(text, "<!-- /"+mark+" -->")
	for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
		var cells []string
		for _, c := range strings.Split(strings.Trim(line, "|"), "|") {
			cells = append(cells, strings.Trim(strings.TrimSpace(c), "`"))
		}
		rows = append(rows, cells)
	}
	if len(rows) < 4 {
		t.Fatalf("no table %q", mark)
	}
	return rows[2:]
}

// The table of dialects in the documentation is that of the code.
func TestDocumentedDialects(t *testing.T) {
	sdk, dotnet := reflect.ValueOf(edxml.SDK()), reflect.ValueOf(edxml.DotNet())
	var want [][2]string
	for i := range sdk.NumField() {
		if name := sdk.Type().Field(i).Name; name != "Name" {
			want = append(want, [2]string{name, fmt.Sprint(sdk.Field(i)) + " / " + fmt.Sprint(dotnet.Field(i))})
		}
	}
	var got [][2]string
	for _, r := range docTable(t, "dialects") {
		got = append(got, [2]string{r[0], r[2] + " / " + r[3]})
	}
	if !slices.Equal(got, want) {
		t.Errorf("docs/axis.md says\n%q\nthe code\n%q", got, want)
	}
}

// The simulator knows every fault of the documentation and no other.
func TestDocumentedFaults(t *testing.T) {
	sim, err := axistest.New(axistest.Options{Clock: time.Now, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sim.Close() }()
	known := regexp.MustCompile(`\[(.*)\]`).FindStringSubmatch(sim.AddFault(axistest.Fault{Kind: "?"}).Error())
	var got []string
	for _, r := range docTable(t, "faults") {
		got = append(got, r[0])
	}
	if want := strings.Fields(known[1]); !slices.Equal(got, want) {
		t.Errorf("docs/axis.md says %q, the simulator knows %q", got, want)
	}
}
