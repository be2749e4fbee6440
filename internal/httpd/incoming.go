package httpd

import (
	"github.com/gin-gonic/gin"

	"congvan/internal/authz"
	"congvan/internal/flow"
)

type leaderInput struct {
	LeaderID string `json:"leader_id"` // position
}

type noteInput struct {
	Note string `json:"note"`
}

func (s *Server) incomingActs() map[string]act {
	f := s.Flow
	return map[string]act{
		"register": with(f.Register),
		"refuse":   saying(f.Refuse, func(in reasonInput) string { return in.Reason }),
		"present":  saying(f.Present, func(in leaderInput) string { return in.LeaderID }),
		"assign":   with(f.Assign),
		"start":    plain(f.Start),
		"complete": saying(f.Complete, func(in noteInput) string { return in.Note }),
	}
}

// onIncoming does a step and answers the document's page.
func (s *Server) onIncoming(do act) handler {
	return func(c *gin.Context, a authz.Subject) (any, error) {
		id := c.Param("id")
		if err := do(c, a, id); err != nil {
			return nil, err
		}
		return gone(s.Views.Incoming(c.Request.Context(), a, id))
	}
}

func (s *Server) incoming(c *gin.Context, a authz.Subject) (any, error) {
	return s.Views.Incoming(c.Request.Context(), a, c.Param("id"))
}

// paper enters a paper document in the book: the secrecy stands in the address, before the
// body.
func (s *Server) paper(c *gin.Context, a authz.Subject) (any, error) {
	var in flow.PaperInput
	if err := guardedBind(c, &in); err != nil {
		return nil, err
	}
	d, err := s.Flow.RegisterPaper(c.Request.Context(), a, in)
	if err != nil {
		return nil, err
	}
	page, err := s.Views.Incoming(c.Request.Context(), a, d.ID)
	return created{page}, err
}
