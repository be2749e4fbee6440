package bench

import (
	"context"
	"crypto/rand"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"congvan/internal/testpdf"
)

// TestEngineQuick holds that RunSign and RunVerify come to their end with every row
// measured. How fast anything was is not looked at.
func TestEngineQuick(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "congvan")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "congvan/cmd/congvan").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for name, c := range map[string]struct {
		run  func(context.Context, EngineOptions) (Table, error)
		want []string
	}{
		"sign": {RunSign, []string{
			"Token alone, RSA-2048, 1 workers", "Documents of 100 KB signed, 8 workers", "Documents of 5 MB signed, 1 workers", "Growth of memory (RSS) while 5 MB is signed, 1 workers",
			"Documents of 50 MB, hash state kept, 8 workers", "look none", "look leader", "look agency", "look attachment", "Token through hsm-host, 8 workers",
			"Documents of 100 KB signed through hsm-host", "token of 20 ms and 30 sessions", "10 sessions, RSA", "30 sessions, P-256",
		}},
		"verify": {RunVerify, []string{"two signatures judged, 1 workers", "two signatures judged, 2 workers", "two signatures judged, 8 workers", "Growth of memory"}},
	} {
		t.Run(name, func(t *testing.T) {
			table, err := c.run(t.Context(), EngineOptions{
				Dir: t.TempDir(), Samples: filepath.Dir(testpdf.Path("README.md")), Quick: true, Progress: t.Output(), Clock: time.Now, Rand: rand.Reader, Host: []string{binary, "hsm-host"},
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range c.want {
				found := false
				for _, r := range table.Rows {
					if strings.Contains(r.What, want) && r.Missing == "" {
						found = true
						if r.Measured <= 0 && r.Unit == "/s" {
							t.Errorf("%s: %v", r.What, r.Measured)
						}
					}
				}
				if !found {
					t.Errorf("no row %q", want)
				}
			}
		})
	}
}
