package httpd

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"github.com/gin-gonic/gin"

	"congvan/internal/fault"
)

const (
	maxJSON  = 1 << 20
	maxDepth = 16
)

// readJSON reads a bounded JSON body. The bytes are the caller's to clear.
func readJSON(c *gin.Context) ([]byte, error) {
	if t, _, err := mime.ParseMediaType(c.GetHeader("Content-Type")); c.Request.ContentLength != 0 && (err != nil || t != "application/json") {
		return nil, fault.New(fault.Invalid, "media_type_wrong").With("want", "application/json")
	}
	b, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, maxJSON))
	if err != nil {
		clear(b)
		return nil, bodyFault(err)
	}
	if tooDeep(b) {
		clear(b)
		return nil, fault.New(fault.Invalid, "json_too_deep").With("max", maxDepth)
	}
	return b, nil
}

// bind decodes a JSON body into in and refuses fields that in does not have. An empty body
// leaves in as it is: what must be there is the flow's to say.
func bind(c *gin.Context, in any) error {
	b, err := readJSON(c)
	if err != nil {
		return err
	}
	if len(bytes.TrimSpace(b)) == 0 {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(in); err != nil {
		return jsonFault(err, len(b))
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return fault.New(fault.Invalid, "json_invalid").With("at", dec.InputOffset())
	}
	return nil
}

// jsonFault says where a body is wrong.
func jsonFault(err error, size int) error {
	var syntax *json.SyntaxError
	var typ *json.UnmarshalTypeError
	var own *fault.Error
	switch {
	case errors.As(err, &own): // of a field's own UnmarshalText
		return own
	case errors.As(err, &syntax):
		return fault.New(fault.Invalid, "json_invalid").With("at", syntax.Offset).Wrap(err)
	case errors.As(err, &typ):
		return fault.New(fault.Invalid, "json_type_wrong").Field(apiName(typ.Field)).With("want", kindText(typ.Type)).Wrap(err)
	}
	if name, ok := strings.CutPrefix(err.Error(), `json: unknown field "`); ok {
		name = strings.TrimSuffix(name, `"`)
		return fault.New(fault.Invalid, "json_field_unknown").Field(name).With("name", name)
	}
	return fault.New(fault.Invalid, "json_invalid").With("at", size).Wrap(err)
}

// apiName is a field's path without the Go types that are embedded on the way.
func apiName(path string) string {
	parts := slices.DeleteFunc(strings.Split(path, "."), func(p string) bool { return p != "" && unicode.IsUpper(rune(p[0])) })
	return strings.Join(parts, ".")
}

// kindText names a JSON type.
func kindText(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Bool:
		return "true/false"
	case reflect.String:
		return "string"
	case reflect.Slice, reflect.Array:
		return "array"
	case reflect.Struct, reflect.Map, reflect.Pointer:
		return "object"
	}
	return "number"
}

// tooDeep looks at the nesting of a JSON text without decoding it.
func tooDeep(b []byte) bool {
	depth, quoted := 0, false
	for i := 0; i < len(b); i++ {
		switch x := b[i]; {
		case quoted && x == '\\':
			i++
		case x == '"':
			quoted = !quoted
		case quoted:
		case x == '{' || x == '[':
			if depth++; depth > maxDepth {
				return true
			}
		case x == '}' || x == ']':
			depth--
		}
	}
	return false
}
