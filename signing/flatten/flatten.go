// Package flatten turns the form fields of a PDF into page content, in an incremental
// update: what a person saw in the fields stays on the page, and no field is left that
// could change it later. Empty signature fields stay fields.
package flatten

import (
	"context"
	"fmt"
	"maps"

	"congvan/signing"
	"congvan/signing/pdf"
	"congvan/signing/text"
)

// Font sets text that the standard fonts cannot show; one is used for a whole update.
type Font interface {
	// Set returns text as the operand of Tj and its width in thousandths of the font
	// size. A character that the font lacks is signing.ErrGlyphMissing.
	Set(text string) (operand string, width int64, err error)
	// Ref is the font dictionary.
	Ref() pdf.Ref
	// Write puts the font into the update, after the last Set.
	Write(u *pdf.Update) error
}

// Error names the field that could not be flattened.
type Error struct {
	Field string
	Err   error
}

func (e *Error) Error() string { return fmt.Sprintf("flatten: field %q: %v", e.Field, e.Err) }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Tail returns the update that flattens every field of f but empty signature fields:
// what must follow the last byte of the file. It is empty when there is nothing to do.
//
// A field's own appearance is painted where the viewer shows it (ISO 32000-2 12.5.5).
// Where it has none, or the form says NeedAppearances, the value is drawn as viewers
// do then; newFont makes the font for text outside WinAnsi and may be nil.
//
// Errors: signing.ErrEncrypted, ErrSigned, those of reading the file, *Error for a
// field that cannot be drawn, or the context's.
func Tail(ctx context.Context, f *pdf.File, newFont func(*pdf.Update) Font) ([]byte, error) {
	if f.Encrypted() {
		return nil, signing.ErrEncrypted
	}
	layers, err := text.ReadLayers(f)
	if err != nil {
		return nil, err
	}
	fl := &flattener{
		file: f, update: pdf.NewUpdate(f), layers: layers, newFont: newFont,
		fields: map[pdf.Ref]*pdf.Field{}, kept: map[pdf.Ref]bool{}, standard: map[string]pdf.Ref{},
	}
	if err := fl.readForm(); err != nil {
		return nil, err
	}
	err = f.Pages(func(n int, page pdf.Page) (bool, error) {
		if err := fl.page(page); err != nil {
			return false, fmt.Errorf("page %d: %w", n, err)
		}
		return true, ctx.Err()
	})
	if err != nil {
		return nil, err
	}
	if err := fl.writeForm(); err != nil {
		return nil, err
	}
	if fl.font != nil {
		if err := fl.font.Write(fl.update); err != nil {
			return nil, err
		}
	}
	if fl.update.Len() == 0 {
		return nil, nil
	}
	return fl.update.Bytes()
}

type flattener struct {
	file    *pdf.File
	update  *pdf.Update
	layers  *text.Layers
	form    pdf.Dict // nil when the file has none
	formRef pdf.Ref
	needs   bool // NeedAppearances
	fields  map[pdf.Ref]*pdf.Field
	kept    map[pdf.Ref]bool // widgets of empty signature fields
	others  int              // fields that are not signatures

	newFont  func(*pdf.Update) Font
	font     Font
	standard map[string]pdf.Ref
	save     pdf.Ref // the stream that saves the graphics state
}

func (fl *flattener) readForm() error {
	var err error
	if fl.form, fl.formRef, err = fl.file.Form(); err != nil {
		return err
	}
	needs, err := fl.file.Resolve(fl.form["NeedAppearances"])
	if err != nil {
		return err
	}
	fl.needs = needs == true
	fields, err := fl.file.Fields()
	if err != nil {
		return err
	}
	for i := range fields {
		field := &fields[i]
		if field.Type == "Sig" {
			value, err := fl.file.Resolve(field.Value)
			if err != nil {
				return err
			}
			if value != nil {
				return fmt.Errorf("%w: field %q", signing.ErrSigned, field.Name)
			}
		} else {
			fl.others++
		}
		for _, w := range field.Widgets {
			if w.Ref == (pdf.Ref{}) {
				continue // cannot be told from others on a page
			}
			fl.fields[w.Ref] = field
			fl.kept[w.Ref] = field.Type == "Sig"
		}
	}
	return nil
}

// writeForm takes the flattened fields out of the form, and the form out of the
// catalog when nothing is left of it.
func (fl *flattener) writeForm() error {
	if fl.others == 0 && fl.update.Len() == 0 {
		return nil
	}
	if fl.form == nil {
		return nil
	}
	fields, err := fl.file.Array(fl.form["Fields"])
	if err != nil {
		return err
	}
	left, err := fl.prune(fields, "", 0)
	if err != nil {
		return err
	}
	root, err := fl.file.Root()
	if err != nil {
		return err
	}
	root = maps.Clone(root)
	if len(left) == 0 {
		delete(root, "AcroForm")
		fl.update.Set(fl.file.RootRef(), root)
		fl.drop(fl.formRef, fl.form)
		return nil
	}
	form := maps.Clone(fl.form)
	form["Fields"] = left
	for _, key := range []pdf.Name{"NeedAppearances", "CO", "XFA"} {
		delete(form, key)
	}
	if fl.formRef != (pdf.Ref{}) {
		fl.update.Set(fl.formRef, form)
		return nil
	}
	root["AcroForm"] = form
	fl.update.Set(fl.file.RootRef(), root)
	return nil
}

// prune returns what stays of a list of fields: signature fields and the groups that
// hold them. The walk is bounded: pdf.File.Fields took it before.
func (fl *flattener) prune(list pdf.Array, kind pdf.Name, depth int) (pdf.Array, error) {
	left := pdf.Array{}
	for _, o := range list {
		d, err := fl.file.Dict(o)
		if err != nil {
			return nil, err
		}
		if d == nil {
			continue
		}
		inherited := kind
		if own, err := fl.file.Name(d["FT"]); err == nil {
			inherited = own
		}
		ref, _ := o.(pdf.Ref)
		kids, err := fl.file.Array(d["Kids"])
		if err != nil {
			return nil, err
		}
		if !fl.group(kids) {
			if inherited == "Sig" {
				left = append(left, o)
			} else {
				fl.drop(ref, d)
			}
			continue
		}
		stay, err := fl.prune(kids, inherited, depth+1)
		switch {
		case err != nil:
			return nil, err
		case len(stay) == 0:
			fl.drop(ref, d)
		case len(stay) == len(kids):
			left = append(left, o)
		default:
			d = maps.Clone(d)
			d["Kids"] = stay
			if ref == (pdf.Ref{}) {
				left = append(left, d)
				continue
			}
			fl.update.Set(ref, d)
			left = append(left, o)
		}
	}
	return left, nil
}

// group reports whether kids are fields, and not just the places of one field.
func (fl *flattener) group(kids pdf.Array) bool {
	for _, k := range kids {
		if d, err := fl.file.Dict(k); err == nil && (d["T"] != nil || d["Kids"] != nil) {
			return true
		}
	}
	return false
}

// drop makes an object null, so that whatever else refers to it, such as the
// structure tree, finds no field there. An object that claims to be more than a field
// is left alone.
func (fl *flattener) drop(ref pdf.Ref, d pdf.Dict) {
	if ref != (pdf.Ref{}) && ref != fl.file.RootRef() && (d["Type"] == nil || d["Type"] == pdf.Name("Annot")) && d["Pages"] == nil {
		fl.update.Set(ref, nil)
	}
}
