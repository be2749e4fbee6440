package validation

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/digitorus/timestamp"

	"congvan/signing"
	"congvan/signing/cms"
	"congvan/signing/signingtest"
)

// What is told of document timestamps.
func TestDocumentTimestamps(t *testing.T) {
	b := newBench(t)
	now := time.Now()
	at := func(by time.Duration) signingtest.TSASpec {
		return signingtest.TSASpec{Change: func(ts *timestamp.Timestamp) { ts.Time = now.Add(by).UTC() }}
	}
	for name, c := range map[string]struct {
		tsa       signingtest.TSASpec
		change    func(d *doc)
		verdict   signing.Verdict
		reasons   []string
		integrity string
		trust     string
		file      signing.Verdict
	}{
		"good":              {signingtest.TSASpec{}, nil, signing.Valid, nil, "intact", "trusted", signing.Unsigned},
		"a stranger's":      {signingtest.TSASpec{Identity: b.LookAlike().TSA()}, nil, signing.Unknown, []string{ReasonUntrusted}, "intact", "untrusted", signing.Unsigned},
		"not of a TSA":      {signingtest.TSASpec{Identity: b.BadTSA()}, nil, signing.Invalid, []string{ReasonTimestampUsage}, "intact", "trusted", signing.Unsigned},
		"altered":           {signingtest.TSASpec{}, edit("100 dong", "900 dong"), signing.Invalid, []string{ReasonDigest}, "broken", "unknown", signing.Invalid},
		"bent":              {signingtest.TSASpec{}, flipSignature, signing.Invalid, []string{ReasonTimestampBad}, "broken", "unknown", signing.Invalid},
		"changed after":     {signingtest.TSASpec{}, func(d *doc) { d.Stream(4, "", forged); d.end() }, signing.Invalid, []string{ReasonChanged}, "intact", "trusted", signing.Invalid},
		"of a time to come": {at(time.Hour), nil, signing.Invalid, []string{ReasonTimeConflict}, "intact", "trusted", signing.Unsigned},
		"of a clock astray": {at(4 * time.Minute), nil, signing.Valid, nil, "intact", "trusted", signing.Unsigned},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoc(t, b)
			d.documentTimestamp("t", c.tsa)
			if c.change != nil {
				c.change(d)
			}
			r := validate(t, b.validator(), d.Bytes())
			s := r.Timestamps[0]
			if s.Verdict != c.verdict || !slices.Equal(s.Reasons, c.reasons) && len(s.Reasons)+len(c.reasons) > 0 || s.Integrity != c.integrity || s.Trust != c.trust || r.Verdict != c.file {
				t.Errorf("%s %v: %+v", r.Verdict, r.Reasons, s)
			}
		})
	}
}

// A signature's own timestamp that does not hold spoils it: somebody put it there. One
// that holds and proves nothing is passed over.
func TestKindsOfSignatureTimestamps(t *testing.T) {
	b := newBench(t)
	good := timestamp.RequestOptions{Certificates: true}
	for name, c := range map[string]struct {
		ask     timestamp.RequestOptions
		bend    bool
		verdict signing.Verdict
		reason  string
		source  string
	}{
		"good":                {good, false, signing.Valid, "", "timestamp"},
		"bent":                {good, true, signing.Invalid, ReasonTimestampBad, "claimed"},
		"without certificate": {timestamp.RequestOptions{}, false, signing.Valid, ReasonTimestampUnk, "claimed"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoc(t, b)
			d.sign(sig{name: "a", make: func(digest []byte) []byte {
				der := d.cms(digest, b.leader)
				sd, err := cms.Parse(der)
				if err != nil {
					t.Fatal(err)
				}
				query, err := timestamp.CreateRequest(bytes.NewReader(sd.Signature), &c.ask)
				if err != nil {
					t.Fatal(err)
				}
				token := b.answer(t, query, signingtest.TSASpec{Identity: b.TSA()})
				if c.bend {
					token[len(token)-1] ^= 0xff
				}
				if der, err = cms.SetTimestampToken(der, token); err != nil {
					t.Fatal(err)
				}
				return der
			}})
			r := validate(t, b.validator(), d.Bytes())
			s := r.Signatures[0]
			if r.Verdict != c.verdict || c.reason != "" && !slices.Contains(s.Reasons, c.reason) || s.TimeSource != c.source || s.Integrity != "intact" {
				t.Errorf("%s %+v", r.Verdict, s)
			}
		})
	}
}
