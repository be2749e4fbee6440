package cms

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// odd reads what identifies a certificate that the standard library refuses, such as one
// with a negative serial number: enough to tell whether a signature is by its key. It
// carries no signature of its issuer's, so no path ever leads from it to an anchor. nil
// when not even that can be read.
func odd(der []byte) *x509.Certificate {
	c := &x509.Certificate{Raw: der, SerialNumber: new(big.Int)}
	in := cryptobyte.String(der)
	var outer, element, tbs, serial, algorithm, issuer, validity, subject, key cryptobyte.String
	if !in.ReadASN1(&outer, cbasn1.SEQUENCE) || !in.Empty() || !outer.ReadASN1Element(&element, cbasn1.SEQUENCE) {
		return nil
	}
	c.RawTBSCertificate = element
	if !element.ReadASN1(&tbs, cbasn1.SEQUENCE) ||
		!tbs.SkipOptionalASN1(cbasn1.Tag(0).ContextSpecific().Constructed()) ||
		!tbs.ReadASN1(&serial, cbasn1.INTEGER) || !tbs.ReadASN1(&algorithm, cbasn1.SEQUENCE) ||
		!tbs.ReadASN1Element(&issuer, cbasn1.SEQUENCE) || !tbs.ReadASN1(&validity, cbasn1.SEQUENCE) ||
		!tbs.ReadASN1Element(&subject, cbasn1.SEQUENCE) || !tbs.ReadASN1Element(&key, cbasn1.SEQUENCE) {
		return nil
	}
	c.SerialNumber = integer(serial)
	c.RawIssuer, c.RawSubject, c.RawSubjectPublicKeyInfo = issuer, subject, key
	c.Issuer, c.Subject = readName(issuer), readName(subject)
	c.NotBefore, c.NotAfter = readValidity(validity)
	c.PublicKey, _ = x509.ParsePKIXPublicKey(key) // nil where the library does not know the key: not verifiable
	c.Extensions = readExtensions(tbs)
	for _, e := range c.Extensions {
		value := cryptobyte.String(e.Value)
		var bits asn1.BitString
		switch {
		case e.Id.Equal(oidKeyUsage) && value.ReadASN1BitString(&bits):
			for i := range 9 {
				c.KeyUsage |= x509.KeyUsage(bits.At(i) << i)
			}
		case e.Id.Equal(oidSubjectKeyID):
			var id cryptobyte.String
			if value.ReadASN1(&id, cbasn1.OCTET_STRING) {
				c.SubjectKeyId = id
			}
		}
	}
	return c
}

var (
	oidKeyUsage     = asn1.ObjectIdentifier{2, 5, 29, 15}
	oidSubjectKeyID = asn1.ObjectIdentifier{2, 5, 29, 14}
)

// readValidity reads the two dates; one that cannot be read is zero: never valid.
func readValidity(in cryptobyte.String) (from, to time.Time) {
	var a, b cryptobyte.String
	var tag cbasn1.Tag
	if in.ReadAnyASN1Element(&a, &tag) && in.ReadAnyASN1Element(&b, &tag) {
		from, to = readTime(a), readTime(b)
	}
	return from, to
}

func readName(der []byte) (n pkix.Name) {
	var rdns pkix.RDNSequence
	if _, err := asn1.Unmarshal(der, &rdns); err == nil {
		n.FillFromRDNSequence(&rdns)
	}
	return n
}

func readExtensions(tbs cryptobyte.String) []pkix.Extension {
	var wrapped, list cryptobyte.String
	if !tbs.SkipOptionalASN1(cbasn1.Tag(1).ContextSpecific()) || !tbs.SkipOptionalASN1(cbasn1.Tag(2).ContextSpecific()) ||
		!tbs.ReadOptionalASN1(&wrapped, nil, cbasn1.Tag(3).ContextSpecific().Constructed()) ||
		!wrapped.ReadASN1(&list, cbasn1.SEQUENCE) {
		return nil
	}
	var out []pkix.Extension
	for !list.Empty() && len(out) < MaxAttributes {
		var one, value cryptobyte.String
		var e pkix.Extension
		if !list.ReadASN1(&one, cbasn1.SEQUENCE) || !one.ReadASN1ObjectIdentifier(&e.Id) ||
			one.PeekASN1Tag(cbasn1.BOOLEAN) && !one.ReadASN1Boolean(&e.Critical) || !one.ReadASN1(&value, cbasn1.OCTET_STRING) {
			return out
		}
		e.Value = value
		out = append(out, e)
	}
	return out
}
