package pdf

import (
	"bytes"
	"slices"
)

// XrefKind tells how a revision writes its cross-references.
type XrefKind string

const (
	XrefTable  XrefKind = "table"
	XrefStream XrefKind = "stream"
	XrefHybrid XrefKind = "hybrid" // a table with /XRefStm
)

// Change is one object that a revision writes or frees.
type Change struct {
	Num, Gen int
	Free     bool
	Offset   int64 // of "num gen obj"; 0 when in an object stream
	Stream   int   // number of the object stream that holds it, or 0
	Index    int   // within that stream
}

// Revision is one state of the file: what was written in one go (ISO 32000-2,
// 7.5.6). Both parts of a linearized file are one revision.
type Revision struct {
	XrefOffset int64 // of the section that startxref names
	StartXref  int64 // the offset its own startxref gives, shifted; -1 when it has none
	Marker     int64 // just behind its word %%EOF; 0 when it has none
	End        int64 // just behind the line of that word
	Kind       XrefKind
	Linearized bool
	Trailer    Dict
	Ambiguous  bool     // the trailer names one key twice: readers differ in which value they take
	Objects    []Change // ascending by number, one per number
	// Conflicts are numbers that the revision's sections define twice and
	// differently: readers disagree about them.
	Conflicts []int
	// Restated are numbers that a cross-reference stream of an older revision, which the
	// table of this one names once more, gives as they were then: some writers copy that
	// line of a hybrid file's trailer. The table holds.
	Restated []int
}

// Changes finds the entry of an object number in the revision.
func (r *Revision) Changes(num int) (Change, bool) {
	i, ok := slices.BinarySearchFunc(r.Objects, num, func(c Change, n int) int { return c.Num - n })
	if !ok {
		return Change{}, false
	}
	return r.Objects[i], true
}

// entry is a Change and the end of the revision that wrote it.
type entry struct {
	Change
	end int64
}

// section is one cross-reference section as it stands in the file.
type section struct {
	at      int64
	after   int64 // behind its trailer or stream
	kind    XrefKind
	trailer Dict
	objects []Change
	// ambiguous is set when the trailer, or that of the hidden stream, names a key twice.
	ambiguous bool

	hiddenAt int64    // of the stream that the trailer of a hybrid file names, 0 when none
	hidden   []Change // what that says
}

// readRevisions follows the chain of /Prev from the newest section to the oldest.
func (f *File) readRevisions(last ending) error {
	var chain []section
	total := 0
	seen := map[int64]bool{}
	for at := last.start + f.shift; ; {
		if seen[at] {
			return damaged("cross-reference sections form a loop at offset %d", at)
		}
		seen[at] = true
		if len(chain) >= f.lim.Revisions {
			return tooMuch("more than %d revisions", f.lim.Revisions)
		}
		sec, err := f.section(at, &total)
		if err != nil {
			return err
		}
		chain = append(chain, sec)
		prev, ok := sec.trailer["Prev"]
		if !ok {
			break
		}
		p, isInt := integer(prev)
		if !isInt || p < 0 || p >= f.full {
			return damaged("/Prev of the section at %d is no offset", at)
		}
		if p == 0 && f.shift == 0 {
			break // some writers say 0 where they mean none
		}
		at = p + f.shift
	}
	slices.Reverse(chain)
	return f.assemble(chain, last)
}

// assemble turns sections, oldest first, into revisions.
func (f *File) assemble(chain []section, last ending) error {
	if n := len(chain); n >= 2 && chain[1].at < chain[0].at {
		linear, err := f.linearized()
		if err != nil {
			return err
		}
		if !linear {
			return damaged("the section at %d has a /Prev behind it", chain[1].at)
		}
		first := revisionOf(chain[1], nil)
		first.Linearized = true
		first.add(chain[0].objects, false)
		first.add(chain[0].hidden, true)
		if err := f.close(&first, chain[0].after); err != nil {
			return err
		}
		f.revisions = append(f.revisions, first)
		chain = chain[2:]
	}
	hidden := map[int64]bool{}
	for _, sec := range chain {
		if n := len(f.revisions); n > 0 && sec.at < f.revisions[n-1].XrefOffset {
			return damaged("the section at %d has a /Prev behind it", sec.at)
		}
		r := revisionOf(sec, hidden)
		if err := f.close(&r, sec.after); err != nil {
			return err
		}
		f.revisions = append(f.revisions, r)
	}
	// The last startxref belongs to the newest revision only if it is the one behind
	// its section: otherwise somebody wrote it to bring an older state back.
	if newest := &f.revisions[len(f.revisions)-1]; newest.Marker == 0 {
		newest.StartXref, newest.Marker, newest.End = last.start+f.shift, last.marker, last.end
	}
	return nil
}

