package pdf

// object parses one object, references included, and nothing behind it.
func (l *lexer) object() (Object, error) {
	l.items = 0
	o, err := l.nested(0)
	if err != nil {
		return nil, err
	}
	num, ok := o.(int64)
	if !ok {
		return o, nil
	}
	back := l.pos
	if gen, ok := l.peekInt(); ok {
		if t, err := l.token(); err == nil && t == Keyword("R") {
			return reference(num, gen), nil
		}
	}
	l.pos = back
	return o, nil
}

func (l *lexer) peekInt() (int64, bool) {
	l.blank()
	if c := l.peek(); c < '0' || c > '9' {
		return 0, false
	}
	t, err := l.token()
	n, ok := t.(int64)
	return n, ok && err == nil
}

// reference makes a Ref, or null of numbers no file can have.
func reference(num, gen int64) Object {
	if num <= 0 || num > 1<<31-1 || gen < 0 || gen > 65535 {
		return nil
	}
	return Ref{int(num), int(gen)}
}

func (l *lexer) nested(depth int) (Object, error) {
	if depth > l.lim.Depth {
		return nil, tooMuch("objects nest deeper than %d", l.lim.Depth)
	}
	t, err := l.token()
	if err != nil {
		return nil, err
	}
	k, ok := t.(Keyword)
	if !ok {
		return t, nil
	}
	switch k {
	case "true":
		return true, nil
	case "false":
		return false, nil
	case "null":
		return nil, nil
	case "[":
		items, err := l.until("]", depth)
		return Array(items), err
	case "<<":
		items, err := l.until(">>", depth)
		if err != nil {
			return nil, err
		}
		return l.dict(items)
	}
	return nil, l.fail("%q is no object", string(k))
}

// until collects objects up to a closing keyword. References are folded as they
// come: "R" replaces the two integers before it.
func (l *lexer) until(closing Keyword, depth int) ([]Object, error) {
	var items []Object
	for {
		l.blank()
		c := l.peek()
		if isRegular(c) || c == ']' || c == '>' {
			t, err := l.token()
			if err != nil {
				return nil, err
			}
			k, word := t.(Keyword)
			switch {
			case !word:
				items = append(items, t)
			case k == closing:
				return items, nil
			case k == "R":
				if items, err = l.fold(items); err != nil {
					return nil, err
				}
			case k == "true", k == "false":
				items = append(items, k == "true")
			case k == "null":
				items = append(items, nil)
			default:
				return nil, l.fail("%q is no object", string(k))
			}
		} else {
			if c == eof {
				return nil, l.fail("%s is missing", closing)
			}
			o, err := l.nested(depth + 1)
			if err != nil {
				return nil, err
			}
			items = append(items, o)
		}
		if l.items++; l.items > l.lim.Elements {
			return nil, tooMuch("object has more than %d elements", l.lim.Elements)
		}
	}
}

func (l *lexer) fold(items []Object) ([]Object, error) {
	if n := len(items); n >= 2 {
		num, ok1 := items[n-2].(int64)
		gen, ok2 := items[n-1].(int64)
		if ok1 && ok2 {
			return append(items[:n-2], reference(num, gen)), nil
		}
	}
	return nil, l.fail("R without two integers before it")
}

func (l *lexer) dict(items []Object) (Object, error) {
	if len(items)%2 != 0 {
		return nil, l.fail("dictionary with a key but no value")
	}
	d := make(Dict, len(items)/2)
	seen := 0
	for i := 0; i < len(items); i += 2 {
		k, ok := items[i].(Name)
		if !ok {
			return nil, l.fail("dictionary key is a %s", kindOf(items[i]))
		}
		if _, twice := d[k]; twice {
			seen++
		}
		d[k] = items[i+1]
	}
	if seen > 0 {
		l.ambiguous = true
	}
	for k, v := range d {
		if v == nil {
			delete(d, k)
		}
	}
	return d, nil
}

// Scanner reads the tokens of a content stream: operands as objects, operators as
// Keyword. It is for one goroutine.
type Scanner struct{ l *lexer }

// NewScanner scans data, which it keeps.
func NewScanner(data []byte, lim Limits) *Scanner {
	return &Scanner{memoryLexer(data, &lim)}
}

// Next returns the next operand or operator; Keyword("") at the end. A content
// stream has no references.
func (s *Scanner) Next() (Object, error) {
	s.l.items = 0
	s.l.blank()
	switch c := s.l.peek(); {
	case c == '[', c == '<':
		return s.l.nested(0)
	default:
		t, err := s.l.token()
		switch t {
		case Keyword("true"), Keyword("false"):
			return t == Keyword("true"), err
		case Keyword("null"):
			return nil, err
		}
		return t, err
	}
}

// Offset is the position behind the last token: where the data of an inline image
// begin after its ID operator.
func (s *Scanner) Offset() int { return int(s.l.pos) }

// Seek continues at an offset.
func (s *Scanner) Seek(offset int) { s.l.pos = int64(offset) }
