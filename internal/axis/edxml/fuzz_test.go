package edxml

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

// memory is a File in memory, for the fuzzer's speed.
type memory struct{ bytes.Buffer }

func (m *memory) ReadAt(p []byte, off int64) (int, error) {
	return bytes.NewReader(m.Bytes()).ReadAt(p, off)
}

func inMemory() (File, error) { return &memory{}, nil }

// FuzzRead: any input gives an envelope or an *Error, within the limits; what was read
// can be opened again.
func FuzzRead(f *testing.F) {
	for _, pattern := range []string{"testdata/*.edxml", "testdata/foreign/*.edxml"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatal(pattern, err)
		}
		for _, name := range files {
			raw, err := os.ReadFile(name)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(raw)
		}
	}
	f.Add([]byte(message(`<!DOCTYPE x>`, "")))
	f.Add([]byte(message("", encodedFile("a.xlsx", bomb(1000)))))
	f.Add([]byte(message("", encodedFile("a.pdf", "<![CDATA[AAAA]]>&#13;<!-- -->AA"))))
	f.Add([]byte(message("", "<Attachment><ContentTransferEncoded/></Attachment>")))
	lim := Limits{Bytes: 1 << 20, Files: 4 << 20, File: 2 << 20}
	f.Fuzz(func(t *testing.T, raw []byte) {
		env, err := Read(context.Background(), bytes.NewReader(raw), lim, inMemory)
		if err != nil {
			if refused := (*Error)(nil); !errors.As(err, &refused) {
				t.Fatalf("not an *Error: %v", err)
			}
			return
		}
		if (env.Message == nil) == (env.Status == nil) {
			t.Fatal("neither or both")
		}
		if env.Message == nil {
			return
		}
		for _, a := range env.Message.Attachments {
			r, err := a.Open()
			if err != nil {
				t.Fatal(err)
			}
			if n, err := io.Copy(io.Discard, r); n != a.Size || err != nil {
				t.Fatalf("%d of %d bytes: %v", n, a.Size, err)
			}
		}
	})
}
