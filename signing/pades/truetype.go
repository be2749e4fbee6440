package pades

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// trueType is the raw side of a TrueType font file (ISO/IEC 14496-22): its tables
// and the outlines of its glyphs. It is read-only after parseTrueType. The fonts are
// ours, embedded in the binary; the checks below guard against a damaged build, not
// against an attacker.
type trueType struct {
	head, hhea, hmtx, maxp, glyf []byte
	offsets                      []uint32 // of each glyph in glyf; one more than there are glyphs
	metrics                      int      // number of full entries in hmtx
}

var errFont = errors.New("pades: damaged TrueType font")

func parseTrueType(data []byte) (*trueType, error) {
	tables, err := fontTables(data)
	if err != nil {
		return nil, err
	}
	t := &trueType{head: tables["head"], hhea: tables["hhea"], hmtx: tables["hmtx"], maxp: tables["maxp"], glyf: tables["glyf"]}
	loca := tables["loca"]
	if len(t.head) < 54 || len(t.hhea) < 36 || len(t.maxp) < 32 {
		return nil, errFont
	}
	n := int(binary.BigEndian.Uint16(t.maxp[4:]))
	t.metrics = int(binary.BigEndian.Uint16(t.hhea[34:]))
	long := binary.BigEndian.Uint16(t.head[50:]) != 0
	if long && len(loca) < 4*(n+1) || !long && len(loca) < 2*(n+1) || t.metrics == 0 || len(t.hmtx) < 4*t.metrics+2*(n-t.metrics) {
		return nil, errFont
	}
	for i := range n + 1 {
		at := 2 * uint32(binary.BigEndian.Uint16(loca[2*i:]))
		if long {
			at = binary.BigEndian.Uint32(loca[4*i:])
		}
		if int(at) > len(t.glyf) || i > 0 && at < t.offsets[i-1] {
			return nil, errFont
		}
		t.offsets = append(t.offsets, at)
	}
	return t, nil
}

// fontTables slices a font file into its tables by tag.
func fontTables(data []byte) (map[string][]byte, error) {
	if len(data) < 12 {
		return nil, errFont
	}
	n := int(binary.BigEndian.Uint16(data[4:]))
	if len(data) < 12+16*n {
		return nil, errFont
	}
	tables := make(map[string][]byte, n)
	for i := range n {
		e := data[12+16*i:]
		at, size := int(binary.BigEndian.Uint32(e[8:])), int(binary.BigEndian.Uint32(e[12:]))
		if at+size > len(data) {
			return nil, errFont
		}
		tables[string(e[:4])] = data[at : at+size]
	}
	return tables, nil
}

// subset returns a font file with only the given glyphs, renumbered by their place
// in the list, plus the components that composite glyphs are made of, appended. The
// first glyph must be .notdef (0). It also returns how many glyphs the file has.
// Hinting is dropped: at the resolutions a document is read it costs more bytes than
// the outlines, and a font without instructions needs none of its tables.
func (t *trueType) subset(glyphs []uint16) (file []byte, count int, err error) {
	all := slices.Clone(glyphs)
	index := make(map[uint16]uint16, len(all))
	for i, g := range all {
		index[g] = uint16(i)
	}
	var glyf, hmtx []byte
	loca := []byte{0, 0, 0, 0}
	for i := 0; i < len(all); i++ { // grows while components are met
		outline, err := t.outline(all[i], func(component uint16) uint16 {
			if _, ok := index[component]; !ok {
				index[component] = uint16(len(all))
				all = append(all, component)
			}
			return index[component]
		})
		if err != nil {
			return nil, 0, err
		}
		glyf = append(glyf, outline...)
		for len(glyf)%4 != 0 {
			glyf = append(glyf, 0)
		}
		loca = binary.BigEndian.AppendUint32(loca, uint32(len(glyf)))
		hmtx = append(hmtx, t.metric(all[i])...)
	}
	head, hhea, maxp := slices.Clone(t.head), slices.Clone(t.hhea), slices.Clone(t.maxp)
	binary.BigEndian.PutUint32(head[8:], 0)  // checkSumAdjustment, set by fontFile
	binary.BigEndian.PutUint16(head[50:], 1) // long offsets in loca
	binary.BigEndian.PutUint16(hhea[34:], uint16(len(all)))
	binary.BigEndian.PutUint16(maxp[4:], uint16(len(all)))
	clear(maxp[16:28]) // storage, function and instruction limits: there is no hinting
	return fontFile([]fontTable{
		{"glyf", glyf}, {"head", head}, {"hhea", hhea}, {"hmtx", hmtx}, {"loca", loca}, {"maxp", maxp},
	}), len(all), nil
}

