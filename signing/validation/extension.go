package validation

import (
	"cmp"
	"context"
	"crypto"
	"errors"
	"fmt"
	"slices"

	"congvan/signing"
	"congvan/signing/pdf"
)

// ErrExtension is wrapped by every refusal of CheckExtension.
var ErrExtension = errors.New("validation: the update holds more or less than was asked for")

func refuse(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrExtension, fmt.Sprintf(format, args...))
}

// changeFieldCreated is only permitted here: a form field made together with the
// first signature, to be filled later.
const changeFieldCreated = "field_created"

// CheckExtension tells whether signed is base followed by exactly one revision with
// the signature, fields and values of r and nothing else, and whether that signature
// verifies. Refusals wrap ErrExtension; damage and I/O give their own errors. That
// the first base.Size bytes are equal is the caller's to guarantee. With
// base.HashState the cost does not depend on the size of base.
func (v *Validator) CheckExtension(ctx context.Context, base, signed signing.File, r signing.Request) error {
	if signed.Size <= base.Size {
		return refuse("%d bytes do not extend %d", signed.Size, base.Size)
	}
	before, err := pdf.Open(ctx, base.R, base.Size, v.limits.PDF)
	if err != nil {
		return err
	}
	c := &check{v: v, ctx: ctx, r: &source{r: signed.R}, size: signed.Size, when: v.clock()}
	err = c.extends(before, base, r)
	return cmp.Or(c.r.err, err)
}

func (c *check) extends(before *pdf.File, base signing.File, r signing.Request) error {
	if err := c.open(); err != nil {
		return err
	}
	if err := c.oneRevision(before, base.Size); err != nil {
		return err
	}
	if err := c.collect(); err != nil {
		return err
	}
	if err := c.setLimits(); err != nil {
		return err
	}
	if err := c.onlyAsked(r); err != nil {
		return err
	}
	return c.newSignature(base, r)
}

// oneRevision checks that exactly one revision came, wholly behind the base.
func (c *check) oneRevision(before *pdf.File, size int64) error {
	n := len(before.Revisions())
	if len(c.revisions) != n+1 {
		return refuse("%d revisions became %d", n, len(c.revisions))
	}
	if c.trailing {
		return refuse("bytes follow the end of the file")
	}
	if c.revisions[n-1].XrefOffset != before.Revisions()[n-1].XrefOffset || c.revisions[n].XrefOffset < size {
		return refuse("the update does not build on the base")
	}
	for _, o := range c.revisions[n].Objects {
		if !o.Free && o.Stream == 0 && o.Offset < size {
			return refuse("object %d points back into the base", o.Num)
		}
	}
	return nil
}

// onlyAsked compares the update with the request and with the limits of the
// signatures that are there.
func (c *check) onlyAsked(r signing.Request) error {
	n := len(c.revisions) - 1
	old, err := c.at(n - 1)
	if err != nil {
		return err
	}
	s, err := compareFor(c.ctx, old, c.file, &c.revisions[n], &r)
	if err != nil {
		return err
	}
	for num := range s.fresh {
		if num <= old.MaxObject() {
			return refuse("object number %d was reserved before", num)
		}
	}
	want := wanted(r)
	for _, ch := range s.changes {
		switch ch.code {
		case ChangeForm, ChangeAnnotations, ChangeCatalog:
			continue
		case ChangeForbidden:
			return refuse("%s", ch)
		}
		if w := want[ch.field]; w == 0 || !w.shows(ch.code) {
			return refuse("%s was not asked for", ch)
		}
		for _, f := range c.found {
			if f.first < n && !f.limits.permits(ch) {
				return refuse("%s is locked by the signature in %s", ch, f.name)
			}
		}
		delete(want, ch.field)
	}
	for name := range want {
		return refuse("field %s was asked for and did not change", name)
	}
	return c.filledAsAsked(r)
}

// shows tells whether a change is what a wish comes out as.
func (w wish) shows(code string) bool {
	switch w {
	case wishSign:
		return code == ChangeSignatureAdded || code == ChangeSignatureFilled
	case wishCreate:
		return code == ChangeSignatureField || code == changeFieldCreated
	}
	return code == ChangeFieldFilled
}

// wish is what a request wants of one field.
type wish int

const (
	wishSign wish = iota + 1
	wishCreate
	wishFill
)

func wanted(r signing.Request) map[string]wish {
	want := map[string]wish{r.Field: wishSign}
	for _, f := range r.Create {
		want[f.Name] = wishCreate
	}
	for _, f := range r.Fill {
		want[f.Name] = wishFill
	}
	return want
}

func (c *check) filledAsAsked(r signing.Request) error {
	fields, err := c.file.Fields()
	if err != nil {
		return err
	}
	for _, want := range r.Fill {
		i := slices.IndexFunc(fields, func(f pdf.Field) bool { return f.Name == want.Name })
		if i < 0 {
			return refuse("field %s is missing", want.Name)
		}
		o, err := c.file.Resolve(fields[i].Value)
		if err != nil {
			return err
		}
		if s, ok := o.(pdf.String); !ok || s.Text() != want.Value {
			return refuse("field %s has another value", want.Name)
		}
	}
	return nil
}

// newSignature checks the one signature that came: structure, digest and CMS.
func (c *check) newSignature(base signing.File, r signing.Request) error {
	n := len(c.revisions) - 1
	var s *found
	for _, f := range c.found {
		if f.first != n {
			continue
		}
		if s != nil || f.name != r.Field {
			return refuse("signature %s was not asked for", f.name)
		}
		s = f
	}
	if s == nil {
		return refuse("there is no signature in %s", r.Field)
	}
	if err := c.structure(s); err != nil {
		return err
	}
	if len(s.reasons) > 0 || s.covered != n {
		return refuse("signature %s: %v", s.name, s.reasons)
	}
	if p := certification(s); p != r.Certify {
		return refuse("signature %s certifies with P=%d instead of %d", s.name, p, r.Certify)
	}
	if want := cmp.Or(r.Hash, crypto.SHA256); s.hash() != want {
		return refuse("signature %s is made with %v instead of %v", s.name, s.hash(), want)
	}
	if err := c.tailDigest(s, base); err != nil {
		return err
	}
	c.integrity(s)
	if worst(s.reasons) != signing.Valid {
		return refuse("signature %s: %v %v", s.name, s.reasons, s.details)
	}
	return nil
}

// certification is the DocMDP level that a signature sets itself, 0 for none.
func certification(s *found) int {
	refs, _ := s.view.Array(s.dict["Reference"])
	for _, o := range refs {
		d, _ := s.view.Dict(o)
		if d["TransformMethod"] == pdf.Name("DocMDP") {
			params, _ := s.view.Dict(d["TransformParams"])
			return level(s.view, params["P"], 2)
		}
	}
	return 0
}

// tailDigest hashes what the signature covers, going on from the kept state of the
// base where there is one.
func (c *check) tailDigest(s *found, base signing.File) error {
	h := s.hash()
	if h == 0 || !h.Available() {
		return refuse("signature %s: digest algorithm", s.name)
	}
	d, at := base.Hashed(h), base.Size
	if d == nil {
		d, at = h.New(), 0
	}
	for _, part := range [2][2]int64{{at, s.byteRange[1]}, {s.byteRange[2], s.byteRange[2] + s.byteRange[3]}} {
		if err := c.feed(d, part[0], part[1]); err != nil {
			return err
		}
	}
	s.digest = d.Sum(nil)
	return nil
}