// revisionOf makes a revision of one section; hidden are the streams that older hybrid
// sections named.
func revisionOf(sec section, hidden map[int64]bool) Revision {
	r := Revision{XrefOffset: sec.at, StartXref: -1, End: sec.after, Kind: sec.kind, Trailer: sec.trailer, Ambiguous: sec.ambiguous}
	r.add(sec.objects, false)
	if sec.hiddenAt == 0 {
		return r
	}
	before := len(r.Conflicts)
	r.add(sec.hidden, true)
	if hidden[sec.hiddenAt] {
		r.Restated = slices.Clone(r.Conflicts[before:])
		r.Conflicts = r.Conflicts[:before]
	} else if hidden != nil {
		hidden[sec.hiddenAt] = true
	}
	return r
}

// add merges entries into the revision. Of two that differ the first stands, but
// in a hybrid file the table's free entry yields to the stream's: that is how it
// hides objects from old readers (ISO 32000-2, 7.5.8.4).
func (r *Revision) add(objects []Change, hybrid bool) {
	all := append(r.Objects, objects...)
	slices.SortStableFunc(all, func(a, b Change) int { return a.Num - b.Num })
	r.Objects = all[:0]
	for _, c := range all {
		n := len(r.Objects)
		if n == 0 || r.Objects[n-1].Num != c.Num {
			r.Objects = append(r.Objects, c)
			continue
		}
		old := r.Objects[n-1]
		switch {
		case old == c, old.Free && c.Free:
		case hybrid && old.Free:
			r.Objects[n-1] = c
		default:
			r.Conflicts = append(r.Conflicts, c.Num)
		}
	}
}

// close finds the startxref and %%EOF that end a revision.
func (f *File) close(r *Revision, after int64) error {
	tail, err := f.read(after, min(4096, f.full-after))
	if err != nil {
		return err
	}
	i := bytes.Index(tail, []byte("startxref"))
	if i < 0 {
		return nil
	}
	e, ok, err := f.ending(after + int64(i))
	if err != nil {
		return err
	}
	if ok {
		r.StartXref, r.Marker, r.End = e.start+f.shift, e.marker, e.end
	}
	return nil
}

// linearized tells whether the file begins with a linearization dictionary
// (ISO 32000-2, Annex F).
func (f *File) linearized() (bool, error) {
	l := f.lexer(f.shift, f.full)
	num, ok := l.peekInt()
	if _, gen := l.peekInt(); !ok || !gen || num <= 0 {
		return false, l.err
	}
	if t, err := l.token(); err != nil || t != Keyword("obj") {
		return false, l.err
	}
	o, err := l.object()
	if err != nil {
		return false, err
	}
	d, _ := o.(Dict)
	return d["Linearized"] != nil, f.spend(l.pos - f.shift)
}

// view builds the map of all objects of this view.
func (f *File) view() {
	n := 0
	for _, r := range f.revisions {
		n += len(r.Objects)
	}
	f.xref = make(map[int]entry, n)
	f.highest = 0
	for _, r := range f.revisions {
		for _, c := range r.Objects {
			f.xref[c.Num] = entry{c, r.End}
			f.highest = max(f.highest, c.Num)
		}
		size, _ := integer(r.Trailer["Size"])
		f.highest = max(f.highest, int(size)-1)
	}
	f.cached = map[int]cachedObject{}
	f.streams = map[int]*objectStream{}
	f.ambiguous = map[int]bool{}
}

func integer(o Object) (int64, bool) {
	n, ok := o.(int64)
	return n, ok
}
