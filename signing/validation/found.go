package validation

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"time"

	"congvan/signing"
	"congvan/signing/cms"
	"congvan/signing/pdf"
)

// SubFilters (ISO 32000-2, Table 260; ETSI EN 319 142-1).
const (
	subFilterPKCS7     = "adbe.pkcs7.detached"
	subFilterSHA1      = "adbe.pkcs7.sha1"
	subFilterX509      = "adbe.x509.rsa_sha1"
	subFilterCAdES     = "ETSI.CAdES.detached"
	subFilterTimestamp = "ETSI.RFC3161"
)

// found is a signature as it was found in the file, with what the checks learn.
type found struct {
	name      string
	field     pdf.Field
	ref       pdf.Ref  // of the signature dictionary; zero when it lies in the field
	dict      pdf.Dict // nil when it cannot be read
	subFilter string
	first     int // revision in which it turns up
	covered   int // revision that it covers, -1 when none
	view      *pdf.File
	byteRange [4]int64
	contents  []byte

	cms     *cms.SignedData
	digest  []byte
	limits  limits // on changes after it
	reasons []string
	details []string
	intact  string // integrity
	changes []string
	after   string // changes_after

	known      time.Time // by when document timestamps show that it existed
	stamp      *token    // its timestamp, or the token that it is
	time       time.Time
	timeSource string
	standing   standing
}

func (s *found) timestamp() bool { return s.subFilter == subFilterTimestamp }

func (s *found) add(reason string) {
	if !slices.Contains(s.reasons, reason) {
		s.reasons = append(s.reasons, reason)
	}
}

// fatal tells errors that end the whole check from damage that only concerns what
// was being read.
func fatal(err error) bool {
	return err != nil && !errors.Is(err, signing.ErrTruncated) && !errors.Is(err, pdf.ErrFilter)
}

// collect finds the signatures of every revision, also of those that a later one
// dropped or replaced.
func (c *check) collect() error {
	seen := map[string]bool{}
	for i := range c.revisions {
		view, err := c.at(i)
		if err != nil {
			if fatal(err) {
				return err
			}
			continue // an earlier state that cannot be read counts for nothing by itself
		}
		fields, err := view.Fields()
		// The form of the newest state must be read; a signed file in which an update broke
		// it is an altered one, as the comparison of revisions tells.
		if fatal(err) || (err != nil && i == len(c.revisions)-1 && len(c.found) == 0) {
			return err
		}
		for _, f := range fields {
			s, err := signatureOf(view, f)
			if err != nil {
				return err
			}
			if s == nil {
				continue
			}
			e, _ := view.Entry(s.ref.Num)
			if s.ref.Num == 0 {
				e, _ = view.Entry(f.Ref.Num)
			}
			key := fmt.Sprint(s.name, s.ref, e.Offset, e.Stream, e.Index)
			if seen[key] {
				continue
			}
			seen[key] = true
			s.first = i
			c.found = append(c.found, s)
		}
		if len(c.found) > c.v.limits.Signatures {
			return fmt.Errorf("%w: more than %d signatures", signing.ErrResourceLimit, c.v.limits.Signatures)
		}
	}
	return nil
}

// signatureOf makes a signature of a field that holds one; nil for any other field.
func signatureOf(view *pdf.File, f pdf.Field) (*found, error) {
	if f.Value == nil {
		return nil, nil
	}
	s := &found{name: f.Name, field: f, covered: -1, after: "none", intact: "broken"}
	s.ref, _ = f.Value.(pdf.Ref)
	o, err := view.Resolve(f.Value)
	if fatal(err) {
		return nil, err
	}
	s.dict, _ = o.(pdf.Dict)
	if f.Type != "Sig" && s.dict["ByteRange"] == nil && s.dict["Type"] != pdf.Name("Sig") && s.dict["Type"] != pdf.Name("DocTimeStamp") {
		return nil, nil
	}
	name, _ := s.dict["SubFilter"].(pdf.Name)
	s.subFilter = string(name)
	return s, nil
}

// unlisted looks for signatures that the form does not list but a viewer or a person
// may take for one: the remains of a cut off update, a history cut off, widgets on pages, the catalog's
// permissions.
func (c *check) unlisted() (bool, error) {
	if c.trailing {
		from := c.revisions[len(c.revisions)-1].End
		tail := make([]byte, min(c.size-from, c.v.limits.PDF.TailScan))
		if err := c.readAt(tail, from); err != nil || bytes.Contains(tail, []byte("/ByteRange")) {
			return err == nil, err
		}
	}
	if cut, err := c.severed(); cut || err != nil {
		return cut, err
	}
	known, holders := map[pdf.Ref]bool{}, map[pdf.Ref]bool{} // dictionaries, and fields with theirs inside
	for _, s := range c.found {
		if s.ref.Num == 0 {
			holders[s.field.Ref] = true
		} else {
			known[s.ref] = true
		}
	}
	root, err := c.file.Root()
	if err != nil {
		return false, err
	}
	perms, err := c.file.Dict(root["Perms"])
	if fatal(err) {
		return false, err
	}
	if r, ok := perms["DocMDP"].(pdf.Ref); ok && !known[r] {
		return true, nil
	}
	hidden := false
	err = c.file.EachPage(func(n int, _ pdf.Ref, page pdf.Dict) (bool, error) {
		list, err := c.file.Array(page["Annots"])
		if err != nil {
			return !fatal(err), pass(err)
		}
		for _, o := range list {
			d, err := c.file.Dict(o)
			if fatal(err) {
				return false, err
			}
			if d["FT"] != pdf.Name("Sig") || d["V"] == nil {
				continue
			}
			widget, _ := o.(pdf.Ref)
			value, _ := d["V"].(pdf.Ref)
			if !known[value] && !holders[widget] {
				hidden = true
			}
		}
		return !hidden && n < c.v.limits.Pages, nil
	})
	return hidden, pass(err)
}

// pass lets only fatal errors through.
func pass(err error) error {
	if fatal(err) {
		return err
	}
	return nil
}
