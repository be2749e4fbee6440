package main

import (
	"fmt"
	"strings"
)

// para is the shape of a paragraph; sizes in points, the rest in twentieths
// of a point.
type para struct {
	size                int
	center, both, keep  bool
	before, after       int
	left, right, indent int
	exact, line         int // line height: exact, or in 240ths of single
	topRule             bool
}

var bodyPara = para{size: 14, both: true, before: 60, after: 60, indent: 720, line: 252}

func (p para) xml(runs string) string {
	var b strings.Builder
	b.WriteString("<w:p><w:pPr>")
	if p.keep {
		b.WriteString("<w:keepNext/>")
	}
	if p.topRule {
		b.WriteString(`<w:pBdr><w:top w:val="single" w:sz="6" w:space="1" w:color="000000"/></w:pBdr>`)
	}
	line, kind := 240, "auto"
	if p.line > 0 {
		line = p.line
	}
	if p.exact > 0 {
		line, kind = p.exact, "exact"
	}
	fmt.Fprintf(&b, `<w:spacing w:before="%d" w:after="%d" w:line="%d" w:lineRule="%s"/>`, p.before, p.after, line, kind)
	fmt.Fprintf(&b, `<w:ind w:left="%d" w:right="%d" w:firstLine="%d"/>`, p.left, p.right, p.indent)
	switch {
	case p.center:
		b.WriteString(`<w:jc w:val="center"/>`)
	case p.both:
		b.WriteString(`<w:jc w:val="both"/>`)
	}
	fmt.Fprintf(&b, `<w:rPr><w:sz w:val="%d"/></w:rPr></w:pPr>%s</w:p>`, p.size*2, runs)
	return b.String()
}

// rule is a horizontal line of the given length centred in a column.
func rule(columnMM int, lengthMM float64) string {
	side := mm((float64(columnMM) - lengthMM) / 2)
	return para{size: 1, before: 60, exact: 60, left: side, right: side, topRule: true}.xml("")
}

// run is a piece of text; face holds b and i.
func run(text string, size int, face string) string {
	const open, end = `<w:t xml:space="preserve">`, "</w:t>"
	text = strings.ReplaceAll(escape(text), "\n", end+"<w:br/>"+open)
	return "<w:r>" + props(size, face) + open + text + end + "</w:r>"
}

func props(size int, face string) string {
	out := "<w:rPr>"
	if strings.Contains(face, "b") {
		out += "<w:b/>"
	}
	if strings.Contains(face, "i") {
		out += "<w:i/>"
	}
	return out + fmt.Sprintf(`<w:sz w:val="%d"/><w:szCs w:val="%d"/></w:rPr>`, size*2, size*2)
}

// inline reads **bold** in a body text.
func inline(text, face string) string {
	var b strings.Builder
	for i, piece := range strings.Split(text, "**") {
		f := face
		if i%2 == 1 {
			f += "b"
		}
		if piece != "" {
			b.WriteString(run(piece, 14, f))
		}
	}
	return b.String()
}

// columns is a table without lines: rows of as many cells as there are widths.
func columns(widths []int, cells ...string) string {
	var b strings.Builder
	b.WriteString(tableHead(widths, ""))
	for i, cell := range cells {
		if i%len(widths) == 0 {
			b.WriteString(`<w:tr><w:trPr><w:cantSplit/></w:trPr>`)
		}
		fmt.Fprintf(&b, `<w:tc><w:tcPr><w:tcW w:w="%d" w:type="dxa"/></w:tcPr>%s</w:tc>`, mm(float64(widths[i%len(widths)])), cell)
		if i%len(widths) == len(widths)-1 {
			b.WriteString(`</w:tr>`)
		}
	}
	return b.String() + "</w:tbl>"
}

