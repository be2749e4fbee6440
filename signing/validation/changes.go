package validation

import (
	"fmt"
	"slices"

	"congvan/signing/pdf"
)

// changes is check 4: every revision after a signature against the whitelist, under
// the limits that the signature and the certification before it set.
func (c *check) changes() error {
	if err := c.setLimits(); err != nil {
		return err
	}
	earliest, last := len(c.revisions), -1
	for _, s := range c.found {
		earliest, last = min(earliest, s.base()), max(last, s.base())
	}
	steps, err := c.steps(earliest)
	if err != nil {
		return err
	}
	for _, s := range c.found {
		for i := s.base() + 1; i < len(c.revisions); i++ {
			for _, ch := range steps[i] {
				if !s.limits.permits(ch) {
					if ch.code != ChangeForbidden {
						ch = change{code: ChangeForbidden, field: ch.field, detail: ch.code + " is locked or not certified by this signature"}
					}
					s.after = "forbidden"
					s.add(ReasonChanged)
				} else {
					if s.after == "none" {
						s.after = "permitted"
					}
					if ch.code == ChangeFieldFilled && i > last {
						s.add(ReasonFilledAfter)
					}
				}
				s.changes = append(s.changes, ch.String())
			}
		}
		if c.trailing {
			s.after = "forbidden"
			s.add(ReasonTrailingData)
		}
	}
	return nil
}

// base is the revision after which changes count: the one that is covered, or where
// the signature turned up if it covers none.
func (s *found) base() int {
	if s.covered >= 0 {
		return s.covered
	}
	return s.first
}

// setLimits gives every signature its own limits and the certification level that
// was in force when it was made.
func (c *check) setLimits() error {
	certified := limits{}
	for _, s := range c.found { // in revision order
		view, err := c.at(s.base())
		if err != nil {
			s.limits = limits{p: 1}
			if fatal(err) {
				return err
			}
			continue
		}
		if s.limits, err = readLimits(view, s); err != nil {
			return err
		}
		if s.limits.p > 0 {
			certified.restrict(s.limits.p)
		}
		s.limits.p = certified.p
	}
	return nil
}

// steps compares each revision after the earliest signature with the one before.
func (c *check) steps(earliest int) ([][]change, error) {
	out := make([][]change, len(c.revisions))
	all := make([]*step, len(c.revisions))
	for i := earliest + 1; i < len(c.revisions); i++ {
		old, err := c.at(i - 1)
		if err == nil {
			var new *pdf.File
			if new, err = c.at(i); err == nil {
				all[i], err = compare(c.ctx, old, new, &c.revisions[i])
			}
		}
		if fatal(err) {
			return nil, err
		}
		if err != nil {
			out[i] = []change{{code: ChangeForbidden, detail: err.Error()}}
		}
	}
	if err := c.references(all); err != nil {
		return nil, err
	}
	for i, s := range all {
		if s != nil {
			out[i] = append(out[i], s.changes...)
			if len(out[i]) == 0 {
				out[i] = []change{{code: ChangeContainer, detail: "nothing changed"}}
			}
		}
	}
	return out, nil
}

// trailerKeys are the entries of a trailer with rules of their own, and those of the
// stream that a trailer may be.
var trailerKeys = [...]pdf.Name{"Root", "Info", "Encrypt", "ID", "Prev", "Size", "Filter", "DecodeParms", "Length"}

// elsewhere is the object number of a place that no rule covers.
const elsewhere = -1

// references reads every object once to learn who refers to what the steps made or
// overwrote. An object that came new must not fill a reference that dangled in a
// signed state, and an overwritten one must not be shared with a place that its rule
// does not cover.
func (c *check) references(steps []*step) error {
	targets := map[int]bool{}
	last := -1
	for i, s := range steps {
		if s == nil {
			continue
		}
		for n := range s.fresh {
			targets[n], last = true, i
		}
		for n := range s.owners {
			targets[n], last = true, i
		}
	}
	type use struct{ from, revision int }
	uses := map[int][]use{}
	for i := 0; i < last; i++ {
		view, err := c.at(i)
		if err != nil {
			return pass(err)
		}
		root := view.RootRef().Num
		collect := func(from int, o pdf.Object) {
			pdf.EachRef(o, func(r pdf.Ref) {
				if !targets[r.Num] || len(uses[r.Num]) >= 1000 {
					return
				}
				by := from
				if u := (use{from, i}); from == root && slices.Contains(uses[r.Num], u) {
					by = elsewhere // a second key of the catalog names it: for what, is anybody's guess
				}
				uses[r.Num] = append(uses[r.Num], use{by, i})
			})
		}
		for k, o := range c.revisions[i].Trailer {
			if !slices.Contains(trailerKeys[:], k) {
				collect(elsewhere, o)
			}
		}
		err = view.EachWritten(func(from int, o pdf.Object) error {
			if st, ok := o.(*pdf.Stream); ok && st.Dict["Type"] == pdf.Name("XRef") {
				return nil // its references are the trailer's
			}
			collect(from, o)
			return nil
		})
		if err != nil {
			return err
		}
	}
	order := sorted(targets)
	// What a trailer names for purposes of its own may dangle: nobody draws it.
	for i, s := range steps {
		if s == nil {
			continue
		}
		for _, num := range order {
			by, owned := s.owners[num]
			if !owned && !s.fresh[num] {
				continue
			}
			for _, u := range uses[num] {
				if u.revision >= i || by[u.from] || !owned && u.from == elsewhere {
					continue
				}
				what := "an object that others refer to was overwritten or freed"
				if s.fresh[num] {
					what = "a new object fills a gap that an earlier state left"
				}
				s.forbid("%s (%d, named in object %d)", what, num, u.from)
				break
			}
		}
	}
	return nil
}

// at is the state of the file at the end of a revision, opened once.
func (c *check) at(i int) (*pdf.File, error) {
	if i < 0 || i >= len(c.revisions) {
		return nil, fmt.Errorf("validation: no revision %d", i)
	}
	if c.views[i] == nil {
		v, err := c.file.At(i)
		if err != nil {
			return nil, err
		}
		c.views[i] = v
	}
	return c.views[i], nil
}
