package bench

import (
	"crypto/rand"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"congvan/internal/testpdf"
)

// TestAxisQuick holds that the axis's part comes to its end with every row measured.
func TestAxisQuick(t *testing.T) {
	dir := t.TempDir()
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", dir+"/", "congvan/cmd/congvan", "congvan/cmd/axissim").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	table, err := RunAxis(t.Context(), Options{
		Congvan: filepath.Join(dir, "congvan"), Dir: filepath.Join(dir, "bench"), Samples: filepath.Dir(testpdf.Path("README.md")), Quick: true,
		Progress: t.Output(), Clock: time.Now, Rand: rand.Reader,
	})
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := table.Write(&text); err != nil {
		t.Fatal(err)
	}
	t.Log(text.String())
	if len(table.Rows) != 6 {
		t.Errorf("%d rows", len(table.Rows))
	}
	for _, r := range table.Rows {
		if r.Missing != "" || r.Measured == 0 && !strings.HasPrefix(r.What, "Growth") {
			t.Errorf("%s: not measured", r.What)
		}
	}
}
