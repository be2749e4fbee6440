package pki

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"congvan/signing"
	"congvan/signing/pkcs11"
)

// personKey is the label of the one key in a person's token.
const personKey = "sign"

const subjectBits = 2048

// holder is a subject with the place of its key.
type holder struct {
	Subject
	person  bool
	token   string
	object  string
	pinFile string // agencies
	into    map[string]signing.Credential
}

func (p *PKI) holders(o Options) []holder {
	var out []holder
	for _, s := range o.Persons {
		out = append(out, holder{Subject: s, person: true, token: s.ID, object: personKey, into: p.Persons})
	}
	for _, s := range o.Agencies {
		out = append(out, holder{Subject: s, token: AgencyToken, object: s.ID, pinFile: filepath.Join(o.Dir, "agency.pin"), into: p.Agencies})
	}
	return out
}

// ensureSubjects reads the subjects' certificates and makes tokens, keys and
// certificates that are missing. A certificate is written last, so that one that is
// there stands for a finished key.
func (p *PKI) ensureSubjects(ctx context.Context, o Options) error {
	// without its tokens folder a certificate stands for nothing
	kept, err := os.ReadDir(p.TokenDir)
	if err != nil {
		return fmt.Errorf("demonstration PKI: %w", err)
	}
	var missing []holder
	for _, h := range p.holders(o) {
		uri, err := pkcs11.URI(h.token, h.object, h.pinFile)
		if err != nil {
			return err
		}
		cert, err := readCertificate(certFile(o, h))
		if err == nil && len(kept) > 0 && p.authority.good(cert, h) {
			h.into[h.ID] = p.credential(uri, cert)
			continue
		}
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		missing = append(missing, h)
	}
	if len(missing) == 0 {
		return nil
	}
	return p.makeKeys(ctx, o, missing)
}

func (p *PKI) credential(uri string, cert *x509.Certificate) signing.Credential {
	return signing.Credential{KeyURI: uri, Chain: []*x509.Certificate{cert, p.Issuing}}
}

func certFile(o Options, h holder) string { return filepath.Join(o.Dir, "certs", h.ID+".pem") }

// good tells whether a certificate is still right for its subject.
func (a *authority) good(cert *x509.Certificate, h holder) bool {
	if cert.CheckSignatureFrom(a.issuing.cert) != nil || cert.Subject.CommonName != h.Name || !a.clock().Before(cert.NotAfter.Add(-renewSubject)) {
		return false
	}
	organID := ""
	for _, n := range cert.Subject.Names {
		if n.Type.Equal(oidOrganizationIdentifier) {
			organID, _ = n.Value.(string)
		}
	}
	return organID == h.OrganID && (!h.person || h.Agency == "" || slices.Contains(cert.Subject.Organization, h.Agency))
}

func (p *PKI) makeKeys(ctx context.Context, o Options, missing []holder) (err error) {
	soPIN, err := ensureSecret(filepath.Join(o.Dir, "so.pin"), o.Rand)
	if err != nil {
		return err
	}
	agencyPIN, err := ensureSecret(filepath.Join(o.Dir, "agency.pin"), o.Rand)
	if err != nil {
		return err
	}
	provider, err := pkcs11.Open(pkcs11.Options{Module: o.Module, Env: p.Env, Clock: o.Clock})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, provider.Close()) }()
	for _, h := range missing {
		if err := ctx.Err(); err != nil {
			return err
		}
		pin := agencyPIN
		if h.person {
			pin = []byte(h.PIN)
		}
		public, err := ensureTokenKey(ctx, provider, h, soPIN, pin)
		if err != nil {
			return fmt.Errorf("demonstration PKI: key of %s: %w", h.ID, err)
		}
		cert, err := p.authority.issue(h.Subject, h.person, public)
		if err != nil {
			return fmt.Errorf("demonstration PKI: certificate of %s: %w", h.ID, err)
		}
		if err := writeFile(certFile(o, h), encode(cert, p.Issuing), 0o644); err != nil {
			return err
		}
		uri, err := pkcs11.URI(h.token, h.object, h.pinFile)
		if err != nil {
			return err
		}
		h.into[h.ID] = p.credential(uri, cert)
	}
	return nil
}

// ensureTokenKey finds or makes the token and the key, wherever an earlier call stopped.
func ensureTokenKey(ctx context.Context, provider *pkcs11.Provider, h holder, soPIN, pin []byte) (crypto.PublicKey, error) {
	key, err := provider.PublicKey(ctx, h.token, h.object)
	switch {
	case err == nil:
		return key, nil
	case errors.Is(err, signing.ErrTokenUnavailable): // there is no such token
		if err := provider.InitToken(ctx, h.token, soPIN, pin); err != nil {
			return nil, err
		}
	case !errors.Is(err, signing.ErrKeyNotFound):
		return nil, err
	}
	return provider.GenerateRSA(ctx, pkcs11.KeySpec{Token: h.token, Label: h.object, ID: []byte(h.object), PIN: pin}, subjectBits)
}

// ensureSecret reads a PIN file or makes one with 128 random bits.
func ensureSecret(path string, random io.Reader) ([]byte, error) {
	data, err := os.ReadFile(path)
	if err == nil && len(data) > 0 {
		return data, nil
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	var secret [16]byte
	if _, err := io.ReadFull(random, secret[:]); err != nil {
		return nil, err
	}
	out := []byte(hex.EncodeToString(secret[:]))
	return out, writeFile(path, out, 0o600)
}
