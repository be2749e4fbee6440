package validation

import (
	"errors"
	"testing"

	"congvan/signing"
	"congvan/signing/pades"
	"congvan/signing/pdf/pdftest"
)

// What one update may be, beside the files of the engine: written by hand.
func TestCheckExtensionByHand(t *testing.T) {
	b := newBench(t)
	perms := func(num string) func(d *doc) {
		return func(d *doc) {
			d.Obj(1, "<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R /Perms << /DocMDP "+num+" >> >>")
		}
	}
	signs := func(s sig) func(d *doc) { return func(d *doc) { s.name = "a"; d.sign(s) } }
	with := func(change func(r *signing.Request)) signing.Request {
		r := signing.Request{Field: "a"}
		change(&r)
		return r
	}
	fills := func(value string) signing.Request {
		return with(func(r *signing.Request) { r.Fill = []signing.FieldValue{{Name: "so", Value: value}} })
	}
	created := with(func(r *signing.Request) { r.Create = []signing.FieldSpec{{Name: "moi", Kind: signing.FieldText}} })
	creates := func(entries string) func(d *doc) {
		return signs(sig{before: func(d *doc) {
			d.fields, d.annots = append(d.fields, "130 0 R"), append(d.annots, "130 0 R")
			d.Obj(130, "<< /Type /Annot /Subtype /Widget /Rect [72 500 172 520] /P 3 0 R /T (moi) "+entries+" >>")
			d.form("/SigFlags 3")
			d.page("")
		}})
	}
	for name, c := range map[string]struct {
		base, update func(d *doc)
		request      signing.Request
		accepted     bool
	}{
		"a signature": {nil, signs(sig{}), signing.Request{Field: "a"}, true},
		"a content before it": {nil, func(d *doc) {
			d.Stream(4, "", forged)
			d.end()
			signs(sig{})(d)
		}, signing.Request{Field: "a"}, false},
		"an object freed": {nil, signs(sig{before: func(d *doc) { d.Free(140) }}), signing.Request{Field: "a"}, true},
		"objects in a stream": {nil, signs(sig{end: func(d *doc) {
			d.ObjStm(140, map[int]string{141: "(x)"})
			d.XrefStream(142, "/Info 14 0 R /ID [<01> <02>]")
		}}), signing.Request{Field: "a"}, true},
		"certified as asked":           {nil, signs(sig{dict: docMDP(2), before: perms("100 0 R")}), with(func(r *signing.Request) { r.Certify = 2 }), true},
		"certified as is usual":        {nil, signs(sig{dict: docMDP(1), before: perms("100 0 R")}), with(func(r *signing.Request) { r.Certify = 2 }), false},
		"certified unasked":            {nil, signs(sig{dict: docMDP(2)}), signing.Request{Field: "a"}, false},
		"certified unasked by the key": {nil, signs(sig{before: perms("100 0 R")}), signing.Request{Field: "a"}, false},
		"certified anew":               {func(d *doc) { perms("14 0 R")(d); d.end() }, signs(sig{dict: docMDP(2), before: perms("100 0 R")}), with(func(r *signing.Request) { r.Certify = 2 }), false},
		"fields locked":                {nil, signs(sig{dict: "/Reference [<< /TransformMethod /FieldMDP /TransformParams << /Action /All >> >>]"}), signing.Request{Field: "a"}, true},
		"a value":                      {nil, signs(sig{before: func(d *doc) { d.text(11, "so", "/V (1)") }}), fills("1"), true},
		"a value that is no text":      {nil, signs(sig{before: func(d *doc) { d.text(11, "so", "/V /On") }}), fills(""), false},
		"a value where a field was to be made": {nil, signs(sig{before: func(d *doc) { d.text(11, "so", "/V (1)") }}), with(func(r *signing.Request) {
			r.Create = []signing.FieldSpec{{Name: "so", Kind: signing.FieldText}}
		}), false},
		"a text field as asked":         {nil, creates("/FT /Tx"), created, true},
		"a text field with a value":     {nil, creates("/FT /Tx /V (1)"), created, false},
		"a text field of another name":  {nil, creates("/FT /Tx"), signing.Request{Field: "a"}, false},
		"a button instead":              {nil, creates("/FT /Btn"), created, false},
		"an empty signature it made up": {nil, creates("/FT /Sig"), signing.Request{Field: "a"}, false},
		"a value that does not verify":  {nil, func(d *doc) { signs(sig{})(d); flipSignature(d) }, signing.Request{Field: "a"}, false},
		"a format nobody knows":         {nil, signs(sig{subFilter: "adbe.x509.rsa_md5"}), signing.Request{Field: "a"}, false},
		"one key twice":                 {nil, signs(sig{field: "/Rect [0 0 9 9] /Rect [100 100 180 150]"}), signing.Request{Field: "a"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoc(t, b)
			d.next = 100
			if c.base != nil {
				c.base(d)
			}
			base := d.Bytes()
			c.update(d)
			err := b.validator().CheckExtension(t.Context(), fileOf(base), fileOf(d.Bytes()), c.request)
			if c.accepted && err != nil || !c.accepted && !errors.Is(err, ErrExtension) {
				t.Errorf("accepted %v: %v", c.accepted, err)
			}
		})
	}
}

// An update that goes on from a state which lies in the base and is not its newest one
// hides what came between.
func TestExtensionOfAnotherState(t *testing.T) {
	b := newBench(t)
	d := newDoc(t, b)
	d.next = 100
	from, size := d.Prev(), d.Size()
	d.text(11, "so", "/V (1)")
	d.end()
	aside := d.Prev()
	d.Builder = pdftest.Continue(d.Bytes(), from, size)
	d.text(11, "so", "/V (2)")
	d.end()
	base := d.Bytes()
	d.Builder = pdftest.Continue(base, aside, d.Size())
	d.sign(sig{name: "a"})
	if err := b.validator().CheckExtension(t.Context(), fileOf(base), fileOf(d.Bytes()), signing.Request{Field: "a"}); !errors.Is(err, ErrExtension) {
		t.Error(err)
	}
}

// The engine's certification is accepted where it was asked for.
func TestExtensionThatCertifies(t *testing.T) {
	b := newBench(t)
	r := road{t, pades.New(pades.Options{}), b.validator()}
	req := leaderRequest(t)
	req.Certify = 2
	letter := letters(t)["cong-van-1.pdf"]
	if report := validate(t, r.v, r.sign(letter, b.leader, req)); report.Verdict != signing.Valid {
		t.Errorf("%s %v", report.Verdict, report.Reasons)
	}
}
