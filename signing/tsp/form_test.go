package tsp_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/asn1"
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"congvan/signing/cms"
	"congvan/signing/signingtest"
	"congvan/signing/tsp"
)

// tokenForm is a token field by field, as no library would write it.
type tokenForm struct {
	content  asn1.ObjectIdentifier
	info     [][]byte // the fields of TSTInfo
	behind   []byte   // TSTInfo
	unnamed  bool     // without the attribute that names its certificate
	identity *signingtest.Identity
}

const (
	ofVersion = iota
	ofPolicy
	ofImprint
	ofSerial
	ofTime
	ofAccuracy
	ofOrdering
	ofNonce
	fields
)

func der(t *testing.T, v any, params ...string) []byte {
	t.Helper()
	out, err := asn1.MarshalWithParams(v, append(params, "")[0])
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func wrap(t *testing.T, class, tag int, parts ...[]byte) []byte {
	t.Helper()
	return der(t, asn1.RawValue{Class: class, Tag: tag, IsCompound: true, Bytes: slices.Concat(parts...)})
}

func sequence(t *testing.T, parts ...[]byte) []byte { return wrap(t, 0, asn1.TagSequence, parts...) }

func imprint(t *testing.T, hash asn1.ObjectIdentifier, value []byte, more ...[]byte) []byte {
	return sequence(t, append([][]byte{sequence(t, der(t, hash)), der(t, value)}, more...)...)
}

// sign writes the token with its maker's signature (RFC 5652 §5).
func (f *tokenForm) sign(t *testing.T, p *signingtest.PKI) []byte {
	t.Helper()
	sha256OID, ecdsaOID := sequence(t, der(t, cms.OIDByHash(crypto.SHA256))), sequence(t, der(t, asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}))
	info := append(sequence(t, f.info...), f.behind...)
	attribute := func(value []byte, id ...int) []byte {
		return sequence(t, der(t, asn1.ObjectIdentifier(id)), wrap(t, 0, asn1.TagSet, value))
	}
	sum := sha256.Sum256(info)
	attributes := [][]byte{attribute(der(t, f.content), 1, 2, 840, 113549, 1, 9, 3), attribute(der(t, sum[:]), 1, 2, 840, 113549, 1, 9, 4)}
	cert := f.identity.Cert
	if !f.unnamed {
		named := sha256.Sum256(cert.Raw)
		attributes = append(attributes, attribute(sequence(t, sequence(t, sequence(t, der(t, named[:])))), 1, 2, 840, 113549, 1, 9, 16, 2, 47))
	}
	digest := sha256.Sum256(wrap(t, 0, asn1.TagSet, attributes...))
	signature, err := f.identity.Key.Sign(p.Rand, digest[:], crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	signer := sequence(t, der(t, 1), sequence(t, cert.RawIssuer, der(t, cert.SerialNumber)), sha256OID,
		wrap(t, asn1.ClassContextSpecific, 0, attributes...), ecdsaOID, der(t, signature))
	body := sequence(t, der(t, 3), wrap(t, 0, asn1.TagSet, sha256OID),
		sequence(t, der(t, f.content), wrap(t, asn1.ClassContextSpecific, 0, der(t, info))),
		wrap(t, asn1.ClassContextSpecific, 0, cert.Raw), wrap(t, 0, asn1.TagSet, signer))
	return sequence(t, der(t, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}), wrap(t, asn1.ClassContextSpecific, 0, body))
}

