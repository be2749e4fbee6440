package validation

import (
	"crypto/x509"

	"congvan/signing/pdf"
	"congvan/signing/trust"
)

const maxEvidence = 1000 // members of each list of a document security store

// evidence reads the document security store of a state of the file (ISO 32000-2,
// 12.8.4.3). What cannot be read is left out: missing evidence makes a verdict
// worse, never better.
func (c *check) evidence() (trust.Evidence, error) {
	var ev trust.Evidence
	root, err := c.file.Root()
	if err != nil {
		return ev, err
	}
	dss, err := c.file.Dict(root["DSS"])
	if err != nil || dss == nil {
		return ev, pass(err)
	}
	certs, err := c.streams(dss["Certs"], 64<<10)
	if err != nil {
		return ev, err
	}
	for _, der := range certs {
		if cert, err := x509.ParseCertificate(der); err == nil {
			ev.Certificates = append(ev.Certificates, cert)
		}
	}
	if ev.OCSP, err = c.streams(dss["OCSPs"], 1<<20); err != nil {
		return ev, err
	}
	ev.CRLs, err = c.streams(dss["CRLs"], 64<<20)
	return ev, err
}

// streams decodes the members of one list.
func (c *check) streams(o pdf.Object, limit int64) ([][]byte, error) {
	list, err := c.file.Array(o)
	if err != nil {
		return nil, pass(err)
	}
	var out [][]byte
	for _, item := range list[:min(len(list), maxEvidence)] {
		v, err := c.file.Resolve(item)
		if fatal(err) {
			return nil, err
		}
		s, ok := v.(*pdf.Stream)
		if !ok {
			continue
		}
		data, err := c.file.Decode(s, limit)
		if fatal(err) {
			return nil, err
		}
		if err == nil {
			out = append(out, data)
		}
	}
	return out, nil
}
