package validation

import (
	"bytes"
	"encoding/hex"
	"slices"
	"testing"

	"congvan/signing"
)

// A value whose attributes speak of another content, or whose digest nobody knows, is told
// as such and not as a forgery.
func TestBentSignatureValues(t *testing.T) {
	b := newBench(t)
	for name, c := range map[string]struct {
		old, new  string // in the CMS
		reason    string
		integrity string
	}{
		"another content type": {
			"06092a864886f70d010903" + "310b" + "06092a864886f70d010701", "06092a864886f70d010903" + "310b" + "06092a864886f70d010702",
			ReasonAttributes, "broken",
		},
		"a digest by SHA3-256": {"0609608648016503040201", "0609608648016503040208", ReasonUnsupported, "unsupported"},
	} {
		d := newDoc(t, b)
		d.sign(sig{name: "a", make: func(digest []byte) []byte {
			before, _ := hex.DecodeString(c.old)
			after, _ := hex.DecodeString(c.new)
			der := d.cms(digest, b.leader)
			if !bytes.Contains(der, before) {
				t.Fatalf("%s: %s is not there", name, c.old)
			}
			return bytes.ReplaceAll(der, before, after)
		}})
		r := validate(t, b.validator(), d.Bytes())
		if s := r.Signatures[0]; r.Verdict != signing.Invalid || s.Integrity != c.integrity || !slices.Equal(s.Reasons, []string{c.reason}) {
			t.Errorf("%s: %s %+v", name, r.Verdict, s)
		}
	}
}
