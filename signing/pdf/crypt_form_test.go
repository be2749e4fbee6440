package pdf

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5" //nolint:gosec // the standard security handler is defined by it
	"crypto/rc4" //nolint:gosec // the same
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"

	"congvan/signing"
)

const fileID = "0123456789abcdef"

// standard is an encryption dictionary that the empty user password opens (ISO 32000-1,
// algorithms 2, 4 and 5; ISO 32000-2, algorithm 2.A).
func standard(version, revision int64, bits int, change Dict) Dict {
	d := Dict{"Filter": Name("Standard"), "V": version, "R": revision, "P": int64(-4), "O": String(bytes.Repeat([]byte{'o'}, 32))}
	if revision == 3 {
		d["Length"] = int64(bits)
	}
	if version >= 4 {
		d["CF"] = Dict{"StdCF": Dict{"CFM": map[int64]Name{4: "AESV2", 5: "AESV3"}[version]}}
		d["StmF"], d["StrF"] = Name("StdCF"), Name("StdCF")
	}
	maps.Copy(d, change)
	if revision == 5 {
		check, salts := sha256.Sum256([]byte("checksal")), "checksalkeysalt!"
		d["U"], d["UE"] = String(append(check[:], salts...)), String(bytes.Repeat([]byte{'e'}, 32))
		return d
	}
	owner, _ := d["O"].(String)
	seed := append(append(bytes.Clone(padding[:]), owner...), 0xfc, 0xff, 0xff, 0xff)
	seed = append(seed, fileID...)
	if revision == 4 && d["EncryptMetadata"] == false {
		seed = append(seed, 0xff, 0xff, 0xff, 0xff)
	}
	sum := md5.Sum(seed) //nolint:gosec // see above
	n := bits / 8
	for i := 0; revision >= 3 && i < 50; i++ {
		sum = md5.Sum(sum[:n]) //nolint:gosec // see above
	}
	d["U"] = String(append(oldCheck(sum[:n], String(fileID), revision), make([]byte, 16)...))
	return d
}

func without(d Dict, keys ...Name) Dict {
	for _, k := range keys {
		delete(d, k)
	}
	return d
}

func with(d Dict, key Name, value Object) Dict {
	d[key] = value
	return d
}

// TestEncryptionForm: what is not as the standard has it stays locked, and is no reason to fall.
func TestEncryptionForm(t *testing.T) {
	for name, c := range map[string]struct {
		d     Dict
		opens bool
	}{
		"40 bits":                        {standard(1, 2, 40, nil), true},
		"40 bits, another length":        {with(standard(1, 2, 40, nil), "Length", int64(128)), true},
		"128 bits":                       {standard(2, 3, 128, nil), true},
		"40 bits where none are named":   {without(standard(2, 3, 40, nil), "Length"), true},
		"AES":                            {standard(4, 4, 128, nil), true},
		"AES, another length":            {with(standard(4, 4, 128, nil), "Length", int64(40)), true},
		"AES, metadata plain":            {standard(4, 4, 128, Dict{"EncryptMetadata": false}), true},
		"AES, said of metadata later":    {with(standard(4, 4, 128, nil), "EncryptMetadata", false), false},
		"metadata of an older revision":  {with(standard(2, 3, 128, nil), "EncryptMetadata", false), true},
		"AES-256":                        {standard(5, 5, 0, nil), true},
		"streams alone":                  {without(standard(4, 4, 128, nil), "StrF"), true},
		"Identity by a filter":           {standard(4, 4, 128, Dict{"StrF": Name("Identity"), "CF": Dict{"Identity": Dict{"CFM": Name("X")}, "StdCF": Dict{"CFM": Name("AESV2")}}}), true},
		"another handler":                {with(standard(1, 2, 40, nil), "Filter", Name("Own")), false},
		"another version":                {with(standard(1, 2, 40, nil), "V", int64(3)), false},
		"another revision":               {with(standard(1, 2, 40, nil), "R", int64(7)), false},
		"another password":               {with(standard(1, 2, 40, nil), "U", String(make([]byte, 32))), false},
		"unknown method of strings":      {standard(4, 4, 128, Dict{"StrF": Name("X"), "CF": Dict{"X": Dict{"CFM": Name("X")}, "StdCF": Dict{"CFM": Name("AESV2")}}}), false},
		"unknown method of streams":      {standard(4, 4, 128, Dict{"StmF": Name("X"), "CF": Dict{"X": Dict{"CFM": Name("X")}, "StdCF": Dict{"CFM": Name("AESV2")}}}), false},
		"too few bits":                   {standard(2, 3, 32, nil), false},
		"too many bits":                  {with(standard(2, 3, 128, nil), "Length", int64(256)), false},
		"bits that are no bytes":         {with(standard(2, 3, 40, nil), "Length", int64(44)), false},
		"short owner":                    {with(standard(1, 2, 40, nil), "O", String("o")), false},
		"short user":                     {with(standard(2, 3, 128, nil), "U", String("u")), false},
		"AES-256, short user":            {with(standard(5, 5, 0, nil), "U", String("u")), false},
		"AES-256, key missing":           {without(standard(5, 5, 0, nil), "UE"), false},
		"AES-256, another password":      {with(standard(5, 5, 0, nil), "U", String(make([]byte, 48))), false},
		"AES-256, hardened, short":       {with(standard(5, 5, 0, nil), "R", int64(6)), false},
		"metadata plain, old, not named": {standard(1, 2, 40, Dict{"EncryptMetadata": true}), true},
	} {
		if got := newDecrypter(c.d, String(fileID)); (got != nil) != c.opens {
			t.Errorf("%s: opened %v", name, got != nil)
		}
	}
}

