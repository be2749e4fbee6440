package validation

import (
	"bytes"
	"cmp"
	"slices"

	"congvan/signing/pdf"
)

// watcher looks for words in bytes that go by in pieces: what the file says of itself
// where its cross-references do not lead.
type watcher struct {
	at     int64  // offset of the next byte
	carry  []byte // the end of what went by, in which a word may have begun
	ends   []int64
	ranges []int64
}

const maxWatched = 1000 // places of one word

var (
	wordEnd   = []byte("startxref")
	wordRange = []byte("/ByteRange")
)

// Write never fails.
func (w *watcher) Write(p []byte) (int, error) {
	// a word that begins in the carry ends within the first bytes of p
	seam := append(w.carry, p[:min(len(p), len(wordRange)-1)]...)
	w.find(seam, w.at-int64(len(w.carry)), len(w.carry))
	w.find(p, w.at, 0)
	w.at += int64(len(p))
	all := append(w.carry, p[max(0, len(p)-len(wordRange)):]...)
	w.carry = bytes.Clone(all[max(0, len(all)-len(wordRange)+1):])
	return len(p), nil
}

// find notes the words in b, which lies at base. Where its first bytes went by before,
// only words that lie across their end are new.
func (w *watcher) find(b []byte, base int64, before int) {
	for word, list := range map[*[]byte]*[]int64{&wordEnd: &w.ends, &wordRange: &w.ranges} {
		for from := 0; len(*list) < maxWatched; {
			i := bytes.Index(b[from:], *word)
			if i < 0 || before > 0 && from+i >= before {
				break
			}
			if from += i + len(*word); from > before {
				*list = append(*list, base+int64(from-len(*word)))
			}
		}
	}
}

// severed tells whether the file's history was cut off with signatures in it: before the
// oldest state that its cross-references lead to there is the end of another, and more
// ByteRanges than those of the signatures found there. Readers that mend files bring such
// signatures back. What lies in a stream, as an attached file does, is data.
func (c *check) severed() (bool, error) {
	oldest := c.revisions[0]
	if oldest.Linearized || len(c.watched.ends) == 0 || len(c.watched.ranges) <= len(c.found) && len(c.found) > 0 {
		return false, nil
	}
	ends, err := c.outsideStreams(c.watched.ends, oldest.XrefOffset)
	if err != nil || ends == 0 {
		return false, err
	}
	ranges, err := c.outsideStreams(c.watched.ranges, oldest.XrefOffset)
	for _, s := range c.found {
		if s.covered == 0 {
			ranges--
		}
	}
	return ranges > 0, err
}

// outsideStreams counts the places before an offset that lie in no stream of the oldest
// state.
func (c *check) outsideStreams(places []int64, before int64) (n int, err error) {
	view, err := c.at(0)
	if err != nil {
		return 0, pass(err)
	}
	objects := slices.DeleteFunc(slices.Clone(c.revisions[0].Objects), func(o pdf.Change) bool { return o.Free || o.Stream != 0 })
	slices.SortFunc(objects, func(a, b pdf.Change) int { return cmp.Compare(a.Offset, b.Offset) })
	for _, at := range places {
		if at >= before {
			continue
		}
		n++
		i, found := slices.BinarySearchFunc(objects, at, func(o pdf.Change, at int64) int { return cmp.Compare(o.Offset, at) })
		if !found {
			i--
		}
		if i < 0 {
			continue
		}
		o, err := view.Get(pdf.Ref{Num: objects[i].Num, Gen: objects[i].Gen})
		if fatal(err) {
			return 0, err
		}
		stream, ok := o.(*pdf.Stream)
		if !ok || err != nil {
			continue
		}
		data, err := view.Raw(stream)
		if fatal(err) {
			return 0, err
		}
		if err != nil {
			continue
		}
		if _, from, size := data.Outer(); at >= from && at < from+size {
			n--
		}
	}
	return n, nil
}
