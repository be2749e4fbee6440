package trust

import (
	"testing"
	"time"
)

// TestWhatIsKeptIsBounded: answers and facts are kept, and never more than the limits.
func TestWhatIsKeptIsBounded(t *testing.T) {
	var known facts
	for i := range maxFacts + 10 {
		known.learn(fact{byte(i), byte(i >> 8)})
		if len(known.known) > maxFacts {
			t.Fatalf("%d facts", len(known.known))
		}
	}
	if !known.has(fact{byte(maxFacts & 0xff), maxFacts >> 8}) || !known.has(fact{byte((maxFacts + 9) & 0xff), maxFacts >> 8}) || known.has(fact{}) {
		t.Error("the newest facts are those that are kept")
	}
	g, err := NewGuard(GuardOptions{Clock: func() time.Time { return time.Time{} }})
	if err != nil {
		t.Fatal(err)
	}
	for i := range maxCached + 10 {
		g.keep([32]byte{byte(i), byte(i >> 8)}, cached{data: []byte("x")})
		if len(g.cache) > maxCached || len(g.cache) != i%maxCached+1 {
			t.Fatalf("%d answers after %d", len(g.cache), i+1)
		}
	}
	half := make([]byte, maxCachedBytes/2)
	g.keep([32]byte{'a', 'a', 'a'}, cached{data: half})
	for range 3 { // the same answer again takes no more room
		g.keep([32]byte{'b', 'b', 'b'}, cached{data: half[:len(half)-100]})
	}
	if len(g.cache) != 12 {
		t.Errorf("%d answers that fit", len(g.cache))
	}
	if g.keep([32]byte{'c', 'c', 'c'}, cached{data: half}); len(g.cache) != 1 || g.bytes != int64(len(half)) {
		t.Errorf("%d answers, %d bytes", len(g.cache), g.bytes)
	}
}
