package cms

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/asn1"
	"errors"
	"fmt"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// Verify checks the signature against the signer's own certificate and the content,
// whose digest docDigest computes for the hash it is asked for (RFC 5652 §5.6). It
// says nothing about trust in that certificate.
//
// nil means intact. ErrWeak means intact, but by means that are no longer accepted;
// it is only ever returned when everything else held. Other errors:
// ErrNoCertificate, ErrUnsupported, ErrSignedAttributes, ErrDigestMismatch,
// ErrSignature, or docDigest's own.
func (sd *SignedData) Verify(docDigest func(crypto.Hash) ([]byte, error)) error {
	if sd.Signer == nil {
		if sd.unreadCertificates > 0 {
			return fmt.Errorf("%w: %d certificates could not be read", ErrUnsupported, sd.unreadCertificates)
		}
		return ErrNoCertificate
	}
	hash := sd.DigestAlgorithm.Hash
	if !hash.Available() {
		return fmt.Errorf("%w: digest %v", ErrUnsupported, sd.DigestAlgorithm.OID)
	}
	if sd.SignatureAlgorithm.Hash == 0 {
		return fmt.Errorf("%w: signature %v", ErrUnsupported, sd.SignatureAlgorithm.OID)
	}
	if sd.SignatureAlgorithm.Hash != hash {
		return fmt.Errorf("%w: content by %v but signature by %v (RFC 8933)", ErrUnsupported, hash, sd.SignatureAlgorithm.Hash)
	}
	content, err := docDigest(hash)
	if err != nil {
		return err
	}
	toVerify := content
	var message []byte
	if sd.SignedAttrs != nil {
		if err := sd.checkSignedAttributes(content); err != nil {
			return err
		}
		message = sd.SignedAttrs
		h := hash.New()
		h.Write(message)
		toVerify = h.Sum(nil)
	} else if !sd.ContentType.Equal(oidData) {
		return fmt.Errorf("%w: required for content type %v", ErrSignedAttributes, sd.ContentType)
	}
	if key, ok := sd.Signer.PublicKey.(ed25519.PublicKey); ok {
		// Ed25519 signs the attributes themselves, not their digest (RFC 8419).
		if message == nil || !sd.SignatureAlgorithm.OID.Equal(oidEd25519) {
			return fmt.Errorf("%w: Ed25519 without signed attributes", ErrUnsupported)
		}
		if !ed25519.Verify(key, message, sd.Signature) {
			return ErrSignature
		}
	} else if err := verifyValue(sd.Signer.PublicKey, sd.SignatureAlgorithm, toVerify, sd.Signature); err != nil {
		return err
	}
	return sd.weakness()
}

// weakness returns ErrWeak with the reason, or nil.
func (sd *SignedData) weakness() error {
	if WeakHash(sd.DigestAlgorithm.Hash) {
		return fmt.Errorf("%w: %v", ErrWeak, sd.DigestAlgorithm.Hash)
	}
	if key, ok := sd.Signer.PublicKey.(*rsa.PublicKey); ok && key.N.BitLen() < minRSABits {
		return fmt.Errorf("%w: RSA key of %d bits", ErrWeak, key.N.BitLen())
	}
	return nil
}

// checkSignedAttributes minds what RFC 5652 §11 asks for. An attribute that stands twice
// counts as missing, see single.
func (sd *SignedData) checkSignedAttributes(content []byte) error {
	v, _ := single(sd.signed, oidContentType)
	var contentType asn1.ObjectIdentifier
	in := cryptobyte.String(v)
	if !in.ReadASN1ObjectIdentifier(&contentType) || !contentType.Equal(sd.ContentType) {
		return fmt.Errorf("%w: content-type missing or not %v", ErrSignedAttributes, sd.ContentType)
	}
	if sd.MessageDigest == nil {
		return fmt.Errorf("%w: message-digest missing", ErrSignedAttributes)
	}
	if err := sd.checkSigningCertificate(); err != nil {
		return err
	}
	if err := sd.checkAlgorithmProtection(); err != nil {
		return err
	}
	if !bytes.Equal(sd.MessageDigest, content) {
		return ErrDigestMismatch
	}
	return nil
}

