package web

import (
	"io/fs"
	"os"
	"testing"
	"time"

	"congvan/internal/calendar"
	"congvan/internal/query"
)

func sourceFiles(t *testing.T) fs.FS {
	t.Helper()
	root, err := os.OpenRoot(".")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = root.Close() })
	return onlyGo{root.FS()}
}

// onlyGo is the folder's own Go files.
type onlyGo struct{ fs.FS }

func (g onlyGo) ReadDir(name string) ([]fs.DirEntry, error) {
	all, err := fs.ReadDir(g.FS, name)
	out := all[:0:0]
	for _, d := range all {
		if !d.IsDir() && len(d.Name()) > 3 && d.Name()[len(d.Name())-3:] == ".go" {
			out = append(out, d)
		}
	}
	return out, err
}

func TestShown(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{shownSize("vi", 900), "900 B"},
		{shownSize("vi", 1536), "1 KB"},
		{shownSize("vi", 5<<20+1<<19), "5,5 MB"},
		{shownSize("en", 5<<20+1<<19), "5.5 MB"},
		{shownCount(query.CountMax), "999+"},
		{shownCount(12), "12"},
		{shownDate(calendar.On(2026, 1, 5)), "05/01/2026"},
		{shownDate(calendar.Date{}), ""},
		{shownTime(time.Date(2026, 12, 31, 17, 5, 0, 0, time.UTC)), "01/01/2027 00:05"},
		{shownTime((*time.Time)(nil)), ""},
		{typeName("QyĐ"), "Quy định"},
		{code(5, "SVD-NV"), "05/SVD-NV"},
		{code(0, "SVD-NV"), ""},
		{stop("đã trả lại, lý do: sai."), "đã trả lại, lý do: sai."},
		{stop("đã ký số"), "đã ký số."},
		{actPath("APPROVE_CONTENT"), "approve-content"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestReadDate(t *testing.T) {
	want := calendar.On(2026, 1, 5)
	for _, s := range []string{"5/1/2026", "05/01/2026", " 05/01/2026 ", "2026-01-05"} {
		if got, err := readDate(s); err != nil || got != want {
			t.Errorf("%q: %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"31/02/2026", "2026", "x", "01/13/2026"} {
		if _, err := readDate(s); err == nil {
			t.Errorf("%q was taken", s)
		}
	}
	if got, err := readDate(""); err != nil || !got.IsZero() {
		t.Errorf("empty: %v, %v", got, err)
	}
}

func TestOwnPath(t *testing.T) {
	for in, want := range map[string]string{
		"/van-ban-di?hop=drafts": "/van-ban-di?hop=drafts", "": "/", "//elsewhere": "/", "https://elsewhere": "/", "/\\elsewhere": "/", "/a\r\nX: y": "/",
	} {
		if got := ownPath(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}
