package pades

import (
	"context"
	"encoding/hex"
	"fmt"

	"congvan/signing"
	"congvan/signing/cms"
	"congvan/signing/pdf"
)

// Newest is a signature that nothing in its file follows: its unsigned attributes may
// still grow within the space kept for /Contents.
type Newest struct {
	CMS  []byte // as stored, without padding
	at   int64  // offset of the first hex digit
	room int    // bytes reserved
}

// Newest finds the signature in field and makes sure that it covers the file to its last
// byte, but for its own /Contents.
//
// Besides the reader's errors: signing.ErrFieldMissing; signing.ErrNotNewest where the
// file goes on after it or its ByteRange leaves out anything else.
func (e *Engine) Newest(ctx context.Context, f signing.File, field string) (*Newest, error) {
	file, err := e.open(ctx, f)
	if err != nil {
		return nil, err
	}
	found, value, err := signatureIn(file, field)
	if err != nil {
		return nil, fmt.Errorf("field %q: %w", field, err)
	}
	contents, _ := value["Contents"].(pdf.String)
	holder, path := found.Ref, []pdf.Name{"V", "Contents"}
	if ref, ok := found.Value.(pdf.Ref); ok {
		holder, path = ref, []pdf.Name{"Contents"}
	}
	start, end, ok, err := file.ValueSpan(holder, path...)
	if err != nil {
		return nil, err
	}
	ranges, err := file.Array(value["ByteRange"])
	if err != nil {
		return nil, err
	}
	want := [4]int64{0, start, end, f.Size - end}
	if !ok || end-start != int64(2*len(contents)+2) || len(ranges) != len(want) {
		return nil, fmt.Errorf("field %q: %w: its Contents and ByteRange do not fit together", field, signing.ErrNotNewest)
	}
	for i := range want {
		if ranges[i] != pdf.Object(want[i]) {
			return nil, fmt.Errorf("field %q: %w: ByteRange %v of a file of %d bytes", field, signing.ErrNotNewest, ranges, f.Size)
		}
	}
	sd, err := cms.Parse([]byte(contents))
	if err != nil {
		return nil, fmt.Errorf("field %q: %w", field, err)
	}
	return &Newest{CMS: sd.Raw(), at: start + 1, room: len(contents)}, nil
}

// Replace gives the signature another CMS: the same but for its unsigned attributes, or an
// error. It returns signing.ErrOverflow when it does not fit the space kept.
func (n *Newest) Replace(der []byte) (signing.Patch, error) {
	if err := cms.SameButUnsigned(n.CMS, der); err != nil {
		return signing.Patch{}, err
	}
	if len(der) > n.room {
		return signing.Patch{}, fmt.Errorf("%w: %d bytes, %d are kept", signing.ErrOverflow, len(der), n.room)
	}
	out := make([]byte, 2*n.room)
	for i := hex.Encode(out, der); i < len(out); i++ {
		out[i] = '0'
	}
	return signing.Patch{At: n.at, Bytes: out}, nil
}

// SignatureCMS is the CMS of the signature in field, without padding, wherever in the file
// it stands.
func (e *Engine) SignatureCMS(ctx context.Context, f signing.File, field string) ([]byte, error) {
	file, err := e.open(ctx, f)
	if err != nil {
		return nil, err
	}
	_, value, err := signatureIn(file, field)
	if err != nil {
		return nil, fmt.Errorf("field %q: %w", field, err)
	}
	contents, _ := value["Contents"].(pdf.String)
	sd, err := cms.Parse([]byte(contents))
	if err != nil {
		return nil, fmt.Errorf("field %q: %w", field, err)
	}
	return sd.Raw(), nil
}

// signatureIn finds a field that holds a signature.
func signatureIn(file *pdf.File, field string) (*pdf.Field, pdf.Dict, error) {
	fm, err := readForm(file)
	if err != nil {
		return nil, nil, err
	}
	found, err := fm.find(field)
	if err != nil {
		return nil, nil, err
	}
	if found == nil {
		return nil, nil, signing.ErrFieldMissing
	}
	value, err := file.Dict(found.Value)
	if err != nil {
		return nil, nil, err
	}
	if _, ok := value["Contents"].(pdf.String); !ok || found.Type != "Sig" {
		return nil, nil, fmt.Errorf("%w: it is not signed", signing.ErrFieldMissing)
	}
	return found, value, nil
}
