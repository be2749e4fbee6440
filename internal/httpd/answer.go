package httpd

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"congvan/internal/auth"
	"congvan/internal/authz"
	"congvan/internal/fault"
	"congvan/internal/query"
)

// handler is one route of the API for somebody signed in: bind, one call, and what to
// answer. nil answers 204: done, and nothing to show.
type handler func(c *gin.Context, a authz.Subject) (any, error)

// created answers 201.
type created struct{ value any }

// answered says that the handler has written the answer by itself.
type answered struct{}

// signedIn runs a handler for a subject, and only for one.
func (s *Server) signedIn(h handler) gin.HandlerFunc {
	return func(c *gin.Context) {
		a, err := auth.Require(c.Request.Context())
		var v any
		if err == nil {
			v, err = h(c, a)
		}
		s.answer(c, v, err)
	}
}

// answer writes a value as JSON, or the problem.
func (s *Server) answer(c *gin.Context, v any, err error) {
	status := http.StatusOK
	if x, ok := v.(created); ok {
		status, v = http.StatusCreated, x.value
	}
	switch {
	case err != nil:
		s.problem(c.Writer, c.Request, err)
	case v == answered{}:
		c.Writer.WriteHeaderNow() // of an answer without a body
	case v == nil:
		c.Status(http.StatusNoContent)
		c.Writer.WriteHeaderNow()
	default:
		b, err := marshal(v)
		if err != nil {
			s.problem(c.Writer, c.Request, fault.New(fault.Internal, "internal").Wrap(err))
			return
		}
		c.Data(status, "application/json; charset=utf-8", b)
	}
}

// marshal writes lists that are empty as [], never as null.
func marshal(v any) ([]byte, error) {
	p := reflect.New(reflect.TypeOf(v))
	p.Elem().Set(reflect.ValueOf(v))
	noNulls(p.Elem(), 0)
	return json.Marshal(p.Interface())
}

func noNulls(v reflect.Value, depth int) {
	if depth > 2*maxDepth {
		return
	}
	switch v.Kind() {
	case reflect.Slice:
		if v.IsNil() && v.CanSet() && v.Type().Elem().Kind() != reflect.Uint8 {
			v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		}
		for i := range v.Len() {
			noNulls(v.Index(i), depth+1)
		}
	case reflect.Map:
		if v.IsNil() && v.CanSet() {
			v.Set(reflect.MakeMap(v.Type()))
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Field(i); f.CanSet() {
				noNulls(f, depth+1)
			}
		}
	case reflect.Pointer:
		if !v.IsNil() {
			noNulls(v.Elem(), depth+1)
		}
	}
}

// list is a page of rows; next is the cursor of the following one, "" at the end.
type list struct {
	Rows []query.Row `json:"rows"`
	Next string      `json:"next"`
}

// cursorText is a cursor as it stands in an address: nothing to read, nothing to build.
func cursorText(c query.Cursor) string {
	if c == (query.Cursor{}) {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(c.Sort.UnixMicro(), 36) + " " + c.ID))
}

func parseCursor(s string) (query.Cursor, error) {
	if s == "" {
		return query.Cursor{}, nil
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	at, id, ok := strings.Cut(string(b), " ")
	micros, nerr := strconv.ParseInt(at, 36, 64)
	if err != nil || nerr != nil || !ok || id == "" || len(id) > 100 {
		return query.Cursor{}, fault.New(fault.Invalid, "cursor_invalid").Field("after")
	}
	return query.Cursor{Sort: time.UnixMicro(micros).UTC(), ID: id}, nil
}

// number reads an optional number of the address between least and most.
func number(c *gin.Context, name string, least, most, otherwise int) (int, error) {
	s := c.Query(name)
	if s == "" {
		return otherwise, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < least || n > most {
		return 0, fault.New(fault.Invalid, "parameter_invalid").Field(name).With("name", name)
	}
	return n, nil
}

// text reads an optional text of the address.
func text(c *gin.Context, name string, most int) (string, error) {
	s := c.Query(name)
	if len(s) > most || strings.ContainsRune(s, 0) || strings.ToValidUTF8(s, "") != s {
		return "", fault.New(fault.Invalid, "parameter_invalid").Field(name).With("name", name)
	}
	return s, nil
}
