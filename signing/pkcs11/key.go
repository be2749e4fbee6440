//go:build cgo

package pkcs11

import (
	"crypto"
	"crypto/elliptic"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"

	"congvan/signing"

	"github.com/miekg/pkcs11"
	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// key is a private key object found in a token.
type key struct {
	handle pkcs11.ObjectHandle
	kind   uint // CKK_RSA or CKK_EC
	order  int  // EC: bytes of the curve's order
	always bool // CKA_ALWAYS_AUTHENTICATE: the PIN is wanted for each signature
}

// curves are the named curves this package signs on.
var curves = []struct {
	curve elliptic.Curve
	oid   asn1.ObjectIdentifier
	order int // bytes
}{
	{elliptic.P256(), asn1.ObjectIdentifier{1, 2, 840, 10045, 3, 1, 7}, 32},
	{elliptic.P384(), asn1.ObjectIdentifier{1, 3, 132, 0, 34}, 48},
}

// findKey finds the one private key a reference names in a session that is logged in.
func findKey(m module, session pkcs11.SessionHandle, ref *reference) (*key, error) {
	template := []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_PRIVATE_KEY)}
	if ref.hasObject {
		template = append(template, pkcs11.NewAttribute(pkcs11.CKA_LABEL, ref.object))
	}
	if ref.hasID {
		template = append(template, pkcs11.NewAttribute(pkcs11.CKA_ID, ref.id))
	}
	found, err := find(m, session, template, 2)
	if err != nil {
		return nil, err
	}
	switch len(found) {
	case 0:
		return nil, fmt.Errorf("%w: object=%q id=%x", signing.ErrKeyNotFound, ref.object, ref.id)
	case 2:
		return nil, fmt.Errorf("%w: several keys fit object=%q id=%x; name both", signing.ErrKeyNotFound, ref.object, ref.id)
	}
	return inspect(m, session, found[0])
}

func inspect(m module, session pkcs11.SessionHandle, handle pkcs11.ObjectHandle) (*key, error) {
	k := &key{handle: handle}
	kind, err := attributeOf(m, session, handle, pkcs11.CKA_KEY_TYPE)
	if err != nil {
		return nil, err
	}
	k.kind = number(kind)
	if always, err := attributeOf(m, session, handle, pkcs11.CKA_ALWAYS_AUTHENTICATE); err == nil {
		k.always = len(always) == 1 && always[0] != 0
	}
	switch k.kind {
	case pkcs11.CKK_RSA:
		return k, nil
	case pkcs11.CKK_EC:
		params, err := attributeOf(m, session, handle, pkcs11.CKA_EC_PARAMS)
		if err != nil {
			return nil, err
		}
		var oid asn1.ObjectIdentifier
		if rest, err := asn1.Unmarshal(params, &oid); err == nil && len(rest) == 0 {
			for _, c := range curves {
				if c.oid.Equal(oid) {
					k.order = c.order
					return k, nil
				}
			}
		}
		return nil, fmt.Errorf("pkcs11: the key is on an unknown curve, use P-256 or P-384")
	default:
		return nil, fmt.Errorf("pkcs11: key type %#x cannot sign here, use RSA or EC", k.kind)
	}
}

func find(m module, session pkcs11.SessionHandle, template []*pkcs11.Attribute, limit int) ([]pkcs11.ObjectHandle, error) {
	if err := m.FindObjectsInit(session, template); err != nil {
		return nil, err
	}
	found, _, err := m.FindObjects(session, limit)
	return found, errors.Join(err, m.FindObjectsFinal(session))
}

func attributeOf(m module, session pkcs11.SessionHandle, handle pkcs11.ObjectHandle, kind uint) ([]byte, error) {
	a, err := m.GetAttributeValue(session, handle, []*pkcs11.Attribute{pkcs11.NewAttribute(kind, nil)})
	if err != nil {
		return nil, err
	}
	if len(a) != 1 {
		return nil, fmt.Errorf("pkcs11: attribute %#x missing", kind)
	}
	return a[0].Value, nil
}

