package validation

import (
	"bytes"
	"crypto/x509"
	"encoding/xml"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"congvan/signing"
	"congvan/signing/signingtest"
)

// etsiOf writes the ETSI report and reads back its indications in document order.
func etsiOf(t *testing.T, r *signing.Report) (main, sub []string) {
	t.Helper()
	var b bytes.Buffer
	if err := WriteETSI(&b, r); err != nil {
		t.Fatal(err)
	}
	conforms(t, b.Bytes())
	dec := xml.NewDecoder(&b)
	var path []string
	ids, refs := map[string]bool{}, []string{}
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		switch token := token.(type) {
		case xml.StartElement:
			if want := map[string]string{"DigestMethod": dsigNamespace, "DigestValue": dsigNamespace, "Reason": ownNamespace + "report"}[token.Name.Local]; token.Name.Space != want && (want != "" || token.Name.Space != etsiNamespace) {
				t.Errorf("%s is in namespace %q", token.Name.Local, token.Name.Space)
			}
			path = append(path, token.Name.Local)
			for _, a := range token.Attr {
				switch a.Name.Local {
				case "id":
					if ids[a.Value] {
						t.Errorf("id %s stands twice", a.Value)
					}
					ids[a.Value] = true
				case "VOReference":
					refs = append(refs, a.Value)
				}
			}
		case xml.EndElement:
			path = path[:len(path)-1]
		case xml.CharData:
			if where := strings.Join(path, "/"); strings.HasPrefix(where, "ValidationReport/SignatureValidationReport/SignatureValidationStatus/") {
				switch path[len(path)-1] {
				case "MainIndication":
					main = append(main, strings.TrimPrefix(string(token), indication))
				case "SubIndication":
					sub = append(sub, strings.TrimPrefix(string(token), subindication))
				}
			}
		}
	}
	for _, ref := range refs {
		if !ids[ref] {
			t.Errorf("%s is referred to and not there", ref)
		}
	}
	return main, sub
}

// conforms asks xmllint, where CONGVAN_ETSI_XSD names the schema of ETSI TS 119 102-2.
func conforms(t *testing.T, report []byte) {
	t.Helper()
	schema := os.Getenv("CONGVAN_ETSI_XSD")
	if schema == "" {
		return
	}
	file := filepath.Join(t.TempDir(), "report.xml")
	if err := os.WriteFile(file, report, 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "xmllint", "--nonet", "--noout", "--schema", schema, file).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func TestETSIReport(t *testing.T) {
	b := newBench(t)
	now := time.Now()
	for name, c := range map[string]struct {
		build func(d *doc)
		main  []string
		sub   []string
	}{
		"unsigned":       {func(*doc) {}, []string{"indeterminate"}, []string{ownNamespace + "subindication:NO_SIGNATURE"}},
		"two signatures": {func(d *doc) { d.sign(sig{name: "a"}); d.sign(sig{name: "b\x01<&"}) }, []string{"total-passed", "total-passed"}, nil},
		"forged":         {func(d *doc) { d.sign(sig{name: "a"}); d.Stream(4, "", forged); d.end() }, []string{"total-failed"}, []string{"FORMAT_FAILURE"}},
		"altered":        {func(d *doc) { d.sign(sig{name: "a"}); edit("100 dong", "900 dong")(d) }, []string{"total-failed"}, []string{"HASH_FAILURE"}},
		"stranger":       {func(d *doc) { d.sign(sig{name: "a", by: b.SelfSigned("x")}) }, []string{"indeterminate"}, []string{"NO_CERTIFICATE_CHAIN_FOUND"}},
		"expired":        {func(d *doc) { d.sign(sig{name: "a", by: b.Expired("x")}) }, []string{"indeterminate"}, []string{"OUT_OF_BOUNDS_NO_POE"}},
		"timestamped after the end": {func(d *doc) {
			by := b.Issue(signingtest.Spec{CN: "x", NotBefore: now.Add(-24 * time.Hour), NotAfter: now.Add(-time.Hour)})
			d.sign(sig{name: "a", by: by, make: d.stamped(by, signingtest.TSASpec{}, nil)})
		}, []string{"total-failed"}, []string{"EXPIRED"}},
		"archived": {func(d *doc) {
			d.sign(sig{name: "a", make: d.stamped(b.leader, signingtest.TSASpec{}, nil)})
			d.longTerm([]*x509.Certificate{b.Issuing.Cert}, b.CRL(b.Issuing, signingtest.CRLSpec{}), b.CRL(b.Root, signingtest.CRLSpec{}))
			d.documentTimestamp("t", signingtest.TSASpec{})
		}, []string{"total-passed"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoc(t, b)
			c.build(d)
			v := b.validator()
			if name == "archived" {
				v = New(Options{Trust: b.store(t), Clock: time.Now})
			}
			r := validate(t, v, d.Bytes())
			main, sub := etsiOf(t, r)
			if !slices.Equal(main, c.main) || !slices.Equal(sub, c.sub) {
				t.Errorf("%v %v for %s %v, want %v %v", main, sub, r.Verdict, r.Reasons, c.main, c.sub)
			}
		})
	}
	main, sub := etsiOf(t, validate(t, b.validator(), []byte("no PDF")))
	if !slices.Equal(main, []string{"total-failed"}) || !slices.Equal(sub, []string{"FORMAT_FAILURE"}) {
		t.Errorf("unreadable: %v %v", main, sub)
	}
}

// Every reason has its place, and one that keeps a signature from being VALID keeps it
// from having passed.
func TestEveryReasonHasAnIndication(t *testing.T) {
	for _, reason := range Reasons() {
		e, _ := Explain(reason)
		s := status([]string{reason}, false, totalPassed, totalFailed)
		if passed := s.Main == indication+totalPassed; passed != (e.Effect == signing.Valid) && e.Effect != signing.Unsigned {
			t.Errorf("%s: %s for a verdict of at best %s", reason, s.Main, e.Effect)
		}
		if !slices.ContainsFunc(etsiReasons[:], func(r etsiReason) bool { return r.reason == reason && slices.Contains(etsiChecks[:], r.check) }) && e.Effect != signing.Unsigned {
			t.Errorf("%s belongs to no check", reason)
		}
	}
}
