package e2e

import (
	"net/http"
	"testing"

	"congvan/internal/demo"
	"congvan/internal/document"
	"congvan/internal/flow"
	"congvan/internal/query"
	"congvan/internal/register"
	"congvan/internal/testpdf"
)

// draft uploads a letter and makes a draft of it, as the official of an agency.
func draft(t *testing.T, base, agency string, recipients ...string) (id string) {
	t.Helper()
	c := client(t, base, "cv."+agency)
	upload, err := c.Upload(t.Context(), testpdf.Path("cong-van-1.pdf"))
	if err != nil {
		t.Fatal(err)
	}
	var p query.OutgoingPage
	err = c.Do(t.Context(), http.MethodPost, "/outgoing?secrecy=0", map[string]any{
		"type_code": register.CongVan, "subject": subject, "urgency": 0, "signer_id": "pos-a-" + agency + "-gd",
		"recipients": recipients, "files": []flow.FileInput{{Role: document.Main, UploadID: upload}},
	}, &p)
	if err != nil {
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

// act does one step as an account; the error is the server's answer.
func act(t *testing.T, base, account, id, verb string, body any) error {
	t.Helper()
	return client(t, base, account).Do(t.Context(), http.MethodPost, "/outgoing/"+id+"/"+verb, body, nil)
}

// acts does steps that must succeed.
func acts(t *testing.T, base, agency, id string, verbs ...string) {
	t.Helper()
	for _, verb := range verbs {
		if err := step(t, base, agency, id, verb); err != nil {
			t.Fatalf("%s: %v", verb, err)
		}
	}
}

// step does one step of the road as the person whose step it is.
func step(t *testing.T, base, agency, id, verb string) error {
	t.Helper()
	who := map[string]string{"submit": "cv.", "approve-content": "tp.", "approve-format": "tt.", "sign": "gd."}[verb]
	if who == "" {
		who = "vt."
	}
	var body any
	switch verb {
	case "approve-content", "approve-format":
		body = map[string]string{"manifest": page(t, base, who+agency, id).Manifest}
	case "sign":
		body = signing(t, base, agency, id, demo.PIN)
	case "number":
		body = flow.NumberInput{}
	}
	return act(t, base, who+agency, id, verb, body)
}

// signing is the leader's input after having looked at the document.
func signing(t *testing.T, base, agency, id, pin string) map[string]string {
	t.Helper()
	main := document.MainFile(page(t, base, "gd."+agency, id).Document.Files)
	return map[string]string{"viewed_sha256": main.Version.Blob, "pin": pin}
}
