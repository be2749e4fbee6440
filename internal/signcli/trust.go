package signcli

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"congvan/signing/trust"
)

// openTrust reads --trust: certificates are anchors; in a folder, files named .crl are
// revocation lists, .ocsp responses, and .evidence what an earlier verdict stood on. Only
// the hosts may be asked for more.
func openTrust(paths []string, known []*x509.Certificate, hosts []string, clock func() time.Time, warn io.Writer) (*trust.Store, error) {
	o := trust.Options{Intermediates: known, Clock: clock}
	for _, path := range paths {
		if err := readTrust(path, &o, warn); err != nil {
			return nil, err
		}
	}
	if len(o.Anchors) == 0 {
		return nil, fmt.Errorf("--trust %s: no certificate in it", strings.Join(paths, ", "))
	}
	var err error
	if o.Fetcher, err = fetcher(hosts, clock); err != nil {
		return nil, err
	}
	return trust.New(o)
}

func readTrust(path string, o *trust.Options, warn io.Writer) error {
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("--trust: %w", err)
	}
	if !info.IsDir() {
		certs, err := trust.ReadCertificates(path)
		if err != nil {
			return fmt.Errorf("--trust: %w", err)
		}
		o.Anchors = append(o.Anchors, certs...)
		return nil
	}
	return filepath.WalkDir(path, func(file string, d fs.DirEntry, err error) error {
		switch ext := strings.ToLower(filepath.Ext(file)); {
		case err != nil:
			return fmt.Errorf("--trust: %w", err)
		case d.IsDir():
		case ext == crlExt:
			o.CRLFiles = append(o.CRLFiles, file)
		case ext == ocspExt, ext == evidenceExt:
			e, err := readEvidence(file, ext)
			if err != nil {
				_, _ = fmt.Fprintln(warn, "--trust: passed over:", err)
				return nil
			}
			o.Evidence = append(o.Evidence, e)
		case ext == ".pem", ext == ".crt", ext == ".cer", ext == ".der":
			// Keys and other things lie beside certificates in such folders.
			certs, err := trust.ReadCertificates(file)
			if err != nil {
				_, _ = fmt.Fprintln(warn, "--trust: passed over:", err)
			}
			o.Anchors = append(o.Anchors, certs...)
		}
		return nil
	})
}

// fetcher answers nil, which means no network, when no host may be asked.
func fetcher(hosts []string, clock func() time.Time) (trust.Fetcher, error) {
	if len(hosts) == 0 {
		return nil, nil
	}
	guard, err := trust.NewGuard(trust.GuardOptions{Hosts: hosts, Clock: clock})
	if err != nil {
		return nil, err
	}
	return guard, nil
}

var errNoRoot = errors.New("the chain does not reach a root: append it to the certificate file or name it with --trust")
