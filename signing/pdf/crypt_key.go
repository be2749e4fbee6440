package pdf

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5" //nolint:gosec // the standard security handler is defined by it
	"crypto/rc4" //nolint:gosec // the same
	"crypto/sha256"
	"crypto/sha512"
)

// padding stands for an empty password (ISO 32000-1, algorithm 2).
var padding = [32]byte{
	0x28, 0xbf, 0x4e, 0x5e, 0x4e, 0x75, 0x8a, 0x41, 0x64, 0x00, 0x4e, 0x56, 0xff, 0xfa, 0x01, 0x08,
	0x2e, 0x2e, 0x00, 0xb6, 0xd0, 0x68, 0x3e, 0x80, 0x2f, 0x0c, 0xa9, 0xfe, 0x64, 0x53, 0x69, 0x7a,
}

// fileKey derives the file's key from the empty user password, nil when that is not
// the password.
func fileKey(d Dict, id String) []byte {
	revision, _ := integer(d["R"])
	user, _ := d["U"].(String)
	switch revision {
	case 2, 3, 4:
		return oldKey(d, id, revision, user)
	case 5, 6:
		return newKey(d, revision, user)
	}
	return nil
}

// oldKey is algorithms 2, 4 and 5 of ISO 32000-1.
func oldKey(d Dict, id String, revision int64, user String) []byte {
	owner, _ := d["O"].(String)
	flags, _ := integer(d["P"])
	bits, ok := integer(d["Length"])
	version, _ := integer(d["V"])
	if version == 4 {
		bits, ok = 128, true
	}
	if !ok || revision == 2 {
		bits = 40
	}
	if bits < 40 || bits > 128 || bits%8 != 0 || len(owner) < 32 {
		return nil
	}
	n := int(bits / 8)
	h := md5.New() //nolint:gosec // see above
	h.Write(padding[:])
	h.Write(owner[:32])
	h.Write([]byte{byte(flags), byte(flags >> 8), byte(flags >> 16), byte(flags >> 24)})
	h.Write(id)
	if revision >= 4 && d["EncryptMetadata"] == false {
		h.Write([]byte{0xff, 0xff, 0xff, 0xff})
	}
	key := h.Sum(nil)
	if revision >= 3 {
		for range 50 {
			sum := md5.Sum(key[:n]) //nolint:gosec // see above
			key = sum[:]
		}
	}
	key = key[:n]
	if !bytes.HasPrefix(user, oldCheck(key, id, revision)) {
		return nil
	}
	return key
}

// oldCheck is what /U begins with when the key is right.
func oldCheck(key []byte, id String, revision int64) []byte {
	if revision == 2 {
		return xorRC4(key, padding[:])
	}
	h := md5.New() //nolint:gosec // see above
	h.Write(padding[:])
	h.Write(id)
	out := h.Sum(nil)
	for i := range 20 {
		round := make([]byte, len(key))
		for j := range key {
			round[j] = key[j] ^ byte(i)
		}
		out = xorRC4(round, out)
	}
	return out
}

func xorRC4(key, data []byte) []byte {
	out := make([]byte, len(data))
	if c, err := rc4.NewCipher(key); err == nil { //nolint:gosec // see above
		c.XORKeyStream(out, data)
	}
	return out
}

// newKey is algorithm 2.A of ISO 32000-2 for the empty user password: /U is a hash of
// 32 bytes, a salt to check the password and a salt to derive the key, 8 bytes each.
func newKey(d Dict, revision int64, user String) []byte {
	wrapped, _ := d["UE"].(String)
	if len(user) < 48 || len(wrapped) < 32 {
		return nil
	}
	derive := func(salt []byte) []byte {
		if revision == 5 {
			sum := sha256.Sum256(salt)
			return sum[:]
		}
		return hardened(salt)
	}
	if !bytes.Equal(derive(user[32:40]), user[:32]) {
		return nil
	}
	block, err := aes.NewCipher(derive(user[40:48]))
	if err != nil {
		return nil
	}
	key := make([]byte, 32)
	cipher.NewCBCDecrypter(block, make([]byte, aes.BlockSize)).CryptBlocks(key, wrapped[:32])
	return key
}

// hardened is algorithm 2.B of ISO 32000-2 for the empty user password.
func hardened(salt []byte) []byte {
	sum := sha256.Sum256(salt)
	k := sum[:]
	for i := 0; ; i++ {
		block, err := aes.NewCipher(k[:16])
		if err != nil {
			return nil
		}
		e := bytes.Repeat(k, 64)
		cipher.NewCBCEncrypter(block, k[16:32]).CryptBlocks(e, e)
		rest := 0
		for _, b := range e[:16] {
			rest += int(b)
		}
		switch rest % 3 {
		case 0:
			s := sha256.Sum256(e)
			k = s[:]
		case 1:
			s := sha512.Sum384(e)
			k = s[:]
		default:
			s := sha512.Sum512(e)
			k = s[:]
		}
		if i >= 63 && int(e[len(e)-1]) <= i-31 {
			return k[:32]
		}
	}
}
