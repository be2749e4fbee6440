package cms

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// SignedData is one parsed CMS SignedData with exactly one signer. It is read-only
// and safe for concurrent use.
type SignedData struct {
	ContentType  asn1.ObjectIdentifier // of the content: id-data for PDF, OIDTSTInfo for a token
	EContent     []byte                // nil when detached
	Certificates []*x509.Certificate   // those that could be read, in their order
	CRLs         [][]byte              // DER, as embedded
	Signer       *x509.Certificate     // nil when it is not among Certificates

	DigestAlgorithm    Algorithm
	SignatureAlgorithm Algorithm
	Signature          []byte // the value a signature timestamp covers

	SignedAttrs        []byte // as hashed: DER SET OF; nil when there are none
	MessageDigest      []byte
	SigningTime        time.Time  // claimed; zero when absent
	SigningCertificate []CertHash // ESS v2 and v1, the signer's first

	UnsignedAttrs []Attribute
	Timestamp     []byte // the signature timestamp token, DER; nil when there is none

	signed                    []Attribute
	unreadCertificates        int
	issuer, serial, ski       []byte // signer identifier: DER name and INTEGER, or key id
	beforeSigners, signerHead []byte
	raw                       []byte
}

// Algorithm is an AlgorithmIdentifier as far as this package knows it.
type Algorithm struct {
	OID  asn1.ObjectIdentifier
	Hash crypto.Hash // 0 when unknown or not bound to one
	PSS  *PSS        // RSASSA-PSS only
	raw  []byte
}

// PSS holds the parameters of RSASSA-PSS (RFC 4055 §3.1); MGF1 uses the same hash.
type PSS struct{ SaltLength int }

// Attribute is one CMS attribute; Values are DER.
type Attribute struct {
	OID    asn1.ObjectIdentifier
	Values [][]byte
	raw    []byte
}

// CertHash is one ESSCertID or ESSCertIDv2 (RFC 5035).
type CertHash struct {
	Hash   crypto.Hash // 0 when unknown
	Value  []byte
	Serial *big.Int // of IssuerSerial, nil when absent
	V2     bool
}

// Parse reads one SignedData. What follows it is not looked at: it is the padding of
// /Contents, zeros mostly, and no more protected than the unsigned attributes. The
// indefinite lengths of BER are tolerated. Errors: ErrMalformed, ErrSignerCount.
func Parse(der []byte) (*SignedData, error) {
	raw, _, err := normalise(der)
	if err != nil {
		return nil, err
	}
	sd := &SignedData{raw: raw}
	body, err := openContentInfo(raw)
	if err != nil {
		return nil, err
	}
	full := []byte(body)
	var version int
	var digestAlgs, encap cryptobyte.String
	if !body.ReadASN1Integer(&version) || !body.ReadASN1(&digestAlgs, cbasn1.SET) || !body.ReadASN1(&encap, cbasn1.SEQUENCE) {
		return nil, malformed("SignedData")
	}
	if err := sd.readContent(encap); err != nil {
		return nil, err
	}
	if err := sd.readCertificates(&body); err != nil {
		return nil, err
	}
	sd.beforeSigners = full[:len(full)-len(body)]
	var signers, signer cryptobyte.String
	if !body.ReadASN1(&signers, cbasn1.SET) || !body.Empty() {
		return nil, malformed("SignerInfos")
	}
	if signers.Empty() {
		return nil, fmt.Errorf("%w: none", ErrSignerCount)
	}
	if !signers.ReadASN1(&signer, cbasn1.SEQUENCE) {
		return nil, malformed("SignerInfo")
	}
	if !signers.Empty() {
		return nil, fmt.Errorf("%w: several", ErrSignerCount)
	}
	if err := sd.readSigner(signer); err != nil {
		return nil, err
	}
	sd.FindSigner(sd.Certificates)
	return sd, nil
}

// Raw returns the whole SignedData in DER, without padding.
func (sd *SignedData) Raw() []byte { return sd.raw }

