package auth

import (
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"

	"congvan/internal/fault"
	"congvan/internal/textfold"
)

// Cost of argon2id (RFC 9106). The zero value means the recommended 19 MiB, two passes.
type Cost struct {
	MemoryKiB uint32
	Passes    uint32
	Threads   uint8
}

func (c Cost) orDefault() Cost {
	if c.MemoryKiB == 0 {
		c.MemoryKiB = 19 << 10
	}
	if c.Passes == 0 {
		c.Passes = 2
	}
	if c.Threads == 0 {
		c.Threads = 1
	}
	return c
}

const (
	saltBytes   = 16
	keyBytes    = 32
	minPassword = 10
	maxPassword = 1000 // bytes; more is only work for the server
)

// HashPassword makes the string that is stored: algorithm, version, cost, salt and key in
// the PHC format. The password is compared in NFC, so that any keyboard can type it. The
// error is fault.Invalid "password_too_short" or "text_too_long" with the field.
func HashPassword(password string, c Cost, random io.Reader) (string, error) {
	password = textfold.NFC(password)
	switch n := utf8.RuneCountInString(password); {
	case n < minPassword:
		return "", fault.New(fault.Invalid, "password_too_short").Field("password").With("min", minPassword)
	case len(password) > maxPassword:
		return "", fault.New(fault.Invalid, "text_too_long").Field("password").With("max", maxPassword).With("length", n)
	}
	salt := make([]byte, saltBytes)
	if _, err := io.ReadFull(random, salt); err != nil {
		return "", fault.From(err)
	}
	c = c.orDefault()
	key := argon2.IDKey([]byte(password), salt, c.Passes, c.MemoryKiB, c.Threads, keyBytes)
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.MemoryKiB, c.Passes, c.Threads, b64(salt), b64(key)), nil
}

var errHash = errors.New("auth: stored password hash is not argon2id")

// verify compares a password with a stored hash in constant time. A hash that is none is
// an error; its cost is bounded, so that a damaged row cannot take the machine's memory.
func verify(hash, password string) (bool, error) {
	part := strings.Split(hash, "$")
	if len(part) != 6 || part[1] != "argon2id" {
		return false, errHash
	}
	var version int
	var c Cost
	if _, err := fmt.Sscanf(part[2], "v=%d", &version); err != nil || version != argon2.Version {
		return false, errHash
	}
	if _, err := fmt.Sscanf(part[3], "m=%d,t=%d,p=%d", &c.MemoryKiB, &c.Passes, &c.Threads); err != nil {
		return false, errHash
	}
	salt, err1 := base64.RawStdEncoding.DecodeString(part[4])
	key, err2 := base64.RawStdEncoding.DecodeString(part[5])
	if err1 != nil || err2 != nil || c.MemoryKiB < 8 || c.MemoryKiB > 1<<20 || c.Passes < 1 || c.Passes > 64 || c.Threads < 1 ||
		len(key) < 16 || len(key) > 64 {
		return false, errHash
	}
	if len(password) > maxPassword {
		password = password[:maxPassword]
	}
	got := argon2.IDKey([]byte(textfold.NFC(password)), salt, c.Passes, c.MemoryKiB, c.Threads, uint32(len(key))) //nolint:gosec // at most 64
	return subtle.ConstantTimeCompare(got, key) == 1, nil
}
