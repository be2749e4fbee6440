package pades

import (
	"context"

	"congvan/signing"
	"congvan/signing/flatten"
	"congvan/signing/inspect"
	"congvan/signing/pdf"
	"congvan/signing/text"
)

// Inspect implements signing.Engine.
func (e *Engine) Inspect(ctx context.Context, f signing.File) (*signing.Inspection, error) {
	file, err := pdf.Open(ctx, f.R, f.Size, e.limits)
	if err != nil {
		return nil, err
	}
	return inspect.Look(ctx, file)
}

// Find implements signing.Engine.
func (e *Engine) Find(ctx context.Context, f signing.File, s string) ([]signing.TextHit, error) {
	file, err := e.open(ctx, f)
	if err != nil {
		return nil, err
	}
	return text.Find(ctx, file, s)
}

// Blanks implements signing.Engine.
func (e *Engine) Blanks(ctx context.Context, f signing.File, pieces []string) ([][]signing.TextHit, error) {
	file, err := e.open(ctx, f)
	if err != nil {
		return nil, err
	}
	return text.Blanks(ctx, file, pieces)
}

// Flatten implements signing.Engine. Text that the standard fonts lack is set in the
// embedded font.
func (e *Engine) Flatten(ctx context.Context, f signing.File) ([]byte, error) {
	file, err := e.open(ctx, f)
	if err != nil {
		return nil, err
	}
	return flatten.Tail(ctx, file, func(u *pdf.Update) flatten.Font {
		return fieldFont{newSubset(e.regular, u.Reserve())}
	})
}

// fieldFont lends a subset to the flattener.
type fieldFont struct{ *subset }

func (f fieldFont) Set(s string) (string, int64, error) {
	l, err := f.set(s)
	return l.hex, l.width, err
}

func (f fieldFont) Ref() pdf.Ref { return f.ref }

func (f fieldFont) Write(u *pdf.Update) error { return f.write(u) }
