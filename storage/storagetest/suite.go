// Package storagetest is the conformance suite that every storage backend passes, and
// the S3 server that the tests of one of them start.
package storagetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"congvan/storage"
)

// Run runs the suite; open returns an empty store, and is called for each test.
func Run(t *testing.T, open func(t *testing.T) storage.Blobs) {
	for name, test := range map[string]func(*testing.T, storage.Blobs){
		"put and read back":           putAndReadBack,
		"put twice":                   putTwice,
		"wrong bytes leave nothing":   wrongBytesLeaveNothing,
		"ranged reads":                rangedReads,
		"parallel reads":              parallelReads,
		"concurrent puts of one key":  concurrentPuts,
		"compose":                     compose,
		"compose under a wrong key":   composeWrongKey,
		"nothing there":               nothingThere,
		"a context that is cancelled": cancelled,
		"retain":                      retain,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

// Bytes returns n bytes that do not compress, the same for the same seed, and their key.
func Bytes(seed uint64, n int) ([]byte, storage.Key) {
	var key [32]byte
	key[0], key[1] = byte(seed), byte(seed>>8)
	b := make([]byte, n)
	rand.NewChaCha8(key).Read(b)
	return b, sha256.Sum256(b)
}

func put(t *testing.T, s storage.Blobs, key storage.Key, b []byte) {
	t.Helper()
	if err := s.Put(t.Context(), key, int64(len(b)), bytes.NewReader(b)); err != nil {
		t.Fatalf("Put %d bytes: %v", len(b), err)
	}
}

func wantBytes(t *testing.T, s storage.Blobs, key storage.Key, want []byte) {
	t.Helper()
	obj, err := s.Open(t.Context(), key)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	defer obj.Close()
	if obj.Size() != int64(len(want)) {
		t.Fatalf("Size = %d, want %d", obj.Size(), len(want))
	}
	got, err := io.ReadAll(io.NewSectionReader(obj, 0, obj.Size()))
	if err != nil {
		t.Fatalf("read: %v", err)
	}
	if !bytes.Equal(got, want) {
		t.Fatalf("read back %d bytes that differ from the %d put", len(got), len(want))
	}
	info, err := s.Stat(t.Context(), key)
	if err != nil {
		t.Fatalf("Stat: %v", err)
	}
	if info.Key != key || info.Size != int64(len(want)) {
		t.Errorf("Stat = %+v, want key %s and size %d", info, key, len(want))
	}
	if err := storage.Verify(t.Context(), s, key); err != nil {
		t.Errorf("Verify: %v", err)
	}
}

func wantErr(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got error %v, want %v", what, got, want)
	}
}

func wantNothing(t *testing.T, s storage.Blobs, key storage.Key) {
	t.Helper()
	_, err := s.Stat(t.Context(), key)
	wantErr(t, "Stat of what must not be there", err, storage.ErrNotFound)
}

func putAndReadBack(t *testing.T, s storage.Blobs) {
	for _, n := range []int{0, 1, 4096, 300<<10 + 7, 17<<20 + 3} {
		b, key := Bytes(uint64(n), n)
		put(t, s, key, b)
		wantBytes(t, s, key, b)
	}
	// A reader that gives a byte at a time, or its end together with the last bytes.
	b, key := Bytes(9, 3000)
	if err := s.Put(t.Context(), key, 3000, iotest.OneByteReader(bytes.NewReader(b))); err != nil {
		t.Errorf("Put from a slow reader: %v", err)
	}
	wantBytes(t, s, key, b)
	b, key = Bytes(10, 3000)
	if err := s.Put(t.Context(), key, 3000, iotest.DataErrReader(bytes.NewReader(b))); err != nil {
		t.Errorf("Put from a reader that ends with its data: %v", err)
	}
	wantBytes(t, s, key, b)
}

func putTwice(t *testing.T, s storage.Blobs) {
	b, key := Bytes(1, 5000)
	put(t, s, key, b)
	put(t, s, key, b)
	wantBytes(t, s, key, b)
	err := s.Put(t.Context(), key, 4000, bytes.NewReader(b[:4000]))
	wantErr(t, "Put of another size under a key that is there", err, storage.ErrChecksum)
	wantBytes(t, s, key, b)
}

func wrongBytesLeaveNothing(t *testing.T, s storage.Blobs) {
	broken := errors.New("the reader broke")
	for _, n := range []int{0, 1000, 6 << 20, 20 << 20} {
		b, key := Bytes(uint64(n)+2, n)
		other := append([]byte{}, b...)
		if n > 0 {
			other[n/2] ^= 1
		}
		cases := map[string]struct {
			r    io.Reader
			want error
		}{
			"a byte too many": {bytes.NewReader(append(other[:n:n], 'x')), storage.ErrChecksum},
			"broken":          {io.MultiReader(bytes.NewReader(b[:n/2]), iotest.ErrReader(broken)), broken},
		}
		if n > 0 {
			cases["another byte"] = struct {
				r    io.Reader
				want error
			}{bytes.NewReader(other), storage.ErrChecksum}
			cases["a byte short"] = struct {
				r    io.Reader
				want error
			}{bytes.NewReader(b[:n-1]), storage.ErrChecksum}
		}
		for name, c := range cases {
			err := s.Put(t.Context(), key, int64(n), c.r)
			wantErr(t, fmt.Sprintf("Put of %d bytes, %s", n, name), err, c.want)
			wantNothing(t, s, key)
		}
		put(t, s, key, b) // and the right bytes still go in
		wantBytes(t, s, key, b)
	}
	_, key := Bytes(3, 10)
	if err := s.Put(t.Context(), key, -1, strings.NewReader("")); err == nil {
		t.Error("Put with a negative size succeeded")
	}
	wantNothing(t, s, key)
}

func rangedReads(t *testing.T, s storage.Blobs) {
	const n = 1<<20 + 77
	b, key := Bytes(4, n)
	put(t, s, key, b)
	obj, err := s.Open(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer obj.Close()
	for _, r := range [][2]int{{0, 1}, {0, 1024}, {256<<10 - 1, 2}, {n - 100, 100}, {n - 1, 1}, {5, 900 << 10}, {0, n}, {77, 0}} {
		p := make([]byte, r[1])
		got, err := obj.ReadAt(p, int64(r[0]))
		if got != r[1] || (err != nil && !errors.Is(err, io.EOF)) || !bytes.Equal(p, b[r[0]:r[0]+r[1]]) {
			t.Errorf("ReadAt(%d bytes at %d) = %d, %v, or other bytes", r[1], r[0], got, err)
		}
	}
	p := make([]byte, 200)
	got, err := obj.ReadAt(p, n-50)
	if got != 50 || !errors.Is(err, io.EOF) || !bytes.Equal(p[:50], b[n-50:]) {
		t.Errorf("ReadAt across the end = %d, %v; want 50 bytes and io.EOF", got, err)
	}
	for _, off := range []int64{n, n + 1, 1 << 40} {
		if got, err := obj.ReadAt(p, off); got != 0 || !errors.Is(err, io.EOF) {
			t.Errorf("ReadAt past the end at %d = %d, %v; want 0 and io.EOF", off, got, err)
		}
	}
	if _, err := obj.ReadAt(p, -1); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("ReadAt at a negative offset = %v, want an error", err)
	}
}

func parallelReads(t *testing.T, s storage.Blobs) {
	const n = 6<<20 + 5
	b, key := Bytes(5, n)
	put(t, s, key, b)
	obj, err := s.Open(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	defer obj.Close()
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			rnd := rand.New(rand.NewPCG(uint64(worker), 1))
			for range 40 {
				off := rnd.IntN(n)
				p := make([]byte, min(1+rnd.IntN(100<<10), n-off))
				if _, err := obj.ReadAt(p, int64(off)); err != nil && !errors.Is(err, io.EOF) {
					t.Errorf("ReadAt: %v", err)
				} else if !bytes.Equal(p, b[off:off+len(p)]) {
					t.Errorf("ReadAt(%d bytes at %d): other bytes", len(p), off)
				}
			}
		})
	}
	wg.Wait()
}

