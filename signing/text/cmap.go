package text

import (
	"sort"
	"strings"
	"unicode/utf16"

	"congvan/signing/pdf"
)

// maxMappings bounds the entries of one CMap: every code of two bytes, twice.
const maxMappings = 1 << 17

// cmap is a character map (ISO 32000-2 9.7.5 and 9.10.3): how the bytes of a string
// split into codes, and what CID or text a code means.
type cmap struct {
	spaces   []codeSpace
	text     []mapping // sorted by length and low code
	cids     []mapping
	vertical bool
}

type codeSpace struct {
	n      int // bytes of a code
	lo, hi uint32
}

// mapping sends the codes lo to hi of n bytes to the text or CID of lo, counted up.
type mapping struct {
	n      int
	lo, hi uint32
	text   []uint16 // UTF-16, last unit counted up
	cid    uint32
}

// identityCMap is Identity-H: codes of two bytes that are CIDs.
func identityCMap(vertical bool) *cmap {
	return &cmap{
		spaces:   []codeSpace{{2, 0, 0xFFFF}},
		cids:     []mapping{{n: 2, hi: 0xFFFF}},
		vertical: vertical,
	}
}

// parseCMap reads an embedded CMap. It never fails: what cannot be read maps nothing.
func parseCMap(data []byte, lim pdf.Limits) *cmap {
	c := &cmap{}
	r := newReader(data, lim)
	r.keep = 4096
	for {
		op, args := r.next()
		if op == "" || len(c.text)+len(c.cids) > maxMappings {
			break
		}
		switch op {
		case "endcodespacerange":
			c.addSpaces(args)
		case "endbfchar":
			for ; len(args) >= 2; args = args[2:] {
				c.addText(args[0], args[0], args[1])
			}
		case "endbfrange":
			for ; len(args) >= 3; args = args[3:] {
				c.addText(args[0], args[1], args[2])
			}
		case "endcidchar":
			for ; len(args) >= 2; args = args[2:] {
				c.addCID(args[0], args[0], args[1])
			}
		case "endcidrange":
			for ; len(args) >= 3; args = args[3:] {
				c.addCID(args[0], args[1], args[2])
			}
		case "def":
			if len(args) == 2 && args[0] == pdf.Name("WMode") {
				c.vertical = args[1] == int64(1)
			}
		case "usecmap":
			if len(args) == 1 && (args[0] == pdf.Name("Identity-H") || args[0] == pdf.Name("Identity-V")) {
				base := identityCMap(false)
				c.spaces, c.cids = append(c.spaces, base.spaces...), append(c.cids, base.cids...)
			}
		}
	}
	order(c.text)
	order(c.cids)
	return c
}

// order sorts mappings for lookup; of two for one code the later one wins, as in
// PostScript, so that equal keys stay in file order.
func order(m []mapping) {
	sort.SliceStable(m, func(i, j int) bool {
		if m[i].n != m[j].n {
			return m[i].n < m[j].n
		}
		return m[i].lo < m[j].lo
	})
}

func code(o pdf.Object) (v uint32, n int, ok bool) {
	s, ok := o.(pdf.String)
	if !ok || len(s) == 0 || len(s) > 4 {
		return 0, 0, false
	}
	for _, b := range s {
		v = v<<8 | uint32(b)
	}
	return v, len(s), true
}

func (c *cmap) addSpaces(args []pdf.Object) {
	for ; len(args) >= 2 && len(c.spaces) < 256; args = args[2:] {
		lo, n, ok1 := code(args[0])
		hi, m, ok2 := code(args[1])
		if ok1 && ok2 && n == m {
			c.spaces = append(c.spaces, codeSpace{n, lo, hi})
		}
	}
}

func (c *cmap) addText(from, to, dst pdf.Object) {
	lo, n, ok1 := code(from)
	hi, m, ok2 := code(to)
	if !ok1 || !ok2 || n != m || hi < lo {
		return
	}
	switch d := dst.(type) {
	case pdf.String:
		c.text = append(c.text, mapping{n: n, lo: lo, hi: hi, text: utf16be(d)})
	case pdf.Name: // a glyph name, rare but allowed by the CMap format
		c.text = append(c.text, mapping{n: n, lo: lo, hi: hi, text: utf16.Encode([]rune(glyphText(string(d))))})
	case pdf.Array:
		for i, o := range d {
			if s, ok := o.(pdf.String); ok && uint32(i) <= hi-lo {
				at := lo + uint32(i)
				c.text = append(c.text, mapping{n: n, lo: at, hi: at, text: utf16be(s)})
			}
		}
	}
}

func (c *cmap) addCID(from, to, dst pdf.Object) {
	lo, n, ok1 := code(from)
	hi, m, ok2 := code(to)
	cid, ok3 := dst.(int64)
	if ok1 && ok2 && ok3 && n == m && hi >= lo && cid >= 0 && cid <= 0xFFFF {
		c.cids = append(c.cids, mapping{n: n, lo: lo, hi: hi, cid: uint32(cid)})
	}
}

// find returns the mapping that holds a code of n bytes.
func find(m []mapping, v uint32, n int) (mapping, bool) {
	i := sort.Search(len(m), func(i int) bool { return m[i].n > n || m[i].n == n && m[i].lo > v })
	// Ranges may overlap in files that are not well made; the nearest few are tried.
	for k := i - 1; k >= 0 && k >= i-8 && m[k].n == n; k-- {
		if v <= m[k].hi {
			return m[k], true
		}
	}
	return mapping{}, false
}

// unicode returns the text of a code, empty when the map does not know it.
func (c *cmap) unicode(v uint32, n int) string {
	m, ok := find(c.text, v, n)
	if !ok || len(m.text) == 0 {
		return ""
	}
	units := append([]uint16(nil), m.text...)
	units[len(units)-1] += uint16(v - m.lo)
	s := string(utf16.Decode(units))
	if strings.ContainsAny(s, "\x00\uFFFD") {
		return ""
	}
	return s
}

func (c *cmap) cid(v uint32, n int) uint32 {
	m, ok := find(c.cids, v, n)
	if !ok {
		return 0
	}
	return m.cid + v - m.lo
}

// split takes the next code from s, by the code space ranges; where none fits, as
// many bytes as the shortest range has.
func (c *cmap) split(s []byte) (v uint32, n int) {
	shortest := 4
	for _, sp := range c.spaces {
		shortest = min(shortest, sp.n)
	}
	if len(c.spaces) == 0 {
		shortest = 2
	}
	for n < len(s) && n < 4 {
		v = v<<8 | uint32(s[n])
		n++
		for _, sp := range c.spaces {
			if sp.n == n && inSpace(sp, v) {
				return v, n
			}
		}
	}
	n = min(shortest, len(s))
	v = 0
	for _, b := range s[:n] {
		v = v<<8 | uint32(b)
	}
	return v, n
}

// inSpace compares byte by byte: a code space range is a box, not an interval.
func inSpace(sp codeSpace, v uint32) bool {
	for shift := 0; shift < 8*sp.n; shift += 8 {
		b := v >> shift & 0xFF
		if b < sp.lo>>shift&0xFF || b > sp.hi>>shift&0xFF {
			return false
		}
	}
	return true
}

func utf16be(b []byte) []uint16 {
	if len(b) == 1 { // seen in the wild: one byte for an ASCII character
		return []uint16{uint16(b[0])}
	}
	units := make([]uint16, 0, len(b)/2)
	for ; len(b) >= 2; b = b[2:] {
		units = append(units, uint16(b[0])<<8|uint16(b[1]))
	}
	return units
}
