//go:build cgo

package pkcs11

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/asn1"
	"fmt"
	"math/big"

	"congvan/signing"

	"github.com/miekg/pkcs11"
)

// GenerateRSA makes an RSA key pair that never leaves the token. The token's pooled
// sessions are closed by it.
func (p *Provider) GenerateRSA(_ context.Context, spec KeySpec, bits int) (*rsa.PublicKey, error) {
	if bits < 2048 || bits > 4096 {
		return nil, fmt.Errorf("pkcs11: RSA key of %d bits, use 2048 to 4096", bits)
	}
	key, err := p.generate(spec, pkcs11.CKM_RSA_PKCS_KEY_PAIR_GEN, []*pkcs11.Attribute{
		pkcs11.NewAttribute(pkcs11.CKA_MODULUS_BITS, bits),
		pkcs11.NewAttribute(pkcs11.CKA_PUBLIC_EXPONENT, []byte{1, 0, 1}),
	})
	if err != nil {
		return nil, err
	}
	return key.(*rsa.PublicKey), nil
}

// GenerateEC makes an EC key pair on P-256 or P-384 that never leaves the token. The
// token's pooled sessions are closed by it.
func (p *Provider) GenerateEC(_ context.Context, spec KeySpec, curve elliptic.Curve) (*ecdsa.PublicKey, error) {
	for _, c := range curves {
		if c.curve != curve {
			continue
		}
		params, err := asn1.Marshal(c.oid)
		if err != nil {
			return nil, err
		}
		key, err := p.generate(spec, pkcs11.CKM_EC_KEY_PAIR_GEN, []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_EC_PARAMS, params)})
		if err != nil {
			return nil, err
		}
		return key.(*ecdsa.PublicKey), nil
	}
	return nil, fmt.Errorf("pkcs11: curve %s, use P-256 or P-384", curve.Params().Name)
}

func (p *Provider) generate(spec KeySpec, mechanism uint, public []*pkcs11.Attribute) (crypto.PublicKey, error) {
	p.use.Lock()
	defer p.use.Unlock()
	if p.closed {
		return nil, ErrClosed
	}
	tok, slot, err := p.resolve(&reference{token: spec.Token, selector: "admin\x00" + spec.Token})
	if err != nil {
		return nil, outward(err)
	}
	if err := p.module.CloseAllSessions(slot); err != nil { // so that the PIN is judged
		return nil, outward(err)
	}
	p.drop(tok)
	session, err := p.module.OpenSession(slot, pkcs11.CKF_SERIAL_SESSION|pkcs11.CKF_RW_SESSION)
	if err != nil {
		return nil, outward(err)
	}
	defer func() { _ = p.module.CloseAllSessions(slot) }()
	if err := login(p.module, session, pkcs11.CKU_USER, spec.PIN); err != nil {
		return nil, outward(err)
	}
	found, err := find(p.module, session, []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_PRIVATE_KEY), pkcs11.NewAttribute(pkcs11.CKA_LABEL, spec.Label)}, 1)
	if err != nil {
		return nil, outward(err)
	}
	if len(found) > 0 {
		return nil, fmt.Errorf("pkcs11: token %s has a key %q already", spec.Token, spec.Label)
	}
	common := []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_TOKEN, true), pkcs11.NewAttribute(pkcs11.CKA_LABEL, spec.Label), pkcs11.NewAttribute(pkcs11.CKA_ID, spec.ID)}
	public = append(append(public, common...), pkcs11.NewAttribute(pkcs11.CKA_VERIFY, true))
	private := append(common[:len(common):len(common)], pkcs11.NewAttribute(pkcs11.CKA_PRIVATE, true), pkcs11.NewAttribute(pkcs11.CKA_SENSITIVE, true),
		pkcs11.NewAttribute(pkcs11.CKA_EXTRACTABLE, false), pkcs11.NewAttribute(pkcs11.CKA_SIGN, true))
	handle, _, err := p.module.GenerateKeyPair(session, []*pkcs11.Mechanism{pkcs11.NewMechanism(mechanism, nil)}, public, private)
	if err != nil {
		return nil, outward(err)
	}
	key, err := publicKey(p.module, session, handle)
	return key, outward(err)
}

// PublicKey reads a public key object, without login. It returns ErrKeyNotFound when
// the token has none of that label.
func (p *Provider) PublicKey(_ context.Context, token, label string) (crypto.PublicKey, error) {
	p.use.RLock()
	defer p.use.RUnlock()
	if p.closed {
		return nil, ErrClosed
	}
	slot, err := p.slotOf(token)
	if err != nil {
		return nil, err
	}
	session, err := p.module.OpenSession(slot, pkcs11.CKF_SERIAL_SESSION)
	if err != nil {
		return nil, outward(err)
	}
	defer func() { _ = p.module.CloseSession(session) }()
	found, err := find(p.module, session, []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_PUBLIC_KEY), pkcs11.NewAttribute(pkcs11.CKA_LABEL, label)}, 2)
	if err != nil {
		return nil, outward(err)
	}
	if len(found) != 1 {
		return nil, fmt.Errorf("%w: %d public keys %q in token %s", signing.ErrKeyNotFound, len(found), label, token)
	}
	key, err := publicKey(p.module, session, found[0])
	return key, outward(err)
}

// publicKey reads the value of a public key object.
func publicKey(m module, session pkcs11.SessionHandle, handle pkcs11.ObjectHandle) (crypto.PublicKey, error) {
	kind, err := attributeOf(m, session, handle, pkcs11.CKA_KEY_TYPE)
	if err != nil {
		return nil, err
	}
	if number(kind) == pkcs11.CKK_RSA {
		n, err := attributeOf(m, session, handle, pkcs11.CKA_MODULUS)
		if err != nil {
			return nil, err
		}
		e, err := attributeOf(m, session, handle, pkcs11.CKA_PUBLIC_EXPONENT)
		if err != nil {
			return nil, err
		}
		exponent := new(big.Int).SetBytes(e)
		if !exponent.IsInt64() {
			return nil, fmt.Errorf("pkcs11: RSA exponent of %d bits", exponent.BitLen())
		}
		return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(exponent.Int64())}, nil
	}
	value, err := attributeOf(m, session, handle, pkcs11.CKA_EC_POINT)
	if err != nil {
		return nil, err
	}
	var point []byte
	if _, err := asn1.Unmarshal(value, &point); err != nil {
		return nil, fmt.Errorf("pkcs11: EC point: %w", err)
	}
	for _, c := range curves { // an uncompressed point has the length of its curve
		if len(point) == 1+2*c.order {
			return ecdsa.ParseUncompressedPublicKey(c.curve, point)
		}
	}
	return nil, fmt.Errorf("pkcs11: EC point of %d bytes, use P-256 or P-384", len(point))
}
