package pdf

import (
	"fmt"

	"congvan/signing"
)

// Limits bound what one file may cost. Time is bounded by the context of Open.
// Beyond a limit every method answers an error that wraps signing.ErrResourceLimit.
type Limits struct {
	Objects      int   // cross-reference entries, over all revisions
	ObjectNumber int   // highest object number
	Revisions    int   // cross-reference sections
	Depth        int   // nesting of arrays and dictionaries, page tree, fields, references
	Elements     int   // items of one indirect object
	StringBytes  int   // one string
	ObjectBytes  int64 // source of one indirect object, without stream data
	Inflate      int64 // output of one decoded stream
	InflateTotal int64 // output of all decoded streams
	InflateRatio int64 // output per input byte, judged above 4 MiB of output
	Work         int64 // bytes parsed in total
	TailScan     int64 // how far from the end the last startxref may lie
	Fields       int   // form fields
	Cached       int   // objects kept parsed
}

// DefaultLimits suit documents up to tens of thousands of pages.
func DefaultLimits() Limits {
	return Limits{
		Objects:      2_000_000,
		ObjectNumber: 8_388_607, // ISO 32000-1, Annex C
		Revisions:    1000,
		Depth:        64,
		Elements:     1_000_000,
		StringBytes:  8 << 20,
		ObjectBytes:  64 << 20,
		Inflate:      256 << 20,
		InflateTotal: 512 << 20,
		InflateRatio: 500,
		Work:         1 << 30,
		TailScan:     4 << 20,
		Fields:       20_000,
		Cached:       4096,
	}
}

func tooMuch(format string, args ...any) error {
	return fmt.Errorf("%w: %s", signing.ErrResourceLimit, fmt.Sprintf(format, args...))
}

func damaged(format string, args ...any) error {
	return fmt.Errorf("%w: %s", signing.ErrTruncated, fmt.Sprintf(format, args...))
}
