//go:build interop

package interop

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestInterop makes every file, has every program judge every file and holds what they
// say against what they are to say; FULL=1 takes the full product instead of all pairs,
// KIND only the files of one kind that are signed here.
// The matrix goes to standard output and into test/artifacts.
func TestInterop(t *testing.T) {
	w := newWorld(t)
	plans := pairwise()
	if os.Getenv("FULL") == "1" {
		plans = product()
	}
	kind := os.Getenv("KIND")
	plans = slices.DeleteFunc(plans, func(p plan) bool { return kind != "" && p.input() != kind })
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
	if kind == "" {
		files = append(files, w.foreignFiles(inputFiles)...)
		files = append(files, w.violations(inputFiles)...)
	}
	t.Logf("%d files made in %.1f s", len(files), time.Since(began).Seconds())

	said := w.judge(files)
	said[veraPDF] = w.conformance(files, inputFiles)
	differences := compare(files, said)
	for _, d := range differences {
		t.Error(d)
	}
	report(t, files, said, differences)
}

// compare lists what was said otherwise than expected.
func compare(files []artifact, said opinions) []string {
	var out []string
	differ := func(a artifact, program, how string, o opinion) {
		out = append(out, strings.Join([]string{a.Name, a.By, a.Kind, a.What, program, how, o.Detail}, " · "))
	}
	for _, a := range files {
		for _, program := range slices.Concat(programs, []string{veraPDF}) {
			o, asked := said[program][a.Path]
			switch {
			case !asked && program == veraPDF:
			case o.Accepts && a.Refused[program]:
				differ(a, program, "accepts what it must refuse", o)
			case !o.Accepts && !a.Refused[program]:
				differ(a, program, "refuses", o)
			}
			// A program's word about its own levels is not what is tested here: pyHanko
			// finds no proof of existence in the B-LTA files that it makes.
			if o.Levels == nil || a.Refused[program] || a.By == program {
				continue
			}
			for i, s := range a.Signatures {
				got := o.Levels[s.Field]
				if s.Level == "" || got == s.Level || got.Reaches(s.Level) && a.evidenceBeside(i) {
					continue // none asked for: a violation
				}
				differ(a, program, s.Field+" is "+string(got)+" instead of "+string(s.Level), o)
			}
		}
	}
	return out
}

// veraPDF is asked about files that say they are PDF/A.
const veraPDF = "veraPDF"

// conformance tells for each signed PDF/A file whether veraPDF says of it what it says
// of the file before: that it is what it claims.
func (w *world) conformance(files []artifact, inputFiles map[string]string) map[string]opinion {
	type verdict struct {
		Flavour   string
		Compliant bool
		Failed    []string
		Error     string
	}
	ask := func(path string) (v verdict) {
		must(w.t, json.Unmarshal(w.java.ask(w.t, map[string]any{"do": "pdfa", "file": path}), &v))
		return v
	}
	before := map[string]verdict{}
	for kind, path := range inputFiles {
		if !strings.HasPrefix(kind, "PDF/A-") {
			continue
		}
		before[kind] = ask(path)
		if v := before[kind]; !v.Compliant || "PDF/A-"+v.Flavour != kind {
			w.t.Errorf("the %s input is no such file: %+v", kind, v)
		}
	}
	said := map[string]opinion{}
	for _, a := range files {
		if b, ok := before[a.Kind]; ok && a.By == congvan {
			v := ask(a.Path)
			said[a.Path] = opinion{
				Accepts: v.Flavour == b.Flavour && v.Compliant == b.Compliant && v.Error == "",
				Detail:  v.Flavour + " " + strings.Join(v.Failed, "; ") + v.Error,
			}
		}
	}
	return said
}