// openContentInfo returns the content of the SignedData SEQUENCE.
func openContentInfo(raw []byte) (cryptobyte.String, error) {
	in := cryptobyte.String(raw)
	var info, explicit, body cryptobyte.String
	var oid asn1.ObjectIdentifier
	if !in.ReadASN1(&info, cbasn1.SEQUENCE) || !info.ReadASN1ObjectIdentifier(&oid) {
		return nil, malformed("ContentInfo")
	}
	if !oid.Equal(oidSignedData) {
		return nil, malformed("content type %v is not signed-data", oid)
	}
	if !info.ReadASN1(&explicit, implicit0) || !info.Empty() ||
		!explicit.ReadASN1(&body, cbasn1.SEQUENCE) || !explicit.Empty() {
		return nil, malformed("ContentInfo")
	}
	return body, nil
}

func (sd *SignedData) readContent(encap cryptobyte.String) error {
	if !encap.ReadASN1ObjectIdentifier(&sd.ContentType) {
		return malformed("content type")
	}
	var explicit cryptobyte.String
	var present bool
	if !encap.ReadOptionalASN1(&explicit, &present, implicit0) || !encap.Empty() {
		return malformed("content")
	}
	if !present {
		return nil
	}
	var content cryptobyte.String
	if !explicit.ReadASN1(&content, cbasn1.OCTET_STRING) || !explicit.Empty() {
		return malformed("content is not an OCTET STRING")
	}
	sd.EContent = append([]byte{}, content...)
	return nil
}

func (sd *SignedData) readCertificates(body *cryptobyte.String) error {
	var certs, crls cryptobyte.String
	var present bool
	if !body.ReadOptionalASN1(&certs, &present, implicit0) {
		return malformed("certificates")
	}
	for n := 0; !certs.Empty(); n++ {
		var one cryptobyte.String
		var tag cbasn1.Tag
		if n >= MaxCertificates || !certs.ReadAnyASN1Element(&one, &tag) {
			return malformed("certificates, at most %d", MaxCertificates)
		}
		if tag != cbasn1.SEQUENCE { // attribute certificates and others: not ours to judge
			continue
		}
		c, err := x509.ParseCertificate(one)
		if err != nil {
			if c = odd(one); c == nil {
				sd.unreadCertificates++
				continue
			}
		}
		sd.Certificates = append(sd.Certificates, c)
	}
	if !body.ReadOptionalASN1(&crls, &present, implicit1) {
		return malformed("CRLs")
	}
	for n := 0; !crls.Empty(); n++ {
		var one cryptobyte.String
		var tag cbasn1.Tag
		if n >= MaxCertificates || !crls.ReadAnyASN1Element(&one, &tag) {
			return malformed("CRLs, at most %d", MaxCertificates)
		}
		if tag == cbasn1.SEQUENCE {
			sd.CRLs = append(sd.CRLs, one)
		}
	}
	return nil
}

func (sd *SignedData) readSigner(in cryptobyte.String) error {
	full := []byte(in)
	var version int
	if !in.ReadASN1Integer(&version) {
		return malformed("SignerInfo version")
	}
	if err := sd.readSignerID(&in); err != nil {
		return err
	}
	var err error
	if sd.DigestAlgorithm, err = readAlgorithm(&in); err != nil {
		return err
	}
	sd.DigestAlgorithm.Hash = HashByOID(sd.DigestAlgorithm.OID)
	if in.PeekASN1Tag(implicit0) {
		var attrs cryptobyte.String
		if !in.ReadASN1Element(&attrs, implicit0) {
			return malformed("signed attributes")
		}
		sd.SignedAttrs = append([]byte{byte(cbasn1.SET)}, attrs[1:]...)
		var body cryptobyte.String
		attrs.ReadASN1(&body, implicit0)
		if sd.signed, err = readAttributes(body); err != nil {
			return err
		}
	}
	if sd.SignatureAlgorithm, err = readAlgorithm(&in); err != nil {
		return err
	}
	sd.SignatureAlgorithm.bind(sd.DigestAlgorithm.Hash)
	var value cryptobyte.String
	if !in.ReadASN1(&value, cbasn1.OCTET_STRING) {
		return malformed("signature value")
	}
	sd.Signature = value
	sd.signerHead = full[:len(full)-len(in)]
	var unsigned cryptobyte.String
	var present bool
	if !in.ReadOptionalASN1(&unsigned, &present, implicit1) || !in.Empty() {
		return malformed("unsigned attributes")
	}
	if sd.UnsignedAttrs, err = readAttributes(unsigned); err != nil {
		return err
	}
	sd.Timestamp, _ = single(sd.UnsignedAttrs, oidTimestampToken)
	return sd.readSignedAttributes()
}

