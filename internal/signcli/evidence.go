package signcli

import (
	"fmt"
	"os"
	"path/filepath"

	"congvan/signing"
)

// writeEvidence keeps what a verdict stood on as SHA256-OF-THE-FILE.evidence and the
// anchors it relied on as certificates of their own: the reader of the folder believes
// those, and nothing else that lies in the evidence.
func writeEvidence(dir string, r *signing.Report) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	for _, c := range r.Evidence.Anchors {
		name := "anchor-" + signing.Fingerprint(c)[:16] + ".pem"
		if err := os.WriteFile(filepath.Join(dir, name), signing.EncodeChain(signing.Chain{c}), 0o640); err != nil {
			return err
		}
	}
	return os.WriteFile(filepath.Join(dir, r.SHA256+evidenceExt), r.Evidence.Encode(), 0o640)
}

// Names of files in a --trust folder that are no certificates.
const (
	evidenceExt = ".evidence"
	ocspExt     = ".ocsp" // DER
	crlExt      = ".crl"  // DER or PEM
)

// readEvidence reads one file of evidence, or one OCSP response.
func readEvidence(path, ext string) (*signing.Evidence, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Size() > signing.MaxEvidence {
		return nil, fmt.Errorf("%s has %d bytes, the limit is %d", path, info.Size(), signing.MaxEvidence)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	if ext == ocspExt {
		return &signing.Evidence{OCSP: [][]byte{data}}, nil
	}
	e, err := signing.ParseEvidence(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return e, nil
}
