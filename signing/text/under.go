package text

import (
	"context"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"congvan/signing"
	"congvan/signing/pdf"
)

// What a mark on a page may reach without standing over its text. Letters and digits
// count; dots, rules, signs and what is set without being painted do not. Lengths are
// in mm, shares are parts of one.
const (
	letterInset = 0.25 // of a letter's box, from every side: where its ink is
	letterShare = 0.5  // of that, under the mark: the letter is covered

	// The signer's block (NĐ 30/2020 Annex I, boxes 7a to 7c): title above, name below,
	// and between them the room for the signature. Signature and seal may stand over
	// all of it (box 8 covers the left third of box 7c and reaches what is beside it).
	blockRoom    = 8.0  // least room between title and name
	blockFar     = 60.0 // most
	blockTitle   = 60   // letters of a title's line
	blockLines   = 4    // of title and authority
	blockLeading = 2.2  // distance of their baselines, in letter heights
	nameWords    = 8
)

// Under returns the pieces of page text that a mark at a place would stand over, in
// reading order: none for one over blank paper, rules, dotted lines, or a signer's
// block of title and name. names are the names of known signers, whose lines count
// to a block too. The value of a form field is a piece of its own.
func Under(ctx context.Context, f *pdf.File, at signing.Place, names ...string) ([]signing.TextHit, error) {
	p, err := ReadPaper(ctx, f, at.Page)
	if err != nil {
		return nil, err
	}
	return p.Under(at, names...)
}

// Paper is a page whose text was read to see what marks would stand over.
type Paper struct {
	file  *pdf.File
	parts []part
	block map[int]bool // parts of signers' blocks
}

// ReadPaper reads page n.
func ReadPaper(ctx context.Context, f *pdf.File, n int) (*Paper, error) {
	lines, err := Lines(ctx, f, n)
	if err != nil {
		return nil, err
	}
	p := &Paper{file: f}
	for i := range lines {
		p.parts = append(p.parts, lines[i].parts()...)
	}
	p.block = blocks(p.parts)
	return p, nil
}

// Under is the function of that name, on a page that was read.
func (p *Paper) Under(at signing.Place, names ...string) ([]signing.TextHit, error) {
	var under []signing.TextHit
	for i := range p.parts {
		if p.block[i] || p.parts[i].names(names) {
			continue
		}
		if h, ok := p.parts[i].under(at); ok {
			under = append(under, h)
		}
	}
	values, err := valuesUnder(p.file, at)
	return append(under, values...), err
}

// names tells whether a part holds the name of a known signer.
func (p *part) names(names []string) bool {
	return slices.ContainsFunc(names, func(n string) bool {
		n = fold(n)
		return n != "" && strings.Contains(p.ix.text, n)
	})
}

// valuesUnder finds the fields with a value that a mark covers.
func valuesUnder(f *pdf.File, at signing.Place) ([]signing.TextHit, error) {
	fields, err := f.Fields()
	if err != nil || len(fields) == 0 {
		return nil, err
	}
	page, err := f.Page(at.Page)
	if err != nil {
		return nil, err
	}
	annots, err := f.Array(page.Dict["Annots"])
	if err != nil {
		return nil, err
	}
	var under []signing.TextHit
	for _, field := range fields {
		value, err := f.Resolve(field.Value)
		if err != nil {
			return nil, err
		}
		s, ok := value.(pdf.String)
		if !ok || field.Type == "Sig" || !counts(s.Text()) {
			continue
		}
		for _, w := range field.Widgets {
			if !slices.Contains(annots, pdf.Object(w.Ref)) {
				continue
			}
			if box, ok := PlaceOf(f, page, at.Page, w.Dict["Rect"]); ok && covers(at, box) {
				under = append(under, signing.TextHit{Place: box, Text: s.Text()})
			}
		}
	}
	return under, nil
}

// PlaceOf turns a rectangle of user space into a place on its page as displayed; ok is
// false for what is no rectangle or has no size.
func PlaceOf(f *pdf.File, page pdf.Page, number int, rect pdf.Object) (at signing.Place, ok bool) {
	r, err := f.Rect(rect)
	if err != nil {
		return at, false
	}
	m, _, _ := Display(page)
	x1, y1 := m.Apply(r[0], r[1])
	x2, y2 := m.Apply(r[2], r[3])
	at = signing.Place{Page: number, X: min(x1, x2), Y: min(y1, y2), W: math.Abs(x2 - x1), H: math.Abs(y2 - y1)}
	return at, at.W > 0 && at.H > 0
}

