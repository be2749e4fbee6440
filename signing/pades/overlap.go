package pades

import (
	"fmt"
	"unicode/utf8"

	"congvan/signing"
	"congvan/signing/text"
)

// quoted is how many letters of covered text an error shows.
const quoted = 40

// uncovered refuses a place that stands over text of the page: a mark may stand over
// blank paper, other signatures and a signer's block of title and name (NĐ 30/2020
// Annex I, boxes 7 and 8). What counts as over is in text.Under.
func (u *update) uncovered(at signing.Place) error {
	p, err := loadPage(u.file, at.Page)
	if err != nil {
		return err
	}
	if _, err := p.box(at); err != nil {
		return err
	}
	paper := u.papers[at.Page]
	if paper == nil {
		if paper, err = text.ReadPaper(u.ctx, u.file, at.Page); err != nil {
			return err
		}
		if u.papers == nil {
			u.papers = map[int]*text.Paper{}
		}
		u.papers[at.Page] = paper
	}
	under, err := paper.Under(at, u.request.Name)
	if err != nil {
		return err
	}
	if len(under) == 0 {
		return nil
	}
	s := under[0].Text
	if utf8.RuneCountInString(s) > quoted {
		s = string([]rune(s)[:quoted]) + "…"
	}
	return fmt.Errorf("%w: “%s” at %.1f, %.1f mm on page %d", signing.ErrCovers, s, under[0].X, under[0].Y, at.Page)
}
