package journal

import (
	"bufio"
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"
)

// Checkpoint is the head of the journal at a time, signed with Ed25519 (RFC 8032) by a
// key that the database does not hold. Who changes rows cannot change the checkpoints
// that were written before.
type Checkpoint struct {
	Head
	At        time.Time `json:"at"`     // UTC, whole microseconds
	KeyID     string    `json:"key_id"` // see KeyID
	Signature []byte    `json:"signature"`
}

const (
	checkpointV1   = "congvan-checkpoint-v1"
	checkpointTime = "2006-01-02T15:04:05.000000Z"
	maxLine        = 1024
)

// KeyID names a public key: the first 8 bytes of its SHA-256 in hex.
func KeyID(pub ed25519.PublicKey) string {
	sum := sha256.Sum256(pub)
	return hex.EncodeToString(sum[:8])
}

// SignCheckpoint signs head as seen at a time. signer must hold an Ed25519 key; it may be
// in a token.
func SignCheckpoint(signer crypto.Signer, head Head, at time.Time) (Checkpoint, error) {
	pub, ok := signer.Public().(ed25519.PublicKey)
	if !ok {
		return Checkpoint{}, fmt.Errorf("journal: checkpoints are signed with Ed25519, not %T", signer.Public())
	}
	c := Checkpoint{Head: head, At: at.UTC().Truncate(time.Microsecond), KeyID: KeyID(pub)}
	sig, err := signer.Sign(nil, []byte(c.signed()), crypto.Hash(0))
	if err != nil {
		return Checkpoint{}, fmt.Errorf("journal: sign checkpoint: %w", err)
	}
	c.Signature = sig
	return c, nil
}

// Verify tells whether the signature is the key's over this checkpoint.
func (c Checkpoint) Verify(pub ed25519.PublicKey) bool {
	return len(pub) == ed25519.PublicKeySize && KeyID(pub) == c.KeyID &&
		ed25519.Verify(pub, []byte(c.signed()), c.Signature)
}

// signed is the text that is signed: the line without the signature.
func (c Checkpoint) signed() string {
	return fmt.Sprintf("%s %d %s %s %s", checkpointV1, c.Size, c.Hash, c.At.UTC().Format(checkpointTime), c.KeyID)
}

// Line is the checkpoint as a line of the append-only file, line end included:
//
//	congvan-checkpoint-v1 <size> <head, hex> <time, UTC> <key id> <signature, base64>
//
// A program that finds the file without a line end at its end (it died while writing)
// first writes one; the torn line is then reported as damaged and harms nothing else.
func (c Checkpoint) Line() string {
	return c.signed() + " " + base64.StdEncoding.EncodeToString(c.Signature) + "\n"
}

var errLine = errors.New("journal: not a checkpoint line")

// ParseCheckpoint reads a line of Line without its end. Every checkpoint has one text
// only: what would be written differently is refused. The signature is not checked.
func ParseCheckpoint(line string) (Checkpoint, error) {
	f := strings.Split(line, " ")
	if len(line) > maxLine || len(f) != 6 || f[0] != checkpointV1 {
		return Checkpoint{}, errLine
	}
	size, err := strconv.ParseInt(f[1], 10, 64)
	if err != nil || size < 0 {
		return Checkpoint{}, errLine
	}
	hash, err := ParseHash(f[2])
	if err != nil {
		return Checkpoint{}, errLine
	}
	at, err := time.Parse(checkpointTime, f[3])
	if err != nil {
		return Checkpoint{}, errLine
	}
	sig, err := base64.StdEncoding.Strict().DecodeString(f[5])
	if err != nil {
		return Checkpoint{}, errLine
	}
	c := Checkpoint{Head: Head{Size: size, Hash: hash}, At: at, KeyID: f[4], Signature: sig}
	if c.Line() != line+"\n" {
		return Checkpoint{}, errLine
	}
	return c, nil
}

// numbered is a line of the checkpoint file; err says that it is damaged.
type numbered struct {
	line int
	Checkpoint
	err error
}

// readCheckpoints gives the lines of a checkpoint file one by one, blank ones left out.
// The second value is an error of reading, after which nothing comes.
func readCheckpoints(r io.Reader) iter.Seq2[numbered, error] {
	return func(yield func(numbered, error) bool) {
		in := bufio.NewReaderSize(r, maxLine+2)
		for n := 1; ; n++ {
			text, err := in.ReadSlice('\n')
			long := false
			for errors.Is(err, bufio.ErrBufferFull) {
				long = true
				_, err = in.ReadSlice('\n')
			}
			if err != nil && err != io.EOF {
				yield(numbered{line: n}, fmt.Errorf("journal: read checkpoints, line %d: %w", n, err))
				return
			}
			whole := strings.HasSuffix(string(text), "\n")
			line := strings.TrimSuffix(string(text), "\n")
			if line != "" {
				c, bad := ParseCheckpoint(line)
				if long || !whole {
					bad = errLine
				}
				if !yield(numbered{line: n, Checkpoint: c, err: bad}, nil) {
					return
				}
			}
			if err == io.EOF {
				return
			}
		}
	}
}