// grid is a table with lines; its first row is the bold heading, repeated on
// every page. Short cells are centred, the others start at the left.
func grid(widths []int, rows [][]string) string {
	const border = `<w:tblBorders><w:top w:val="single" w:sz="4"/><w:left w:val="single" w:sz="4"/><w:bottom w:val="single" w:sz="4"/><w:right w:val="single" w:sz="4"/><w:insideH w:val="single" w:sz="4"/><w:insideV w:val="single" w:sz="4"/></w:tblBorders>`
	var b strings.Builder
	b.WriteString(tableHead(widths, border))
	for r, row := range rows {
		face, repeat := "", ""
		if r == 0 {
			face, repeat = "b", "<w:tblHeader/>"
		}
		b.WriteString(`<w:tr><w:trPr><w:cantSplit/>` + repeat + `</w:trPr>`)
		for c, text := range row {
			shape := para{size: 12, center: r == 0 || len([]rune(text)) < 12, before: 50, after: 50, left: 60, right: 60}
			fmt.Fprintf(&b, `<w:tc><w:tcPr><w:tcW w:w="%d" w:type="dxa"/><w:vAlign w:val="center"/></w:tcPr>%s</w:tc>`,
				mm(float64(widths[c])), shape.xml(run(text, 12, face)))
		}
		b.WriteString(`</w:tr>`)
	}
	return b.String() + "</w:tbl>"
}

func tableHead(widths []int, border string) string {
	total, cols := 0, ""
	for _, w := range widths {
		total += w
		cols += fmt.Sprintf(`<w:gridCol w:w="%d"/>`, mm(float64(w)))
	}
	return fmt.Sprintf(`<w:tbl><w:tblPr><w:tblW w:w="%d" w:type="dxa"/>%s<w:tblLayout w:type="fixed"/><w:tblCellMar><w:left w:w="0" w:type="dxa"/><w:right w:w="0" w:type="dxa"/></w:tblCellMar></w:tblPr><w:tblGrid>%s</w:tblGrid>`,
		mm(float64(total)), border, cols)
}

func escape(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(s)
}

const (
	xmlHead    = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	namespaces = `xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"`

	contentTypes = xmlHead + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/><Override PartName="/word/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml"/><Override PartName="/word/settings.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.settings+xml"/><Override PartName="/word/header1.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.header+xml"/><Override PartName="/word/footer1.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.footer+xml"/></Types>`

	rootRels = xmlHead + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>`

	documentRels = xmlHead + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/settings" Target="settings.xml"/><Relationship Id="rId3" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/header" Target="header1.xml"/><Relationship Id="rId4" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/footer" Target="footer1.xml"/></Relationships>`

	styles = xmlHead + `<w:styles ` + namespaces + `><w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:eastAsia="Times New Roman" w:cs="Times New Roman"/><w:sz w:val="28"/><w:szCs w:val="28"/><w:lang w:val="vi-VN"/></w:rPr></w:rPrDefault></w:docDefaults><w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style></w:styles>`

	settings = xmlHead + `<w:settings ` + namespaces + `><w:compat><w:compatSetting w:name="compatibilityMode" w:uri="http://schemas.microsoft.com/office/word" w:val="15"/></w:compat></w:settings>`

	// The page number stands centred in the top margin, from page 2.
	header = xmlHead + `<w:hdr ` + namespaces + `><w:p><w:pPr><w:jc w:val="center"/></w:pPr><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>PAGE</w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r><w:r><w:t>2</w:t></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p></w:hdr>`

	footer = xmlHead + `<w:ftr ` + namespaces + `><w:p><w:pPr><w:jc w:val="center"/></w:pPr><w:r><w:rPr><w:color w:val="808080"/><w:sz w:val="16"/></w:rPr><w:t>DỮ LIỆU THỬ NGHIỆM</w:t></w:r></w:p></w:ftr>`

	section = `<w:sectPr><w:headerReference w:type="default" r:id="rId3"/><w:footerReference w:type="default" r:id="rId4"/><w:footerReference w:type="first" r:id="rId4"/><w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1134" w:right="851" w:bottom="1134" w:left="1701" w:header="510" w:footer="454" w:gutter="0"/><w:titlePg/></w:sectPr>`
)
