package flow

import (
	"cmp"
	"context"
	"strings"

	"congvan/internal/document"
	"congvan/internal/fault"
	"congvan/signing"
)

// Sizes of the marks, in mm (NĐ 30/2020 Annex I; records rules §2).
const (
	leaderWidth  = 50.0 // the handwritten signature
	leaderHeight = 22.0
	sealSize     = 36.0 // seal of most agencies
	minBlank     = 4.0  // narrower is not a blank somebody left for a number
)

// layOut finds the places of number, date, signature and seal in the main file's text. What
// the drafter gave wins; what is not found, or found twice, stays missing and Submit says so.
func (f *Flow) layOut(ctx context.Context, d *document.Outgoing, given *document.Layout, signer signerFacts) error {
	main := document.MainFile(d.Files)
	if main == nil {
		return nil
	}
	file, closer, err := f.open(ctx, main.Version.Blob, main.Version.HashState)
	if err != nil {
		return err
	}
	defer func() { _ = closer.Close() }()
	l := document.Layout{FontSize: formFontSize, DateSize: formFontSize}
	if err := f.findNumber(ctx, file, &l); err != nil {
		return pdfFault(err)
	}
	if err := f.findDate(ctx, file, &l); err != nil {
		return pdfFault(err)
	}
	if err := f.findSigner(ctx, file, signer, &l); err != nil {
		return pdfFault(err)
	}
	d.Layout = merge(given, l)
	return onPages(d.Layout, main.Version.Pages)
}

// findNumber takes the one blank after "Số:".
func (f *Flow) findNumber(ctx context.Context, file signing.File, l *document.Layout) error {
	lines, err := f.Engine.Blanks(ctx, file, []string{"Số:"})
	if err != nil {
		return err
	}
	var hits []signing.TextHit
	for _, gaps := range lines {
		if g := gaps[0]; isBlank(g) && g.Page == 1 {
			hits = append(hits, g)
		}
	}
	if len(hits) == 1 {
		l.Number = place(hits[0])
		l.FontSize = hits[0].FontSize
	}
	return nil
}

// findDate takes the one line "…, ngày   tháng   năm …" whose day and month are blank.
func (f *Flow) findDate(ctx context.Context, file signing.File, l *document.Layout) error {
	lines, err := f.Engine.Blanks(ctx, file, []string{"ngày", "tháng", "năm"})
	if err != nil {
		return err
	}
	var hits [][]signing.TextHit
	for _, gaps := range lines {
		if gaps[0].Page == 1 && isBlank(gaps[0]) && isBlank(gaps[1]) {
			hits = append(hits, gaps)
		}
	}
	if len(hits) != 1 {
		return nil
	}
	l.Day, l.Month, l.DateSize = place(hits[0][0]), place(hits[0][1]), hits[0][0].FontSize
	if len(hits[0]) > 2 && isBlank(hits[0][2]) {
		l.Year = place(hits[0][2])
		l.Year.W = min(l.Year.W, 14)
	}
	return nil
}

// findSigner puts the signature centred above the signer's full name, below the title,
// and the seal over the left third of it (NĐ 30/2020 Annex I, II.8; Đ.33).
func (f *Flow) findSigner(ctx context.Context, file signing.File, s signerFacts, l *document.Layout) error {
	if s.FullName == "" {
		return nil
	}
	names, err := f.Engine.Find(ctx, file, s.FullName)
	if err != nil {
		return err
	}
	if len(names) == 0 {
		return nil
	}
	name := names[len(names)-1]
	top := name.Y - 35
	titles, err := f.Engine.Find(ctx, file, s.Title)
	if err != nil {
		return err
	}
	for _, t := range titles {
		if t.Page == name.Page && t.Y < name.Y && name.Y-t.Y < 80 && t.Y+t.H > top {
			top = t.Y + t.H
		}
	}
	if top < 0 || name.Y-top < 8 {
		return nil
	}
	centre, middle := name.X+name.W/2, (top+name.Y)/2
	h := min(leaderHeight, name.Y-top-1)
	l.Leader = &document.Place{Page: name.Page, X: centre - leaderWidth/2, Y: middle - h/2, W: leaderWidth, H: h}
	l.Agency = SealOver(*l.Leader)
	return nil
}

// SealOver is the seal's place for a leader's image: true size, covering its left third.
func SealOver(leader document.Place) *document.Place {
	return &document.Place{
		Page: leader.Page, X: leader.X + leader.W/3 - sealSize, Y: leader.Y + leader.H/2 - sealSize/2, W: sealSize, H: sealSize,
	}
}

// Proposal is NĐ 30/2020's boxes 3, 4, 7 and 8 on an A4 page with the usual margins, for
// a file in which nothing was found.
func Proposal(lastPage int) document.Layout {
	leader := document.Place{Page: lastPage, X: 120, Y: 215, W: leaderWidth, H: leaderHeight}
	return document.Layout{
		Number: &document.Place{Page: 1, X: 48, Y: 36, W: 14, H: 6}, FontSize: formFontSize, DateSize: formFontSize,
		Day:    &document.Place{Page: 1, X: 142, Y: 36, W: 9, H: 6},
		Month:  &document.Place{Page: 1, X: 163, Y: 36, W: 9, H: 6},
		Leader: &leader, Agency: SealOver(leader),
	}
}

// isBlank tells whether a gap was left for filling in: no text but dots, and room enough.
func isBlank(g signing.TextHit) bool {
	return g.W >= minBlank && strings.Trim(g.Text, " .…_\u00a0") == ""
}

func place(h signing.TextHit) *document.Place {
	return &document.Place{Page: h.Page, X: h.X, Y: h.Y, W: h.W, H: h.H}
}

// merge lets what the drafter gave win over what was found.
func merge(given *document.Layout, found document.Layout) document.Layout {
	if given == nil {
		return found
	}
	pick := func(a, b *document.Place) *document.Place {
		if a != nil {
			return a
		}
		return b
	}
	out := document.Layout{
		Number: pick(given.Number, found.Number), Day: pick(given.Day, found.Day), Month: pick(given.Month, found.Month),
		Year: pick(given.Year, found.Year), Leader: pick(given.Leader, found.Leader),
		FontSize: cmp.Or(given.FontSize, found.FontSize), DateSize: cmp.Or(given.DateSize, found.DateSize),
	}
	switch {
	case given.Agency != nil:
		out.Agency = given.Agency
	case given.Leader != nil:
		out.Agency = SealOver(*given.Leader)
	default:
		out.Agency = found.Agency
	}
	return out
}

// onPages refuses places that lie on no page or have no size.
func onPages(l document.Layout, pages int) error {
	for name, p := range map[string]*document.Place{
		"layout.number": l.Number, "layout.day": l.Day, "layout.month": l.Month, "layout.year": l.Year,
		"layout.leader": l.Leader, "layout.agency": l.Agency,
	} {
		if p == nil {
			continue
		}
		if p.Page < 1 || pages > 0 && p.Page > pages || p.W <= 0 || p.H <= 0 || p.X < -sealSize || p.Y < -sealSize || p.X > 5000 || p.Y > 5000 {
			return fault.New(fault.Invalid, "place_off_page").Field(name).With("pages", pages)
		}
	}
	return nil
}
