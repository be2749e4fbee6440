package inspect

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"congvan/signing"
	"congvan/signing/pdf"
	"congvan/signing/text"
)

// quoted is how many letters of hidden text a finding shows.
const quoted = 60

// conceal looks on every page for text that a reader does not see: below something
// opaque, or never painted. Where signatures stand is for the rule of overlap, since
// the agency's seal covers part of the leader's block by law.
func (l *look) conceal() error {
	if l.file.Locked() {
		return nil
	}
	mind := func(_ pdf.Dict, ref pdf.Ref) bool { return !l.marks[ref.Num] }
	err := text.EachConcealed(l.ctx, l.file, mind, func(page int, c text.Concealed, err error) {
		if err != nil {
			l.find("damaged_object", 0)
			return
		}
		for _, hidden := range c.Covered {
			l.find("covered_text", hidden.By.Num)
			l.quote("covered_text", page, hidden.Text)
		}
		if c.Unseen > 0 {
			l.find("unseen_text", 0)
			l.quote("unseen_text", page, "")
		}
	})
	if errors.Is(err, signing.ErrResourceLimit) {
		l.find("too_complex", 0)
		return nil
	}
	return err
}

// quote keeps the first place of a finding.
func (l *look) quote(code string, page int, words string) {
	if l.quotes[code] != "" {
		return
	}
	if utf8.RuneCountInString(words) > quoted {
		words = string([]rune(words)[:quoted]) + "…"
	}
	if words != "" {
		words = fmt.Sprintf(": “%s”", words)
	}
	l.quotes[code] = fmt.Sprintf("; page %d%s", page, words)
}
