package signing

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"time"
)

// Evidence is what a verdict stood on besides the bytes of the file (chứng cứ kiểm tra):
// with it, the file and the same time of judgement the verdict can be repeated without a
// network. It holds what was used, whether it came out of the file, a cache, a folder or
// the network, each thing once.
type Evidence struct {
	At           time.Time           // the verdict is as of this time
	Anchors      []*x509.Certificate // that paths ended in; they were believed, the reader decides again
	Certificates []*x509.Certificate // of the paths below the anchors
	OCSP         [][]byte            // DER responses (RFC 6960)
	CRLs         [][]byte            // DER lists (RFC 5280)
}

// Kinds of PEM blocks in the encoded form. An anchor is a certificate with a header, so
// that whoever reads every certificate of the file does not come to believe more of them.
const (
	pemCertificate = "CERTIFICATE"
	pemOCSP        = "OCSP RESPONSE"
	pemCRL         = "X509 CRL"
	pemUse         = "Use"
	pemAnchor      = "anchor"
	pemTime        = "# judged as of "
)

// MaxEvidence bounds the encoded form that ParseEvidence reads, in bytes.
const MaxEvidence = 256 << 20

// Encode writes PEM blocks behind one line with the time. Equal evidence gives equal
// bytes.
func (e *Evidence) Encode() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s%s\n", pemTime, e.At.UTC().Format(time.RFC3339Nano))
	block := func(kind string, der []byte, headers map[string]string) {
		_ = pem.Encode(&b, &pem.Block{Type: kind, Headers: headers, Bytes: der}) // a buffer never fails
	}
	for _, c := range e.Anchors {
		block(pemCertificate, c.Raw, map[string]string{pemUse: pemAnchor})
	}
	for _, c := range e.Certificates {
		block(pemCertificate, c.Raw, nil)
	}
	for _, der := range e.OCSP {
		block(pemOCSP, der, nil)
	}
	for _, der := range e.CRLs {
		block(pemCRL, der, nil)
	}
	return b.Bytes()
}

// ParseEvidence reads what Encode wrote. It judges nothing: every signature in it is
// verified again by whoever uses it. The error says what cannot be read.
func ParseEvidence(data []byte) (*Evidence, error) {
	if len(data) > MaxEvidence {
		return nil, fmt.Errorf("signing: evidence of %d bytes, the limit is %d", len(data), MaxEvidence)
	}
	line, rest, _ := bytes.Cut(data, []byte("\n"))
	stamp, ok := bytes.CutPrefix(line, []byte(pemTime))
	if !ok {
		return nil, errors.New("signing: no evidence: the first line does not tell the time of judgement")
	}
	e := &Evidence{}
	var err error
	if e.At, err = time.Parse(time.RFC3339Nano, string(bytes.TrimSpace(stamp))); err != nil {
		return nil, fmt.Errorf("signing: evidence: %w", err)
	}
	for block, more := pem.Decode(rest); block != nil; block, more = pem.Decode(more) {
		switch block.Type {
		case pemOCSP:
			e.OCSP = append(e.OCSP, block.Bytes)
		case pemCRL:
			e.CRLs = append(e.CRLs, block.Bytes)
		case pemCertificate:
			c, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, fmt.Errorf("signing: evidence: %w", err)
			}
			if block.Headers[pemUse] == pemAnchor {
				e.Anchors = append(e.Anchors, c)
			} else {
				e.Certificates = append(e.Certificates, c)
			}
		}
	}
	return e, nil
}
