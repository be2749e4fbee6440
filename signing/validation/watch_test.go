package validation

import (
	"slices"
	"strings"
	"testing"
)

// However a file is cut into pieces, every word is seen once and at its place.
func TestWatcherAcrossPieces(t *testing.T) {
	text := strings.Repeat("x", 30) + "/ByteRange" + strings.Repeat("startxref", 2) + "/Byte/ByteRange" + strings.Repeat("y", 7) + "startxref"
	for size := 1; size <= len(text); size++ {
		w := &watcher{}
		for rest := text; rest != ""; {
			n := min(size, len(rest))
			_, _ = w.Write([]byte(rest[:n]))
			rest = rest[n:]
		}
		slices.Sort(w.ends)
		slices.Sort(w.ranges)
		if !slices.Equal(w.ranges, []int64{30, 63}) || !slices.Equal(w.ends, []int64{40, 49, 80}) {
			t.Fatalf("pieces of %d: ranges %v, ends %v", size, w.ranges, w.ends)
		}
	}
}
