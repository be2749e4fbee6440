package web

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"congvan/internal/query"
)

// failedView is what the clerk's agency could not send.
type failedView struct {
	Rows []query.FailedDelivery
	More bool
}

func (w *Web) failed(c *gin.Context) {
	rows, more, err := w.Views.FailedDeliveries(c.Request.Context(), w.me(c))
	if err != nil {
		w.fail(c, err)
		return
	}
	w.render(c, http.StatusOK, "failed", "failed.title", failedView{rows, more}, nil)
}

// resendAll puts everything back in the queue, or what is of one document.
func (w *Web) resendAll(c *gin.Context) {
	n, err := w.Flow.ResendAll(c.Request.Context(), w.me(c), c.PostForm("outgoing_id"))
	if err != nil {
		w.fail(c, err)
		return
	}
	w.done(c, "/gui-khong-thanh-cong", "done.resend_all", "n", n)
}

// resend puts a failed delivery back in the queue and returns to where it was asked for.
func (w *Web) resend(c *gin.Context) {
	d, err := w.Flow.Resend(c.Request.Context(), w.me(c), c.Param("id"))
	if err != nil {
		w.fail(c, err)
		return
	}
	back := "/van-ban-di/" + d.OutgoingID
	if c.PostForm("from") == "failed" {
		back = "/gui-khong-thanh-cong"
	}
	w.done(c, back, "done.resend", "name", d.Recipient.OrganName)
}
