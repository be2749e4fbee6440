package pdf

type cachedObject struct {
	object Object
	err    error
}

// Get returns an indirect object. One that is missing, free or of another
// generation is nil, as the standard has it (ISO 32000-2, 7.3.10).
func (f *File) Get(ref Ref) (Object, error) {
	e, ok := f.xref[ref.Num]
	if !ok || e.Free || (e.Stream == 0 && e.Gen != ref.Gen) || (e.Stream != 0 && ref.Gen != 0) {
		return nil, nil
	}
	if c, ok := f.cached[ref.Num]; ok {
		return c.object, c.err
	}
	var c cachedObject
	if e.Stream != 0 {
		c.object, c.err = f.compressed(ref.Num, e)
	} else {
		c.object, c.err = f.load(ref, e)
	}
	if err := f.ctx.Err(); err != nil {
		return nil, err
	}
	if len(f.cached) >= f.lim.Cached {
		clear(f.cached)
	}
	f.cached[ref.Num] = c
	return c.object, c.err
}

// Entry tells where an object of this view lies; ok is false for one that is
// missing or free.
func (f *File) Entry(num int) (Change, bool) {
	e, ok := f.xref[num]
	return e.Change, ok && !e.Free
}

// Numbers are the object numbers in use, in no order.
func (f *File) Numbers() []int {
	out := make([]int, 0, len(f.xref))
	for n, e := range f.xref {
		if !e.Free {
			out = append(out, n)
		}
	}
	return out
}

// Ambiguous tells whether a dictionary of an object, once read by Get, names one
// key twice: readers differ in which value they take.
func (f *File) Ambiguous(num int) bool { return f.ambiguous[num] }

func (f *File) load(ref Ref, e entry) (Object, error) {
	o, _, err := f.indirect(e.Offset, e.end, ref.Num)
	if err != nil {
		return nil, err
	}
	if f.crypt != nil && ref != f.crypt.own {
		return f.crypt.object(o, ref)
	}
	return o, nil
}

// indirect parses "num gen obj ..." at an offset, up to end, and answers the
// offset behind it. want is the number that must stand there, 0 for any.
func (f *File) indirect(at, end int64, want int) (Object, int64, error) {
	if at < 0 || at >= end {
		return nil, 0, damaged("object %d lies outside its revision, at offset %d", want, at)
	}
	return f.object(f.lexer(at, end), end, want)
}

// object is indirect with a lexer at hand, which keeps what it noticed.
func (f *File) object(l *lexer, end int64, want int) (Object, int64, error) {
	at := l.pos
	num, ok := l.peekInt()
	gen, ok2 := l.peekInt()
	if !ok || !ok2 {
		return nil, 0, l.fail("no object %d here", want)
	}
	if t, err := l.token(); err != nil || t != Keyword("obj") {
		return nil, 0, l.fail("no object %d here", want)
	}
	if want != 0 && num != int64(want) {
		return nil, 0, l.fail("object %d stands where %d should", num, want)
	}
	o, err := l.object()
	if err != nil {
		return nil, 0, err
	}
	if l.ambiguous && want != 0 {
		f.ambiguous[want] = true
	}
	after := l.pos
	t, err := l.token()
	if err != nil {
		return nil, 0, err
	}
	if t == Keyword("stream") {
		d, ok := o.(Dict)
		if !ok {
			return nil, 0, l.fail("stream without a dictionary")
		}
		if l.peek() == '\r' {
			l.pos++
		}
		if l.peek() == '\n' {
			l.pos++
		}
		o = &Stream{Dict: d, ref: Ref{int(num), int(gen)}, start: l.pos, limit: end}
		after = l.pos
	} else if t == Keyword("endobj") {
		after = l.pos
	} else if !follows(t) {
		return nil, 0, l.fail("object %d does not end", num)
	}
	return o, after, f.spend(l.pos - at)
}