// TestDecryption: texts that are none, and the parts of a file that are never encrypted.
func TestDecryption(t *testing.T) {
	c := newDecrypter(standard(4, 4, 128, nil), String(fileID))
	ref := Ref{7, 0}
	block, err := aes.NewCipher(c.objectKey(ref, cryptAES128))
	if err != nil {
		t.Fatal(err)
	}
	encrypted := func(plain []byte) []byte {
		out := make([]byte, aes.BlockSize+len(plain))
		cipher.NewCBCEncrypter(block, out[:aes.BlockSize]).CryptBlocks(out[aes.BlockSize:], plain)
		return out
	}
	ended := func(last ...byte) []byte { return encrypted(append(bytes.Repeat([]byte{'x'}, 16-len(last)), last...)) }
	for name, s := range map[string]struct {
		data []byte
		want string
		fail bool
	}{
		"plain":               {ended(2, 2), "xxxxxxxxxxxxxx", false},
		"nothing":             {nil, "", false},
		"a whole block":       {encrypted(bytes.Repeat([]byte{16}, 16)), "", false},
		"one block":           {make([]byte, 16), "", true},
		"half a block":        {ended(2, 2)[:24], "", true},
		"a block and a half":  {append(ended(2, 2), make([]byte, 8)...), "", true},
		"padding of 0":        {ended(0), "", true},
		"padding of 17":       {encrypted(bytes.Repeat([]byte{17}, 32)), "", true},
		"padding that is not": {ended(3, 2), "", true},
	} {
		got, err := c.decrypt(s.data, ref, cryptAES128)
		if string(got) != s.want || (err != nil) != s.fail || err != nil && !errors.Is(err, signing.ErrTruncated) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	secret := String(ended(2, 2))
	shown := String("xxxxxxxxxxxxxx")
	for name, o := range map[string]struct{ in, want Object }{
		"string":             {secret, shown},
		"deeper":             {Dict{"A": Array{secret}}, Dict{"A": Array{shown}}},
		"signature":          {Dict{"Contents": secret, "ByteRange": Array{}, "Reason": secret}, Dict{"Contents": secret, "ByteRange": Array{}, "Reason": shown}},
		"note with contents": {Dict{"Contents": secret}, Dict{"Contents": shown}},
		"range of a note":    {Dict{"ByteRange": secret, "T": secret}, Dict{"ByteRange": shown, "T": shown}},
		"number":             {int64(5), int64(5)},
	} {
		if got, err := c.object(o.in, ref); err != nil || !Equal(got, o.want) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
	plainMetadata := newDecrypter(standard(4, 4, 128, Dict{"EncryptMetadata": false}), String(fileID))
	plainMetadata.key = c.key
	for name, s := range map[string]struct {
		by      *decrypter
		d       Dict
		plain   bool // its data, as they lie in the file
		strings bool // and its strings
	}{
		"stream":              {c, Dict{"A": secret}, false, false},
		"cross-references":    {c, Dict{"A": secret, "Type": Name("XRef")}, true, true},
		"metadata":            {c, Dict{"A": secret, "Type": Name("Metadata")}, false, false},
		"metadata, plain":     {plainMetadata, Dict{"A": secret, "Type": Name("Metadata")}, true, false},
		"stream beside them":  {plainMetadata, Dict{"A": secret}, false, false},
		"own filter":          {c, Dict{"A": secret, "Filter": Name("Crypt")}, true, false},
		"own filter in order": {c, Dict{"A": secret, "Filter": Array{Name("Crypt"), Name("FlateDecode")}}, true, false},
		"other filters":       {c, Dict{"A": secret, "Filter": Array{Name("FlateDecode")}}, false, false},
		"no filters":          {c, Dict{"A": secret, "Filter": Array{}}, false, false},
	} {
		stream := &Stream{Dict: s.d, ref: ref}
		o, err := s.by.object(stream, ref)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want := shown
		if s.strings {
			want = secret
		}
		if got, ok := o.(*Stream); !ok || !Equal(got.Dict["A"], want) {
			t.Errorf("%s: %v", name, o)
		}
		data, err := s.by.stream(secret, stream)
		if err != nil || bytes.Equal(data, secret) != s.plain {
			t.Errorf("%s: data %q, %v", name, data, err)
		}
	}
	old := newDecrypter(standard(1, 2, 40, nil), String(fileID))
	r, err := rc4.NewCipher(old.objectKey(ref, cryptRC4)) //nolint:gosec // see above
	if err != nil {
		t.Fatal(err)
	}
	out := make([]byte, len(shown))
	r.XORKeyStream(out, shown)
	if got, err := old.object(String(out), ref); err != nil || !Equal(got, shown) {
		t.Errorf("RC4: %v, %v", got, err)
	}
}

// TestEncryptionInFile: the dictionary is read wherever it lies, and one that holds itself
// only stays locked.
func TestEncryptionInFile(t *testing.T) {
	d := standard(4, 4, 128, nil)
	entries := fmt.Sprintf("/Filter /Standard /V 4 /R 4 /P -4 /StmF /StdCF /StrF /StdCF /O <%x> /U <%x>", []byte(d["O"].(String)), []byte(d["U"].(String)))
	for name, c := range map[string]struct {
		objects map[int]string
		trailer string
		locked  bool
	}{
		"direct":     {nil, "/Encrypt << " + entries + " /CF << /StdCF << /CFM /AESV2 >> >> >>", false},
		"indirect":   {map[int]string{5: "<< " + entries + " /CF 6 0 R >>", 6: "<< /StdCF 7 0 R >>", 7: "<< /CFM 8 0 R >>", 8: "/AESV2"}, "/Encrypt 5 0 R", false},
		"itself":     {map[int]string{5: "<< /A 5 0 R >>"}, "/Encrypt 5 0 R", true},
		"missing":    {nil, "/Encrypt 5 0 R", true},
		"none":       {nil, "", false},
		"another ID": {nil, "/Encrypt << " + entries + " /CF << /StdCF << /CFM /AESV2 >> >> >> /ID [(x) (y)]", true},
		"without ID": {nil, "/Encrypt << " + entries + " /CF << /StdCF << /CFM /AESV2 >> >> >> /ID null", true},
	} {
		b, _ := catalogued()
		for n, body := range c.objects {
			b.Obj(n, body)
		}
		if !strings.Contains(c.trailer, "/ID") {
			c.trailer += fmt.Sprintf(" /ID [(%s) (y)]", fileID)
		}
		b.Table(c.trailer)
		f, err := opened(t, b.Bytes())
		if err != nil || f.Locked() != c.locked {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if f.crypt != nil && (f.crypt.strings != cryptAES128 || f.crypt.streams != cryptAES128) {
			t.Errorf("%s: strings by %v, streams by %v", name, f.crypt.strings, f.crypt.streams)
		}
	}
}
