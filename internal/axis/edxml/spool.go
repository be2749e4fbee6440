package edxml

import (
	"errors"
	"os"
)

// Temp spools attachments into temporary files of one folder. One Temp serves one
// message; it is not safe for concurrent use.
type Temp struct {
	dir   string
	files []*os.File
}

// NewTemp keeps its files in dir, os.TempDir() if empty.
func NewTemp(dir string) *Temp { return &Temp{dir: dir} }

// Open is a Spool.
func (t *Temp) Open() (File, error) {
	f, err := os.CreateTemp(t.dir, "edxml-*")
	if err != nil {
		return nil, err
	}
	t.files = append(t.files, f)
	return f, nil
}

// Close closes and removes the files.
func (t *Temp) Close() error {
	var errs []error
	for _, f := range t.files {
		errs = append(errs, f.Close(), os.Remove(f.Name()))
	}
	t.files = nil
	return errors.Join(errs...)
}
