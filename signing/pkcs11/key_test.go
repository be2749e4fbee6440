//go:build cgo

package pkcs11

import (
	"context"
	"crypto"
	"encoding/asn1"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"congvan/signing"

	"github.com/miekg/pkcs11"
)

// oneKey is a token with one key, which remembers what it was asked.
type oneKey struct {
	*faulty
	kind    uint
	curve   []byte
	always  bool
	nothing bool // an attribute is answered by none
	context error
	asked   []string
}

func (k *oneKey) FindObjectsInit(_ pkcs11.SessionHandle, template []*pkcs11.Attribute) error {
	for _, a := range template[1:] {
		k.asked = append(k.asked, fmt.Sprintf("find %#x=%s", a.Type, a.Value))
	}
	return nil
}

func (k *oneKey) Login(s pkcs11.SessionHandle, user uint, pin string) error {
	k.asked = append(k.asked, fmt.Sprintf("login %d %s", user, pin))
	if user == pkcs11.CKU_CONTEXT_SPECIFIC {
		return k.context
	}
	return k.faulty.Login(s, user, pin)
}

func (k *oneKey) SignInit(pkcs11.SessionHandle, []*pkcs11.Mechanism, pkcs11.ObjectHandle) error {
	k.asked = append(k.asked, "sign")
	return nil
}

func (k *oneKey) GetAttributeValue(_ pkcs11.SessionHandle, _ pkcs11.ObjectHandle, a []*pkcs11.Attribute) ([]*pkcs11.Attribute, error) {
	var value []byte
	switch a[0].Type {
	case pkcs11.CKA_ALWAYS_AUTHENTICATE:
		value = []byte{0}
		if k.always {
			value[0] = 1
		}
	case pkcs11.CKA_KEY_TYPE:
		value = binary.LittleEndian.AppendUint64(nil, uint64(k.kind))
	case pkcs11.CKA_EC_PARAMS:
		value = k.curve
	}
	if k.nothing {
		return nil, nil
	}
	return []*pkcs11.Attribute{{Type: a[0].Type, Value: value}}, nil
}

// TestKeyAsked: which key is looked for, what kinds sign, and when the PIN is handed over: once,
// and once more for a key that wants it for each signature, its owner's only.
func TestKeyAsked(t *testing.T) {
	p256, err := asn1.Marshal(asn1.ObjectIdentifier{1, 2, 840, 10045, 3, 1, 7})
	if err != nil {
		t.Fatal(err)
	}
	const (
		label = "find 0x3=a"
		login = "login 1 1234"
		again = "login 2 1234"
	)
	for name, c := range map[string]struct {
		key     oneKey
		uri     string
		service bool
		pss     bool
		want    []string
		fails   error
		refused bool // by an error of no kind
	}{
		"by its name":          {key: oneKey{kind: pkcs11.CKK_RSA}, uri: ";object=a", want: []string{login, label, "sign"}},
		"by its number":        {key: oneKey{kind: pkcs11.CKK_RSA}, uri: ";id=b", want: []string{login, "find 0x102=b", "sign"}},
		"by both":              {key: oneKey{kind: pkcs11.CKK_RSA}, uri: ";object=a;id=b", want: []string{login, label, "find 0x102=b", "sign"}},
		"PIN each time":        {key: oneKey{kind: pkcs11.CKK_RSA, always: true}, uri: ";object=a", want: []string{login, label, "sign", again}},
		"and wrong then":       {key: oneKey{kind: pkcs11.CKK_RSA, always: true, context: pkcs11.Error(pkcs11.CKR_PIN_INCORRECT)}, uri: ";object=a", want: []string{login, label, "sign", again}, fails: signing.ErrPINIncorrect},
		"service key":          {key: oneKey{kind: pkcs11.CKK_RSA, always: true}, service: true, want: []string{login, "find 0x3=con dấu", "sign"}},
		"P-256":                {key: oneKey{kind: pkcs11.CKK_EC, curve: p256}, uri: ";object=a", want: []string{login, label, "sign"}, refused: true}, // nine bytes are no signature
		"PSS of P-256":         {key: oneKey{kind: pkcs11.CKK_EC, curve: p256}, uri: ";object=a", pss: true, want: []string{login, label}, refused: true},
		"a curve and more":     {key: oneKey{kind: pkcs11.CKK_EC, curve: append(slices.Clone(p256), 5, 0)}, uri: ";object=a", want: []string{login, label}, refused: true},
		"a curve of its own":   {key: oneKey{kind: pkcs11.CKK_EC, curve: []byte{0x30, 0}}, uri: ";object=a", want: []string{login, label}, refused: true},
		"another kind of key":  {key: oneKey{kind: pkcs11.CKK_DSA}, uri: ";object=a", want: []string{login, label}, refused: true},
		"a key without a kind": {key: oneKey{nothing: true}, uri: ";object=a", want: []string{login, label}, refused: true},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t, 1)
			k := c.key
			k.faulty = f.token
			p, err := open(Options{Sessions: 1, Pause: time.Minute, Clock: func() time.Time { return f.now }}, &k)
			if err != nil {
				t.Fatal(err)
			}
			uri, opts := "pkcs11:token=hsm"+c.uri, signing.SignOptions{Hash: crypto.SHA256, PSS: c.pss, PIN: []byte("1234")}
			if c.service {
				uri, opts.PIN = f.uri, nil
			}
			_, err = p.Sign(context.Background(), uri, make([]byte, 32), opts)
			if (err != nil) != (c.refused || c.fails != nil) || c.fails != nil && !errors.Is(err, c.fails) {
				t.Errorf("%v, want %v", err, c.fails)
			}
			if !slices.Equal(k.asked, c.want) {
				t.Errorf("asked %s", strings.Join(k.asked, ", "))
			}
		})
	}
}
