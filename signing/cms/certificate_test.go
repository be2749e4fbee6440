package cms

import (
	"bytes"
	"context"
	"crypto"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"math/big"
	"testing"
)

// A serial number below zero is against RFC 5280 and the standard library, and in use all
// the same: the signature is judged, and no path can lead from such a certificate.
func TestNegativeSerialNumber(t *testing.T) {
	id := newIdentity(t, ecKey(t, elliptic.P256()))
	der := bytes.Replace(id.chain[0].Raw, []byte{2, 3, 0x7f, 0xff, 0xff}, []byte{2, 3, 0xff, 0xff, 0xff}, 1)
	if _, err := x509.ParseCertificate(der); err == nil {
		t.Fatal("the standard library reads it: this file is no longer needed")
	}
	leaf := odd(der)
	if leaf == nil {
		t.Fatal("not read")
	}
	if leaf.SerialNumber.Cmp(big.NewInt(-1)) != 0 || leaf.Subject.CommonName != "Nguyễn Văn Thử" || leaf.KeyUsage != id.chain[0].KeyUsage ||
		!leaf.NotAfter.Equal(id.chain[0].NotAfter) || !bytes.Equal(leaf.SubjectKeyId, id.chain[0].SubjectKeyId) {
		t.Errorf("read as %+v", leaf)
	}
	if leaf.CheckSignatureFrom(id.chain[1]) == nil {
		t.Error("it counts as issued by somebody")
	}
	sum := sha256.Sum256(content)
	signed, err := Build(t.Context(), sum[:], crypto.SHA256, []*x509.Certificate{leaf}, func(_ context.Context, d []byte) ([]byte, error) {
		return id.key.Sign(rand.Reader, d, crypto.SHA256)
	}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	sd, err := Parse(signed)
	if err != nil || sd.Signer == nil {
		t.Fatal(err)
	}
	if err := sd.Verify(digestOf(content)); err != nil {
		t.Error(err)
	}
	if err := sd.Verify(digestOf([]byte("khác"))); err == nil {
		t.Error("other content verifies")
	}
}

func FuzzOddCertificate(f *testing.F) {
	f.Add(newIdentity(f, ecKey(f, elliptic.P256())).chain[0].Raw)
	f.Fuzz(func(t *testing.T, der []byte) {
		if c := odd(der); c != nil && (c.SerialNumber == nil || c.Raw == nil) {
			t.Error("half a certificate")
		}
		if sd, err := FromX509(der, [][]byte{der}); err == nil {
			_ = sd.Verify(digestOf(content))
		}
	})
}

// The padding of /Contents is zeros; some signers leave what was in their buffer.
func TestBytesBehindTheSignature(t *testing.T) {
	der := build(t, newIdentity(t, ecKey(t, elliptic.P256())), crypto.SHA256, false)
	sd, err := Parse(append(bytes.Clone(der), "left over"...))
	if err != nil || !bytes.Equal(sd.Raw(), der) {
		t.Fatal(err)
	}
	if err := sd.Verify(digestOf(content)); err != nil {
		t.Error(err)
	}
}
