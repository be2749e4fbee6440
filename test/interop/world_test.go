//go:build interop

package interop

import (
	"bytes"
	"context"
	"crypto"
	"crypto/elliptic"
	"crypto/rand"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"congvan/signing"
	"congvan/signing/pades"
	"congvan/signing/pdf"
	"congvan/signing/pkcs11"
	"congvan/signing/signingtest"
)

const pin = "interop-135790"

// world is a hierarchy that answers on loopback, tokens with a key of every type, and a
// folder for what is made.
type world struct {
	*signingtest.Online
	t       *testing.T
	dir     string
	tokens  *signingtest.Tokens
	signers map[string]signer // by key type and role
	engine  *pades.Engine
	py      *driver
	java    *driver
	leader  []byte // PNG
	seal    []byte
}

// signer is a certificate whose key lies in a SoftHSM token.
type signer struct {
	*signingtest.Identity
	uri string
}

const (
	leader = "leader"
	agency = "agency"
)

func newWorld(t *testing.T) *world {
	w := &world{
		Online: signingtest.NewOnline(t), t: t, dir: workDir(t), signers: map[string]signer{}, engine: pades.New(pades.Options{}),
		leader: ring(t, 420, 180, color.NRGBA{R: 20, G: 40, B: 170, A: 255}), seal: ring(t, 425, 425, color.NRGBA{R: 215, G: 25, B: 30, A: 255}),
	}
	w.py, w.java = newDriver(t, "pyhanko", w.RootFile), newDriver(t, "dss", w.RootFile)
	w.tokens = signingtest.NewTokens(t, pkcs11.Options{Clock: time.Now})
	w.tokens.Token("interop", pin)
	for _, key := range keyTypes {
		public := w.key(key)
		uri := w.tokens.ServiceURI("interop", key, pin)
		w.signers[key+leader] = signer{w.Signer(signingtest.Spec{CN: "Nguyễn Văn Thử", O: "Sở Thử nghiệm", Public: public}), uri}
		w.signers[key+agency] = signer{w.Signer(signingtest.Spec{CN: "Sở Thử nghiệm", O: "Sở Thử nghiệm", OrganID: "H99.14", Public: public}), uri}
	}
	return w
}

// key makes a key of a type in the token.
func (w *world) key(kind string) crypto.PublicKey {
	switch kind {
	case "P-256":
		return w.tokens.EC("interop", kind, pin, elliptic.P256())
	case "P-384":
		return w.tokens.EC("interop", kind, pin, elliptic.P384())
	}
	return w.tokens.RSA("interop", kind, pin, map[string]int{"RSA-2048": 2048, "RSA-3072": 3072, "RSA-4096": 4096}[kind])
}

// workDir is $CONGVAN_INTEROP_KEEP for looking at the files, else a folder that goes
// with the test.
func workDir(t *testing.T) string {
	dir := os.Getenv("CONGVAN_INTEROP_KEEP")
	if dir == "" {
		return t.TempDir()
	}
	must(t, os.MkdirAll(dir, 0o700))
	return dir
}

func (w *world) path(name string) string { return filepath.Join(w.dir, name) }

// save writes a file into the world's folder and returns its path.
func (w *world) save(name string, data []byte) string {
	w.t.Helper()
	must(w.t, os.WriteFile(w.path(name), data, 0o600))
	return w.path(name)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	must(t, err)
	return data
}

// output runs a program; its error is part of its answer.
func output(ctx context.Context, name string, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	return string(out), err
}

// ring is an invented stamp: a transparent picture with a coloured ellipse.
func ring(t testing.TB, w, h int, c color.NRGBA) []byte {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			r := math.Hypot((float64(x)-float64(w)/2)/float64(w)*2, (float64(y)-float64(h)/2)/float64(h)*2)
			c.A = uint8(255 * math.Max(0, math.Min(1, 10-math.Abs(r-0.8)*120)))
			m.SetNRGBA(x, y, c)
		}
	}
	var b bytes.Buffer
	must(t, png.Encode(&b, m))
	return b.Bytes()
}

func open(t testing.TB, data []byte) *pdf.File {
	t.Helper()
	f, err := pdf.Open(t.Context(), bytes.NewReader(data), int64(len(data)), pdf.DefaultLimits())
	must(t, err)
	return f
}

// extended appends an incremental update that change makes.
func extended(t testing.TB, data []byte, change func(f *pdf.File, u *pdf.Update)) []byte {
	t.Helper()
	f := open(t, data)
	u := pdf.NewUpdate(f)
	change(f, u)
	tail, err := u.Bytes()
	must(t, err)
	return append(bytes.Clone(data), tail...)
}

// warnings are not what is tested here.
var silent = io.Discard

// softKeys signs with the key of an identity in memory.
type softKeys struct{ *signingtest.Identity }

func (k softKeys) Sign(_ context.Context, _ string, digest []byte, o signing.SignOptions) ([]byte, error) {
	return k.Key.Sign(rand.Reader, digest, o.Hash)
}
