package e2e

import (
	"net/http"
	"strings"
	"testing"

	"congvan/internal/demo"
	"congvan/internal/workflow"
)

// TestTimestampServerDown: a leader signs while no timestamp server answers, and nothing is
// put on top of that signature until it has its timestamp; a seal made in the outage goes
// out by grace, and the archive's copy gets its level afterwards while the recipient keeps
// what was sent.
func TestTimestampServerDown(t *testing.T) {
	t.Parallel()
	w := world(t)
	base := w.A.Base
	id := draft(t, base, "svd", "H26.15")
	acts(t, base, "svd", id, "submit", "approve-content", "approve-format")

	w.Authority.Down.Store(true)
	acts(t, base, "svd", id, "sign")
	l := page(t, base, "gd.svd", id).Document.Level
	if l.Since == nil || l.Asked != "B-T" || l.Reached != "B-B" || l.Code != "timestamp_unavailable" {
		t.Fatalf("signed without a timestamp server: %+v", l)
	}
	p := refused(t, act(t, base, "svd", id, "number", demo.PIN), http.StatusConflict, "timestamp_pending")
	if !strings.Contains(p.Detail, "chưa trả lời") {
		t.Errorf("the refusal does not say why: %s", p.Detail)
	}
	eventually(t, "tries by itself", func() bool { return page(t, base, "gd.svd", id).Document.Level.Tries > 1 })
	w.Authority.Down.Store(false)
	if err := client(t, base, "gd.svd").Do(t.Context(), http.MethodPost, "/outgoing/"+id+"/retry-level", nil, nil); err != nil {
		t.Logf("it came by itself: %v", err)
	}
	acts(t, base, "svd", id, "number")

	w.Authority.Down.Store(true)
	acts(t, base, "svd", id, "seal", "issue")
	d := page(t, base, "vt.svd", id).Document
	if d.State != workflow.Issued || d.Level.GraceAt == nil || len(d.Sent) != 1 {
		t.Fatalf("issued by grace: %s %+v %+v", d.State, d.Level, d.Sent)
	}
	eventually(t, "the delivery", func() bool { return page(t, base, "vt.svd", id).Deliveries[0].State == workflow.Arrived })
	w.Authority.Down.Store(false)
	if err := client(t, base, "vt.svd").Do(t.Context(), http.MethodPost, "/outgoing/"+id+"/retry-level", nil, nil); err != nil {
		t.Logf("it came by itself: %v", err)
	}
	eventually(t, "the level of the archive's copy", func() bool { return page(t, base, "vt.svd", id).Document.Level.Since == nil })
	late := page(t, base, "vt.svd", id).Document
	if late.Level.Reached != "B-LTA" || late.Files[0].Version.Blob == d.Files[0].Version.Blob || late.Sent[0].Blob != d.Files[0].Version.Blob {
		t.Errorf("%+v, sent %+v", late.Level, late.Sent)
	}
}