func concurrentPuts(t *testing.T, s storage.Blobs) {
	for _, n := range []int{70_000, 17 << 20} {
		b, key := Bytes(6, n)
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() {
				if err := s.Put(t.Context(), key, int64(n), bytes.NewReader(b)); err != nil {
					t.Errorf("concurrent Put: %v", err)
				}
				if _, err := s.Stat(t.Context(), key); err != nil {
					t.Errorf("Stat after a Put that succeeded: %v", err)
				}
			})
		}
		wg.Wait()
		wantBytes(t, s, key, b)
	}
}

func compose(t *testing.T, s storage.Blobs) {
	for _, c := range [][2]int{{0, 10}, {1000, 5000}, {1000, 0}, {storage.ComposeCopyMin - 1, 40_000}, {storage.ComposeCopyMin, 40_000}, {22<<20 + 1, 70_000}, {6 << 20, 0}} {
		head, prefix := Bytes(uint64(c[0])+7, c[0])
		tail, _ := Bytes(8, c[1])
		whole := append(head[:len(head):len(head)], tail...)
		key := storage.Key(sha256.Sum256(whole))
		put(t, s, prefix, head)
		for range 2 { // the second time it is there already
			if err := s.Compose(t.Context(), key, prefix, tail); err != nil {
				t.Fatalf("Compose %d + %d bytes: %v", c[0], c[1], err)
			}
			wantBytes(t, s, key, whole)
		}
		wantBytes(t, s, prefix, head)
	}
	_, missing := Bytes(11, 11)
	_, key := Bytes(12, 12)
	wantErr(t, "Compose on a prefix that is not there", s.Compose(t.Context(), key, missing, []byte("x")), storage.ErrNotFound)
	wantNothing(t, s, key)
}

