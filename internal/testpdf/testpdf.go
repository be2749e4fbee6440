// Package testpdf is test support: it finds the sample documents of testdata
// and grows one of them to the size of a large scan. testdata/make.sh says how
// the samples are made.
package testpdf

import (
	"os"
	"path/filepath"
)

// Path returns the path of a sample (a file name such as "cong-van-1.pdf", or
// "docx/cong-van-1.docx"), looked up from the working directory to the top of
// the source tree. Where no tree is found, the path returned does not exist
// and opening it says so.
func Path(name string) string {
	name = filepath.Join("testdata", filepath.FromSlash(name))
	dir, err := os.Getwd()
	if err != nil {
		return name
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "testdata", "make.sh")); err == nil {
			return filepath.Join(dir, name)
		}
		up := filepath.Dir(dir)
		if up == dir {
			return name
		}
		dir = up
	}
}
