// Package trust decides whom to believe: it builds certificate paths to pinned anchors
// (NĐ 68/2024 Đ.32) and tells the revocation status of a certificate at a time (Đ.31).
//
// It fails closed. A path is found by keys and signatures, never because two names
// read alike; an answer about revocation counts only when it is signed by the right
// authority and fresh for the time asked, otherwise the status is unknown. The network
// is used only through a Fetcher with an allow-list, and not at all without one.
package trust

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"congvan/signing"
)

// Errors of Path and CheckSigner. ErrUsage comes with ErrUntrusted where an issuer in
// the path was not allowed to issue.
var (
	ErrUntrusted   = errors.New("trust: no path to a trusted anchor")
	ErrExpired     = errors.New("trust: certificate expired")
	ErrNotYetValid = errors.New("trust: certificate not yet valid")
	ErrUsage       = errors.New("trust: certificate not allowed for this use")
	ErrRevoked     = errors.New("trust: certificate revoked")
	ErrUnknown     = errors.New("trust: revocation status unknown")
)

// Limits on what a foreign file can make this package do.
const (
	maxDepth      = 8   // certificates in a path
	maxPool       = 200 // foreign certificates looked at
	maxSignatures = 64  // signatures verified to find one path
	maxEvidence   = 100 // OCSP responses and CRLs looked at, each
	maxCRL        = 50 << 20
	maxOCSP       = 1 << 20
	maxAIA        = 3 // issuer certificates fetched for one path
	maxPEMFile    = 8 << 20
	skew          = 5 * time.Minute // between clocks
)

// Status of a certificate.
type Status string

// Statuses, as they stand in reports.
const (
	Good    Status = "good"
	Revoked Status = "revoked"
	Unknown Status = "unknown"
)

// Revocation is the answer about one certificate.
type Revocation struct {
	Status    Status
	RevokedAt time.Time // when revoked
	Embedded  bool      // the evidence given with the question was enough
	Evidence  []byte    // the DER response or list that decided; nil when unknown
	OCSP      bool      // Evidence is an OCSP response, otherwise a CRL
}

// Evidence is validation material that comes with a file.
type Evidence struct {
	Certificates []*x509.Certificate
	OCSP         [][]byte // DER responses
	CRLs         [][]byte // DER
}

// Options of New.
type Options struct {
	Anchors       []*x509.Certificate // pinned; what leads to them is believed
	Intermediates []*x509.Certificate // known but not believed: many files carry only the leaf
	CRLFiles      []string            // DER or PEM, read again when they change
	Evidence      []*signing.Evidence // kept from earlier verdicts; its anchors are believed no more than its other certificates
	Fetcher       Fetcher             // nil: offline
	Clock         func() time.Time
}

// Store holds anchors, intermediates and revocation lists. It is safe for concurrent
// use.
type Store struct {
	anchors       []*x509.Certificate
	intermediates []*x509.Certificate
	fetcher       Fetcher
	clock         func() time.Time

	ocsp  [][]byte // responses kept from earlier verdicts
	lists []*crl   // the same of lists

	facts facts

	mu    sync.Mutex
	files []*crlFile
}

// New makes a store. No anchors is an error: nothing could ever be trusted.
func New(o Options) (*Store, error) {
	if o.Clock == nil || len(o.Anchors) == 0 {
		return nil, errors.New("trust: at least one anchor and a clock are needed")
	}
	s := &Store{anchors: slices.Clone(o.Anchors), intermediates: slices.Clone(o.Intermediates), fetcher: o.Fetcher, clock: o.Clock}
	for _, path := range o.CRLFiles {
		s.files = append(s.files, &crlFile{path: path})
	}
	for _, e := range o.Evidence {
		s.intermediates = slices.Concat(s.intermediates, e.Certificates, e.Anchors)
		s.ocsp = append(s.ocsp, e.OCSP...)
		for _, der := range e.CRLs {
			if list, err := parseCRL(der); err == nil { // a damaged list tells nothing
				s.lists = append(s.lists, list)
			}
		}
	}
	return s, nil
}

// Anchors returns the pinned certificates.
func (s *Store) Anchors() []*x509.Certificate { return slices.Clone(s.anchors) }

// ReadCertificates reads every certificate of PEM or DER files; of a folder, those in
// files named .pem, .crt or .cer.
func ReadCertificates(paths ...string) ([]*x509.Certificate, error) {
	var out []*x509.Certificate
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, fmt.Errorf("trust: %w", err)
		}
		files := []string{path}
		if info.IsDir() {
			if files, err = certificateFiles(path); err != nil {
				return nil, err
			}
		}
		for _, file := range files {
			certs, err := readCertificates(file)
			if err != nil {
				return nil, err
			}
			out = append(out, certs...)
		}
	}
	return out, nil
}

func certificateFiles(dir string) ([]string, error) {
	var files []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if ext := strings.ToLower(filepath.Ext(path)); !d.IsDir() && (ext == ".pem" || ext == ".crt" || ext == ".cer") {
			files = append(files, path)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("trust: %w", err)
	}
	return files, nil
}

func readCertificates(path string) ([]*x509.Certificate, error) {
	data, err := readFile(path, maxPEMFile)
	if err != nil {
		return nil, err
	}
	certs, err := parseCertificates(data)
	if err != nil {
		return nil, fmt.Errorf("trust: %s: %w", path, err)
	}
	return certs, nil
}

// parseCertificates reads one DER certificate or any number in PEM.
func parseCertificates(data []byte) ([]*x509.Certificate, error) {
	var out []*x509.Certificate
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != "CERTIFICATE" {
			continue
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	if len(out) > 0 {
		return out, nil
	}
	c, err := x509.ParseCertificate(data)
	if err != nil {
		return nil, fmt.Errorf("no certificate in it: %w", err)
	}
	return []*x509.Certificate{c}, nil
}

func readFile(path string, limit int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("trust: %w", err)
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("trust: %s has %d bytes, the limit is %d", path, info.Size(), limit)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("trust: %w", err)
	}
	return data, nil
}
