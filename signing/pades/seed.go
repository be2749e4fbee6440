package pades

import (
	"fmt"
	"slices"
	"strings"

	"congvan/signing"
	"congvan/signing/pdf"
)

// Demands of a seed value dictionary (ISO 32000-2 12.7.5.5, /Ff of table 237): a bit
// that is set makes the entry a must.
const (
	mustFilter     = 1 << 0
	mustSubFilter  = 1 << 1
	mustVersion    = 1 << 2
	mustReason     = 1 << 3
	mustAttest     = 1 << 4
	mustRevocation = 1 << 5
	mustDigest     = 1 << 6
	mustLock       = 1 << 7
	mustAppearance = 1 << 8

	knownDemands = 1<<9 - 1
	seedVersion  = 3 // of the parsers that know all of the above (PDF 2.0)
)

// seed checks an existing field's seed values (/SV): what the field's author demands
// of the signature must be what is about to be made. A demand that nothing here can
// meet, on the certificate above all, is refused by name.
func (u *update) seed(field *pdf.Field) error {
	sv, err := u.file.Dict(field.Dict["SV"])
	if err != nil {
		return err
	}
	var must int64
	if sv["Ff"] != nil {
		if must, err = u.file.Int(sv["Ff"]); err != nil {
			return err
		}
	}
	if more := must &^ knownDemands; more != 0 {
		return fmt.Errorf("%w: unknown demands %#x", signing.ErrSeedValue, more)
	}
	demands := []struct {
		bit   int64
		key   pdf.Name
		given string
	}{
		{mustFilter, "Filter", "Adobe.PPKLite"},
		{mustSubFilter, "SubFilter", "ETSI.CAdES.detached"},
		{mustReason, "Reasons", u.request.Reason},
		{mustDigest, "DigestMethod", strings.ReplaceAll(u.request.Hash.String(), "-", "")},
		{mustLock, "LockDocument", "false"},
		{mustRevocation, "AddRevInfo", "false"}, // an attribute that PAdES replaces by the security store
	}
	for _, d := range demands {
		if must&d.bit == 0 || sv[d.key] == nil && d.bit != mustReason {
			continue
		}
		allowed, err := u.words(sv[d.key])
		if err != nil {
			return err
		}
		if d.bit == mustReason && (len(allowed) == 0 || slices.Equal(allowed, []string{"."})) {
			allowed = []string{""} // no list, or a single full stop: no reason may be given
		}
		if !slices.Contains(allowed, d.given) && !(d.bit == mustLock && slices.Contains(allowed, "auto")) {
			return fmt.Errorf("%w: the field demands /%s of %q, not %q", signing.ErrSeedValue, d.key, allowed, d.given)
		}
	}
	switch {
	case must&mustAttest != 0 && u.request.Certify != 0 && sv["LegalAttestation"] != nil:
		return fmt.Errorf("%w: the field demands a legal attestation", signing.ErrSeedValue)
	case must&mustAppearance != 0 && sv["AppearanceFilter"] != nil:
		return fmt.Errorf("%w: the field demands an appearance by name", signing.ErrSeedValue)
	}
	if must&mustVersion != 0 && sv["V"] != nil {
		if v, err := u.file.Number(sv["V"]); err != nil || v > seedVersion {
			return fmt.Errorf("%w: the field demands a reader of version %g", signing.ErrSeedValue, v)
		}
	}
	for _, part := range []struct {
		key     pdf.Name
		demands string
		met     bool
	}{
		{"Cert", "a certificate of its choice", false},
		{"TimeStamp", "a timestamp", u.request.Timestamped},
	} {
		d, err := u.file.Dict(sv[part.key])
		if err != nil {
			return err
		}
		if flags, err := u.file.Int(d["Ff"]); err == nil && flags != 0 && !part.met {
			return fmt.Errorf("%w: the field demands %s", signing.ErrSeedValue, part.demands)
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
		case bool:
			out = append(out, fmt.Sprint(w))
		}
	}
	return out, nil
}
