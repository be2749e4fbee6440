package pki

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"congvan/signing"
	"congvan/signing/cms"
	"congvan/signing/pkcs11"
	"congvan/signing/softkey"
	"congvan/signing/trust"
)

var now = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

func options(t *testing.T, dir string) Options {
	t.Helper()
	return Options{
		Dir: dir, Clock: func() time.Time { return now }, Rand: rand.Reader, Authority: "Cơ quan chứng thực trình diễn",
		Persons: []Subject{
			{ID: "lanh-dao", Name: "Nguyễn Văn Thử", Agency: "Sở Thử nghiệm", OrganID: "H99.14", PIN: "2468-2468"},
			{ID: "van-thu", Name: "Trần Thị Mẫu", Agency: "Sở Thử nghiệm", OrganID: "H99.14", PIN: "1357-1357"},
		},
		Agencies: []Subject{{ID: "H99.14", Name: "Sở Thử nghiệm", OrganID: "H99.14"}, {ID: "H99.15", Name: "Sở Mẫu", OrganID: "H99.15"}},
	}
}

func ensure(t *testing.T, o Options) *PKI {
	t.Helper()
	p, err := Ensure(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func sign(t *testing.T, keys signing.Keys, c signing.Credential, pin string) {
	t.Helper()
	digest := sha256.Sum256([]byte("công văn"))
	opts := signing.SignOptions{Hash: crypto.SHA256}
	if pin != "" {
		opts.PIN = []byte(pin)
	}
	sig, err := keys.Sign(context.Background(), c.KeyURI, digest[:], opts)
	if err != nil {
		t.Fatal(err)
	}
	if err := rsa.VerifyPKCS1v15(c.Chain[0].PublicKey.(*rsa.PublicKey), crypto.SHA256, digest[:], sig); err != nil {
		t.Fatalf("certificate and key differ: %v", err)
	}
}

func TestEnsure(t *testing.T) {
	base := t.TempDir()
	o := options(t, filepath.Join(base, "a"))
	o.CADir = filepath.Join(base, "ca")
	p := ensure(t, o)

	keys, err := pkcs11.Open(pkcs11.Options{Module: p.Module, Env: p.Env, Clock: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	sign(t, keys, p.Persons["lanh-dao"], "2468-2468")
	sign(t, keys, p.Persons["van-thu"], "1357-1357")
	sign(t, keys, p.Agencies["H99.14"], "")
	sign(t, keys, p.Agencies["H99.15"], "")
	sign(t, softkey.Keys{Rand: rand.Reader}, p.TSA, "")
	digest := sha256.Sum256(nil)
	if _, err := keys.Sign(context.Background(), p.Persons["van-thu"].KeyURI, digest[:], signing.SignOptions{Hash: crypto.SHA256, PIN: []byte("2468-2468")}); !errors.Is(err, signing.ErrPINIncorrect) {
		t.Errorf("another person's PIN: %v", err)
	}
	if err := keys.Close(); err != nil {
		t.Fatal(err)
	}

	again := ensure(t, o)
	for id, c := range p.Persons {
		if !again.Persons[id].Chain[0].Equal(c.Chain[0]) || again.Persons[id].KeyURI != c.KeyURI {
			t.Errorf("%s was made again", id)
		}
	}
	if !again.Root.Equal(p.Root) || !again.TSA.Chain[0].Equal(p.TSA.Chain[0]) {
		t.Error("authority was made again")
	}

	// the other installation shares the root and nothing else
	o.Dir = filepath.Join(base, "b")
	b := ensure(t, o)
	if !b.Root.Equal(p.Root) || b.Agencies["H99.14"].Chain[0].Equal(p.Agencies["H99.14"].Chain[0]) {
		t.Error("sharing")
	}
	checkSignatures(t, p)
	checkMarks(t, p)
	checkModes(t, base)
	checkOpenSSL(t, p)
}

// checkSignatures takes the road of a signature: certificate checked, CMS made with the
// token, revoked afterwards.
func checkSignatures(t *testing.T, p *PKI) {
	t.Helper()
	ctx := context.Background()
	store, err := trust.New(trust.Options{Anchors: []*x509.Certificate{p.Root}, CRLFiles: p.CRLFiles, Clock: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	keys, err := pkcs11.Open(pkcs11.Options{Module: p.Module, Env: p.Env, Clock: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer keys.Close()
	for pin, c := range map[string]signing.Credential{"2468-2468": p.Persons["lanh-dao"], "": p.Agencies["H99.14"]} {
		if err := store.CheckSigner(ctx, c.Chain, now); err != nil {
			t.Error(err)
		}
		digest := sha256.Sum256([]byte("công văn"))
		der, err := cms.Build(ctx, digest[:], crypto.SHA256, c.Chain, func(ctx context.Context, d []byte) ([]byte, error) {
			opts := signing.SignOptions{Hash: crypto.SHA256}
			if pin != "" {
				opts.PIN = []byte(pin)
			}
			return keys.Sign(ctx, c.KeyURI, d, opts)
		}, cms.Options{})
		if err != nil {
			t.Fatal(err)
		}
		sd, err := cms.Parse(der)
		if err != nil {
			t.Fatal(err)
		}
		if err := sd.Verify(func(crypto.Hash) ([]byte, error) { return digest[:], nil }); err != nil {
			t.Error(err)
		}
	}
	if err := p.Revoke(p.Agencies["H99.15"].Chain[0]); err != nil {
		t.Fatal(err)
	}
	if err := store.CheckSigner(ctx, p.Agencies["H99.15"].Chain, now); !errors.Is(err, trust.ErrRevoked) {
		t.Errorf("revoked: %v", err)
	}
}

func checkMarks(t *testing.T, p *PKI) {
	t.Helper()
	certs := []*x509.Certificate{p.Root, p.Issuing, p.TSA.Chain[0], p.Agencies["H99.14"].Chain[0], p.Persons["lanh-dao"].Chain[0]}
	for _, c := range certs {
		if !IsDemonstration(c) {
			t.Errorf("%s is not marked", c.Subject)
		}
		bare := *c
		bare.Subject.OrganizationalUnit = nil
		if !IsDemonstration(&bare) {
			t.Errorf("%s has no policy mark", c.Subject)
		}
	}
	if IsDemonstration(&x509.Certificate{}) || IsDemonstration(nil) {
		t.Error("any certificate is marked")
	}
	leader := certs[4]
	if leader.Subject.CommonName != "Nguyễn Văn Thử" || leader.Subject.Organization[0] != "Sở Thử nghiệm" {
		t.Errorf("subject %s", leader.Subject)
	}
}

// checkModes: nothing secret is readable by others.
func checkModes(t *testing.T, base string) {
	t.Helper()
	for _, pattern := range []string{"ca/*.key", "*/agency.pin", "*/so.pin"} {
		files, _ := filepath.Glob(filepath.Join(base, pattern))
		if len(files) == 0 {
			t.Errorf("no %s", pattern)
		}
		for _, f := range files {
			if info, err := os.Stat(f); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("%s: %v %v", f, info.Mode(), err)
			}
		}
	}
}

// checkOpenSSL: another implementation accepts the chains with the revocation lists.
func checkOpenSSL(t *testing.T, p *PKI) {
	t.Helper()
	dir := t.TempDir()
	var lists []byte
	for _, f := range p.CRLFiles {
		der, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		lists = append(lists, pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der})...)
	}
	for name, data := range map[string][]byte{"crl": lists, "issuing": encode(p.Issuing), "a": encode(p.Persons["lanh-dao"].Chain[0]), "b": encode(p.Agencies["H99.14"].Chain[0]), "c": encode(p.TSA.Chain[0])} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("openssl", "verify", "-crl_check_all", "-attime", "1772438400", "-CRLfile", "crl", "-CAfile", p.RootFile, "-untrusted", "issuing", "a", "b", "c")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("openssl: %v\n%s", err, out)
	}
}

func TestCRLRenewalAndRevocation(t *testing.T) {
	o := options(t, t.TempDir())
	o.Persons = o.Persons[:1]
	o.Agencies = nil
	at := now
	o.Clock = func() time.Time { return at }
	p := ensure(t, o)
	read := func() *x509.RevocationList {
		der, err := os.ReadFile(p.CRLFiles[1])
		if err != nil {
			t.Fatal(err)
		}
		list, err := x509.ParseRevocationList(der)
		if err != nil {
			t.Fatal(err)
		}
		if err := list.CheckSignatureFrom(p.Issuing); err != nil {
			t.Fatal(err)
		}
		return list
	}
	first := read()
	at = now.Add(3 * 24 * time.Hour)
	if err := p.RenewCRLs(); err != nil || read().Number.Cmp(first.Number) != 0 {
		t.Fatalf("renewed before half its life: %v", err)
	}
	at = now.Add(4 * 24 * time.Hour)
	if err := p.RenewCRLs(); err != nil || read().Number.Cmp(first.Number) != 1 || !read().NextUpdate.After(at.Add(6*24*time.Hour)) {
		t.Fatalf("not renewed: %v", err)
	}
	if err := p.Revoke(p.Persons["lanh-dao"].Chain[0]); err != nil {
		t.Fatal(err)
	}
	at = at.Add(100 * 24 * time.Hour)
	p = ensure(t, o) // a restart long after keeps what was revoked
	if list := read(); len(list.RevokedCertificateEntries) != 1 || list.NextUpdate.Before(at) {
		t.Fatalf("%+v", list)
	}
	if err := p.Revoke(p.Root); err == nil {
		t.Fatal("revoked a certificate of another issuer")
	}
}

// TestEnsureRepairs: an earlier run may have stopped anywhere.
func TestEnsureRepairs(t *testing.T) {
	o := options(t, t.TempDir())
	o.Agencies, o.Persons = o.Agencies[:1], o.Persons[:1]
	p := ensure(t, o)
	before := p.Persons["lanh-dao"].Chain[0]
	if err := os.Remove(filepath.Join(o.Dir, "certs", "lanh-dao.pem")); err != nil {
		t.Fatal(err)
	}
	o.Persons = append(o.Persons, Subject{ID: "moi", Name: "Lê Văn Mới", PIN: "9999-0000"})
	p = ensure(t, o)
	after := p.Persons["lanh-dao"].Chain[0]
	if !samePublic(after, before.PublicKey) || after.Equal(before) {
		t.Fatal("key not kept or certificate not made")
	}
	if err := os.RemoveAll(filepath.Join(o.Dir, "tokens")); err != nil {
		t.Fatal(err)
	}
	p = ensure(t, o)
	keys, err := pkcs11.Open(pkcs11.Options{Module: p.Module, Env: p.Env, Clock: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer keys.Close()
	sign(t, keys, p.Persons["lanh-dao"], "2468-2468")
	sign(t, keys, p.Persons["moi"], "9999-0000")
	sign(t, keys, p.Agencies["H99.14"], "")
}

func TestOptionsRefused(t *testing.T) {
	for name, change := range map[string]func(*Options){
		"no clock":   func(o *Options) { o.Clock = nil },
		"same id":    func(o *Options) { o.Agencies[0].ID = o.Persons[0].ID },
		"path in id": func(o *Options) { o.Persons[0].ID = "../x" },
		"long id":    func(o *Options) { o.Persons[0].ID = "a23456789012345678901234567890123" },
		"no PIN":     func(o *Options) { o.Persons[0].PIN = "" },
	} {
		o := options(t, t.TempDir())
		change(&o)
		if _, err := Ensure(context.Background(), o); err == nil {
			t.Errorf("%s accepted", name)
		}
	}
}
