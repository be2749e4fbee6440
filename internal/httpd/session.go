package httpd

import (
	"context"

	"github.com/gin-gonic/gin"

	"congvan/internal/account"
	"congvan/internal/auth"
	"congvan/internal/fault"
	"congvan/internal/flow"
	"congvan/internal/org"
)

// meView says who is signed in and in which position.
type meView struct {
	AccountID string         `json:"account_id"`
	Username  string         `json:"username"`
	Language  string         `json:"language"`
	PersonID  string         `json:"person_id"`
	FullName  string         `json:"full_name"`
	Positions []positionView `json:"positions"`
	Active    string         `json:"active"` // id of the position acted in; "" without a valid one
	Token     bool           `json:"token"`  // by an API token, not in a session
	Demo      bool           `json:"demo"`
}

type positionView struct {
	ID         string     `json:"id"`
	Title      string     `json:"title"`
	AgencyID   string     `json:"agency_id"`
	AgencyName string     `json:"agency_name"`
	UnitID     string     `json:"unit_id"`
	UnitName   string     `json:"unit_name"`
	Roles      []org.Role `json:"roles"`
}

// signIn begins a session.
func (s *Server) signIn(c *gin.Context) {
	var in struct {
		Username string `json:"username"`
		Password string `json:"password"`
	}
	ctx := c.Request.Context()
	err := bind(c, &in)
	if err == nil {
		err = s.Auth.SignIn(ctx, in.Username, in.Password)
	}
	s.answerCurrent(c, err)
}

// position changes the position acted in.
func (s *Server) position(c *gin.Context) {
	var in struct {
		PositionID string `json:"position_id"`
	}
	ctx := c.Request.Context()
	_, err := known(ctx)
	if err == nil {
		err = bind(c, &in)
	}
	if err == nil {
		err = s.Auth.SwitchPosition(ctx, in.PositionID)
	}
	s.answerCurrent(c, err)
}

// answerCurrent answers who the session's person is after a change.
func (s *Server) answerCurrent(c *gin.Context, err error) {
	ctx := c.Request.Context()
	var i *auth.Identity
	if err == nil {
		i, err = s.Auth.Current(ctx)
	}
	if err == nil && i == nil {
		err = fault.New(fault.Forbidden, "not_signed_in")
	}
	s.answerWho(c, i, err)
}

func (s *Server) me(c *gin.Context) {
	i, err := known(c.Request.Context())
	s.answerWho(c, i, err)
}

func (s *Server) answerWho(c *gin.Context, i *auth.Identity, err error) {
	var out meView
	if err == nil {
		out, err = s.meView(c.Request.Context(), i)
	}
	s.answer(c, out, err)
}

// signOut ends the session; without one there is nothing to end.
func (s *Server) signOut(c *gin.Context) {
	_, err := known(c.Request.Context())
	if err == nil {
		err = s.Auth.SignOut(c.Request.Context())
	}
	s.answer(c, nil, err)
}

// known is who asks, with a position or without.
func known(ctx context.Context) (*auth.Identity, error) {
	if i, ok := auth.Who(ctx); ok {
		return i, nil
	}
	return nil, fault.New(fault.Forbidden, "not_signed_in")
}

func (s *Server) meView(ctx context.Context, i *auth.Identity) (meView, error) {
	out := meView{
		AccountID: i.Account.ID, Username: i.Account.Username, Language: language(i.Account), PersonID: i.Person.ID,
		FullName: i.Person.FullName, Active: i.Active.ID, Token: i.Token != "", Demo: s.Demo,
	}
	err := s.Views.Store.Read(ctx, func(tx flow.ReadTx) error {
		for _, p := range i.Positions {
			v := positionView{ID: p.ID, Title: p.Title, AgencyID: p.AgencyID, UnitID: p.UnitID, Roles: p.Roles}
			agency, err := tx.Agency(p.AgencyID)
			if err != nil {
				return err
			}
			v.AgencyName = agency.Name
			if p.UnitID != "" {
				unit, err := tx.Unit(p.UnitID)
				if err != nil {
					return err
				}
				v.UnitName = unit.Name
			}
			out.Positions = append(out.Positions, v)
		}
		return nil
	})
	return out, err
}

func language(a account.Account) string {
	if a.Language == "en" {
		return "en"
	}
	return "vi"
}
