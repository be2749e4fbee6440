package edxml_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"congvan/internal/axis/axistest"
	"congvan/internal/axis/edxml"
)

// values are the texts of every element of a message or status by its path in lower case.
func values(v reflect.Value, path string, out map[string][]string) {
	switch v.Kind() {
	case reflect.String:
		if s := strings.TrimSpace(v.String()); s != "" {
			out[path] = append(out[path], s)
		}
	case reflect.Slice:
		for i := range v.Len() {
			values(v.Index(i), path, out)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			name := strings.ToLower(v.Type().Field(i).Name)
			if name == "attachments" {
				continue
			}
			values(v.Field(i), strings.TrimPrefix(path+"/"+name, "/"), out)
		}
	}
}

// TestDifferential: two readers that share no code, ours and the simulator's, find the same
// in every golden message, of either dialect and handed on by a relay too.
func TestDifferential(t *testing.T) {
	files, err := filepath.Glob("testdata/*.edxml")
	if err != nil || len(files) < 13 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		env := agree(t, name, raw)
		if env.Message == nil {
			agree(t, name+" dotnet", written(t, func(b *bytes.Buffer) error { return edxml.WriteStatus(b, env.Status, edxml.DotNet()) }))
			continue
		}
		agree(t, name+" dotnet", written(t, func(b *bytes.Buffer) error { return edxml.Write(b, env.Message, edxml.DotNet()) }))
		relayed := written(t, func(b *bytes.Buffer) error {
			return edxml.Relay(b, bytes.NewReader(raw), env.TraceEnd, edxml.TraceHeader{OrganId: "H99.00", Timestamp: "2026/11/21 09:00:00"}, edxml.SDK())
		})
		again := agree(t, name+" relayed", relayed)
		if n := len(again.Message.TraceHeaderList.TraceHeader); n != len(env.Message.TraceHeaderList.TraceHeader)+1 {
			t.Errorf("%s relayed: %d trace headers", name, n)
		}
	}
}

func written(t *testing.T, write func(*bytes.Buffer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// agree reads a message both ways; the files of what it returns can be opened.
func agree(t *testing.T, name string, raw []byte) *edxml.Envelope {
	t.Helper()
	theirs, err := axistest.ReadContent(bytes.NewReader(raw))
	if err != nil {
		t.Fatalf("%s: the simulator: %v", name, err)
	}
	spool := edxml.NewTemp(t.TempDir())
	t.Cleanup(func() { _ = spool.Close() })
	env, err := edxml.Read(context.Background(), bytes.NewReader(raw), edxml.Limits{}, spool.Open)
	if err != nil {
		t.Fatalf("%s: ours: %v", name, err)
	}
	ours := &axistest.Content{Values: map[string][]string{}}
	if env.Status != nil {
		values(reflect.ValueOf(*env.Status), "messageheader", ours.Values)
	} else {
		values(reflect.ValueOf(*env.Message), "", ours.Values)
		for _, a := range env.Message.Attachments {
			ours.Files = append(ours.Files, axistest.File{Name: a.AttachmentName, SHA256: a.SHA256.String()})
		}
	}
	if diff := cmp.Diff(theirs, ours); diff != "" {
		t.Errorf("%s (-simulator +ours):\n%s", name, diff)
	}
	route, err := axistest.ReadRoute(bytes.NewReader(raw))
	if err != nil || len(ours.Values["messageheader/from/organid"]) != 1 || route.From != ours.Values["messageheader/from/organid"][0] {
		t.Errorf("%s: routed from %q, %v", name, route.From, err)
	}
	return env
}
