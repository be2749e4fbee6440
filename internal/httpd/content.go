package httpd

import (
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"congvan/internal/authz"
	"congvan/internal/fault"
	"congvan/internal/query"
	"congvan/signing"
	"congvan/storage"
)

// content gives a file's bytes, by ranges if asked. Only a PDF is shown in the browser;
// everything else is a download, whatever it calls itself (C1).
func (s *Server) content(kind authz.Kind) handler {
	return func(c *gin.Context, a authz.Subject) (any, error) {
		ctx := c.Request.Context()
		blob, err := text(c, "version", 64)
		if err != nil {
			return nil, err
		}
		f, err := s.Views.FileContent(ctx, a, kind, c.Param("id"), c.Param("file"), blob)
		if err != nil {
			return nil, err
		}
		key, err := storage.ParseKey(f.Version.Blob)
		if err != nil {
			return nil, fault.New(fault.Internal, "storage_failed").Wrap(err)
		}
		obj, err := s.Blobs.Open(ctx, key)
		if err != nil {
			return nil, storageFault(err)
		}
		defer obj.Close()
		if obj.Size() != f.Version.Size {
			return nil, fault.New(fault.Internal, "stored_bytes_differ").With("name", f.Name)
		}
		h := c.Writer.Header()
		h.Set("Content-Type", f.MediaType)
		h.Set("ETag", `"`+f.Version.Blob+`"`)
		h.Set("X-Content-SHA256", f.Version.Blob)
		show := f.MediaType == "application/pdf"
		h.Set("Content-Disposition", disposition(show, f.Name))
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"+map[bool]string{false: "; sandbox"}[show])
		http.ServeContent(newPatientWriter(c.Writer), c.Request, "", time.Time{}, io.NewSectionReader(obj, 0, obj.Size()))
		return answered{}, nil
	}
}

func storageFault(err error) error {
	if errors.Is(err, storage.ErrUnavailable) {
		return fault.New(fault.Unavailable, "storage_unavailable").Wrap(err)
	}
	return fault.New(fault.Internal, "storage_failed").Wrap(err)
}

// disposition names a download (RFC 6266): the name in full by RFC 8187, and one of plain
// letters for what does not read that. Nothing of a name can end the header or the value.
func disposition(show bool, name string) string {
	kind := "attachment"
	if show {
		kind = "inline"
	}
	ascii := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || strings.ContainsRune("._-", r) {
			return r
		}
		return '_'
	}, name)
	full := strings.ReplaceAll(url.QueryEscape(strings.ToValidUTF8(name, "_")), "+", "%20")
	return kind + `; filename="` + ascii + `"; filename*=UTF-8''` + full
}

// reportView is the newest validation report on a file's bytes, null before the first, with
// what it means in sentences.
type reportView struct {
	Report    *signing.Report `json:"report"`
	Verdict   string          `json:"verdict_text"`
	Sentences []string        `json:"sentences"`
}

func (s *Server) report(kind authz.Kind) handler {
	return func(c *gin.Context, a authz.Subject) (any, error) {
		files, err := s.files(c, a, kind)
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			if f.ID != c.Param("file") {
				continue
			}
			out := reportView{Report: f.Report}
			if f.Report != nil {
				lang := s.language(c.Request)
				out.Verdict = s.Catalogue.Say(lang, "verdict_"+string(f.Report.Verdict), nil)
				out.Sentences = s.Explain(lang, f.Report)
			}
			return out, nil
		}
		return nil, fault.Missing()
	}
}

// evidence gives what the newest verdict on a file's bytes stood on, for a later reader to
// repeat it without a network: congvan verify --trust reads it.
func (s *Server) evidence(kind authz.Kind) handler {
	return func(c *gin.Context, a authz.Subject) (any, error) {
		ctx := c.Request.Context()
		f, err := s.Views.FileContent(ctx, a, kind, c.Param("id"), c.Param("file"), "")
		if err != nil {
			return nil, err
		}
		e, err := s.Flow.Evidence(ctx, f.Version.Blob)
		if err != nil {
			return nil, err
		}
		c.Header("Content-Disposition", disposition(false, f.Version.Blob+".evidence"))
		c.Data(http.StatusOK, "text/plain; charset=utf-8", e.Encode())
		return answered{}, nil
	}
}

func (s *Server) files(c *gin.Context, a authz.Subject, kind authz.Kind) ([]query.FileView, error) {
	if kind == authz.Outgoing {
		p, err := s.Views.Outgoing(c.Request.Context(), a, c.Param("id"))
		return p.Files, err
	}
	p, err := s.Views.Incoming(c.Request.Context(), a, c.Param("id"))
	return p.Files, err
}
