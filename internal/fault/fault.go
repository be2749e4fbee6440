// Package fault is the one error type of the product: a kind that decides what the
// caller may do about it, a code that the catalogue turns into a sentence in
// Vietnamese or English, and the field it concerns. It imports nothing.
package fault

import (
	"errors"
	"fmt"
	"sort"
	"strings"
)

// Kind says what a caller can do about an error; the edge turns it into a status once.
type Kind string

const (
	Invalid     Kind = "invalid"     // the input is wrong: change it
	Conflict    Kind = "conflict"    // somebody or something came first: look again
	Forbidden   Kind = "forbidden"   // allowed to see it, not to do it
	NotFound    Kind = "not_found"   // not there, or no right to know
	Unavailable Kind = "unavailable" // try again later, nothing is lost
	Internal    Kind = "internal"    // our mistake
)

// Error carries a kind, a catalogue code, and what the sentence needs.
type Error struct {
	Kind      Kind
	Code      string            // key of the catalogue: "subject_too_long"
	FieldName string            // the API's name of the field, empty if none
	Args      map[string]string // values named in the sentence
	Err       error             // the cause, for the log only
}

// New makes an error of a kind with a catalogue code.
func New(kind Kind, code string) *Error { return &Error{Kind: kind, Code: code} }

// Field names the input field the error is about.
func (e *Error) Field(name string) *Error { e.FieldName = name; return e }

// With sets a value that the catalogue's sentence names.
func (e *Error) With(key string, value any) *Error {
	if e.Args == nil {
		e.Args = map[string]string{}
	}
	e.Args[key] = fmt.Sprint(value)
	return e
}

// Wrap keeps the cause for the log.
func (e *Error) Wrap(err error) *Error { e.Err = err; return e }

// Error is for logs; people are shown Text.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(string(e.Kind) + ": " + e.Code)
	if e.FieldName != "" {
		b.WriteString(" (" + e.FieldName + ")")
	}
	keys := make([]string, 0, len(e.Args))
	for k := range e.Args {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for _, k := range keys {
		fmt.Fprintf(&b, " %s=%q", k, e.Args[k])
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// From finds the *Error in err's chain; any other error becomes Internal "internal".
func From(err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return New(Internal, "internal").Wrap(err)
}

// KindOf is the kind of err; Internal for foreign errors.
func KindOf(err error) Kind { return From(err).Kind }

// Is tells whether err carries this code.
func Is(err error, code string) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == code
}

// Missing is the answer for what is not there and for what one may not know of: the same.
func Missing() *Error { return New(NotFound, "not_found") }
