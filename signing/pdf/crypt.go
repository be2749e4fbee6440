package pdf

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5" //nolint:gosec // the standard security handler is defined by it
	"crypto/rc4" //nolint:gosec // the same
	"maps"
)

// cryptMethod is how strings or streams are encrypted.
type cryptMethod int

const (
	cryptNone cryptMethod = iota
	cryptRC4
	cryptAES128
	cryptAES256
)

// decrypter undoes the standard security handler (ISO 32000-2, 7.6) for a file whose
// user password is empty: anybody may read it.
type decrypter struct {
	key      []byte
	strings  cryptMethod
	streams  cryptMethod
	metadata bool // metadata streams are encrypted as well
	own      Ref  // the encryption dictionary, which is not encrypted itself; zero: direct in the trailer
}

// Locked tells whether the file is encrypted and the empty user password does not
// open it: its strings and streams are then as they lie in the file.
func (f *File) Locked() bool { return f.crypt == nil && f.Encrypted() }

// unlock tries the empty user password. A handler that is not known, or another
// password, is no error: the file stays locked.
func (f *File) unlock() error {
	ref := f.Trailer()["Encrypt"]
	d, err := f.Dict(ref)
	if err != nil || d == nil {
		return err
	}
	flat, err := f.flat(d, 0)
	if err != nil {
		return err
	}
	id, err := f.Array(f.Trailer()["ID"])
	if err != nil {
		return err
	}
	var first String
	if len(id) > 0 {
		first, _ = id[0].(String)
	}
	if f.crypt = newDecrypter(flat, first); f.crypt != nil {
		f.crypt.own, _ = ref.(Ref)
	}
	clear(f.cached)
	return nil
}

// flat resolves the references of a small dictionary.
func (f *File) flat(d Dict, depth int) (Dict, error) {
	out := Dict{}
	for k, v := range d {
		v, err := f.Resolve(v)
		if err != nil {
			return nil, err
		}
		if inner, ok := v.(Dict); ok && depth < 3 {
			if v, err = f.flat(inner, depth+1); err != nil {
				return nil, err
			}
		}
		out[k] = v
	}
	return out, nil
}

// newDecrypter reads an encryption dictionary; nil when it cannot be opened.
func newDecrypter(d Dict, id String) *decrypter {
	c := &decrypter{metadata: d["EncryptMetadata"] != false}
	version, _ := integer(d["V"])
	if d["Filter"] != Name("Standard") {
		return nil
	}
	switch version {
	case 1, 2:
		c.strings, c.streams = cryptRC4, cryptRC4
	case 4, 5:
		var ok1, ok2 bool
		c.strings, ok1 = filterMethod(d, "StrF")
		c.streams, ok2 = filterMethod(d, "StmF")
		if !ok1 || !ok2 {
			return nil
		}
	default:
		return nil
	}
	if c.key = fileKey(d, id); c.key == nil {
		return nil
	}
	return c
}

// filterMethod is the method of a named crypt filter.
func filterMethod(d Dict, which Name) (cryptMethod, bool) {
	name, _ := d[which].(Name)
	if name == "Identity" {
		return cryptNone, true
	}
	filters, _ := d["CF"].(Dict)
	filter, _ := filters[name].(Dict)
	switch filter["CFM"] {
	case Name("V2"):
		return cryptRC4, true
	case Name("AESV2"):
		return cryptAES128, true
	case Name("AESV3"):
		return cryptAES256, true
	case nil, Name("None"):
		return cryptNone, true
	}
	return cryptNone, false
}

// objectKey is the key of one object (ISO 32000-1, algorithm 1).
func (c *decrypter) objectKey(ref Ref, m cryptMethod) []byte {
	if m == cryptAES256 {
		return c.key
	}
	h := md5.New() //nolint:gosec // see above
	h.Write(c.key)
	h.Write([]byte{byte(ref.Num), byte(ref.Num >> 8), byte(ref.Num >> 16), byte(ref.Gen), byte(ref.Gen >> 8)})
	if m == cryptAES128 {
		h.Write([]byte("sAlT"))
	}
	return h.Sum(nil)[:min(len(c.key)+5, 16)]
}

func (c *decrypter) decrypt(data []byte, ref Ref, m cryptMethod) ([]byte, error) {
	switch m {
	case cryptNone:
		return data, nil
	case cryptRC4:
		r, err := rc4.NewCipher(c.objectKey(ref, m)) //nolint:gosec // see above
		if err != nil {
			return nil, damaged("object %v: %v", ref, err)
		}
		out := make([]byte, len(data))
		r.XORKeyStream(out, data)
		return out, nil
	}
	block, err := aes.NewCipher(c.objectKey(ref, m))
	if err != nil {
		return nil, damaged("object %v: %v", ref, err)
	}
	if len(data) == 0 {
		return data, nil
	}
	if len(data) < 2*aes.BlockSize || len(data)%aes.BlockSize != 0 {
		return nil, damaged("object %v: %d bytes are no AES text", ref, len(data))
	}
	out := make([]byte, len(data)-aes.BlockSize)
	cipher.NewCBCDecrypter(block, data[:aes.BlockSize]).CryptBlocks(out, data[aes.BlockSize:])
	pad := int(out[len(out)-1])
	if pad < 1 || pad > aes.BlockSize || !bytes.HasSuffix(out, bytes.Repeat([]byte{byte(pad)}, pad)) {
		return nil, damaged("object %v: wrong AES padding", ref)
	}
	return out[:len(out)-pad], nil
}

// object decrypts the strings of an object that lies in the file itself. The
// /Contents of a signature is never encrypted (ISO 32000-2, 7.6.2).
func (c *decrypter) object(o Object, ref Ref) (Object, error) {
	switch o := o.(type) {
	case String:
		out, err := c.decrypt(o, ref, c.strings)
		return String(out), err
	case Array:
		out := make(Array, len(o))
		for i := range o {
			var err error
			if out[i], err = c.object(o[i], ref); err != nil {
				return nil, err
			}
		}
		return out, nil
	case Dict:
		out := maps.Clone(o)
		for k, v := range o {
			if k == "Contents" && o["ByteRange"] != nil {
				continue
			}
			var err error
			if out[k], err = c.object(v, ref); err != nil {
				return nil, err
			}
		}
		return out, nil
	case *Stream:
		if o.Dict["Type"] == Name("XRef") {
			return o, nil
		}
		d, err := c.object(o.Dict, ref)
		if err != nil {
			return nil, err
		}
		s := *o
		s.Dict, _ = d.(Dict)
		return &s, nil
	}
	return o, nil
}

// stream decrypts the data of a stream.
func (c *decrypter) stream(data []byte, s *Stream) ([]byte, error) {
	if s.Dict["Type"] == Name("XRef") || (s.Dict["Type"] == Name("Metadata") && !c.metadata) || ownFilter(s.Dict) {
		return data, nil
	}
	return c.decrypt(data, s.ref, c.streams)
}

// ownFilter tells whether a stream names its crypt filter itself, which undo then
// deals with: only Identity is known.
func ownFilter(d Dict) bool {
	first := d["Filter"]
	if a, _ := first.(Array); len(a) > 0 {
		first = a[0]
	}
	return first == Name("Crypt")
}
