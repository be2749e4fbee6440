package signingtest

import (
	"bytes"
	"context"
	"encoding/xml"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Letter is a draft công văn in the layout of NĐ 30/2020 Annex I. All of it is test
// data; empty fields stay empty on the page.
type Letter struct {
	Parent string // agency above, box 2
	Agency string // issuing agency, box 2, bold
	Number string // box 3: "Số:      /SVHTT-VP"
	Date   string // box 4: "Hà Nội, ngày    tháng    năm 2026"
	About  string // box 5b: "V/v …"
	Body   []string
	Titles []string // box 7a, one line each
	Signer string   // box 7b
	To     []string // box 9b
	Fields bool     // with form controls: a text field and a check box
}

// SampleLetter is a Letter with every box filled but number and date blank.
func SampleLetter() Letter {
	return Letter{
		Parent: "ỦY BAN NHÂN DÂN THÀNH PHỐ THỬ NGHIỆM",
		Agency: "SỞ VĂN HÓA VÀ THỂ THAO",
		Number: "Số:          /SVHTT-VP",
		Date:   "Hà Nội, ngày       tháng       năm 2026",
		About:  "V/v phối hợp tổ chức Ngày hội đọc sách ở cơ sở",
		Body: []string{
			"Thực hiện kế hoạch công tác năm 2026, Sở Văn hóa và Thể thao đề nghị các đơn vị phối hợp tổ chức Ngày hội đọc sách ở cơ sở; bảo đảm thiết thực, tiết kiệm, thu hút đông đảo Nhân dân tham gia.",
			"Căn cứ Công văn số 12/VP-TH ngày 05 tháng 6 năm 2026 của Văn phòng, đề nghị các đơn vị gửi báo cáo kết quả về Sở trước khi kết thúc đợt hoạt động; những khó khăn, vướng mắc phát sinh được phản ánh kịp thời để tháo gỡ.",
			"Trân trọng đề nghị quý đơn vị quan tâm, phối hợp./.",
		},
		Titles: []string{"KT. GIÁM ĐỐC", "PHÓ GIÁM ĐỐC"},
		Signer: "Nguyễn Thị Ánh Tuyết",
		To:     []string{"- Như trên;", "- Giám đốc (để báo cáo);", "- Lưu: VT, VP (3b)."},
	}
}

const officeNames = `xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" ` +
	`xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" ` +
	`xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" ` +
	`xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" ` +
	`xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" ` +
	`xmlns:form="urn:oasis:names:tc:opendocument:xmlns:form:1.0" ` +
	`xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0" ` +
	`xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0"`

const officeStyles = `<office:font-face-decls>
<style:font-face style:name="S" svg:font-family="'Liberation Serif'"/></office:font-face-decls>
<office:styles><style:default-style style:family="paragraph"><style:paragraph-properties fo:margin-top="0cm" fo:margin-bottom="0cm"/>
<style:text-properties style:font-name="S" fo:font-size="14pt" fo:language="vi" fo:country="VN"/></style:default-style></office:styles>
<office:automatic-styles>
<style:style style:name="C" style:family="paragraph"><style:paragraph-properties fo:text-align="center"/><style:text-properties fo:font-size="13pt"/></style:style>
<style:style style:name="CB" style:family="paragraph"><style:paragraph-properties fo:text-align="center"/><style:text-properties fo:font-size="13pt" fo:font-weight="bold"/></style:style>
<style:style style:name="CI" style:family="paragraph"><style:paragraph-properties fo:text-align="center"/><style:text-properties fo:font-size="13pt" fo:font-style="italic"/></style:style>
<style:style style:name="A" style:family="paragraph"><style:paragraph-properties fo:text-align="center"/><style:text-properties fo:font-size="12pt"/></style:style>
<style:style style:name="J" style:family="paragraph"><style:paragraph-properties fo:text-align="justify" fo:text-indent="1cm" fo:margin-top="0.2cm"/></style:style>
<style:style style:name="N" style:family="paragraph"><style:text-properties fo:font-size="11pt"/></style:style>
<style:style style:name="NB" style:family="paragraph"><style:text-properties fo:font-size="12pt" fo:font-weight="bold" fo:font-style="italic"/></style:style>
<style:style style:name="PB" style:family="paragraph"><style:paragraph-properties fo:break-before="page"/></style:style>
<style:style style:name="T" style:family="table"><style:table-properties style:width="16.5cm" table:align="margins"/></style:style>
<style:style style:name="T.1" style:family="table-column"><style:table-column-properties style:column-width="7cm"/></style:style>
<style:style style:name="T.2" style:family="table-column"><style:table-column-properties style:column-width="9.5cm"/></style:style>
<style:style style:name="G" style:family="graphic"><style:graphic-properties style:vertical-pos="from-top" style:vertical-rel="page" style:horizontal-pos="from-left" style:horizontal-rel="page"/></style:style>
<style:page-layout style:name="P"><style:page-layout-properties fo:page-width="21cm" fo:page-height="29.7cm" fo:margin-top="2cm" fo:margin-bottom="2cm" fo:margin-left="3cm" fo:margin-right="1.5cm"/></style:page-layout>
</office:automatic-styles>
<office:master-styles><style:master-page style:name="Standard" style:page-layout-name="P"/></office:master-styles>`

// Source returns letters as one flat OpenDocument text, each on a page of its own.
func Source(letters ...Letter) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `<?xml version="1.0" encoding="UTF-8"?><office:document %s office:version="1.3" office:mimetype="application/vnd.oasis.opendocument.text">%s<office:body><office:text>`, officeNames, officeStyles)
	for i, l := range letters {
		if i > 0 {
			b.WriteString(`<text:p text:style-name="PB"/>`)
		}
		l.write(&b)
	}
	b.WriteString(`</office:text></office:body></office:document>`)
	return b.Bytes()
}

