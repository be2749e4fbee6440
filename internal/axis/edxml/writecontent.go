package edxml

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"path"
	"strings"
	"time"
)

const cidPrefix = "cid:"

// form is how a file travels: as it is, or as the only entry of a ZIP.
type form struct {
	contentType string
	zipped      bool
}

// rawForms are the types that receivers take as they are, with the names the
// operator's library gives them; every other type travels zipped.
var rawForms = map[string]form{
	".pdf":  {contentType: "application/pdf"},
	".doc":  {contentType: "application/doc"},
	".docx": {contentType: "application/docx"},
	".zip":  {contentType: zipType},
}

const zipType = "application/zip"

func wireForm(name string) form {
	if f, ok := rawForms[extension(name)]; ok {
		return f
	}
	return form{contentType: zipType, zipped: true}
}

func extension(name string) string { return strings.ToLower(path.Ext(name)) }

// content writes one attachment's bytes as base64, on one line, streaming.
func (x *writer) content(a *Attachment) error {
	name, attributes := x.name("ContentTransferEncoded"), " "+x.declaration()
	if x.d.PlainContent {
		name, attributes = "ContentTransferEncoded", ""
	}
	for range x.indent {
		x.w.WriteString("  ")
	}
	x.w.WriteString("<" + name + attributes + ">")
	encoder := base64.NewEncoder(base64.StdEncoding, x.w)
	if err := a.copyTo(encoder, wireForm(a.AttachmentName).zipped); err != nil {
		return fmt.Errorf("edxml: attachment %q: %w", a.AttachmentName, err)
	}
	if err := encoder.Close(); err != nil {
		return err
	}
	_, err := x.w.WriteString("</" + name + ">\n")
	return err
}

// Copy writes the attachment's own bytes and holds them against the size and hash recorded
// for them; errors as for Write.
func (a *Attachment) Copy(w io.Writer) error { return a.copyTo(w, false) }

// copyTo is Copy, as the only entry of a ZIP if it travels so.
func (a *Attachment) copyTo(w io.Writer, zipped bool) (err error) {
	r, err := a.Open()
	if err != nil {
		return err
	}
	defer r.Close()

	to := w
	var archive *zip.Writer
	if zipped {
		archive = zip.NewWriter(w)
		if to, err = archive.CreateHeader(zipEntry(a.AttachmentName)); err != nil {
			return err
		}
	}
	h := sha256.New()
	n, err := io.CopyBuffer(struct{ io.Writer }{io.MultiWriter(to, h)}, r, make([]byte, 32<<10))
	if err != nil {
		return err
	}
	if a.Size > 0 && n != a.Size {
		return fmt.Errorf("%w: %d bytes instead of %d", ErrChanged, n, a.Size)
	}
	if sum := Digest(h.Sum(nil)); a.SHA256 != (Digest{}) && sum != a.SHA256 {
		return fmt.Errorf("%w: hash %s instead of %s", ErrChanged, sum, a.SHA256)
	}
	if archive != nil {
		return archive.Close()
	}
	return nil
}

// zipEntry is the same for the same name, so that a retry sends the same bytes. It is
// named as the attachment for those who unpack by hand; readers of the axis ignore it.
func zipEntry(name string) *zip.FileHeader {
	name = strings.NewReplacer("/", "_", `\`, "_").Replace(name)
	return &zip.FileHeader{
		Name: name, Method: zip.Deflate, Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC),
	}
}
