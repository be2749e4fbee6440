package pades

import (
	"bytes"
	"cmp"
	"context"
	"crypto"
	"crypto/sha256"
	"encoding"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"testing"

	"congvan/signing"
)

// big is a PDF of a given size that exists only where it is read: a small file with
// one enormous stream in its middle.
type big struct {
	head, tail []byte
	filler     int64
}

func newBig(size int64) *big {
	head := "%PDF-1.7\n%\xE2\xE3\xCF\xD3\n"
	var offsets [5]int
	for i, body := range []string{
		"<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /XObject << /Im 4 0 R >> >> >>",
	} {
		offsets[i+1] = len(head)
		head += fmt.Sprintf("%d 0 obj\n%s\nendobj\n", i+1, body)
	}
	offsets[4] = len(head)
	filler := size - 1000
	head += fmt.Sprintf("4 0 obj\n<< /Type /XObject /Subtype /Image /Width %d /Height 1000 /ColorSpace /DeviceGray /BitsPerComponent 8 /Length %d >>\nstream\n", filler/1000, filler)
	tail := "\nendstream\nendobj\n"
	start := int64(len(head)) + filler + int64(len(tail))
	tail += "xref\n0 5\n0000000000 65535 f \n"
	for _, at := range offsets[1:] {
		tail += fmt.Sprintf("%010d 00000 n \n", at)
	}
	tail += fmt.Sprintf("trailer\n<< /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", start)
	return &big{[]byte(head), []byte(tail), filler}
}

func (b *big) size() int64 { return int64(len(b.head)) + b.filler + int64(len(b.tail)) }

func (b *big) ReadAt(p []byte, at int64) (int, error) {
	for i := range p {
		switch pos := at + int64(i); {
		case pos < int64(len(b.head)):
			p[i] = b.head[pos]
		case pos < int64(len(b.head))+b.filler:
			p[i] = 0x80
		case pos < b.size():
			p[i] = b.tail[pos-int64(len(b.head))-b.filler]
		default:
			return i, io.EOF
		}
	}
	return len(p), nil
}

func (b *big) file() signing.File { return signing.File{R: b, Size: b.size()} }

// counted counts the bytes that are read.
type counted struct {
	io.ReaderAt
	n int64
}

func (c *counted) ReadAt(p []byte, at int64) (int, error) {
	c.n += int64(len(p))
	return c.ReaderAt.ReadAt(p, at)
}

func state(t testing.TB, r io.Reader) []byte {
	t.Helper()
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		t.Fatal(err)
	}
	s, err := h.(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Memory does not grow with the file, and with a kept hash state neither does the
// number of bytes read.
func TestBigFileIsNotHeldInMemory(t *testing.T) {
	e, b := New(Options{}), newBig(50<<20)
	r := signing.Request{Field: "s", Time: signedAt}
	prepare := func(f signing.File) (*signing.Prepared, uint64) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		p, err := e.Prepare(t.Context(), f, r)
		runtime.ReadMemStats(&after)
		if err != nil {
			t.Fatal(err)
		}
		return p, after.TotalAlloc - before.TotalAlloc
	}
	whole, allocated := prepare(b.file())
	if allocated > 4<<20 {
		t.Errorf("%d bytes allocated for a file of %d", allocated, b.size())
	}
	reads := &counted{ReaderAt: b}
	kept, allocated := prepare(signing.File{R: reads, Size: b.size(), HashState: state(t, io.NewSectionReader(b, 0, b.size()))})
	if allocated > 4<<20 || reads.n > 256<<10 {
		t.Errorf("with a kept state: %d bytes allocated, %d read", allocated, reads.n)
	}
	if !bytes.Equal(kept.Digest, whole.Digest) || !bytes.Equal(kept.Tail, whole.Tail) {
		t.Error("the kept state gives another signature")
	}
	h := sha256.New()
	_, _ = io.Copy(h, io.NewSectionReader(b, 0, b.size()))
	h.Write(whole.Tail[:whole.ByteRange[1]-b.size()])
	h.Write(whole.Tail[whole.ByteRange[2]-b.size():])
	if !bytes.Equal(h.Sum(nil), whole.Digest) {
		t.Error("the digest is not that of the byte range")
	}
}

