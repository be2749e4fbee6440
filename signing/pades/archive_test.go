package pades

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"congvan/signing"
	"congvan/signing/pdf"
	"congvan/signing/pdf/pdftest"
)

// archived is a file of one page that claims to be PDF/A of a part, with an output
// intent of so many colours; "Giam doc" stands at 50, 600.
func archived(claim string, colours int) []byte {
	b := pdftest.New()
	intent := ""
	if colours > 0 {
		intent = "/OutputIntents [<< /Type /OutputIntent /S /GTS_PDFA1 /OutputConditionIdentifier (x) /DestOutputProfile 6 0 R >>]"
		b.Stream(6, fmt.Sprintf("/N %d", colours), "profile")
	}
	b.Obj(1, "<< /Type /Catalog /Pages 2 0 R /Metadata 5 0 R "+intent+" >>")
	b.Obj(2, "<< /Type /Pages /Count 1 /Kids [3 0 R] >>")
	b.Obj(3, "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>")
	b.Stream(4, "", "BT /F 12 Tf 300 700 Td (GIAM DOC) Tj 0 -70 Td (Nguyen Van An) Tj ET")
	b.Stream(5, "/Type /Metadata /Subtype /XML", claim)
	b.Table("/ID [<01> <01>]")
	return b.Bytes()
}

func xmp(part string) string {
	return `<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:p="http://www.aiim.org/pdfa/ns/id/">` +
		`<p:part>` + part + `</p:part><p:conformance>B</p:conformance></rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>`
}

// A file that claims to be PDF/A stays what it claims: no transparency in part 1,
// colours that its output intent explains, strings of bounded length, an appearance
// for every field. make interop has veraPDF say the same of files made by LibreOffice.
func TestArchiveStaysArchive(t *testing.T) {
	e, leader, agency := New(Options{}), newSigner(t, "Nguyễn Văn An"), newSigner(t, "Sở Ví dụ")
	for name, c := range map[string]struct {
		base     []byte
		has, not []string // in what was added
		reserve  int
	}{
		"part 1": {
			archived(xmp("1"), 3),
			[]string{"/DeviceRGB", "/Mask ", "/ImageMask true", "0 g /F"},
			[]string{"/SMask", "/CalRGB", "/CalGray", "/ca ", "/Group"},
			32767,
		},
		"part 1, written as an attribute": {
			archived(strings.NewReplacer("<p:part>1</p:part>", "", `rdf:about=""`, `rdf:about="" p:part="1"`).Replace(xmp("1")), 3),
			[]string{"/Mask "},
			[]string{"/SMask"},
			32767,
		},
		"part 1, colours of a press":      {archived(xmp("1"), 4), []string{"/CalRGB", "/Mask ", "0 g /F"}, []string{"/SMask", "/DeviceRGB", "/CalGray"}, 32767},
		"part 2":                          {archived(xmp("2"), 3), []string{"/DeviceRGB", "/SMask"}, []string{"/Mask ", "/CalRGB"}, 32767},
		"part 2, colours of a press":      {archived(xmp("2"), 4), []string{"/CalRGB", "/SMask"}, []string{"/DeviceRGB"}, 32767},
		"part 3, without output intent":   {archived(xmp("3"), 0), []string{"/CalRGB", "/CalGray", "/Mask ", "/Grey cs 0 sc"}, []string{"/SMask", "/DeviceRGB", "0 g /F"}, 32767},
		"part 4":                          {archived(xmp("4"), 3), []string{"/SMask"}, nil, 32768},
		"no archive":                      {archived("", 0), []string{"/DeviceRGB", "/SMask", "0 g /F"}, []string{"/CalRGB", "/CalGray"}, 32768},
		"another part, of another schema": {archived(strings.ReplaceAll(xmp("1"), "pdfa/ns/id", "pdfx/ns/id"), 0), []string{"/SMask"}, nil, 32768},
		"metadata that are no XML":        {archived("<<<<"+xmp("1"), 0), []string{"/SMask"}, nil, 32768},
		"a part that is none":             {archived(xmp("9"), 0), []string{"/SMask"}, nil, 32768},
	} {
		t.Run(name, func(t *testing.T) {
			once := leader.sign(t, e, c.base, signing.Request{
				Field: "a", Place: signing.Place{Page: 1, X: 100, Y: 50, W: 50, H: 20}, Appearance: signing.Appearance{Look: signing.LookLeader, Image: signatureImage(t)},
				Create: []signing.FieldSpec{{Name: "number", Kind: signing.FieldText, Place: signing.Place{Page: 1, X: 20, Y: 20, W: 40, H: 6}}},
			})
			signed := agency.sign(t, e, once, signing.Request{Field: "unseen", Fill: []signing.FieldValue{{Name: "number", Value: "125"}}})
			verified(t, signed, leader, agency)
			added := uncompressed(t, signed, len(c.base))
			for _, s := range c.has {
				if !strings.Contains(added, s) {
					t.Errorf("%q is missing", s)
				}
			}
			for _, s := range c.not {
				if strings.Contains(added, s) {
					t.Errorf("%q was added", s)
				}
			}
			for _, s := range signatures(t, signed) {
				if len(s.contents) != c.reserve {
					t.Errorf("%d bytes for /Contents, want %d", len(s.contents), c.reserve)
				}
			}
			fields, err := open(t, signed).Fields()
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range fields {
				ap, _ := f.Dict["AP"].(pdf.Dict)
				if strings.HasPrefix(name, "part 1") && (len(ap) != 1 || ap["N"] == nil) {
					t.Errorf("field %s has the appearance %v", f.Name, f.Dict["AP"])
				}
				if flags, _ := f.Dict["F"].(int64); flags&(1<<2) == 0 || flags&(1<<0|1<<1|1<<5) != 0 {
					t.Errorf("field %s has flags %d", f.Name, flags)
				}
			}
			// On white or not, the picture hides no name: only its ink and what is mixed
			// with it is painted.
			black := func(r, g, b uint32) bool { return r+g+b < 150 }
			before, _ := pixels(render(t, c.base, 1), black)
			m := render(t, signed, 1)
			after, _ := pixels(m, black)
			if n, _ := pixels(m, blue); n < 300 || after < before {
				t.Errorf("%d blue pixels; %d black ones were %d", n, after, before)
			}
		})
	}
}