func (sd *SignedData) readSignerID(in *cryptobyte.String) error {
	keyID := cbasn1.Tag(0).ContextSpecific()
	if in.PeekASN1Tag(keyID) {
		var ski cryptobyte.String
		if !in.ReadASN1(&ski, keyID) || ski.Empty() {
			return malformed("signer key identifier")
		}
		sd.ski = ski
		return nil
	}
	var id, issuer, serial cryptobyte.String
	if !in.ReadASN1(&id, cbasn1.SEQUENCE) || !id.ReadASN1Element(&issuer, cbasn1.SEQUENCE) ||
		!id.ReadASN1(&serial, cbasn1.INTEGER) || !id.Empty() {
		return malformed("signer identifier")
	}
	sd.issuer, sd.serial = issuer, serial
	return nil
}

// FindSigner makes the certificate that the SignerInfo names the signer's, if it stands
// among certs and none is known yet; it tells whether one is known now.
func (sd *SignedData) FindSigner(certs []*x509.Certificate) bool {
	for _, c := range certs {
		switch {
		case sd.Signer != nil:
			return true
		case sd.ski != nil && bytes.Equal(c.SubjectKeyId, sd.ski),
			sd.ski == nil && bytes.Equal(c.RawIssuer, sd.issuer) && c.SerialNumber.Cmp(integer(sd.serial)) == 0:
			sd.Signer = c
		}
	}
	return sd.Signer != nil
}

// integer reads the two's complement content of an INTEGER.
func integer(content []byte) *big.Int {
	n := new(big.Int).SetBytes(content)
	if len(content) > 0 && content[0]&0x80 != 0 {
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(len(content))*8))
	}
	return n
}

func readAttributes(in cryptobyte.String) ([]Attribute, error) {
	var out []Attribute
	for !in.Empty() {
		var element, body, values cryptobyte.String
		var a Attribute
		if len(out) >= MaxAttributes || !in.ReadASN1Element(&element, cbasn1.SEQUENCE) {
			return nil, malformed("attributes, at most %d", MaxAttributes)
		}
		a.raw = element
		if !element.ReadASN1(&body, cbasn1.SEQUENCE) || !body.ReadASN1ObjectIdentifier(&a.OID) ||
			!body.ReadASN1(&values, cbasn1.SET) || !body.Empty() {
			return nil, malformed("attribute")
		}
		for !values.Empty() {
			var v cryptobyte.String
			var tag cbasn1.Tag
			if len(a.Values) >= MaxAttributes || !values.ReadAnyASN1Element(&v, &tag) {
				return nil, malformed("values of attribute %v, at most %d", a.OID, MaxAttributes)
			}
			a.Values = append(a.Values, v)
		}
		out = append(out, a)
	}
	return out, nil
}

// single returns the value of an attribute that stands once with one value.
func single(attrs []Attribute, oid asn1.ObjectIdentifier) ([]byte, bool) {
	var found []byte
	for _, a := range attrs {
		if !a.OID.Equal(oid) {
			continue
		}
		if found != nil || len(a.Values) != 1 {
			return nil, false
		}
		found = a.Values[0]
	}
	return found, found != nil
}

func has(attrs []Attribute, oid asn1.ObjectIdentifier) bool {
	for _, a := range attrs {
		if a.OID.Equal(oid) {
			return true
		}
	}
	return false
}

// Attribute returns the DER value of a signed attribute that stands once with one
// value, nil otherwise.
func (sd *SignedData) Attribute(oid asn1.ObjectIdentifier) []byte {
	v, _ := single(sd.signed, oid)
	return v
}
