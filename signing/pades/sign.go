package pades

import (
	"bytes"
	"fmt"
	"maps"
	"strings"
	"time"

	"congvan/signing"
	"congvan/signing/pdf"
)

// flags of an annotation (12.5.3): printed, and not moved by a viewer.
const (
	flagPrint  = 1 << 2
	flagLocked = 1 << 7
)

// sign adds the signature and the field that holds it.
func (u *update) sign() (contents, byteRange *pdf.Placeholder, err error) {
	field, err := u.form.find(u.request.Field)
	if err != nil {
		return nil, nil, err
	}
	value := u.Reserve()
	lock := u.request.Lock
	if field == nil {
		err = u.createSigned(value)
	} else {
		lock, err = u.fillSignature(field, value)
	}
	if err != nil {
		return nil, nil, err
	}
	if u.request.Certify != 0 {
		root, err := u.root()
		if err != nil {
			return nil, nil, err
		}
		perms, err := u.file.Dict(root["Perms"])
		if err != nil {
			return nil, nil, err
		}
		if perms = maps.Clone(perms); perms == nil {
			perms = pdf.Dict{}
		}
		perms["DocMDP"] = value
		root["Perms"] = perms
		u.Set(u.file.RootRef(), root)
	}
	return u.signature(value, lock)
}

// placeholders make room for /Contents of so many bytes and for its /ByteRange.
func (e *Engine) placeholders(reserve int) (contents, byteRange *pdf.Placeholder) {
	contents = &pdf.Placeholder{Text: e.empty}
	if reserve != defaultReserve {
		contents.Text = emptyContents(reserve)
	}
	return contents, &pdf.Placeholder{Text: []byte("[0" + strings.Repeat(" ", 3*20) + "]")}
}

// emptyContents is a /Contents of so many bytes of zeros.
func emptyContents(reserve int) []byte {
	text := bytes.Repeat([]byte{'0'}, 2*reserve+2)
	text[0], text[len(text)-1] = '<', '>'
	return text
}

// signature writes the signature dictionary (12.8.1) with room for /Contents.
func (u *update) signature(ref pdf.Ref, lock *signing.Lock) (contents, byteRange *pdf.Placeholder, err error) {
	r := u.request
	contents, byteRange = u.engine.placeholders(r.Reserve)
	d := pdf.Dict{
		"Type": pdf.Name("Sig"), "Filter": pdf.Name("Adobe.PPKLite"), "SubFilter": pdf.Name("ETSI.CAdES.detached"),
		"Contents": contents, "ByteRange": byteRange, "M": pdf.String(date(r.Time)),
	}
	for key, text := range map[pdf.Name]string{"Name": r.Name, "Reason": r.Reason, "Location": r.Location} {
		if text != "" {
			d[key] = pdf.TextString(text)
		}
	}
	var references pdf.Array
	if r.Certify != 0 {
		references = append(references, u.reference("DocMDP", pdf.Dict{"P": int64(r.Certify)}))
	}
	if lock != nil {
		params, err := lockParams(lock)
		if err != nil {
			return nil, nil, err
		}
		references = append(references, u.reference("FieldMDP", params))
	}
	if references != nil {
		d["Reference"] = references
	}
	u.Set(ref, d)
	return contents, byteRange, nil
}

// reference writes a signature reference dictionary (12.8.1, table 256).
func (u *update) reference(method pdf.Name, params pdf.Dict) pdf.Dict {
	params["Type"], params["V"] = pdf.Name("TransformParams"), pdf.Name("1.2")
	d := pdf.Dict{"Type": pdf.Name("SigRef"), "TransformMethod": method, "TransformParams": params}
	if method == "FieldMDP" {
		d["Data"] = u.file.RootRef()
	}
	return d
}

// date writes a time with its own zone (7.9.4).
func date(t time.Time) string {
	_, seconds := t.Zone()
	sign := '+'
	if seconds < 0 {
		sign, seconds = '-', -seconds
	}
	return fmt.Sprintf("D:%s%c%02d'%02d'", t.Format("20060102150405"), sign, seconds/3600, seconds/60%60)
}

// createSigned adds a new signature field with its value.
func (u *update) createSigned(value pdf.Ref) error {
	r := u.request
	if err := u.form.free(r.Field); err != nil {
		return err
	}
	if r.Appearance.Look == signing.LookNone || r.Appearance.Look == "" {
		r.Place = signing.Place{Page: max(1, r.Place.Page)}
	} else {
		if err := u.locks.forbid(r.Field); err != nil {
			return err // an invisible field changes nothing that was signed
		}
		if err := u.locks.shown(); err != nil {
			return err
		}
		var err error
		if r.Place, err = u.trimmed(r.Place); err != nil {
			return err
		}
		if err := u.uncovered(r.Place); err != nil {
			return err
		}
	}
	w, err := u.newWidget(r.Field, "Sig", r.Place)
	if err != nil {
		return err
	}
	w.dict["V"], w.dict["F"] = value, int64(flagPrint|flagLocked)
	if err := w.lock(u, r.Lock); err != nil {
		return err
	}
	if w.dict["AP"], err = u.look(w.box, w.page); err != nil {
		return err
	}
	if w.dict["AP"] == nil {
		w.unseen(u)
	}
	return u.place(w)
}

// fillSignature gives an existing, empty signature field its value. It returns the
// field's own lock.
func (u *update) fillSignature(field *pdf.Field, value pdf.Ref) (*signing.Lock, error) {
	is, err := signed(u.file, *field)
	switch {
	case err != nil:
		return nil, err
	case field.Type != "Sig":
		return nil, fmt.Errorf("%w: by a field that is no signature", signing.ErrFieldExists)
	case is:
		return nil, fmt.Errorf("%w: it is signed", signing.ErrFieldExists)
	}
	if err := u.locks.forbid(field.Name); err != nil {
		return nil, err
	}
	if err := u.seed(field); err != nil {
		return nil, err
	}
	if err := u.setValue(field, value); err != nil {
		return nil, err
	}
	if look := u.request.Appearance.Look; look != signing.LookNone && look != "" {
		if len(field.Widgets) != 1 {
			return nil, fmt.Errorf("%w: the field shows in %d places, a signature in one", signing.ErrPlace, len(field.Widgets))
		}
		if err := u.redraw(field.Widgets[0], u.look); err != nil {
			return nil, err
		}
	}
	d, err := u.file.Dict(field.Dict["Lock"])
	if err != nil || d == nil {
		return nil, err
	}
	return readLock(u.file, d)
}

// look draws the request's appearance; nil for one that shows nothing.
func (u *update) look(b box, p *page) (pdf.Object, error) {
	a := u.request.Appearance
	c := u.canvas(b, p)
	switch a.Look {
	case signing.LookNone, "":
		return nil, nil
	case signing.LookLeader, signing.LookAgency, signing.LookInitials:
		picture, err := u.engine.pictures.get(a.Image, u.archive.opaque(), u.Update)
		if err != nil {
			return nil, err
		}
		c.image(picture.write(u.Update, u.archive.rgb()), picture)
	case signing.LookAttachment, signing.LookCopy:
		if err := c.text(u.subset(u.engine.regular), a.Lines); err != nil {
			return nil, err
		}
	default:
		return nil, fmt.Errorf("pades: unknown look %q", a.Look)
	}
	return pdf.Dict{"N": c.write(u.Update, p.rotate)}, nil
}