func (l Letter) write(b *bytes.Buffer) {
	if l.Fields {
		b.WriteString(officeControls)
	}
	table(b, "head",
		paragraphs("C", l.Parent)+paragraphs("CB", l.Agency)+paragraphs("C", "", l.Number)+paragraphs("A", l.About),
		paragraphs("CB", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", "Độc lập - Tự do - Hạnh phúc")+paragraphs("C", "")+paragraphs("CI", l.Date))
	b.WriteString(paragraphs("J", l.Body...))
	b.WriteString(paragraphs("C", ""))
	table(b, "foot",
		paragraphs("NB", "Nơi nhận:")+paragraphs("N", l.To...),
		paragraphs("CB", l.Titles...)+paragraphs("CB", "", "", "")+paragraphs("CB", l.Signer))
}

const officeControls = `<office:forms form:automatic-focus="false" form:apply-design-mode="false"><form:form form:name="F">
<form:text form:name="GhiChu" xml:id="c1" form:id="c1" form:current-value="Ghi chú thử"/>
<form:checkbox form:name="DongY" xml:id="c2" form:id="c2" form:label="Đồng ý" form:current-state="checked"/></form:form></office:forms>
<text:p text:style-name="C"><draw:control text:anchor-type="page" text:anchor-page-number="1" draw:style-name="G" svg:x="4cm" svg:y="22cm" svg:width="5cm" svg:height="0.8cm" draw:control="c1"/>
<draw:control text:anchor-type="page" text:anchor-page-number="1" draw:style-name="G" svg:x="4cm" svg:y="24cm" svg:width="4cm" svg:height="0.6cm" draw:control="c2"/></text:p>`

func table(b *bytes.Buffer, name, left, right string) {
	fmt.Fprintf(b, `<table:table table:name="%s" table:style-name="T"><table:table-column table:style-name="T.1"/><table:table-column table:style-name="T.2"/>`+
		`<table:table-row><table:table-cell>%s</table:table-cell><table:table-cell>%s</table:table-cell></table:table-row></table:table>`, name, left, right)
}

// paragraphs keeps runs of spaces, which OpenDocument writes as <text:s/>.
func paragraphs(style string, lines ...string) string {
	var b strings.Builder
	for _, line := range lines {
		var esc bytes.Buffer
		_ = xml.EscapeText(&esc, []byte(line)) // a bytes.Buffer does not fail
		fmt.Fprintf(&b, `<text:p text:style-name="%s">%s</text:p>`, style, strings.ReplaceAll(esc.String(), "  ", `<text:s text:c="2"/>`))
	}
	return b.String()
}

// Office turns a flat OpenDocument text into a PDF with LibreOffice in a profile of
// its own. options are those of the PDF export, as JSON; may be empty.
func Office(t testing.TB, source []byte, options string) []byte {
	t.Helper()
	return Offices(t, map[string][]byte{"letter": source}, options)["letter"]
}

// Offices turns many texts into PDFs in one run, by their names.
func Offices(t testing.TB, sources map[string][]byte, options string) map[string][]byte {
	t.Helper()
	dir := t.TempDir()
	filter := "pdf:writer_pdf_Export"
	if options != "" {
		filter += ":" + options
	}
	args := []string{
		"-env:UserInstallation=file://" + filepath.Join(dir, "profile"), "--headless", "--convert-to", filter, "--outdir", dir,
	}
	for name, source := range sources {
		in := filepath.Join(dir, name+".fodt")
		if err := os.WriteFile(in, source, 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, in)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "soffice", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("LibreOffice: %v: %s", err, out)
	}
	made := map[string][]byte{}
	for name := range sources {
		if made[name], err = os.ReadFile(filepath.Join(dir, name+".pdf")); err != nil {
			t.Fatalf("LibreOffice made no PDF: %v: %s", err, out)
		}
	}
	return made
}
