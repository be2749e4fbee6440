package httpd

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"congvan/internal/authz"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/flow"
	"congvan/storage"
)

// guardSecrecy reads the grade from the address and refuses every secret one before a byte
// of the body is read: the connection ends with the answer, so that the rest of the body is
// not taken in either (Luật 117/2025/QH15; RULE-13).
func guardSecrecy(c *gin.Context) error {
	s := c.Query("secrecy")
	n, err := strconv.Atoi(s)
	switch {
	case s == "":
		err = fault.New(fault.Invalid, "secrecy_required").Field("secrecy")
	case err != nil:
		err = fault.New(fault.Invalid, "secrecy_unknown").Field("secrecy")
	default:
		err = document.GuardSecrecy(document.Secrecy(n))
	}
	if err != nil {
		c.Header("Connection", "close")
	}
	return err
}

type uploadView struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	MediaType string `json:"media_type"`
	Size      int64  `json:"size"`
	SHA256    string `json:"sha256"`
	Pages     int    `json:"pages"`
}

// upload takes one file, as the body itself or as the part "file" of a form. It is spooled
// while it is hashed, never held in memory.
func (s *Server) upload(c *gin.Context, a authz.Subject) (any, error) {
	if err := guardSecrecy(c); err != nil {
		return nil, err
	}
	if err := authz.MayUpload(a).Err(); err != nil { // before the body, not after it
		return nil, err
	}
	name, err := text(c, "name", 1000)
	if err != nil {
		return nil, err
	}
	limit := s.Spool.Limit()
	if c.Request.ContentLength > limit+maxJSON { // a form's frame is small
		return nil, tooLarge(limit)
	}
	body := http.MaxBytesReader(c.Writer, c.Request.Body, limit+maxJSON)
	file, partName, err := filePart(c.GetHeader("Content-Type"), body)
	if err != nil {
		return nil, err
	}
	if name == "" {
		name = partName
	}
	spooled, err := s.Spool.Spool(c.Request.Context(), file)
	switch {
	case errors.Is(err, storage.ErrTooLarge):
		return nil, tooLarge(limit)
	case errors.Is(err, storage.ErrUnavailable):
		return nil, fault.New(fault.Unavailable, "storage_unavailable").Wrap(err)
	case err != nil:
		return nil, bodyFault(err)
	}
	defer func() { _ = spooled.Close() }() // nameless: nothing is left either way
	u, err := s.Flow.KeepUpload(c.Request.Context(), a, flow.Spooled{
		Name: name, R: spooled, Size: spooled.Size(), Key: spooled.Key(), HashState: spooled.HashState(),
	})
	if err != nil {
		return nil, err
	}
	return created{uploadView{u.ID, u.Name, u.MediaType, u.Size, u.Blob, u.Pages}}, nil
}

func tooLarge(limit int64) error {
	return fault.New(fault.Invalid, "file_too_large").Field("file").With("max", sizeText(limit))
}

// filePart finds the file in a body of either form.
func filePart(contentType string, body io.Reader) (io.Reader, string, error) {
	media, params, err := mime.ParseMediaType(contentType)
	switch {
	case err == nil && (media == "application/octet-stream" || media == "application/pdf"):
		return body, "", nil
	case err != nil || media != "multipart/form-data" || params["boundary"] == "":
		return nil, "", fault.New(fault.Invalid, "media_type_wrong").With("want", "application/octet-stream, multipart/form-data")
	}
	part, err := newParts(body, params["boundary"])
	if err != nil {
		return nil, "", err
	}
	return part, part.name, nil
}
