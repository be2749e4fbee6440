// Command samples writes the sources of the sample documents in testdata:
// official letters in the layout of NĐ 30/2020 Annex I as DOCX, and the two
// PDF shapes that neither LibreOffice nor qpdf make (an image-only scan, a
// page turned by /Rotate). testdata/make.sh calls it; it needs nothing but
// the standard library. Every person and fact in the letters is invented.
//
//	samples docx DIR               write every letter as DIR/NAME.docx
//	samples fields                 filter flat ODT: make its dotted lines and boxes form fields
//	samples scan IN.jpg OUT.pdf    wrap a JPEG as a full A4 page without text
//	samples turn                   filter QDF: turn page 1, keep it upright by /Rotate
package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
)

func main() {
	if err := command(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "samples:", err)
		os.Exit(1)
	}
}

func command(args []string) error {
	switch {
	case len(args) == 2 && args[0] == "docx":
		return writeLetters(args[1])
	case len(args) == 2 && args[0] == "demo":
		return writeDemo(os.Stdin, args[1])
	case len(args) == 3 && args[0] == "scan":
		return wrapScan(args[1], args[2])
	case len(args) == 1 && args[0] == "turn":
		return filter(turnPage)
	case len(args) == 1 && args[0] == "fields":
		return filter(addFields)
	}
	return fmt.Errorf("usage: samples docx DIR | demo DIR <LIST | scan IN.jpg OUT.pdf | turn | fields")
}

func writeLetters(dir string) error {
	for _, l := range letters() {
		doc, err := l.docx()
		if err != nil {
			return fmt.Errorf("%s: %w", l.File, err)
		}
		if err := os.WriteFile(filepath.Join(dir, l.File+".docx"), doc, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func filter(change func([]byte) ([]byte, error)) error {
	in, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	out, err := change(in)
	if err != nil {
		return err
	}
	_, err = os.Stdout.Write(out)
	return err
}
