package validation

import (
	"fmt"
	"slices"
	"testing"

	"congvan/signing"
)

// packet is an XMP packet with a title, a producer and a date.
func packet(title, producer, date string) string {
	return fmt.Sprintf(`<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/"
 xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:ModifyDate="%s">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">%s</rdf:li></rdf:Alt></dc:title><pdf:Producer>%s</pdf:Producer>
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>`, date, title, producer)
}

func TestMetadataRule(t *testing.T) {
	b := newBench(t)
	const stream = "/Type /Metadata /Subtype /XML"
	catalog := func(d *doc) { d.Obj(1, "<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R /Metadata 15 0 R >>") }
	for name, c := range map[string]struct {
		after     string
		permitted bool
	}{
		"another date and producer": {packet("Công văn", "other", "2026-11-22"), true},
		"another title":             {packet("Quyết định", "writer", "2026-11-21"), false},
		"another way to write it": {`<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:d="http://purl.org/dc/elements/1.1/">
			<rdf:Description rdf:about=""><d:title><rdf:Alt><rdf:li xml:lang="x-default"> Công văn </rdf:li></rdf:Alt></d:title></rdf:Description></rdf:RDF>`, false},
		"not XML":                {"rubbish <", false},
		"a document type":        {"<!DOCTYPE x [<!ENTITY e 'x'>]>" + packet("Công văn", "writer", "2026-11-21"), false},
		"a property that is new": {packet("Công văn</rdf:li><rdf:li>Khác", "writer", "2026-11-21"), false},
		"empty":                  {"", false},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoc(t, b)
			catalog(d)
			d.Stream(15, stream, packet("Công văn", "writer", "2026-11-21"))
			d.end()
			d.sign(sig{name: "a"})
			d.sign(sig{name: "b", before: func(d *doc) { d.Stream(15, stream, c.after) }})
			r := validate(t, b.validator(), d.Bytes())
			if c.permitted != (r.Verdict == signing.Valid) || c.permitted != slices.Contains(r.Signatures[0].Changes, ChangeMetadata) {
				t.Errorf("%s %v", r.Verdict, r.Signatures[0].Changes)
			}
		})
	}
}
