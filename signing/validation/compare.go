package validation

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"congvan/signing"
	"congvan/signing/pdf"
)

// change is one thing that a revision did to the state before it.
type change struct {
	code   string // a Permission's, or ChangeForbidden
	field  string // fully qualified name, when it concerns a field
	locked bool   // a lock naming the field forbids it
	shown  bool   // a new field that shows on a page: certification forbids it at any level
	detail string
}

func (c change) String() string {
	s := c.code
	if c.field != "" {
		s += " " + c.field
	}
	if c.detail != "" {
		s += ": " + c.detail
	}
	return s
}

// step compares two neighbouring states of a file. Every object that existed
// before and is not the same afterwards must be cleared by a rule; what is new can
// only be seen through what changed, so it is judged where that refers to it.
type step struct {
	ctx      context.Context //nolint:containedctx // a step lives as long as the check that makes it
	old, new *pdf.File
	changed  map[int]bool // existing objects that differ, still to be cleared
	fresh    map[int]bool // objects that did not exist before
	changes  []change
	widgets  map[int]string // widgets of new signature fields, to their field's name
	// owners holds, for an existing object that was overwritten, the only objects
	// that may refer to it: shared with a page it would change the page.
	owners map[int]group
	asked  *signing.Request // what the signing path asked for; nil when validating
}

// group is a set of object numbers.
type group map[int]bool

// compare judges revision k of the file against the state before it.
func compare(ctx context.Context, old, new *pdf.File, rev *pdf.Revision) (*step, error) {
	return compareFor(ctx, old, new, rev, nil)
}

// compareFor also lets pass what only a signature in the making may do: create the
// form and its fields, certify.
func compareFor(ctx context.Context, old, new *pdf.File, rev *pdf.Revision, asked *signing.Request) (*step, error) {
	s := &step{
		ctx: ctx, old: old, new: new, asked: asked,
		changed: map[int]bool{}, fresh: map[int]bool{}, widgets: map[int]string{}, owners: map[int]group{},
	}
	if rev.StartXref != rev.XrefOffset {
		s.forbid("the update does not end with a startxref to its own cross-references")
	}
	for _, n := range slices.Concat(rev.Conflicts, rev.Restated) {
		s.forbid("object %d is defined twice in one revision", n)
	}
	if err := s.ambiguous(rev); err != nil {
		return nil, err
	}
	if err := s.differences(rev); err != nil {
		return nil, err
	}
	for _, rule := range []func() error{s.trailer, s.catalog, s.pages, s.containers} {
		if err := rule(); err != nil {
			return nil, err
		}
	}
	left := sorted(s.changed)
	for i, n := range left {
		if i == 20 {
			s.forbid("and %d objects more", len(left)-i)
			break
		}
		s.forbid("object %d was changed (%s)", n, s.describe(n))
	}
	return s, nil
}

func (s *step) forbid(format string, args ...any) {
	s.changes = append(s.changes, change{code: ChangeForbidden, detail: fmt.Sprintf(format, args...)})
}

func (s *step) forbidField(name, format string, args ...any) {
	s.changes = append(s.changes, change{code: ChangeForbidden, field: name, detail: fmt.Sprintf(format, args...)})
}

// note records a permitted change once.
func (s *step) note(c change) {
	if !slices.Contains(s.changes, c) {
		s.changes = append(s.changes, c)
	}
}

// clear takes a changed object off the list and tells whether it was on it.
func (s *step) clear(num int) bool {
	was := s.changed[num]
	delete(s.changed, num)
	return was
}

// own clears an overwritten object on condition that only the group refers to it; number
// 0, of what is no reference, does nothing. It tells whether it was overwritten.
func (s *step) own(num int, by group) bool {
	was := s.clear(num)
	if was {
		s.owners[num] = by
	}
	return was
}

// ambiguous forbids what names one key twice: the rules judge the value that this reader
// takes, and another reader takes the other.
func (s *step) ambiguous(rev *pdf.Revision) error {
	if rev.Ambiguous {
		s.forbid("the trailer names one key twice")
	}
	return s.new.EachWritten(func(num int, _ pdf.Object) error {
		if s.new.Ambiguous(num) {
			s.forbid("object %d names one key twice", num)
		}
		return nil
	})
}

