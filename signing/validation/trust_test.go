package validation

import (
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/digitorus/timestamp"

	"congvan/signing"
	"congvan/signing/cms"
	"congvan/signing/signingtest"
	"congvan/signing/trust"
)

// store is the real trust store, offline, with the bench's root alone.
func (b *bench) store(t testing.TB) *trust.Store {
	t.Helper()
	s, err := trust.New(trust.Options{Anchors: []*x509.Certificate{b.Root.Cert}, Clock: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// stamp asks the test authority for a token over some bytes.
func (b *bench) stamp(t testing.TB, data []byte, s signingtest.TSASpec) []byte {
	t.Helper()
	if s.Identity == nil {
		s.Identity = b.TSA()
	}
	query, err := timestamp.CreateRequest(bytes.NewReader(data), &timestamp.RequestOptions{Certificates: true, Nonce: big.NewInt(1)})
	if err != nil {
		t.Fatal(err)
	}
	return b.answer(t, query, s)
}

func (b *bench) answer(t testing.TB, query []byte, s signingtest.TSASpec) []byte {
	t.Helper()
	reply, err := b.Timestamp(query, s)
	if err != nil {
		t.Fatal(err)
	}
	ts, err := timestamp.ParseResponse(reply)
	if err != nil {
		t.Fatal(err)
	}
	return ts.RawToken
}

// stamped makes the CMS with a signature timestamp.
func (d *doc) stamped(by *signingtest.Identity, s signingtest.TSASpec, over func(value []byte) []byte) func([]byte) []byte {
	return func(digest []byte) []byte {
		der := d.cms(digest, by)
		sd, err := cms.Parse(der)
		if err != nil {
			d.t.Fatal(err)
		}
		value := sd.Signature
		if over != nil {
			value = over(value)
		}
		der, err = cms.SetTimestampToken(der, d.bench.stamp(d.t, value, s))
		if err != nil {
			d.t.Fatal(err)
		}
		return der
	}
}

// documentTimestamp adds a revision with a timestamp over the whole file.
func (d *doc) documentTimestamp(name string, s signingtest.TSASpec) {
	d.t.Helper()
	d.sign(sig{name: name, subFilter: subFilterTimestamp, field: "/F 2", make: d.token(s)})
}

// token makes the value of a document timestamp.
func (d *doc) token(s signingtest.TSASpec) func(digest []byte) []byte {
	if s.Identity == nil {
		s.Identity = d.bench.TSA()
	}
	return func(digest []byte) []byte {
		request := timestamp.Request{HashAlgorithm: 5, HashedMessage: digest, Certificates: true}
		query, err := request.Marshal()
		if err != nil {
			d.t.Fatal(err)
		}
		return d.bench.answer(d.t, query, s)
	}
}

// longTerm adds a revision with a document security store.
func (d *doc) longTerm(certs []*x509.Certificate, crls ...[]byte) {
	var refs [2][]string
	put := func(list int, der []byte) {
		d.next++
		d.Stream(d.next, "", string(der))
		refs[list] = append(refs[list], fmt.Sprintf("%d 0 R", d.next))
	}
	for _, c := range certs {
		put(0, c.Raw)
	}
	for _, c := range crls {
		put(1, c)
	}
	d.next += 2
	d.Obj(d.next-1, fmt.Sprintf("<< /Type /DSS /Certs [%s] /CRLs [%s] >>", strings.Join(refs[0], " "), strings.Join(refs[1], " ")))
	d.Obj(1, fmt.Sprintf("<< /Type /Catalog /Pages 2 0 R /AcroForm 6 0 R /DSS %d 0 R >>", d.next-1))
	d.end()
}

func TestCertificates(t *testing.T) {
	b := newBench(t)
	now := time.Now()
	revoked := func(id *signingtest.Identity, at time.Time) signingtest.CRLSpec {
		return signingtest.CRLSpec{Revoked: map[*x509.Certificate]time.Time{id.Cert: at}}
	}
	early := func(ts *timestamp.Timestamp) { ts.Time = now.Add(-2 * time.Hour).UTC() }
	expiring := b.Issue(signingtest.Spec{CN: "Sắp hết hạn", NotBefore: now.Add(-24 * time.Hour), NotAfter: now.Add(-time.Hour)})
	person := b.Person("Trần Thị Mẫu", "Sở Thử nghiệm")
	other := b.LookAlike()
	cases := map[string]struct {
		by         *signingtest.Identity
		tsa        *signingtest.TSASpec
		over       func([]byte) []byte
		crl        *signingtest.CRLSpec // nil: an empty one
		none       bool                 // no revocation data at all
		verdict    signing.Verdict
		reason     string
		level      string
		timeSource string
	}{
		"good":                         {by: person, verdict: signing.Valid, reason: ReasonClaimedTime, level: "B-B", timeSource: "claimed"},
		"good with a timestamp":        {by: person, tsa: &signingtest.TSASpec{}, verdict: signing.Valid, level: "B-LT", timeSource: "timestamp"},
		"no revocation data":           {by: person, none: true, verdict: signing.Unknown, reason: ReasonRevUnknown, level: "B-B", timeSource: "claimed"},
		"forged revocation list":       {by: person, crl: &signingtest.CRLSpec{Signer: b.P256()}, verdict: signing.Unknown, reason: ReasonRevUnknown, level: "B-B", timeSource: "claimed"},
		"stale revocation list":        {by: person, crl: &signingtest.CRLSpec{ThisUpdate: now.AddDate(0, -1, 0), NextUpdate: now.AddDate(0, 0, -20)}, verdict: signing.Unknown, reason: ReasonRevUnknown, level: "B-B", timeSource: "claimed"},
		"self-signed":                  {by: b.SelfSigned("Trần Thị Mẫu"), verdict: signing.Unknown, reason: ReasonUntrusted, level: "B-B", timeSource: "claimed"},
		"look-alike hierarchy":         {by: other.Person("Trần Thị Mẫu", "Sở Thử nghiệm"), verdict: signing.Unknown, reason: ReasonUntrusted, level: "B-B", timeSource: "claimed"},
		"expired":                      {by: b.Expired("x"), verdict: signing.Expired, reason: ReasonExpired, level: "B-B", timeSource: "claimed"},
		"not yet valid":                {by: b.NotYetValid("x"), verdict: signing.Expired, reason: ReasonNotYetValid, level: "B-B", timeSource: "claimed"},
		"expired after its timestamp":  {by: expiring, tsa: &signingtest.TSASpec{Change: early}, verdict: signing.Valid, level: "B-LT", timeSource: "timestamp"},
		"expired before its timestamp": {by: expiring, tsa: &signingtest.TSASpec{}, verdict: signing.Expired, reason: ReasonExpired, level: "B-T", timeSource: "timestamp"},
		"for encryption only":          {by: b.WrongUsage("x"), verdict: signing.Invalid, reason: ReasonKeyUsage, level: "B-B", timeSource: "claimed"},
		"for nothing in particular":    {by: b.Issue(signingtest.Spec{CN: "x", Usage: signingtest.NoUsage}), verdict: signing.Unknown, reason: ReasonKeyUsageUnsaid, level: "B-B", timeSource: "claimed"},
		"an authority's":               {by: b.Issuing, verdict: signing.Invalid, reason: ReasonKeyUsage, level: "B-B", timeSource: "claimed"},
		"revoked": {
			by: b.leader, crl: ptr(revoked(b.leader, now.Add(-time.Hour))),
			verdict: signing.Revoked, reason: ReasonRevoked, level: "B-B", timeSource: "claimed",
		},
		"revoked before its timestamp": {
			by: b.leader, crl: ptr(revoked(b.leader, now.Add(-time.Hour))), tsa: &signingtest.TSASpec{},
			verdict: signing.Revoked, reason: ReasonRevoked, level: "B-T", timeSource: "timestamp",
		},
		"revoked after its timestamp": {
			by: b.leader, crl: ptr(revoked(b.leader, now.Add(-time.Hour))), tsa: &signingtest.TSASpec{Change: early},
			verdict: signing.Valid, level: "B-LT", timeSource: "timestamp",
		},
		"revoked tsa": {
			by: expiring, tsa: &signingtest.TSASpec{Change: early, Identity: b.leader},
			verdict: signing.Expired, reason: ReasonTimestampUnk, level: "B-B", timeSource: "claimed",
		},
		"timestamp of a stranger":              {by: expiring, tsa: &signingtest.TSASpec{Change: early, Identity: other.TSA()}, verdict: signing.Expired, reason: ReasonTimestampUnk, level: "B-B", timeSource: "claimed"},
		"timestamp without critical usage":     {by: expiring, tsa: &signingtest.TSASpec{Change: early, Identity: b.BadTSA()}, verdict: signing.Expired, reason: ReasonTimestampUnk, level: "B-B", timeSource: "claimed"},
		"timestamp over something else":        {by: person, tsa: &signingtest.TSASpec{}, over: func([]byte) []byte { return []byte("x") }, verdict: signing.Invalid, reason: ReasonTimestampBad, level: "B-B", timeSource: "claimed"},
		"timestamp from the future":            {by: person, tsa: &signingtest.TSASpec{Change: func(ts *timestamp.Timestamp) { ts.Time = now.Add(time.Hour) }}, verdict: signing.Invalid, reason: ReasonTimeConflict, level: "B-B", timeSource: "claimed"},
		"timestamp of a time before the TSA's": {by: expiring, tsa: &signingtest.TSASpec{Change: func(ts *timestamp.Timestamp) { ts.Time = now.AddDate(0, 0, -2) }}, verdict: signing.Expired, reason: ReasonTimestampUnk, level: "B-B", timeSource: "claimed"},
	}
	v := New(Options{Trust: b.store(t), Clock: time.Now})
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			d := newDoc(t, b)
			s := sig{name: "a", by: c.by}
			if c.tsa != nil {
				s.make = d.stamped(c.by, *c.tsa, c.over)
			}
			d.sign(s)
			if !c.none {
				if c.crl == nil {
					c.crl = &signingtest.CRLSpec{}
				}
				if c.crl.NextUpdate.IsZero() {
					c.crl.ThisUpdate = now.Add(-90 * time.Minute) // while every certificate was in its time
				}
				d.longTerm(nil, b.CRL(b.Issuing, *c.crl), b.CRL(b.Root, signingtest.CRLSpec{ThisUpdate: now.Add(-90 * time.Minute)}))
			}
			r := validate(t, v, d.Bytes())
			got := r.Signatures[0]
			if r.Verdict != c.verdict || (c.reason != "" && !slices.Contains(r.Reasons, c.reason)) || got.Level != c.level || got.TimeSource != c.timeSource {
				t.Errorf("%s %v: %+v", r.Verdict, r.Reasons, got)
			}
			if got.Integrity != "intact" || got.ChangesAft == "forbidden" {
				t.Errorf("integrity and changes are judged whatever the trust: %+v", got)
			}
		})
	}
}