// follows tells what may stand behind an object whose endobj was forgotten.
func follows(t Object) bool {
	switch t := t.(type) {
	case int64:
		return true
	case Keyword:
		return t == "xref" || t == "startxref" || t == "trailer"
	}
	return false
}

// Resolve follows references to a direct object.
func (f *File) Resolve(o Object) (Object, error) {
	for range f.lim.Depth {
		ref, ok := o.(Ref)
		if !ok {
			return o, nil
		}
		var err error
		if o, err = f.Get(ref); err != nil {
			return nil, err
		}
	}
	return nil, damaged("references form a loop")
}

// Dict resolves o to a dictionary, of a stream too; null gives nil.
func (f *File) Dict(o Object) (Dict, error) {
	o, err := f.Resolve(o)
	switch o := o.(type) {
	case nil:
		return nil, err
	case Dict:
		return o, nil
	case *Stream:
		return o.Dict, nil
	}
	return nil, damaged("a dictionary is wanted, not a %s", kindOf(o))
}

// Array resolves o to an array; null gives nil.
func (f *File) Array(o Object) (Array, error) {
	o, err := f.Resolve(o)
	if o == nil {
		return nil, err
	}
	a, ok := o.(Array)
	if !ok {
		return nil, damaged("an array is wanted, not a %s", kindOf(o))
	}
	return a, nil
}

// Int resolves o to an integer.
func (f *File) Int(o Object) (int64, error) {
	o, err := f.Resolve(o)
	if err != nil {
		return 0, err
	}
	n, ok := o.(int64)
	if !ok {
		return 0, damaged("an integer is wanted, not a %s", kindOf(o))
	}
	return n, nil
}

// Number resolves o to an integer or a real.
func (f *File) Number(o Object) (float64, error) {
	o, err := f.Resolve(o)
	if err != nil {
		return 0, err
	}
	switch n := o.(type) {
	case int64:
		return float64(n), nil
	case float64:
		return n, nil
	}
	return 0, damaged("a number is wanted, not a %s", kindOf(o))
}

// Name resolves o to a name.
func (f *File) Name(o Object) (Name, error) {
	o, err := f.Resolve(o)
	if err != nil {
		return "", err
	}
	n, ok := o.(Name)
	if !ok {
		return "", damaged("a name is wanted, not a %s", kindOf(o))
	}
	return n, nil
}

// ValueSpan tells where the value of a key stands in the file: start and end of
// its bytes. The path leads through direct dictionaries inside the object. ok is
// false when the object lies in an object stream or has no such value.
func (f *File) ValueSpan(ref Ref, path ...Name) (start, end int64, ok bool, err error) {
	e, found := f.Entry(ref.Num)
	if !found || e.Stream != 0 {
		return 0, 0, false, nil
	}
	l := f.lexer(e.Offset, f.xref[ref.Num].end)
	for range 3 { // num gen obj
		if _, err := l.token(); err != nil {
			return 0, 0, false, err
		}
	}
	for i, key := range path {
		if start, end, ok, err = l.seekKey(key); !ok || err != nil {
			return 0, 0, false, err
		}
		if i < len(path)-1 {
			l.pos = start
		}
	}
	return start, end, true, f.spend(l.pos - e.Offset)
}

// seekKey enters the dictionary that follows and answers where the last value of
// key stands, which is the one that Dict holds.
func (l *lexer) seekKey(key Name) (start, end int64, ok bool, err error) {
	if t, err := l.token(); err != nil || t != Keyword("<<") {
		return 0, 0, false, err
	}
	for {
		t, err := l.token()
		if err != nil {
			return 0, 0, false, err
		}
		k, isName := t.(Name)
		if !isName {
			return start, end, ok, nil
		}
		l.blank()
		at := l.pos
		if _, err := l.object(); err != nil {
			return 0, 0, false, err
		}
		if k == key {
			start, end, ok = at, l.pos, true
		}
	}
}
