package pdf

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"congvan/signing"
	"congvan/signing/pdf/pdftest"
)

// costly builds a file that touches every limit a little.
func costly() []byte {
	b := pdftest.New()
	b.Obj(1, "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [10 0 R 11 0 R 12 0 R] >> >>")
	b.Obj(2, "<< /Type /Pages /Count 1 /Kids [3 0 R] >>")
	b.Obj(3, "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>")
	for n := 10; n <= 12; n++ {
		b.Obj(n, fmt.Sprintf("<< /FT /Tx /T (f%d) >>", n))
	}
	b.Obj(20, strings.Repeat("[", 20)+strings.Repeat("]", 20))
	b.Obj(21, "["+strings.Repeat("7 ", 3000)+"]")
	b.Obj(22, "("+strings.Repeat("x", 2000)+")")
	b.Obj(23, "["+strings.Repeat("("+strings.Repeat("y", 900)+")\n", 100)+"]")
	noise := rand.NewChaCha8([32]byte{})
	var half bytes.Buffer // compresses about 8 : 1
	for half.Len() < 5<<20 {
		var grain [512]byte
		_, _ = noise.Read(grain[:])
		half.Write(grain[:])
		half.Write(make([]byte, 3584))
	}
	b.Stream(24, "/Filter /FlateDecode", zipped(half.String()))
	for range 3 {
		b.Obj(25, "(x)")
		b.Table("")
	}
	b.Raw(strings.Repeat(" ", 5000))
	return b.Bytes()
}

// read opens the file and reads all of it.
func read(t *testing.T, data []byte, lim Limits) error {
	t.Helper()
	f, err := Open(t.Context(), bytes.NewReader(data), int64(len(data)), lim)
	if err != nil {
		return err
	}
	if _, err := f.Fields(); err != nil {
		return err
	}
	for _, n := range f.Numbers() {
		o, err := f.Get(Ref{n, 0})
		if err != nil {
			return err
		}
		if s, ok := o.(*Stream); ok {
			if _, err := f.Decode(s, 1<<30); err != nil {
				return err
			}
		}
	}
	return nil
}

// Every limit ends the reading by itself when it is the tight one.
func TestEveryLimit(t *testing.T) {
	data := costly()
	if err := read(t, data, DefaultLimits()); err != nil {
		t.Fatal(err)
	}
	for name, tighten := range map[string]func(*Limits){
		"Objects":      func(l *Limits) { l.Objects = 10 },
		"ObjectNumber": func(l *Limits) { l.ObjectNumber = 20 },
		"Revisions":    func(l *Limits) { l.Revisions = 2 },
		"Depth":        func(l *Limits) { l.Depth = 15 },
		"Elements":     func(l *Limits) { l.Elements = 2900 },
		"StringBytes":  func(l *Limits) { l.StringBytes = 1900 },
		"ObjectBytes":  func(l *Limits) { l.ObjectBytes = 40_000 },
		"Inflate":      func(l *Limits) { l.Inflate = 4 << 20 },
		"InflateTotal": func(l *Limits) { l.InflateTotal = 4 << 20 },
		"InflateRatio": func(l *Limits) { l.InflateRatio = 1 },
		"Work":         func(l *Limits) { l.Work = 50_000 },
		"Fields":       func(l *Limits) { l.Fields = 2 },
	} {
		t.Run(name, func(t *testing.T) {
			lim := DefaultLimits()
			tighten(&lim)
			if err := read(t, data, lim); !errors.Is(err, signing.ErrResourceLimit) {
				t.Errorf("got %v", err)
			}
		})
	}
	lim := DefaultLimits()
	lim.TailScan = 4000 // the end of the file is not found, which is no question of cost
	if err := read(t, data, lim); !errors.Is(err, signing.ErrTruncated) {
		t.Errorf("TailScan: %v", err)
	}
	lim = DefaultLimits()
	lim.Cached = 1 // costs time, changes nothing
	if err := read(t, data, lim); err != nil {
		t.Errorf("Cached: %v", err)
	}
}
