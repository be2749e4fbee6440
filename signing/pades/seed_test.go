package pades

import (
	"errors"
	"testing"

	"congvan/signing"
)

// What a field demands of its signature is met or the field stays empty; what it wishes
// is not asked.
func TestSeedValues(t *testing.T) {
	e, refuse := New(Options{}), signing.ErrSeedValue
	stamped := func(r *signing.Request) { r.Timestamped = true }
	certify := func(r *signing.Request) { r.Certify = 2 }
	silent := func(r *signing.Request) { r.Reason = "" }
	for name, c := range map[string]struct {
		entries string
		change  func(*signing.Request)
		want    error
	}{
		"none":                       {"", nil, nil},
		"another filter":             {"/Ff 1 /Filter /Entrust.PPKEF", nil, refuse},
		"another subfilter":          {"/Ff 2 /SubFilter [/adbe.pkcs7.detached]", nil, refuse},
		"our subfilter":              {"/Ff 3 /Filter /Adobe.PPKLite /SubFilter [/adbe.pkcs7.detached /ETSI.CAdES.detached]", nil, nil},
		"wish, not demand":           {"/Filter /Entrust.PPKEF", nil, nil},
		"demand of nothing":          {"/Ff 3", nil, nil},
		"demands that are no number": {"/Ff (1)", nil, signing.ErrTruncated},
		"another digest":             {"/Ff 64 /DigestMethod [(SHA512)]", nil, refuse},
		"our digest":                 {"/Ff 64 /DigestMethod [(SHA512) (SHA256)]", nil, nil},
		"given reason":               {"/Ff 8 /Reasons [<FEFF005000680061007400> <FEFF0050006800E100740020006800E0006E0068>]", nil, nil},
		"another reason":             {"/Ff 8 /Reasons [(Nh\\341p)]", nil, refuse},
		"no reason":                  {"/Ff 8 /Reasons [(.)]", nil, refuse},
		"no reason, none given":      {"/Ff 8 /Reasons [(.)]", silent, nil},
		"no list of reasons":         {"/Ff 8", nil, refuse},
		"no list, none given":        {"/Ff 8", silent, nil},
		"a full stop among others":   {"/Ff 8 /Reasons [(.) (Nh\\341p)]", silent, refuse},
		"revocation inside":          {"/Ff 32 /AddRevInfo true", nil, refuse},
		"none inside":                {"/Ff 32 /AddRevInfo false", nil, nil},
		"locks the document":         {"/Ff 128 /LockDocument /true", nil, refuse},
		"may lock it":                {"/Ff 128 /LockDocument /auto", nil, nil},
		"a filter called auto":       {"/Ff 1 /Filter /auto", nil, refuse},
		"a named look":               {"/Ff 256 /AppearanceFilter (Blue)", nil, refuse},
		"a wish for a look":          {"/AppearanceFilter (Blue)", nil, nil},
		"a look without a name":      {"/Ff 256", nil, nil},
		"a newer reader":             {"/Ff 4 /V 9", nil, refuse},
		"a reader like us":           {"/Ff 4 /V 2", nil, nil},
		"the newest like us":         {"/Ff 4 /V 3.0", nil, nil},
		"a wish for a newer reader":  {"/V 9", nil, nil},
		"a reader without version":   {"/Ff 4", nil, nil},
		"a version that is none":     {"/Ff 4 /V (3)", nil, refuse},
		"a demand not known":         {"/Ff 4096", nil, refuse},
		"a certificate":              {"/Cert << /Type /SVCert /Ff 1 /Subject [(x)] >>", nil, refuse},
		"wish of certificate":        {"/Cert << /Type /SVCert /Ff 0 /Subject [(x)] >>", nil, nil},
		"wish without flags":         {"/Cert << /Type /SVCert /Subject [(x)] >>", nil, nil},
		"a timestamp":                {"/TimeStamp << /URL (http://tsa.example) /Ff 1 >>", nil, refuse},
		"a timestamp, it has one":    {"/TimeStamp << /URL (http://tsa.example) /Ff 1 >>", stamped, nil},
		"a certificate, not a stamp": {"/Cert << /Ff 1 >>", stamped, refuse},
		"attest, no certify":         {"/Ff 16 /LegalAttestation [(x)]", nil, nil},
		"attest":                     {"/Ff 16 /LegalAttestation [(x)]", certify, refuse},
		"wish to attest":             {"/LegalAttestation [(x)]", certify, nil},
		"attest nothing":             {"/Ff 16", certify, nil},
		"wants certification":        {"/MDP << /P 1 >>", nil, refuse},
		"of another level":           {"/MDP << /P 1 >>", certify, refuse},
		"of this level":              {"/MDP << /P 2 >>", certify, nil},
		"wants approval":             {"/MDP << /P 0 >>", nil, nil},
		"certification without P":    {"/MDP << >>", nil, refuse},
	} {
		r := signing.Request{Field: "Sig1", Reason: "Phát hành", Time: signedAt}
		if c.change != nil {
			c.change(&r)
		}
		if _, err := e.Prepare(t.Context(), asFile(emptyField("/SV << /Type /SV "+c.entries+" >>")), r); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}
