package validation

import (
	"fmt"
	"slices"
	"strings"
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
		"a comment":              {"<!-- x -->" + packet("Công văn", "writer", "2026-11-21"), true},
		"too deep":               {strings.Repeat("<a>", 65) + strings.Repeat("</a>", 65) + packet("Công văn", "writer", "2026-11-21"), false},
		"the title again, blank": {packet("Công văn", "writer", "2026-11-21") + "<x> \n </x>", true},
		"an attribute more":      {strings.Replace(packet("Công văn", "writer", "2026-11-21"), "xmp:ModifyDate", `dc:x="1" xmp:ModifyDate`, 1), false},
		"a name space more":      {strings.Replace(packet("Công văn", "writer", "2026-11-21"), "xmlns:dc", `xmlns:zz="z" xmlns:dc`, 1), true},
		"a tool kit more":        {strings.Replace(packet("Công văn", "writer", "2026-11-21"), "xmlns:x=", `x:xmptk="z" xmlns:x=`, 1), true},
		"about something":        {strings.Replace(packet("Công văn", "writer", "2026-11-21"), `rdf:about=""`, `rdf:about="y"`, 1), true},
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

// Where metadata and document information may lie. The first step is part of the signed
// revision.
func TestPlacesOfMetadata(t *testing.T) {
	b := newBench(t)
	const stream = "/Type /Metadata /Subtype /XML"
	same, other := packet("Công văn", "writer", "2026-11-21"), packet("Công văn", "other", "2026-11-22")
	catalog := func(metadata string) string {
		return "<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R " + metadata + " >>"
	}
	kept := func(d *doc) { d.Obj(1, catalog("/Metadata 15 0 R")); d.Stream(15, stream, same) }
	then := func(num int, xmp, metadata string) func(d *doc) {
		return func(d *doc) { d.Stream(num, stream, xmp); write(1, catalog(metadata))(d) }
	}
	info := func(after string) steps { return steps{nil, write(14, after)} }
	for name, c := range map[string]changed{
		"as it was":              {steps{kept, write(1, catalog("/Metadata 15 0 R /Version /2.0"))}, "=catalog_updated"},
		"written over":           {steps{kept, func(d *doc) { d.Stream(15, stream, other); d.end() }}, "=metadata_updated"},
		"in a new object":        {steps{kept, then(95, other, "/Metadata 95 0 R")}, "=catalog_updated; metadata_updated"},
		"in an old object":       {steps{func(d *doc) { kept(d); d.Stream(16, stream, other) }, write(1, catalog("/Metadata 16 0 R"))}, ""},
		"in an old object, over": {steps{func(d *doc) { kept(d); d.Obj(16, "(x)") }, then(16, other, "/Metadata 16 0 R")}, ""},
		"removed":                {steps{kept, write(1, catalog(""))}, ""},
		"no object":              {steps{kept, write(1, catalog("/Metadata (x)"))}, ""},
		"no stream":              {steps{kept, func(d *doc) { d.Obj(15, "(x)"); d.end() }}, ""},
		"was no stream":          {steps{func(d *doc) { kept(d); d.Obj(15, "(x)") }, func(d *doc) { d.Stream(15, stream, same); d.end() }}, ""},
		"added, with a title":    {steps{nil, then(95, same, "/Metadata 95 0 R")}, ""},
		"added, with dates":      {steps{nil, then(95, "<x/>", "/Metadata 95 0 R")}, "=catalog_updated; metadata_updated"},
		"that a page names too":  {steps{func(d *doc) { kept(d); d.page("/Metadata 15 0 R") }, func(d *doc) { d.Stream(15, stream, other); d.end() }}, "!an object that others refer to"},

		"information: a date":              {info("<< /Title (Cong van) /ModDate (D:2026) >>"), "=metadata_updated"},
		"information: a date of creation":  {info("<< /Title (Cong van) /CreationDate (D:2026) >>"), "=metadata_updated"},
		"information: no title":            {info("<< /ModDate (D:2026) >>"), ""},
		"information: a date that is none": {info("<< /Title (Cong van) /ModDate 2026 >>"), ""},
		"information: an author":           {info("<< /Title (Cong van) /Author (x) >>"), ""},
		"information: no longer named":     {steps{nil, func(d *doc) { d.text(11, "so", "/V (1)"); d.Table("/ID [<01> <02>]") }}, "=field_filled so"},
	} {
		t.Run(name, func(t *testing.T) { c.inside(t, b, sig{name: "a"}) })
	}
}
