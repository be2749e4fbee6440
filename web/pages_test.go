package web

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"congvan/internal/flow"
	"congvan/internal/org"
	"congvan/internal/workflow"

	"golang.org/x/net/html"
)

func someUploads() map[string][]flow.Upload {
	return map[string][]flow.Upload{
		"main_upload":  {{ID: evil, Name: "a" + evil, Size: 1000, Pages: 2}},
		"annex_upload": {{ID: "upl-2", Name: "b" + evil, Size: 10}},
	}
}

// Every page draws with an empty and with a full model, in both languages, signed in or
// not, after a problem or without; and no text of a user becomes markup.
func TestPagesDraw(t *testing.T) {
	w := newWeb(t)
	for page, models := range pagesToDraw() {
		for i, m := range models {
			for _, lang := range languages() {
				for _, v := range []view{
					{Data: m},
					{
						Data: m, Me: mark(), Agency: evil, Title: evil, Path: "/" + evil, Flash: evil, Demo: true, HasBuild: w.assets.built, Place: map[string]string{"a": evil},
						Positions: []org.Position{{ID: "pos", Title: evil, AgencyID: "a"}, {ID: "b"}},
					},
					{Data: m, Me: mark(), Problem: evil, Field: "reason", Tried: "return", Form: url.Values{"reason": {evil}}},
					{Data: m, Me: mark(), Problem: evil, Field: "confirmed", Tried: "register", Outage: &Outage{Since: noon(), Until: noon()}},
					{Data: m, Me: mark(), Problem: evil, Field: "layout.leader", Tried: "places"},
				} {
					text := drawn(t, w, lang, page, v)
					if err := harmless(text); err != nil {
						t.Errorf("%s (model %d) in %s: %v", page, i, lang, err)
					}
				}
			}
		}
	}
}

// harmless walks a page as a browser reads it: scripts and styles only from our own
// files, no handler attributes, no style attributes (the content policy forbids both), no
// foreign addresses.
func harmless(text string) error {
	root, err := html.Parse(strings.NewReader(text))
	if err != nil {
		return err
	}
	var walk func(*html.Node) error
	walk = func(n *html.Node) error {
		if n.Type == html.ElementNode {
			if n.Data == "script" && (attribute(n, "src") == "" || n.FirstChild != nil) || n.Data == "style" {
				return fmt.Errorf("inline <%s>", n.Data)
			}
			for _, a := range n.Attr {
				if strings.HasPrefix(a.Key, "on") || a.Key == "style" {
					return fmt.Errorf("<%s> has %s", n.Data, a.Key)
				}
				if slices.Contains([]string{"href", "src", "action"}, a.Key) && !regexp.MustCompile(`^(/($|[^/])|\?|#|$)`).MatchString(a.Val) {
					return fmt.Errorf("<%s> leads to %q", n.Data, a.Val)
				}
			}
			if n.Data == "img" && attribute(n, "src") == "x" {
				return fmt.Errorf("foreign <img>")
			}
		}
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			if err := walk(c); err != nil {
				return err
			}
		}
		return nil
	}
	return walk(root)
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// harmless itself must see what it is there to see.
func TestHarmlessSees(t *testing.T) {
	for _, bad := range []string{
		`<script>alert(1)</script>`, `<p onclick="x()">`, `<p style="color:red">`, `<a href="javascript:x">`, `<a href="//elsewhere">`,
		`<img src=x>`, `<form action="https://elsewhere">`, `<style>p{}</style>`,
	} {
		if harmless(bad) == nil {
			t.Errorf("%s passed", bad)
		}
	}
}

// Every input has a label or a name for those who do not see, and every id is there once.
func TestPagesAreLabelled(t *testing.T) {
	w := newWeb(t)
	for page, models := range pagesToDraw() {
		for i, m := range models {
			root, err := html.Parse(strings.NewReader(drawn(t, w, "vi", page, view{Data: m, Me: mark(), HasBuild: w.assets.built, Form: url.Values{}})))
			if err != nil {
				t.Fatal(err)
			}
			ids, labels := map[string]int{}, map[string]bool{}
			var inputs []*html.Node
			for n := range root.Descendants() {
				if n.Type != html.ElementNode {
					continue
				}
				if id := attribute(n, "id"); id != "" {
					ids[id]++
				}
				switch n.Data {
				case "label":
					labels[attribute(n, "for")] = true
				case "input", "select", "textarea":
					if attribute(n, "type") != "hidden" {
						inputs = append(inputs, n)
					}
				}
			}
			for id, n := range ids {
				if n > 1 {
					t.Errorf("%s (model %d): id %q %d times", page, i, id, n)
				}
			}
			for _, n := range inputs {
				if attribute(n, "aria-label") == "" && !labels[attribute(n, "id")] && !inside(n, "label") {
					t.Errorf("%s (model %d): %s %q has no label", page, i, n.Data, attribute(n, "name"))
				}
			}
		}
	}
}

func inside(n *html.Node, tag string) bool {
	for p := range n.Ancestors() {
		if p.Data == tag {
			return true
		}
	}
	return false
}

