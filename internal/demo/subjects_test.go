package demo

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

func TestSubjects(t *testing.T) {
	types := strings.Fields("NQ QĐ CT QC QyĐ TC TB HD CTr KH PA ĐA DA BC BB TTr HĐ CV CĐ BGN BTT GUQ GM GGT GNP PG PC PB ThC")
	fields := []string{Records, Personnel, Reform, Digital, Finance, Construction, Urban, Environment, Education, Health, Culture, Welfare, Citizens, Safety, Economy, Land}
	all := Subjects()
	if len(all) < 140 {
		t.Errorf("%d subjects", len(all))
	}
	perType, perField, perUrgency, long := map[string]int{}, map[string]int{}, map[int]int{}, 0
	var texts []string
	for _, s := range all {
		texts = append(texts, s.Text)
		perType[s.Type]++
		perField[s.Field]++
		perUrgency[s.Urgency]++
		if n := utf8.RuneCountInString(s.Text); n < 60 || n > 250 {
			t.Errorf("%d characters: %s", n, s.Text)
		} else if n >= 110 {
			long++
		}
		if !slices.Contains(types, s.Type) || !slices.Contains(fields, s.Field) {
			t.Errorf("unknown type %q or field %q: %s", s.Type, s.Field, s.Text)
		}
		if (s.Type == "CV") != strings.HasPrefix(s.Text, "V/v ") {
			t.Errorf("%s: %s", s.Type, s.Text)
		}
		if s.Type == "QĐ" && !strings.HasPrefix(s.Text, "Về việc ") {
			t.Errorf("%s: %s", s.Type, s.Text)
		}
		if strings.HasSuffix(s.Text, ".") {
			t.Errorf("a subject ends without a full stop: %s", s.Text)
		}
	}
	checkTexts(t, texts)
	if len(perType) < 15 || len(perField) != len(fields) || long < 20 {
		t.Errorf("little variety: types %v, fields %v, %d long ones", perType, perField, long)
	}
	for urgency := range 4 {
		if perUrgency[urgency] < 2 {
			t.Errorf("urgency %d occurs %d times", urgency, perUrgency[urgency])
		}
	}
	if perUrgency[0] < len(all)*3/4 || len(perUrgency) != 4 {
		t.Errorf("urgencies %v", perUrgency)
	}
}

func TestOpinions(t *testing.T) {
	for name, tt := range map[string]struct {
		texts []string
		least int
	}{
		"directions": {Directions(), 30}, "returns": {ReturnReasons(), 20}, "refusals": {RefusalReasons(), 20},
	} {
		t.Run(name, func(t *testing.T) {
			if len(tt.texts) < tt.least {
				t.Errorf("%d texts", len(tt.texts))
			}
			checkTexts(t, tt.texts)
			for _, text := range tt.texts {
				if n := utf8.RuneCountInString(text); n < 20 || n > 250 || !strings.HasSuffix(text, ".") {
					t.Errorf("%d characters: %s", n, text)
				}
			}
		})
	}
}

// checkTexts asserts what all Vietnamese texts share: composed letters, no
// stray blanks, no repetition, and vowels that are Vietnamese.
func checkTexts(t *testing.T, texts []string) {
	t.Helper()
	alphabet := regexp.MustCompile(`^[0-9A-Za-zÀÁÂÃÈÉÊÌÍÒÓÔÕÙÚÝàáâãèéêìíòóôõùúýĂăĐđĨĩŨũƠơƯưẠ-ỹ .,;:/()“”\-]+$`)
	seen := map[string]bool{}
	for _, text := range texts {
		if seen[strings.ToLower(text)] {
			t.Errorf("twice: %s", text)
		}
		seen[strings.ToLower(text)] = true
		if !norm.NFC.IsNormalString(text) {
			t.Errorf("not NFC: %s", text)
		}
		if strings.TrimSpace(text) != text || strings.Contains(text, "  ") {
			t.Errorf("stray blank: %q", text)
		}
		if !alphabet.MatchString(text) {
			t.Errorf("a sign that no such text holds: %s", text)
		}
	}
}