// A state that is not that of this file is not taken: the file is hashed.
func TestForeignHashStateIsNotTaken(t *testing.T) {
	e := New(Options{})
	base := sample(t, "cong-van-1.pdf")
	r := signing.Request{Field: "s", Time: signedAt}
	want, err := e.Prepare(t.Context(), asFile(base), r)
	if err != nil {
		t.Fatal(err)
	}
	good := state(t, bytes.NewReader(base))
	for name, s := range map[string][]byte{
		"good": good, "empty": {}, "garbage": []byte("garbage garbage"), "truncated": good[:len(good)-1],
		"of a shorter file": state(t, bytes.NewReader(base[:len(base)-1])),
		"of another hash":   append([]byte("sha\x02"), good[4:]...),
	} {
		got, err := e.Prepare(t.Context(), signing.File{R: bytes.NewReader(base), Size: int64(len(base)), HashState: s}, r)
		if err != nil || !bytes.Equal(got.Digest, want.Digest) {
			t.Errorf("%s: %v, digest %x, want %x", name, err, got.Digest, want.Digest)
		}
	}
}

// A kept SHA-256 state says nothing of another digest: the file is read for that one.
func TestOtherDigestsReadTheFile(t *testing.T) {
	e := New(Options{})
	base := sample(t, "cong-van-1.pdf")
	f := asFile(base)
	f.HashState = state(t, bytes.NewReader(base))
	for _, h := range []crypto.Hash{0, crypto.SHA256, crypto.SHA384, crypto.SHA512} {
		p, err := e.Prepare(t.Context(), f, signing.Request{Field: "s", Time: signedAt, Hash: h})
		if err != nil {
			t.Fatal(err)
		}
		want := cmp.Or(h, crypto.SHA256).New()
		want.Write(base)
		want.Write(p.Tail[:p.ByteRange[1]-f.Size])
		want.Write(p.Tail[p.ByteRange[2]-f.Size:])
		if !bytes.Equal(p.Digest, want.Sum(nil)) {
			t.Errorf("%v: the digest is not that of the byte range", h)
		}
	}
	refused(t, "SHA-1", e, base, signing.Request{Field: "s", Time: signedAt, Hash: crypto.SHA1}, nil)
}

// Equal requests on equal files give equal bytes, also side by side.
func TestPrepareIsDeterministicAndConcurrent(t *testing.T) {
	e := New(Options{})
	base := sample(t, "cong-van-1.pdf")
	r := leaderRequest(t, base, "Nguyễn Văn Mẫu")
	r.Time = signedAt
	var tails [6][]byte
	var wait sync.WaitGroup
	for i := range tails {
		wait.Go(func() {
			if p, err := e.Prepare(t.Context(), asFile(base), r); err == nil {
				tails[i] = p.Tail
			}
		})
	}
	wait.Wait()
	for _, tail := range tails {
		if len(tail) == 0 || !bytes.Equal(tail, tails[0]) {
			t.Fatal("equal requests differ")
		}
	}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := New(Options{}).Prepare(ctx, newBig(10<<20).file(), signing.Request{Field: "s", Time: signedAt}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// A file that changes length under us is an error, not a signature over less; any other
// fault of the store is told as it is.
func TestShortReadIsAnError(t *testing.T) {
	base, disk := sample(t, "cong-van-1.pdf"), errors.New("disk")
	for _, c := range []struct{ fault, want error }{{io.EOF, io.ErrUnexpectedEOF}, {nil, io.ErrUnexpectedEOF}, {disk, disk}} {
		f := signing.File{R: failing{bytes.NewReader(base), c.fault}, Size: int64(len(base))}
		if _, err := New(Options{}).Prepare(t.Context(), f, signing.Request{Field: "s", Time: signedAt}); !errors.Is(err, c.want) {
			t.Errorf("%v, want %v", err, c.want)
		}
	}
}

// failing reads in the small blocks of the parser and fails on those of the hash.
type failing struct {
	io.ReaderAt
	fault error
}

func (f failing) ReadAt(p []byte, at int64) (int, error) {
	if len(p) > 16<<10 {
		return 0, f.fault
	}
	return f.ReaderAt.ReadAt(p, at)
}

func BenchmarkPrepare(b *testing.B) {
	e := New(Options{})
	letter := sample(b, "cong-van-1.pdf")
	leader := leaderRequest(b, letter, "Nguyễn Văn Mẫu")
	leader.Time = signedAt
	once := newSigner(b, "A").sign(b, e, letter, leader)
	agency := agencyRequest(b)
	agency.Time = signedAt
	plain := signing.Request{Field: "s", Time: signedAt}
	large := newBig(50 << 20)
	kept := large.file()
	kept.HashState = state(b, io.NewSectionReader(large, 0, large.size()))
	for _, c := range []struct {
		name string
		file signing.File
		r    signing.Request
	}{
		{"none", asFile(letter), plain},
		{"leader", asFile(letter), leader},
		{"agency", asFile(once), agency},
		{"50MB-kept-state", kept, plain},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := e.Prepare(b.Context(), c.file, c.r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
