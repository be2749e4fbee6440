package edxml

import (
	"errors"
	"fmt"
)

// ErrChanged says that an attachment's bytes are not those its Size and SHA256 record.
var ErrChanged = errors.New("the stored file has changed")

// ErrorCode says why a message was refused.
type ErrorCode string

// Reasons of Error.
const (
	CodeSyntax    ErrorCode = "syntax"    // not well-formed XML
	CodeEncoding  ErrorCode = "encoding"  // neither UTF-8 nor UTF-16 with its mark
	CodeForbidden ErrorCode = "forbidden" // DOCTYPE, processing instruction, XInclude
	CodeNotEdXML  ErrorCode = "not-edxml" // XML, but not this format
	CodeAmbiguous ErrorCode = "ambiguous" // one element twice with different values
	CodeTooLarge  ErrorCode = "too-large" // over a limit of size, count or depth
	CodeBase64    ErrorCode = "base64"    // an attachment is not base64
	CodeZip       ErrorCode = "zip"       // an attachment's ZIP is damaged or a bomb
)

// ErrorCodes are all of them.
func ErrorCodes() []ErrorCode {
	return []ErrorCode{
		CodeSyntax, CodeEncoding, CodeForbidden, CodeNotEdXML, CodeAmbiguous, CodeTooLarge, CodeBase64, CodeZip,
	}
}

// Error says that the message itself is at fault: reading it again will not help. Any
// other error of Read comes from the reader, the spool or the context.
type Error struct {
	Code   ErrorCode
	Path   string // where in the message, as far as known
	Offset int64  // byte offset in the message
	Detail string
}

func (e *Error) Error() string {
	s := "edxml: " + e.Detail
	if e.Path != "" {
		s += " in " + e.Path
	}
	return fmt.Sprintf("%s (%s, at byte %d)", s, e.Code, e.Offset)
}
