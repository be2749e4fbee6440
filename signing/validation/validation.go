// Package validation judges the signatures of a PDF and what happened to the file
// after each of them. It fails closed: nothing is VALID while anything that counts
// is unknown.
//
// The checks run in this order, one file each: structure (structure.go), digest
// (digest.go), signed attributes and signature (integrity.go), the comparison of
// revisions (changes.go, with its rules in compare.go, form.go, fill.go, places.go,
// metadata.go and the whitelist in permitted.go), path, key usage, time, validity and
// revocation of the certificate (certificate.go, time.go). A check that fails adds a
// reason; the verdict is what the reasons leave (explain.go). The blocks are those
// of ETSI EN 319 102-1.
package validation

import (
	"cmp"
	"context"
	"errors"
	"io"
	"slices"
	"sync"
	"time"

	"congvan/signing"
	"congvan/signing/pdf"
	"congvan/signing/trust"
)

// Limits bound what one file may cost beyond pdf.Limits.
type Limits struct {
	PDF        pdf.Limits
	Signatures int // in all revisions
	Pages      int // searched for signatures that the form does not list
}

// DefaultLimits suit official documents.
func DefaultLimits() Limits {
	return Limits{PDF: pdf.DefaultLimits(), Signatures: 200, Pages: 2000}
}

// Options of a Validator. Trust may be nil: then no certificate is ever trusted.
type Options struct {
	Trust  Trust
	Clock  func() time.Time
	Limits Limits // zero means DefaultLimits
}

// Validator implements signing.Validator. It is safe for concurrent use.
type Validator struct {
	trust   Trust
	clock   func() time.Time
	limits  Limits
	buffers sync.Pool
}

var _ signing.Validator = (*Validator)(nil)

// New makes a validator.
func New(o Options) *Validator {
	v := &Validator{trust: o.Trust, clock: o.Clock, limits: o.Limits}
	if v.limits == (Limits{}) {
		v.limits = DefaultLimits()
	}
	v.buffers.New = func() any {
		b := make([]byte, bufferSize)
		return &b
	}
	return v
}

func (v *Validator) buffer() *[]byte {
	b, _ := v.buffers.Get().(*[]byte)
	return b
}

func (v *Validator) release(b *[]byte) { v.buffers.Put(b) }

// source remembers that a read failed. Whatever was made of the damage then, the file is
// not the one to be judged.
type source struct {
	r   io.ReaderAt
	err error
}

func (s *source) ReadAt(p []byte, at int64) (int, error) {
	n, err := s.r.ReadAt(p, at)
	if n < len(p) && s.err == nil {
		s.err = cmp.Or(err, io.ErrUnexpectedEOF)
	}
	return n, err
}

// check is the work on one file.
type check struct {
	v         *Validator
	ctx       context.Context
	r         *source
	size      int64
	when      time.Time
	file      *pdf.File
	revisions []pdf.Revision
	views     []*pdf.File
	found     []*found
	trailing  bool
	sum       string
	watched   watcher
	store     trust.Evidence
	used      *signing.Evidence
	hidden    bool // a signature is not listed in the form
}

// Validate judges every signature of the file at a time; the zero time means now.
// The error is the context's; whatever is wrong with the file is in the report.
func (v *Validator) Validate(ctx context.Context, f signing.File, at time.Time) (*signing.Report, error) {
	now := v.clock()
	if at.IsZero() {
		at = now
	}
	c := &check{v: v, ctx: ctx, r: &source{r: f.R}, size: f.Size, when: at, used: &signing.Evidence{At: at}}
	report := &signing.Report{
		CheckedAt: now, Reasons: []string{}, Signatures: []signing.SignatureReport{}, Timestamps: []signing.TimestampReport{},
	}
	err := c.run()
	err = cmp.Or(c.r.err, err)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		report.Verdict, report.Reasons = signing.Unreadable, []string{unreadable(err)}
		return report, nil
	}
	c.report(report)
	report.Evidence = c.used
	return report, nil
}

func (c *check) run() error {
	if err := c.open(); err != nil {
		return err
	}
	if err := c.collect(); err != nil {
		return err
	}
	for _, s := range c.found {
		if err := c.structure(s); err != nil {
			return err
		}
	}
	c.duplicates()
	if err := c.digests(); err != nil {
		return err
	}
	if len(c.found) > 0 {
		var err error
		if c.store, err = c.evidence(); err != nil {
			return err
		}
	}
	for _, s := range c.found {
		c.integrity(s)
	}
	if err := c.changes(); err != nil {
		return err
	}
	return c.certificates()
}

func (c *check) open() error {
	f, err := pdf.Open(c.ctx, c.r, c.size, c.v.limits.PDF)
	if err != nil {
		return err
	}
	if f.Locked() { // with the empty password it is judged like any other
		return signing.ErrEncrypted
	}
	c.file, c.revisions = f, f.Revisions()
	c.views = make([]*pdf.File, len(c.revisions))
	c.views[len(c.views)-1] = f
	last := c.revisions[len(c.revisions)-1]
	blank, err := c.blank(last.End, c.size)
	c.trailing = !blank
	return err
}

// unreadable is the reason code of an error that ended the check.
func unreadable(err error) string {
	switch {
	case errors.Is(err, signing.ErrNotPDF):
		return ReasonNotPDF
	case errors.Is(err, signing.ErrEncrypted):
		return ReasonEncrypted
	case errors.Is(err, signing.ErrResourceLimit):
		return ReasonResourceLimit
	case errors.Is(err, signing.ErrTruncated):
		return ReasonDamaged
	}
	return ReasonUnavailable
}

// report fills in what the checks found.
func (c *check) report(r *signing.Report) {
	r.SHA256 = c.sum
	add := func(codes ...string) {
		for _, code := range codes {
			if !slices.Contains(r.Reasons, code) {
				r.Reasons = append(r.Reasons, code)
			}
		}
	}
	for _, s := range c.found {
		if s.timestamp() {
			t := c.timestampReport(s)
			r.Timestamps = append(r.Timestamps, t)
			if s.intact == "broken" || s.after == "forbidden" {
				add(t.Reasons...)
			}
			continue
		}
		one := c.signatureReport(s)
		r.Signatures = append(r.Signatures, one)
		add(one.Reasons...)
	}
	if c.hidden {
		add(ReasonUnlisted)
	}
	if c.trailing {
		add(ReasonTrailingData)
	}
	r.Verdict = worst(r.Reasons)
	if len(r.Signatures) == 0 && (r.Verdict == signing.Valid || len(c.found) == 0 && !c.hidden) {
		r.Verdict = signing.Unsigned
		if len(r.Timestamps) > 0 {
			add(ReasonTimestampOnly)
		} else {
			add(ReasonNoSignature)
		}
	}
}

// covers tells how far a signature reaches.
func (c *check) covers(s *found) string {
	switch {
	case s.covered < 0 || slices.Contains(s.reasons, ReasonCoverage):
		return "broken"
	case s.covered == len(c.revisions)-1 && !c.trailing:
		return "file"
	}
	return "revision"
}
