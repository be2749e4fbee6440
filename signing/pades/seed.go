package pades

import (
	"fmt"
	"slices"
	"strings"

	"congvan/signing"
	"congvan/signing/pdf"
)

// Demands of a seed value dictionary (12.7.5.5, /Ff of table 237): a bit that is set
// makes the entry a must.
const (
	mustFilter    = 1 << 0
	mustSubFilter = 1 << 1
	mustReason    = 1 << 3
	mustDigest    = 1 << 6
)

// seed checks an existing field's seed values (/SV): what the field's author demands
// of the signature must be what is about to be made.
func (u *update) seed(field *pdf.Field) error {
	sv, err := u.file.Dict(field.Dict["SV"])
	if err != nil || sv == nil {
		return err
	}
	var must int64
	if sv["Ff"] != nil {
		if must, err = u.file.Int(sv["Ff"]); err != nil {
			return err
		}
	}
	demands := []struct {
		bit   int64
		key   pdf.Name
		given pdf.Object
	}{
		{mustFilter, "Filter", pdf.Name("Adobe.PPKLite")},
		{mustSubFilter, "SubFilter", pdf.Name("ETSI.CAdES.detached")},
		{mustReason, "Reasons", u.request.Reason},
		{mustDigest, "DigestMethod", strings.ReplaceAll(u.request.Hash.String(), "-", "")},
	}
	for _, d := range demands {
		if must&d.bit == 0 || sv[d.key] == nil {
			continue
		}
		allowed, err := u.words(sv[d.key])
		if err != nil {
			return err
		}
		if given := fmt.Sprint(d.given); !slices.Contains(allowed, given) {
			return fmt.Errorf("%w: the field demands /%s of %q, not %q", signing.ErrSeedValue, d.key, allowed, given)
		}
	}
	mdp, err := u.file.Dict(sv["MDP"])
	if err != nil || mdp == nil {
		return err
	}
	if p, err := u.file.Int(mdp["P"]); err != nil || p != int64(u.request.Certify) {
		return fmt.Errorf("%w: the field demands a certification of level %d, not %d", signing.ErrSeedValue, p, u.request.Certify)
	}
	return nil
}

// words reads a name or string, or an array of them.
func (u *update) words(o pdf.Object) ([]string, error) {
	o, err := u.file.Resolve(o)
	if err != nil {
		return nil, err
	}
	list, ok := o.(pdf.Array)
	if !ok {
		list = pdf.Array{o}
	}
	var out []string
	for _, item := range list {
		if item, err = u.file.Resolve(item); err != nil {
			return nil, err
		}
		switch w := item.(type) {
		case pdf.Name:
			out = append(out, string(w))
		case pdf.String:
			out = append(out, w.Text())
		}
	}
	return out, nil
}
