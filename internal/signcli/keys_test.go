package signcli

import (
	"crypto"
	"encoding/asn1"
	"errors"
	"testing"

	"congvan/signing"
	"congvan/signing/cms"
	"congvan/signing/signingtest"
	"congvan/signing/trust"
)

// Every kind of key with every digest: the document, the signed attributes and the
// signature value are all of the digest asked for, and programs of other hands agree.
func TestKeysAndDigests(t *testing.T) {
	w := newWorld(t)
	keys := map[string]crypto.Signer{
		"RSA-2048": w.PKI.RSA(2048), "RSA-3072": w.PKI.RSA(3072), "RSA-4096": w.PKI.RSA(4096), "P-256": w.P256(), "P-384": w.P384(),
	}
	signers := map[string]*signingtest.Identity{}
	for name, key := range keys {
		signers[name] = w.Online.Signer(signingtest.Spec{CN: "Nguyễn Văn Thử", Key: key})
	}
	for _, c := range []struct {
		key  string
		hash crypto.Hash
		pss  bool
		oid  asn1.ObjectIdentifier // of the signature algorithm
	}{
		{"RSA-2048", 0, false, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}},
		{"RSA-2048", crypto.SHA384, true, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}},
		{"RSA-3072", crypto.SHA512, false, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 13}},
		{"RSA-4096", crypto.SHA384, false, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 12}},
		{"RSA-4096", crypto.SHA256, true, asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}},
		{"P-256", crypto.SHA256, false, asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}},
		{"P-256", crypto.SHA512, false, asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 4}},
		{"P-384", crypto.SHA384, false, asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 3}},
	} {
		name := c.key + " " + c.hash.String()
		if c.pss {
			name += " PSS"
		}
		t.Run(name, func(t *testing.T) {
			o := w.options(t, signers[c.key], LevelT)
			o.Request.Hash, o.PSS = c.hash, c.pss
			if _, err := Sign(t.Context(), o); err != nil {
				t.Fatal(err)
			}
			accepted(t, o.Out, 1)
			if r := w.verify(t, o.Out, w.hosts...); r.Verdict != signing.Valid {
				t.Errorf("%s %v: %+v", r.Verdict, r.Reasons, r.Signatures)
			}
			want := c.hash
			if want == 0 {
				want = crypto.SHA256
			}
			sd := cmsOf(t, read(t, o.Out))
			if sd.DigestAlgorithm.Hash != want || len(sd.MessageDigest) != want.Size() {
				t.Errorf("digest %v of %d bytes, want %v", sd.DigestAlgorithm.Hash, len(sd.MessageDigest), want)
			}
			if got := sd.SignatureAlgorithm; !got.OID.Equal(c.oid) || c.pss != (got.PSS != nil) {
				t.Errorf("signature algorithm %+v, want %v", got, c.oid)
			}
		})
	}
}

// What no signature may be made with is refused before the key is asked: no key
// stands behind any of these.
func TestRefusedBeforeTheKey(t *testing.T) {
	w := newWorld(t)
	for name, c := range map[string]struct {
		change func(o *SignOptions)
		want   error // nil: any
	}{
		"RSA-1024":     {func(o *SignOptions) { o.Credential = keyless(w.Issue(signingtest.Spec{CN: "x", Key: w.PKI.RSA(1024)})) }, trust.ErrUsage},
		"PSS with EC":  {func(o *SignOptions) { o.Credential = keyless(w.leader); o.PSS = true }, cms.ErrUnsupported},
		"SHA-1":        {func(o *SignOptions) { o.Credential = keyless(w.leader); o.Request.Hash = crypto.SHA1 }, nil},
		"SHA-224":      {func(o *SignOptions) { o.Credential = keyless(w.leader); o.Request.Hash = crypto.SHA224 }, nil},
		"certified P1": {func(o *SignOptions) { o.Credential = keyless(w.leader); o.In = w.certified(t, 1) }, signing.ErrLocked},
	} {
		t.Run(name, func(t *testing.T) {
			o := w.options(t, w.leader, LevelB)
			c.change(&o)
			_, err := Sign(t.Context(), o)
			if err == nil || c.want != nil && !errors.Is(err, c.want) || errors.Is(err, signing.ErrKeyNotFound) {
				t.Errorf("%v, want %v", err, c.want)
			}
			gone(t, o.Out)
		})
	}
}

// certified is a letter with a certification of level p.
func (w *world) certified(t testing.TB, p int) string {
	o := w.options(t, w.leader, LevelB)
	o.Request.Certify = p
	if _, err := Sign(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	return o.Out
}
