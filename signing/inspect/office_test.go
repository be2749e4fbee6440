package inspect

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"congvan/signing/pdf"
	"congvan/signing/signingtest"
)

// Fifty drafts that LibreOffice makes of what offices write: shaded tables, marked
// words, pictures with and without holes, headers, text boxes, watermarks, columns,
// footnotes. None is stopped by a finding.
func TestOfficeDraftsAreClean(t *testing.T) {
	const drafts = 50
	sources := map[string][]byte{}
	for i := range drafts {
		sources[fmt.Sprintf("draft-%02d", i)] = draft(t, i)
	}
	seen := map[string]bool{}
	for name, data := range signingtest.Offices(t, sources, `{"ExportFormFields":{"type":"boolean","value":"false"}}`) {
		in := inspect(t, data)
		for _, f := range in.Findings {
			if f.Weight != Note {
				t.Errorf("%s: %+v", name, f)
			}
			seen[f.Code] = true
		}
		// The text is really there to be hidden.
		if !bytes.Contains(data, []byte("/Font")) {
			t.Errorf("%s has no text", name)
		}
	}
	t.Logf("notes: %v", seen)
}

// feature is a part of a draft; draft i has those whose bit is in its code.
type feature struct {
	body, automatic, header string
}

// draft writes a flat OpenDocument text. Each of the fifty has another choice of
// features: the i-th has the features j whose bit is set in i·5 + 3.
func draft(t testing.TB, i int) []byte {
	var body, automatic, header strings.Builder
	for j, f := range features(t) {
		if (i*5+3)>>j&1 == 1 {
			body.WriteString(f.body)
			automatic.WriteString(f.automatic)
			header.WriteString(f.header)
		}
	}
	return fmt.Appendf(nil, `<?xml version="1.0" encoding="UTF-8"?>
<office:document xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" office:version="1.3" office:mimetype="application/vnd.oasis.opendocument.text">
<office:styles><style:default-style style:family="paragraph"><style:text-properties style:font-name="Liberation Serif" fo:font-size="13pt"/></style:default-style></office:styles>
<office:automatic-styles><style:page-layout style:name="pm"><style:page-layout-properties fo:page-width="210mm" fo:page-height="297mm" fo:margin="20mm"%s/><style:header-style><style:header-footer-properties fo:min-height="10mm"/></style:header-style></style:page-layout>%s</office:automatic-styles>
<office:master-styles><style:master-page style:name="Standard" style:page-layout-name="pm"><style:header><text:p>Cơ quan thử nghiệm số %d%s</text:p></style:header><style:footer><text:p>Trang <text:page-number/></text:p></style:footer></style:master-page></office:master-styles>
<office:body><office:text><text:h text:outline-level="1">Công văn số %d</text:h>%s%s</office:text></office:body></office:document>`,
		map[bool]string{true: ` fo:background-color="#ffffee"`}[i%3 == 0], automatic.String(), i, header.String(), i, body.String(),
		strings.Repeat(`<text:p>Kính gửi các đơn vị thuộc cơ quan thử nghiệm, đề nghị thực hiện đúng thời hạn 15 ngày.</text:p>`, 3+i))
}

