package cms

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

func readAlgorithm(in *cryptobyte.String) (Algorithm, error) {
	var element, body cryptobyte.String
	var a Algorithm
	if !in.ReadASN1Element(&element, cbasn1.SEQUENCE) {
		return a, malformed("algorithm identifier")
	}
	a.raw = element
	if !element.ReadASN1(&body, cbasn1.SEQUENCE) || !body.ReadASN1ObjectIdentifier(&a.OID) {
		return a, malformed("algorithm identifier")
	}
	if a.OID.Equal(oidRSAPSS) {
		a.Hash, a.PSS = readPSS(body)
	}
	return a, nil
}

// readPSS returns no parameters for a combination that is not verified here: another
// hash in MGF1, another trailer.
func readPSS(in cryptobyte.String) (crypto.Hash, *PSS) {
	if in.Empty() {
		return crypto.SHA1, &PSS{SaltLength: 20}
	}
	explicit := func(n uint8) cbasn1.Tag { return cbasn1.Tag(n).ContextSpecific().Constructed() }
	var body, hashAlg, mgf, salt, trailer cryptobyte.String
	var hasHash, hasMGF, hasSalt, hasTrailer bool
	if !in.ReadASN1(&body, cbasn1.SEQUENCE) || !in.Empty() ||
		!body.ReadOptionalASN1(&hashAlg, &hasHash, explicit(0)) || !body.ReadOptionalASN1(&mgf, &hasMGF, explicit(1)) ||
		!body.ReadOptionalASN1(&salt, &hasSalt, explicit(2)) || !body.ReadOptionalASN1(&trailer, &hasTrailer, explicit(3)) || !body.Empty() {
		return 0, nil
	}
	hash, mgfHash, saltLength := crypto.SHA1, crypto.SHA1, 20
	if hasHash {
		a, err := readAlgorithm(&hashAlg)
		if err != nil {
			return 0, nil
		}
		hash = HashByOID(a.OID)
	}
	if hasMGF {
		var seq cryptobyte.String
		var oid asn1.ObjectIdentifier
		if !mgf.ReadASN1(&seq, cbasn1.SEQUENCE) || !seq.ReadASN1ObjectIdentifier(&oid) || !oid.Equal(oidMGF1) {
			return 0, nil
		}
		a, err := readAlgorithm(&seq)
		if err != nil {
			return 0, nil
		}
		mgfHash = HashByOID(a.OID)
	}
	if hasSalt && (!salt.ReadASN1Integer(&saltLength) || saltLength < 0 || saltLength > maxRSABits/8) {
		return 0, nil
	}
	var field int
	if hasTrailer && (!trailer.ReadASN1Integer(&field) || field != 1) {
		return 0, nil
	}
	if hash != mgfHash {
		return 0, nil
	}
	return hash, &PSS{SaltLength: saltLength}
}

// bind sets the hash of a signature algorithm: its own, or the digest algorithm's
// for identifiers that name only the key.
func (a *Algorithm) bind(digest crypto.Hash) {
	for i := range digests {
		if digests[i].rsa.Equal(a.OID) || digests[i].ecdsa.Equal(a.OID) {
			a.Hash = digests[i].hash
		}
	}
	if a.OID.Equal(oidRSA) || a.OID.Equal(oidECKey) || a.OID.Equal(oidEd25519) {
		a.Hash = digest
	}
}

// readSignedAttributes picks out the known attributes; whether what is there is
// enough is decided by Verify.
func (sd *SignedData) readSignedAttributes() error {
	if v, ok := single(sd.signed, oidMessageDigest); ok {
		in := cryptobyte.String(v)
		var digest cryptobyte.String
		if !in.ReadASN1(&digest, cbasn1.OCTET_STRING) {
			return malformed("message-digest")
		}
		sd.MessageDigest = digest
	}
	when, _ := single(sd.signed, oidSigningTime)
	sd.SigningTime = readTime(when)
	for _, ess := range []struct {
		oid asn1.ObjectIdentifier
		v2  bool
	}{{oidSigningCertV2, true}, {oidSigningCertificate, false}} {
		v, ok := single(sd.signed, ess.oid)
		if !ok {
			continue
		}
		hashes, err := readSigningCertificate(v, ess.v2)
		if err != nil {
			return err
		}
		sd.SigningCertificate = append(sd.SigningCertificate, hashes...)
	}
	return nil
}

// readTime reads a UTCTime or a GeneralizedTime; what is neither is zero.
func readTime(v []byte) time.Time {
	var t time.Time
	if in := cryptobyte.String(v); in.ReadASN1UTCTime(&t) {
		return t
	}
	if in := cryptobyte.String(v); in.ReadASN1GeneralizedTime(&t) {
		return t
	}
	return time.Time{}
}

func readSigningCertificate(v []byte, v2 bool) ([]CertHash, error) {
	in := cryptobyte.String(v)
	var body, certs cryptobyte.String
	if !in.ReadASN1(&body, cbasn1.SEQUENCE) || !body.ReadASN1(&certs, cbasn1.SEQUENCE) {
		return nil, malformed("signing-certificate")
	}
	var out []CertHash
	for !certs.Empty() {
		var one, value cryptobyte.String
		if len(out) >= MaxCertificates || !certs.ReadASN1(&one, cbasn1.SEQUENCE) {
			return nil, malformed("signing-certificate")
		}
		h := CertHash{Hash: crypto.SHA1, V2: v2}
		if v2 {
			h.Hash = crypto.SHA256
			if one.PeekASN1Tag(cbasn1.SEQUENCE) {
				a, err := readAlgorithm(&one)
				if err != nil {
					return nil, err
				}
				h.Hash = HashByOID(a.OID)
			}
		}
		if !one.ReadASN1(&value, cbasn1.OCTET_STRING) {
			return nil, malformed("signing-certificate")
		}
		h.Value = value
		if !one.Empty() {
			var issuerSerial, names cryptobyte.String
			serial := new(big.Int)
			if !one.ReadASN1(&issuerSerial, cbasn1.SEQUENCE) || !issuerSerial.ReadASN1(&names, cbasn1.SEQUENCE) ||
				!issuerSerial.ReadASN1Integer(serial) {
				return nil, malformed("signing-certificate")
			}
			h.Serial = serial
		}
		out = append(out, h)
	}
	if len(out) == 0 {
		return nil, malformed("signing-certificate is empty")
	}
	return out, nil
}

// Matches tells whether the reference names c.
func (h CertHash) Matches(c *x509.Certificate) bool {
	if !h.Hash.Available() || h.Serial != nil && h.Serial.Cmp(c.SerialNumber) != 0 {
		return false
	}
	sum := h.Hash.New()
	sum.Write(c.Raw)
	return bytes.Equal(sum.Sum(nil), h.Value)
}
