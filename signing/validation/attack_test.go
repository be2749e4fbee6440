package validation

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"testing"

	"congvan/signing"
	"congvan/signing/signingtest"
)

// content is the page's content stream, forged.
const forged = "BT /F1 12 Tf 72 700 Td (So tien: 900 dong) Tj ET"

// TestAttacks holds one file per known attack. None may be VALID; most must say why.
func TestAttacks(t *testing.T) {
	b := newBench(t)
	signed := func(s sig) func(d *doc) { return func(d *doc) { s.name = "a"; d.sign(s) } }
	then := func(s sig, f func(d *doc)) func(d *doc) {
		return func(d *doc) { s.name = "a"; d.sign(s); f(d) }
	}
	text := func(s string) func([]int) string { return func([]int) string { return s } }
	cases := map[string]struct {
		build  func(d *doc)
		reason string
	}{
		// Universal signature forgery: the signature lacks what would be checked.
		"USF no ByteRange":                   {signed(sig{byteRange: func(r []int) string { return "" }}), ReasonByteRange},
		"USF ByteRange renamed":              {then(sig{}, edit("/ByteRange [", "/BiteRange [")), ReasonByteRange},
		"USF negative ByteRange":             {signed(sig{byteRange: func(r []int) string { return fmt.Sprintf("0 %d %d -%d", r[1], r[2], r[3]) }}), ReasonByteRange},
		"USF real ByteRange":                 {signed(sig{byteRange: func(r []int) string { return fmt.Sprintf("0 %d %d %d.0", r[1], r[2], r[3]) }}), ReasonByteRange},
		"USF two numbers":                    {signed(sig{byteRange: func(r []int) string { return fmt.Sprintf("0 %d", r[1]) }}), ReasonByteRange},
		"USF six numbers":                    {signed(sig{byteRange: func(r []int) string { return fmt.Sprintf("0 %d %d %d 1 2", r[1], r[2], r[3]) }}), ReasonByteRange},
		"USF not from zero":                  {signed(sig{byteRange: func(r []int) string { return fmt.Sprintf("1 %d %d %d", r[1]-1, r[2], r[3]) }}), ReasonByteRange},
		"USF huge ByteRange":                 {signed(sig{byteRange: text("0 9223372036854775807 9223372036854775807 1")}), ReasonByteRange},
		"USF overlapping ByteRange":          {signed(sig{byteRange: func(r []int) string { return fmt.Sprintf("0 %d %d %d", r[2], r[1], r[3]) }}), ReasonByteRange},
		"USF indirect ByteRange":             {then(sig{}, edit("/ByteRange [0", "/ByteRange 0 R [0")), ""},
		"USF zero Contents":                  {signed(sig{contents: "00"}), ReasonContents},
		"USF Contents renamed":               {then(sig{}, edit("/Contents <3", "/Cuntents <3")), ReasonContents},
		"USF Contents no CMS":                {signed(sig{contents: "3003020101"}), ReasonCMS},
		"USF unknown SubFilter":              {signed(sig{subFilter: "adbe.x509.rsa_md5"}), ReasonSubFilter},
		"USF CMS where a bare value belongs": {signed(sig{subFilter: subFilterX509}), ReasonCMS},
		"USF no SubFilter":                   {then(sig{}, edit("/SubFilter", "/SabFilter")), ReasonSubFilter},
		"USF dangling value":                 {func(d *doc) { d.Obj(13, "<< /FT /Sig /T (trong) /V 99 0 R >>"); d.end() }, ReasonDictionary},
		"USF value a number":                 {func(d *doc) { d.Obj(13, "<< /FT /Sig /T (trong) /V 7 >>"); d.end() }, ReasonDictionary},
		"USF gap too wide":                   {signed(sig{byteRange: func(r []int) string { return fmt.Sprintf("0 %d %d %d", r[1]-4, r[2], r[3]) }}), ReasonCoverage},
		"USF gap too narrow":                 {signed(sig{byteRange: func(r []int) string { return fmt.Sprintf("0 %d %d %d", r[1]+1, r[2]-1, r[3]+1) }}), ReasonCoverage},
		"USF gap too wide at its end":        {signed(sig{byteRange: func(r []int) string { return fmt.Sprintf("0 %d %d %d", r[1], r[2]+4, r[3]-4) }}), ReasonCoverage},
		"USF not to the end":                 {signed(sig{byteRange: func(r []int) string { return fmt.Sprintf("0 %d %d %d", r[1], r[2], r[3]-40) }}), ReasonCoverage},
		"USF another key of Contents":        {signed(sig{dict: "/Contents <3003020101>"}), ReasonCoverage},
		"a byte changed":                     {then(sig{}, edit("100 dong", "900 dong")), ReasonDigest},
		"signature value changed":            {then(sig{}, flipSignature), ReasonSignature},

		// Incremental saving.
		"ISA content":       {then(sig{}, func(d *doc) { d.Stream(4, "", forged); d.end() }), ReasonChanged},
		"ISA content freed": {then(sig{}, func(d *doc) { d.Free(4); d.end() }), ReasonChanged},
		"ISA font": {then(sig{}, func(d *doc) {
			d.Obj(5, "<< /Type /Font /Subtype /Type1 /BaseFont /ZapfDingbats >>")
			d.end()
		}), ReasonChanged},
		"ISA page": {then(sig{}, func(d *doc) { d.Stream(90, "", forged); d.page("/Contents 90 0 R"); d.end() }), ReasonChanged},
		"ISA page added": {then(sig{}, func(d *doc) {
			d.Obj(2, "<< /Type /Pages /Count 2 /Kids [3 0 R 91 0 R] >>")
			d.Obj(91, "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 1 1] >>")
			d.end()
		}), ReasonChanged},
		"ISA another catalog": {then(sig{}, func(d *doc) {
			d.Obj(92, "<< /Type /Catalog /Pages 91 0 R /AcroForm 6 0 R >>")
			d.Obj(91, "<< /Type /Pages /Count 1 /Kids [3 0 R] >>")
			d.Root = "92 0 R"
			d.end()
		}), ReasonChanged},
		"ISA an old object made the catalog": {func(d *doc) {
			d.Obj(92, "<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R >>")
			d.sign(sig{name: "a"})
			d.Root = "92 0 R"
			d.end()
		}, ReasonChanged},
		"ISA signature dropped": {then(sig{}, func(d *doc) {
			d.Stream(4, "", forged)
			d.Obj(6, "<< /Fields [11 0 R 12 0 R 13 0 R] >>")
			d.end()
		}), ReasonChanged},
		"ISA form dropped": {then(sig{}, func(d *doc) { d.Obj(1, "<< /Type /Catalog /Pages 2 0 R >>"); d.end() }), ReasonChanged},
		"ISA open action": {then(sig{}, func(d *doc) {
			d.Obj(1, "<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R /OpenAction << /S /JavaScript /JS (x) >> >>")
			d.end()
		}), ReasonChanged},
		"ISA signature value": {then(sig{}, func(d *doc) { d.Obj(20, "<< /Type /Sig /SubFilter /ETSI.CAdES.detached >>"); d.end() }), ReasonChanged},
		"ISA within the second signer's update": {then(sig{}, func(d *doc) {
			d.sign(sig{name: "b", before: func(d *doc) { d.Stream(4, "", forged) }})
		}), ReasonChanged},
		"ISA objects without cross-references": {then(sig{}, func(d *doc) { d.Stream(4, "", forged) }), ReasonTrailingData},
		"ISA old bytes brought back": {then(sig{before: func(d *doc) {
			d.Raw("4 0 obj\n<< /Length " + fmt.Sprint(len(forged)) + " >>\nstream\n" + forged + "\nendstream\nendobj\n")
		}}, func(d *doc) {
			d.Entry(4, int64(bytes.LastIndex(d.Bytes(), []byte("4 0 obj"))))
			d.end()
		}), ReasonChanged},
		"ISA signature replaced": {then(sig{}, func(d *doc) {
			d.sign(sig{name: "trong", existing: 13})
			d.sign(sig{name: "trong", existing: 13, by: b.agency})
		}), ReasonChanged},
		"ISA field no longer listed": {then(sig{}, func(d *doc) { d.fields = d.fields[1:]; d.form("/SigFlags 3"); d.end() }), ReasonChanged},
		"ISA annotation removed": {then(sig{}, func(d *doc) {
			d.annots = d.annots[:len(d.annots)-1]
			d.sign(sig{name: "b"})
		}), ReasonChanged},
		"ISA annotation made a field": {func(d *doc) {
			d.annots = append(d.annots, "99 0 R")
			d.Obj(99, "<< /Subtype /Widget /FT /Sig /T (cu) /Rect [0 0 0 0] >>")
			d.page("")
			d.end()
			d.sign(sig{name: "a"})
			d.fields = append(d.fields, "99 0 R")
			d.form("/SigFlags 3")
			d.end()
		}, ReasonChanged},
		"ISA startxref astray in between": {then(sig{}, func(d *doc) {
			d.text(11, "so", "/V (7)")
			d.end()
			astray(d)
			d.text(12, "ngay", "/V (7)")
			d.end()
		}), ReasonChanged},
		"ISA startxref astray": {then(sig{}, func(d *doc) {
			d.text(11, "so", "/V (7)")
			d.end()
			astray(d)
		}), ReasonUnlisted},
		"ISA an older state brought back": {then(sig{}, func(d *doc) {
			d.Raw(fmt.Sprintf("startxref\n%d\n%%%%EOF\n", bytes.Index(d.Bytes(), []byte("\nxref\n"))+1))
		}), ReasonUnlisted},
		"startxref astray in the signed revision": {func(d *doc) {
			d.sign(sig{name: "a", end: func(d *doc) { d.end(); astray(d) }})
			d.text(11, "so", "/V (7)")
			d.end()
		}, ReasonRevision},
		"object twice in the signed revision": {func(d *doc) {
			d.sign(sig{name: "a", end: func(d *doc) { twice(d, 15) }})
		}, ReasonRevision},
		"object twice after the signature": {then(sig{}, func(d *doc) { twice(d, 15) }), ReasonChanged},

		// Signature wrapping: the ByteRange points elsewhere.
		"SWA dictionary moved": {then(sig{}, func(d *doc) { wrap(d) }), ReasonMisplaced},
		"SWA two signatures in one dictionary": {then(sig{}, func(d *doc) {
			d.fields, d.annots = append(d.fields, "93 0 R"), append(d.annots, "93 0 R")
			d.Obj(93, "<< /Subtype /Widget /FT /Sig /T (b) /V 20 0 R /Rect [0 0 0 0] >>")
			d.form("/SigFlags 3")
			d.page("")
			d.end()
		}), ReasonDuplicate},

		// Shadow attacks: what was hidden before signing is shown after.
		"shadow replace by a field's appearance": {then(sig{}, func(d *doc) {
			d.Stream(7, "/Subtype /Form /BBox [0 0 100 20] /Resources << /Font << /F1 5 0 R >> >>", forged)
			d.text(11, "so", "/V (1)")
			d.end()
		}), ReasonChanged}, // object 7 is the appearance of two fields
		"shadow replace: the field says the same and looks different": {then(sig{}, func(d *doc) {
			d.Stream(90, "/Subtype /Form /BBox [0 0 100 20] /Resources << /Font << /F1 5 0 R >> >>", forged)
			d.text(11, "so", "/AP << /N 90 0 R >>")
			d.end()
		}), ReasonChanged},
		"shadow replace: an appearance dictionary with a second use": {func(d *doc) {
			shared(d, "/FooBar 42 0 R", "")
			d.Stream(41, "/Subtype /Form /BBox [0 0 100 20]", forged)
			d.text(11, "so", "/AP 42 0 R /V (1)")
			d.end()
		}, ReasonChanged},
		"shadow replace: the same, no stream overwritten": {func(d *doc) {
			shared(d, "/FooBar 42 0 R", "")
			d.Stream(90, "/Subtype /Form /BBox [0 0 100 20]", forged)
			d.text(11, "so", "/AP << /N 90 0 R >> /V (1)")
			d.end()
		}, ReasonChanged},
		"shadow replace: the trailer names the appearance": {func(d *doc) {
			shared(d, "", "/FooBar 42 0 R")
			d.Stream(41, "/Subtype /Form /BBox [0 0 100 20]", forged)
			d.text(11, "so", "/AP 42 0 R /V (1)")
			d.end()
		}, ReasonChanged},
		"shadow extensions under a second key": {func(d *doc) {
			catalog := "<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R /Extensions 42 0 R /FooBar 42 0 R >>"
			d.Obj(42, "<< >>")
			d.Obj(1, catalog)
			d.end()
			d.sign(sig{name: "a"})
			d.Obj(1, strings.Replace(catalog, "/AcroForm", "/Version /2.0 /AcroForm", 1))
			d.Obj(42, "<< /ESIC << /BaseVersion /1.7 /ExtensionLevel 5 >> >>")
			d.end()
		}, ReasonChanged},
		"shadow hide-and-replace by a dangling reference": {func(d *doc) {
			d.sign(sig{name: "a", before: func(d *doc) { d.page("/StructParents 0 /Thumb 95 0 R") }})
			d.sign(sig{name: "b", before: func(d *doc) {
				d.page("/StructParents 0 /Thumb 95 0 R")
				d.Stream(95, "/Subtype /Image", "forged")
			}})
		}, ReasonChanged},
		"shadow form fonts": {func(d *doc) {
			d.Obj(60, "<< /Font 61 0 R >>")
			d.Obj(61, "<< /F1 5 0 R >>")
			d.Obj(3, "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources 60 0 R >>")
			d.form("/DR 60 0 R")
			d.end()
			d.sign(sig{name: "a", existing: 13})
			d.form("/SigFlags 3 /DR 60 0 R")
			d.Obj(61, "<< /F1 5 0 R /F2 62 0 R >>")
			d.Obj(62, "<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>")
			d.end()
		}, ReasonChanged},
		"shadow font of the form that the page draws with": {func(d *doc) {
			d.Obj(61, "<< /F1 5 0 R >>")
			d.Obj(3, "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font 61 0 R >> >>")
			d.form("/DR << /Font 61 0 R >>")
			d.end()
			d.sign(sig{name: "trong", existing: 13, before: func(d *doc) { d.form("/SigFlags 3 /DR << /Font 61 0 R >>") }})
			d.Obj(61, "<< /F1 5 0 R /F2 62 0 R >>")
			d.Obj(62, "<< /Type /Font /Subtype /Type1 /BaseFont /Courier >>")
			d.end()
		}, ReasonChanged},
		"shadow field hidden":        {then(sig{}, func(d *doc) { d.text(11, "so", "/F 2"); d.end() }), ReasonChanged},
		"shadow field moved":         {then(sig{}, func(d *doc) { d.text(11, "so", "/Rect [0 0 595 842]"); d.end() }), ReasonChanged},
		"shadow NeedAppearances":     {then(sig{}, func(d *doc) { d.form("/SigFlags 3 /NeedAppearances true"); d.end() }), ReasonChanged},
		"shadow signature flags off": {then(sig{}, func(d *doc) { d.form("/SigFlags 0"); d.end() }), ReasonChanged},
		"shadow XFA":                 {then(sig{}, func(d *doc) { d.form("/SigFlags 3 /XFA (x)"); d.end() }), ReasonChanged},
		"shadow title":               {then(sig{}, func(d *doc) { d.Obj(14, "<< /Title (Khac) >>"); d.end() }), ReasonChanged},
		"shadow optional content": {then(sig{}, func(d *doc) {
			d.Obj(1, "<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R /OCProperties << >> >>")
			d.end()
		}), ReasonChanged},
		"text field added":         {then(sig{}, func(d *doc) { addField(d, "/FT /Tx /T (moi)") }), ReasonChanged},
		"button with action added": {then(sig{}, func(d *doc) { addField(d, "/FT /Sig /T (moi) /A << /S /URI /URI (x) >>") }), ReasonChanged},
		"field put under a new name": {then(sig{}, func(d *doc) {
			d.fields[0] = "94 0 R"
			d.Obj(94, "<< /T (x) /Kids [11 0 R] >>")
			d.form("/SigFlags 3")
			d.end()
		}), ReasonChanged},
		"field's action": {then(sig{}, func(d *doc) { d.text(11, "so", "/AA << /F << /S /JavaScript /JS (x) >> >>"); d.end() }), ReasonChanged},
		"lock removed before its use": {then(sig{}, func(d *doc) {
			d.Obj(13, "<< /Type /Annot /Subtype /Widget /FT /Sig /T (trong) /Rect [1 1 2 2] /Lock << /Action /All >> >>")
			d.end()
		}), ReasonChanged},

		// Certified documents.
		"EAA annotation at P=2": {then(sig{dict: docMDP(2)}, freeText), ReasonChanged},
		"EAA annotation at P=3": {then(sig{dict: docMDP(3)}, freeText), ReasonChanged},
		"P=1 then a fill":       {then(sig{dict: docMDP(1)}, func(d *doc) { d.text(11, "so", "/V (1)"); d.end() }), ReasonChanged},
		"P=1 then a signature":  {then(sig{dict: docMDP(1)}, func(d *doc) { d.sign(sig{name: "b"}) }), ReasonChanged},
		"SSA unsigned field over the text": {then(sig{dict: docMDP(2)}, func(d *doc) {
			d.Stream(97, "/Subtype /Form /BBox [0 0 100 20]", forged)
			addField(d, "/FT /Sig /T (moi) /AP << /N 97 0 R >>")
		}), ReasonChanged},
		"SSA signed by a stranger":       {then(sig{dict: docMDP(2)}, func(d *doc) { d.sign(sig{name: "trong", existing: 13, by: b.SelfSigned("Nguyễn Văn Thử")}) }), ReasonUntrusted},
		"SSA signed, over the text":      {then(sig{dict: docMDP(2)}, func(d *doc) { d.sign(sig{name: "b"}) }), ReasonChanged},
		"SSA signed, over the text, P=3": {then(sig{dict: docMDP(3)}, func(d *doc) { d.sign(sig{name: "b"}) }), ReasonChanged},

		// Locks.
		"value edited after lock All":     {then(sig{field: "/Lock << /Action /All >>"}, fillSo), ReasonChanged},
		"value edited after lock Include": {then(sig{field: "/Lock << /Action /Include /Fields [(so)] >>"}, fillSo), ReasonChanged},
		"value edited after lock Exclude": {then(sig{field: "/Lock << /Action /Exclude /Fields [(ngay)] >>"}, fillSo), ReasonChanged},
		"value edited after FieldMDP":     {then(sig{dict: "/Reference [<< /TransformMethod /FieldMDP /TransformParams << /Action /All >> >>]"}, fillSo), ReasonChanged},
		"lock of an unknown kind":         {then(sig{field: "/Lock << /Action /Perhaps >>"}, fillSo), ReasonChanged},
		"lock with P=1":                   {then(sig{field: "/Lock << /Action /Include /Fields [(x)] /P 1 >>"}, fillSo), ReasonChanged},

		// Structure and long-term data.
		"history cut off with Prev 0": {then(sig{}, func(d *doc) { cutOff(d, "/Prev 0 ") }), ReasonUnlisted},
		"history cut off":             {then(sig{}, func(d *doc) { cutOff(d, "") }), ReasonUnlisted},
		"history cut off, then timestamped": {then(sig{}, func(d *doc) {
			cutOff(d, "")
			d.documentTimestamp("t", signingtest.TSASpec{})
		}), ReasonUnlisted},
		"form made unreadable": {then(sig{}, func(d *doc) { d.Obj(6, "<< /Fields /None >>"); d.end() }), ReasonChanged},
		"an object freed by an update without a catalog": {then(sig{}, func(d *doc) {
			at := d.Len()
			d.Raw(fmt.Sprintf("xref\n4 1\n0000000000 00001 f \ntrailer\n<< /Size %d /Prev %d >>\nstartxref\n%d\n%%%%EOF\n", d.Size(), d.Prev(), at))
		}), ReasonChanged},
		"long-term data emptied": {then(sig{}, func(d *doc) {
			d.longTerm([]*x509.Certificate{b.Root.Cert})
			d.Obj(1, "<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R /DSS << /Blah null >> >>")
			d.end()
		}), ReasonChanged},
		"long-term data in the place of an old object": {func(d *doc) {
			d.Obj(51, "(x)")
			d.end()
			d.sign(sig{name: "a"})
			d.Stream(50, "", "certificate")
			d.Obj(51, "<< /Certs [50 0 R] >>")
			d.Obj(1, "<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R /DSS 51 0 R >>")
			d.end()
		}, ReasonChanged},
		"date of creation altered": {func(d *doc) {
			d.Obj(14, "<< /CreationDate (D:2025) >>")
			d.end()
			d.sign(sig{name: "a"})
			d.Obj(14, "<< /CreationDate (D:2026) >>")
			d.end()
		}, ReasonChanged},

		// The rest.
		"trailing data":                    {then(sig{}, func(d *doc) { d.Raw("rubbish\n") }), ReasonTrailingData},
		"two fields of one name":           {then(sig{}, func(d *doc) { d.sign(sig{name: "a", by: b.agency}) }), ReasonDuplicate},
		"two values of one dictionary key": {signed(sig{dict: "/Reason (a) /Reason (b)"}), ReasonAmbiguous},
		"signature only on the page": {func(d *doc) {
			d.annots = append(d.annots, "98 0 R")
			d.Obj(98, "<< /Subtype /Widget /FT /Sig /V << /Type /Sig >> /Rect [0 0 1 1] >>")
			d.page("")
			d.end()
		}, ReasonUnlisted},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			d := newDoc(t, b)
			c.build(d)
			r := validate(t, b.validator(), d.Bytes())
			if r.Verdict == signing.Valid || r.Verdict == signing.Unsigned || (c.reason != "" && !slices.Contains(r.Reasons, c.reason)) {
				t.Errorf("%s %v, want %s: %+v", r.Verdict, r.Reasons, c.reason, r.Signatures)
			}
			if c.reason != "" && c.reason != ReasonUntrusted && r.Verdict != signing.Invalid {
				t.Errorf("%s, want INVALID", r.Verdict)
			}
		})
	}
}

func TestEveryFileOfAttacksIsReported(t *testing.T) {
	b := newBench(t)
	d := newDoc(t, b)
	d.sign(sig{name: "a"})
	d.Stream(4, "", forged)
	d.end()
	r := validate(t, b.validator(), d.Bytes())
	s := r.Signatures[0]
	if s.Integrity != "intact" || s.ChangesAft != "forbidden" || s.Covers != "revision" || s.Trust != "trusted" ||
		!strings.Contains(strings.Join(s.Changes, ";"), "object 4") {
		t.Errorf("%+v", s)
	}
}
