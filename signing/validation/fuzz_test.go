package validation

import (
	"bytes"
	"context"
	"testing"
	"time"

	"congvan/signing"
)

// FuzzValidate changes a signed file with two signatures: nothing may panic, hang or
// become VALID when a byte that counts is another.
func FuzzValidate(f *testing.F) {
	b := newBench(f)
	d := newDoc(f, b)
	d.sign(sig{name: "a"})
	once := d.Bytes()
	d.sign(sig{name: "b", by: b.agency, dict: docMDP(2)})
	twice := d.Bytes()
	want := covered(twice)
	f.Add(uint32(0), []byte("%PDF"))
	f.Add(uint32(len(once)), []byte("7 0 obj"))
	f.Add(uint32(len(twice)), []byte("4 0 obj\nnull\nendobj\nxref\n4 1\n0000000000 00000 n \ntrailer\n<< /Root 1 0 R >>\nstartxref\n0\n%%EOF\n"))
	limits := DefaultLimits()
	limits.PDF.Work, limits.PDF.InflateTotal = 8<<20, 8<<20
	v := New(Options{Trust: b.validator().trust, Clock: time.Now, Limits: limits})
	f.Fuzz(func(t *testing.T, at uint32, patch []byte) {
		file := bytes.Clone(twice)
		from := int(at) % (len(file) + 1)
		file = append(file[:from], append(patch, file[min(len(file), from+len(patch)):]...)...)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		report, err := v.Validate(ctx, fileOf(file), time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		if report.Verdict == signing.Valid && !bytes.Equal(covered(file), want) {
			t.Fatalf("VALID with other bytes at %d: %q", from, patch)
		}
	})
}

// covered is what the signatures of a file of this shape cover, without the blanks at
// its end: everything but the values in /Contents.
func covered(file []byte) []byte {
	out := bytes.TrimRight(bytes.Clone(file), "\x00\t\n\f\r ")
	for rest := out; ; {
		i := bytes.Index(rest, []byte("/Contents <"))
		if i < 0 || len(rest) < i+reserve+11 {
			return out
		}
		clear(rest[i+11 : i+11+reserve])
		rest = rest[i+11+reserve:]
	}
}
