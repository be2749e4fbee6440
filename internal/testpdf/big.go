package testpdf

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
)

// Big writes the PDF base (size bytes) grown to exactly target bytes: an
// incremental update (ISO 32000-2 7.5.6) adds a last page that shows a drawing
// kept as an uncompressed RGB image, so the bytes are needed to show the file.
// The same input gives the same output; memory stays at one image row.
//
// The base must be as LibreOffice writes it: one classic cross-reference
// table, one flat page tree. The error says what is different, or that target
// is too small. Big keeps no state and may be called concurrently.
func Big(w io.Writer, base io.ReaderAt, size, target int64) error {
	doc, err := readBase(base, size)
	if err != nil {
		return fmt.Errorf("testpdf: base PDF: %w", err)
	}
	const overhead = 4096 // the new objects without the image's rows
	room := target - size - overhead
	width := int64(math.Sqrt(float64(room) / 3 / math.Sqrt2)) // A4: height = width·√2
	if room < overhead || width < 100 {
		return fmt.Errorf("testpdf: %d bytes are too few for a base of %d bytes and a picture", target, size)
	}
	height := (room - 3*width) / (3 * width)

	pages, page, content, image := doc.pages, doc.count, doc.count+1, doc.count+2
	var head bytes.Buffer
	at := func() int64 { return size + int64(head.Len()) }
	head.WriteString("\n")
	offsets := []int64{at()}
	kids := fmt.Sprintf("/Kids[%s %d 0 R]", doc.kids, page)
	dict := doc.pagesDict
	dict = kidsPattern.ReplaceAllLiteral(dict, []byte(kids))
	dict = countPattern.ReplaceAllLiteral(dict, fmt.Appendf(nil, "/Count %d", doc.kidCount+1))
	fmt.Fprintf(&head, "%d 0 obj\n%s\nendobj\n", pages, dict)
	offsets = append(offsets, at())
	fmt.Fprintf(&head, "%d 0 obj\n<</Type/Page/Parent %d 0 R/MediaBox[0 0 595 842]/Contents %d 0 R/Resources<</XObject<</Drawing %d 0 R>>>>>>\nendobj\n",
		page, pages, content, image)
	const show = "q 481 0 0 728 57 57 cm /Drawing Do Q"
	offsets = append(offsets, at())
	fmt.Fprintf(&head, "%d 0 obj\n<</Length %d>>\nstream\n%s\nendstream\nendobj\n", content, len(show), show)
	offsets = append(offsets, at())
	fmt.Fprintf(&head, "%d 0 obj\n<</Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceRGB/BitsPerComponent 8/Length %d>>\nstream\n",
		image, width, height, 3*width*height)

	const end = "\nendstream\nendobj\n"
	imageEnd := at() + 3*width*height + int64(len(end))
	// The table's place depends on its own length only by its number of digits.
	table := target
	var tail []byte
	for range 3 {
		tail = doc.table(table, offsets)
		table = target - int64(len(tail))
	}

	out := bufio.NewWriterSize(w, 64<<10)
	if _, err := io.Copy(out, io.NewSectionReader(base, 0, size)); err != nil {
		return err
	}
	out.Write(head.Bytes()) // bufio keeps the first error for Flush
	row := make([]byte, 3*width)
	for y := range height {
		drawRow(row, y, height)
		if _, err := out.Write(row); err != nil {
			return err
		}
	}
	out.WriteString(end)
	for range table - imageEnd {
		out.WriteByte('\n')
	}
	out.Write(tail)
	return out.Flush()
}

// drawRow draws row y of a plan: a grid and contour lines on pale paper.
func drawRow(row []byte, y, height int64) {
	width := int64(len(row) / 3)
	dy := y - height*2/5
	for x := range width {
		dx := x - width/3
		r, g, b := byte(250), byte(248), byte(240)
		switch {
		case x%200 < 2 || y%200 < 2:
			r, g, b = 190, 205, 225
		case (dx*dx*2+dy*dy+dx*dy)>>13&15 == 0:
			r, g, b = 176, 122, 60
		}
		row[3*x], row[3*x+1], row[3*x+2] = r, g, b
	}
}

// document is what an update needs to know of its base.
type document struct {
	prev      int64 // place of its cross-reference table
	count     int64 // first free object number
	trailer   []byte
	pages     int64 // object number of the page tree's root
	pagesDict []byte
	kids      []byte
	kidCount  int
}

