// Package pdftest builds PDF files by hand for tests: revision by revision, well
// formed or broken on purpose.
package pdftest

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Builder writes a PDF. Objects collect until Table or XrefStream ends a revision.
type Builder struct {
	buf     bytes.Buffer
	offsets map[int]int64
	packed  map[int][2]int // object number to object stream and index
	freed   map[int]bool
	size    int
	prev    int64 // offset of the last section, -1 before the first
	Root    string
}

// New starts a file whose catalog is object 1.
func New() *Builder {
	b := &Builder{prev: -1, Root: "1 0 R"}
	b.reset()
	b.Raw("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
	return b
}

// Continue appends further revisions to a finished file whose newest section lies
// at prev and whose /Size is size.
func Continue(file []byte, prev int64, size int) *Builder {
	b := &Builder{prev: prev, size: size, Root: "1 0 R"}
	b.reset()
	b.buf.Write(file)
	return b
}

func (b *Builder) reset() {
	b.offsets, b.packed, b.freed = map[int]int64{}, map[int][2]int{}, map[int]bool{}
}

// Len is the number of bytes so far.
func (b *Builder) Len() int64 { return int64(b.buf.Len()) }

// Bytes is a copy of the file so far.
func (b *Builder) Bytes() []byte { return bytes.Clone(b.buf.Bytes()) }

// Prev is the offset of the newest section; Size the /Size it gave.
func (b *Builder) Prev() int64 { return b.prev }

// Size is one more than the highest object number used.
func (b *Builder) Size() int { return b.size }

// Raw writes bytes as they are.
func (b *Builder) Raw(s string) { b.buf.WriteString(s) }

// Entry sets the offset of an object without writing it.
func (b *Builder) Entry(num int, offset int64) {
	b.offsets[num] = offset
	b.size = max(b.size, num+1)
}

// Free marks an object as freed in this revision.
func (b *Builder) Free(num int) {
	b.freed[num] = true
	b.size = max(b.size, num+1)
}

// Obj writes an indirect object.
func (b *Builder) Obj(num int, body string) {
	b.Entry(num, b.Len())
	fmt.Fprintf(&b.buf, "%d 0 obj\n%s\nendobj\n", num, body)
}

// Stream writes a stream object; dict holds its entries but for /Length.
func (b *Builder) Stream(num int, dict, data string) {
	b.Obj(num, fmt.Sprintf("<< %s /Length %d >>\nstream\n%s\nendstream", dict, len(data), data))
}

// ObjStm writes objects into an object stream; XrefStream must end the revision.
func (b *Builder) ObjStm(num int, objects map[int]string) {
	var index, body strings.Builder
	for i, n := range slices.Sorted(maps.Keys(objects)) {
		fmt.Fprintf(&index, "%d %d ", n, body.Len())
		body.WriteString(objects[n] + "\n")
		b.packed[n] = [2]int{num, i}
		b.size = max(b.size, n+1)
	}
	b.Stream(num, fmt.Sprintf("/Type /ObjStm /N %d /First %d", len(objects), index.Len()), index.String()+body.String())
}

func (b *Builder) trailer(extra string) string {
	s := fmt.Sprintf("/Size %d /Root %s", b.size, b.Root)
	if b.prev >= 0 {
		s += fmt.Sprintf(" /Prev %d", b.prev)
	}
	return s + " " + extra
}

func (b *Builder) numbers() []int {
	nums := slices.Collect(maps.Keys(b.offsets))
	nums = slices.AppendSeq(nums, maps.Keys(b.freed))
	nums = slices.AppendSeq(nums, maps.Keys(b.packed))
	slices.Sort(nums)
	return slices.Compact(nums)
}

// Table ends the revision with a classic table; extra goes into the trailer.
func (b *Builder) Table(extra string) {
	at := b.Len()
	b.Raw("xref\n")
	if b.prev < 0 {
		b.Raw("0 1\n0000000000 65535 f \n")
	}
	for _, n := range b.numbers() {
		if b.freed[n] {
			fmt.Fprintf(&b.buf, "%d 1\n0000000000 00001 f \n", n)
		} else {
			fmt.Fprintf(&b.buf, "%d 1\n%010d 00000 n \n", n, b.offsets[n])
		}
	}
	fmt.Fprintf(&b.buf, "trailer\n<< %s >>\nstartxref\n%d\n%%%%EOF\n", b.trailer(extra), at)
	b.prev = at
	b.reset()
}

// XrefStream ends the revision with a cross-reference stream, object num.
func (b *Builder) XrefStream(num int, extra string) {
	at := b.Len()
	b.xrefStream(num, extra)
	fmt.Fprintf(&b.buf, "startxref\n%d\n%%%%EOF\n", at)
	b.prev = at
	b.reset()
}

func (b *Builder) xrefStream(num int, extra string) {
	b.Entry(num, b.Len())
	var rows, index strings.Builder
	for _, n := range b.numbers() {
		fmt.Fprintf(&index, "%d 1 ", n)
		row := [5]byte{}
		if p, ok := b.packed[n]; ok {
			row = [5]byte{2, 0, byte(p[0] >> 8), byte(p[0]), byte(p[1])}
		} else if !b.freed[n] {
			o := b.offsets[n]
			row = [5]byte{1, byte(o >> 16), byte(o >> 8), byte(o), 0}
		}
		rows.Write(row[:])
	}
	b.Stream(num, fmt.Sprintf("/Type /XRef /W [1 3 1] /Index [%s] %s", index.String(), b.trailer(extra)), rows.String())
}

// Hybrid ends the revision with a table and, for the objects of object streams, a
// cross-reference stream, object num, that the trailer names.
func (b *Builder) Hybrid(num int, extra string) {
	at := b.Len()
	offsets := b.offsets
	b.offsets = map[int]int64{}
	b.xrefStream(num, "")
	hidden := b.packed
	b.packed, b.offsets = map[int][2]int{}, offsets
	for n := range hidden {
		b.freed[n] = true
	}
	b.Table(fmt.Sprintf("/XRefStm %d %s", at, extra))
}
