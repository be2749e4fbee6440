package validation

import (
	"slices"
	"testing"

	"congvan/signing"
	"congvan/signing/pdf/pdftest"
)

func TestLegitimateFiles(t *testing.T) {
	b := newBench(t)
	cases := map[string]struct {
		build   func(d *doc)
		after   []string // changes_after of each signature
		changes []string // of the first signature
		reasons []string
	}{
		"one signature": {func(d *doc) { d.sign(sig{name: "a"}) }, []string{"none"}, nil, []string{ReasonClaimedTime}},
		"two signatures": {
			func(d *doc) { d.sign(sig{name: "a"}); d.sign(sig{name: "b", by: b.agency}) },
			[]string{"permitted", "none"},
			[]string{"form_updated", "signature_added b", "annotations_extended"},
			[]string{ReasonClaimedTime},
		},
		"an empty field is signed later": {
			func(d *doc) { d.sign(sig{name: "a"}); d.sign(sig{name: "trong", existing: 13, by: b.agency}) },
			[]string{"permitted", "none"},
			[]string{"signature_filled trong"},
			nil,
		},
		"fields filled with the second signature": {
			func(d *doc) {
				d.sign(sig{name: "a", field: "/Lock << /Type /SigFieldLock /Action /Exclude /Fields [(so) (ngay) (b)] >>"})
				d.sign(sig{name: "b", by: b.agency, field: "/Lock << /Type /SigFieldLock /Action /All >>", before: func(d *doc) {
					d.Stream(40, "/Subtype /Form /BBox [0 0 100 20]", "BT ET")
					d.Obj(11, "<< /Type /Annot /Subtype /Widget /FT /Tx /T (so) /Rect [72 311 172 331] /P 3 0 R /F 4 /DA (/F1 12 Tf) /AP << /N 40 0 R >> /V (12) /Ff 1 >>")
				}})
			},
			[]string{"permitted", "none"},
			[]string{"field_filled so"},
			nil,
		},
		"a field filled after the last signature": {
			func(d *doc) { d.sign(sig{name: "a"}); d.text(11, "so", "/V (7)"); d.end() },
			[]string{"permitted"},
			[]string{"field_filled so"},
			[]string{ReasonFilledAfter, ReasonClaimedTime},
		},
		"certified P=2, then signed": {
			func(d *doc) { d.sign(sig{name: "a", dict: docMDP(2)}); d.sign(sig{name: "trong", existing: 13}) },
			[]string{"permitted", "none"},
			nil, nil,
		},
		"certified P=1, then long-term data": {
			func(d *doc) {
				d.sign(sig{name: "a", dict: docMDP(1)})
				d.Stream(50, "", "certificate")
				d.Obj(51, "<< /Type /DSS /Certs [50 0 R] /VRI << /ABCD << /Cert [50 0 R] >> >> >>")
				d.Obj(1, "<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R /DSS 51 0 R /Extensions << /ESIC << /BaseVersion /1.7 /ExtensionLevel 5 >> >> >>")
				d.end()
			},
			[]string{"permitted"},
			[]string{"catalog_updated", "long_term_data"},
			nil,
		},
		"dates in the document information": {
			func(d *doc) {
				d.sign(sig{name: "a"})
				d.sign(sig{name: "b", before: func(d *doc) {
					d.Obj(14, "<< /Title (Cong van) /ModDate (D:2026) /Producer (x) /CreationDate (D:2026) >>")
				}})
			},
			[]string{"permitted", "none"},
			[]string{"metadata_updated"},
			nil,
		},
		"the same title in another encoding": {
			func(d *doc) {
				d.sign(sig{name: "a"})
				d.sign(sig{name: "b", before: func(d *doc) {
					d.Obj(14, "<< /Title <FEFF0043006F006E0067002000760061006E> /Producer (x) >>")
				}})
			},
			[]string{"permitted", "none"},
			[]string{"metadata_updated"},
			nil,
		},
		"an object written again as it was": {
			func(d *doc) {
				d.sign(sig{name: "a"})
				d.sign(sig{name: "b", before: func(d *doc) { d.Stream(4, "", "BT /F1 12 Tf 72 700 Td (So tien: 100 dong) Tj ET") }})
			},
			[]string{"permitted", "none"},
			nil, nil,
		},
		"cross-reference streams": {
			func(d *doc) {
				end := func(n int) func(d *doc) { return func(d *doc) { d.XrefStream(n, "/Info 14 0 R /ID [<01> <02>]") } }
				d.sign(sig{name: "a", end: end(60)})
				d.sign(sig{name: "b", end: end(61)})
				d.sign(sig{name: "c", end: end(61)})
			},
			[]string{"permitted", "permitted", "none"},
			[]string{"container_rewritten"},
			nil,
		},
		"blanks after the end": {func(d *doc) { d.sign(sig{name: "a"}); d.Raw("\n \r\n") }, []string{"none"}, nil, nil},
		"a signed file is attached": {
			func(d *doc) {
				inner := newDoc(d.t, b)
				inner.sign(sig{name: "x"})
				inner.sign(sig{name: "y"})
				file := pdftest.New()
				d.Builder = file // attached before anything else, in the oldest state
				d.Stream(30, "/Type /EmbeddedFile", string(inner.Bytes()))
				d.fields, d.annots = []string{"11 0 R"}, []string{"11 0 R"}
				d.Obj(1, "<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R /Names << /EmbeddedFiles << /Names [(x) << /EF << /F 30 0 R >> >>] >> >> >>")
				d.Obj(2, "<< /Type /Pages /Count 1 /Kids [3 0 R] >>")
				d.page("")
				d.form("")
				d.Stream(4, "", "BT ET")
				d.Obj(5, "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
				d.Stream(7, "/Subtype /Form /BBox [0 0 100 20]", "")
				d.text(11, "so", "")
				d.Obj(14, "<< >>")
				d.next = 40
				d.end()
				d.sign(sig{name: "a"})
			},
			[]string{"none"},
			nil, nil,
		},
		"the older sub-filter": {func(d *doc) { d.sign(sig{name: "a", subFilter: subFilterPKCS7}) }, []string{"none"}, nil, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			d := newDoc(t, b)
			c.build(d)
			r := validate(t, b.validator(), d.Bytes())
			if r.Verdict != signing.Valid || len(r.Signatures) != len(c.after) {
				t.Fatalf("%s %v: %+v", r.Verdict, r.Reasons, r.Signatures)
			}
			for i, s := range r.Signatures {
				if s.Integrity != "intact" || s.ChangesAft != c.after[i] || s.Trust != "trusted" || s.Revocation != "good" {
					t.Errorf("signature %d: %+v", i, s)
				}
				if want := map[bool]string{true: "file", false: "revision"}[c.after[i] == "none"]; s.Covers != want {
					t.Errorf("signature %d covers %s", i, s.Covers)
				}
			}
			for _, want := range c.changes {
				if !slices.Contains(r.Signatures[0].Changes, want) {
					t.Errorf("changes %q, want %q", r.Signatures[0].Changes, want)
				}
			}
			if c.reasons != nil && !slices.Equal(r.Reasons, c.reasons) {
				t.Errorf("reasons %v, want %v", r.Reasons, c.reasons)
			}
		})
	}
}

func docMDP(p int) string {
	return "/Reference [<< /Type /SigRef /TransformMethod /DocMDP /TransformParams << /Type /TransformParams /P " +
		string(rune('0'+p)) + " /V /1.2 >> >>]"
}

func TestSignaturesAreLimited(t *testing.T) {
	b := newBench(t)
	d := newDoc(t, b)
	d.sign(sig{name: "a"})
	d.sign(sig{name: "b"})
	for limit, want := range map[int]signing.Verdict{1: signing.Unreadable, 2: signing.Valid} {
		limits := DefaultLimits()
		limits.Signatures = limit
		r := validate(t, New(Options{Trust: b.validator().trust, Clock: b.Clock, Limits: limits}), d.Bytes())
		if r.Verdict != want || want == signing.Unreadable && !slices.Equal(r.Reasons, []string{ReasonResourceLimit}) {
			t.Errorf("at most %d: %s %v", limit, r.Verdict, r.Reasons)
		}
	}
}