// checkSigningCertificate compares every ESS reference that is there with the
// signer: in each attribute the first one names it (RFC 5035 §3). Their absence is
// for the validator to judge, who knows the SubFilter.
func (sd *SignedData) checkSigningCertificate() error {
	if (has(sd.signed, oidSigningCertV2) || has(sd.signed, oidSigningCertificate)) && len(sd.SigningCertificate) == 0 {
		return fmt.Errorf("%w: signing-certificate without a single value", ErrSignedAttributes)
	}
	var first [2]bool
	for _, h := range sd.SigningCertificate {
		version := 0
		if h.V2 {
			version = 1
		}
		if first[version] {
			continue
		}
		first[version] = true
		if !h.Matches(sd.Signer) {
			return fmt.Errorf("%w: signing-certificate names another certificate", ErrSignedAttributes)
		}
	}
	return nil
}

// checkAlgorithmProtection compares the CMSAlgorithmProtection attribute (RFC 6211),
// when present, with the algorithms outside the signed attributes.
func (sd *SignedData) checkAlgorithmProtection() error {
	if !has(sd.signed, oidAlgorithmProtection) {
		return nil
	}
	v, _ := single(sd.signed, oidAlgorithmProtection)
	in := cryptobyte.String(v)
	var body, signature cryptobyte.String
	if in.ReadASN1(&body, cbasn1.SEQUENCE) {
		digest, err := readAlgorithm(&body)
		if err == nil && digest.OID.Equal(sd.DigestAlgorithm.OID) && body.ReadASN1(&signature, implicit1) {
			var oid asn1.ObjectIdentifier
			if signature.ReadASN1ObjectIdentifier(&oid) && oid.Equal(sd.SignatureAlgorithm.OID) {
				return nil
			}
		}
	}
	return fmt.Errorf("%w: algorithms differ from the protected ones", ErrSignedAttributes)
}

// verifyValue checks one signature value over a digest.
func verifyValue(key crypto.PublicKey, alg Algorithm, digest, value []byte) error {
	switch key := key.(type) {
	case *rsa.PublicKey:
		if !alg.rsa() {
			return fmt.Errorf("%w: %v with an RSA key", ErrUnsupported, alg.OID)
		}
		if bits := key.N.BitLen(); bits > maxRSABits || bits < 1024 {
			return fmt.Errorf("%w: RSA key of %d bits", ErrUnsupported, bits)
		}
		var err error
		if alg.PSS != nil {
			// To Go a salt of 0 bytes means one of any length: the weaker check that RFC 8017 allows.
			err = rsa.VerifyPSS(key, alg.Hash, digest, value, &rsa.PSSOptions{SaltLength: alg.PSS.SaltLength})
		} else {
			err = rsa.VerifyPKCS1v15(key, alg.Hash, digest, value)
		}
		if err != nil && !errors.Is(err, rsa.ErrVerification) {
			return fmt.Errorf("%w: %v", ErrUnsupported, err)
		}
		if err != nil {
			return ErrSignature
		}
		return nil
	case *ecdsa.PublicKey:
		if alg.OID != nil && !alg.ecdsa() {
			return fmt.Errorf("%w: %v with an EC key", ErrUnsupported, alg.OID)
		}
		if !ecdsa.VerifyASN1(key, digest, value) {
			return ErrSignature
		}
		return nil
	default:
		return fmt.Errorf("%w: key of type %T", ErrUnsupported, key)
	}
}

// rsa and ecdsa tell whether the algorithm belongs to the key type; an empty OID is
// the builder's own check.
func (a Algorithm) rsa() bool {
	if a.OID == nil || a.OID.Equal(oidRSA) {
		return true
	}
	if a.OID.Equal(oidRSAPSS) {
		return a.PSS != nil
	}
	for i := range digests {
		if digests[i].rsa.Equal(a.OID) {
			return true
		}
	}
	return false
}

func (a Algorithm) ecdsa() bool {
	if a.OID.Equal(oidECKey) {
		return true
	}
	for i := range digests {
		if digests[i].ecdsa.Equal(a.OID) {
			return true
		}
	}
	return false
}
