package validation

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"errors"
	"slices"

	"congvan/signing/cms"
)

// integrity is checks 2 and 3: the digest, the signed attributes and the signature
// over them.
func (c *check) integrity(s *found) {
	if len(s.reasons) > 0 || s.cms == nil {
		return
	}
	s.intact = "broken"
	if s.digest == nil {
		s.intact = "unsupported"
		s.add(ReasonUnsupported)
		return
	}
	if s.timestamp() {
		s.stamp = verifyToken(s.contents, func(crypto.Hash) ([]byte, error) { return s.digest, nil }, c.store.Certificates)
		switch {
		case s.stamp.Token != nil:
			s.intact = "intact"
		case slices.Contains(s.stamp.reasons, ReasonLegacy):
			s.intact = "unsupported"
		}
		for _, reason := range s.stamp.reasons {
			s.add(reason)
		}
		return
	}
	err := s.cms.Verify(s.content)
	switch {
	case err == nil, errors.Is(err, cms.ErrWeak):
		s.intact = "intact"
	case errors.Is(err, cms.ErrDigestMismatch):
		s.add(ReasonDigest)
	case errors.Is(err, cms.ErrSignedAttributes):
		s.add(ReasonAttributes)
	case errors.Is(err, cms.ErrNoCertificate):
		s.add(ReasonNoCertificate)
	case errors.Is(err, cms.ErrUnsupported):
		s.intact = "unsupported"
		s.add(ReasonUnsupported)
	default:
		s.add(ReasonSignature)
	}
	if err != nil {
		s.details = append(s.details, err.Error())
	}
	if s.intact != "intact" {
		return
	}
	if s.subFilter == subFilterCAdES && len(s.cms.SigningCertificate) == 0 {
		s.intact = "broken"
		s.add(ReasonNoCertRef)
		return
	}
	weakness(s, s.cms)
	if s.subFilter == subFilterSHA1 {
		s.add(ReasonLegacy)
	}
}

// content answers the digest that the CMS must have signed: of the document, or, in
// the oldest form, of what the CMS encloses, which is the document's own digest.
func (s *found) content(h crypto.Hash) ([]byte, error) {
	if s.subFilter != subFilterSHA1 {
		return s.digest, nil
	}
	if !bytes.Equal(s.cms.EContent, s.digest) {
		return nil, cms.ErrDigestMismatch
	}
	d := h.New()
	d.Write(s.cms.EContent)
	return d.Sum(nil), nil
}

// weakness notes algorithms that hold but no longer count.
func weakness(s *found, sd *cms.SignedData) {
	if cms.WeakHash(sd.DigestAlgorithm.Hash) {
		s.add(ReasonLegacy)
	}
	switch key := sd.Signer.PublicKey.(type) {
	case *rsa.PublicKey:
		if key.N.BitLen() < 2048 {
			s.add(ReasonWeakKey)
		}
	case *ecdsa.PublicKey:
		if key.Curve.Params().BitSize < 256 {
			s.add(ReasonWeakKey)
		}
	}
}
