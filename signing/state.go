package signing

import (
	"crypto"
	"crypto/sha256"
	"encoding"
	"encoding/binary"
	"hash"
)

// Hashed returns the kept hash of the whole file, ready to be continued; nil when
// there is none that serves: another digest than h asks for, another number of bytes
// than Size, or a state that this build cannot read. The caller hashes the file then.
//
// That the state is the state of these very bytes is the keeper's to guarantee; a
// wrong one makes a signature that no check accepts.
func (f File) Hashed(h crypto.Hash) hash.Hash {
	if h != crypto.SHA256 {
		return nil
	}
	kept := sha256.New()
	u, ok := kept.(encoding.BinaryUnmarshaler)
	if !ok || u.UnmarshalBinary(f.HashState) != nil {
		return nil
	}
	// The state ends with the number of bytes hashed so far.
	if binary.BigEndian.Uint64(f.HashState[len(f.HashState)-8:]) != uint64(f.Size) {
		return nil
	}
	return kept
}
