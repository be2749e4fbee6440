package vxp

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"congvan/internal/axis/transport"
)

// Error is a failed call. Not Retryable means that the axis refused it and will again.
type Error struct {
	Op         string
	HTTPStatus int    // 0 if the axis answered 200 or not at all
	Code       string // the axis's ErrorCode
	Desc       string // the axis's ErrorDesc: foreign words, on one line
	Retryable  bool   // the network, the axis being down or busy, an answer cut off
	// Uncertain: the axis may have done what was asked all the same. After a send, look
	// at the sent list before sending again.
	Uncertain  bool
	RetryAfter time.Duration // how long the axis asks to wait; 0 if it does not
	Err        error
}

func (e *Error) Error() string {
	parts := []string{"vxp: " + e.Op}
	if e.HTTPStatus != 0 {
		parts = append(parts, fmt.Sprintf("HTTP %d", e.HTTPStatus))
	}
	if e.Code != "" || e.Desc != "" {
		parts = append(parts, fmt.Sprintf("refused with code %q: %s", e.Code, e.Desc))
	}
	if e.Err != nil {
		parts = append(parts, e.Err.Error())
	}
	return strings.Join(parts, ": ")
}

func (e *Error) Unwrap() error { return e.Err }

// Error codes of the axis as far as they are known; others are kept as they come.
const (
	CodeOK               = "0"
	CodeInvalidFile      = "10"
	CodeWrongSecret      = "15"
	CodeUnknownRecipient = "18"
	CodeUnknownSender    = "19"
	CodeSystemError      = "20"
	CodeFileError        = "21"
	CodeBadFormat        = "22"
	CodeRecipientLocked  = "23"
)

var (
	// ErrTooLarge says that an answer is over the configured limit.
	ErrTooLarge = transport.ErrTooLarge
	// ErrNotOffered says that a protocol has no such operation.
	ErrNotOffered = errors.New("the operation is not offered")
)