// differences sorts what the revision writes into fresh, changed and freed.
func (s *step) differences(rev *pdf.Revision) error {
	for _, c := range rev.Objects {
		before, existed := s.old.Entry(c.Num)
		switch {
		case !existed && !c.Free:
			s.fresh[c.Num] = true
			continue
		case !existed, before == c:
			continue
		case c.Free:
			s.owners[c.Num] = group{} // nobody may miss it
			if s.describe(c.Num) == "stream ObjStm" {
				s.forbid("object stream %d was freed", c.Num)
			}
			continue
		}
		a, err := s.old.Get(pdf.Ref{Num: c.Num, Gen: before.Gen})
		if fatal(err) {
			return err
		}
		b, err2 := s.new.Get(pdf.Ref{Num: c.Num, Gen: c.Gen})
		if fatal(err2) {
			return err2
		}
		if err != nil || err2 != nil || before.Gen != c.Gen {
			s.changed[c.Num] = true
			continue
		}
		same, err := pdf.SameObject(s.old, s.new, a, b)
		if fatal(err) {
			return err
		}
		if !same || err != nil {
			s.changed[c.Num] = true
		}
	}
	return nil
}

// describe names the type of a changed object for a person who asks.
func (s *step) describe(num int) string {
	e, _ := s.old.Entry(num)
	o, err := s.old.Get(pdf.Ref{Num: num, Gen: e.Gen})
	if err != nil {
		return "unreadable"
	}
	if st, ok := o.(*pdf.Stream); ok {
		if t, ok := st.Dict["Type"].(pdf.Name); ok {
			return "stream " + string(t)
		}
		return "stream"
	}
	d, ok := o.(pdf.Dict)
	if !ok {
		return "value"
	}
	for _, k := range []pdf.Name{"Type", "FT", "Subtype", "S"} {
		if t, ok := d[k].(pdf.Name); ok {
			return string(t)
		}
	}
	return "dictionary"
}

// diffKeys are the keys whose values are not written alike, sorted.
func diffKeys(a, b pdf.Dict) []pdf.Name {
	var out []pdf.Name
	for k, v := range a {
		if !pdf.Equal(v, b[k]) {
			out = append(out, k)
		}
	}
	for k := range b {
		if _, ok := a[k]; !ok {
			out = append(out, k)
		}
	}
	slices.Sort(out)
	return out
}

// onlyKeys forbids every differing key that the permission does not name.
func (s *step) onlyKeys(what string, a, b pdf.Dict, p Permission) (ok bool) {
	ok = true
	for _, k := range diffKeys(a, b) {
		if !slices.Contains(p.Keys, k) {
			s.forbid("%s: /%s was changed", what, k)
			ok = false
		}
	}
	return ok
}

// appended checks that an array kept what it had, in order, and returns what came.
func appended(old, new pdf.Array) (added pdf.Array, kept bool) {
	i := 0
	for _, o := range new {
		if i < len(old) && pdf.Equal(old[i], o) {
			i++
			continue
		}
		added = append(added, o)
	}
	return added, i == len(old)
}

// refNum is the object number of a reference, 0 of anything else.
func refNum(o pdf.Object) int {
	r, _ := o.(pdf.Ref)
	return r.Num
}

// trailer allows what every update changes and document information by its rule.
func (s *step) trailer() error {
	a, b := s.old.Trailer(), s.new.Trailer()
	if b["Root"] == nil {
		s.forbid("the trailer names no catalog")
	}
	if s.old.RootRef() != s.new.RootRef() && !s.fresh[s.new.RootRef().Num] {
		s.forbid("the trailer names another catalog") // a new one is compared with the old
	}
	if !pdf.Equal(a["Encrypt"], b["Encrypt"]) {
		s.forbid("the trailer names another encryption")
	}
	if x, y := fileID(a), fileID(b); x != nil && y != nil && !pdf.Equal(x, y) {
		// Some writers give every revision a new one. It shows nothing, but keys hang on it.
		if s.new.Encrypted() {
			s.forbid("the trailer has another file identifier")
		}
		s.note(change{code: ChangeMetadata})
	}
	return s.information(a["Info"], b["Info"])
}

