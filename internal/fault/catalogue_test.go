package fault_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"congvan/internal/fault"
)

func catalogue(t *testing.T) *fault.Catalogue {
	t.Helper()
	c, err := fault.NewCatalogue()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var placeholder = regexp.MustCompile(`\{[a-z_]+\}`)

func TestLanguagesAgree(t *testing.T) {
	c := catalogue(t)
	if vi, en := c.Codes("vi"), c.Codes("en"); !slices.Equal(vi, en) {
		t.Fatalf("the languages differ in keys:\nvi %q\nen %q", only(vi, en), only(en, vi))
	}
	for _, key := range c.Codes("vi") {
		vi, en := c.Say("vi", key, nil), c.Say("en", key, nil)
		a, b := placeholder.FindAllString(vi, -1), placeholder.FindAllString(en, -1)
		slices.Sort(a)
		slices.Sort(b)
		if !slices.Equal(slices.Compact(a), slices.Compact(b)) {
			t.Errorf("%s: placeholders differ: vi %v, en %v", key, a, b)
		}
		for lang, s := range map[string]string{"vi": vi, "en": en} {
			if strings.TrimSpace(s) == "" || !norm.NFC.IsNormalString(s) {
				t.Errorf("%s %s: empty or not NFC: %q", lang, key, s)
			}
		}
	}
}

func only(a, b []string) (out []string) {
	for _, x := range a {
		if !slices.Contains(b, x) {
			out = append(out, x)
		}
	}
	return out
}

// TestEveryFaultHasASentence reads the source: every code given to fault.New, and every
// key of who can act, must be in the catalogue.
func TestEveryFaultHasASentence(t *testing.T) {
	c := catalogue(t)
	found := 0
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); name == "node_modules" || name == "testdata" || strings.HasPrefix(name, ".") && name != ".." {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil // being written, or for another compiler: the build tells
		}
		ast.Inspect(file, func(n ast.Node) bool {
			for _, code := range codes(n) {
				found++
				if !c.Has(code) {
					t.Errorf("%s: %q has no sentence in internal/fault/messages.*.json", path, code)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if found < 100 {
		t.Fatalf("only %d codes found: the walk does not see the source", found)
	}
}

// codes gives the catalogue keys that a node of the source names.
func codes(n ast.Node) []string {
	switch n := n.(type) {
	case *ast.CallExpr:
		if f, ok := n.Fun.(*ast.SelectorExpr); ok && f.Sel.Name == "New" && len(n.Args) == 2 {
			if p, ok := f.X.(*ast.Ident); ok && p.Name == "fault" {
				return literal(n.Args[1])
			}
		}
	case *ast.CompositeLit: // a row of a table: {signing.ErrPlace, "place_unusable"}
		if len(n.Elts) == 2 {
			if f, ok := n.Elts[0].(*ast.SelectorExpr); ok {
				if p, ok := f.X.(*ast.Ident); ok && p.Name == "signing" && strings.HasPrefix(f.Sel.Name, "Err") {
					return literal(n.Elts[1])
				}
			}
		}
	case *ast.BasicLit:
		if s := literal(n); len(s) == 1 && regexp.MustCompile(`^who_[a-z_]+$`).MatchString(s[0]) {
			return s
		}
	}
	return nil
}

func literal(e ast.Expr) []string {
	b, ok := e.(*ast.BasicLit)
	if !ok || b.Kind != token.STRING {
		return nil
	}
	s, err := strconv.Unquote(b.Value)
	if err != nil {
		return nil
	}
	return []string{s}
}

func TestSentencesNameWhatTheyMean(t *testing.T) {
	c := catalogue(t)
	for _, x := range []struct {
		err    error
		vi, en string
	}{
		{
			fault.New(fault.Forbidden, "forbidden_role").With("who", "who_clerk"),
			"Người làm được: văn thư của cơ quan.", "Who can: the agency's clerk.",
		},
		{
			fault.New(fault.Conflict, "action_not_now").With("state", "SIGNED").With("action", "SEAL"),
			"“Ký số cơ quan” lúc này: văn bản đang ở bước “Chờ cấp số”", "“Seal” is not possible now: the document is at “Waiting for number”",
		},
		{
			fault.New(fault.Conflict, "action_not_now").With("state", "SENT").With("action", "RESEND"),
			"“Đã gửi, chờ xác nhận đến”", "“Sent, awaiting receipt”",
		},
		{
			fault.New(fault.Invalid, "place_missing").With("places", "day, month"),
			"vị trí của: ngày, tháng.", "not found: day, month.",
		},
		{
			fault.New(fault.Invalid, "secret_refused"),
			"Luật Bảo vệ bí mật nhà nước số 117/2025/QH15", "No. 117/2025/QH15",
		},
		{
			fault.New(fault.Invalid, "recipient_closed").With("name", "{organ_id}").With("organ_id", "H99.01"),
			"{organ_id} (H99.01)", "{organ_id} (H99.01)",
		},
		{fault.New(fault.Invalid, "no such code").With("x", "y"), "Hệ thống gặp lỗi", "Something went wrong"},
	} {
		if vi := c.Text("vi", x.err); !strings.Contains(vi, x.vi) {
			t.Errorf("vi %q lacks %q", vi, x.vi)
		}
		if en := c.Text("en", x.err); !strings.Contains(en, x.en) {
			t.Errorf("en %q lacks %q", en, x.en)
		}
	}
}

func TestSay(t *testing.T) {
	c := catalogue(t)
	for _, x := range []struct {
		key  string
		args map[string]string
		want string
	}{
		{"did_NUMBER", map[string]string{"number": "05/QĐ-UBND", "issued_date": "2026-11-02"}, "đã cấp số 05/QĐ-UBND, ngày ban hành 02/11/2026"},
		{"did_COMPLETE", map[string]string{"note": ""}, "đã hoàn thành xử lý"},
		{"did_COMPLETE", map[string]string{"note": "Đã trả lời."}, "đã hoàn thành xử lý: Đã trả lời."},
		{"did_VALIDATE", map[string]string{"verdict": "SUFFICIENT"}, "đã kiểm tra chữ ký số: Đủ chữ ký số hợp lệ"},
		{"no_such_key", nil, "no_such_key"},
	} {
		if got := c.Say("vi", x.key, x.args); got != x.want {
			t.Errorf("Say(%s, %v) = %q, want %q", x.key, x.args, got, x.want)
		}
	}
}
