package edxml

import (
	"archive/zip"
	"compress/flate"
	"crypto/sha256"
	"errors"
	"io"
)

// packages are the types that are themselves ZIPs of many entries.
var packages = map[string]bool{
	".docx": true, ".docm": true, ".dotx": true, ".xlsx": true, ".xlsm": true, ".xltx": true,
	".pptx": true, ".pptm": true, ".ppsx": true, ".vsdx": true, ".odt": true, ".ods": true,
	".odp": true, ".odg": true, ".epub": true, ".asice": true, ".asics": true, ".jar": true,
	".kmz": true,
}

// unwrap takes a file out of the one-entry ZIP that senders put other types than PDF
// and Word into. Some zip everything and still declare the file's own type, so the
// bytes decide: a ZIP under another name than .zip is a wrapping if it holds one entry,
// which an office package never does. The entry's name means nothing.
func (r *reader) unwrap(f *file, c *received) (*received, error) {
	ext := extension(f.AttachmentName)
	declared := f.ContentType == zipType && ext != ".zip"
	if !isZip(c) {
		if declared && c.size > 0 {
			r.note(NoteContentType, "Attachment", f.AttachmentName)
		}
		return c, nil
	}
	if ext == ".zip" || ext == "" && !declared {
		return c, nil
	}
	entry := onlyEntry(c)
	if entry == nil {
		if !packages[ext] {
			r.note(NoteZip, "Attachment", f.AttachmentName)
		}
		return c, nil
	}
	return r.inflate(entry, c.size)
}

func isZip(c *received) bool {
	var magic [4]byte
	if c.size < int64(len(magic)) {
		return false
	}
	n, _ := c.file.ReadAt(magic[:], 0)
	return n == len(magic) && string(magic[:]) == "PK\x03\x04"
}

// maxDirectory bounds the reading of a ZIP's directory, of which one entry is wanted.
const maxDirectory = 1 << 20

// onlyEntry is the single regular, unencrypted file of a ZIP; nil for any other ZIP.
func onlyEntry(c *received) *zip.File {
	budget := &budgetReader{r: c.file, left: maxDirectory}
	archive, err := zip.NewReader(budget, c.size)
	if err != nil || len(archive.File) != 1 {
		return nil
	}
	entry := archive.File[0]
	const encrypted = 1
	if !entry.Mode().IsRegular() || entry.Flags&encrypted != 0 ||
		entry.Method != zip.Store && entry.Method != zip.Deflate {
		return nil
	}
	budget.left = 1 << 62
	return entry
}

// budgetReader fails after a number of bytes.
type budgetReader struct {
	r    io.ReaderAt
	left int64
}

func (b *budgetReader) ReadAt(p []byte, off int64) (int, error) {
	if b.left -= int64(len(p)); b.left < 0 {
		return 0, errTooManyBytes
	}
	return b.r.ReadAt(p, off)
}

// alwaysInflate is unzipped whatever the ratio: small files compress extremely well.
const alwaysInflate = 10 << 20

// inflate unzips the entry into a second file of the spool.
func (r *reader) inflate(entry *zip.File, zipped int64) (*received, error) {
	src, err := entry.Open()
	if err != nil {
		return nil, r.refuse(CodeZip, "the ZIP of an attachment is damaged")
	}
	defer src.Close()
	f, err := r.spool()
	if err != nil {
		return nil, err
	}
	h := sha256.New()
	most := min(r.lim.File, r.filesLeft, max(alwaysInflate, zipped*r.lim.Ratio))
	w := &capped{w: io.MultiWriter(f, h), left: most}
	_, err = io.CopyBuffer(w, &source{r.in.ctx, src, 1 << 62}, make([]byte, 32<<10))
	switch {
	case errors.Is(err, errTooManyBytes):
		return nil, r.refuse(CodeZip, "a ZIP of %d bytes unpacks to more than %d", zipped, most)
	case errors.Is(err, zip.ErrFormat), errors.Is(err, zip.ErrChecksum),
		errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, new(flate.CorruptInputError)):
		return nil, r.refuse(CodeZip, "the ZIP of an attachment is damaged")
	case err != nil:
		return nil, err
	}
	r.filesLeft -= w.n
	return &received{file: f, size: w.n, sum: Digest(h.Sum(nil))}, nil
}