func fileID(trailer pdf.Dict) pdf.Object {
	if id, _ := trailer["ID"].(pdf.Array); len(id) > 0 {
		return id[0]
	}
	return nil
}

// catalog compares the catalogs and goes on to what they hold.
func (s *step) catalog() error {
	a, err := s.old.Root()
	if err != nil {
		return err
	}
	b, err := s.new.Root()
	if err != nil {
		return err
	}
	root := s.new.RootRef().Num
	if s.clear(root) || s.new.RootRef() != s.old.RootRef() {
		allowed := permission(ChangeCatalog)
		if s.asked != nil && s.asked.Certify > 0 && a["Perms"] == nil {
			allowed.Keys = append(slices.Clone(allowed.Keys), "Perms")
		}
		if s.onlyKeys("catalog", a, b, allowed) {
			s.note(change{code: ChangeCatalog})
		}
		s.extensions(a["Extensions"], b["Extensions"])
		s.version(a["Version"], b["Version"])
	}
	if err := s.form(a["AcroForm"], b["AcroForm"]); err != nil {
		return err
	}
	if err := s.longTerm(a["DSS"], b["DSS"]); err != nil {
		return err
	}
	return s.metadata(a["Metadata"], b["Metadata"])
}

// sorted are the keys of a map in order: one file gives one report.
func sorted[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// catalogs are the objects that may refer to what only a catalog refers to.
func (s *step) catalogs() group {
	return group{s.old.RootRef().Num: true, s.new.RootRef().Num: true}
}

// extensions say which dialects a file uses: they may be added and restated, not taken
// away, and hold nothing that is shown.
func (s *step) extensions(a, b pdf.Object) {
	x, err := s.old.Dict(a)
	y, err2 := s.new.Dict(b)
	if err != nil || err2 != nil {
		s.forbid("catalog: /Extensions is no dictionary")
		return
	}
	for _, k := range sorted(x) {
		v := x[k]
		if !pdf.Equal(v, y[k]) && !s.extension(y[k]) {
			s.forbid("catalog: extension %s was changed", k)
		}
	}
	if r := refNum(a); r == refNum(b) {
		s.own(r, s.catalogs())
	}
}

// extension tells whether an object is a developer extension, or an array of them, and
// nothing more (ISO 32000-2, 7.12).
func (s *step) extension(o pdf.Object) bool {
	v, err := s.new.Resolve(o)
	if list, ok := v.(pdf.Array); ok && err == nil {
		return !slices.ContainsFunc(list, func(item pdf.Object) bool {
			d, err := s.new.Resolve(item)
			_, isDict := d.(pdf.Dict)
			return err != nil || !isDict || !s.extension(d)
		})
	}
	d, ok := v.(pdf.Dict)
	if !ok || err != nil {
		return v == pdf.Name("Extensions") // /Type, which some writers leave out first
	}
	for k, v := range d {
		switch v.(type) {
		case pdf.Name, pdf.String, int64:
		default:
			return false
		}
		if !slices.Contains([]pdf.Name{"Type", "BaseVersion", "ExtensionLevel", "URL", "ExtensionRevision"}, k) {
			return false
		}
	}
	return true
}

// version may rise.
func (s *step) version(a, b pdf.Object) {
	if pdf.Equal(a, b) {
		return
	}
	old, _ := a.(pdf.Name)
	new, _ := b.(pdf.Name)
	if old == "" {
		old = pdf.Name(s.old.Version())
	}
	if len(new) != 3 || new < old || new > "2.9" {
		s.forbid("catalog: /Version went from %q to %q", old, new)
	}
}

// containers lets one cross-reference stream take the number of an older one: they
// are read by offset, never by reference.
func (s *step) containers() error {
	for num := range s.changed {
		both := true
		for _, f := range []*pdf.File{s.old, s.new} {
			e, _ := f.Entry(num)
			o, err := f.Get(pdf.Ref{Num: num, Gen: e.Gen})
			if fatal(err) {
				return err
			}
			st, ok := o.(*pdf.Stream)
			both = both && ok && st.Dict["Type"] == pdf.Name("XRef")
		}
		if both {
			s.own(num, group{})
			s.note(change{code: ChangeContainer})
		}
	}
	return nil
}
