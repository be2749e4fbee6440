package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"strings"
	"time"
)

// Letter is one official document; docx lays it out by NĐ 30/2020 Annex I.
// A multi-line name is split at "\n" as the decree's samples split it.
type Letter struct {
	File     string
	Superior string    // box 2, upper line: the agency above
	Agency   string    // box 2, lower line, with the rule
	Notation string    // box 3, after the blank for the number, with its slash
	Place    string    // box 4
	NoYear   bool      // the year is left blank too
	Given    [3]string // number, day and month of a letter already issued on paper
	Kind     string    // box 5a: type in capitals; empty for a công văn
	Subject  string    // box 5a or 5b
	By       string    // the authority line of a quyết định
	To       []string
	Body     []Block
	Capacity []string // box 7a
	Signer   string   // box 7b
	Copies   []string // box 9b
	Annex    bool     // an annex: no header, no signature block
}

// Block is one piece of the body.
type Block struct {
	Style style
	Text  string // **bold** inside
	Table [][]string
	Width []int // of the table's columns, in mm
}

type style int

const (
	plain   style = iota // justified, first line 1.27 cm
	basis                // legal basis: the same, italic
	centred              // bold, centred
	table
)

func p(text string) Block     { return Block{Text: text} }
func cite(text string) Block  { return Block{Style: basis, Text: text} }
func title(text string) Block { return Block{Style: centred, Text: text} }

// Widths in twentieths of a point. Page A4; margins 20, 15, 20, 30 mm.
const (
	twipPerMM   = 1440 / 25.4
	headLeft    = 62
	headRight   = 103
	textWidthMM = 165
)

func mm(v float64) int { return int(v*twipPerMM + 0.5) }

func (l Letter) docx() ([]byte, error) {
	parts := []struct{ name, body string }{
		{"[Content_Types].xml", contentTypes},
		{"_rels/.rels", rootRels},
		{"word/_rels/document.xml.rels", documentRels},
		{"word/styles.xml", styles},
		{"word/settings.xml", settings},
		{"word/header1.xml", header},
		{"word/footer1.xml", footer},
		{"word/document.xml", l.document()},
	}
	var buf bytes.Buffer
	z := zip.NewWriter(&buf)
	for _, part := range parts {
		// A fixed date keeps the file the same on every run.
		w, err := z.CreateHeader(&zip.FileHeader{Name: part.name, Method: zip.Deflate,
			Modified: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)})
		if err != nil {
			return nil, err
		}
		if _, err := w.Write([]byte(part.body)); err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return buf.Bytes(), nil
}

func (l Letter) document() string {
	var b strings.Builder
	b.WriteString(xmlHead + `<w:document ` + namespaces + `><w:body>`)
	if !l.Annex {
		b.WriteString(l.head())
		b.WriteString(l.address())
	}
	for _, block := range l.Body {
		b.WriteString(block.xml())
	}
	if !l.Annex {
		b.WriteString(l.signature())
	}
	// Word asks for a paragraph after a table; one point high, it shows nothing.
	b.WriteString(para{size: 1, exact: 20}.xml(""))
	b.WriteString(section + `</w:body></w:document>`)
	return b.String()
}

// head is boxes 1 to 5: two columns, agency and number left, national name and
// date right; the title of a named document below.
func (l Letter) head() string {
	var left, right strings.Builder
	for _, line := range lines(l.Superior) {
		left.WriteString(para{size: 13, center: true}.xml(run(line, 13, "")))
	}
	longest := 0
	for _, line := range lines(l.Agency) {
		left.WriteString(para{size: 13, center: true}.xml(run(line, 13, "b")))
		longest = max(longest, len([]rune(line)))
	}
	left.WriteString(rule(headLeft, max(14, float64(longest)*1.35)))
	right.WriteString(para{size: 13, center: true}.xml(run("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", 13, "b")))
	right.WriteString(para{size: 14, center: true}.xml(run("Độc lập - Tự do - Hạnh phúc", 14, "b")))
	right.WriteString(rule(headRight, 61))

	number, day, month := strings.Repeat(" ", 13), strings.Repeat(" ", 8), strings.Repeat(" ", 8)
	if l.Given[0] != "" {
		number, day, month = " "+l.Given[0], " "+l.Given[1]+" ", " "+l.Given[2]+" "
	}
	left2 := para{size: 13, center: true, before: 60}.xml(run("Số:"+number+l.Notation, 13, ""))
	if l.Kind == "" {
		left2 += para{size: 12, center: true, before: 120}.xml(run("V/v "+l.Subject, 12, ""))
	}
	year := "2026"
	if l.NoYear {
		year = strings.Repeat("\u00a0", 11)
	}
	date := fmt.Sprintf("%s, ngày%stháng%snăm %s", l.Place, day, month, year)
	right2 := para{size: 14, center: true, before: 60}.xml(run(date, 14, "i"))

	out := columns([]int{headLeft, headRight}, left.String(), right.String(), left2, right2)
	if l.Kind != "" {
		out += para{size: 14, center: true, before: 240}.xml(run(l.Kind, 14, "b"))
		out += para{size: 14, center: true}.xml(run(l.Subject, 14, "b"))
		out += rule(textWidthMM, 45)
	}
	if l.By != "" {
		out += para{size: 14, center: true, before: 160, after: 120}.xml(run(l.By, 14, "b"))
	}
	return out
}

// address is box 9a: one recipient on the line, several as a list.
func (l Letter) address() string {
	if len(l.To) == 0 {
		return ""
	}
	if len(l.To) == 1 {
		return para{size: 14, center: true, before: 240, after: 200}.xml(run("Kính gửi: "+l.To[0]+".", 14, ""))
	}
	out := para{size: 14, before: 240, left: mm(38)}.xml(run("Kính gửi:", 14, ""))
	for i, to := range l.To {
		end, after := ";", 0
		if i == len(l.To)-1 {
			end, after = ".", 200
		}
		out += para{size: 14, left: mm(58), after: after}.xml(run("- "+to+end, 14, ""))
	}
	return out
}

// signature is boxes 7 and 9b, kept on one page; 34 mm stay free for the
// signature image and the seal.
func (l Letter) signature() string {
	left := para{size: 12, keep: true}.xml(run("Nơi nhận:", 12, "bi"))
	for _, c := range l.Copies {
		left += para{size: 11, keep: true}.xml(run("- "+c, 11, ""))
	}
	var right string
	for _, line := range l.Capacity {
		right += para{size: 14, center: true, keep: true}.xml(run(line, 14, "b"))
	}
	right += para{size: 14, center: true, before: mm(34)}.xml(run(l.Signer, 14, "b"))
	return para{size: 1, exact: 120, keep: true}.xml("") + columns([]int{75, 90}, left, right)
}

func lines(s string) []string { return strings.Split(s, "\n") }

func (b Block) xml() string {
	switch b.Style {
	case table:
		return grid(b.Width, b.Table)
	case centred:
		return para{size: 14, center: true, before: 60, after: 60, keep: true}.xml(inline(b.Text, "b"))
	case basis:
		return bodyPara.xml(inline(b.Text, "i"))
	default:
		shape := bodyPara
		shape.keep = strings.HasSuffix(b.Text, "**") // a heading stays with its text
		return shape.xml(inline(b.Text, ""))
	}
}
