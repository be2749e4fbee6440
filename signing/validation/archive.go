package validation

import (
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"

	"congvan/signing/cms"
)

// archived reads Adobe's revocation archive, a signed attribute of older signatures
// (ISO 32000-2, 12.8.3.3.2): [0] CRLs, [1] OCSP responses, both SEQUENCE OF.
func archived(sd *cms.SignedData) (ocsps, crls [][]byte) {
	in := cryptobyte.String(sd.Attribute(cms.OIDRevocationArchival))
	var body cryptobyte.String
	if !in.ReadASN1(&body, cbasn1.SEQUENCE) {
		return nil, nil
	}
	list := func(tag uint8) [][]byte {
		var wrapped, items cryptobyte.String
		var present bool
		if !body.ReadOptionalASN1(&wrapped, &present, cbasn1.Tag(tag).Constructed().ContextSpecific()) || !present ||
			!wrapped.ReadASN1(&items, cbasn1.SEQUENCE) {
			return nil
		}
		var out [][]byte
		for !items.Empty() && len(out) < maxEvidence {
			var one cryptobyte.String
			if !items.ReadASN1Element(&one, cbasn1.SEQUENCE) {
				return out
			}
			out = append(out, one)
		}
		return out
	}
	crls = list(0)
	return list(1), crls
}
