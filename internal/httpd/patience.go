package httpd

import (
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	"congvan/internal/fault"
)

// stall is how long a connection may bring or take nothing before it is given up: a large
// file on a slow line may take its time, an idle line may not hold a request open.
const stall = 30 * time.Second

// longPast is a deadline that ends a blocked read or write at once.
func longPast() time.Time { return time.Unix(1, 0) }

// patient bounds the wait for each piece of a request's body.
func patient(w http.ResponseWriter, body io.ReadCloser, wait time.Duration) io.ReadCloser {
	if body == nil || body == http.NoBody {
		return body
	}
	return &patientBody{ReadCloser: body, control: http.NewResponseController(w), wait: wait}
}

type patientBody struct {
	io.ReadCloser
	control *http.ResponseController
	wait    time.Duration
}

func (p *patientBody) Read(b []byte) (int, error) {
	timer := time.AfterFunc(p.wait, func() { _ = p.control.SetReadDeadline(longPast()) })
	n, err := p.ReadCloser.Read(b)
	timer.Stop()
	return n, err
}

// patientWriter bounds the wait for each piece of a large answer.
type patientWriter struct {
	http.ResponseWriter
	control *http.ResponseController
}

func newPatientWriter(w http.ResponseWriter) *patientWriter {
	return &patientWriter{ResponseWriter: w, control: http.NewResponseController(w)}
}

func (p *patientWriter) Write(b []byte) (int, error) {
	timer := time.AfterFunc(stall, func() { _ = p.control.SetWriteDeadline(longPast()) })
	n, err := p.ResponseWriter.Write(b)
	timer.Stop()
	return n, err
}

// bodyFault says what became of a body that could not be read to its end.
func bodyFault(err error) error {
	var large *http.MaxBytesError
	var own *fault.Error
	switch {
	case errors.As(err, &own):
		return own
	case errors.As(err, &large):
		return fault.New(fault.Invalid, "body_too_large").With("max", sizeText(large.Limit)).Wrap(err)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fault.New(fault.Invalid, "request_timeout").Wrap(err)
	}
	return fault.New(fault.Invalid, "file_interrupted").Wrap(err)
}
