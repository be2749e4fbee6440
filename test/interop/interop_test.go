//go:build interop

package interop

import (
	"os"
	"strings"
	"testing"
	"time"
)

// TestOurs signs as planned and holds every file against every program: accepted, with
// the level that was asked for. FULL=1 takes the full product instead of all pairs.
func TestOurs(t *testing.T) {
	w := newWorld(t)
	plans := pairwise()
	if os.Getenv("FULL") == "1" {
		plans = product()
	}
	inputFiles := w.inputFiles()
	began := time.Now()
	var files []artifact
	for n, p := range plans {
		a, err := w.make(n, p, inputFiles)
		if err != nil {
			t.Errorf("%03d %v", n, err)
			continue
		}
		files = append(files, a)
	}
	t.Logf("%d files signed in %.1f s", len(files), time.Since(began).Seconds())
	said := w.judge(files)
	for _, a := range files {
		for _, program := range programs {
			o := said[program][a.Path]
			if !o.Accepts {
				t.Errorf("%s %s %s refuses: %s", a.Name, a.Kind, program, o.Detail)
			}
			if o.Levels == nil {
				continue
			}
			for i, s := range a.Signatures {
				if got := o.Levels[s.Field]; got != s.Level && !(got.Reaches(s.Level) && a.evidenceBeside(i)) {
					t.Errorf("%s %s %s: %s is %q, want %s (%s)", a.Name, a.Kind, program, s.Field, got, s.Level, strings.TrimSpace(a.What))
				}
			}
		}
	}
}
