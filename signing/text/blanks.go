package text

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"congvan/signing"
	"congvan/signing/pdf"
)

// Blanks finds the lines on which the pieces of pattern stand in order and returns,
// for each, the gap behind every piece: between it and the next piece, and behind
// the last one up to the next letter of the line, or up to the right edge of the
// page's text where the line ends. It is how the places for number and date are
// found: ["Số:"] and ["ngày", "tháng", "năm"] (NĐ 30/2020, Annex I, boxes 3 and 4).
//
// Spaces, dots, ellipses and underscores are what a blank is made of. A gap that
// holds only these has no Text; else Text is what it holds, without them at its ends.
// Behind the last piece a gap that is one space or less is no blank: its Text is the
// word that follows ("2026" behind "năm"). FontSize is that of the piece; the
// rectangle is as high as its line. A piece matches whole words, on NFC and with
// white space folded, and a pattern takes the nearest next piece. Lines are in
// reading order; a line may match several times.
func Blanks(ctx context.Context, f *pdf.File, pattern []string) ([][]signing.TextHit, error) {
	pieces := make([]string, len(pattern))
	for i, p := range pattern {
		if pieces[i] = fold(p); pieces[i] == "" {
			return nil, nil
		}
	}
	if len(pieces) == 0 {
		return nil, nil
	}
	var found [][]signing.TextHit
	err := eachPage(ctx, f, func(lines []Line) {
		for i := range lines {
			found = append(found, lines[i].blanks(pieces)...)
		}
	})
	return found, err
}

func (l *Line) blanks(pieces []string) [][]signing.TextHit {
	ix := newIndex(l.Glyphs)
	var found [][]signing.TextHit
	for from := 0; ; {
		spans := ix.sequence(pieces, from)
		if spans == nil {
			return found
		}
		gaps := make([]signing.TextHit, len(spans))
		for i, s := range spans {
			if i+1 < len(spans) {
				gaps[i] = l.between(ix, s, spans[i+1][0])
			} else {
				gaps[i] = l.behind(ix, s)
			}
		}
		found = append(found, gaps)
		from = spans[len(spans)-1][1]
	}
}

// sequence finds the pieces one after another and returns the bytes of each; nil
// when they are not all there. The first piece is the last of its kind before the
// second one, so that gaps are as short as can be.
func (ix *index) sequence(pieces []string, from int) [][2]int {
	spans := make([][2]int, len(pieces))
	for i, p := range pieces {
		at := ix.word(p, from)
		if at < 0 {
			return nil
		}
		spans[i] = [2]int{at, at + len(p)}
		from = at + len(p)
	}
	for i := len(pieces) - 2; i >= 0; i-- {
		for {
			at := ix.word(pieces[i], spans[i][1])
			if at < 0 || at+len(pieces[i]) > spans[i+1][0] {
				break
			}
			spans[i] = [2]int{at, at + len(pieces[i])}
		}
	}
	return spans
}

// word finds a piece that neither begins nor ends inside a word.
func (ix *index) word(piece string, from int) int {
	first, _ := utf8.DecodeRuneInString(piece)
	last, _ := utf8.DecodeLastRuneInString(piece)
	for at := ix.next(piece, from); at >= 0; at = ix.next(piece, at+len(piece)) {
		before, _ := utf8.DecodeLastRuneInString(ix.text[:at])
		after, _ := utf8.DecodeRuneInString(ix.text[at+len(piece):])
		if !(unicode.IsLetter(first) && unicode.IsLetter(before)) && !(unicode.IsLetter(last) && unicode.IsLetter(after)) {
			return at
		}
	}
	return -1
}

// filler reports whether a character is what people mark a blank with.
func filler(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("._…‥․", r) }

func (l *Line) between(ix *index, piece [2]int, to int) signing.TextHit {
	text := strings.TrimFunc(ix.text[piece[1]:to], filler)
	return l.gap(ix, piece, ix.glyphs[ix.lo[to]].lo, text)
}

// behind is the gap from the end of the last piece to the next letter.
func (l *Line) behind(ix *index, piece [2]int) signing.TextHit {
	rest := ix.text[piece[1]:]
	run := len(rest) - len(strings.TrimLeftFunc(rest, filler))
	if run == len(rest) {
		end := max(l.marginRight, ix.glyphs[len(ix.glyphs)-1].hi)
		return l.gap(ix, piece, end, "")
	}
	next := ix.glyphs[ix.lo[piece[1]+run]].lo
	h := l.gap(ix, piece, next, "")
	if strings.TrimSpace(rest[:run]) == "" && next-ix.end(piece) < blankGap*h.FontSize*mmPerPoint {
		word, _, _ := strings.Cut(strings.TrimLeft(rest, " "), " ")
		h.Text = strings.TrimFunc(word, filler)
	}
	return h
}

// blankGap is the least free room, in ems, that is a blank and not the space between
// two words.
const blankGap = 0.75

// end is where a piece ends along its line, mm.
func (ix *index) end(piece [2]int) float64 { return ix.glyphs[ix.hi[piece[1]-1]-1].hi }

func (l *Line) gap(ix *index, piece [2]int, to float64, text string) signing.TextHit {
	last := ix.glyphs[ix.hi[piece[1]-1]-1]
	from := last.hi
	return signing.TextHit{
		Place:    newAxis(l.Angle).box(l.Page, from, max(from, to), last.up, last.down),
		Text:     text,
		FontSize: last.Size,
	}
}
