package pkcs11

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"fmt"
	"io"
	"testing"

	"congvan/signing"
)

func TestSignRequestRoundTrip(t *testing.T) {
	for _, want := range []signRequest{
		{"pkcs11:token=a;object=b", []byte{1, 2, 3}, signing.SignOptions{Hash: crypto.SHA256}},
		{"", nil, signing.SignOptions{Hash: crypto.SHA512, PSS: true, PIN: []byte("mật khẩu")}},
		{"k", []byte{0}, signing.SignOptions{Hash: crypto.SHA384, PIN: []byte{}}},
	} {
		b, err := want.encode()
		if err != nil {
			t.Fatal(err)
		}
		if cap(b) != len(b) {
			t.Errorf("%d bytes in room for %d: it grew, and a PIN may have stayed behind", len(b), cap(b))
		}
		got, err := decodeSign(b)
		if err != nil {
			t.Fatal(err)
		}
		if got.key != want.key || !bytes.Equal(got.digest, want.digest) || got.opts.Hash != want.opts.Hash || got.opts.PSS != want.opts.PSS ||
			!bytes.Equal(got.opts.PIN, want.opts.PIN) || (got.opts.PIN == nil) != (want.opts.PIN == nil) {
			t.Errorf("%+v came back as %+v", want, got)
		}
		for n := range b { // cut off anywhere
			if _, err := decodeSign(b[:n]); err == nil {
				t.Errorf("%d of %d bytes are taken", n, len(b))
			}
		}
		if _, err := decodeSign(append(b, 0)); err == nil {
			t.Error("a byte too many is taken")
		}
	}
	if _, err := (signRequest{key: string(make([]byte, maxField))}).encode(); !errors.Is(err, ErrURI) {
		t.Error("a URI without end:", err)
	}
}

// TestErrorsCross: whoever tells errors apart does so on the other side as well.
func TestErrorsCross(t *testing.T) {
	for _, k := range kinds {
		_, err := answer(1, nil, fmt.Errorf("token %q: %w", "a", k.err)).read()
		if !errors.Is(err, k.err) || Code(err) != k.code || err.Error() != fmt.Sprintf("token %q: %v", "a", k.err) {
			t.Errorf("%s came as %v", k.code, err)
		}
	}
	if _, err := answer(1, nil, io.ErrUnexpectedEOF).read(); err == nil || Code(err) != "other" {
		t.Error(err)
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(nil)
	if err := contextual(ctx, &hostError{"time_out", "x"}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func FuzzFrame(f *testing.F) {
	request, err := signRequest{"pkcs11:token=a", make([]byte, 32), signing.SignOptions{PIN: []byte("1")}}.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(append([]byte{0, 0, 0, byte(frameHead + len(request)), frameSign, 0, 0, 0, 0, 0, 0, 0, 1}, request...))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		fr, err := readFrame(bytes.NewReader(b))
		if err != nil {
			return
		}
		if len(fr.body) > maxFrame {
			t.Fatal("too long")
		}
		if r, err := decodeSign(fr.body); err == nil && len(r.key)+len(r.digest)+len(r.opts.PIN) > len(fr.body) {
			t.Fatal("more than there is")
		}
		_, _ = fr.read()
	})
}
