package e2e

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"testing"

	"congvan/internal/demo"
	"congvan/internal/document"
	"congvan/internal/flow"
	"congvan/internal/query"
	"congvan/internal/register"
	"congvan/internal/testpdf"
	"congvan/internal/walk"
)

// letter is the draft of a công văn with one uploaded file.
func letter(agency, subject, upload string, recipients ...string) map[string]any {
	return map[string]any{
		"type_code": register.CongVan, "subject": subject, "urgency": 0, "signer_id": "pos-a-" + agency + "-gd",
		"recipients": recipients, "files": []flow.FileInput{{Role: document.Main, UploadID: upload}},
	}
}

// draft uploads a letter and makes a draft of it, as the official of an agency of A.
func draft(t *testing.T, base, agency string, recipients ...string) (id string) {
	t.Helper()
	c := client(t, base, "cv."+agency)
	upload, err := c.Upload(t.Context(), testpdf.Path("cong-van-1.pdf"))
	if err != nil {
		t.Fatal(err)
	}
	var p query.OutgoingPage
	if err := c.Do(t.Context(), http.MethodPost, "/outgoing?secrecy=0", letter(agency, subject, upload, recipients...), &p); err != nil {
		t.Fatal(err)
	}
	return p.Document.ID
}

// page reads an outgoing document as somebody sees it.
func page(t *testing.T, base, account, id string) (p query.OutgoingPage) {
	t.Helper()
	if err := client(t, base, account).Get(t.Context(), "/outgoing/"+id, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

// actor is whose step an act is, as accounts are named.
func actor(verb string) string {
	if who, ok := map[string]string{"submit": "cv", "approve-content": "tp", "approve-format": "tt", "sign": "gd"}[verb]; ok {
		return who
	}
	return "vt"
}

// input is what an act sends, after a look at the document.
func input(ctx context.Context, c *walk.Client, id, verb, pin string) (any, error) {
	var p query.OutgoingPage
	if err := c.Get(ctx, "/outgoing/"+id, &p); err != nil {
		return nil, err
	}
	switch verb {
	case "approve-content", "approve-format":
		return map[string]string{"manifest": p.Manifest}, nil
	case "sign":
		return map[string]string{"viewed_sha256": document.MainFile(p.Document.Files).Version.Blob, "pin": pin}, nil
	case "number":
		return flow.NumberInput{}, nil
	}
	return nil, nil //nolint:nilnil // these acts have no input
}

// acts does steps of the road, each as the person whose step it is; all must succeed.
func acts(t *testing.T, base, agency, id string, verbs ...string) {
	t.Helper()
	for _, verb := range verbs {
		var err error
		eventually(t, verb, func() bool {
			err = act(t, base, agency, id, verb, demo.PIN)
			return !onItsWay(err)
		})
		if err != nil {
			t.Fatalf("%s: %v", verb, err)
		}
	}
}

// onItsWay tells that an act is refused only until the signatures have their level.
func onItsWay(err error) bool {
	var p *walk.Problem
	return errors.As(err, &p) && (p.Code == "level_pending" || p.Code == "timestamp_pending")
}

// act does one step; the error is the server's answer.
func act(t *testing.T, base, agency, id, verb, pin string) error {
	t.Helper()
	c := client(t, base, actor(verb)+"."+agency)
	body, err := input(t.Context(), c, id, verb, pin)
	if err != nil {
		return err
	}
	return c.Do(t.Context(), http.MethodPost, "/outgoing/"+id+"/"+verb, body, nil)
}

// configOf is the configuration file of an installation.
func configOf(w *walk.World, p *walk.Process) string {
	return filepath.Join(w.Dir, p.Name, "congvan.toml")
}
