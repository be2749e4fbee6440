package edxml

import (
	"encoding/xml"
	"reflect"
	"strings"
)

// fields fills the structs that into points to by the names of their fields.
func (r *reader) fields(into ...any) error {
	values := make([]reflect.Value, len(into))
	for i, p := range into {
		values[i] = reflect.ValueOf(p).Elem()
	}
	return r.fieldsOf(values...)
}

func (r *reader) fieldsOf(values ...reflect.Value) error {
	return r.children(func(start xml.StartElement) error {
		local := start.Name.Local
		for _, v := range values {
			f := v.FieldByNameFunc(func(name string) bool { return strings.EqualFold(name, local) })
			if f.IsValid() {
				return r.field(f, start)
			}
			if f = spelt(v, local); f.IsValid() {
				return r.respelt(f, start)
			}
		}
		return r.unknown()
	})
}

// field reads the element just opened into f. One that may stand once and is there
// twice is refused if the two differ: another reader might take the other.
func (r *reader) field(f reflect.Value, start xml.StartElement) error {
	switch f.Kind() {
	case reflect.Slice:
		e := reflect.New(f.Type().Elem()).Elem()
		if err := r.field(e, start); err != nil {
			return err
		}
		if !blank(e) {
			f.Set(reflect.Append(f, e))
		}
		return nil
	case reflect.Struct:
		if !f.IsZero() {
			return r.refuse(CodeAmbiguous, "given twice")
		}
		if err := r.fieldsOf(f); err != nil {
			return err
		}
		r.structRead(f, start)
		return nil
	case reflect.String:
		text, err := r.text()
		if err != nil {
			return err
		}
		return r.set(f, text)
	}
	if !f.IsNil() {
		return r.refuse(CodeAmbiguous, "content given twice")
	}
	content, err := r.content()
	if err != nil {
		return err
	}
	f.Set(reflect.ValueOf(content))
	return r.discard()
}

// spelt finds the field that the regulation spells "Bussiness…" for a sender who spells it
// right: a recall must not pass for a new document because of a letter.
func spelt(v reflect.Value, local string) reflect.Value {
	if len(local) < len("business") || !strings.EqualFold(local[:len("business")], "business") {
		return reflect.Value{}
	}
	wire := "Bussiness" + local[len("business"):]
	return v.FieldByNameFunc(func(name string) bool { return strings.EqualFold(name, wire) })
}

// respelt reads an element under its other spelling; one that says nothing we know counts
// for nothing, and beside the first spelling it must say the same.
func (r *reader) respelt(f reflect.Value, start xml.StartElement) error {
	other := reflect.New(f.Type()).Elem()
	if err := r.field(other, start); err != nil {
		return err
	}
	switch {
	case blank(other) || reflect.DeepEqual(other.Interface(), f.Interface()):
	case !f.IsZero():
		return r.refuse(CodeAmbiguous, "given twice in two spellings")
	default:
		f.Set(other)
	}
	return nil
}

// structRead sees to what is not plain text: where the last TraceHeader ends, and a
// reference that gives its content id as a link.
func (r *reader) structRead(f reflect.Value, start xml.StartElement) {
	switch v := f.Addr().Interface().(type) {
	case *TraceHeader:
		if !r.in.recoded { // the offset is one in the bytes as they came
			r.env.TraceEnd = r.in.pos
		}
	case *reference:
		for _, a := range start.Attr {
			if v.ContentId == "" && strings.EqualFold(a.Name.Local, "href") {
				v.ContentId = a.Value
			}
		}
	}
}

// set puts a text into a field in the form of its kind.
func (r *reader) set(f reflect.Value, text string) error {
	text = plain(text)
	switch f.Addr().Interface().(type) {
	case *Date:
		text = string(ParseDate(text))
	case *Timestamp:
		text = string(ParseTimestamp(text))
	}
	if old := f.String(); text != "" && old != "" && old != text {
		return r.refuse(CodeAmbiguous, "given twice with different values")
	}
	if text != "" {
		f.SetString(text)
	}
	return nil
}

// plain trims a value; senders write "N/A" for what they do not have.
func plain(text string) string {
	text = strings.TrimSpace(text)
	if strings.EqualFold(text, "N/A") {
		return ""
	}
	return text
}

// text is the text of the element just opened; elements within it are unknown ones.
func (r *reader) text() (string, error) {
	var b strings.Builder
	for {
		tok, err := r.token()
		if err != nil {
			return "", r.inside(err)
		}
		switch t := tok.(type) {
		case xml.CharData:
			b.Write(t)
		case xml.StartElement:
			if err := r.unknown(); err != nil {
				return "", err
			}
		case xml.EndElement:
			return b.String(), nil
		}
	}
}
