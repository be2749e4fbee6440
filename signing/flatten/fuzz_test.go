package flatten_test

import (
	"bytes"
	"slices"
	"testing"

	"congvan/signing/pades"
	"congvan/signing/pdf"
)

func FuzzTail(f *testing.F) {
	for _, o := range []string{
		"<< " + widget + "/FT /Tx /T (a) /V (Abc) /Ff 4096 /Rect [20 20 120 40] >>",
		"<< " + widget + "/FT /Btn /AS /Yes /AP << /N << /Yes 8 0 R >> >> /Rect [20 20 120 40] >>",
		"<< " + widget + "/FT /Ch /Opt [[(a) (b)]] /V [(a)] /DA (/He 0 Tf 1 0 0 rg) /MK << /BC [0 1 0] /R 90 >> /Rect [20 20 120 40] >>",
	} {
		f.Add(o)
	}
	e := pades.New(pades.Options{})
	f.Fuzz(func(t *testing.T, object string) {
		data := form{acroForm: "/NeedAppearances true", content: "q", objects: []string{object}}.bytes()
		file, err := pdf.Open(t.Context(), bytes.NewReader(data), int64(len(data)), pdf.DefaultLimits())
		if err != nil {
			return
		}
		if _, err := file.Page(1); err != nil {
			return
		}
		tail, err := e.Flatten(t.Context(), fileOf(data))
		if err != nil {
			return
		}
		in, err := e.Inspect(t.Context(), fileOf(slices.Concat(data, tail)))
		if err != nil {
			t.Fatalf("the result cannot be read: %v", err)
		}
		if len(tail) > 0 && len(in.FormFields) > 0 {
			t.Fatalf("fields left: %q", in.FormFields)
		}
	})
}