// metric returns the four hmtx bytes (advance width and left side bearing) of a glyph.
func (t *trueType) metric(g uint16) []byte {
	if int(g) < t.metrics {
		return t.hmtx[4*int(g):][:4]
	}
	last, bearing := t.hmtx[4*(t.metrics-1):], t.hmtx[4*t.metrics+2*(int(g)-t.metrics):]
	return []byte{last[0], last[1], bearing[0], bearing[1]}
}

// Flags of a component in a composite glyph.
const (
	argsAreWords     = 1 << 0
	haveScale        = 1 << 3
	moreComponents   = 1 << 5
	haveXYScale      = 1 << 6
	haveTwoByTwo     = 1 << 7
	haveInstructions = 1 << 8
)

// outline returns the glyph's description without instructions; the components of a
// composite glyph are renumbered by the given function.
func (t *trueType) outline(g uint16, renumber func(uint16) uint16) ([]byte, error) {
	if int(g)+1 >= len(t.offsets) {
		return nil, fmt.Errorf("%w: no glyph %d", errFont, g)
	}
	src := t.glyf[t.offsets[g]:t.offsets[g+1]]
	if len(src) == 0 {
		return nil, nil
	}
	if len(src) < 10 {
		return nil, errFont
	}
	contours := int(int16(binary.BigEndian.Uint16(src)))
	if contours < 0 {
		return compositeOutline(src, renumber)
	}
	at := 10 + 2*contours
	if len(src) < at+2 {
		return nil, errFont
	}
	hinting := int(binary.BigEndian.Uint16(src[at:]))
	if len(src) < at+2+hinting {
		return nil, errFont
	}
	out := append(slices.Clone(src[:at]), 0, 0)
	return append(out, src[at+2+hinting:]...), nil
}

func compositeOutline(src []byte, renumber func(uint16) uint16) ([]byte, error) {
	out := slices.Clone(src)
	for at := 10; ; {
		if len(out) < at+4 {
			return nil, errFont
		}
		flags := binary.BigEndian.Uint16(out[at:])
		binary.BigEndian.PutUint16(out[at:], flags&^haveInstructions)
		binary.BigEndian.PutUint16(out[at+2:], renumber(binary.BigEndian.Uint16(out[at+2:])))
		at += 4 + 2
		if flags&argsAreWords != 0 {
			at += 2
		}
		switch {
		case flags&haveScale != 0:
			at += 2
		case flags&haveXYScale != 0:
			at += 4
		case flags&haveTwoByTwo != 0:
			at += 8
		}
		if len(out) < at {
			return nil, errFont
		}
		if flags&moreComponents == 0 {
			return out[:at], nil
		}
	}
}

type fontTable struct {
	tag  string
	data []byte
}

// fontFile lays out the tables, given in the order of their tags, as a font file
// with its checksums.
func fontFile(tables []fontTable) []byte {
	n := len(tables)
	log := 0
	for 2<<log <= n {
		log++
	}
	out := binary.BigEndian.AppendUint32(nil, 0x00010000)
	for _, v := range []int{n, 16 << log, log, 16 * (n - 1<<log)} {
		out = binary.BigEndian.AppendUint16(out, uint16(v))
	}
	at := 12 + 16*n
	headAt := 0
	for _, t := range tables {
		if t.tag == "head" {
			headAt = at
		}
		out = append(out, t.tag...)
		for _, v := range []uint32{checksum(t.data), uint32(at), uint32(len(t.data))} {
			out = binary.BigEndian.AppendUint32(out, v)
		}
		at += (len(t.data) + 3) &^ 3
	}
	for _, t := range tables {
		out = append(out, t.data...)
		for len(out)%4 != 0 {
			out = append(out, 0)
		}
	}
	binary.BigEndian.PutUint32(out[headAt+8:], 0xB1B0AFBA-checksum(out))
	return out
}

// checksum is the sum of the big-endian 32-bit words of data, padded with zeros.
func checksum(data []byte) (sum uint32) {
	for ; len(data) >= 4; data = data[4:] {
		sum += binary.BigEndian.Uint32(data)
	}
	var last [4]byte
	copy(last[:], data)
	return sum + binary.BigEndian.Uint32(last[:])
}
