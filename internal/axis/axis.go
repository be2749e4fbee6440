// Package axis connects an installation to the national document interconnection axis
// (Trục liên thông văn bản quốc gia): a courier that sends documents and statuses as
// edXML, and an inbox that fetches what came. Packages edxml and vxp know the format and
// the protocol; this one knows which of our words is which of theirs.
package axis

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"

	"congvan/internal/axis/edxml"
	"congvan/internal/axis/vxp"
	"congvan/internal/fault"
	"congvan/internal/org"
	"congvan/storage"
)

// Wire is what this package needs of the protocol's client.
type Wire interface {
	Send(ctx context.Context, o vxp.Outgoing) (docID string, err error)
	Sent(ctx context.Context, kind vxp.Kind, docID string, p vxp.Period) ([]vxp.Sent, error)
	Received(ctx context.Context, kind vxp.Kind, p vxp.Period) ([]vxp.Received, error)
	Fetch(ctx context.Context, docID string) (io.ReadCloser, error)
	UpdateStatus(ctx context.Context, docID, status string) error
}

// Directory knows which identifiers are one agency's (mã định danh cũ và mới); one that it
// does not know is the same as its own text alone.
type Directory interface {
	SameAgency(ctx context.Context, a, b string) (bool, error)
}

// text is the directory of those who have none.
type text struct{}

func (text) SameAgency(_ context.Context, a, b string) (bool, error) {
	return org.SameOrganID(a, b), nil
}

// wireFault gives a failed call its kind. A refusal of our credentials says nothing of the
// message: it waits until they are mended.
func wireFault(err error) error {
	var x *vxp.Error
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &x) || x.Retryable:
		return fault.New(fault.Unavailable, "axis_unavailable").Wrap(err)
	case x.Code == vxp.CodeWrongSecret, x.HTTPStatus == http.StatusUnauthorized, x.HTTPStatus == http.StatusForbidden:
		return fault.New(fault.Unavailable, "axis_credentials").Wrap(err)
	case errors.Is(x.Err, vxp.ErrTooLarge):
		return fault.New(fault.Invalid, "edxml_too_large").Wrap(err)
	}
	status := ""
	if x.HTTPStatus != 0 {
		status = "HTTP " + strconv.Itoa(x.HTTPStatus)
	}
	return fault.New(fault.Invalid, "axis_refused").With("code", cmp.Or(x.Code, status)).With("text", x.Desc).Wrap(err)
}

// sendFault is wireFault for a message that is being sent: a refusal of one recipient is told
// apart, and so is an axis that took the call and did not answer in time.
func sendFault(err error) error {
	out := wireFault(err)
	var x *vxp.Error
	if !errors.As(err, &x) {
		return out
	}
	var timeout interface{ Timeout() bool }
	switch {
	case x.Code == vxp.CodeUnknownRecipient, x.Code == vxp.CodeRecipientLocked:
		return fault.New(fault.Invalid, "axis_recipient_refused").With("code", x.Code).With("text", x.Desc).Wrap(err)
	case x.Uncertain && x.HTTPStatus == 0 && errors.As(err, &timeout) && timeout.Timeout():
		return fault.New(fault.Unavailable, "axis_slow").Wrap(err)
	}
	return out
}

// fetchFault is wireFault for a message that is being fetched.
func fetchFault(err error) error {
	if err = wireFault(err); fault.Is(err, "axis_refused") {
		return fault.New(fault.Invalid, "axis_fetch_refused").Wrap(err)
	}
	return err
}

// writeFault: a field that keeps the message from being sent will keep it so, and so will
// bytes that are no longer those that were sealed; storage that does not answer may come back.
func writeFault(err error) error {
	var fields edxml.FieldErrors
	switch {
	case errors.As(err, &fields) && len(fields) > 0:
		return fault.New(fault.Invalid, "axis_field").With("path", fields[0].Path).With("rule", fields[0].Rule).Wrap(err)
	case errors.Is(err, edxml.ErrChanged), errors.Is(err, storage.ErrChecksum):
		return fault.New(fault.Internal, "stored_bytes_differ").Wrap(err)
	case errors.Is(err, storage.ErrUnavailable), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fault.New(fault.Unavailable, "storage_unavailable").Wrap(err)
	}
	return fault.New(fault.Internal, "storage_failed").Wrap(err)
}
