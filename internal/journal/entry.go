// Package journal is the record of every act: the entry, its canonical bytes, the chain
// of hashes, signed checkpoints of its head, and the check that finds what somebody
// changed behind the program's back. The rows themselves are the store's, the checkpoint
// file and the key are the composition's. All values are plain; every function is pure
// and safe for concurrent use.
package journal

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"congvan/internal/fault"
)

// Hash is a SHA-256 digest; as text it is 64 lower-case hex digits.
type Hash [sha256.Size]byte

// String is the hex form.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText writes the hex form.
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads the hex form, lower case only, so that a hash has one text.
func (h *Hash) UnmarshalText(b []byte) error {
	p, err := ParseHash(string(b))
	if err != nil {
		return err
	}
	*h = p
	return nil
}

// ParseHash reads the hex form.
func ParseHash(s string) (Hash, error) {
	var h Hash
	if len(s) != hex.EncodedLen(len(h)) || strings.ToLower(s) != s {
		return Hash{}, errors.New("journal: a hash is 64 lower-case hex digits")
	}
	if _, err := hex.Decode(h[:], []byte(s)); err != nil {
		return Hash{}, errors.New("journal: a hash is 64 lower-case hex digits")
	}
	return h, nil
}

// Actor is who did it, by the account and by the name people know at that time.
type Actor struct {
	AccountID string `json:"account_id"`
	Name      string `json:"name"`
}

// Entry is one act. Seq, Prev and Hash are given by Append; the rest says who (on whose
// behalf, in which position of which agency) did what to which object, seen in which
// version, and when.
type Entry struct {
	Seq         int64             `json:"seq"` // 1, 2, 3 … without gaps
	At          time.Time         `json:"at"`  // UTC, whole microseconds
	Actor       Actor             `json:"actor"`
	OnBehalfOf  string            `json:"on_behalf_of,omitempty"` // "A thay mặt B": the id of B
	Position    string            `json:"position,omitempty"`
	Agency      string            `json:"agency,omitempty"`
	Action      string            `json:"action"`
	ObjectKind  string            `json:"object_kind,omitempty"`
	ObjectID    string            `json:"object_id,omitempty"`
	VersionHash string            `json:"version_hash,omitempty"`
	Detail      map[string]string `json:"detail,omitempty"` // small: a reason, a number; see MaxDetail
	Prev        Hash              `json:"prev"`             // Hash of entry Seq-1; zero before the first
	Hash        Hash              `json:"hash"`             // of Canonical
}

// Bounds of an entry: a field in bytes, the pairs of Detail.
const (
	MaxField  = 8 << 10
	MaxDetail = 32
)

// canonicalV1 opens the canonical bytes. Another layout gets another first line, so that
// bytes of one layout never read as bytes of another.
const canonicalV1 = "congvan journal entry v1\n"

// Canonical gives the bytes that are hashed, layout 1:
//
//	"congvan journal entry v1\n"
//	Prev            32 bytes
//	Seq             8 bytes
//	At              8 bytes, microseconds since 1970-01-01T00:00:00Z
//	nine strings    account id, actor's name, on behalf of, position, agency, action,
//	                object kind, object id, version hash
//	pairs of Detail 4 bytes, then key and value of each, keys in byte order
//
// A string is its length in 4 bytes and its UTF-8 bytes as stored; all integers are big
// endian. Hash is not part of it. Nothing depends on JSON, on the order of a map or on
// the database.
func (e Entry) Canonical() []byte {
	b := make([]byte, 0, 512)
	b = append(b, canonicalV1...)
	b = append(b, e.Prev[:]...)
	b = binary.BigEndian.AppendUint64(b, uint64(e.Seq))
	b = binary.BigEndian.AppendUint64(b, uint64(e.At.UnixMicro()))
	for _, s := range e.strings() {
		b = appendString(b, s)
	}
	b = binary.BigEndian.AppendUint32(b, uint32(len(e.Detail)))
	for _, k := range slices.Sorted(maps.Keys(e.Detail)) {
		b = appendString(b, k)
		b = appendString(b, e.Detail[k])
	}
	return b
}

func (e Entry) strings() [9]string {
	return [9]string{
		e.Actor.AccountID, e.Actor.Name, e.OnBehalfOf, e.Position, e.Agency,
		e.Action, e.ObjectKind, e.ObjectID, e.VersionHash,
	}
}

func appendString(b []byte, s string) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
	return append(b, s...)
}

// Chain gives the hash of e as the successor of prev; it covers all that came before.
func Chain(prev Hash, e Entry) Hash {
	e.Prev = prev
	return sha256.Sum256(e.Canonical())
}

// Head is the end of the chain: how many entries there are and the hash of the last. The
// zero Head is the empty journal.
type Head struct {
	Size int64 `json:"size"`
	Hash Hash  `json:"hash"`
}

// Head is the journal's head after e.
func (e Entry) Head() Head { return Head{Size: e.Seq, Hash: e.Hash} }

// Append makes e the entry after head: it sets Seq, Prev and Hash and cuts At to whole
// microseconds of UTC, which is what both databases keep. The error is fault.Internal
// "journal_entry_invalid" for an entry that the databases could not give back byte for
// byte (not UTF-8, a NUL), that says too much (MaxField, MaxDetail), or that lacks an
// action or a time.
func Append(head Head, e Entry) (Entry, error) {
	e.Seq, e.Prev = head.Size+1, head.Hash
	e.At = e.At.UTC().Truncate(time.Microsecond)
	if err := e.check(); err != nil {
		return Entry{}, err
	}
	e.Hash = Chain(head.Hash, e)
	return e, nil
}

func (e Entry) check() error {
	invalid := func(what string) error {
		return fault.New(fault.Internal, "journal_entry_invalid").With("what", what)
	}
	switch {
	case e.Seq < 1:
		return invalid("seq")
	case e.At.IsZero():
		return invalid("at")
	case e.Action == "":
		return invalid("action")
	case len(e.Detail) > MaxDetail:
		return invalid("detail")
	}
	for _, s := range e.strings() {
		if !storable(s) {
			return invalid("field")
		}
	}
	for k, v := range e.Detail {
		if k == "" || !storable(k) || !storable(v) {
			return invalid("detail")
		}
	}
	return nil
}

func storable(s string) bool {
	return len(s) <= MaxField && utf8.ValidString(s) && strings.IndexByte(s, 0) < 0
}
