package validation

import (
	"bytes"
	"crypto/sha1"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"congvan/signing"
)

// An old kind of signature: the CMS encloses the SHA-1 digest of the document. It is
// judged, and no longer relied on.
func TestEnclosedDigest(t *testing.T) {
	b := newBench(t)
	for name, c := range map[string]struct {
		args      []string
		digest    func(sum []byte) []byte
		integrity string
		reason    string
	}{
		"enclosed":       {[]string{"-nodetach", "-md", "sha256"}, nil, "intact", ReasonLegacy},
		"not enclosed":   {[]string{"-md", "sha256"}, nil, "broken", ReasonCMS},
		"another digest": {[]string{"-nodetach", "-md", "sha256"}, func(sum []byte) []byte { return append(sum[:19:19], sum[19]+1) }, "broken", ReasonDigest},
		"no digest":      {[]string{"-nodetach", "-md", "sha256"}, func([]byte) []byte { return nil }, "broken", ReasonDigest},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoc(t, b)
			d.sign(sig{name: "a", subFilter: subFilterSHA1, contents: "3003020101"})
			file := d.Bytes()
			at := bytes.LastIndex(file, []byte("/Contents <")) + len("/Contents ")
			h := sha1.New()
			h.Write(file[:at])
			h.Write(file[at+reserve+2:])
			sum := h.Sum(nil)
			if c.digest != nil {
				sum = c.digest(sum)
			}
			in := filepath.Join(t.TempDir(), "in")
			if err := os.WriteFile(in, sum, 0o600); err != nil {
				t.Fatal(err)
			}
			der, err := exec.CommandContext(t.Context(), "openssl", append([]string{
				"cms", "-sign", "-binary", "-in", in, "-outform", "DER", "-signer", b.leader.ChainFile(t),
				"-inkey", strings.TrimPrefix(b.leader.KeyFile(t), "file:"),
			}, c.args...)...).Output()
			if err != nil {
				t.Fatalf("openssl: %v", err)
			}
			copy(file[at+1:], fmt.Sprintf("%x", der)+"000000000000")
			r := validate(t, b.validator(), file)
			s := r.Signatures[0]
			want := map[bool]signing.Verdict{true: signing.Unknown, false: signing.Invalid}[c.integrity == "intact"]
			if r.Verdict != want || s.Integrity != c.integrity || !slices.Contains(s.Reasons, c.reason) || s.Level != "none" {
				t.Errorf("%s: %+v", r.Verdict, s)
			}
		})
	}
}
