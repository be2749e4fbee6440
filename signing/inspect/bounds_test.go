package inspect

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"congvan/signing/pdf"
	"congvan/signing/pdf/pdftest"
)

// opened is a file to be looked at within limits.
func opened(ctx context.Context, t testing.TB, b *pdftest.Builder, limit func(*pdf.Limits)) *pdf.File {
	t.Helper()
	limits := pdf.DefaultLimits()
	if limit != nil {
		limit(&limits)
	}
	f, err := pdf.Open(ctx, bytes.NewReader(b.Bytes()), b.Len(), limits)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// encrypt makes qpdf encrypt a file by AES-256, its objects in streams or not.
func encrypt(t testing.TB, b *pdftest.Builder, password, streams string) []byte {
	t.Helper()
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.pdf"), filepath.Join(dir, "out.pdf")
	if err := os.WriteFile(in, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if msg, err := exec.CommandContext(t.Context(), "qpdf", "--object-streams="+streams, "--encrypt", password, "owner", "256", "--", in, out).CombinedOutput(); err != nil {
		t.Fatalf("qpdf: %v: %s", err, msg)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// Of an encrypted file all is told that the empty password shows, and nothing is made
// up of what it does not.
func TestEncrypted(t *testing.T) {
	b := shown("BT /F 12 Tf 50 700 Td (So tien) Tj ET 1 g 40 690 200 30 re f")
	b.Table("")
	rootless := page("", "")
	rootless.Root = "9 0 R"
	rootless.Table("/Encrypt << /Filter /Other >>")
	for name, c := range map[string]struct {
		data []byte
		want string
	}{
		"no password":                        {encrypt(t, b, "", "generate"), "encrypted covered_text"},
		"a password":                         {encrypt(t, b, "secret", "disable"), "encrypted"},
		"a password, pages in streams":       {encrypt(t, b, "secret", "generate"), "encrypted"},
		"another handler, catalog not found": {rootless.Bytes(), "encrypted"},
	} {
		data := c.data
		got := inspect(t, data)
		if codes := strings.Join(codesOf(got), " "); !got.Encrypted || codes != c.want || got.Findings[0].Weight != Refuse {
			t.Errorf("%s: %q, want %q: %+v", name, codes, c.want, got)
		}
		ctx, cancel := context.WithCancel(t.Context())
		f, err := pdf.Open(ctx, bytes.NewReader(data), int64(len(data)), pdf.DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		cancel()
		if in, err := Look(ctx, f); err == nil {
			t.Errorf("%s, cancelled: %+v, %v", name, in, err)
		}
	}
}

func TestTooComplexIsAFinding(t *testing.T) {
	many := page("", "")
	for n := range maxObjects + 1 {
		many.Entry(10+n, 20)
	}
	long := page("", "/Contents 4 0 R")
	long.Stream(4, "/Filter /ASCIIHexDecode", strings.Repeat("20", 200))
	for name, c := range map[string]struct {
		file  *pdftest.Builder
		limit func(*pdf.Limits)
	}{
		"elements of an object": {page("/Extra 5 0 R", "", "["+strings.Repeat("1 ", 200)+"]"), func(l *pdf.Limits) { l.Elements = 100 }},
		"fields":                {page("/AcroForm << /Fields [<< /T (a) >> << /T (b) >>] >>", ""), func(l *pdf.Limits) { l.Fields = 1 }},
		"content of a page":     {long, func(l *pdf.Limits) { l.Inflate = 100 }},
		"objects of no use":     {many, nil},
	} {
		c.file.Table("")
		in, err := Look(t.Context(), opened(t.Context(), t, c.file, c.limit))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := codesOf(in); !slices.Contains(got, "too_complex") || in.Findings[0].Weight != Ask {
			t.Errorf("%s: findings %+v", name, in.Findings)
		}
	}
}

// The bounds of the walk itself: it stops, says so, and looks at all that lies before.
func TestWalkIsBounded(t *testing.T) {
	b := page("/Extra [<< /S /JavaScript /JS (1) >> "+strings.Repeat("[] ", 5000)+"]", "")
	b.Table("")
	for name, c := range map[string]struct {
		start func(*look)
		want  []string
	}{
		"far down": {func(*look) {}, []string{"javascript"}},
		"nodes":    {func(l *look) { l.nodes = maxNodes - 100 }, []string{"too_complex"}},
		"objects": {func(l *look) {
			for n := range maxObjects + 1 {
				l.seen[1000+n] = true
			}
		}, []string{"too_complex"}},
	} {
		l := newLook(t.Context(), opened(t.Context(), t, b, nil))
		c.start(l)
		if err := errors.Join(l.catalog(), l.walk()); err != nil {
			t.Fatal(err)
		}
		if got := slices.Collect(maps.Keys(l.found)); !slices.Equal(got, c.want) {
			t.Errorf("%s: found %v, want %q", name, l.found, c.want)
		}
	}
}

// asked is a context that counts how often it was asked whether to go on.
type asked struct {
	context.Context
	n int
}

func (a *asked) Err() error {
	a.n++
	return a.Context.Err()
}

func TestUnusedObjectsAreBounded(t *testing.T) {
	b := page("", "")
	for n := range maxUnused + 10 {
		b.Entry(10+n, 20)
	}
	b.Table("")
	ctx := &asked{Context: t.Context()}
	l := newLook(ctx, opened(t.Context(), t, b, nil))
	if err := l.unused(); err != nil || ctx.n != maxUnused {
		t.Errorf("%d objects looked at, want %d: %v", ctx.n, maxUnused, err)
	}
}

// What is told of a file stays short, however much of it there is.
func TestReportIsBounded(t *testing.T) {
	b := pdftest.New()
	b.Obj(1, "<< /Type /Catalog /Pages 2 0 R >>")
	var kids strings.Builder
	for n := range maxSizes + 1 {
		fmt.Fprintf(&kids, "%d 0 R ", 5000+n)
		annots := ""
		if n == 0 {
			annots = "/Annots 3 0 R"
		}
		b.Obj(5000+n, "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] "+annots+" >>")
	}
	b.Obj(2, fmt.Sprintf("<< /Type /Pages /Count %d /Kids [%s] >>", maxSizes+1, kids.String()))
	var annots strings.Builder
	for n := range maxFound + maxOrphans {
		fmt.Fprintf(&annots, "%d 0 R ", 10+n)
		b.Obj(10+n, "<< /Subtype /Widget /Rect [0 0 9 9] /AA << >> >>")
	}
	b.Obj(3, "["+annots.String()+"]")
	b.Table("")
	in := inspect(t, b.Bytes())
	if in.Pages != maxSizes+1 || len(in.PageSizes) != maxSizes || len(in.FormFields) != maxOrphans {
		t.Errorf("%d pages, %d sizes, %d widgets of no field", in.Pages, len(in.PageSizes), len(in.FormFields))
	}
	if want := fmt.Sprintf("and %d more)", maxFound-listed); len(in.Findings) != 1 || !strings.HasSuffix(in.Findings[0].Detail, want) {
		t.Errorf("%+v, want %q", in.Findings, want)
	}
}

func TestCancelled(t *testing.T) {
	b := page("", "")
	b.Table("")
	ctx, cancel := context.WithCancel(t.Context())
	f := opened(ctx, t, b, nil)
	cancel()
	if _, err := Look(ctx, f); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
