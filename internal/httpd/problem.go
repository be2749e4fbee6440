package httpd

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"congvan/internal/auth"
	"congvan/internal/fault"
)

// Problem is the body of every error (RFC 9457).
type Problem struct {
	Type      string            `json:"type"` // urn:congvan:problem:CODE
	Title     string            `json:"title"`
	Status    int               `json:"status"`
	Detail    string            `json:"detail"`          // what is wrong and what to do, in the reader's language
	Code      string            `json:"code"`            // stable, for programs
	Field     string            `json:"field,omitempty"` // of the input
	Args      map[string]string `json:"args,omitempty"`  // the values that detail names
	RequestID string            `json:"request_id"`
}

// statuses that the kind alone does not give.
var statuses = map[string]int{
	"not_signed_in": http.StatusUnauthorized, "credentials_wrong": http.StatusUnauthorized, "token_invalid": http.StatusUnauthorized,
	"login_throttled": http.StatusTooManyRequests,
	"file_too_large":  http.StatusRequestEntityTooLarge, "body_too_large": http.StatusRequestEntityTooLarge,
	"media_type_wrong": http.StatusUnsupportedMediaType, "method_not_allowed": http.StatusMethodNotAllowed,
	"request_timeout": http.StatusRequestTimeout,
	"json_invalid":    http.StatusBadRequest, "json_field_unknown": http.StatusBadRequest, "json_type_wrong": http.StatusBadRequest,
	"json_too_deep": http.StatusBadRequest, "parameter_invalid": http.StatusBadRequest, "cursor_invalid": http.StatusBadRequest,
	"secrecy_required": http.StatusBadRequest, "file_interrupted": http.StatusBadRequest,
}

// Status is the HTTP status of an error.
func Status(err error) int {
	e := fault.From(err)
	if status, ok := statuses[e.Code]; ok {
		return status
	}
	switch e.Kind {
	case fault.Invalid:
		return http.StatusUnprocessableEntity
	case fault.Conflict:
		return http.StatusConflict
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// problem answers an error: application/problem+json, or a plain sentence outside the API.
func (s *Server) problem(w http.ResponseWriter, r *http.Request, err error) {
	e, status, lang, t := fault.From(err), Status(err), s.language(r), traceOf(r.Context())
	if status >= http.StatusInternalServerError {
		t.cause = err
	}
	text := s.Catalogue.Text(lang, e)
	h := w.Header()
	h.Add("Vary", "Accept-Language")
	h.Set("Content-Language", lang)
	switch status {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Bearer realm="congvan"`)
	case http.StatusTooManyRequests:
		h.Set("Retry-After", e.Args["seconds"])
	case http.StatusServiceUnavailable:
		h.Set("Retry-After", "5")
	case http.StatusRequestEntityTooLarge, http.StatusRequestTimeout:
		h.Set("Connection", "close")
	}
	if !isAPI(r) {
		h.Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(text + "\n"))
		return
	}
	body, err := json.Marshal(Problem{
		Type: "urn:congvan:problem:" + e.Code, Title: s.Catalogue.Say(lang, "kind_"+string(e.Kind), nil), Status: status,
		Detail: text, Code: e.Code, Field: e.FieldName, Args: e.Args, RequestID: t.id,
	})
	if err != nil { // a struct of strings always can
		status, body = http.StatusInternalServerError, nil
	}
	h.Set("Content-Type", "application/problem+json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// language of an answer of the API: chosen in the session, else asked for by the request,
// else the account's, else Vietnamese.
func (s *Server) language(r *http.Request) string {
	i, known := auth.Who(r.Context())
	if known && i.Token == "" {
		if l := s.Auth.Chosen(r.Context()); l != "" {
			return l
		}
	}
	first, _, _ := strings.Cut(r.Header.Get("Accept-Language"), ",")
	first, _, _ = strings.Cut(strings.ToLower(strings.TrimSpace(first)), ";")
	switch main, _, _ := strings.Cut(first, "-"); {
	case main == "en", main == "vi":
		return main
	case known && i.Account.Language == "en":
		return "en"
	}
	return "vi"
}

// sizeText is a size as people say it.
func sizeText(n int64) string {
	if n >= 1<<20 {
		return fmt.Sprintf("%d MB", n>>20)
	}
	return fmt.Sprintf("%d KB", n>>10)
}
