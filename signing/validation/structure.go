package validation

import (
	"errors"
	"slices"

	"congvan/signing/cms"
	"congvan/signing/pdf"
	"congvan/signing/tsp"
)

// structure is check 1: the dictionary, its ByteRange and Contents, the revision
// that it covers, and the form of the CMS.
func (c *check) structure(s *found) error {
	if s.dict == nil {
		s.add(ReasonDictionary)
		return nil
	}
	if t := s.dict["Type"]; t != nil && t != pdf.Name("Sig") && t != pdf.Name("DocTimeStamp") {
		s.add(ReasonDictionary)
	}
	switch s.subFilter {
	case subFilterPKCS7, subFilterCAdES, subFilterTimestamp, subFilterSHA1, subFilterX509:
	default:
		s.intact = "unsupported"
		s.add(ReasonSubFilter)
	}
	if !c.readByteRange(s) {
		s.add(ReasonByteRange)
		return nil
	}
	contents, _ := s.dict["Contents"].(pdf.String)
	if allZero(contents) {
		s.add(ReasonContents)
		return nil
	}
	s.contents = contents
	if err := c.coverage(s); err != nil || s.covered < 0 {
		return err
	}
	if err := c.gap(s); err != nil {
		return err
	}
	c.parseCMS(s)
	return nil
}

// allZero is true also of no bytes.
func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// readByteRange takes four direct integers that begin at zero, ascend, and end
// within the file.
func (c *check) readByteRange(s *found) bool {
	a, _ := s.dict["ByteRange"].(pdf.Array)
	if len(a) != 4 {
		return false
	}
	for i := range s.byteRange {
		n, ok := a[i].(int64)
		if !ok || n > c.size { // so that no sum overflows
			return false
		}
		s.byteRange[i] = n
	}
	r := s.byteRange
	return r[0] == 0 && r[1] > 0 && r[2] > r[1] && r[3] > 0 && r[2]+r[3] <= c.size
}

// coverage finds the revision whose end the ByteRange reaches.
func (c *check) coverage(s *found) error {
	end := s.byteRange[2] + s.byteRange[3]
	for i, rev := range c.revisions {
		if rev.Marker == 0 || end < rev.Marker {
			continue
		}
		blank, err := c.blank(rev.Marker, end)
		if err != nil {
			return err
		}
		if blank {
			s.covered = i
			if rev.StartXref != rev.XrefOffset || len(rev.Conflicts) > 0 {
				s.add(ReasonRevision)
			}
			return nil
		}
	}
	s.add(ReasonCoverage)
	return nil
}

// blank tells whether there is nothing but white space between two offsets.
func (c *check) blank(from, to int64) (bool, error) {
	buf := c.v.buffer()
	defer c.v.release(buf)
	for from < to {
		b := (*buf)[:min(int64(len(*buf)), to-from, 4096)]
		if err := c.readAt(b, from); err != nil {
			return false, err
		}
		for _, x := range b {
			switch x {
			case ' ', '\n', '\r', '\t', '\f', 0:
			default:
				return false, nil
			}
		}
		from += int64(len(b))
	}
	return true, nil
}

// gap checks that what the ByteRange leaves out is this signature's Contents to the
// byte, and that the dictionary belongs to the revision that it covers.
func (c *check) gap(s *found) error {
	view, err := c.at(s.covered)
	if err != nil {
		s.add(ReasonRevision)
		return pass(err)
	}
	s.view = view
	holder, path := s.ref, []pdf.Name{"Contents"}
	if s.ref.Num == 0 {
		holder, path = s.field.Ref, []pdf.Name{"V", "Contents"}
	}
	rev := c.revisions[s.covered]
	if _, written := rev.Changes(holder.Num); !written || s.first != s.covered {
		s.add(ReasonMisplaced)
		return nil
	}
	start, end, ok, err := view.ValueSpan(holder, path...)
	if err != nil || !ok {
		s.add(ReasonMisplaced)
		return pass(err)
	}
	var first [1]byte
	if err := c.readAt(first[:], start); err != nil {
		return err
	}
	if start != s.byteRange[1] || end != s.byteRange[2] || first[0] != '<' {
		s.add(ReasonCoverage)
	}
	if view.Ambiguous(holder.Num) {
		s.add(ReasonAmbiguous)
	}
	return nil
}

func (c *check) parseCMS(s *found) {
	parse := cms.Parse
	if s.subFilter == subFilterX509 {
		parse = func(value []byte) (*cms.SignedData, error) { return cms.FromX509(value, c.certificatesOf(s)) }
	}
	sd, err := parse(s.contents)
	switch {
	case errors.Is(err, cms.ErrSignerCount):
		s.add(ReasonSignerCount)
		return
	case err != nil:
		s.add(ReasonCMS)
		s.details = append(s.details, err.Error())
		return
	}
	s.cms = sd
	switch s.subFilter {
	case subFilterPKCS7, subFilterCAdES:
		if sd.EContent != nil {
			s.add(ReasonNotDetached)
		}
	case subFilterTimestamp:
		if _, err := tsp.Parse(s.contents); err != nil {
			s.add(ReasonCMS)
			s.details = append(s.details, err.Error())
		}
	case subFilterSHA1:
		if sd.EContent == nil {
			s.add(ReasonCMS)
		}
	}
}

// certificatesOf are the members of /Cert: one string, or an array of them.
func (c *check) certificatesOf(s *found) [][]byte {
	o, err := s.view.Resolve(s.dict["Cert"])
	if err != nil {
		return nil
	}
	list, ok := o.(pdf.Array)
	if !ok {
		list = pdf.Array{o}
	}
	var out [][]byte
	for _, item := range list {
		v, err := s.view.Resolve(item)
		if der, ok := v.(pdf.String); ok && err == nil {
			out = append(out, der)
		}
	}
	return out
}

// duplicates marks signatures that share a field name or a dictionary.
func (c *check) duplicates() {
	for i, s := range c.found {
		for _, t := range c.found[i+1:] { // in revision order
			if (s.name == t.name || (s.ref.Num != 0 && s.ref == t.ref)) && c.stands(s, t.first) {
				s.add(ReasonDuplicate)
				t.add(ReasonDuplicate)
			}
		}
	}
}

// stands tells whether a signature is still in the form at a revision: a field
// whose value was replaced is no duplicate of itself but a forbidden change.
func (c *check) stands(s *found, revision int) bool {
	view, err := c.at(revision)
	if err != nil {
		return true
	}
	fields, err := view.Fields()
	if err != nil {
		return true
	}
	return slices.ContainsFunc(fields, func(f pdf.Field) bool { return pdf.Equal(f.Value, s.field.Value) })
}
