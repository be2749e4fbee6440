package signing_test

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"encoding"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"congvan/signing"
)

func hashState(t *testing.T, data []byte) []byte {
	t.Helper()
	h := sha256.New()
	h.Write(data)
	state, err := h.(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// TestHashed: a kept hash is continued only where it is the one that is wanted.
func TestHashed(t *testing.T) {
	data, tail := []byte("nội dung"), []byte("phần thêm")
	state := hashState(t, data)
	size := int64(len(data))
	broken := bytes.Clone(state)
	broken[0] ^= 1
	for name, c := range map[string]struct {
		f    signing.File
		hash crypto.Hash
		want bool
	}{
		"kept":            {signing.File{Size: size, HashState: state}, crypto.SHA256, true},
		"another hash":    {signing.File{Size: size, HashState: state}, crypto.SHA384, false},
		"none":            {signing.File{Size: size}, crypto.SHA256, false},
		"too short":       {signing.File{Size: size, HashState: state[:7]}, crypto.SHA256, false},
		"unreadable":      {signing.File{Size: size, HashState: broken}, crypto.SHA256, false},
		"of another size": {signing.File{Size: size + 1, HashState: state}, crypto.SHA256, false},
	} {
		h := c.f.Hashed(c.hash)
		if (h != nil) != c.want {
			t.Errorf("%s: %v", name, h)
		}
		c.f.R = bytes.NewReader(data)
		longer := signing.Extended(c.f, tail).Hashed(c.hash)
		if (longer != nil) != c.want {
			t.Errorf("%s, longer: %v", name, longer)
		}
		if c.want {
			h.Write(tail)
			if want := sha256.Sum256(append(bytes.Clone(data), tail...)); !bytes.Equal(h.Sum(nil), want[:]) || !bytes.Equal(longer.Sum(nil), want[:]) {
				t.Errorf("%s: another sum", name)
			}
		}
	}
}

// TestExtended: a file and what was added read as one.
func TestExtended(t *testing.T) {
	data, tail := []byte("nội dung"), []byte("phần thêm")
	whole := append(bytes.Clone(data), tail...)
	x := signing.Extended(signing.File{R: bytes.NewReader(data), Size: int64(len(data))}, tail)
	if x.Size != int64(len(whole)) || x.HashState != nil {
		t.Errorf("%d bytes, state %x", x.Size, x.HashState)
	}
	if err := iotest.TestReader(io.NewSectionReader(x.R, 0, x.Size), whole); err != nil {
		t.Error(err)
	}
	if _, err := x.R.ReadAt(make([]byte, 1), -1); err == nil {
		t.Error("read before the beginning")
	}
	if n, err := x.R.ReadAt(make([]byte, 0), x.Size+5); n != 0 || err != nil {
		t.Errorf("nothing asked: %d, %v", n, err)
	}
	// a file shorter than it says must not run on into the tail
	short := signing.Extended(signing.File{R: bytes.NewReader(data[:3]), Size: int64(len(data))}, tail)
	if n, err := short.R.ReadAt(make([]byte, len(whole)), 0); n != 3 || !errors.Is(err, io.EOF) {
		t.Errorf("short file: %d bytes, %v", n, err)
	}
}

// TestPatch: it lies wholly within the part, or nothing is changed.
func TestPatch(t *testing.T) {
	for name, c := range map[string]struct {
		at   int64
		want string
	}{
		"within": {12, "abXYef"}, "at the beginning": {10, "XYcdef"}, "at the end": {14, "abcdXY"},
		"before": {9, ""}, "over the end": {15, ""},
	} {
		part := []byte("abcdef") // at 10
		err := signing.Patch{At: c.at, Bytes: []byte("XY")}.Apply(part, 10)
		if c.want == "" {
			c.want = "abcdef"
			if !errors.Is(err, signing.ErrNotNewest) {
				t.Errorf("%s: %v", name, err)
			}
		} else if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if string(part) != c.want {
			t.Errorf("%s: %s", name, part)
		}
	}
}

// TestComplete: a CMS that does not fit changes nothing, a shorter one leaves nothing of a
// longer one.
func TestComplete(t *testing.T) {
	p := signing.NewPrepared(nil, [4]int64{}, []byte("<000000>"), 1, 3)
	for _, c := range []struct {
		cms  string
		want string
		err  error
	}{{"abc", "<616263>", nil}, {"x", "<780000>", nil}, {"abcd", "<780000>", signing.ErrOverflow}} {
		tail, err := p.Complete([]byte(c.cms))
		if !errors.Is(err, c.err) || string(p.Tail) != c.want || err == nil && string(tail) != c.want {
			t.Errorf("%s: %s, %v", c.cms, tail, err)
		}
	}
}

func TestTimestampFields(t *testing.T) {
	if names := signing.TimestampFields(); names[0] != "cv-timestamp" || names[1] != "cv-timestamp-2" {
		t.Error(names)
	}
}
