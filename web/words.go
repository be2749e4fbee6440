package web

import (
	"embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"congvan/internal/authz"
	"congvan/internal/calendar"
	"congvan/internal/document"
	"congvan/internal/query"
	"congvan/internal/register"
	"congvan/internal/workflow"
	"congvan/signing"
)

//go:embed locale/*.json
var localeFiles embed.FS

// unnamed are values of a sentence that nobody gave.
var unnamed = regexp.MustCompile(`\{[a-z_]+\}`)

func languages() []string { return []string{"vi", "en"} }

func readWords() (map[string]map[string]string, error) {
	out := map[string]map[string]string{}
	for _, lang := range languages() {
		b, err := localeFiles.ReadFile("locale/" + lang + ".json")
		if err != nil {
			return nil, err
		}
		m := map[string]string{}
		if err := json.Unmarshal(b, &m); err != nil {
			return nil, fmt.Errorf("locale %s: %w", lang, err)
		}
		out[lang] = m
	}
	return out, nil
}

// word is a page's own text with its values, given as name, value, name, value …; a key
// without a text shows itself, and a test finds it.
func (w *Web) word(lang, key string, pairs ...any) string {
	s, ok := w.words[lang][key]
	if !ok {
		return key
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		s = strings.ReplaceAll(s, "{"+fmt.Sprint(pairs[i])+"}", fmt.Sprint(pairs[i+1]))
	}
	return s
}

// funcs are the words and forms a template may use, bound to a language. Sentences of
// faults, states and acts are the catalogue's ("say"), a page's own text is the locale's
// ("t").
func (w *Web) funcs(lang string) template.FuncMap {
	say := func(prefix string, v any) string { return w.Catalogue.Say(lang, prefix+fmt.Sprint(v), nil) }
	return template.FuncMap{
		"t":   func(key string, pairs ...any) string { return w.word(lang, key, pairs...) },
		"say": say,
		"line": func(l query.Line) string {
			return stop(w.Catalogue.Say(lang, "did_"+strings.TrimPrefix(l.Action, "act_"), l.Detail))
		},
		"warning": func(s string) string {
			key, name, _ := strings.Cut(s, ":")
			return w.Catalogue.Say(lang, "warning_"+key, map[string]string{"name": name})
		},
		"cause": func(code string, with ...map[string]string) string {
			var args map[string]string
			if len(with) > 0 {
				args = with[0]
			}
			return unnamed.ReplaceAllString(w.Catalogue.Say(lang, code, args), "…")
		},
		"explain":  func(r *signing.Report) []finding { return findings(w.Explain(lang, r)) },
		"size":     func(n int64) string { return shownSize(lang, n) },
		"asset":    w.assets.path,
		"date":     shownDate,
		"isodate":  func(d calendar.Date) string { return d.String() },
		"time":     shownTime,
		"isotime":  func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"typename": typeName,
		"number":   register.FormatNumber,
		"code":     code,
		"main":     document.MainFile,
		"effect": func(f url.Values, kind string) string {
			if f.Get("effect_kind") == kind {
				return f.Get("effect_target")
			}
			return ""
		},
		"boxpath": boxPath,
		"count":   shownCount,
		"tone":    tone,
		"act":     func(a any) string { return actPath(fmt.Sprint(a)) },
		"has":     hasAct,
		"moves":   moves,
		"frozen":  workflow.Frozen,
		"others":  others,
		"dict":    dict,
		"isin":    strings.HasPrefix,
		"grades":  func() []string { return []string{"0", "1", "2", "3"} },
		"assignroles": func() []document.AssignmentRole {
			return []document.AssignmentRole{document.Lead, document.Coordinating, document.Information}
		},
	}
}

// boxPath is where a box is shown.
func boxPath(b query.Box) string {
	switch b.Kind {
	case authz.Message:
		return "/cach-ly"
	case authz.Incoming:
		return "/van-ban-den?hop=" + url.QueryEscape(b.Key)
	}
	return "/van-ban-di?hop=" + url.QueryEscape(b.Key)
}

