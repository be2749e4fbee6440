package spool_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"congvan/storage"
	"congvan/storage/memory"
	"congvan/storage/spool"
	"congvan/storage/storagetest"
)

func TestSpool(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	s := spool.New(dir, 1<<20)
	for _, n := range []int{0, 1, 100_003, 1 << 20} {
		b, key := storagetest.Bytes(uint64(n), n)
		f, err := s.Spool(t.Context(), bytes.NewReader(b))
		if err != nil {
			t.Fatalf("%d bytes: %v", n, err)
		}
		if f.Size() != int64(n) || f.Key() != key {
			t.Errorf("%d bytes: Size = %d, Key = %s; want key %s", n, f.Size(), f.Key(), key)
		}
		for range 2 {
			got, err := io.ReadAll(f.Reader())
			if err != nil || !bytes.Equal(got, b) {
				t.Errorf("%d bytes: read back %d, %v", n, len(got), err)
			}
		}

		// The kept state goes on where the file ended.
		sum := sha256.New()
		if err := sum.(encoding.BinaryUnmarshaler).UnmarshalBinary(f.HashState()); err != nil {
			t.Fatal(err)
		}
		sum.Write([]byte("tail"))
		if want := sha256.Sum256(append(b, "tail"...)); [32]byte(sum.Sum(nil)) != want {
			t.Errorf("%d bytes: the continued hash is not that of the whole", n)
		}

		blobs := memory.New(t)
		if err := f.PutInto(t.Context(), blobs); err != nil {
			t.Error(err)
		}
		if err := storage.Verify(t.Context(), blobs, key); err != nil {
			t.Error(err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		wantEmpty(t, dir)
	}
}

func TestSpoolRefuses(t *testing.T) {
	dir := t.TempDir()
	s := spool.New(dir, 1000)
	broken := errors.New("the reader broke")
	dead, cancel := context.WithCancel(t.Context())
	cancel()
	for name, c := range map[string]struct {
		ctx  context.Context
		r    io.Reader
		want error
	}{
		"a byte over the limit": {t.Context(), strings.NewReader(strings.Repeat("x", 1001)), storage.ErrTooLarge},
		"without end":           {t.Context(), endless{}, storage.ErrTooLarge},
		"broken":                {t.Context(), io.MultiReader(strings.NewReader("half"), iotest.ErrReader(broken)), broken},
		"cancelled":             {dead, strings.NewReader("x"), context.Canceled},
	} {
		if f, err := s.Spool(c.ctx, c.r); !errors.Is(err, c.want) || f != nil {
			t.Errorf("%s: %v, %v; want %v", name, f, err, c.want)
		}
		wantEmpty(t, dir)
	}
}

func TestSpoolWithoutAFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := spool.New(filepath.Join(file, "x"), 10).Spool(t.Context(), strings.NewReader("x")); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("Spool into a folder that cannot be = %v, want ErrUnavailable", err)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func wantEmpty(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(entries) != 0 {
		t.Errorf("%d files were left in the folder", len(entries))
	}
}
