package pades

import (
	"crypto/sha256"
	"embed"
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf16"

	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/text/unicode/norm"

	"congvan/signing"
	"congvan/signing/pdf"
)

//go:embed fonts/LiberationSerif-Regular.ttf fonts/LiberationSerif-Italic.ttf
var fontFiles embed.FS

// face is one of the embedded fonts, metrically equal to Times New Roman, which
// NĐ 30/2020 Annex I asks for. It is read-only and safe for concurrent use.
type face struct {
	name    string // PostScript name
	italic  bool
	outline *trueType
	parsed  *sfnt.Font
}

// Vertical metrics of both faces in thousandths of the font size.
const (
	ascent  = 891
	descent = 216 // below the baseline
	tallest = 982 // top of the tallest letter: a capital with two marks, such as Ẫ
)

func loadFace(name string, italic bool) (*face, error) {
	data, err := fontFiles.ReadFile("fonts/" + name + ".ttf")
	if err != nil {
		return nil, err
	}
	outline, err := parseTrueType(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	parsed, err := sfnt.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &face{name: strings.ReplaceAll(name, "-Regular", ""), italic: italic, outline: outline, parsed: parsed}, nil
}

// box is the bounding box of all glyphs in thousandths of the font size.
func (f *face) box() pdf.Array {
	box := make(pdf.Array, 4)
	for i := range box {
		units := int64(int16(binary.BigEndian.Uint16(f.outline.head[36+2*i:])))
		box[i] = units * 1000 / int64(f.parsed.UnitsPerEm())
	}
	return box
}

// subset is the part of a face that one update uses. Glyphs are numbered in the
// order of their first use, so that equal texts give equal fonts. Not for concurrent
// use.
type subset struct {
	face   *face
	ref    pdf.Ref // of the font dictionary
	buf    sfnt.Buffer
	cids   map[rune]uint16
	glyphs []uint16 // of the face, by CID
	runes  []rune   // by CID; 0 for .notdef
	widths []int64  // by CID, thousandths of the font size
}

func newSubset(f *face, ref pdf.Ref) *subset {
	s := &subset{face: f, ref: ref, cids: map[rune]uint16{}}
	s.add(0, 0)
	return s
}

func (s *subset) add(r rune, glyph sfnt.GlyphIndex) uint16 {
	cid := uint16(len(s.glyphs))
	units := s.face.parsed.UnitsPerEm()
	// At a size of units per em the advance comes back in font units.
	advance, err := s.face.parsed.GlyphAdvance(&s.buf, glyph, fixed.I(int(units)), font.HintingNone)
	if err != nil {
		advance = 0
	}
	s.glyphs = append(s.glyphs, uint16(glyph))
	s.runes = append(s.runes, r)
	s.widths = append(s.widths, (int64(advance.Round())*1000+int64(units)/2)/int64(units))
	return cid
}

// line is a text set in a subset.
type line struct {
	hex   string // operand of Tj, with its brackets
	width int64  // thousandths of the font size
}

// set composes text to NFC and turns it into glyphs. A character that the font
// lacks is signing.ErrGlyphMissing: a name must never lose a letter in silence.
func (s *subset) set(text string) (line, error) {
	var hex strings.Builder
	var width int64
	hex.WriteByte('<')
	for _, r := range norm.NFC.String(text) {
		cid, ok := s.cids[r]
		if !ok {
			glyph, err := s.face.parsed.GlyphIndex(&s.buf, r)
			if err != nil || glyph == 0 || r < ' ' {
				return line{}, fmt.Errorf("%w: %q (U+%04X) in %q", signing.ErrGlyphMissing, r, r, text)
			}
			cid = s.add(r, glyph)
			s.cids[r] = cid
		}
		fmt.Fprintf(&hex, "%04X", cid)
		width += s.widths[cid]
	}
	hex.WriteByte('>')
	return line{hex: hex.String(), width: width}, nil
}

// write puts the font into the update as Type0 with an embedded CIDFontType2 and a
// ToUnicode map (ISO 32000-2, 9.7.4 and 9.10.3).
func (s *subset) write(u *pdf.Update) error {
	file, count, err := s.face.outline.subset(s.glyphs)
	if err != nil {
		return err
	}
	name := pdf.Name(subsetTag(file) + "+" + s.face.name)
	descriptor := pdf.Dict{
		"Type": pdf.Name("FontDescriptor"), "FontName": name,
		"Flags":       int64(1<<1 | 1<<2), // serif, symbolic: its codes are its own
		"FontBBox":    s.face.box(),
		"ItalicAngle": int64(0), "Ascent": int64(ascent), "Descent": int64(-descent),
		"CapHeight": int64(655), "StemV": int64(80),
		"FontFile2": u.AddStream(pdf.Dict{"Length1": int64(len(file))}, file, true),
		"CIDSet":    u.AddStream(nil, cidSet(count), true),
	}
	if s.face.italic {
		descriptor["Flags"], descriptor["ItalicAngle"] = int64(1<<1|1<<2|1<<6), int64(-16)
	}
	widths := make(pdf.Array, len(s.widths))
	for i, w := range s.widths {
		widths[i] = w
	}
	descendant := u.Add(pdf.Dict{
		"Type": pdf.Name("Font"), "Subtype": pdf.Name("CIDFontType2"), "BaseFont": name,
		"CIDSystemInfo": pdf.Dict{
			"Registry": pdf.String("Adobe"), "Ordering": pdf.String("Identity"), "Supplement": int64(0),
		},
		"FontDescriptor": u.Add(descriptor), "CIDToGIDMap": pdf.Name("Identity"),
		"DW": int64(1000), "W": pdf.Array{int64(0), widths},
	})
	u.Set(s.ref, pdf.Dict{
		"Type": pdf.Name("Font"), "Subtype": pdf.Name("Type0"), "BaseFont": name,
		"Encoding": pdf.Name("Identity-H"), "DescendantFonts": pdf.Array{descendant},
		"ToUnicode": u.AddStream(nil, []byte(s.toUnicode()), true),
	})
	return nil
}

// subsetTag is the six capital letters that mark a subset (9.9.2), made from its bytes.
func subsetTag(file []byte) string {
	sum := sha256.Sum256(file)
	tag := make([]byte, 6)
	for i := range tag {
		tag[i] = 'A' + sum[i]%26
	}
	return string(tag)
}

// cidSet is a bit for every glyph in the font file, all of them set (PDF/A).
func cidSet(count int) []byte {
	bits := make([]byte, (count+7)/8)
	for i := range count {
		bits[i/8] |= 0x80 >> (i % 8)
	}
	return bits
}

func (s *subset) toUnicode() string {
	var b strings.Builder
	b.WriteString("/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n" +
		"/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n" +
		"/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n" +
		"1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n")
	const block = 100 // entries that one operator may have
	for from := 1; from < len(s.runes); from += block {
		to := min(from+block, len(s.runes))
		fmt.Fprintf(&b, "%d beginbfchar\n", to-from)
		for cid := from; cid < to; cid++ {
			fmt.Fprintf(&b, "<%04X> <", cid)
			for _, unit := range utf16.Encode(s.runes[cid : cid+1]) {
				fmt.Fprintf(&b, "%04X", unit)
			}
			b.WriteString(">\n")
		}
		b.WriteString("endbfchar\n")
	}
	b.WriteString("endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n")
	return b.String()
}