var (
	startPattern   = regexp.MustCompile(`startxref\s+(\d+)\s+%%EOF\s*$`)
	sectionPattern = regexp.MustCompile(`^xref\s+0 (\d+)\s*?\r?\n`)
	rootPattern    = regexp.MustCompile(`/Root\s+(\d+) 0 R`)
	keepPattern    = regexp.MustCompile(`/(?:Root|Info)\s+\d+ 0 R|/ID\s*\[[^\]]*\]`)
	treePattern    = regexp.MustCompile(`/Pages\s+(\d+) 0 R`)
	kidsPattern    = regexp.MustCompile(`/Kids\s*\[([^\]]*)\]`)
	countPattern   = regexp.MustCompile(`/Count\s+(\d+)`)
)

func readBase(base io.ReaderAt, size int64) (*document, error) {
	end, err := readAt(base, max(0, size-1024), size)
	if err != nil {
		return nil, err
	}
	d := &document{}
	if d.prev, err = number(startPattern, end); err != nil {
		return nil, err
	}
	section, err := readAt(base, d.prev, size)
	if err != nil {
		return nil, err
	}
	if d.count, err = number(sectionPattern, section); err != nil {
		return nil, fmt.Errorf("not one classic cross-reference table: %w", err)
	}
	entries := section[len(sectionPattern.Find(section)):]
	if int64(len(entries)) < 20*d.count {
		return nil, fmt.Errorf("cross-reference table of %d objects is cut off", d.count)
	}
	d.trailer = entries[20*d.count:]
	if bytes.Contains(d.trailer, []byte("/Prev")) || bytes.Contains(d.trailer, []byte("/Encrypt")) {
		return nil, fmt.Errorf("it is updated or encrypted already")
	}
	object := func(n int64) ([]byte, error) {
		if n < 1 || n >= d.count {
			return nil, fmt.Errorf("object %d is not in the table", n)
		}
		at, err := strconv.ParseInt(string(entries[20*n:20*n+10]), 10, 64)
		if err != nil {
			return nil, fmt.Errorf("object %d: %w", n, err)
		}
		body, err := readAt(base, at, min(size, at+64<<10))
		if err != nil {
			return nil, err
		}
		body, _, ok := bytes.Cut(body, []byte("endobj"))
		_, body, open := bytes.Cut(body, []byte(" obj"))
		if !ok || !open {
			return nil, fmt.Errorf("object %d has no end", n)
		}
		return bytes.TrimSpace(body), nil
	}
	root, err := number(rootPattern, d.trailer)
	if err != nil {
		return nil, err
	}
	catalog, err := object(root)
	if err != nil {
		return nil, err
	}
	if d.pages, err = number(treePattern, catalog); err != nil {
		return nil, err
	}
	if d.pagesDict, err = object(d.pages); err != nil {
		return nil, err
	}
	kids := kidsPattern.FindSubmatch(d.pagesDict)
	pageCount, err := number(countPattern, d.pagesDict)
	if err != nil || kids == nil {
		return nil, fmt.Errorf("object %d is not a page tree", d.pages)
	}
	d.kids, d.kidCount = kids[1], bytes.Count(kids[1], []byte("R"))
	if int64(d.kidCount) != pageCount {
		return nil, fmt.Errorf("its page tree is not flat: %d kids for %d pages", d.kidCount, pageCount)
	}
	return d, nil
}

// table is the update's cross-reference table and trailer, standing at offset
// at: the page tree anew, then the three new objects.
func (d *document) table(at int64, offsets []int64) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "xref\n%d 1\n%010d 00000 n \n%d %d\n", d.pages, offsets[0], d.count, len(offsets)-1)
	for _, o := range offsets[1:] {
		fmt.Fprintf(&b, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&b, "trailer\n<</Size %d/Prev %d", d.count+int64(len(offsets))-1, d.prev)
	for _, keep := range keepPattern.FindAll(d.trailer, -1) {
		b.Write(keep)
	}
	fmt.Fprintf(&b, ">>\nstartxref\n%d\n%%%%EOF\n", at)
	return b.Bytes()
}

func readAt(r io.ReaderAt, from, to int64) ([]byte, error) {
	if from < 0 || from >= to || to-from > 1<<20 {
		return nil, fmt.Errorf("place %d is not inside the file", from)
	}
	b := make([]byte, to-from)
	if _, err := r.ReadAt(b, from); err != nil && err != io.EOF {
		return nil, err
	}
	return b, nil
}

func number(p *regexp.Regexp, in []byte) (int64, error) {
	m := p.FindSubmatch(in)
	if m == nil {
		return 0, fmt.Errorf("%s not found", p)
	}
	return strconv.ParseInt(string(m[1]), 10, 64)
}
