package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"congvan/signing/validation"
)

const schemaFile = "../../docs/verify-report.schema.json"

func schema() (*jsonschema.Schema, error) {
	data, err := os.ReadFile(schemaFile)
	if err != nil {
		return nil, err
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(string(data)))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("verify-report.schema.json", doc); err != nil {
		return nil, err
	}
	return c.Compile("verify-report.schema.json")
}

// conforms holds every line of the last output against the schema.
func conforms(ts *testscript.TestScript, _ bool, _ []string) {
	s, err := schema()
	ts.Check(err)
	out := strings.TrimSuffix(ts.ReadFile("stdout"), "\n")
	for line := range strings.SplitSeq(out, "\n") {
		report, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
		ts.Check(err)
		ts.Check(s.Validate(report))
	}
}

// The schema names exactly the reason codes that the validator knows, and refuses what
// is not in it.
func TestSchema(t *testing.T) {
	s, err := schema()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.FromSlash(schemaFile))
	if err != nil {
		t.Fatal(err)
	}
	var doc struct {
		Defs struct {
			Reasons struct {
				Items struct {
					Enum []string `json:"enum"`
				} `json:"items"`
			} `json:"reasons"`
		} `json:"$defs"`
	}
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	if want := validation.Reasons(); !slices.Equal(doc.Defs.Reasons.Items.Enum, want) {
		all, _ := json.Marshal(want)
		t.Errorf("reason codes of the schema differ from the validator's: %s", all)
	}
	const good = `{"file":"a.pdf","verdict":"UNSIGNED","reasons":["no_signature"],"signatures":[],"timestamps":[]}`
	for report, ok := range map[string]bool{
		good: true,
		strings.Replace(good, "UNSIGNED", "FINE", 1):                     false,
		strings.Replace(good, "no_signature", "nothing", 1):              false,
		strings.Replace(good, `"signatures":[],`, "", 1):                 false,
		strings.Replace(good, `"signatures":[]`, `"signatures":null`, 1): false,
		strings.Replace(good, `{`, `{"more":1,`, 1):                      false,
		strings.Replace(good, `"timestamps":[]`, `"timestamps":[{}]`, 1): false,
	} {
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(report))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(v); (err == nil) != ok {
			t.Errorf("%s: %v", report, err)
		}
	}
}
