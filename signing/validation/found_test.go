package validation

import (
	"fmt"
	"slices"
	"testing"

	"congvan/signing"
	"congvan/signing/signingtest"
)

// Where signatures are found, and what is told of one that is not where it should be.
func TestFoundSignatures(t *testing.T) {
	b := newBench(t)
	catalog := func(extra string) func(d *doc) {
		return func(d *doc) { d.Obj(1, "<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R "+extra+" >>") }
	}
	inText := func(dict string) func(d *doc) {
		return func(d *doc) { d.Obj(90, dict); d.text(11, "so", "/V 90 0 R"); d.end() }
	}
	const brokenForm = "<< /Fields [11 0 R"
	for name, c := range map[string]struct {
		build   func(d *doc)
		verdict signing.Verdict
		reason  string
		not     string
		count   int // of signatures
	}{
		"in a text field, by its range":      {inText("<< /ByteRange [] >>"), signing.Invalid, ReasonByteRange, "", 1},
		"in a text field, by its type":       {inText("<< /Type /Sig >>"), signing.Invalid, ReasonByteRange, "", 1},
		"in a text field, by another type":   {inText("<< /Type /DocTimeStamp >>"), signing.Invalid, ReasonByteRange, "", 1},
		"a text field's other dictionary":    {inText("<< /Type /Other >>"), signing.Unsigned, ReasonNoSignature, "", 0},
		"certified, and named so":            {func(d *doc) { d.sign(sig{name: "a", dict: docMDP(2), before: catalog("/Perms << /DocMDP 100 0 R >>")}) }, signing.Valid, "", ReasonUnlisted, 1},
		"certified by what nobody lists":     {func(d *doc) { d.sign(sig{name: "a", before: catalog("/Perms << /DocMDP 99 0 R >>")}) }, signing.Invalid, ReasonUnlisted, "", 1},
		"an earlier state unreadable":        {func(d *doc) { edit("/Root 1 0 R", "/Ruut 1 0 R")(d); d.sign(sig{name: "a"}) }, signing.Valid, "", "", 1},
		"an earlier form unreadable":         {func(d *doc) { write(6, brokenForm)(d); d.sign(sig{name: "a"}) }, signing.Valid, "", "", 1},
		"the form made unreadable":           {func(d *doc) { d.sign(sig{name: "a"}); write(6, brokenForm)(d) }, signing.Invalid, ReasonChanged, "", 1},
		"no form that can be read":           {write(6, brokenForm), signing.Unreadable, ReasonDamaged, "", 0},
		"rubbish behind the end":             {func(d *doc) { d.sign(sig{name: "a"}); d.Raw("rubbish") }, signing.Invalid, ReasonTrailingData, ReasonUnlisted, 1},
		"rubbish behind an unsigned file":    {func(d *doc) { d.Raw("rubbish") }, signing.Unsigned, ReasonTrailingData, ReasonUnlisted, 0},
		"a signature cut off behind the end": {func(d *doc) { d.sign(sig{name: "a"}); d.Raw("<< /ByteRange") }, signing.Invalid, ReasonUnlisted, "", 1},
		"a value in the field, replaced": {func(d *doc) {
			d.sign(sig{name: "trong", existing: 13, direct: true})
			d.sign(sig{name: "trong", existing: 13, direct: true})
		}, signing.Invalid, ReasonChanged, "", 2},
		"a copy of a field with its value": {func(d *doc) {
			d.annots = append(d.annots, "99 0 R")
			d.sign(sig{name: "a", direct: true, before: func(d *doc) {
				d.Obj(99, "<< /Subtype /Widget /FT /Sig /V << /Type /Sig >> /Rect [0 0 1 1] >>")
			}})
		}, signing.Invalid, ReasonUnlisted, "", 1},
		"a widget with another value": {func(d *doc) {
			d.annots = append(d.annots, "99 0 R")
			d.sign(sig{name: "a", before: func(d *doc) {
				d.Obj(99, "<< /Subtype /Widget /FT /Sig /V 98 0 R /Rect [0 0 1 1] >>")
			}})
		}, signing.Invalid, ReasonUnlisted, "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoc(t, b)
			d.next = 100
			c.build(d)
			r := validate(t, b.validator(), d.Bytes())
			if r.Verdict != c.verdict || c.reason != "" && !slices.Contains(r.Reasons, c.reason) || slices.Contains(r.Reasons, c.not) || len(r.Signatures) != c.count {
				t.Errorf("%s %v, want %s %s and not %s: %+v", r.Verdict, r.Reasons, c.verdict, c.reason, c.not, r.Signatures)
			}
		})
	}
}