// number reads a CK_ULONG in the machine's byte order, which is little-endian on every
// platform this program is built for.
func number(b []byte) uint {
	var n uint
	for i := len(b) - 1; i >= 0; i-- {
		n = n<<8 | uint(b[i])
	}
	return n
}

// sign makes one signature. pin is for keys that ask for it each time.
func (k *key) sign(m module, session pkcs11.SessionHandle, digest []byte, opts signing.SignOptions, pin []byte) ([]byte, error) {
	mechanism, input, err := k.mechanism(digest, opts)
	if err != nil {
		return nil, err
	}
	if err := m.SignInit(session, []*pkcs11.Mechanism{mechanism}, k.handle); err != nil {
		return nil, err
	}
	if k.always && pin != nil {
		if err := login(m, session, pkcs11.CKU_CONTEXT_SPECIFIC, pin); err != nil {
			return nil, err
		}
	}
	signature, err := m.Sign(session, input)
	if err != nil {
		return nil, err
	}
	if k.kind == pkcs11.CKK_EC {
		return derSignature(signature)
	}
	return signature, nil
}

// hashes holds what PKCS#11 needs to know of each hash: the DigestInfo prefix of
// PKCS#1 v1.5 (RFC 8017 §9.2 note 1) and the numbers for PSS.
var hashes = []struct {
	hash      crypto.Hash
	prefix    []byte
	mechanism uint
	mgf       uint
}{
	{crypto.SHA256, []byte{0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20}, pkcs11.CKM_SHA256, pkcs11.CKG_MGF1_SHA256},
	{crypto.SHA384, []byte{0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02, 0x05, 0x00, 0x04, 0x30}, pkcs11.CKM_SHA384, pkcs11.CKG_MGF1_SHA384},
	{crypto.SHA512, []byte{0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03, 0x05, 0x00, 0x04, 0x40}, pkcs11.CKM_SHA512, pkcs11.CKG_MGF1_SHA512},
}

// mechanism returns how the key signs a digest and what it is given.
func (k *key) mechanism(digest []byte, opts signing.SignOptions) (*pkcs11.Mechanism, []byte, error) {
	if k.kind == pkcs11.CKK_EC {
		if opts.PSS {
			return nil, nil, errors.New("pkcs11: RSASSA-PSS needs an RSA key")
		}
		// the leftmost bits, as many as the order has (FIPS 186-5 §6.4)
		return pkcs11.NewMechanism(pkcs11.CKM_ECDSA, nil), digest[:min(len(digest), k.order)], nil
	}
	for _, h := range hashes {
		if h.hash != opts.Hash {
			continue
		}
		if opts.PSS {
			params := pkcs11.NewPSSParams(h.mechanism, h.mgf, uint(h.hash.Size()))
			return pkcs11.NewMechanism(pkcs11.CKM_RSA_PKCS_PSS, params), digest, nil
		}
		return pkcs11.NewMechanism(pkcs11.CKM_RSA_PKCS, nil), append(h.prefix[:len(h.prefix):len(h.prefix)], digest...), nil
	}
	return nil, nil, fmt.Errorf("pkcs11: hash %v, use SHA-256, SHA-384 or SHA-512", opts.Hash)
}

// derSignature turns the token's r||s into the DER of RFC 3279 §2.2.3.
func derSignature(raw []byte) ([]byte, error) {
	if len(raw) == 0 || len(raw)%2 != 0 {
		return nil, fmt.Errorf("pkcs11: the token returned an ECDSA signature of %d bytes", len(raw))
	}
	var b cryptobyte.Builder
	b.AddASN1(cbasn1.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1BigInt(new(big.Int).SetBytes(raw[:len(raw)/2]))
		b.AddASN1BigInt(new(big.Int).SetBytes(raw[len(raw)/2:]))
	})
	return b.Bytes()
}
