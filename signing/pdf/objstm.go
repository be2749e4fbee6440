package pdf

// objectStream is a decoded object stream (ISO 32000-2, 7.5.7).
type objectStream struct {
	data    []byte
	numbers []int
	offsets []int
}

// compressed reads an object out of an object stream.
func (f *File) compressed(num int, e entry) (Object, error) {
	s, err := f.objectStream(e.Stream)
	if err != nil {
		return nil, err
	}
	i := e.Index
	if i >= len(s.numbers) || s.numbers[i] != num {
		return nil, damaged("object stream %d does not hold object %d at index %d", e.Stream, num, i)
	}
	l := memoryLexer(s.data, &f.lim)
	l.pos = int64(s.offsets[i])
	o, err := l.object()
	if err != nil {
		return nil, err
	}
	if l.ambiguous {
		f.ambiguous[num] = true
	}
	return o, f.spend(l.pos - int64(s.offsets[i]))
}

func (f *File) objectStream(num int) (*objectStream, error) {
	if s, ok := f.streams[num]; ok {
		return s, nil
	}
	e, ok := f.xref[num]
	if !ok || e.Free || e.Stream != 0 {
		return nil, damaged("object stream %d is missing", num)
	}
	o, err := f.load(Ref{num, e.Gen}, e)
	if err != nil {
		return nil, err
	}
	stm, ok := o.(*Stream)
	if !ok || stm.Dict["Type"] != Name("ObjStm") {
		return nil, damaged("object %d is no object stream", num)
	}
	data, err := f.decode(stm, min(f.lim.Inflate, 64<<20), true)
	if err != nil {
		return nil, err
	}
	n, err := f.Int(stm.Dict["N"])
	if err != nil {
		return nil, err
	}
	first, err := f.Int(stm.Dict["First"])
	if err != nil {
		return nil, err
	}
	if first < 0 || first > int64(len(data)) { // /N is held by what the index holds
		return nil, damaged("object stream %d: /N %d /First %d", num, n, first)
	}
	s := &objectStream{data: data}
	l := memoryLexer(data[:first], &f.lim)
	for range n {
		k, ok1 := l.peekInt()
		at, ok2 := l.peekInt()
		if !ok1 || !ok2 || at > int64(len(data))-first {
			return nil, damaged("object stream %d has a broken index", num)
		}
		s.numbers = append(s.numbers, int(k))
		s.offsets = append(s.offsets, int(first+at))
	}
	if err := f.spend(int64(len(data))); err != nil {
		return nil, err
	}
	f.keepStream(num, s)
	return s, nil
}

// keepStream bounds the memory of decoded object streams.
func (f *File) keepStream(num int, s *objectStream) {
	total := len(s.data)
	for _, old := range f.streams {
		total += len(old.data)
	}
	if total > 32<<20 {
		clear(f.streams)
	}
	f.streams[num] = s
}
