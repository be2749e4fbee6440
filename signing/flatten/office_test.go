package flatten_test

import (
	"os"
	"os/exec"
	"testing"

	"congvan/signing/signingtest"
)

// LibreOffice's forms have empty appearances and leave the drawing to the viewer.
func TestOfficeForm(t *testing.T) {
	letter := signingtest.SampleLetter()
	letter.Fields = true
	data := signingtest.Office(t, signingtest.Source(letter), `{"ExportFormFields":{"type":"boolean","value":"true"},"UseTaggedPDF":{"type":"boolean","value":"true"}}`)
	for name, args := range map[string][]string{
		"as made": nil, "object streams": {"--object-streams=generate"}, "linearized": {"--linearize"},
	} {
		t.Run(name, func(t *testing.T) {
			variant := data
			if args != nil {
				in := write(t, data)
				if msg, err := exec.CommandContext(t.Context(), "qpdf", append(args, in, in+".out")...).CombinedOutput(); err != nil {
					t.Fatalf("qpdf: %v: %s", err, msg)
				}
				var err error
				if variant, err = os.ReadFile(in + ".out"); err != nil {
					t.Fatal(err)
				}
			}
			out := flat(t, variant)
			if h := find(t, out, "Ghi chú thử"); len(h) != 1 || h[0].X < 40 || h[0].X > 45 || h[0].Y < 220 || h[0].Y > 228 {
				t.Errorf("the text field shows at %+v", h)
			}
			find(t, out, letter.Signer)
		})
	}
}
