// Package pki makes the public key infrastructure of the demonstration: a root and an
// issuing authority with revocation lists, a timestamp authority, one SoftHSM2 token
// for each person and one for the keys of all agencies.
//
// Everything it makes is marked "CHỨNG THƯ THỬ NGHIỆM", in the subject and by a
// certificate policy, and IsDemonstration recognises it: production mode refuses to
// start with such an anchor. It stands in for the official-duty signature service of
// NĐ 68/2024, which no demonstration can reach.
package pki

import (
	"context"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"congvan/signing"
	"congvan/signing/pkcs11"
)

// Mark stands in the organisational unit of every certificate made here and on every
// page and stamp that shows one.
const Mark = "CHỨNG THƯ THỬ NGHIỆM"

// policy marks the certificates for programs; 2.999 is the arc for examples.
var policy = asn1.ObjectIdentifier{2, 999, 68, 2024}

// AgencyToken is the label of the token that holds the keys of all agencies.
const AgencyToken = "agency"

// IsDemonstration tells that a certificate was made here.
func IsDemonstration(cert *x509.Certificate) bool {
	return cert != nil && (slices.Contains(cert.Subject.OrganizationalUnit, Mark) ||
		slices.ContainsFunc(cert.PolicyIdentifiers, policy.Equal))
}

// Subject is a person or an agency that gets a key and a certificate.
type Subject struct {
	// ID is the label of a person's token or of an agency's key: at most 32 bytes of
	// ASCII, never used again for another subject.
	ID      string
	Name    string // of the person or the agency, as in the certificate's common name
	Agency  string // organisation of a person
	OrganID string // identifier code of the agency, both for agencies and their persons
	PIN     string // of a person's token; its owner types it
}

// Options of Ensure.
type Options struct {
	Dir   string // of this installation: tokens, certificates, PIN file; 0700
	CADir string // of the authority, may be shared by installations; empty means Dir/ca
	// Address is where Online answers, such as http://127.0.0.1:8091; it goes into the
	// certificates. Empty: they name nobody to ask.
	Address string
	Module  string // SoftHSM2 library; empty looks in the usual places
	Clock   func() time.Time
	Rand    io.Reader
	// Authority is the organisation that the authority's certificates name.
	Authority         string
	Persons, Agencies []Subject
}

// PKI is what Ensure made or found.
type PKI struct {
	Root, Issuing *x509.Certificate
	RootFile      string   // PEM, to be pinned
	CRLFiles      []string // DER, of the root and of the issuing authority; renewed by RenewCRLs
	Persons       map[string]signing.Credential
	Agencies      map[string]signing.Credential
	TSA           signing.Credential // a file: URI
	TokenDir      string
	Module        string            // for pkcs11.Options
	Env           map[string]string // for pkcs11.Options

	authority *authority
	lock      string
}

// Ensure makes what is missing and returns all of it. It may be called at every start:
// where nothing is missing it only reads certificates and renews the revocation lists.
// A shared CADir is locked meanwhile. The PKCS#11 module must not be open in this
// process: Ensure opens and closes it when keys have to be made.
func Ensure(ctx context.Context, o Options) (*PKI, error) {
	if err := o.complete(); err != nil {
		return nil, err
	}
	for _, dir := range []string{o.Dir, o.CADir, filepath.Join(o.Dir, "certs")} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("demonstration PKI: %w", err)
		}
	}
	p := &PKI{
		lock: filepath.Join(o.CADir, "lock"), TokenDir: filepath.Join(o.Dir, "tokens"), Module: o.Module,
		Persons: map[string]signing.Credential{}, Agencies: map[string]signing.Credential{},
	}
	unlock, err := lockFile(p.lock)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if p.authority, err = openAuthority(o); err != nil {
		return nil, err
	}
	p.Root, p.Issuing, p.TSA = p.authority.root.cert, p.authority.issuing.cert, p.authority.tsa
	p.RootFile, p.CRLFiles = p.authority.path("root.pem"), []string{p.authority.path("crl/root.crl"), p.authority.path("crl/issuing.crl")}
	if p.Env, err = pkcs11.SoftHSMConf(filepath.Join(o.Dir, "softhsm2.conf"), p.TokenDir); err != nil {
		return nil, fmt.Errorf("demonstration PKI: %w", err)
	}
	if err := p.ensureSubjects(ctx, o); err != nil {
		return nil, err
	}
	return p, p.authority.renewCRLs(false)
}

func (o *Options) complete() (err error) {
	if o.Clock == nil || o.Rand == nil || o.Dir == "" || o.Authority == "" {
		return errors.New("demonstration PKI: Dir, Clock, Rand and Authority are needed")
	}
	if o.CADir == "" {
		o.CADir = filepath.Join(o.Dir, "ca")
	}
	for _, dir := range []*string{&o.Dir, &o.CADir} { // key URIs hold absolute paths
		if *dir, err = filepath.Abs(*dir); err != nil {
			return err
		}
	}
	if o.Module == "" {
		if o.Module, err = pkcs11.FindSoftHSM(); err != nil {
			return err
		}
	}
	seen := map[string]bool{AgencyToken: true}
	for _, s := range slices.Concat(o.Persons, o.Agencies) {
		if s.Name == "" || s.ID == "" || len(s.ID) > 32 || seen[s.ID] || strings.ContainsFunc(s.ID, unfit) {
			return fmt.Errorf("demonstration PKI: subject %q (%s) needs a name and a unique ID of at most 32 letters, digits, '.' and '-'", s.ID, s.Name)
		}
		seen[s.ID] = true
	}
	for _, s := range o.Persons {
		if len(s.PIN) < 4 {
			return fmt.Errorf("demonstration PKI: person %s needs a PIN of at least 4 characters", s.ID)
		}
	}
	return nil
}

// unfit tells the characters an ID may not have: it becomes a file name and a label.
func unfit(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '-')
}

// RenewCRLs makes new revocation lists when less than half of their life is left. It is
// meant to be called now and then while the installation runs.
func (p *PKI) RenewCRLs() error {
	unlock, err := lockFile(p.lock)
	if err != nil {
		return err
	}
	defer unlock()
	return p.authority.renewCRLs(false)
}

// Revoke puts a certificate of the issuing authority on its list at once.
func (p *PKI) Revoke(cert *x509.Certificate) error {
	unlock, err := lockFile(p.lock)
	if err != nil {
		return err
	}
	defer unlock()
	return p.authority.revoke(cert)
}
