package pades

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"congvan/signing"
	"congvan/signing/pdf"
	"congvan/signing/signingtest"
)

var vietnam = time.FixedZone("", 7*3600)

// signedAt is the time in every test signature.
var signedAt = time.Date(2026, 11, 21, 15, 30, 45, 0, vietnam)

// signer is a test identity whose key signs in memory.
type signer struct {
	*signingtest.Identity
	root *signingtest.Identity
}

func newSigner(t testing.TB, name string) *signer {
	p := signingtest.NewPKI(t, time.Now, rand.Reader)
	return &signer{p.Issue(signingtest.Spec{CN: name, O: "Cơ quan thử nghiệm"}), p.Root}
}

// Sign implements signing.Keys.
func (s *signer) Sign(_ context.Context, _ string, digest []byte, opts signing.SignOptions) ([]byte, error) {
	return s.Key.Sign(rand.Reader, digest, opts.Hash)
}

func asFile(data []byte) signing.File {
	return signing.File{R: bytes.NewReader(data), Size: int64(len(data))}
}

// sign makes one signature and returns the signed file.
func (s *signer) sign(t testing.TB, e *Engine, in []byte, r signing.Request) []byte {
	t.Helper()
	if r.Time.IsZero() {
		r.Time = signedAt
	}
	p, err := e.Prepare(t.Context(), asFile(in), r)
	if err != nil {
		t.Fatalf("Prepare: %v", err)
	}
	cms, err := e.BuildCMS(t.Context(), p.Digest, signing.Credential{Chain: s.Chain}, s, signing.SignOptions{})
	if err != nil {
		t.Fatalf("BuildCMS: %v", err)
	}
	tail, err := p.Complete(cms)
	if err != nil {
		t.Fatalf("Complete: %v", err)
	}
	return append(bytes.Clone(in), tail...)
}

