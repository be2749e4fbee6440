package pdf

import (
	"cmp"
	"errors"
	"regexp"
	"slices"
	"strconv"

	"congvan/signing"
)

// Stray is the body of an object that lies in the file and that no cross-reference of
// its revision leads to.
type Stray struct {
	Num      int
	Revision int
	// Doubles: the revision has another object of this number. A later update can bring
	// the stray one back by its offset alone.
	Doubles bool
	Object  Object // nil when it cannot be read
}

// maxGaps is how many bytes between objects are searched.
const maxGaps = 64 << 20

// Strays finds bodies of objects between those that the cross-references name, and
// objects that an object stream holds beside another of their number. It reads every
// object's source once, but no stream data.
func (f *File) Strays(visit func(Stray) error) error {
	left := int64(maxGaps)
	var from int64
	for i := range f.revisions {
		r := &f.revisions[i]
		if err := f.straysOf(i, from, &left, visit); err != nil {
			return err
		}
		from = max(from, r.End)
	}
	return nil
}

func (f *File) straysOf(revision int, from int64, left *int64, visit func(Stray) error) error {
	r := &f.revisions[revision]
	var list []Change
	streams := map[int]bool{}
	for _, c := range r.Objects {
		switch {
		case c.Free:
		case c.Stream != 0:
			streams[c.Stream] = true
		case c.Offset >= from && c.Offset < r.End:
			list = append(list, c)
		}
	}
	slices.SortFunc(list, func(a, b Change) int { return cmp.Compare(a.Offset, b.Offset) })
	for _, c := range list {
		if err := f.gap(revision, from, c.Offset, left, visit); err != nil {
			return err
		}
		_, after, err := f.bodyAt(c.Offset, r.End, c.Num)
		if fatal(err) {
			return err
		}
		if err != nil {
			after = c.Offset + 1 // what cannot be read is searched
		}
		from = max(from, after)
	}
	if err := f.gap(revision, from, r.End, left, visit); err != nil {
		return err
	}
	for num := range streams {
		if err := f.doubled(revision, num, visit); err != nil {
			return err
		}
	}
	return nil
}

// fatal tells errors that end the reading from damage to one object.
func fatal(err error) bool {
	return err != nil && !errors.Is(err, signing.ErrTruncated) && !errors.Is(err, ErrFilter)
}

// bodyAt reads an object and finds where it ends, the data of a stream passed over.
func (f *File) bodyAt(at, end int64, num int) (Object, int64, error) {
	o, after, err := f.indirect(at, end, num)
	if err != nil {
		return nil, 0, err
	}
	if s, ok := o.(*Stream); ok {
		start, n, err := f.bounds(s)
		if err != nil {
			return nil, 0, err
		}
		after = start + n
	}
	return o, after, nil
}

// body is the head of an indirect object.
var body = regexp.MustCompile(`(?:^|[\s\x00])(\d{1,10})[\s\x00]+(\d{1,5})[\s\x00]+obj(?:[^A-Za-z0-9]|$)`)

// gap searches the bytes between two objects.
func (f *File) gap(revision int, from, to int64, left *int64, visit func(Stray) error) error {
	r := &f.revisions[revision]
	const shortest, step, overlap = 7, 64 << 10, 64
	for at := from; to-at >= shortest; {
		n := min(step, to-at)
		if *left -= n; *left < 0 {
			return tooMuch("more than %d bytes between objects", maxGaps)
		}
		chunk, err := f.read(at, n)
		if err != nil {
			return err
		}
		m := body.FindSubmatchIndex(chunk)
		if m == nil {
			at += max(n-overlap, 1)
			if n < step {
				return nil
			}
			continue
		}
		head := at + int64(m[2])
		s := Stray{Revision: revision}
		s.Num, _ = strconv.Atoi(string(chunk[m[2]:m[3]]))
		if c, ok := r.Changes(s.Num); ok {
			s.Doubles = !c.Free
		}
		var after int64
		s.Object, after, err = f.bodyAt(head, to, 0)
		if fatal(err) {
			return err
		}
		if head != r.XrefOffset {
			if err := visit(s); err != nil {
				return err
			}
		}
		at = max(head+1, after)
	}
	return nil
}

// doubled finds objects that an object stream holds although their number's
// cross-reference leads elsewhere.
func (f *File) doubled(revision, num int, visit func(Stray) error) error {
	r := &f.revisions[revision]
	if c, ok := r.Changes(num); !ok || f.xref[num].Offset != c.Offset {
		return nil // an older state of the stream: its own view has it
	}
	s, err := f.objectStream(num)
	if fatal(err) {
		return err
	}
	if err != nil {
		return nil
	}
	for i, n := range s.numbers {
		c, ok := r.Changes(n)
		if !ok || c.Free || c.Stream == num && c.Index == i {
			continue
		}
		if err := visit(Stray{Num: n, Revision: revision, Doubles: true}); err != nil {
			return err
		}
	}
	return nil
}
