package httpd

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

func loadSpec(t testing.TB) *openapi3.T {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromData(specification)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(context.Background()); err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestSpecificationIsValid(t *testing.T) { loadSpec(t) }

// TestRoutesAndSpecificationAgree compares the engine's routes with the specification's.
func TestRoutesAndSpecificationAgree(t *testing.T) {
	w := newWorld(t)
	served, specified := map[string]bool{}, map[string]bool{}
	for _, r := range w.server.engine.Routes() {
		if path, ok := strings.CutPrefix(r.Path, base); ok {
			served[r.Method+" "+pathParameter.ReplaceAllString(path, "{$1}")] = true
		}
	}
	for path, item := range loadSpec(t).Paths.Map() {
		for method := range item.Operations() {
			specified[method+" "+path] = true
		}
	}
	for r := range served {
		if !specified[r] {
			t.Errorf("%s is served and not in openapi.yaml", r)
		}
	}
	for r := range specified {
		if !served[r] {
			t.Errorf("%s is in openapi.yaml and not served", r)
		}
	}
	if len(served) < 40 {
		t.Errorf("only %d routes", len(served))
	}
}

var pathParameter = regexp.MustCompile(`:([a-z]+)`)