func features(t testing.TB) []feature {
	graphic := func(name, properties string) string {
		return fmt.Sprintf(`<style:style style:name="%s" style:family="graphic"><style:graphic-properties %s/></style:style>`, name, properties)
	}
	return []feature{
		{ // rows shaded by turns, tight lines
			body: `<table:table table:name="a"><table:table-column table:number-columns-repeated="3"/>` + strings.Repeat(
				`<table:table-row><table:table-cell table:style-name="dark"><text:p>Số tiền</text:p></table:table-cell><table:table-cell table:style-name="light"><text:p>1.250.000</text:p></table:table-cell><table:table-cell><text:p>đồng</text:p></table:table-cell></table:table-row>`, 12) + `</table:table>`,
			automatic: `<style:style style:name="dark" style:family="table-cell"><style:table-cell-properties fo:background-color="#305080" fo:padding="0mm" fo:border="0.5pt solid #000000"/></style:style><style:style style:name="light" style:family="table-cell"><style:table-cell-properties fo:background-color="#ffff99" fo:padding="0mm"/></style:style>`,
		},
		{ // marked and struck words, words on dark ground
			body:      `<text:p>Đề nghị <text:span text:style-name="mark">thực hiện ngay</text:span><text:span text:style-name="dark-text">không chậm trễ</text:span> trước <text:span text:style-name="struck">ngày 15</text:span> <text:span text:style-name="mark">ngày 20</text:span>.</text:p>`,
			automatic: `<style:style style:name="mark" style:family="text"><style:text-properties fo:background-color="#ffff00"/></style:style><style:style style:name="dark-text" style:family="text"><style:text-properties fo:background-color="#000000" fo:color="#ffffff"/></style:style><style:style style:name="struck" style:family="text"><style:text-properties style:text-line-through-style="solid" style:text-line-through-width="bold"/></style:style>`,
		},
		{ // pictures: opaque beside the text, with holes behind it
			body:      `<text:p><draw:frame draw:style-name="wrapped" text:anchor-type="paragraph" svg:x="0mm" svg:y="0mm" svg:width="30mm" svg:height="20mm"><draw:image><office:binary-data>` + picture(t, 255) + `</office:binary-data></draw:image></draw:frame>Chữ chạy quanh hình minh họa, không nằm dưới hình.</text:p><text:p><draw:frame draw:style-name="behind" text:anchor-type="paragraph" svg:x="20mm" svg:y="0mm" svg:width="60mm" svg:height="20mm"><draw:image><office:binary-data>` + picture(t, 90) + `</office:binary-data></draw:image></draw:frame>Chữ nằm trên hình mờ.</text:p>`,
			automatic: graphic("wrapped", `style:wrap="parallel" style:run-through="foreground" style:vertical-pos="from-top" style:horizontal-pos="from-left"`) + graphic("behind", `style:wrap="run-through" style:run-through="background" style:vertical-pos="from-top" style:horizontal-pos="from-left"`),
		},
		{ // text boxes with a ground of their own, and a note in the margin
			body:      `<text:p><draw:frame draw:style-name="box" text:anchor-type="paragraph" svg:x="100mm" svg:y="0mm" svg:width="60mm"><draw:text-box fo:min-height="15mm"><text:p>Nơi nhận: các phòng</text:p><text:p>Lưu: VT</text:p></draw:text-box></draw:frame>Nội dung bên trái khung chữ.</text:p>`,
			automatic: graphic("box", `fo:background-color="#ddeeff" draw:fill="solid" draw:fill-color="#ddeeff" fo:border="0.5pt solid #000000" style:wrap="left" style:vertical-pos="from-top" style:horizontal-pos="from-left"`),
		},
		{ // a watermark behind every page
			header:    `<draw:frame draw:style-name="water" text:anchor-type="paragraph" svg:x="20mm" svg:y="80mm" svg:width="140mm" svg:height="60mm"><draw:image><office:binary-data>` + picture(t, 40) + `</office:binary-data></draw:image></draw:frame>`,
			automatic: graphic("water", `style:wrap="run-through" style:run-through="background" style:vertical-pos="from-top" style:vertical-rel="page" style:horizontal-pos="from-left" style:horizontal-rel="page"`),
		},
		{ // columns, footnotes, links
			body:      `<text:section text:style-name="two" text:name="s">` + strings.Repeat(`<text:p>Hai cột chữ<text:note text:note-class="footnote"><text:note-citation>1</text:note-citation><text:note-body><text:p>Chú thích cuối trang.</text:p></text:note-body></text:note> và <text:a xlink:type="simple" xlink:href="https://example.org/">liên kết</text:a> trong văn bản.</text:p>`, 8) + `</text:section>`,
			automatic: `<style:style style:name="two" style:family="section"><style:section-properties><style:columns fo:column-count="2" fo:column-gap="5mm"/></style:section-properties></style:style>`,
		},
		{ // shaded and framed paragraphs, big letters, letters that are set close
			body:      `<text:p text:style-name="shade">Đoạn có nền và khung</text:p><text:p text:style-name="shade">Đoạn tiếp theo cũng vậy</text:p><text:p text:style-name="tight">Dòng sát nhau dòng sát nhau dòng sát nhau dòng sát nhau dòng sát nhau dòng sát nhau dòng sát nhau dòng sát nhau dòng sát nhau</text:p>`,
			automatic: `<style:style style:name="shade" style:family="paragraph"><style:paragraph-properties fo:background-color="#cccccc" fo:border="1pt solid #000000" fo:padding="0mm"/></style:style><style:style style:name="tight" style:family="paragraph"><style:paragraph-properties fo:line-height="75%" fo:background-color="#eeeeee"/><style:text-properties fo:font-size="20pt" fo:letter-spacing="-0.5mm"/></style:style>`,
		},
		{ // drawn shapes beside the text, one with words in it
			body:      `<text:p><draw:rect draw:style-name="shape" text:anchor-type="paragraph" svg:x="120mm" svg:y="2mm" svg:width="40mm" svg:height="15mm"><text:p>Trong hình</text:p></draw:rect><draw:ellipse draw:style-name="glass" text:anchor-type="paragraph" svg:x="0mm" svg:y="0mm" svg:width="50mm" svg:height="20mm"/>Khoanh tròn chữ này.</text:p><text:p/><text:p/>`,
			automatic: graphic("shape", `draw:fill="gradient" draw:fill-color="#88aa88" style:wrap="parallel" style:run-through="foreground"`) + graphic("glass", `draw:fill="solid" draw:fill-color="#ff0000" draw:opacity="20%" style:wrap="run-through" style:run-through="foreground"`),
		},
	}
}

// picture is a PNG of one colour and opacity.
func picture(t testing.TB, alpha uint8) string {
	m := image.NewNRGBA(image.Rect(0, 0, 40, 20))
	for i := range 40 * 20 {
		m.SetNRGBA(i%40, i/40, color.NRGBA{R: 200, G: uint8(i / 4), B: 80, A: alpha})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

// The samples that the demonstration walks through are signed as they are.
func TestSamplesAreClean(t *testing.T) {
	samples, err := filepath.Glob(filepath.Join("..", "..", "testdata", "*.pdf"))
	if err != nil || len(samples) < 10 {
		t.Fatalf("%d samples, %v", len(samples), err)
	}
	read := 0
	for _, path := range samples {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		f, err := pdf.Open(t.Context(), bytes.NewReader(data), int64(len(data)), pdf.DefaultLimits())
		if err != nil || f.Encrypted() {
			continue // the samples of what is refused
		}
		in, err := Look(t.Context(), f)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		read++
		for _, f := range in.Findings {
			if f.Weight != Note {
				t.Errorf("%s: %+v", filepath.Base(path), f)
			}
		}
	}
	if read < 10 {
		t.Errorf("only %d samples were read", read)
	}
}
