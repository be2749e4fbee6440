package pades

import (
	"context"
	"errors"
	"fmt"

	"congvan/signing"
	"congvan/signing/pdf"
	"congvan/signing/text"
)

const (
	defaultReserve = 32 << 10
	maxReserve     = 4 << 20
)

// update is the work on one signature: the file, what is asked, and the objects that
// will be appended.
type update struct {
	*pdf.Update
	ctx     context.Context //nolint:containedctx // an update lives as long as the call that makes it
	engine  *Engine
	file    *pdf.File
	request signing.Request
	archive archive
	papers  map[int]*text.Paper // pages read for what signatures would stand over
	form    *form
	locks   *locks
	subsets []*subset // fonts drawn with, in the order of first use
}

// Prepare implements signing.Engine: one incremental update that fills and creates
// the fields asked for and adds the signature, /Contents still zero. The file is
// read by range, as a whole only to hash it when its HashState does not serve.
//
// Besides the reader's errors: signing.ErrEncrypted; ErrFieldExists and
// ErrFieldMissing by the names of Request; ErrLocked when an earlier signature
// forbids the change; ErrSigned for a certification or a new text field after a
// signature; ErrPlace, ErrImage and ErrGlyphMissing for appearances; ErrCovers, an
// ErrPlace, for a new signature field over text of the page.
func (e *Engine) Prepare(ctx context.Context, f signing.File, r signing.Request) (*signing.Prepared, error) {
	if r.Reserve < 0 || r.Reserve > maxReserve {
		return nil, fmt.Errorf("pades: %d bytes for /Contents; at most %d", r.Reserve, maxReserve)
	}
	var err error
	if r.Hash, err = digestOf(r.Hash); err != nil {
		return nil, err
	}
	if r.Time.IsZero() {
		return nil, errors.New("pades: a signature needs a time")
	}
	file, err := e.open(ctx, f)
	if err != nil {
		return nil, err
	}
	u := &update{Update: pdf.NewUpdate(file), ctx: ctx, engine: e, file: file, request: r}
	if u.archive, err = readArchive(file); err != nil {
		return nil, err
	}
	if r.Reserve == 0 {
		r.Reserve = u.archive.reserve()
		u.request.Reserve = r.Reserve
	}
	contents, byteRange, err := u.build()
	if err != nil {
		return nil, err
	}
	tail, err := u.Bytes()
	if err != nil {
		return nil, err
	}
	return e.digest(ctx, f, tail, contents, byteRange, r)
}

// build puts every object of the update in its place. It returns the two parts of
// the signature dictionary that are known only when the bytes are.
func (u *update) build() (contents, byteRange *pdf.Placeholder, err error) {
	if u.form, err = readForm(u.file); err != nil {
		return nil, nil, err
	}
	if u.locks, err = readLocks(u.file, u.form); err != nil {
		return nil, nil, err
	}
	if err := u.check(); err != nil {
		return nil, nil, err
	}
	for _, v := range u.request.Fill {
		if err := u.fill(v); err != nil {
			return nil, nil, fmt.Errorf("field %q: %w", v.Name, err)
		}
	}
	if contents, byteRange, err = u.sign(); err != nil {
		return nil, nil, fmt.Errorf("field %q: %w", u.request.Field, err)
	}
	for _, spec := range u.request.Create {
		if err := u.create(spec); err != nil {
			return nil, nil, fmt.Errorf("field %q: %w", spec.Name, err)
		}
	}
	for _, s := range u.subsets {
		if err := s.write(u.Update); err != nil {
			return nil, nil, err
		}
	}
	return contents, byteRange, u.writeForm()
}

// digest fills in the byte range and hashes what it covers.
func (e *Engine) digest(ctx context.Context, f signing.File, tail []byte, contents, byteRange *pdf.Placeholder, r signing.Request) (*signing.Prepared, error) {
	gap, after := contents.Offset, contents.Offset+int64(len(contents.Text))
	ranges := [4]int64{0, gap, after, f.Size + int64(len(tail)) - after}
	text := fmt.Sprintf("[0 %d %d %d", ranges[1], ranges[2], ranges[3])
	copy(tail[byteRange.Offset-f.Size:], text)

	h, err := e.prefixHash(ctx, f, r.Hash)
	if err != nil {
		return nil, err
	}
	h.Write(tail[:gap-f.Size])
	h.Write(tail[after-f.Size:])
	return signing.NewPrepared(h.Sum(nil), ranges, tail, int(gap-f.Size)+1, r.Reserve), nil
}

// subset is the part of a face that this update draws with.
func (u *update) subset(f *face) *subset {
	for _, s := range u.subsets {
		if s.face == f {
			return s
		}
	}
	s := newSubset(f, u.Reserve())
	u.subsets = append(u.subsets, s)
	return s
}
