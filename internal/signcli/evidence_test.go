package signcli

import (
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"congvan/signing"
)

// What a verdict stood on repeats it: the same reports without a network, later, from the
// folder alone.
func TestEvidenceRepeatsTheVerdict(t *testing.T) {
	w := newWorld(t)
	good := w.options(t, w.leader, LevelT)
	if _, err := Sign(t.Context(), good); err != nil {
		t.Fatal(err)
	}
	bad := w.options(t, w.agency, LevelB)
	if _, err := Sign(t.Context(), bad); err != nil {
		t.Fatal(err)
	}
	w.Revoke(w.agency.Cert, time.Now().Add(-time.Hour))

	dir := t.TempDir()
	at := time.Now()
	judge := func(o VerifyOptions, path string) *signing.Report {
		t.Helper()
		o.At, o.Warn = at, io.Discard
		v, err := NewVerifier(o)
		if err != nil {
			t.Fatal(err)
		}
		r, err := v.File(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	later := func() time.Time { return at.AddDate(3, 0, 0) }
	for _, c := range []struct {
		name, path string
		verdict    signing.Verdict
		offline    signing.Verdict // with the root alone
	}{
		{"valid", good.Out, signing.Valid, signing.Unknown},
		{"revoked", bad.Out, signing.Revoked, signing.Unknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			first := judge(VerifyOptions{Trust: []string{w.RootFile}, Hosts: w.hosts, Clock: time.Now, Evidence: dir}, c.path)
			if first.Verdict != c.verdict {
				t.Fatalf("online: %s %v", first.Verdict, first.Reasons)
			}
			if r := judge(VerifyOptions{Trust: []string{w.RootFile}, Clock: later}, c.path); r.Verdict != c.offline {
				t.Fatalf("offline without evidence: %s %v", r.Verdict, r.Reasons)
			}
			again := judge(VerifyOptions{Trust: []string{dir}, Clock: later}, c.path)
			again.CheckedAt = first.CheckedAt
			first.Evidence, again.Evidence = nil, nil // of two answers that serve, either may decide
			if !reflect.DeepEqual(first, again) {
				t.Errorf("the evidence gives another report:\n%+v\n%+v", first, again)
			}
		})
	}
}

// The certificates in a file of evidence are known, not believed; and what is no evidence
// is passed over with a word.
func TestEvidenceIsNotBelieved(t *testing.T) {
	w := newWorld(t)
	o := w.options(t, w.leader, LevelB)
	if _, err := Sign(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	v, err := NewVerifier(VerifyOptions{Trust: []string{w.RootFile}, Hosts: w.hosts, Clock: time.Now, Warn: io.Discard, Evidence: dir})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := v.File(t.Context(), o.Out); err != nil {
		t.Fatal(err)
	}
	anchors, err := filepath.Glob(filepath.Join(dir, "anchor-*.pem"))
	if err != nil || len(anchors) != 1 {
		t.Fatalf("anchors %v, %v", anchors, err)
	}
	if err := os.Remove(anchors[0]); err != nil {
		t.Fatal(err)
	}
	other := newWorld(t)
	if err := os.WriteFile(filepath.Join(dir, "other.pem"), read(t, other.RootFile), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "broken.evidence"), []byte("# judged as of yesterday\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var warned strings.Builder
	v, err = NewVerifier(VerifyOptions{Trust: []string{dir}, Clock: time.Now, Warn: &warned})
	if err != nil {
		t.Fatal(err)
	}
	r, err := v.File(t.Context(), o.Out)
	if err != nil || r.Verdict != signing.Unknown || r.Signatures[0].Trust != "untrusted" {
		t.Errorf("%+v, %v", r, err)
	}
	if !strings.Contains(warned.String(), "broken.evidence") {
		t.Errorf("no word about the broken file: %q", warned.String())
	}
}
