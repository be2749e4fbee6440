package pdf

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"
)

// Update collects new and changed objects and writes them as one incremental update
// (ISO 32000-2, 7.5.6). The update's cross-reference is of the kind of the file's
// newest section: a table after a table or a hybrid, a stream after a stream, which
// is what ISO 32000-1 readers need to follow /Prev. Not for concurrent use.
type Update struct {
	file    *File
	objects map[Ref]Object
	next    int // next free object number
	zip     *zlib.Writer
	err     error
}

// NewUpdate starts an empty update of f.
func NewUpdate(f *File) *Update {
	return &Update{file: f, objects: map[Ref]Object{}, next: f.MaxObject() + 1}
}

// Reserve takes a new object number; its object follows with Set.
func (u *Update) Reserve() Ref {
	ref := Ref{Num: u.next}
	u.next++
	return ref
}

// Add puts a new object into the update.
func (u *Update) Add(o Object) Ref {
	ref := u.Reserve()
	u.Set(ref, o)
	return ref
}

// AddStream puts a new stream into the update; d is its dictionary without /Length
// and, with compress, without /Filter.
func (u *Update) AddStream(d Dict, data []byte, compress bool) Ref {
	ref := u.Reserve()
	u.SetStream(ref, d, data, compress)
	return ref
}

// SetStream is AddStream for a reserved or existing number.
func (u *Update) SetStream(ref Ref, d Dict, data []byte, compress bool) {
	d = maps.Clone(d)
	if d == nil {
		d = Dict{}
	}
	if compress {
		data = u.Deflate(data)
		d["Filter"] = Name("FlateDecode")
	}
	d["Length"] = int64(len(data))
	u.objects[ref] = &newStream{dict: d, data: data}
}

// Set replaces the object of ref. o may hold everything a File hands out, except
// that the stream of an object cannot be replaced by another's: use SetStream.
func (u *Update) Set(ref Ref, o Object) {
	if err := writable(o); err != nil && u.err == nil {
		u.err = fmt.Errorf("pdf: object %d: %w", ref.Num, err)
	}
	u.objects[ref] = o
}

// Get returns the object of ref as it will be after the update.
func (u *Update) Get(ref Ref) (Object, error) {
	if o, ok := u.objects[ref]; ok {
		return o, nil
	}
	return u.file.Get(ref)
}

// Len is the number of objects in the update so far.
func (u *Update) Len() int { return len(u.objects) }

// writable tells whether an object can be written at that place.
func writable(o Object) error {
	switch o := o.(type) {
	case nil, bool, int, int64, Name, String, Ref, *Placeholder:
		return nil
	case float64:
		if math.IsNaN(o) || math.IsInf(o, 0) {
			return fmt.Errorf("%v is no number for a PDF", o)
		}
		return nil
	case Array:
		for _, item := range o {
			if err := writable(item); err != nil {
				return err
			}
		}
		return nil
	case Dict:
		for _, item := range o {
			if err := writable(item); err != nil {
				return err
			}
		}
		return nil
	}
	return fmt.Errorf("cannot write a %s there", kindOf(o))
}

// Bytes returns the update: what must follow the last byte of the file. Offsets in it
// count as the file's own do (see File.Shift). Equal input gives equal bytes.
func (u *Update) Bytes() ([]byte, error) {
	if u.err != nil {
		return nil, u.err
	}
	w := &writer{base: u.file.Size(), buf: make([]byte, 0, u.room())}
	last, err := u.file.read(w.base-1, 1)
	if err != nil {
		return nil, err
	}
	if last[0] != '\n' && last[0] != '\r' {
		w.text("\n")
	}
	var entries []xrefEntry
	for _, ref := range slices.SortedFunc(maps.Keys(u.objects), func(a, b Ref) int { return a.Num - b.Num }) {
		entries = append(entries, xrefEntry{ref: ref, offset: w.base + int64(len(w.buf)) - u.file.Shift()})
		w.text(fmt.Sprintf("%d %d obj\n", ref.Num, ref.Gen))
		w.object(u.objects[ref])
		w.text("\nendobj\n")
	}
	trailer := u.trailer(w.sum())
	start := w.base + int64(len(w.buf)) - u.file.Shift()
	if u.file.XrefKind() == XrefStream {
		u.xrefStream(w, entries, trailer, start)
	} else if err := w.xrefTable(entries, trailer); err != nil {
		return nil, err
	}
	w.text(fmt.Sprintf("\nstartxref\n%d\n%%%%EOF\n", start))
	return w.buf, nil
}