// TestTokenForm: a token that is not as RFC 3161 has it is refused, even when it is signed.
func TestTokenForm(t *testing.T) {
	p := newPKI(t)
	tsa := p.Issue(signingtest.Spec{CN: "TSA", ExtUsage: []int{1, 3, 6, 1, 5, 5, 7, 3, 8}, ExtCritical: true, Usage: 1})
	sha256OID := cms.OIDByHash(crypto.SHA256)
	plain := func() *tokenForm {
		return &tokenForm{content: cms.OIDTSTInfo, identity: tsa, info: [][]byte{
			ofVersion: der(t, 1), ofPolicy: der(t, signingtest.Policy), ofImprint: imprint(t, sha256OID, sum(crypto.SHA256)),
			ofSerial: der(t, 7), ofTime: der(t, time.Now(), "generalized"), fields - 1: nil,
		}}
	}
	set := func(field int, value []byte) func(*tokenForm) { return func(f *tokenForm) { f.info[field] = value } }
	accuracy := func(seconds []byte, parts ...int) func(*tokenForm) {
		fields := seconds
		for i, n := range parts { // milliseconds, microseconds
			fields = append(fields, der(t, n, []string{"tag:0", "tag:1"}[i])...)
		}
		return set(ofAccuracy, sequence(t, fields))
	}
	for _, c := range []struct {
		name     string
		change   func(*tokenForm)
		want     error
		accuracy time.Duration
		nonce    bool
	}{
		{name: "plain", change: func(*tokenForm) {}},
		{name: "nonce", change: set(ofNonce, der(t, 5)), nonce: true},
		{name: "ordering", change: func(f *tokenForm) { f.info[ofOrdering], f.info[ofNonce] = der(t, true), der(t, 5) }, nonce: true},
		{name: "ordering that is none", change: set(ofOrdering, []byte{asn1.TagBoolean, 1, 5}), want: tsp.ErrMalformed},
		{name: "accuracy", change: accuracy(der(t, 2), 30, 4), accuracy: 2*time.Second + 30*time.Millisecond + 4*time.Microsecond},
		{name: "without seconds", change: accuracy(nil, 30), accuracy: 30 * time.Millisecond},
		{name: "negative seconds", change: accuracy(der(t, -1)), want: tsp.ErrMalformed},
		{name: "seconds of centuries", change: accuracy(der(t, 1<<31+1)), want: tsp.ErrMalformed},
		{name: "negative milliseconds", change: accuracy(nil, -1), want: tsp.ErrMalformed},
		{name: "milliseconds of a second", change: accuracy(nil, 1000), want: tsp.ErrMalformed},
		{name: "another version", change: set(ofVersion, der(t, 2)), want: tsp.ErrMalformed},
		{name: "bytes behind", change: func(f *tokenForm) { f.behind = []byte{5, 0} }, want: tsp.ErrMalformed},
		{name: "bytes in the imprint", change: set(ofImprint, imprint(t, sha256OID, sum(crypto.SHA256), []byte{5, 0})), want: tsp.ErrMalformed},
		{name: "imprint of another length", change: set(ofImprint, imprint(t, sha256OID, sum(crypto.SHA384))), want: tsp.ErrMalformed},
		{name: "imprint by SHA-1", change: set(ofImprint, imprint(t, cms.OIDByHash(crypto.SHA1), sum(crypto.SHA1))), want: cms.ErrWeak},
		{name: "imprint by another hash", change: set(ofImprint, imprint(t, cms.OIDByHash(crypto.SHA3_256), sum(crypto.SHA3_256)))},
		{name: "something else signed", change: func(f *tokenForm) { f.content = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1} }, want: tsp.ErrMalformed},
		{name: "certificate not named", change: func(f *tokenForm) { f.unnamed = true }, want: tsp.ErrToken},
	} {
		f := plain()
		c.change(f)
		token, err := tsp.Verify(f.sign(t, p), digest)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		if err == nil && (token.Accuracy != c.accuracy || (token.Nonce != nil) != c.nonce) {
			t.Errorf("%s: accuracy %v, nonce %v", c.name, token.Accuracy, token.Nonce)
		}
	}
	// an answer whose imprint has the bytes asked for, said to be another hash's
	f := plain()
	f.info[ofImprint] = imprint(t, cms.OIDByHash(crypto.SHA3_256), sum(crypto.SHA256))
	answer := sequence(t, sequence(t, der(t, 0)), f.sign(t, p))
	url := p.ServeTSA(signingtest.TSASpec{Answer: func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(answer) }}).URL
	if _, err := client(t, url).Timestamp(context.Background(), sum(crypto.SHA256), crypto.SHA256); !errors.Is(err, tsp.ErrImprint) {
		t.Errorf("another hash: %v", err)
	}
}

// TestGrantedWithModifications: the status 1 is as good as 0 (RFC 3161 §2.4.2).
func TestGrantedWithModifications(t *testing.T) {
	p := newPKI(t)
	good := p.ServeTSA(signingtest.TSASpec{})
	url := p.ServeTSA(signingtest.TSASpec{Answer: func(w http.ResponseWriter, r *http.Request) {
		answer, err := http.Post(good.URL, "application/timestamp-query", r.Body)
		if err != nil {
			t.Error(err)
			return
		}
		defer answer.Body.Close()
		var b bytes.Buffer
		_, _ = b.ReadFrom(answer.Body)
		_, _ = w.Write(bytes.Replace(b.Bytes(), []byte{0x30, 3, 2, 1, 0}, []byte{0x30, 3, 2, 1, 1}, 1))
	}}).URL
	if _, err := client(t, url).Timestamp(context.Background(), sum(crypto.SHA256), crypto.SHA256); err != nil {
		t.Error(err)
	}
}
