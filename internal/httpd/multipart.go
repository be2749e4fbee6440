package httpd

import (
	"errors"
	"io"
	"mime/multipart"

	"congvan/internal/fault"
)

// onePart reads the part "file" of a form and makes sure that it is the only one: a form
// is read as it comes, and what is not asked for is not taken.
type onePart struct {
	form *multipart.Reader
	part *multipart.Part
	name string
}

func newParts(body io.Reader, boundary string) (*onePart, error) {
	p := &onePart{form: multipart.NewReader(body, boundary)}
	part, err := p.form.NextPart()
	if errors.Is(err, io.EOF) {
		return nil, errFileExpected()
	}
	if err != nil {
		return nil, bodyFault(err)
	}
	if part.FormName() != "file" {
		return nil, errFileExpected()
	}
	p.part, p.name = part, part.FileName()
	return p, nil
}

func errFileExpected() error { return fault.New(fault.Invalid, "file_expected").Field("file") }

// Read reads the file; at its end no other part may follow.
func (p *onePart) Read(b []byte) (int, error) {
	n, err := p.part.Read(b)
	if !errors.Is(err, io.EOF) {
		return n, err
	}
	switch _, next := p.form.NextPart(); {
	case next == nil:
		return n, errFileExpected()
	case !errors.Is(next, io.EOF):
		return n, next
	}
	return n, io.EOF
}
