package web

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"

	"github.com/gin-gonic/gin"

	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/flow"
	"congvan/internal/query"
	"congvan/storage"
	"congvan/storage/spool"
)

// Bounds of a form, files not counted.
const (
	maxFormBytes = 1 << 20
	maxFormParts = 3000
)

// uploadFields are where the two kinds of files of a form live: the field a browser puts
// a file in, and the one that names what has been uploaded already.
func uploadFields() map[string]string {
	return map[string]string{"main": "main_upload", "annex": "annex_upload"}
}

// readForm reads a form that may carry files. Fields come first and are kept whatever
// happens to the files; each file becomes an upload named in its field, as if a script had
// sent it before. The values are left in the request for the page.
func (w *Web) readForm(c *gin.Context) (url.Values, error) {
	form := url.Values{}
	c.Request.PostForm = form
	parts, err := c.Request.MultipartReader()
	if errors.Is(err, http.ErrNotMultipart) {
		c.Request.PostForm = nil
		c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, maxFormBytes)
		if err := c.Request.ParseForm(); err != nil {
			return form, fault.New(fault.Invalid, "body_too_large").With("max", shownSize("vi", maxFormBytes)).Wrap(err)
		}
		return c.Request.PostForm, nil
	}
	if err != nil {
		return form, fault.New(fault.Invalid, "file_interrupted").Field("files").Wrap(err)
	}
	left := int64(maxFormBytes)
	for range maxFormParts {
		p, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return form, nil
		}
		if err != nil {
			return form, fault.New(fault.Invalid, "file_interrupted").Field("files").Wrap(err)
		}
		if err := w.readPart(c, form, p, &left); err != nil {
			return form, err
		}
	}
	return form, fault.New(fault.Invalid, "too_many").With("max", maxFormParts)
}

func (w *Web) readPart(c *gin.Context, form url.Values, p *multipart.Part, left *int64) error {
	name := p.FormName()
	field, isFile := uploadFields()[name]
	switch {
	case isFile && p.FileName() == "":
		return nil
	case isFile:
		u, err := w.keep(c, p)
		if err != nil {
			return err
		}
		if name == "main" {
			form.Del(field)
		}
		form.Add(field, u.ID)
		return nil
	}
	b, err := io.ReadAll(io.LimitReader(p, *left+1))
	if err != nil {
		return fault.New(fault.Invalid, "file_interrupted").Wrap(err)
	}
	if *left -= int64(len(b)); *left < 0 {
		return fault.New(fault.Invalid, "body_too_large").With("max", shownSize("vi", maxFormBytes))
	}
	form.Add(name, string(b))
	return nil
}

func (w *Web) keep(c *gin.Context, p *multipart.Part) (flow.Upload, error) {
	f, err := w.Spool.Spool(c.Request.Context(), p)
	if err != nil {
		return flow.Upload{}, w.spoolFault(err)
	}
	defer func() { _ = f.Close() }()
	return w.Flow.KeepUpload(c.Request.Context(), w.me(c), spooled(p.FileName(), f))
}

func spooled(name string, f *spool.File) flow.Spooled {
	return flow.Spooled{Name: name, R: f, Size: f.Size(), Key: f.Key(), HashState: f.HashState()}
}

func (w *Web) spoolFault(err error) error {
	switch {
	case errors.Is(err, storage.ErrTooLarge):
		return fault.New(fault.Invalid, "file_too_large").Field("files").With("max", shownSize("vi", w.Spool.Limit())).Wrap(err)
	case errors.Is(err, storage.ErrUnavailable):
		return fault.New(fault.Unavailable, "storage_unavailable").Wrap(err)
	}
	return fault.New(fault.Invalid, "file_interrupted").Field("files").Wrap(err)
}

// filesOf are the files a form names, the main one first.
func filesOf(form url.Values) []flow.FileInput {
	var out []flow.FileInput
	for _, x := range []struct {
		field string
		role  document.Role
	}{{"main_upload", document.Main}, {"annex_upload", document.Annex}} {
		for _, id := range form[x.field] {
			if id != "" {
				out = append(out, flow.FileInput{Role: x.role, UploadID: id})
			}
		}
	}
	return out
}

// kept are the uploads a form names already, to show them again beside its fields; those
// of somebody else are left out.
func (w *Web) kept(c *gin.Context, form url.Values) (map[string][]flow.Upload, error) {
	out := map[string][]flow.Upload{}
	me := w.me(c)
	err := w.Views.Store.Read(c.Request.Context(), func(tx flow.ReadTx) error {
		clear(out)
		for _, field := range uploadFields() {
			for _, id := range form[field] {
				u, err := tx.Upload(id)
				if fault.KindOf(err) == fault.NotFound && err != nil {
					continue
				}
				if err != nil {
					return err
				}
				if u.AccountID == me.AccountID {
					out[field] = append(out[field], u)
				}
			}
		}
		return nil
	})
	return out, err
}

// lines are the lines of a text field, empty ones left out.
func lines(s string) []string {
	var out []string
	for line := range strings.Lines(s) {
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// staff gives an agency's positions to choose from.
func (w *Web) staff(c *gin.Context, keep func(query.Member) bool) ([]query.Member, error) {
	all, err := w.Views.Store.Staff(c.Request.Context(), w.me(c).AgencyID, "")
	if err != nil {
		return nil, err
	}
	out := all[:0:0]
	for _, m := range all {
		if keep(m) {
			out = append(out, m)
		}
	}
	return out, nil
}
