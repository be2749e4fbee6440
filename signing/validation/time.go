package validation

import (
	"slices"
	"time"

	"congvan/signing/pdf"
)

// certificates is checks 5 to 9 for every signature. Document timestamps are judged
// first, the newest at the time of the check and each older one at the time that the
// one after it proves: so material survives the end of the certificates that made it
// (ETSI EN 319 102-1, 5.6).
func (c *check) certificates() error {
	hidden, err := c.unlisted()
	if err != nil {
		return err
	}
	c.hidden = hidden
	if len(c.found) == 0 {
		return nil
	}
	known := c.when
	for i := len(c.found) - 1; i >= 0; i-- {
		s := c.found[i]
		s.known = known
		if !s.timestamp() || s.intact != "intact" {
			continue
		}
		c.judgeToken(s.stamp, known)
		if s.stamp.trusted && s.after != "forbidden" && s.stamp.Time.Before(known) {
			known = s.stamp.Time
		}
	}
	for _, s := range c.found {
		if !s.timestamp() && s.intact == "intact" {
			c.signer(s)
		}
	}
	return nil
}

// signer settles the time of a signature and judges its certificate then. known is
// the earliest moment at which a document timestamp shows that it existed.
func (c *check) signer(s *found) {
	s.stamp = c.signatureTimestamp(s, s.known)
	proven := s.known
	s.timeSource = "none"
	if claimed, ok := s.claimed(); ok {
		s.time, s.timeSource = claimed, "claimed"
	}
	switch t := s.stamp; {
	case t == nil:
	case t.trusted:
		proven = t.Time
		s.time, s.timeSource = proven, "timestamp"
	case slices.Contains(t.reasons, ReasonDigest), slices.Contains(t.reasons, ReasonTimestampBad):
		s.add(ReasonTimestampBad)
	case slices.Contains(t.reasons, ReasonTimeConflict):
		s.add(ReasonTimeConflict)
	default:
		s.add(ReasonTimestampUnk)
	}
	if proven.Before(c.when) { // by its own or by a document timestamp
		s.time, s.timeSource = proven, "timestamp"
	}
	switch s.timeSource {
	case "claimed":
		s.add(ReasonClaimedTime)
	case "none":
		s.add(ReasonNoTime)
	}
	s.standing = c.certificate(s.subject(c.store), proven, signs)
	if outdatedHash(s.cms.DigestAlgorithm.Hash, proven) {
		s.add(ReasonOutdated)
	}
	for _, r := range s.standing.reasons {
		s.add(r)
	}
}

// claimed is the time that the signer states: /M, else the signing-time attribute.
func (s *found) claimed() (time.Time, bool) {
	m, _ := s.dict["M"].(pdf.String)
	if t, err := parseDate(m.Text()); err == nil {
		return t, true
	}
	return s.cms.SigningTime, !s.cms.SigningTime.IsZero()
}

// parseDate reads a date string (ISO 32000-2, 7.9.4): D:YYYYMMDDHHmmSSOHH'mm, of
// which everything behind the year may be missing.
func parseDate(s string) (time.Time, error) {
	const layout = "20060102150405"
	if len(s) > 2 && s[:2] == "D:" {
		s = s[2:]
	}
	n := 0
	for n < len(s) && n < len(layout) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	digits, zone := s[:n], s[n:]
	t, err := time.Parse(layout[:n], digits)
	if err != nil || n < 4 {
		return time.Time{}, &time.ParseError{Layout: layout, Value: s, Message: ": no date"}
	}
	if len(zone) < 3 || zone[0] != '+' && zone[0] != '-' {
		return t, nil
	}
	hours, minutes := zone[1:3], "00"
	if len(zone) >= 6 {
		minutes = zone[4:6]
	}
	offset, err := time.Parse("1504", hours+minutes)
	if err != nil {
		return t, nil
	}
	d := time.Duration(offset.Hour())*time.Hour + time.Duration(offset.Minute())*time.Minute
	if zone[0] == '+' {
		d = -d
	}
	return t.Add(d), nil
}