// under is the run of a part's letters that a mark covers.
func (p *part) under(at signing.Place) (signing.TextHit, bool) {
	first, last := -1, 0
	for i, g := range p.ix.glyphs {
		if !g.Unseen && !g.gap && counts(g.Text) && covers(at, g.Box) {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	if first < 0 {
		return signing.TextHit{}, false
	}
	h := signing.TextHit{Place: p.ix.glyphs[first].Box, FontSize: p.ix.glyphs[first].Size}
	var text strings.Builder
	for _, g := range p.ix.glyphs[first : last+1] {
		text.WriteString(g.Text)
		h.Place = enclose(h.Place, g.Box)
	}
	h.Text = text.String()
	return h, true
}

// covers tells whether a mark covers the ink of a letter.
func covers(mark, letter signing.Place) bool {
	dx, dy := letterInset*letter.W, letterInset*letter.H
	x1, y1, x2, y2 := letter.X+dx, letter.Y+dy, letter.X+letter.W-dx, letter.Y+letter.H-dy
	w := min(x2, mark.X+mark.W) - max(x1, mark.X)
	h := min(y2, mark.Y+mark.H) - max(y1, mark.Y)
	return w > 0 && h > 0 && w*h >= letterShare*(x2-x1)*(y2-y1)
}

// blocks finds the lines of signers' blocks: a name, the room above it and the title
// over that. parts are in reading order, upright text first.
func blocks(parts []part) map[int]bool {
	found := map[int]bool{}
	for i := range parts {
		if parts[i].line.Angle != 0 || !isName(parts[i].ix.text) {
			continue
		}
		j := above(parts, i)
		hint := -1
		if j >= 0 && isHint(parts[j].ix.text) { // "(Ký, ghi rõ họ tên)"
			hint = j
			j = above(parts, j)
		}
		if j < 0 || !isTitle(parts[j].ix.text) {
			continue
		}
		if room := parts[i].up - parts[j].down; room < blockRoom || room > blockFar {
			continue
		}
		found[i], found[j] = true, true
		if hint >= 0 {
			found[hint] = true
		}
		for range blockLines - 1 {
			k := above(parts, j)
			if k < 0 || !isTitle(parts[k].ix.text) || parts[j].down-parts[k].down > blockLeading*(parts[j].down-parts[j].up) {
				break
			}
			found[k], j = true, k
		}
	}
	return found
}

// above is the nearest part over parts[i] that overlaps it sideways; -1 when there is
// none near.
func above(parts []part, i int) int {
	p, best := &parts[i], -1
	for j := i - 1; j >= max(0, i-maxBeside); j-- {
		q := &parts[j]
		if q.line.Angle != p.line.Angle || p.up-q.down > blockFar {
			break
		}
		if q.line == p.line || q.lo >= p.hi || q.hi <= p.lo {
			continue
		}
		if best < 0 || q.down > parts[best].down {
			best = j
		}
	}
	return best
}

// isName tells what reads as a person's full name: words that begin with capitals and
// are not all capitals, as headings are.
func isName(s string) bool {
	words := strings.Fields(s)
	if len(words) < 2 || len(words) > nameWords || strings.ToUpper(s) == s {
		return false
	}
	for _, w := range words {
		first, _ := utf8.DecodeRuneInString(w)
		if !unicode.IsUpper(first) || strings.ContainsFunc(w, func(r rune) bool { return !unicode.IsLetter(r) && !strings.ContainsRune(".-'’", r) }) {
			return false
		}
	}
	return true
}

// isTitle tells what reads as a title or authority: short, without numbers, its first
// letter a capital.
func isTitle(s string) bool {
	first, _ := utf8.DecodeRuneInString(s)
	return unicode.IsUpper(first) && utf8.RuneCountInString(s) <= blockTitle && !strings.ContainsFunc(s, unicode.IsNumber)
}

// isHint tells a note in brackets.
func isHint(s string) bool {
	return strings.HasPrefix(s, "(") && strings.HasSuffix(s, ")") || strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]")
}