// What is told of each signature of a file with several revisions.
func TestToldOfEachSignature(t *testing.T) {
	b := newBench(t)
	for name, c := range map[string]struct {
		build   func(d *doc)
		after   []string // changes_after of each signature
		reasons []string // of the file
	}{
		"forbidden, then permitted": {func(d *doc) {
			d.sign(sig{name: "a"})
			d.Stream(4, "", forged)
			d.end()
			d.text(11, "so", "/V (1)")
			d.end()
		}, []string{"forbidden"}, []string{ReasonChanged, ReasonFilledAfter, ReasonClaimedTime}},
		"rubbish behind the end": {func(d *doc) { d.sign(sig{name: "a"}); d.Raw("rubbish") }, []string{"forbidden"}, []string{ReasonTrailingData, ReasonClaimedTime}},
		"certification stays in force": {func(d *doc) {
			d.sign(sig{name: "a", dict: docMDP(2)})
			d.sign(sig{name: "trong", existing: 13})
			addField(d, "/FT /Sig /T (moi)")
		}, []string{"forbidden", "forbidden"}, []string{ReasonChanged, ReasonClaimedTime}},
		"certification binds from then on": {func(d *doc) {
			d.sign(sig{name: "a"})
			d.sign(sig{name: "trong", existing: 13, dict: docMDP(1)})
			fillSo(d)
		}, []string{"permitted", "forbidden"}, []string{ReasonFilledAfter, ReasonClaimedTime, ReasonChanged}},
		"filled with the last signature": {func(d *doc) {
			d.sign(sig{name: "a"})
			d.sign(sig{name: "b", before: func(d *doc) { d.text(11, "so", "/V (1)") }})
		}, []string{"permitted", "none"}, []string{ReasonClaimedTime}},
		"a date after the last signature": {func(d *doc) {
			d.sign(sig{name: "a"})
			write(14, "<< /Title (Cong van) /ModDate (D:2026) >>")(d)
		}, []string{"permitted"}, []string{ReasonClaimedTime}},
		"two document timestamps": {func(d *doc) {
			d.documentTimestamp("t", signingtest.TSASpec{})
			d.sign(sig{name: "a"})
		}, []string{"none"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoc(t, b)
			c.build(d)
			r := validate(t, b.validator(), d.Bytes())
			var after []string
			for _, s := range r.Signatures {
				after = append(after, s.ChangesAft)
			}
			if !slices.Equal(after, c.after) || c.reasons != nil && !slices.Equal(r.Reasons, c.reasons) {
				t.Errorf("%s %v: %v", r.Verdict, r.Reasons, after)
			}
		})
	}
}

// The level that is in force and the fields that are locked are the strictest of what a
// signature says of them; what is malformed locks everything.
func TestLimitsOfASignature(t *testing.T) {
	b := newBench(t)
	params := func(p string) string {
		return fmt.Sprintf("/Reference [<< /TransformMethod /DocMDP /TransformParams << %s >> >>]", p)
	}
	fill := steps{nil, fillSo}
	const allowed = "=field_filled so"
	const locked = "!field_filled is locked or not certified by this signature"
	for name, c := range map[string]struct {
		dict, field string
		change      string
	}{
		"no level said":                 {params(""), "", allowed},
		"level 2":                       {params("/P 2"), "", allowed},
		"level 1":                       {params("/P 1"), "", locked},
		"level 0":                       {params("/P 0"), "", locked},
		"level 4":                       {params("/P 4"), "", locked},
		"a level that is no number":     {params("/P /Two"), "", locked},
		"a closed lock of an open file": {params("/P 3"), "/Lock << /Action /Include /Fields [(x)] /P 1 >>", locked},
		"an open lock of a closed file": {params("/P 1"), "/Lock << /Action /Include /Fields [(x)] /P 3 >>", locked},
		"an open lock":                  {"", "/Lock << /Action /Include /Fields [(x)] /P 3 >>", allowed},
		"a lock of what is no name":     {"", "/Lock << /Action /Include /Fields [7] >>", locked},
		"a lock of no list":             {"", "/Lock << /Action /Include /Fields (so) >>", locked},
		"a lock without an action":      {"", "/Lock << /Fields [(x)] >>", locked},
		"a lock of a name like it":      {"", "/Lock << /Action /Include /Fields [(s) (so.x) (soo)] >>", allowed},
		"a lock that spares it":         {"", "/Lock << /Action /Exclude /Fields [(so)] >>", allowed},
		"a lock of all with a list":     {"", "/Lock << /Action /All /Fields [(x)] >>", locked},
		"a lock that is none":           {"", "/Lock 7", locked},
		"references that are none":      {"/Reference 7", "", locked},
		"a reference that is none":      {"/Reference [7]", "", locked},
		"parameters that are none":      {"/Reference [<< /TransformMethod /DocMDP /TransformParams 7 >>]", "", locked},
	} {
		t.Run(name, func(t *testing.T) {
			changed{fill, c.change}.judge(t, b, sig{name: "a", dict: c.dict, field: c.field})
		})
	}
}
