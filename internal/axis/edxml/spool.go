package edxml

import (
	"errors"
	"os"
)

// Temp spools attachments into temporary files of one folder, which a killed process
// leaves behind as little as a closed one: they have no name. One Temp serves one message;
// it is not safe for concurrent use.
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
	return f, os.Remove(f.Name())
}

// Close gives the files up.
func (t *Temp) Close() error {
	var errs []error
	for _, f := range t.files {
		errs = append(errs, f.Close())
	}
	t.files = nil
	return errors.Join(errs...)
}
