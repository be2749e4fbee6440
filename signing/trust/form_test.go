package trust_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"slices"
	"testing"
	"time"

	"congvan/signing/signingtest"
	"congvan/signing/trust"
)

// listForm is a revocation list field by field, as no library would write it.
type listForm struct {
	Outer   asn1.ObjectIdentifier // the algorithm said outside, and inside
	Inner   asn1.ObjectIdentifier
	Hash    crypto.Hash
	Fields  [][]byte // before and behind the algorithm inside: version; issuer, times, entries, extensions
	Behind  []byte   // at the end of the list
	Further []byte   // after it
}

const (
	ofVersion = iota
	ofIssuer
	ofThisUpdate
	ofNextUpdate
	ofEntries
	ofExtensions
	fields
)

func wrapDER(t *testing.T, class, tag int, parts ...[]byte) []byte {
	t.Helper()
	der, err := asn1.Marshal(asn1.RawValue{Class: class, Tag: tag, IsCompound: true, Bytes: slices.Concat(parts...)})
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func marshal(t *testing.T, v any, params ...string) []byte {
	t.Helper()
	der, err := asn1.MarshalWithParams(v, append(params, "")[0])
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// sign writes the list with a key's signature.
func (f listForm) sign(t *testing.T, p *signingtest.PKI, key crypto.Signer) []byte {
	t.Helper()
	algorithm := func(id asn1.ObjectIdentifier) []byte { return wrapDER(t, 0, asn1.TagSequence, marshal(t, id)) }
	body := slices.Insert(slices.Clone(f.Fields), 1, algorithm(f.Inner))
	tbs := wrapDER(t, 0, asn1.TagSequence, body...)
	h := f.Hash.New()
	h.Write(tbs)
	signature, err := key.Sign(p.Rand, h.Sum(nil), f.Hash)
	if err != nil {
		t.Fatal(err)
	}
	bits := marshal(t, asn1.BitString{Bytes: signature, BitLength: 8 * len(signature)})
	return append(wrapDER(t, 0, asn1.TagSequence, tbs, algorithm(f.Outer), bits, f.Behind), f.Further...)
}

func extensions(t *testing.T, list ...pkix.Extension) []byte {
	t.Helper()
	return wrapDER(t, asn1.ClassContextSpecific, 0, marshal(t, list))
}

// TestCRLForm: a list that is not as RFC 5280 has it tells nothing, even when it is signed.
func TestCRLForm(t *testing.T) {
	p := newPKI(t)
	cert := p.Issue(spec{CN: "a"}).Cert
	ecdsa, sha1 := asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}, asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 1}
	authority := func(s spec) *signingtest.Identity {
		s.CN, s.CA, s.Issuer = "CA khác", true, p.Root
		return p.Issue(s)
	}
	entry := func(serial any, more ...[]byte) []byte {
		return wrapDER(t, 0, asn1.TagSequence, append([][]byte{marshal(t, serial), marshal(t, now)}, more...)...)
	}
	of := func(e ...pkix.Extension) []byte { return marshal(t, e) }
	critical := func(id ...int) pkix.Extension { return pkix.Extension{Id: id, Critical: true, Value: []byte{5, 0}} }
	note := pkix.Extension{Id: []int{1, 2, 3}, Value: bytes.Repeat([]byte{0}, 20)}
	entries := func(list ...[]byte) func(*listForm) {
		return func(f *listForm) { f.Fields[ofEntries] = wrapDER(t, 0, asn1.TagSequence, list...) }
	}
	set := func(field int, der []byte) func(*listForm) { return func(f *listForm) { f.Fields[field] = der } }
	for _, c := range []struct {
		name   string
		change func(*listForm)
		issuer *signingtest.Identity // of list and certificate; nil: the issuing authority
		want   trust.Status
	}{
		{name: "plain", change: func(*listForm) {}, want: trust.Good},
		{name: "first version", change: set(ofVersion, nil), want: trust.Good},
		{name: "version no number", change: set(ofVersion, []byte{2, 0}), want: trust.Unknown},
		{name: "GeneralizedTime", change: func(f *listForm) {
			f.Fields[ofThisUpdate], f.Fields[ofNextUpdate] = marshal(t, now, "generalized"), marshal(t, now.Add(time.Hour), "generalized")
		}, want: trust.Good},
		{name: "GeneralizedTime, stale", change: set(ofNextUpdate, marshal(t, now.Add(-time.Hour), "generalized")), want: trust.Unknown},
		{name: "no next update", change: set(ofNextUpdate, nil), want: trust.Unknown},
		{name: "no next update, made after the time asked", change: func(f *listForm) {
			f.Fields[ofThisUpdate], f.Fields[ofNextUpdate] = marshal(t, now.Add(time.Minute)), nil
		}, want: trust.Good},
		{name: "next update no time", change: set(ofNextUpdate, []byte{asn1.TagUTCTime, 1, 'x'}), want: trust.Unknown},
		{name: "bytes after it", change: func(f *listForm) { f.Further = []byte{5, 0} }, want: trust.Unknown},
		{name: "bytes behind the signature", change: func(f *listForm) { f.Behind = []byte{5, 0} }, want: trust.Unknown},
		{name: "bytes behind the extensions", change: func(f *listForm) { f.Fields = append(f.Fields, []byte{5, 0}) }, want: trust.Unknown},
		{name: "two algorithms", change: func(f *listForm) { f.Inner = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 3} }, want: trust.Unknown},
		{name: "SHA-1", change: func(f *listForm) { f.Inner, f.Outer, f.Hash = sha1, sha1, crypto.SHA1 }, want: trust.Unknown},
		{name: "extensions", change: set(ofExtensions, extensions(t, critical(2, 5, 29, 35), critical(2, 5, 29, 20), note)), want: trust.Good},
		{name: "critical extension", change: set(ofExtensions, extensions(t, critical(1, 2, 3))), want: trust.Unknown},
		{name: "extension with more in it", change: set(ofExtensions, wrapDER(t, asn1.ClassContextSpecific, 0, wrapDER(t, 0, asn1.TagSequence,
			wrapDER(t, 0, asn1.TagSequence, marshal(t, note.Id), marshal(t, note.Value), []byte{5, 0})))), want: trust.Unknown},
		{name: "revoked", change: entries(entry(1), entry(cert.SerialNumber)), want: trust.Revoked},
		{name: "others revoked, with a note", change: entries(entry(1, of(note))), want: trust.Good},
		{name: "reason critical", change: entries(entry(cert.SerialNumber, of(critical(2, 5, 29, 21)))), want: trust.Revoked},
		{name: "an earlier entry of another issuer", change: entries(entry(1, of(critical(2, 5, 29, 29))), entry(2)), want: trust.Unknown},
		{name: "own entry without a time", change: entries(wrapDER(t, 0, asn1.TagSequence, marshal(t, cert.SerialNumber), []byte{5, 0})), want: trust.Unknown},
		{name: "same key, another name", change: func(f *listForm) {
			f.Fields[ofIssuer] = authority(spec{Key: p.Issuing.Key}).Cert.RawSubject
		}, want: trust.Unknown},
		{name: "issuer may not sign lists", change: func(*listForm) {}, issuer: authority(spec{Usage: x509.KeyUsageCertSign}), want: trust.Unknown},
		{name: "issuer may sign lists", change: func(*listForm) {}, issuer: authority(spec{Usage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign}), want: trust.Good},
		{name: "issuer with no word of its use", change: func(*listForm) {}, issuer: authority(spec{Usage: signingtest.NoUsage}), want: trust.Good},
	} {
		if c.issuer == nil {
			c.issuer = p.Issuing
		}
		f := listForm{Outer: ecdsa, Inner: ecdsa, Hash: crypto.SHA256, Fields: make([][]byte, fields)}
		f.Fields[ofVersion], f.Fields[ofIssuer] = marshal(t, 1), c.issuer.Cert.RawSubject
		f.Fields[ofThisUpdate], f.Fields[ofNextUpdate] = marshal(t, now.Add(-time.Hour)), marshal(t, now.Add(time.Hour))
		c.change(&f)
		ev := trust.Evidence{CRLs: [][]byte{f.sign(t, p, c.issuer.Key)}}
		if r, err := newStore(t, p).Revocation(context.Background(), cert, c.issuer.Cert, now, ev); err != nil || r.Status != c.want {
			t.Errorf("%s: %v %v, want %s", c.name, r.Status, err, c.want)
		}
	}
	// a form that may have anything before the list
	list := pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: p.CRL(p.Issuing, signingtest.CRLSpec{})})
	ev := trust.Evidence{CRLs: [][]byte{append(bytes.Repeat([]byte("\n"), 50<<20), list...)}}
	if r, err := newStore(t, p).Revocation(context.Background(), cert, p.Issuing.Cert, now, ev); err != nil || r.Status != trust.Unknown {
		t.Errorf("too large: %v %v", r.Status, err)
	}
}
