// Package pades adds PAdES signatures (ETSI EN 319 142-1) to PDF files: signature
// and text fields, their appearances by NĐ 30/2020 Annex I, and the two steps of a
// signature, Prepare and Complete. It implements signing.Engine.
package pades

import (
	"context"
	"sync"

	"congvan/signing"
	"congvan/signing/cms"
	"congvan/signing/pdf"
)

// Options of an Engine; the zero value is right for a server.
type Options struct {
	Limits pdf.Limits // of one file; zero means pdf.DefaultLimits
}

// Engine adds signatures to PDF files. It is safe for concurrent use; its memory
// does not depend on the size of the files.
type Engine struct {
	limits   pdf.Limits
	regular  *face
	italic   *face
	pictures pictures
	empty    []byte    // /Contents of the usual size, before it is known; only read
	buffers  sync.Pool // *[]byte, for hashing
}

var _ signing.Engine = (*Engine)(nil)

// New loads the embedded fonts.
func New(o Options) *Engine {
	if o.Limits == (pdf.Limits{}) {
		o.Limits = pdf.DefaultLimits()
	}
	return &Engine{
		limits:  o.Limits,
		regular: mustFace("LiberationSerif-Regular", false),
		italic:  mustFace("LiberationSerif-Italic", true),
		empty:   emptyContents(defaultReserve),
		buffers: sync.Pool{New: func() any {
			buf := make([]byte, 256<<10)
			return &buf
		}},
	}
}

// mustFace loads a font that the binary holds: only a damaged build can fail.
func mustFace(name string, italic bool) *face {
	f, err := loadFace(name, italic)
	if err != nil {
		panic(err)
	}
	return f
}

// open opens a file for signing.
func (e *Engine) open(ctx context.Context, f signing.File) (*pdf.File, error) {
	file, err := pdf.Open(ctx, f.R, f.Size, e.limits)
	if err != nil {
		return nil, err
	}
	if file.Encrypted() {
		return nil, signing.ErrEncrypted
	}
	return file, nil
}

// BuildCMS implements signing.Engine.
func (e *Engine) BuildCMS(ctx context.Context, digest []byte, c signing.Credential, keys signing.Keys, opts signing.SignOptions) ([]byte, error) {
	var err error
	if opts.Hash, err = digestOf(opts.Hash); err != nil {
		return nil, err
	}
	sign := func(ctx context.Context, toSign []byte) ([]byte, error) {
		return keys.Sign(ctx, c.KeyURI, toSign, opts)
	}
	return cms.Build(ctx, digest, opts.Hash, c.Chain, sign, cms.Options{PSS: opts.PSS})
}
