package pades

import (
	"bytes"
	"encoding/xml"
	"errors"
	"strconv"
	"strings"

	"congvan/signing"
	"congvan/signing/pdf"
)

// archive is what a file says of itself as PDF/A (ISO 19005): what is added must not
// make it untrue.
type archive struct {
	part    int64 // 1 to 4; 0: the file does not claim to be PDF/A
	colours int64 // components of its output intent's profile; 0 without one
}

// longString is what a PDF/A file before part 4 may hold in one string (ISO 19005-2
// 6.1.13): one byte less than the usual room for /Contents.
const longString = 32767

// opaque tells whether pictures are laid on white: part 1 knows no transparency, later
// parts want an output intent to blend in.
func (a archive) opaque() bool { return a.part == 1 || a.part > 0 && a.colours == 0 }

// bare tells whether a field that shows nothing needs an appearance nevertheless: part
// 1 asks for one of every field (ISO 19005-1 6.9).
func (a archive) bare() bool { return a.part == 1 }

// rgb is the colour space of pictures: independent of devices where the output intent
// does not tell what red, green and blue are (ISO 19005-1 6.2.3.3).
func (a archive) rgb() pdf.Object {
	if a.part == 0 || a.colours == 3 {
		return pdf.Name("DeviceRGB")
	}
	// The primaries and white of sRGB (IEC 61966-2-1), its curve as a power.
	return pdf.Array{pdf.Name("CalRGB"), pdf.Dict{
		"WhitePoint": pdf.Array{0.9505, int64(1), 1.089}, "Gamma": pdf.Array{2.2, 2.2, 2.2},
		"Matrix": pdf.Array{0.4124, 0.2126, 0.0193, 0.3576, 0.7152, 0.1192, 0.1805, 0.0722, 0.9505},
	}}
}

// black is the operator that sets black, with the colour space that it names: every
// output intent tells what grey is.
func (a archive) black() (operator string, space pdf.Object) {
	if a.part == 0 || a.colours > 0 {
		return "0 g", nil
	}
	return "/Grey cs 0 sc", pdf.Array{pdf.Name("CalGray"), pdf.Dict{"WhitePoint": pdf.Array{0.9505, int64(1), 1.089}, "Gamma": 2.2}}
}

// reserve is the usual room for /Contents.
func (a archive) reserve() int {
	if a.part > 0 && a.part < 4 {
		return longString
	}
	return defaultReserve
}

// readArchive reads the claim in a file's metadata. What cannot be read claims nothing;
// the error is that of an exhausted budget.
func readArchive(f *pdf.File) (archive, error) {
	var a archive
	root, err := f.Root()
	if err != nil {
		return a, err
	}
	o, err := f.Resolve(root["Metadata"])
	if err != nil {
		return a, lenient(err)
	}
	metadata, ok := o.(*pdf.Stream)
	if !ok {
		return a, nil
	}
	const maxMetadata = 1 << 20
	data, err := f.Decode(metadata, maxMetadata)
	if err != nil {
		return a, lenient(err)
	}
	if a.part = partOf(data); a.part == 0 {
		return a, nil
	}
	intents, err := f.Array(root["OutputIntents"])
	if err != nil {
		return a, lenient(err)
	}
	for _, o := range intents {
		intent, err := f.Dict(o)
		if err != nil {
			return a, lenient(err)
		}
		if profile, err := f.Resolve(intent["DestOutputProfile"]); err == nil {
			if s, ok := profile.(*pdf.Stream); ok {
				a.colours, _ = f.Int(s.Dict["N"])
			}
		}
	}
	return a, nil
}

// lenient keeps only errors that end the work.
func lenient(err error) error {
	if errors.Is(err, signing.ErrTruncated) || errors.Is(err, pdf.ErrFilter) || errors.Is(err, signing.ErrResourceLimit) {
		return nil
	}
	return err
}

// pdfaID is the name space of the identification schema (ISO 19005-1 6.7.11).
const pdfaID = "http://www.aiim.org/pdfa/ns/id/"

// partOf finds pdfaid:part in XMP, written as an element or as an attribute.
func partOf(xmp []byte) int64 {
	d := xml.NewDecoder(bytes.NewReader(xmp))
	inside := false
	for {
		t, err := d.Token()
		if err != nil {
			return 0
		}
		switch t := t.(type) {
		case xml.StartElement:
			inside = t.Name == (xml.Name{Space: pdfaID, Local: "part"})
			for _, at := range t.Attr {
				if at.Name == (xml.Name{Space: pdfaID, Local: "part"}) {
					return partNumber(at.Value)
				}
			}
		case xml.CharData:
			if inside {
				return partNumber(string(t))
			}
		case xml.EndElement:
			inside = false
		}
	}
}

func partNumber(s string) int64 {
	n, err := strconv.ParseInt(strings.TrimSpace(s), 10, 8)
	if err != nil || n < 1 || n > 4 {
		return 0
	}
	return n
}