func shownDate(d calendar.Date) string {
	if d.IsZero() {
		return ""
	}
	return d.Start().Format("02/01/2006")
}

// readDate reads a day as people write it, 5/1/2026 or 05/01/2026, and as a program does.
func readDate(s string) (calendar.Date, error) {
	s = strings.TrimSpace(s)
	if t, err := time.ParseInLocation("2/1/2006", s, calendar.Zone()); err == nil {
		return calendar.DateOf(t), nil
	}
	return calendar.ParseDate(s)
}

// shownTime is a moment in Vietnam time; it takes a time or a pointer to one.
func shownTime(v any) string {
	switch t := v.(type) {
	case time.Time:
		if t.IsZero() {
			return ""
		}
		return t.In(calendar.Zone()).Format("02/01/2006 15:04")
	case *time.Time:
		if t == nil {
			return ""
		}
		return shownTime(*t)
	}
	return ""
}

// shownSize is a size in the units people use; Vietnamese has a decimal comma.
func shownSize(lang string, n int64) string {
	switch {
	case n >= 1<<20:
		s := strconv.FormatFloat(float64(n)/(1<<20), 'f', 1, 64)
		if lang == "vi" {
			s = strings.Replace(s, ".", ",", 1)
		}
		return s + " MB"
	case n >= 1<<10:
		return strconv.FormatInt(n>>10, 10) + " KB"
	}
	return strconv.FormatInt(n, 10) + " B"
}

func shownCount(n int) string {
	if n >= query.CountMax {
		return strconv.Itoa(query.CountMax-1) + "+"
	}
	return strconv.Itoa(n)
}

func typeName(c string) string {
	t, ok := register.Lookup(c)
	if !ok {
		return c
	}
	return t.Name
}

func code(n int, notation string) string {
	if n == 0 {
		return ""
	}
	return register.FullCode(n, notation)
}

// stop ends a sentence that may end already, with what somebody typed.
func stop(s string) string {
	if s = strings.TrimSpace(s); strings.HasSuffix(s, ".") || strings.HasSuffix(s, "?") || strings.HasSuffix(s, "!") || strings.HasSuffix(s, "…") {
		return s
	}
	return s + "."
}

// finding is a sentence about a signature; Under is one that explains the one before.
type finding struct {
	Text  string
	Under bool
}

// findings says nothing twice in a row of explanations.
func findings(sentences []string) []finding {
	var out []finding
	seen := map[string]bool{}
	for _, s := range sentences {
		text, under := strings.CutPrefix(s, "– ")
		if !under {
			clear(seen)
		}
		if !seen[text] {
			out = append(out, finding{text, under})
		}
		seen[text] = true
	}
	return out
}

// others is how many parties a row does not name.
func others(r query.Row) int { return max(0, r.Parties-1-strings.Count(r.Party, "; ")) }

// tone is how a state, a verdict or a delivery looks: one word that the style sheet knows.
func tone(v any) string {
	switch fmt.Sprint(v) {
	case "ISSUED", "RESOLVED", "DONE", "SEEN", "COMPLETED", "ACCEPTED", "SUFFICIENT", "VALID":
		return "good"
	case "AGREED", "TAKEN_NEW", "TAKEN_UPDATE":
		return "good"
	case "RECALLED", "REPLACED", "DECLINED", "REFUSED", "VOIDED", "FAILED", "NOT_VALID", "WRONG_SIGNER", "INVALID", "REVOKED", "UNREADABLE", "RETURNED":
		return "bad"
	case "WAITING", "HELD", "INCOMPLETE", "UNKNOWN", "EXPIRED", "UNSIGNED":
		return "doubt"
	case "PUT_AWAY", "SENT_BACK", "CANCELLED", "DRAFT", "PAPER", "WITHDRAWN", "QUEUED":
		return "quiet"
	}
	return "going"
}

// dict makes a map of name, value, name, value … for a nested template.
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, fmt.Errorf("dict: odd number of values")
	}
	m := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		m[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	return m, nil
}
