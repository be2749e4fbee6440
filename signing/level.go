package signing

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Level is a baseline level of ETSI EN 319 142-1 §6 (mức chữ ký): each holds all of the
// one before it.
type Level string

// TimestampField is the name of the n-th document timestamp's field in a file, from 1.
func TimestampField(n int) string {
	if n == 1 {
		return "cv-timestamp"
	}
	return fmt.Sprintf("cv-timestamp-%d", n)
}

// TimestampFields are the names that a lock leaves open for a document timestamp and its
// renewals. No lock forbids these (ISO 32000-2, 12.8.5), but EU DSS counts the new field
// as one that was changed, under FieldMDP and lock alike.
func TimestampFields() []string {
	names := make([]string, 10)
	for i := range names {
		names[i] = TimestampField(i + 1)
	}
	return names
}

// Levels, from the least.
const (
	LevelB   Level = "B-B"   // the signature alone
	LevelT   Level = "B-T"   // with a timestamp over it
	LevelLT  Level = "B-LT"  // with all that a later reader needs to judge it offline
	LevelLTA Level = "B-LTA" // with a document timestamp over that
)

// Levels lists them, from the least.
func Levels() []Level { return []Level{LevelB, LevelT, LevelLT, LevelLTA} }

// Reaches tells whether a level holds everything of another. What is no level, such as
// the "none" of a report, is below all.
func (l Level) Reaches(other Level) bool {
	return slices.Index(Levels(), l) >= slices.Index(Levels(), other)
}

// Augmenter raises signatures to higher levels. Safe for concurrent use; every method may
// take as long as the services it asks, within ctx.
//
// Errors: ErrTimestampUnavailable and ErrEvidenceUnavailable may pass; ErrTimestampRejected,
// ErrEvidenceAgainst, ErrOverflow and those of Engine do not by themselves.
type Augmenter interface {
	// Timestamp returns a signature's CMS with a timestamp over its value among the unsigned
	// attributes (B-T). All else in it stays as it was.
	Timestamp(ctx context.Context, cms []byte) ([]byte, error)
	// TimestampLate does the same to a signature that is stored already. It must be the
	// newest thing in the file: nothing but its unsigned attributes may change, so that
	// ByteRange and digest stay equal. ErrNotNewest otherwise.
	TimestampLate(ctx context.Context, f File, field string) (Patch, error)
	// LongTerm returns the update that takes the signatures in these fields from B-T to
	// level (B-LT or B-LTA): all of it or an error. Doing it again renews B-LTA.
	LongTerm(ctx context.Context, f File, fields []string, level Level) (tail []byte, err error)
}

// Errors of Augmenter.
var (
	ErrTimestampUnavailable = errors.New("signing: no timestamp server answers")
	ErrTimestampRejected    = errors.New("signing: the timestamp server's answer is not acceptable")
	ErrEvidenceUnavailable  = errors.New("signing: revocation status not available")
	ErrEvidenceAgainst      = errors.New("signing: certificate cannot carry long-term evidence")
	ErrNotNewest            = errors.New("signing: the file goes on after this signature")
)

// Patch replaces as many bytes of a file as it holds, from an offset on.
type Patch struct {
	At    int64
	Bytes []byte
}

// Apply replaces the bytes of part, which stands at offset from in the file; ErrNotNewest
// when the patch does not lie wholly within it.
func (p Patch) Apply(part []byte, from int64) error {
	at := p.At - from
	if at < 0 || at+int64(len(p.Bytes)) > int64(len(part)) {
		return fmt.Errorf("%w: %d bytes at %d do not lie in the last %d bytes", ErrNotNewest, len(p.Bytes), p.At, len(part))
	}
	copy(part[at:], p.Bytes)
	return nil
}

// Extended is f followed by tail, as one file and without a copy. A kept hash state is
// carried on; one that cannot be is left out.
func Extended(f File, tail []byte) File {
	out := File{R: extended{f.R, f.Size, bytes.NewReader(tail)}, Size: f.Size + int64(len(tail))}
	h := sha256.New()
	u, ok := h.(encoding.BinaryUnmarshaler)
	if !ok || u.UnmarshalBinary(f.HashState) != nil {
		return out
	}
	h.Write(tail)
	if m, ok := h.(encoding.BinaryMarshaler); ok {
		if state, err := m.MarshalBinary(); err == nil {
			out.HashState = state
		}
	}
	return out
}

type extended struct {
	base io.ReaderAt
	size int64
	tail *bytes.Reader
}

func (x extended) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	if off < x.size {
		want := min(int64(len(p)), x.size-off)
		m, err := x.base.ReadAt(p[:want], off)
		n += m
		if int64(m) < want {
			return n, err
		}
	}
	if n == len(p) {
		return n, nil
	}
	m, err := x.tail.ReadAt(p[n:], off+int64(n)-x.size)
	return n + m, err
}