// run runs a program and fails the test when it does.
func run(t testing.TB, name string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// save writes a file into the test's folder, or into $KEEP for looking at it.
func save(t testing.TB, name string, data []byte) string {
	t.Helper()
	dir := os.Getenv("KEEP")
	if dir == "" {
		dir = t.TempDir()
	}
	path := filepath.Join(dir, strings.ReplaceAll(t.Name(), "/", "_")+"_"+name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// accepted checks a signed file with the programs of other hands: its structure with
// qpdf, its signatures with pdfsig and openssl.
func accepted(t testing.TB, data []byte, signers ...*signer) {
	t.Helper()
	out := run(t, "pdfsig", "-nocert", save(t, "signed.pdf", data))
	if n := strings.Count(out, "Signature Validation: Signature is Valid."); n != len(signers) {
		t.Errorf("pdfsig finds %d valid signatures, want %d:\n%s", n, len(signers), out)
	}
	verified(t, data, signers...)
}

// verified checks the structure with qpdf and each signature, in their order, with
// openssl against the signer's root, its CMS cut out by the parsed dictionary.
func verified(t testing.TB, data []byte, signers ...*signer) {
	t.Helper()
	if out := run(t, "qpdf", "--check", save(t, "signed.pdf", data)); strings.Contains(out, "WARNING") {
		t.Errorf("qpdf: %s", out)
	}
	signatures := signatures(t, data)
	if len(signatures) != len(signers) {
		t.Fatalf("%d signatures, want %d", len(signatures), len(signers))
	}
	for i, s := range signatures {
		content := bytes.Join([][]byte{data[:s.byteRange[1]], data[s.byteRange[2] : s.byteRange[2]+s.byteRange[3]]}, nil)
		run(t, "openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", save(t, "sig.der", s.contents),
			"-content", save(t, "content", content), "-CAfile", save(t, "root.pem", signingtest.PEM(signers[i].root.Cert)),
			"-purpose", "any", "-out", os.DevNull)
	}
	last := signatures[len(signatures)-1].byteRange
	if end := last[2] + last[3]; end != len(data) {
		t.Errorf("the last signature ends at %d of %d bytes", end, len(data))
	}
}

type foundSignature struct {
	field     string
	dict      pdf.Dict
	byteRange [4]int
	contents  []byte
}

// signatures reads the signatures of a file in the order of their byte ranges.
func signatures(t testing.TB, data []byte) []foundSignature {
	t.Helper()
	f := open(t, data)
	fields, err := f.Fields()
	if err != nil {
		t.Fatal(err)
	}
	var out []foundSignature
	for _, field := range fields {
		if is, err := signed(f, field); err != nil || !is {
			continue
		}
		d, err := f.Dict(field.Value)
		if err != nil {
			t.Fatal(err)
		}
		s := foundSignature{field: field.Name, dict: d, contents: d["Contents"].(pdf.String)}
		for i, n := range d["ByteRange"].(pdf.Array) {
			s.byteRange[i] = int(n.(int64))
		}
		out = append(out, s)
	}
	for i := range out {
		for j := range i {
			if out[j].byteRange[1] > out[i].byteRange[1] {
				out[i], out[j] = out[j], out[i]
			}
		}
	}
	return out
}

func open(t testing.TB, data []byte) *pdf.File {
	t.Helper()
	f, err := pdf.Open(t.Context(), bytes.NewReader(data), int64(len(data)), pdf.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// sample reads one of the project's sample letters.
func sample(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

const renderDPI = 144.0

// render draws the visible part of a page.
func render(t testing.TB, data []byte, page int) *image.RGBA {
	t.Helper()
	path := save(t, "page.pdf", data)
	out := strings.TrimSuffix(path, ".pdf")
	run(t, "pdftoppm", "-cropbox", "-r", fmt.Sprint(renderDPI), "-png", "-singlefile", "-f", fmt.Sprint(page), path, out)
	f, err := os.Open(out + ".png")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	rgba, ok := m.(*image.RGBA) // what pdftoppm writes: 8 bits, no alpha
	if !ok {
		t.Fatalf("pdftoppm drew a %T", m)
	}
	return rgba
}

// pixels finds the pixels of a colour and the rectangle that holds them.
func pixels(m *image.RGBA, is func(r, g, b uint32) bool) (n int, at image.Rectangle) {
	for y := m.Rect.Min.Y; y < m.Rect.Max.Y; y++ {
		for x := m.Rect.Min.X; x < m.Rect.Max.X; x++ {
			if p := m.Pix[m.PixOffset(x, y):]; is(uint32(p[0]), uint32(p[1]), uint32(p[2])) {
				n++
				at = at.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return n, at
}

var sealRed = color.NRGBA{R: 215, G: 25, B: 30, A: 255}

func red(r, g, b uint32) bool  { return r > 180 && g < 110 && b < 110 }
func blue(r, g, b uint32) bool { return b > 120 && r < 110 && g < 120 }

func encodePNG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// drawn is a picture of w × h pixels in one colour whose opacity is a function of
// the distance to a line of points.
func drawn(w, h int, c color.NRGBA, ink func(x, y float64) float64) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c.A = uint8(255 * math.Max(0, math.Min(1, ink(float64(x), float64(y)))))
			m.SetNRGBA(x, y, c)
		}
	}
	return m
}

// signatureImage is an invented handwritten signature: blue, transparent, drawn as
// dots along a line.
func signatureImage(t testing.TB) []byte {
	m := image.NewNRGBA(image.Rect(0, 0, 420, 180))
	for i := range 2000 {
		s := float64(i) / 2000
		x, y := 30+350*s+40*math.Sin(13*s+0.4), 95-60*math.Sin(19*s)*(1-0.7*s)+18*math.Cos(41*s)
		for dy := -4; dy <= 4; dy++ {
			for dx := -4; dx <= 4; dx++ {
				px, py := int(x)+dx, int(y)+dy
				ink := math.Max(0, math.Min(1, 3.2-math.Hypot(float64(px)-x, float64(py)-y)))
				if a := uint8(255 * ink); a > m.NRGBAAt(px, py).A {
					m.SetNRGBA(px, py, color.NRGBA{R: 20, G: 40, B: 170, A: a})
				}
			}
		}
	}
	return encodePNG(t, m)
}

// sealImage is an invented round seal: red, transparent, with a star.
func sealImage(t testing.TB) []byte {
	const size = 425 // 36 mm at 300 dpi
	return encodePNG(t, drawn(size, size, sealRed, func(x, y float64) float64 {
		x, y = x-size/2, y-size/2
		r, a := math.Hypot(x, y), math.Atan2(-y, x)
		rings := math.Max(5-math.Abs(r-size/2+6), 2-math.Abs(r-size/2+60))
		// A five-pointed star: between a tip and the notch beside it the edge is a
		// straight line, here in polar form.
		const outer, inner, half = 80, 31, math.Pi / 5
		turn := math.Abs(math.Mod(a-math.Pi/2+4*math.Pi+half, 2*half) - half)
		star := outer*inner*math.Sin(half)/(outer*math.Sin(turn)+inner*math.Sin(half-turn)) - r
		return math.Max(rings, star)
	}))
}

func writeFile(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// textOf decodes a text string of a dictionary.
func textOf(d pdf.Dict, key string) string {
	s, _ := d[pdf.Name(key)].(pdf.String)
	return s.Text()
}