// room is about how many bytes the update will have: streams and placeholders, and some for
// each object.
func (u *Update) room() int {
	n := 1 << 10
	for _, o := range u.objects {
		n += 512
		switch o := o.(type) {
		case *newStream:
			n += len(o.data)
		case Dict:
			for _, v := range o {
				if p, ok := v.(*Placeholder); ok {
					n += len(p.Text)
				}
			}
		}
	}
	return n
}

// sum is SHA-256 over what was written, but for the text of placeholders, which says
// nothing and is most of a signature.
func (w *writer) sum() []byte {
	h, from := sha256.New(), 0
	for _, hole := range w.holes {
		h.Write(w.buf[from:hole[0]])
		from = hole[1]
	}
	h.Write(w.buf[from:])
	return h.Sum(nil)
}

// trailer keeps what a trailer must repeat. The first half of /ID stays for the life
// of the file; the second is made from the update itself, so that it changes with it
// and equal updates are equal (14.4).
func (u *Update) trailer(sum []byte) Dict {
	old := u.file.Trailer()
	t := Dict{"Size": int64(u.next), "Prev": u.file.StartXref()}
	for _, key := range []Name{"Root", "Info"} {
		if old[key] != nil {
			t[key] = old[key]
		}
	}
	if id, ok := old["ID"].(Array); ok && len(id) == 2 {
		t["ID"] = Array{id[0], String(sum[:16])}
	}
	return t
}

type xrefEntry struct {
	ref    Ref
	offset int64
}

// runs cuts entries, sorted by number, into runs of consecutive numbers.
func runs(entries []xrefEntry) [][]xrefEntry {
	var out [][]xrefEntry
	for i, e := range entries {
		if i == 0 || e.ref.Num != entries[i-1].ref.Num+1 {
			out = append(out, nil)
		}
		out[len(out)-1] = append(out[len(out)-1], e)
	}
	return out
}

// xrefTable writes a section of 20-byte lines (7.5.4) and the trailer.
func (w *writer) xrefTable(entries []xrefEntry, trailer Dict) error {
	w.text("xref\n")
	for _, run := range runs(entries) {
		w.text(fmt.Sprintf("%d %d\n", run[0].ref.Num, len(run)))
		for _, e := range run {
			if e.offset > 9_999_999_999 {
				return tooMuch("an offset above ten digits does not fit a cross-reference table")
			}
			w.text(fmt.Sprintf("%010d %05d n \n", e.offset, e.ref.Gen))
		}
	}
	w.text("trailer\n")
	w.dict(trailer)
	return nil
}

// xrefStream writes a cross-reference stream (7.5.8) that lists itself too.
func (u *Update) xrefStream(w *writer, entries []xrefEntry, trailer Dict, start int64) {
	self := Ref{Num: u.next}
	entries = append(entries, xrefEntry{ref: self, offset: start})
	var data []byte
	index := Array{}
	for _, run := range runs(entries) {
		index = append(index, int64(run[0].ref.Num), int64(len(run)))
		for _, e := range run {
			data = append(data, 1)
			data = binary.BigEndian.AppendUint64(data, uint64(e.offset))
			data = binary.BigEndian.AppendUint16(data, uint16(e.ref.Gen))
		}
	}
	data = u.Deflate(data)
	trailer["Type"], trailer["Size"] = Name("XRef"), int64(self.Num+1)
	trailer["Index"], trailer["W"] = index, Array{int64(1), int64(8), int64(2)}
	trailer["Filter"], trailer["Length"] = Name("FlateDecode"), int64(len(data))
	w.text(fmt.Sprintf("%d %d obj\n", self.Num, self.Gen))
	w.object(&newStream{dict: trailer, data: data})
	w.text("\nendobj")
}

// Deflate compresses data for a stream with /Filter /FlateDecode.
func (u *Update) Deflate(data []byte) []byte {
	var out bytes.Buffer
	if u.zip == nil { // its tables are large: one serves the whole update
		u.zip = zlib.NewWriter(&out)
	} else {
		u.zip.Reset(&out)
	}
	_, _ = u.zip.Write(data) // a bytes.Buffer does not fail
	_ = u.zip.Close()
	return out.Bytes()
}
