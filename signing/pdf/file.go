package pdf

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"congvan/signing"
)

const blockSize = 8 << 10

// File is a PDF opened for reading. It reads by range and caches what it parsed
// within its Limits. It lives as long as the context of Open and is for one
// goroutine.
type File struct {
	*shared
	size      int64 // of this view
	revisions []Revision
	xref      map[int]entry
	highest   int // object number

	cached    map[int]cachedObject
	streams   map[int]*objectStream
	ambiguous map[int]bool

	walked    bool
	fields    []Field
	fieldsErr error
}

// shared is what all views of one file have in common.
type shared struct {
	ctx     context.Context
	r       io.ReaderAt
	full    int64 // size of the whole file
	lim     Limits
	shift   int64 // bytes before %PDF-, when offsets count from there
	version string
	blocks  map[int64][]byte
	ring    []int64 // blocks in the order they came
	work    int64
	inflate int64
	crypt   *decrypter
}

// Open reads the tail, the cross-reference sections and their trailers; nothing
// else. Errors wrap signing.ErrNotPDF, ErrTruncated or ErrResourceLimit, or are
// those of r and ctx. Encryption is no error here: see Encrypted.
func Open(ctx context.Context, r io.ReaderAt, size int64, lim Limits) (*File, error) {
	s := &shared{ctx: ctx, r: r, full: size, lim: lim, blocks: map[int64][]byte{}}
	header, err := s.header()
	if err != nil {
		return nil, err
	}
	last, err := s.tail()
	if err != nil {
		return nil, err
	}
	if header > 0 && s.sectionAt(last.start+header) && (!s.sectionAt(last.start) || s.blankAt(last.start) && !s.blankAt(last.start+header)) {
		s.shift = header
	}
	f := &File{shared: s, size: size}
	if err := f.readRevisions(last); err != nil {
		return nil, err
	}
	f.view()
	if f.RootRef() == (Ref{}) {
		return nil, damaged("trailer has no /Root reference")
	}
	if err := f.unlock(); err != nil {
		return nil, err
	}
	return f, nil
}

// header finds %PDF- within the first 1024 bytes and answers its offset.
func (s *shared) header() (int64, error) {
	head, err := s.read(0, min(1024, s.full))
	if err != nil {
		return 0, err
	}
	i := bytes.Index(head, []byte("%PDF-"))
	if i < 0 {
		return 0, fmt.Errorf("%w: no %%PDF- in the first 1024 bytes", signing.ErrNotPDF)
	}
	v := head[i+5:]
	n := 0
	for n < len(v) && n < 3 && (v[n] == '.' || v[n] >= '0' && v[n] <= '9') {
		n++
	}
	s.version = string(v[:n])
	return int64(i), nil
}

// ending is the "startxref N %%EOF" of a revision.
type ending struct {
	start  int64 // N
	marker int64 // just behind %%EOF
	end    int64 // just behind its line
}

// tail finds the last startxref, which %%EOF must follow.
func (s *shared) tail() (ending, error) {
	word := []byte("startxref")
	low := max(0, s.full-s.lim.TailScan)
	for to := s.full; to > low; {
		from := max(low, to-1024)
		chunk, err := s.read(from, min(to-from+int64(len(word))-1, s.full-from))
		if err != nil {
			return ending{}, err
		}
		if i := bytes.LastIndex(chunk, word); i >= 0 {
			e, ok, err := s.ending(from + int64(i))
			if err == nil && !ok {
				err = damaged("the last startxref has no offset or no %%%%EOF")
			}
			return e, err
		}
		to = from
	}
	return ending{}, damaged("no startxref in the last %d bytes", s.full-low)
}

// ending reads "startxref N %%EOF" at an offset; ok is false when it is not there.
func (s *shared) ending(at int64) (e ending, ok bool, err error) {
	l := s.lexer(at, s.full)
	if t, err := l.token(); err != nil || t != Keyword("startxref") {
		return e, false, l.err
	}
	t, err := l.token()
	start, isInt := t.(int64)
	if err != nil || !isInt {
		return e, false, l.err
	}
	tail, err := s.read(l.pos, min(1024, s.full-l.pos))
	if err != nil {
		return e, false, err
	}
	i := 0
	for i < len(tail) && isSpace(int(tail[i])) {
		i++
	}
	if !bytes.HasPrefix(tail[i:], []byte("%%EOF")) {
		return e, false, nil
	}
	i += len("%%EOF")
	e = ending{start: start, marker: l.pos + int64(i)}
	if i < len(tail) && tail[i] == '\r' {
		i++
	}
	if i < len(tail) && tail[i] == '\n' {
		i++
	}
	e.end = l.pos + int64(i)
	return e, true, nil
}

