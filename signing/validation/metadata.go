package validation

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"congvan/signing"
	"congvan/signing/pdf"
)

// information compares document information dictionaries: signers stamp the date
// and their own name there.
func (s *step) information(a, b pdf.Object) error {
	if b == nil {
		return nil
	}
	x, err := s.old.Dict(a)
	if err != nil {
		return err
	}
	y, err := s.new.Dict(b)
	if err != nil {
		return err
	}
	s.own(refNum(b), group{})
	y = asWritten(x, y)
	allowed := permission(ChangeMetadata)
	if x["CreationDate"] == nil { // a date of creation may be added, not altered
		allowed.Keys = append(slices.Clone(allowed.Keys), "CreationDate")
	}
	if keys := diffKeys(x, y); len(keys) > 0 && s.onlyKeys("document information", x, y, allowed) {
		for _, k := range keys {
			v, err := s.new.Resolve(y[k])
			if _, isText := v.(pdf.String); err != nil || !isText {
				s.forbid("document information: /%s is no string", k)
			}
		}
		s.note(change{code: ChangeMetadata})
	}
	return nil
}

// asWritten is y with the bytes of x wherever both hold the same text: pyHanko writes
// every entry again in an encoding of its own (ISO 32000-2, 7.9.2.2).
func asWritten(x, y pdf.Dict) pdf.Dict {
	out := maps.Clone(y)
	for k, v := range y {
		was, text := x[k].(pdf.String)
		is, text2 := v.(pdf.String)
		if text && text2 && was.Text() == is.Text() {
			out[k] = was
		}
	}
	return out
}

// metadata compares XMP packets by what they say, not by how they are written.
func (s *step) metadata(a, b pdf.Object) error {
	n := refNum(b)
	if pdf.Equal(a, b) && !s.changed[n] {
		return nil
	}
	if b == nil {
		s.forbid("catalog: /Metadata was removed")
		return nil
	}
	if n == 0 || (n != refNum(a) && !s.fresh[n]) {
		s.forbid("catalog: /Metadata points at an existing object")
		return nil
	}
	x, err := properties(s.old, a)
	if fatal(err) {
		return err
	}
	y, err2 := properties(s.new, b)
	if fatal(err2) {
		return err2
	}
	s.own(n, s.catalogs())
	if err != nil || err2 != nil || !maps.Equal(x, y) {
		s.forbid("XMP metadata were changed")
		return nil
	}
	s.note(change{code: ChangeMetadata})
	return nil
}

// stamped are the XMP properties that a signer may set.
var stamped = [...]string{
	"http://ns.adobe.com/xap/1.0/ ModifyDate",
	"http://ns.adobe.com/xap/1.0/ MetadataDate",
	"http://ns.adobe.com/pdf/1.3/ Producer",
	"http://ns.adobe.com/xap/1.0/mm/ InstanceID",
}

const rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"

var errXMP = fmt.Errorf("%w: XMP metadata are no well-formed XML", signing.ErrTruncated)

// properties reads an XMP packet into a map from property path to text, without
// the properties that a signer may set. Attributes count as elements (ISO 16684-1,
// 7.9.2.2).
func properties(f *pdf.File, o pdf.Object) (map[string]string, error) {
	out := map[string]string{}
	v, err := f.Resolve(o)
	if err != nil || v == nil {
		return out, err
	}
	stm, ok := v.(*pdf.Stream)
	if !ok {
		return nil, errXMP
	}
	data, err := f.Decode(stm, 4<<20)
	if err != nil {
		return nil, err
	}
	dec := xml.NewDecoder(bytes.NewReader(data))
	var path []string
	for {
		t, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil || len(path) > 64 {
			return nil, errXMP
		}
		switch t := t.(type) {
		case xml.Directive:
			return nil, errXMP
		case xml.StartElement:
			path = append(path, t.Name.Space+" "+t.Name.Local)
			for _, attr := range t.Attr {
				name := attr.Name.Space + " " + attr.Name.Local
				if attr.Name.Space != "xmlns" && attr.Name.Local != "xmlns" && name != rdf+" about" && attr.Name.Local != "xmptk" {
					add(out, append(slices.Clone(path), name), attr.Value)
				}
			}
		case xml.EndElement:
			path = path[:len(path)-1]
		case xml.CharData:
			if text := strings.TrimSpace(string(t)); text != "" {
				add(out, path, text)
			}
		}
	}
}

func add(out map[string]string, path []string, text string) {
	if slices.ContainsFunc(path, func(p string) bool { return slices.Contains(stamped[:], p) }) {
		return
	}
	out[strings.Join(path, "/")] += text + "\n"
}
