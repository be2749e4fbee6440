package text

import (
	"context"
	"errors"
	"fmt"

	"congvan/signing"
	"congvan/signing/pdf"
)

// Bounds of one call. They allow a book of a thousand pages and stop a file that was
// made to cost; what streams decode to is bounded by pdf.Limits.
const (
	maxOperators = 10_000_000
	maxGlyphs    = 300_000  // on one page
	maxStream    = 64 << 20 // one decoded content stream, CMap or form
	maxFonts     = 5_000
	maxForms     = 12 // depth of form XObjects in one another
	maxStates    = 256
)

// source reads a file leniently: an object that is missing or of another type counts
// as absent, as in viewers. An exhausted budget or an ended context is kept in err,
// since then what was read is not what the file holds.
type source struct {
	ctx       context.Context
	file      *pdf.File
	limits    pdf.Limits
	layers    *Layers
	fonts     map[pdf.Ref]*font
	operators int // left to run
	parsed    int // fonts
	err       error
}

func newSource(ctx context.Context, f *pdf.File) (*source, error) {
	layers, err := ReadLayers(f)
	if err != nil {
		return nil, err
	}
	return &source{ctx: ctx, file: f, limits: pdf.DefaultLimits(), layers: layers, fonts: map[pdf.Ref]*font{}, operators: maxOperators}, nil
}

// note keeps the first error that makes the result incomplete.
func (s *source) note(err error) {
	if s.err == nil && (errors.Is(err, signing.ErrResourceLimit) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) {
		s.err = err
	}
}

// exceed keeps the error of a bound that was reached.
func (s *source) exceed(bound int, what string) {
	s.note(fmt.Errorf("%w: more than %d %s in page content", signing.ErrResourceLimit, bound, what))
}

// step counts one operator; false ends the work.
func (s *source) step() bool {
	s.operators--
	switch {
	case s.operators < 0:
		s.exceed(maxOperators, "operators")
	case s.operators%4096 == 0:
		s.note(s.ctx.Err())
	}
	return s.err == nil
}

func (s *source) resolve(o pdf.Object) pdf.Object {
	v, err := s.file.Resolve(o)
	if err != nil {
		s.note(err)
		return nil
	}
	return v
}

func (s *source) dict(o pdf.Object) pdf.Dict {
	switch v := s.resolve(o).(type) {
	case pdf.Dict:
		return v
	case *pdf.Stream:
		return v.Dict
	}
	return nil
}

func (s *source) array(o pdf.Object) pdf.Array {
	a, _ := s.resolve(o).(pdf.Array)
	return a
}

func (s *source) stream(o pdf.Object) *pdf.Stream {
	v, _ := s.resolve(o).(*pdf.Stream)
	return v
}

func (s *source) name(o pdf.Object) pdf.Name {
	n, _ := s.resolve(o).(pdf.Name)
	return n
}

func (s *source) number(o pdf.Object) float64 {
	v, _ := toNumber(s.resolve(o))
	return v
}

// numbers returns an array of up to 16 numbers; nil when an entry is none.
func (s *source) numbers(o pdf.Object) []float64 {
	a := s.array(o)
	if len(a) > 16 {
		return nil
	}
	out := make([]float64, len(a))
	for i, e := range a {
		v, ok := toNumber(s.resolve(e))
		if !ok {
			return nil
		}
		out[i] = v
	}
	return out
}

func (s *source) decode(st *pdf.Stream) ([]byte, error) {
	data, err := s.file.Decode(st, maxStream)
	if err != nil {
		s.note(err)
		return nil, err
	}
	return data, nil
}

// font returns the parsed font of a resource entry, parsed once per object.
func (s *source) font(o pdf.Object) *font {
	ref, indirect := o.(pdf.Ref)
	if f, ok := s.fonts[ref]; indirect && ok {
		return f
	}
	if s.parsed++; s.parsed > maxFonts {
		s.exceed(maxFonts, "fonts")
		return nil
	}
	dict := s.dict(o)
	if dict == nil {
		return nil
	}
	f := newFont(s, dict)
	if indirect {
		s.fonts[ref] = f
	}
	return f
}
