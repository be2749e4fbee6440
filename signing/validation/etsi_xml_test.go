package validation

import (
	"bytes"
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"congvan/signing"
)

// What a report holds, and what it leaves out where there is nothing to say.
func TestElementsOfAnETSIReport(t *testing.T) {
	b := newBench(t)
	at := time.Date(2026, 11, 21, 2, 0, 0, 0, time.UTC)
	one := func(s signing.SignatureReport) *signing.Report {
		return &signing.Report{Signatures: []signing.SignatureReport{s}, Evidence: &signing.Evidence{At: at.Add(time.Hour)}}
	}
	sum := fingerprint([]byte("x"))
	path := &signing.Evidence{
		At: at, Anchors: []*x509.Certificate{b.Root.Cert}, Certificates: []*x509.Certificate{b.Issuing.Cert, b.Issuing.Cert},
		OCSP: [][]byte{[]byte("o")}, CRLs: [][]byte{[]byte("c")},
	}
	for name, c := range map[string]struct {
		report  *signing.Report
		has     []string
		hasNot  []string
		objects int
	}{
		"no signature, nothing used": {
			&signing.Report{Verdict: signing.Unsigned},
			[]string{"NO_SIGNATURE"},
			[]string{"SignatureValidationObjects", "ValidationTimeInfo", "SignersDocument", "SignerInformation", "SignatureValidationProcess>"},
			0,
		},
		"a file with its digest":           {&signing.Report{Verdict: signing.Unsigned, SHA256: sum}, []string{"SignersDocument"}, nil, 0},
		"a file with what is no digest":    {&signing.Report{Verdict: signing.Unsigned, SHA256: "zz"}, nil, []string{"SignersDocument"}, 0},
		"a time claimed":                   {one(signing.SignatureReport{TimeSource: "claimed", Time: &at}), []string{"<vr:SigningTime>", "poetype:validation", "2026-11-21T02:00:00Z", "2026-11-21T03:00:00Z"}, []string{"poetype:provided"}, 0},
		"a time claimed that nobody knows": {one(signing.SignatureReport{TimeSource: "claimed"}), []string{"poetype:validation"}, []string{"<vr:SigningTime>"}, 0},
		"a time proven":                    {one(signing.SignatureReport{TimeSource: "timestamp", Time: &at}), []string{"poetype:provided"}, []string{"<vr:SigningTime>", "poetype:validation"}, 0},
		"a time proven that nobody knows":  {one(signing.SignatureReport{TimeSource: "timestamp"}), []string{"poetype:validation"}, []string{"poetype:provided"}, 0},
		"level B":                          {one(signing.SignatureReport{Level: "B-B"}), []string{"validationprocess:Basic"}, nil, 0},
		"level T":                          {one(signing.SignatureReport{Level: "B-T"}), []string{"validationprocess:LTVM"}, nil, 0},
		"level LTA":                        {one(signing.SignatureReport{Level: "B-LTA"}), []string{"validationprocess:LTA"}, nil, 0},
		"a signer":                         {one(signing.SignatureReport{Fingerprint: sum, Signer: "Nguyễn"}), []string{"SignerInformation", `VOReference="C-` + sum}, nil, 1},
		"a signer without a fingerprint":   {one(signing.SignatureReport{Signer: "Nguyễn"}), nil, []string{"SignerInformation"}, 0},
		"a signer with half a fingerprint": {one(signing.SignatureReport{Fingerprint: sum[:32]}), nil, []string{"SignerInformation"}, 0},
		"a signer with another text":       {one(signing.SignatureReport{Fingerprint: strings.Repeat("zz", 32)}), nil, []string{"SignerInformation"}, 0},
		"names of foreign files":           {one(signing.SignatureReport{Field: "a\x00\x1f\ufffe\tb"}), []string{"a???&#x9;b"}, nil, 0},
		"intact":                           {one(signing.SignatureReport{Integrity: "intact", Trust: "trusted", Revocation: "good"}), nil, []string{"constraintStatus:disabled"}, 0},
		"broken":                           {one(signing.SignatureReport{Integrity: "broken", Reasons: []string{ReasonDigest}}), []string{"constraintStatus:disabled", "HASH_FAILURE"}, nil, 0},
		"evidence of a path": {
			&signing.Report{Signatures: []signing.SignatureReport{{}}, Evidence: path},
			[]string{"TrustAnchor", "R-" + fingerprint([]byte("c")), "O-" + fingerprint([]byte("o"))},
			nil, 4,
		},
		"evidence without an anchor": {
			&signing.Report{Signatures: []signing.SignatureReport{{}}, Evidence: &signing.Evidence{At: at, CRLs: path.CRLs}},
			nil,
			[]string{"AssociatedValidationReportData"},
			1,
		},
		"a document timestamp": {
			&signing.Report{Timestamps: []signing.TimestampReport{{Field: "dau 1", Time: &at, Integrity: "intact"}}, Evidence: &signing.Evidence{At: at}},
			[]string{"T-1-report", "field:dau%201", "poetype:provided"},
			nil, 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			if err := WriteETSI(&out, c.report); err != nil {
				t.Fatal(err)
			}
			conforms(t, out.Bytes())
			for _, s := range c.has {
				if !strings.Contains(out.String(), s) {
					t.Errorf("no %q in %s", s, out.String())
				}
			}
			for _, s := range c.hasNot {
				if strings.Contains(out.String(), s) {
					t.Errorf("%q in %s", s, out.String())
				}
			}
			if n := strings.Count(out.String(), "<vr:ValidationObject "); n != c.objects {
				t.Errorf("%d objects, want %d", n, c.objects)
			}
		})
	}
}
