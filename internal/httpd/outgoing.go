package httpd

import (
	"context"

	"github.com/gin-gonic/gin"

	"congvan/internal/authz"
	"congvan/internal/fault"
	"congvan/internal/flow"
	"congvan/internal/query"
)

// act is one step on one document: bind and do; the answer is the document's fresh page.
type act func(c *gin.Context, a authz.Subject, id string) error

// plain is a step without input.
func plain[D any](do func(context.Context, authz.Subject, string) (D, error)) act {
	return func(c *gin.Context, a authz.Subject, id string) error {
		if err := bind(c, &struct{}{}); err != nil {
			return err
		}
		_, err := do(c.Request.Context(), a, id)
		return err
	}
}

// with is a step with input.
func with[In, D any](do func(context.Context, authz.Subject, string, In) (D, error)) act {
	return func(c *gin.Context, a authz.Subject, id string) error {
		var in In
		if err := bind(c, &in); err != nil {
			return err
		}
		_, err := do(c.Request.Context(), a, id, in)
		return err
	}
}

// saying is a step whose input is one text.
func saying[In any, D any](do func(context.Context, authz.Subject, string, string) (D, error), value func(In) string) act {
	return with(func(ctx context.Context, a authz.Subject, id string, in In) (D, error) {
		return do(ctx, a, id, value(in))
	})
}

type reasonInput struct {
	Reason string `json:"reason"`
}

type manifestInput struct {
	Manifest string `json:"manifest"` // of the edition looked at
}

func (s *Server) outgoingActs() map[string]act {
	why := func(in reasonInput) string { return in.Reason }
	manifest := func(in manifestInput) string { return in.Manifest }
	f := s.Flow
	return map[string]act{
		"submit":          plain(f.Submit),
		"withdraw":        plain(f.Withdraw),
		"cancel":          plain(f.Cancel),
		"approve-content": saying(f.ApproveContent, manifest),
		"approve-format":  saying(f.ApproveFormat, manifest),
		"return":          saying(f.Return, why),
		"sign":            s.sign,
		"number":          with(f.Number),
		"seal":            plain(f.Seal),
		"issue":           plain(f.Issue),
		"void":            saying(f.Void, why),
		"recall":          with(f.Recall),
		"update":          with(f.Update),
		"retry-level":     plain(f.RetryLevel),
	}
}

func (s *Server) sign(c *gin.Context, a authz.Subject, id string) error {
	in, err := bindSign(c)
	if err != nil {
		return err
	}
	defer clear(in.PIN)
	_, err = s.Flow.Sign(c.Request.Context(), a, id, in)
	return err
}

// onOutgoing does a step and answers the document's page.
func (s *Server) onOutgoing(do act) handler {
	return func(c *gin.Context, a authz.Subject) (any, error) {
		id := c.Param("id")
		if err := do(c, a, id); err != nil {
			return nil, err
		}
		return gone(s.Views.Outgoing(c.Request.Context(), a, id))
	}
}

// gone answers 204 for a document that the step took out of the reader's sight, such as
// one returned to its drafter.
func gone[P any](page P, err error) (any, error) {
	if err != nil && fault.KindOf(err) == fault.NotFound {
		return nil, nil
	}
	return page, err
}

func (s *Server) outgoing(c *gin.Context, a authz.Subject) (any, error) {
	return s.Views.Outgoing(c.Request.Context(), a, c.Param("id"))
}

// draft begins a document: the secrecy stands in the address, before the body.
func (s *Server) draft(c *gin.Context, a authz.Subject) (any, error) {
	var in flow.DraftInput
	if err := guardedBind(c, &in); err != nil {
		return nil, err
	}
	d, err := s.Flow.Draft(c.Request.Context(), a, in)
	if err != nil {
		return nil, err
	}
	page, err := s.Views.Outgoing(c.Request.Context(), a, d.ID)
	return created{page}, err
}

func (s *Server) revise(c *gin.Context, a authz.Subject) (any, error) {
	id := c.Param("id")
	var in flow.DraftInput
	if err := guardedBind(c, &in); err != nil {
		return nil, err
	}
	if _, err := s.Flow.Revise(c.Request.Context(), a, id, in); err != nil {
		return nil, err
	}
	return s.Views.Outgoing(c.Request.Context(), a, id)
}

// guardedBind is bind behind the secrecy guard.
func guardedBind(c *gin.Context, in any) error {
	if err := guardSecrecy(c); err != nil {
		return err
	}
	return bind(c, in)
}

// proposal is the layout of NĐ 30/2020 for a file in which nothing was found.
func (s *Server) proposal(c *gin.Context, _ authz.Subject) (any, error) {
	pages, err := number(c, "pages", 1, 100_000, 1)
	if err != nil {
		return nil, err
	}
	return flow.Proposal(pages), nil
}

// resend puts a delivery that was given up back in the queue.
func (s *Server) resend(c *gin.Context, a authz.Subject) (any, error) {
	if err := bind(c, &struct{}{}); err != nil {
		return nil, err
	}
	v, err := s.Flow.Resend(c.Request.Context(), a, c.Param("id"))
	if err != nil {
		return nil, err
	}
	return v, nil
}

// failed lists what the clerk's agency could not send.
func (s *Server) failed(c *gin.Context, a authz.Subject) (any, error) {
	rows, more, err := s.Views.FailedDeliveries(c.Request.Context(), a)
	return struct {
		Rows []query.FailedDelivery `json:"rows"`
		More bool                   `json:"more"`
	}{rows, more}, err
}

// resendAll puts everything that was given up back in the queue, or what is of one document.
func (s *Server) resendAll(c *gin.Context, a authz.Subject) (any, error) {
	var in struct {
		OutgoingID string `json:"outgoing_id"`
	}
	if err := bind(c, &in); err != nil {
		return nil, err
	}
	n, err := s.Flow.ResendAll(c.Request.Context(), a, in.OutgoingID)
	return struct {
		Count int `json:"count"`
	}{n}, err
}

// list is one page of a box, "" for all that the reader may see.
func (s *Server) list(kind authz.Kind) handler {
	return func(c *gin.Context, a authz.Subject) (any, error) {
		box, err1 := text(c, "box", 50)
		q, err2 := text(c, "q", 500)
		after, err3 := parseCursor(c.Query("after"))
		limit, err4 := number(c, "limit", 1, 100, 50)
		for _, err := range []error{err1, err2, err3, err4} {
			if err != nil {
				return nil, err
			}
		}
		p, err := s.Views.List(c.Request.Context(), a, kind, box, q, after, limit)
		return list{p.Rows, cursorText(p.Next)}, err
	}
}

func (s *Server) home(c *gin.Context, a authz.Subject) (any, error) {
	return s.Views.Home(c.Request.Context(), a)
}
