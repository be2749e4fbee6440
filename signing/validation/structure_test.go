package validation

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"congvan/signing"
)

// What a signature dictionary may look like and where it may lie, and what is told of one
// that may not.
func TestSignatureDictionaries(t *testing.T) {
	b := newBench(t)
	typed := func(kind string) sig {
		return sig{name: "a", end: func(d *doc) { d.end(); edit("/Type /Sig /Filter", kind+" /Filter")(d) }}
	}
	// noSigner is a SignedData without SignerInfos.
	const noSigner = "3023" + "06092a864886f70d010702" + "a016" + "3014" + "020101" + "3100" + "300b06092a864886f70d010701" + "3100"
	for name, c := range map[string]struct {
		build  func(d *doc)
		reason string // empty: VALID
		not    string // a reason that must not be given
	}{
		"no type":                         {func(d *doc) { d.sign(typed("/Typo /Sig")) }, "", ""},
		"another type":                    {func(d *doc) { d.sign(typed("/Type /Sug")) }, ReasonDictionary, ""},
		"a type that is no name":          {func(d *doc) { d.sign(typed("/Type (Si)")) }, ReasonDictionary, ""},
		"in the field itself":             {func(d *doc) { d.sign(sig{name: "a", direct: true}) }, "", ""},
		"two in the fields themselves":    {func(d *doc) { d.sign(sig{name: "a", direct: true}); d.sign(sig{name: "b", direct: true}) }, "", ReasonDuplicate},
		"two of one name in their fields": {func(d *doc) { d.sign(sig{name: "a", direct: true}); d.sign(sig{name: "a", direct: true}) }, ReasonDuplicate, ""},
		"value written as text":           {func(d *doc) { d.sign(sig{name: "a"}); literal(d) }, ReasonCoverage, ""},
		"Contents a number":               {func(d *doc) { d.sign(sig{name: "a", dict: "/Contents 1"}) }, ReasonContents, ""},
		"ByteRange from nothing":          {func(d *doc) { d.sign(sig{name: "a", byteRange: ranged("null %d %d %d")}) }, ReasonByteRange, ReasonCoverage},
		"ByteRange beyond all numbers": {func(d *doc) {
			d.sign(sig{name: "a", byteRange: func([]int) string { return "0 5 9223372036854775806 9223372036854775807" }})
		}, ReasonByteRange, ReasonCoverage},
		"ByteRange beyond the end":  {func(d *doc) { d.sign(sig{name: "a", byteRange: ranged("0 %d %d 1%d")}) }, ReasonByteRange, ReasonCoverage},
		"ByteRange of nothing":      {func(d *doc) { d.sign(sig{name: "a", byteRange: ranged("0 %[1]d %[2]d 0")}) }, ReasonByteRange, ReasonCoverage},
		"ByteRange from the middle": {func(d *doc) { d.sign(sig{name: "a", byteRange: ranged("0 0 %[2]d %[3]d")}) }, ReasonByteRange, ReasonCoverage},
		"older than its field": {func(d *doc) {
			d.Obj(20, d.value(sig{}))
			d.end()
			addField(d, "/FT /Sig /T (a) /V 20 0 R")
			d.complete(sig{})
		}, ReasonMisplaced, ""},
		"in an object stream": {func(d *doc) {
			d.fields, d.annots = append(d.fields, "21 0 R"), append(d.annots, "21 0 R")
			d.form("/SigFlags 3")
			d.page("")
			d.Obj(21, "<< /Type /Annot /Subtype /Widget /FT /Sig /T (a) /Rect [20 100 100 150] /P 3 0 R /F 4 /V 20 0 R >>")
			d.ObjStm(22, map[int]string{20: d.value(sig{})})
			d.XrefStream(23, "/Info 14 0 R")
			d.complete(sig{})
		}, ReasonMisplaced, ReasonCoverage},
		"no signer":                          {func(d *doc) { d.sign(sig{name: "a", contents: noSigner}) }, ReasonSignerCount, ReasonCMS},
		"a signature in a timestamp's place": {func(d *doc) { d.sign(sig{name: "a", subFilter: subFilterTimestamp}) }, ReasonCMS, ReasonUnsupported},
		"a field's value replaced": {func(d *doc) {
			d.sign(sig{name: "trong", existing: 13})
			d.sign(sig{name: "trong", existing: 13})
		}, ReasonChanged, ReasonDuplicate},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoc(t, b)
			c.build(d)
			r := validate(t, b.validator(), d.Bytes())
			want := signing.Valid
			if c.reason != "" {
				want = signing.Invalid
			}
			if r.Verdict != want || c.reason != "" && !slices.Contains(r.Reasons, c.reason) || slices.Contains(r.Reasons, c.not) {
				t.Errorf("%s %v, want %s and not %s: %+v", r.Verdict, r.Reasons, c.reason, c.not, r.Signatures)
			}
		})
	}
}

// ranged writes a ByteRange with the three numbers behind the first zero.
func ranged(format string) func([]int) string {
	return func(r []int) string { return fmt.Sprintf(format, r[1], r[2], r[3]) }
}

// literal writes the newest value as a literal string, which the ByteRange leaves out too.
func literal(d *doc) {
	file := d.Bytes()
	at := bytes.LastIndex(file, []byte("/Contents <")) + len("/Contents ")
	der, err := hex.DecodeString(string(file[at+1 : at+1+reserve]))
	if err != nil {
		d.t.Fatal(err)
	}
	var s strings.Builder
	for _, c := range der[:reserve/4] {
		fmt.Fprintf(&s, "\\%03o", c)
	}
	copy(file[at:], "("+s.String()+")")
	d.replace(file)
}