// sectionAt tells whether a cross-reference section may begin at an offset.
func (s *shared) sectionAt(at int64) bool {
	if at < 0 || at >= s.full {
		return false
	}
	l := s.lexer(at, s.full)
	t, err := l.token()
	if err != nil {
		return false
	}
	if t == Keyword("xref") {
		return true
	}
	_, ok := t.(int64)
	if _, gen := l.peekInt(); !ok || !gen {
		return false
	}
	t, err = l.token()
	return err == nil && t == Keyword("obj")
}

// blankAt tells whether white space stands at an offset.
func (s *shared) blankAt(at int64) bool {
	return isSpace(s.lexer(at, s.full).peek())
}

// lexer reads tokens of the file from an offset, up to end.
func (s *shared) lexer(at, end int64) *lexer {
	return &lexer{base: at, pos: at, first: at, end: end, more: s.block, lim: &s.lim}
}

// block returns the cached block around an offset.
func (s *shared) block(pos int64) ([]byte, int64, error) {
	base := pos - pos%blockSize
	if b, ok := s.blocks[base]; ok {
		return b, base, nil
	}
	if err := s.ctx.Err(); err != nil {
		return nil, 0, err
	}
	b := make([]byte, min(blockSize, s.full-base))
	if n, err := s.r.ReadAt(b, base); n < len(b) {
		if err == nil || errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return nil, 0, fmt.Errorf("pdf: read %d bytes at %d: %w", len(b), base, err)
	}
	if len(s.ring) >= 64 {
		delete(s.blocks, s.ring[0])
		s.ring = s.ring[1:]
	}
	s.blocks[base] = b
	s.ring = append(s.ring, base)
	return b, base, nil
}

// read returns n bytes at an offset, through the cached blocks.
func (s *shared) read(at, n int64) ([]byte, error) {
	out := make([]byte, 0, n)
	for int64(len(out)) < n {
		b, base, err := s.block(at + int64(len(out)))
		if err != nil {
			return nil, err
		}
		b = b[at+int64(len(out))-base:]
		out = append(out, b[:min(int64(len(b)), n-int64(len(out)))]...)
	}
	return out, nil
}

// spend charges parsed bytes to the budget.
func (s *shared) spend(n int64) error {
	if s.work += n + 16; s.work > s.lim.Work {
		return tooMuch("more than %d bytes to parse", s.lim.Work)
	}
	return s.ctx.Err()
}

// Size is the size of this view in bytes: of the file, or of a revision with all
// before it.
func (f *File) Size() int64 { return f.size }

// Version is the version of the header, as "1.7"; the catalog may name a later one.
func (f *File) Version() string { return f.version }

// Trailer is the newest trailer dictionary (of a cross-reference stream: its
// stream dictionary).
func (f *File) Trailer() Dict { return f.newest().Trailer }

func (f *File) newest() Revision { return f.revisions[len(f.revisions)-1] }

// RootRef is the reference to the catalog, where the newest trailer has none the one
// before it counts.
func (f *File) RootRef() Ref {
	for i := len(f.revisions) - 1; i >= 0; i-- {
		if o := f.revisions[i].Trailer["Root"]; o != nil {
			r, _ := o.(Ref)
			return r
		}
	}
	return Ref{}
}

// Root is the catalog.
func (f *File) Root() (Dict, error) {
	d, err := f.Dict(f.RootRef())
	if err == nil && d == nil {
		err = damaged("catalog %v is missing", f.RootRef())
	}
	return d, err
}

// Encrypted tells whether any trailer names an encryption dictionary.
func (f *File) Encrypted() bool {
	for _, r := range f.revisions {
		if r.Trailer["Encrypt"] != nil {
			return true
		}
	}
	return false
}

// StartXref is the offset of the newest cross-reference section, as an update
// names it in /Prev.
func (f *File) StartXref() int64 { return f.newest().XrefOffset - f.shift }

// XrefKind is the kind of the newest cross-reference section.
func (f *File) XrefKind() XrefKind { return f.newest().Kind }

// Shift is the number of bytes before %PDF- when the file's offsets count from
// there, else 0.
func (f *File) Shift() int64 { return f.shift }

// MaxObject is the highest object number in use or reserved by /Size.
func (f *File) MaxObject() int { return f.highest }

// Revisions are the revisions of this view, oldest first.
func (f *File) Revisions() []Revision { return f.revisions }

// At is the file as it was at the end of revision i (0 is the oldest). It shares
// the budget of f.
func (f *File) At(i int) (*File, error) {
	if i < 0 || i >= len(f.revisions) {
		return nil, fmt.Errorf("pdf: no revision %d of %d", i, len(f.revisions))
	}
	v := &File{shared: f.shared, size: f.revisions[i].End, revisions: f.revisions[: i+1 : i+1]}
	v.view()
	if v.RootRef() == (Ref{}) {
		return nil, damaged("trailer of revision %d has no /Root reference", i)
	}
	return v, nil
}