func ptr[T any](v T) *T { return &v }

func TestLongTermArchive(t *testing.T) {
	b := newBench(t)
	v := New(Options{Trust: b.store(t), Clock: time.Now})
	tsa := b.TSA()
	d := newDoc(t, b)
	d.sign(sig{name: "a", make: d.stamped(b.leader, signingtest.TSASpec{Identity: tsa}, nil)})
	d.longTerm(b.leader.Chain, b.CRL(b.Issuing, signingtest.CRLSpec{}), b.CRL(b.Root, signingtest.CRLSpec{}))
	d.documentTimestamp("t1", signingtest.TSASpec{Identity: tsa})
	r := validate(t, v, d.Bytes())
	if r.Verdict != signing.Valid || r.Signatures[0].Level != "B-LTA" || r.Signatures[0].ChangesAft != "permitted" || len(r.Timestamps) != 1 {
		t.Fatalf("%s %v %+v", r.Verdict, r.Reasons, r)
	}
	if ts := r.Timestamps[0]; ts.Verdict != signing.Valid || ts.Covers != "file" || ts.Trust != "trusted" || ts.Time == nil {
		t.Errorf("%+v", ts)
	}
	d.Stream(4, "", forged)
	d.end()
	if r := validate(t, v, d.Bytes()); r.Verdict != signing.Invalid || r.Timestamps[0].Verdict != signing.Invalid {
		t.Errorf("changed after the timestamp: %s %+v", r.Verdict, r.Timestamps)
	}

	d = newDoc(t, b)
	d.documentTimestamp("t1", signingtest.TSASpec{})
	if r := validate(t, v, d.Bytes()); r.Verdict != signing.Unsigned || !slices.Contains(r.Reasons, ReasonTimestampOnly) {
		t.Errorf("timestamp alone: %s %v", r.Verdict, r.Reasons)
	}
	d = newDoc(t, b)
	d.sign(sig{name: "a", dict: docMDP(1)})
	d.longTerm(nil, b.CRL(b.Issuing, signingtest.CRLSpec{}), b.CRL(b.Root, signingtest.CRLSpec{}))
	d.documentTimestamp("t1", signingtest.TSASpec{})
	if r := validate(t, v, d.Bytes()); r.Verdict != signing.Valid {
		t.Errorf("P=1 with an archive timestamp: %s %v %+v", r.Verdict, r.Reasons, r.Signatures)
	}
}

