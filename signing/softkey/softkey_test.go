package softkey

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"congvan/signing"
)

func write(t *testing.T, kind string, der []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "khóa.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return Scheme + path
}

func TestSign(t *testing.T) {
	keys, digest := Keys{Rand: rand.Reader}, sha256.Sum256([]byte("công văn"))
	rsaKey, _ := rsa.GenerateKey(rand.Reader, 2048)
	ecKey, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	pkcs8, _ := x509.MarshalPKCS8PrivateKey(rsaKey)
	sec1, _ := x509.MarshalECPrivateKey(ecKey)
	ctx := context.Background()

	sig, err := keys.Sign(ctx, write(t, "PRIVATE KEY", pkcs8), digest[:], signing.SignOptions{Hash: crypto.SHA256})
	if err != nil || rsa.VerifyPKCS1v15(&rsaKey.PublicKey, crypto.SHA256, digest[:], sig) != nil {
		t.Fatalf("PKCS#1 v1.5: %v", err)
	}
	sig, err = keys.Sign(ctx, write(t, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey)), digest[:], signing.SignOptions{Hash: crypto.SHA256, PSS: true})
	if err != nil || rsa.VerifyPSS(&rsaKey.PublicKey, crypto.SHA256, digest[:], sig, &rsa.PSSOptions{SaltLength: 32}) != nil {
		t.Fatalf("PSS: %v", err)
	}
	sig, err = keys.Sign(ctx, write(t, "EC PRIVATE KEY", sec1), digest[:], signing.SignOptions{Hash: crypto.SHA256})
	if err != nil || !ecdsa.VerifyASN1(&ecKey.PublicKey, digest[:], sig) {
		t.Fatalf("ECDSA: %v", err)
	}
}

func TestSignRefuses(t *testing.T) {
	keys, digest := Keys{Rand: rand.Reader}, sha256.Sum256(nil)
	_, edKey, _ := ed25519.GenerateKey(rand.Reader)
	ed, _ := x509.MarshalPKCS8PrivateKey(edKey)
	good := signing.SignOptions{Hash: crypto.SHA256}
	for name, uri := range map[string]string{
		"absent": "file:/khong/co.pem", "other scheme": "pkcs11:token=a", "damaged": write(t, "PRIVATE KEY", []byte{1}),
		"certificate only": write(t, "CERTIFICATE", []byte{1}), "ed25519": write(t, "PRIVATE KEY", ed),
	} {
		if _, err := keys.Sign(context.Background(), uri, digest[:], good); !errors.Is(err, signing.ErrKeyNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	key, _ := rsa.GenerateKey(rand.Reader, 2048)
	uri := write(t, "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key))
	if _, err := keys.Sign(context.Background(), uri, digest[:], signing.SignOptions{Hash: crypto.SHA256, PIN: []byte("1")}); err == nil {
		t.Error("PIN accepted")
	}
	if _, err := keys.Sign(context.Background(), uri, digest[:20], good); err == nil {
		t.Error("short digest accepted")
	}
	ended, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := keys.Sign(ended, uri, digest[:], good); !errors.Is(err, context.Canceled) {
		t.Error("signed after the context ended")
	}
}
