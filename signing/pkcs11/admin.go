//go:build cgo

package pkcs11

import (
	"context"
	"errors"
	"fmt"
	"math/big"

	"github.com/miekg/pkcs11"
)

const maxDescribedKeys = 1000

// Describe lists the initialised tokens with their public keys, without login.
func (p *Provider) Describe(ctx context.Context) ([]Token, error) {
	p.use.RLock()
	defer p.use.RUnlock()
	if p.closed {
		return nil, ErrClosed
	}
	slots, err := p.module.GetSlotList(true)
	if err != nil {
		return nil, outward(err)
	}
	var out []Token
	for _, slot := range slots {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		info, err := p.module.GetTokenInfo(slot)
		if err != nil || info.Flags&pkcs11.CKF_TOKEN_INITIALIZED == 0 {
			continue
		}
		t := Token{
			Slot: slot, Label: trim(info.Label), Serial: trim(info.SerialNumber), Manufacturer: trim(info.ManufacturerID), Model: trim(info.Model),
			PINLocked: info.Flags&pkcs11.CKF_USER_PIN_LOCKED != 0, PINCountLow: info.Flags&pkcs11.CKF_USER_PIN_COUNT_LOW != 0,
		}
		if t.Keys, err = p.publicKeys(slot); err != nil {
			return nil, outward(err)
		}
		out = append(out, t)
	}
	return out, nil
}

func (p *Provider) publicKeys(slot uint) ([]Key, error) {
	session, err := p.module.OpenSession(slot, pkcs11.CKF_SERIAL_SESSION)
	if err != nil {
		return nil, err
	}
	defer func() { _ = p.module.CloseSession(session) }()
	handles, err := find(p.module, session, []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_PUBLIC_KEY)}, maxDescribedKeys)
	if err != nil {
		return nil, err
	}
	var out []Key
	for _, h := range handles {
		values, err := p.module.GetAttributeValue(session, h, []*pkcs11.Attribute{
			pkcs11.NewAttribute(pkcs11.CKA_LABEL, nil), pkcs11.NewAttribute(pkcs11.CKA_ID, nil), pkcs11.NewAttribute(pkcs11.CKA_KEY_TYPE, nil),
		})
		if err != nil || len(values) != 3 {
			return nil, err
		}
		k := Key{Label: string(values[0].Value), ID: values[1].Value}
		switch kind := number(values[2].Value); kind {
		case pkcs11.CKK_RSA:
			k.Type = "RSA"
			if n, err := attributeOf(p.module, session, h, pkcs11.CKA_MODULUS); err == nil {
				k.Bits = new(big.Int).SetBytes(n).BitLen()
			}
		case pkcs11.CKK_EC:
			k.Type = "EC"
		default:
			k.Type = fmt.Sprintf("%#x", kind)
		}
		out = append(out, k)
	}
	return out, nil
}

// InitToken initialises a free slot as a token with the given label (at most 32 bytes),
// security officer's PIN and user's PIN. A label that exists already is an error, unless
// it was left without a user's PIN by an earlier call that was cut short.
func (p *Provider) InitToken(_ context.Context, label string, soPIN, userPIN []byte) error {
	if label == "" || len(label) > 32 {
		return fmt.Errorf("pkcs11: token label %q must have 1 to 32 bytes", label)
	}
	p.use.Lock()
	defer p.use.Unlock()
	if p.closed {
		return ErrClosed
	}
	if slot, err := p.slotOf(label); err == nil {
		if info, err := p.module.GetTokenInfo(slot); err == nil && info.Flags&pkcs11.CKF_USER_PIN_INITIALIZED == 0 {
			return p.initPIN(label, soPIN, userPIN)
		}
		return fmt.Errorf("pkcs11: a token %q exists already", label)
	}
	slots, err := p.module.GetSlotList(true)
	if err != nil {
		return outward(err)
	}
	for _, slot := range slots {
		info, err := p.module.GetTokenInfo(slot)
		if err != nil || info.Flags&pkcs11.CKF_TOKEN_INITIALIZED != 0 {
			continue
		}
		if err := p.module.InitToken(slot, string(soPIN), label); err != nil {
			return outward(err)
		}
		return p.initPIN(label, soPIN, userPIN)
	}
	return fmt.Errorf("pkcs11: no free slot for token %q", label)
}

func (p *Provider) initPIN(label string, soPIN, userPIN []byte) error {
	slot, err := p.slotOf(label) // it may have moved to another slot
	if err != nil {
		return err
	}
	session, err := p.module.OpenSession(slot, pkcs11.CKF_SERIAL_SESSION|pkcs11.CKF_RW_SESSION)
	if err != nil {
		return outward(err)
	}
	defer func() { _ = p.module.CloseSession(session) }()
	if err := login(p.module, session, pkcs11.CKU_SO, soPIN); err != nil {
		return outward(err)
	}
	err = p.module.InitPIN(session, string(userPIN))
	return outward(errors.Join(err, p.module.Logout(session)))
}

// slotOf finds the slot of a token by its label alone.
func (p *Provider) slotOf(label string) (uint, error) {
	_, slot, err := p.resolve(&reference{token: label, selector: "admin\x00" + label})
	return slot, outward(err)
}