// A document timestamp proves its time only when its authority is believed.
func TestOnlyTrustedTimestampsProveTime(t *testing.T) {
	b := newBench(t)
	now := time.Now()
	v := New(Options{Trust: b.store(t), Clock: time.Now})
	by := b.Issue(signingtest.Spec{CN: "x", NotBefore: now.Add(-24 * time.Hour), NotAfter: now.Add(-time.Hour)})
	early := func(ts *timestamp.Timestamp) { ts.Time = now.Add(-2 * time.Hour).UTC() }
	for name, c := range map[string]struct {
		tsa     *signingtest.Identity
		verdict signing.Verdict
	}{"trusted": {b.TSA(), signing.Valid}, "stranger": {b.LookAlike().TSA(), signing.Expired}, "no authority": {b.BadTSA(), signing.Expired}} {
		d := newDoc(t, b)
		d.sign(sig{name: "a", by: by})
		crl := signingtest.CRLSpec{ThisUpdate: now.Add(-90 * time.Minute)}
		d.longTerm(nil, b.CRL(b.Issuing, crl), b.CRL(b.Root, crl))
		d.documentTimestamp("t", signingtest.TSASpec{Identity: c.tsa, Change: early})
		if r := validate(t, v, d.Bytes()); r.Verdict != c.verdict {
			t.Errorf("%s: %s %v", name, r.Verdict, r.Reasons)
		}
	}
}

