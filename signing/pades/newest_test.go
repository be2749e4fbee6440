package pades

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"congvan/signing"
	"congvan/signing/cms"
)

// A signature whose dictionary lies in its field itself, as others write it, may be given
// unsigned attributes too, if nothing but its own digits is left out of what it covers.
func TestNewestOfADirectValue(t *testing.T) {
	e, s := New(Options{}), newSigner(t, "A")
	der, err := e.BuildCMS(t.Context(), make([]byte, 32), signing.Credential{Chain: s.Chain}, s, signing.SignOptions{})
	if err != nil {
		t.Fatal(err)
	}
	digits := fmt.Sprintf("<%X%s>", der, strings.Repeat("0", 200))
	const room = "AAAAAAAAAABBBBBBBBBBCCCCCCCCCC"
	file := func(kind, digits, ranges string) []byte {
		data := formFile{catalog: "/AcroForm << /Fields [10 0 R] >>", extra: map[int]string{
			10: "<< /FT " + kind + " /T (s) /V << /Type /Sig /ByteRange [" + ranges + "] /Contents " + digits + " >> >>",
		}}.build()
		at := bytes.Index(data, []byte(digits))
		end := at + len(digits)
		return bytes.Replace(data, []byte(room), fmt.Appendf(nil, "%10d%10d%10d", at, end, len(data)-end), 1)
	}
	data := file("/Sig", digits, "0"+room)
	n, err := e.Newest(t.Context(), asFile(data), "s")
	if err != nil || !bytes.Equal(n.CMS, der) {
		t.Fatalf("%v", err)
	}
	patch, err := n.Replace(der)
	if err != nil {
		t.Fatal(err)
	}
	after := bytes.Clone(data)
	if err := patch.Apply(after, 0); err != nil || !bytes.Equal(bytes.ToUpper(after), bytes.ToUpper(data)) {
		t.Errorf("%v: the same CMS is other bytes", err)
	}
	for name, c := range map[string]struct {
		data []byte
		want error
	}{
		"a byte behind it":         {append(bytes.Clone(data), '\n'), signing.ErrNotNewest},
		"a range too few":          {file("/Sig", digits, "0 1"), signing.ErrNotNewest},
		"a range too many":         {file("/Sig", digits, "0"+room+" 0"), signing.ErrNotNewest},
		"not from the beginning":   {file("/Sig", digits, "1"+room), signing.ErrNotNewest},
		"digits with a space":      {file("/Sig", "< "+digits[1:], "0"+room), signing.ErrNotNewest},
		"no digits but characters": {file("/Sig", "(abc)", "0"+room), signing.ErrNotNewest},
		"no CMS":                   {file("/Sig", "<3000>", "0"+room), cms.ErrMalformed},
		"of a text field":          {file("/Tx", digits, "0"+room), signing.ErrFieldMissing},
	} {
		if _, err := e.Newest(t.Context(), asFile(c.data), "s"); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}
