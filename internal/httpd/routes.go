package httpd

import (
	_ "embed"
	"net/http"

	"github.com/gin-gonic/gin"

	"congvan/internal/authz"
)

//go:embed openapi.yaml
var specification []byte

// Specification is the OpenAPI text of the API, as served.
func Specification() []byte { return append([]byte(nil), specification...) }

type route struct {
	method, path string
	handle       gin.HandlerFunc
}

// routes is the whole API; openapi.yaml says the same, and a test compares them.
func (s *Server) routes() []route {
	get := func(path string, h handler) route { return route{http.MethodGet, path, s.signedIn(h)} }
	post := func(path string, h handler) route { return route{http.MethodPost, path, s.signedIn(h)} }
	all := []route{
		{http.MethodGet, "/openapi.yaml", s.spec},
		{http.MethodGet, "/health", s.health},
		{http.MethodPost, "/session", s.signIn},
		{http.MethodDelete, "/session", s.signOut},
		{http.MethodPost, "/session/position", s.position},
		{http.MethodGet, "/me", s.me},

		get("/home", s.home),
		get("/directory/agencies", s.agencies),
		get("/directory/staff", s.staff),
		get("/directory/types", s.types),
		post("/uploads", s.upload),

		get("/outgoing", s.list(authz.Outgoing)),
		post("/outgoing", s.draft),
		get("/outgoing/layout-proposal", s.proposal),
		get("/outgoing/:id", s.outgoing),
		{http.MethodPut, "/outgoing/:id", s.signedIn(s.revise)},
		get("/outgoing/:id/files/:file/content", s.content(authz.Outgoing)),
		get("/outgoing/:id/files/:file/report", s.report(authz.Outgoing)),
		get("/outgoing/:id/files/:file/evidence", s.evidence(authz.Outgoing)),
		get("/deliveries/failed", s.failed),
		post("/deliveries/resend", s.resendAll),
		post("/deliveries/:id/resend", s.resend),

		get("/incoming", s.list(authz.Incoming)),
		post("/incoming/paper", s.paper),
		get("/incoming/:id", s.incoming),
		get("/incoming/:id/files/:file/content", s.content(authz.Incoming)),
		get("/incoming/:id/files/:file/report", s.report(authz.Incoming)),
		get("/incoming/:id/files/:file/evidence", s.evidence(authz.Incoming)),
	}
	all = append(all,
		post("/changes/:id/agree", s.agree()),
		post("/changes/:id/decline", s.decline()),
		get("/quarantine", s.messages),
		get("/quarantine/:id", s.message),
		get("/quarantine/:id/raw", s.raw),
	)
	for name, h := range s.messageActs() {
		all = append(all, post("/quarantine/:id/"+name, s.settling(h)))
	}
	for name, h := range s.outgoingActs() {
		all = append(all, post("/outgoing/:id/"+name, s.onOutgoing(h)))
	}
	for name, h := range s.incomingActs() {
		all = append(all, post("/incoming/:id/"+name, s.onIncoming(h)))
	}
	return all
}

func (s *Server) spec(c *gin.Context) {
	c.Data(http.StatusOK, "application/yaml; charset=utf-8", specification)
}

// health tells whether the installation has what it needs; names only, since anybody may ask.
func (s *Server) health(c *gin.Context) {
	type check struct {
		Name string `json:"name"`
		OK   bool   `json:"ok"`
	}
	out := struct {
		Status string  `json:"status"`
		Checks []check `json:"checks"`
		Demo   bool    `json:"demo"`
	}{Status: "ok", Checks: []check{}, Demo: s.Demo}
	status := http.StatusOK
	if s.Health != nil {
		for _, x := range s.Health(c.Request.Context()) {
			out.Checks = append(out.Checks, check{x.Name, x.Err == nil})
			if x.Err != nil {
				out.Status, status = "failing", http.StatusServiceUnavailable
				s.Log.Warn("health", "check", x.Name, "error", x.Err)
			}
		}
	}
	c.JSON(status, out)
}