func TestUnreadable(t *testing.T) {
	b := newBench(t)
	v := b.validator()
	good := func() []byte { d := newDoc(t, b); d.sign(sig{name: "a"}); return d.Bytes() }()
	tight := New(Options{Trust: v.trust, Clock: time.Now, Limits: func() Limits { l := DefaultLimits(); l.PDF.Work = 2000; return l }()})
	for name, c := range map[string]struct {
		v      *Validator
		data   []byte
		reason string
	}{
		"no PDF":    {v, []byte("x"), ReasonNotPDF},
		"cut":       {v, readFile(t, "cong-van-1-truncated.pdf"), ReasonDamaged},
		"limit":     {tight, good, ReasonResourceLimit},
		"encrypted": {v, readFile(t, "cong-van-1-user-password.pdf"), ReasonEncrypted},
	} {
		if r := validate(t, c.v, c.data); r.Verdict != signing.Unreadable || !slices.Equal(r.Reasons, []string{c.reason}) {
			t.Errorf("%s: %s %v", name, r.Verdict, r.Reasons)
		}
	}
	if r := validate(t, v, good[:len(good)-30]); r.Verdict != signing.Invalid || !slices.Contains(r.Reasons, ReasonUnlisted) {
		t.Errorf("signature cut off: %s %v", r.Verdict, r.Reasons)
	}
	if r := validate(t, v, readFile(t, "cong-van-1-owner-password.pdf")); r.Verdict != signing.Unsigned {
		t.Errorf("empty password: %s %v", r.Verdict, r.Reasons)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if r, err := v.Validate(ctx, fileOf(good), time.Time{}); err == nil {
		t.Errorf("cancelled: %+v", r)
	}
	broken := signing.File{R: bytes.NewReader(good[:100]), Size: int64(len(good))}
	if r, err := v.Validate(t.Context(), broken, time.Time{}); err != nil || r.Reasons[0] != ReasonUnavailable {
		t.Errorf("storage fails: %+v, %v", r, err)
	}
}

func readFile(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}
