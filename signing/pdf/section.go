package pdf

// section reads the cross-reference section at an offset. total counts entries
// over all sections.
func (f *File) section(at int64, total *int) (section, error) {
	if at < 0 || at >= f.full {
		return section{}, damaged("cross-reference offset %d lies outside the file", at)
	}
	l := f.lexer(at, f.full)
	t, err := l.token()
	if err != nil {
		return section{}, err
	}
	var sec section
	if t == Keyword("xref") {
		sec, err = f.table(l, total)
	} else {
		sec, err = f.xrefStream(at, total)
	}
	if err != nil {
		return section{}, err
	}
	sec.at = at
	if size, _ := integer(sec.trailer["Size"]); size < 0 || size > int64(f.lim.ObjectNumber)+1 {
		return section{}, tooMuch("/Size %d is over %d objects", size, f.lim.ObjectNumber)
	}
	return sec, nil
}

// table reads a classic table, its trailer and, in a hybrid file, the stream the
// trailer names.
func (f *File) table(l *lexer, total *int) (section, error) {
	sec := section{kind: XrefTable}
	for {
		t, err := l.token()
		if err != nil {
			return sec, err
		}
		if t == Keyword("trailer") {
			break
		}
		first, ok := t.(int64)
		count, ok2 := l.peekInt()
		if !ok || !ok2 {
			return sec, l.fail("cross-reference table is broken")
		}
		if err := f.subsection(l, &sec, first, count, total); err != nil {
			return sec, err
		}
	}
	o, err := l.object()
	if err != nil {
		return sec, err
	}
	d, ok := o.(Dict)
	if !ok {
		return sec, l.fail("trailer is a %s", kindOf(o))
	}
	sec.trailer, sec.after, sec.ambiguous = d, l.pos, l.ambiguous
	if err := f.spend(l.pos - l.first); err != nil {
		return sec, err
	}
	if at, ok := integer(d["XRefStm"]); ok {
		hidden, err := f.xrefStream(at+f.shift, total)
		if err != nil {
			return sec, err
		}
		sec.kind = XrefHybrid
		sec.hiddenAt, sec.hidden = at+f.shift, hidden.objects
		sec.ambiguous = sec.ambiguous || hidden.ambiguous
	}
	return sec, nil
}

func (f *File) subsection(l *lexer, sec *section, first, count int64, total *int) error {
	if err := f.count(first, count, total); err != nil {
		return err
	}
	for i := range count {
		// The source of one object is bounded; a table of many is not one object.
		l.first = l.pos
		offset, ok1 := l.peekInt()
		gen, ok2 := l.peekInt()
		t, err := l.token()
		if err != nil {
			return err
		}
		if !ok1 || !ok2 || (t != Keyword("n") && t != Keyword("f")) {
			return l.fail("cross-reference entry %d is broken", first+i)
		}
		free := t == Keyword("f")
		if i == 0 && first == 1 && free && gen == 65535 && offset == 0 {
			first = 0 // a known slip: the table counts from 1 but means 0
		}
		num := first + i
		if gen > 65535 && !free { // of a free entry it says nothing: some writers give 65536
			return l.fail("generation %d of object %d", gen, num)
		}
		if num == 0 {
			continue
		}
		if gen > 65535 {
			gen = 65535
		}
		c := Change{Num: int(num), Gen: int(gen), Free: free || offset == 0}
		if !c.Free {
			c.Offset = offset + f.shift
		}
		sec.objects = append(sec.objects, c)
	}
	return nil
}

// count checks a run of object numbers against the limits.
func (f *File) count(first, n int64, total *int) error {
	if first < 0 || n < 0 {
		return damaged("cross-reference run of %d objects from %d", n, first)
	}
	if first > int64(f.lim.ObjectNumber) || n > int64(f.lim.ObjectNumber)+1-first {
		return tooMuch("object number over %d", f.lim.ObjectNumber)
	}
	if *total += int(n); *total > f.lim.Objects {
		return tooMuch("more than %d cross-reference entries", f.lim.Objects)
	}
	return f.ctx.Err()
}

// xrefStream reads a cross-reference stream (ISO 32000-2, 7.5.8).
func (f *File) xrefStream(at int64, total *int) (section, error) {
	sec := section{kind: XrefStream}
	if at < 0 || at >= f.full {
		return sec, damaged("cross-reference offset %d lies outside the file", at)
	}
	l := f.lexer(at, f.full)
	o, after, err := f.object(l, f.full, 0)
	if err != nil {
		return sec, err
	}
	s, ok := o.(*Stream)
	if !ok || s.Dict["Type"] != Name("XRef") {
		return sec, damaged("no cross-reference section at offset %d", at)
	}
	data, err := f.decode(s, f.lim.Inflate, false)
	if err != nil {
		return sec, err
	}
	if err := f.spend(int64(len(data))); err != nil {
		return sec, err
	}
	sec.trailer, sec.ambiguous = s.Dict, l.ambiguous
	if start, n, err := f.bounds(s); err == nil {
		after = start + n
	}
	sec.after = after
	size, ok := integer(s.Dict["Size"])
	if !ok || size < 0 {
		return sec, damaged("cross-reference stream at %d has no /Size", at)
	}
	w, err := widths(s.Dict["W"])
	if err != nil {
		return sec, err
	}
	index, ok := s.Dict["Index"].(Array)
	if !ok {
		index = Array{int64(0), size}
	}
	for ; len(index) >= 2; index = index[2:] {
		first, ok1 := integer(index[0])
		n, ok2 := integer(index[1])
		if !ok1 || !ok2 {
			return sec, damaged("/Index of the cross-reference stream at %d", at)
		}
		if err := f.count(first, n, total); err != nil {
			return sec, err
		}
		row := w[0] + w[1] + w[2]
		for i := range n {
			if len(data) < row {
				return sec, damaged("cross-reference stream at %d is too short", at)
			}
			if c, ok := f.streamEntry(int(first+i), data[:row], w); ok {
				sec.objects = append(sec.objects, c)
			}
			data = data[row:]
		}
	}
	return sec, nil
}

func widths(o Object) (w [3]int, err error) {
	a, _ := o.(Array)
	if len(a) < 3 {
		return w, damaged("cross-reference stream without /W")
	}
	for i := range w {
		n, ok := integer(a[i])
		if !ok || n < 0 || n > 8 {
			return w, damaged("/W of a cross-reference stream: %v", a[i])
		}
		w[i] = int(n)
	}
	if w[1] == 0 {
		return w, damaged("/W of a cross-reference stream has no second field")
	}
	return w, nil
}

func (f *File) streamEntry(num int, row []byte, w [3]int) (Change, bool) {
	kind := int64(1)
	if w[0] > 0 {
		kind = bigEndian(row[:w[0]])
	}
	a, b := bigEndian(row[w[0]:w[0]+w[1]]), bigEndian(row[w[0]+w[1]:])
	c := Change{Num: num}
	if num == 0 || a < 0 || b < 0 {
		return c, false
	}
	switch {
	case kind == 1 && a > 0 && b <= 65535:
		c.Offset, c.Gen = a+f.shift, int(b)
	case kind == 2 && a > 0 && a <= int64(f.lim.ObjectNumber) && b <= int64(f.lim.Elements):
		c.Stream, c.Index = int(a), int(b)
	default: // free, or of a kind to come, which counts as null
		c.Free = true
	}
	return c, true
}

func bigEndian(b []byte) int64 {
	var n uint64
	for _, c := range b {
		n = n<<8 | uint64(c)
	}
	return int64(n)
}
