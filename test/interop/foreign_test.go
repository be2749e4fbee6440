//go:build interop

package interop

import (
	"bytes"
	"crypto"
	"encoding/json"
	"fmt"
	"strings"

	"congvan/internal/flow"
	"congvan/signing"
	"congvan/signing/signingtest"
)

// foreign are signatures made by pyHanko and EU DSS, for our validator and each other.
// refused names who refuses it, by who signed; docs/signing.md says why.
var foreign = []struct {
	level   signing.Level
	key     string
	pss     bool
	digest  int
	certify int
	visible bool
	lock    bool // pyHanko only: DSS makes no lock
	input   string
	refused map[string][]string
}{
	{signing.LevelB, "RSA-2048", false, 256, 0, false, false, "LibreOffice", nil},
	{signing.LevelT, "RSA-3072", true, 384, 0, true, false, "object streams", map[string][]string{euDSS: {qpdf}}},
	{signing.LevelLT, "P-256", false, 256, 2, false, false, "linearized", nil},
	{signing.LevelLTA, "P-384", false, 384, 0, false, true, "AcroForm", map[string][]string{pyHanko: {pyHanko}}},
	{signing.LevelLTA, "RSA-2048", true, 512, 1, true, false, "LibreOffice", map[string][]string{euDSS: {pyHanko}}},
	{signing.LevelT, "P-384", false, 512, 3, true, false, "rotated", nil},
}

// foreignFiles lets pyHanko and DSS sign, each file alone, and on top of a leader's
// signature made here; and signs here on top of theirs.
func (w *world) foreignFiles(files map[string]string) []artifact {
	keys := map[string]crypto.Signer{"RSA-2048": w.PKI.RSA(2048), "RSA-3072": w.PKI.RSA(3072), "P-256": w.P256(), "P-384": w.P384()}
	image := w.save("seal.png", w.seal)
	var out []artifact
	for _, d := range []*driver{w.py, w.java} {
		by := map[string]string{"pyhanko": pyHanko, "dss": euDSS}[d.name]
		sign := func(in, name, what string, job map[string]any, key string, refused []string, signatures ...want) {
			id := w.Signer(signingtest.Spec{CN: "Lê Thị Nước Ngoài", Key: keys[key]})
			a := artifact{Name: name, Path: w.path(name + ".pdf"), Kind: what, By: by, What: what, Signatures: signatures}
			a.Refused = set(refused)
			job["do"], job["in"], job["out"], job["trust"], job["tsa"] = "sign", in, a.Path, w.RootFile, w.TSA
			job["key"], job["chain"] = strings.TrimPrefix(id.KeyFile(w.t), "file:"), id.ChainFile(w.t)
			var said struct{ Error string }
			must(w.t, json.Unmarshal(d.ask(w.t, job), &said))
			if said.Error != "" {
				w.t.Errorf("%s does not sign %s, %s: %s", by, name, what, said.Error)
				return
			}
			out = append(out, a)
		}
		for i, f := range foreign {
			what := fmt.Sprintf("%s %s SHA-%d", f.level, f.key, f.digest)
			job := map[string]any{"level": f.level, "digest": fmt.Sprintf("SHA%d", f.digest), "pss": f.pss, "certify": f.certify}
			if f.pss {
				what += " PSS"
			}
			if f.certify > 0 {
				what += fmt.Sprintf(" P=%d", f.certify)
			}
			if f.visible {
				what += " visible"
				job["visible"], job["image"] = true, image
			}
			if f.lock && by == pyHanko {
				what += " lock"
				job["lock"] = []string{"Truong1"}
			}
			sign(files[f.input], fmt.Sprintf("%s-%d", d.name, i), what, job, f.key, f.refused[by], want{"Signature1", f.level})
		}
		led := choice{}
		led[dimLevel], led[dimLook] = 1, 1
		base := w.path(d.name + "-led.pdf")
		must(w.t, w.sign(w.t.Context(), files["LibreOffice"], base, led, leader, w.request(led, flow.FieldSigner, true)))
		refused := map[string][]string{
			pyHanko: {euDSS},                   // its appearance has another box than the empty one
			euDSS:   {pyHanko, euDSS, congvan}, // it adds /OutputIntents to the catalog
		}[by]
		sign(base, d.name+"-onours", "fills the field that our signature made", map[string]any{
			"level": signing.LevelB, "digest": "SHA256", "field": flow.FieldAgency, "existing": true, "visible": true, "image": image,
		}, "P-256", refused, want{flow.FieldSigner, signing.LevelT}, want{flow.FieldAgency, signing.LevelB})
		out = append(out, w.onTheirs(d.name, by, w.path(d.name+"-1.pdf")))
		out = append(out, w.spoilt(d.name, by, w.path(d.name+"-1.pdf"))...)
	}
	return out
}

func set(names []string) map[string]bool {
	out := map[string]bool{}
	for _, name := range names {
		out[name] = true
	}
	return out
}

// onTheirs signs here on top of a file signed by another program.
func (w *world) onTheirs(name, by, in string) artifact {
	c := choice{}
	c[dimLevel], c[dimLook] = 3, 1
	a := artifact{
		Name: name + "-below", Path: w.path(name + "-below.pdf"), Kind: "ours on top of theirs", By: by, What: c.String(),
		Signatures: []want{{"Signature1", signing.LevelT}, {flow.FieldSigner, signing.LevelLTA}},
	}
	must(w.t, w.sign(w.t.Context(), in, a.Path, c, leader, w.request(c, flow.FieldSigner, false)))
	return a
}

// spoilt are a foreign file with another byte and with a drawing over its page.
func (w *world) spoilt(name, by, in string) []artifact {
	damaged := read(w.t, in)
	at := bytes.Index(damaged, []byte("obj\n"))
	damaged[at+len("obj\n")+2] ^= 1
	signatures := []want{{"Signature1", ""}}
	return []artifact{
		{Name: name + "-damaged", Path: w.save(name+"-damaged.pdf", damaged), Kind: "theirs, a byte is another", By: by, Signatures: signatures, Refused: set(programs)},
		{Name: name + "-edited", Path: w.save(name+"-edited.pdf", w.overlaid(read(w.t, in))), Kind: "theirs, drawn over", By: by, Signatures: signatures, Refused: set([]string{pyHanko, euDSS, congvan})},
	}
}
