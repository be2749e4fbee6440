package validation

import (
	"crypto/x509"
	"encoding/asn1"
	"slices"
	"time"

	"congvan/signing"
)

var oidOrganizationIdentifier = asn1.ObjectIdentifier{2, 5, 4, 97}

func (c *check) signatureReport(s *found) signing.SignatureReport {
	r := signing.SignatureReport{
		Field: s.name, SubFilter: s.subFilter, Level: c.level(s), Covers: c.covers(s), Integrity: s.intact,
		ChangesAft: s.after, Changes: orEmpty(s.changes), Trust: "unknown", Revocation: "unchecked", TimeSource: "none",
		Verdict: worst(s.reasons), Reasons: orEmpty(s.reasons),
	}
	if s.standing.trust != "" {
		r.Trust, r.Revocation = s.standing.trust, s.standing.revocation
	}
	if s.timeSource != "" {
		r.TimeSource = s.timeSource
		r.Time = moment(s.time)
	}
	if s.cms != nil && s.cms.Signer != nil {
		describe(&r, s.cms.Signer)
	}
	return r
}

func describe(r *signing.SignatureReport, cert *x509.Certificate) {
	r.Signer = cert.Subject.CommonName
	r.Subject = cert.Subject.String()
	r.Issuer = cert.Issuer.CommonName
	r.Serial = cert.SerialNumber.Text(16)
	r.Fingerprint = fingerprint(cert.Raw)
	for _, n := range cert.Subject.Names {
		if n.Type.Equal(oidOrganizationIdentifier) {
			r.OrganID, _ = n.Value.(string)
		}
	}
}

func (c *check) timestampReport(s *found) signing.TimestampReport {
	r := signing.TimestampReport{
		Field: s.name, Covers: c.covers(s), Integrity: s.intact, Trust: "unknown",
	}
	if t := s.stamp; t != nil && t.Token != nil {
		r.Trust = t.standing.trust
		r.Time = moment(t.Time)
		for _, reason := range slices.Concat(t.reasons, t.standing.reasons) {
			s.add(reason)
		}
	}
	r.Verdict, r.Reasons = worst(s.reasons), orEmpty(s.reasons)
	return r
}

// level is the baseline level that the signature reaches (ETSI EN 319 142-1, 6).
func (c *check) level(s *found) string {
	if s.subFilter != subFilterCAdES || s.intact != "intact" {
		return "none"
	}
	if s.timeSource != "timestamp" {
		return "B-B"
	}
	if !s.standing.embedded || s.standing.revocation != "good" || worst(s.standing.reasons) != signing.Valid {
		return "B-T"
	}
	for _, t := range c.found {
		if t.timestamp() && t.stamp != nil && t.stamp.trusted && t.covered > s.covered && c.storedBefore(t.covered) {
			return "B-LTA"
		}
	}
	return "B-LT"
}

// storedBefore tells whether a state of the file had a document security store.
func (c *check) storedBefore(revision int) bool {
	view, err := c.at(revision)
	if err != nil {
		return false
	}
	root, err := view.Root()
	return err == nil && root["DSS"] != nil
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

func orEmpty(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}
