package httpd

import (
	"context"
	"io"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"congvan/internal/authz"
	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/internal/flow"
	"congvan/internal/query"
	"congvan/storage"
)

// messageList is a page of the messages set aside.
type messageList struct {
	Rows    []query.MessageRow `json:"rows"`
	Next    string             `json:"next"`
	Waiting int                `json:"waiting"`
	Secret  int                `json:"secret"`
}

// messages lists what was set aside: what waits, or with settled=1 what was dealt with.
func (s *Server) messages(c *gin.Context, a authz.Subject) (any, error) {
	settled, err1 := number(c, "settled", 0, 1, 0)
	after, err2 := parseCursor(c.Query("after"))
	limit, err3 := number(c, "limit", 1, 100, 50)
	for _, err := range []error{err1, err2, err3} {
		if err != nil {
			return nil, err
		}
	}
	p, err := s.Views.Messages(c.Request.Context(), a, settled == 1, after, limit)
	return messageList{p.Rows, cursorText(p.Next), p.Waiting, p.Secret}, err
}

func (s *Server) message(c *gin.Context, a authz.Subject) (any, error) {
	return s.Views.Message(c.Request.Context(), a, c.Param("id"))
}

// raw gives a message as it came: foreign bytes, always a download and never a page (C1).
func (s *Server) raw(c *gin.Context, a authz.Subject) (any, error) {
	ctx := c.Request.Context()
	blob, err := s.Views.RawMessage(ctx, a, c.Param("id"))
	if err != nil {
		return nil, err
	}
	key, err := storage.ParseKey(blob)
	if err != nil {
		return nil, fault.Missing()
	}
	obj, err := s.Blobs.Open(ctx, key)
	if err != nil {
		return nil, storageFault(err)
	}
	defer obj.Close()
	h := c.Writer.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", disposition(false, "thong-diep-"+c.Param("id")+".edxml"))
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
	http.ServeContent(newPatientWriter(c.Writer), c.Request, "", time.Time{}, io.NewSectionReader(obj, 0, obj.Size()))
	return answered{}, nil
}

// settling is a step on a message that answers with it.
func (s *Server) settling(do act) handler {
	return func(c *gin.Context, a authz.Subject) (any, error) {
		id := c.Param("id")
		if err := do(c, a, id); err != nil {
			return nil, err
		}
		return s.Views.Message(c.Request.Context(), a, id)
	}
}

func (s *Server) messageActs() map[string]act {
	f := s.Flow
	return map[string]act{
		"take-new":    plain(f.TakeNew),
		"take-update": plain(f.TakeUpdate),
		"send-back":   saying(f.SendBack, func(in reasonInput) string { return in.Reason }),
		"put-aside":   saying(f.PutAside, func(in noteInput) string { return in.Note }),
		"read-again":  plain(f.ReadAgain),
	}
}

// answering is the answer to a change: it answers with the page of its document.
func answering[In any](s *Server, do func(context.Context, authz.Subject, string, In) (document.Incoming, error)) handler {
	return func(c *gin.Context, a authz.Subject) (any, error) {
		var in In
		if err := bind(c, &in); err != nil {
			return nil, err
		}
		d, err := do(c.Request.Context(), a, c.Param("id"), in)
		if err != nil {
			return nil, err
		}
		return gone(s.Views.Incoming(c.Request.Context(), a, d.ID))
	}
}

func (s *Server) agree() handler {
	return answering(s, func(ctx context.Context, a authz.Subject, id string, in noteInput) (document.Incoming, error) {
		return s.Flow.Agree(ctx, a, id, in.Note)
	})
}

func (s *Server) decline() handler {
	return answering[flow.DeclineInput](s, s.Flow.Decline)
}
