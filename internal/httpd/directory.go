package httpd

import (
	"slices"

	"github.com/gin-gonic/gin"

	"congvan/internal/authz"
	"congvan/internal/fault"
	"congvan/internal/org"
	"congvan/internal/query"
	"congvan/internal/register"
)

// agencyView is an agency that a document can be sent to.
type agencyView struct {
	ID           string `json:"id"`
	OrganID      string `json:"organ_id"` // in force today; "" where there is none
	Name         string `json:"name"`
	Abbreviation string `json:"abbreviation"`
	Local        bool   `json:"local"`
	Open         bool   `json:"open"`
}

// agencies finds recipients by words of their name, abbreviation or code.
func (s *Server) agencies(c *gin.Context, _ authz.Subject) (any, error) {
	q, err := text(c, "q", 200)
	if err != nil {
		return nil, err
	}
	limit, err := number(c, "limit", 1, 100, 20)
	if err != nil {
		return nil, err
	}
	after, err := text(c, "after", 200)
	if err != nil {
		return nil, err
	}
	found, err := s.Views.Store.Agencies(c.Request.Context(), q, after, limit)
	if err != nil {
		return nil, err
	}
	now := s.Clock()
	out := struct {
		Agencies []agencyView `json:"agencies"`
	}{}
	for _, a := range found {
		out.Agencies = append(out.Agencies, agencyView{a.ID, a.CodeAt(now), a.Name, a.Abbreviation, a.Local, a.Open(now)})
	}
	return out, nil
}

// staff gives the positions of the reader's own agency, of one role or all.
func (s *Server) staff(c *gin.Context, a authz.Subject) (any, error) {
	role := org.Role(c.Query("role"))
	if role != "" && !slices.Contains(org.Roles(), role) {
		return nil, fault.New(fault.Invalid, "parameter_invalid").Field("role").With("name", "role")
	}
	found, err := s.Views.Store.Staff(c.Request.Context(), a.AgencyID, role)
	return struct {
		Staff []query.Member `json:"staff"`
	}{found}, err
}

// types gives the document types of NĐ 30/2020 Đ.7.
func (s *Server) types(*gin.Context, authz.Subject) (any, error) {
	return struct {
		Types []register.DocumentType `json:"types"`
	}{register.Types()}, nil
}
