package signcli

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"congvan/signing"
)

// Every error of the engine, of trust and of this package that a person may meet when signing
// has a sentence in both languages.
func TestAdvice(t *testing.T) {
	source, err := os.ReadFile("advice.go")
	if err != nil {
		t.Fatal(err)
	}
	declared := regexp.MustCompile(`(?m)^\s*(?:var )?(Err\w+)\s*=`)
	for dir, prefix := range map[string]string{"../../signing": "signing.", "../../signing/trust": "trust.", ".": ""} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatal(files, err)
		}
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range declared.FindAllSubmatch(text, -1) {
				switch name := prefix + string(m[1]); name {
				case "signing.ErrNotNewest", "trust.ErrNotAllowed", "ErrKeyURI": // of no act of sign; behind ErrUnknown; an error of usage
				default:
					if !strings.Contains(string(source), "\t"+name+", \"") {
						t.Errorf("%s has no advice", name)
					}
				}
			}
		}
	}
	for _, a := range advices {
		vi, en := Advice(fmt.Errorf("where: %w", a.is))
		if vi != a.vi || en != a.en {
			t.Errorf("%v is told as another: %s", a.is, vi)
		}
		for _, s := range []string{vi, en} {
			if !norm.NFC.IsNormalString(s) || !strings.HasSuffix(s, ".") || s == "" {
				t.Errorf("%v: %q", a.is, s)
			}
		}
	}
	if vi, _ := Advice(signing.ErrNotNewest); vi != "" {
		t.Errorf("advice for what cannot happen: %s", vi)
	}
}