// The languages have the same keys and the same values in their sentences, every key that
// a page uses is there, and none is left over.
func TestWords(t *testing.T) {
	words, err := readWords()
	if err != nil {
		t.Fatal(err)
	}
	values := regexp.MustCompile(`\{[a-z_]+\}`)
	for _, pair := range [][2]string{{"vi", "en"}, {"en", "vi"}} {
		for key, text := range words[pair[0]] {
			other, ok := words[pair[1]][key]
			if !ok {
				t.Errorf("%s: no %s", key, pair[1])
			}
			for _, v := range values.FindAllString(text, -1) {
				if !strings.Contains(other, v) {
					t.Errorf("%s: %s lacks %s", key, pair[1], v)
				}
			}
			if strings.TrimSpace(text) == "" {
				t.Errorf("%s: empty in %s", key, pair[0])
			}
		}
	}
	used := usedKeys(t)
	for key := range words["vi"] {
		if !slices.ContainsFunc(used, func(u string) bool { return u == key || strings.HasSuffix(u, ".") && strings.HasPrefix(key, u) }) {
			t.Errorf("%s: no page uses it", key)
		}
	}
	for _, u := range used {
		if _, ok := words["vi"][u]; !ok && !strings.HasSuffix(u, ".") {
			t.Errorf("%s: used, but not in the locale", u)
		}
	}
}

// usedKeys are the keys named in templates and code; one that ends in a dot is the
// beginning of keys made from data.
func usedKeys(t *testing.T) []string {
	t.Helper()
	words := regexp.MustCompile(`"((?:app|nav|problem|form|row|signin|home|list|fault|draft|field|upload|paper|viewer|step|why|acts?|places|about|deliveries|failed|answers|replies|sign|approval|timeline|incoming|outgoing|verdict|assignments|assign|done|level|outage|change|quarantine)\.[A-Za-z_-]*)"`)
	var out []string
	for _, fsys := range []fs.FS{pageFiles, sourceFiles(t)} {
		err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.HasSuffix(name, "_test.go") {
				return err
			}
			b, err := fs.ReadFile(fsys, name)
			for _, m := range words.FindAllStringSubmatch(string(b), -1) {
				if !strings.HasSuffix(m[1], ".js") && !strings.HasSuffix(m[1], ".css") {
					out = append(out, m[1])
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// A signature that waits says so, with why, since how often and the way to try again; one
// that has its level tells it; an outage stands on every page.
func TestLevelOnThePage(t *testing.T) {
	w := newWeb(t)
	text := visible(drawn(t, w, "vi", "outgoing", view{Data: fullOutgoing(workflow.Signed), Me: mark(), Outage: &Outage{Since: noon(), Until: noon(), Over: true}}))
	for _, want := range []string{
		"Đang chờ dấu thời gian.", "Chữ ký đạt mức B-B, cần mức B-T.", "Dịch vụ dấu thời gian chưa trả lời", "Đã thử 3 lần", "Thử lại dấu thời gian",
		"tạm ngừng ký số và phát hành cho đến khi có lại dịch vụ",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the page of a signature that waits does not say %q", want)
		}
	}
	text = visible(drawn(t, w, "vi", "outgoing", view{Data: fullOutgoing(workflow.Issued), Me: mark()}))
	for _, want := range []string{"Mức chữ ký: B-LTA.", "được kiểm tra lại lúc", "bản đã gửi giữ nguyên"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page of a document that has its level does not say %q", want)
		}
	}
	if strings.Contains(text, "Đang chờ dấu thời gian") {
		t.Error("nothing waits")
	}
}

// Each key of the catalogue that pages make from data is there.
func TestCatalogueWords(t *testing.T) {
	w := newWeb(t)
	for page, models := range pagesToDraw() {
		for _, m := range models {
			for _, lang := range languages() {
				text := drawn(t, w, lang, page, view{Data: m, Me: mark()})
				for _, raw := range regexp.MustCompile(`\b(state|act|box|verdict|delivery|role|who|urgency|secrecy|channel|assignment|place|warning|step|approval|done)[_.][A-Za-z][A-Za-z_-]*`).FindAllString(visible(text), -1) {
					t.Errorf("%s in %s shows the key %s", page, lang, raw)
				}
			}
		}
	}
}

// visible is the text that a reader sees.
func visible(page string) string {
	root, err := html.Parse(strings.NewReader(page))
	if err != nil {
		return ""
	}
	var b strings.Builder
	for n := range root.Descendants() {
		if n.Type == html.TextNode && (n.Parent == nil || n.Parent.Data != "script") {
			b.WriteString(n.Data + "\n")
		}
	}
	return b.String()
}

func TestLocaleIsPlainJSON(t *testing.T) {
	for _, lang := range languages() {
		b, err := localeFiles.ReadFile("locale/" + lang + ".json")
		if err != nil {
			t.Fatal(err)
		}
		var keys []string
		dec := json.NewDecoder(strings.NewReader(string(b)))
		if _, err := dec.Token(); err != nil {
			t.Fatal(err)
		}
		for dec.More() {
			k, err := dec.Token()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := dec.Token(); err != nil {
				t.Fatal(err)
			}
			keys = append(keys, fmt.Sprint(k))
		}
		if !slices.IsSorted(keys) || len(slices.Compact(slices.Clone(keys))) != len(keys) {
			t.Errorf("%s: keys are not in order, each once", lang)
		}
	}
}
