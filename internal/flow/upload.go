package flow

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"

	"congvan/internal/authz"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/signing"
	"congvan/storage"
)

// Spooled is a file received from outside, hashed while it was written to a temporary
// place: what an upload hands to the flow. It is never held in memory.
type Spooled struct {
	Name      string // as the sender calls it
	R         io.ReaderAt
	Size      int64
	Key       storage.Key
	HashState []byte
}

// KeepUpload stores a spooled file under its hash and remembers who sent it, so that a
// draft, a new edition or a paper document can take it. Anyone who may draft or register
// may upload. The same bytes twice are stored once.
func (f *Flow) KeepUpload(ctx context.Context, a Actor, s Spooled) (Upload, error) {
	if err := authz.MayUpload(a).Err(); err != nil {
		return Upload{}, err
	}
	if s.Size == 0 {
		return Upload{}, fault.New(fault.Invalid, "file_empty").Field("file")
	}
	media, err := mediaType(s)
	if err != nil {
		return Upload{}, err
	}
	id, err := f.newID("upl-")
	if err != nil {
		return Upload{}, err
	}
	u := Upload{
		ID: id, AccountID: a.AccountID, PositionID: a.PositionID, MediaType: media, Blob: s.Key.String(), Size: s.Size,
		Name: document.CleanFileName(s.Name, "van-ban"), HashState: s.HashState, At: f.now(),
	}
	if media == mediaPDF {
		in, err := f.Engine.Inspect(ctx, signing.File{R: s.R, Size: s.Size})
		if err != nil {
			return Upload{}, pdfFault(err)
		}
		u.Pages = in.Pages
	}
	if err := f.Blobs.Put(ctx, s.Key, s.Size, io.NewSectionReader(s.R, 0, s.Size)); err != nil {
		return Upload{}, storageFault(err)
	}
	return u, f.Store.Write(ctx, func(tx Tx) error { return tx.PutUpload(u) })
}

const mediaPDF = "application/pdf"

// known are the formats agencies attach, by their first bytes. A ZIP or OLE container is
// told apart by the name; what is none of them stays a stream of bytes to download.
func known() []struct{ magic, ext, media string } {
	const zip, ole = "PK\x03\x04", "\xd0\xcf\x11\xe0"
	return []struct{ magic, ext, media string }{
		{zip, ".docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"},
		{zip, ".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
		{zip, "", "application/zip"},
		{ole, ".doc", "application/msword"},
		{ole, ".xls", "application/vnd.ms-excel"},
		{"\x89PNG\r\n\x1a\n", "", "image/png"},
		{"\xff\xd8\xff", "", "image/jpeg"},
	}
}

func sniff(head []byte, ext string) string {
	for _, k := range known() {
		if strings.HasPrefix(string(head), k.magic) && (k.ext == "" || k.ext == ext) {
			return k.media
		}
	}
	return "application/octet-stream"
}

// mediaType decides by content; the name only refines what the content leaves open. A
// file called .pdf that is none is refused.
func mediaType(s Spooled) (string, error) {
	head := make([]byte, 1024)
	n, err := s.R.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fault.New(fault.Internal, "storage_failed").Wrap(err)
	}
	head = head[:n]
	ext := strings.ToLower(filepath.Ext(s.Name))
	if strings.Contains(string(head), "%PDF-") {
		return mediaPDF, nil
	}
	if ext == ".pdf" {
		return "", fault.New(fault.Invalid, "not_a_pdf").Field("file")
	}
	return sniff(head, ext), nil
}

// pdfFault turns the signing module's errors about a file into faults that say what to do.
func pdfFault(err error) error {
	for _, c := range []struct {
		is   error
		code string
	}{
		{signing.ErrNotPDF, "not_a_pdf"},
		{signing.ErrTruncated, "pdf_truncated"},
		{signing.ErrEncrypted, "pdf_encrypted"},
		{signing.ErrSigned, "pdf_signed"},
		{signing.ErrResourceLimit, "pdf_too_complex"},
		{signing.ErrGlyphMissing, "glyph_missing"},
		{signing.ErrFieldExists, "pdf_field_exists"},
		{signing.ErrFieldMissing, "pdf_field_missing"},
		{signing.ErrCovers, "place_over_text"}, // an ErrPlace too
		{signing.ErrPlace, "place_unusable"},
		{signing.ErrImage, "image_unusable"},
		{signing.ErrLocked, "pdf_locked"},
		{signing.ErrSeedValue, "pdf_seed_value"},
	} {
		if errors.Is(err, c.is) {
			return fault.New(fault.Invalid, c.code).Field("file").Wrap(err)
		}
	}
	return fault.From(err)
}
