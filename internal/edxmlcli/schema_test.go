package edxmlcli

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"congvan/internal/axis/edxml"
)

var update = flag.Bool("update", false, "write the schemas of docs anew")

type object = map[string]any

// schemaOf is the JSON schema of a type as encoding/json writes it. rules add the lengths
// of the field table to the elements below path, for what is to be written.
func schemaOf(t reflect.Type, path string, rules map[string]edxml.Field) object {
	switch {
	case t == reflect.TypeFor[edxml.Number]() && rules != nil:
		return object{"type": []string{"string", "integer"}}
	case t == reflect.TypeFor[edxml.Digest]():
		return object{"type": "string"}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return schemaOf(t.Elem(), path, rules)
	case reflect.String:
		s := object{"type": "string"}
		if r, ok := rules[path]; ok && r.Max > 0 && r.Kind != edxml.KindNumber {
			s["maxLength"] = r.Max
		}
		return s
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int64:
		return object{"type": "integer"}
	case reflect.Slice:
		return object{"type": "array", "items": schemaOf(t.Elem(), path, rules)}
	}
	props, required := object{}, []string{}
	for f := range t.Fields() {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		at := strings.TrimPrefix(path+"/"+f.Name, "/")
		if name == "-" || rules != nil && slices.Contains([]string{"Attachments"}, f.Name) {
			continue
		}
		if f.Anonymous {
			inner := schemaOf(f.Type, path, rules)
			for k, v := range inner["properties"].(object) {
				props[k] = v
			}
			required = append(required, inner["required"].([]string)...)
			continue
		}
		if name == "" {
			name = f.Name
		}
		props[name] = schemaOf(f.Type, at, rules)
		if rules == nil && !strings.Contains(options, "omit") {
			required = append(required, name)
		}
	}
	out := object{"type": "object", "additionalProperties": false, "properties": props, "required": required}
	if rules != nil {
		delete(out, "required")
	}
	return out
}

func table(fields []edxml.Field) map[string]edxml.Field {
	out := map[string]edxml.Field{}
	for _, f := range fields {
		out[f.Path] = f
	}
	return out
}

// schemas are the two of docs by their file names.
func schemas() map[string]object {
	head := func(title, description string, s object) object {
		s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
		s["title"], s["description"] = title, description
		return s
	}
	inspect := schemaOf(reflect.TypeFor[Report](), "", nil)
	props := inspect["properties"].(object)
	props["kind"] = object{"enum": []string{KindNew, KindRecall, KindUpdate, KindReplace, KindStatus, KindOther}}
	var codes []string
	for _, c := range edxml.ErrorCodes() {
		codes = append(codes, string(c))
	}
	props["error"].(object)["properties"].(object)["code"] = object{"enum": codes}
	codes = nil
	for _, c := range edxml.NoteCodes() {
		codes = append(codes, string(c))
	}
	props["notes"].(object)["items"].(object)["properties"].(object)["code"] = object{"enum": codes}

	build := schemaOf(reflect.TypeFor[Description](), "", nil)
	parts := build["properties"].(object)
	parts["message"] = schemaOf(reflect.TypeFor[edxml.Message](), "", table(edxml.Fields()))
	parts["status"] = schemaOf(reflect.TypeFor[edxml.Status](), "", table(edxml.StatusFields()))
	build["oneOf"] = []object{{"required": []string{"message"}}, {"required": []string{"status"}}}
	return map[string]object{
		"edxml-inspect.schema.json": head("One line of congvan edxml inspect --json",
			"What one message of the axis says. Element names below message and status are those of the wire (docs/axis.md).", inspect),
		"edxml-build.schema.json": head("The description that congvan edxml build takes",
			"A document message with its files, or a status. Element names below message and status are those of the wire (docs/axis.md).", build),
	}
}

// The schemas in docs are the code's.
func TestSchemas(t *testing.T) {
	for name, s := range schemas() {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		if err := enc.Encode(s); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("..", "..", "docs", name)
		if *update {
			if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		have, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(have, b.Bytes()) {
			t.Errorf("docs/%s does not say what the code does: run the test with -update", name)
		}
	}
}

func compiled(t testing.TB, name string) *jsonschema.Schema {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "docs", name))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource(name, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func conforms(t testing.TB, s *jsonschema.Schema, data []byte) error {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(v)
}
