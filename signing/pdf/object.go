// Package pdf reads PDF files by range within fixed bounds, and appends
// incremental updates to them. It never holds a file in memory and never repairs
// one: what a signature covers must mean the same to every reader (ISO 32000-2, 7).
package pdf

import "fmt"

// Object is one of nil, bool, int64, float64, Name, String, Array, Dict, Ref and
// *Stream. Objects handed out by a File are shared: do not change them.
type Object any

// Ref points at an indirect object.
type Ref struct{ Num, Gen int }

// String writes the reference as it stands in a file.
func (r Ref) String() string { return fmt.Sprintf("%d %d R", r.Num, r.Gen) }

// Name is a decoded name without its solidus.
type Name string

// String holds the decoded bytes of a literal or hexadecimal string.
type String []byte

// Array is an array object.
type Array []Object

// Dict is a dictionary; keys whose value is null are absent.
type Dict map[Name]Object

// Keyword is a bare word that is no object: an operator of a content stream.
type Keyword string

// Stream is a stream object. Its data stays in the file until Raw or Decode.
type Stream struct {
	Dict Dict

	ref   Ref
	start int64 // of the data
	limit int64 // end of the revision that holds it: its data cannot lie behind
}

func kindOf(o Object) string {
	switch o.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case int64:
		return "integer"
	case float64:
		return "real"
	case Name:
		return "name"
	case String:
		return "string"
	case Array:
		return "array"
	case Dict:
		return "dictionary"
	case Ref:
		return "reference"
	case *Stream:
		return "stream"
	}
	return fmt.Sprintf("%T", o)
}