// What cannot be read of a claim claims nothing, and does not stop a signature; what
// ends the work does.
func TestArchiveClaim(t *testing.T) {
	const intent = "/OutputIntents [<< /S /GTS_PDFA1 /DestOutputProfile 6 0 R >>]"
	metadata := func(dict, data string) string {
		return fmt.Sprintf("<< /Type /Metadata %s /Length %d >>\nstream\n%s\nendstream", dict, len(data), data)
	}
	profile := "<< /N 3 /Length 1 >>\nstream\nx\nendstream"
	for name, c := range map[string]struct {
		metadata, catalog, profile string
		want                       archive
	}{
		"part 2":                     {metadata("", xmp("2")), intent, profile, archive{2, 3}},
		"spaces around it":           {metadata("", xmp(" 3\n")), "", "", archive{3, 0}},
		"below the first part":       {metadata("", xmp("0")), "", "", archive{}},
		"far below":                  {metadata("", xmp("-1")), "", "", archive{}},
		"behind the last":            {metadata("", xmp("5")), "", "", archive{}},
		"no number":                  {metadata("", xmp("B")), "", "", archive{}},
		"profile that is none":       {metadata("", xmp("2")), intent, "(x)", archive{2, 0}},
		"profile not named":          {metadata("", xmp("2")), "/OutputIntents [<< /S /GTS_PDFA1 >>]", "", archive{2, 0}},
		"intents that are no list":   {metadata("", xmp("2")), "/OutputIntents 5", "", archive{2, 0}},
		"intent that is none":        {metadata("", xmp("2")), "/OutputIntents [5]", "", archive{2, 0}},
		"metadata no stream":         {"(2)", intent, profile, archive{}},
		"metadata cannot be read":    {"<< /A", intent, profile, archive{}},
		"metadata cannot be decoded": {metadata("/Filter /FlateDecode", xmp("2")), intent, profile, archive{}},
		"filter not known":           {metadata("/Filter /DCTDecode", xmp("2")), intent, profile, archive{}},
		"metadata without end":       {metadata("", strings.Repeat(" ", 1<<20)+xmp("2")), intent, profile, archive{}},
	} {
		f := open(t, formFile{catalog: "/Metadata 10 0 R " + c.catalog, extra: map[int]string{6: c.profile, 10: c.metadata}}.build())
		if got, err := readArchive(f); err != nil || got.part != c.want.part || got.part != 0 && got != c.want {
			t.Errorf("%s: %+v %v, want %+v", name, got, err, c.want)
		}
	}
	data := formFile{catalog: "/Metadata 10 0 R", extra: map[int]string{10: metadata("", xmp("2"))}}.build()
	ctx, cancel := context.WithCancel(t.Context())
	f, err := pdf.Open(ctx, bytes.NewReader(data), int64(len(data)), pdf.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Root(); err != nil { // it is kept: the metadata is what comes too late
		t.Fatal(err)
	}
	cancel()
	if got, err := readArchive(f); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %+v %v", got, err)
	}
}

// uncompressed is what was added to a file, as qpdf writes it without filters.
func uncompressed(t testing.TB, data []byte, from int) string {
	t.Helper()
	f := open(t, data)
	var out bytes.Buffer
	out.Write(data[from:])
	for _, num := range f.Numbers() {
		c, _ := f.Entry(num)
		if c.Offset < int64(from) {
			continue
		}
		o, err := f.Get(pdf.Ref{Num: num, Gen: c.Gen})
		if err != nil {
			t.Fatal(err)
		}
		if s, ok := o.(*pdf.Stream); ok && s.Dict["Subtype"] == pdf.Name("Form") {
			content, err := f.Decode(s, 1<<20)
			if err != nil {
				t.Fatal(err)
			}
			out.Write(content)
		}
	}
	return out.String()
}