func composeWrongKey(t *testing.T, s storage.Blobs) {
	_, wrong := Bytes(13, 13)
	head, prefix := Bytes(14, 1000)
	put(t, s, prefix, head)
	wantErr(t, "Compose of a small prefix under a wrong key", s.Compose(t.Context(), wrong, prefix, []byte("tail")), storage.ErrChecksum)
	wantNothing(t, s, wrong)

	// A large prefix is not sent through this process: Verify finds it at the latest.
	head, prefix = Bytes(15, storage.ComposeCopyMin+1)
	put(t, s, prefix, head)
	err := s.Compose(t.Context(), wrong, prefix, []byte("tail"))
	if err == nil {
		err = storage.Verify(t.Context(), s, wrong)
	}
	wantErr(t, "Compose of a large prefix under a wrong key, then Verify", err, storage.ErrChecksum)
}

func nothingThere(t *testing.T, s storage.Blobs) {
	_, key := Bytes(16, 16)
	_, err := s.Open(t.Context(), key)
	wantErr(t, "Open", err, storage.ErrNotFound)
	_, err = s.Stat(t.Context(), key)
	wantErr(t, "Stat", err, storage.ErrNotFound)
	wantErr(t, "Retain", s.Retain(t.Context(), key, time.Now().Add(time.Hour)), storage.ErrNotFound)
	wantErr(t, "Verify", storage.Verify(t.Context(), s, key), storage.ErrNotFound)
}

func cancelled(t *testing.T, s storage.Blobs) {
	b, key := Bytes(17, 20<<20)
	dead, cancel := context.WithCancel(t.Context())
	cancel()
	wantErr(t, "Put", s.Put(dead, key, int64(len(b)), bytes.NewReader(b)), context.Canceled)
	wantNothing(t, s, key)

	// Cancelled while the bytes flow.
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	half := io.MultiReader(bytes.NewReader(b[:len(b)/2]), readerFunc(func([]byte) (int, error) { cancel(); return 0, nil }), bytes.NewReader(b[len(b)/2:]))
	wantErr(t, "Put cancelled half-way", s.Put(ctx, key, int64(len(b)), half), context.Canceled)
	wantNothing(t, s, key)

	put(t, s, key, b)
	_, err := s.Open(dead, key)
	wantErr(t, "Open", err, context.Canceled)
	_, err = s.Stat(dead, key)
	wantErr(t, "Stat", err, context.Canceled)
	wantErr(t, "Retain", s.Retain(dead, key, time.Now().Add(time.Hour)), context.Canceled)
	_, other := Bytes(18, 18)
	wantErr(t, "Compose", s.Compose(dead, other, key, []byte("x")), context.Canceled)
	wantNothing(t, s, other)

	// An object lives as long as the context that opened it.
	alive, cancel := context.WithCancel(t.Context())
	obj, err := s.Open(alive, key)
	if err != nil {
		t.Fatal(err)
	}
	defer obj.Close()
	cancel()
	_, err = obj.ReadAt(make([]byte, 10), 5)
	wantErr(t, "ReadAt", err, context.Canceled)
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) {
	if n, err := f(p); err != nil {
		return n, err
	}
	return 0, io.EOF
}

func retain(t *testing.T, s storage.Blobs) {
	b, key := Bytes(19, 2000)
	put(t, s, key, b)
	info, err := s.Stat(t.Context(), key)
	if err != nil || !info.RetainUntil.IsZero() {
		t.Fatalf("Stat of a new object = %+v, %v; want no retention", info, err)
	}
	first := time.Now().Add(time.Hour)
	later := first.Add(24 * time.Hour)
	for _, until := range []time.Time{first, first, later} {
		if err := s.Retain(t.Context(), key, until); err != nil {
			t.Fatalf("Retain until %s: %v", until, err)
		}
		info, err := s.Stat(t.Context(), key)
		if err != nil || !info.RetainUntil.Equal(storage.RetentionTime(until)) {
			t.Errorf("Stat after Retain = %+v, %v; want %s", info, err, storage.RetentionTime(until))
		}
	}
	wantErr(t, "Retain that would cut the time", s.Retain(t.Context(), key, first), storage.ErrRetained)
	info, err = s.Stat(t.Context(), key)
	if err != nil || !info.RetainUntil.Equal(storage.RetentionTime(later)) {
		t.Errorf("Stat after a refused cut = %+v, %v; want still %s", info, err, storage.RetentionTime(later))
	}
	wantBytes(t, s, key, b)
}
