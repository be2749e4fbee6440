package axis

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

func TestRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := NewRest(time.Now)
		ctx := t.Context()
		enter := func(id string, want bool) {
			t.Helper()
			if _, free := r.Enter(ctx, id); free != want {
				t.Fatalf("enter %s: %v", id, free)
			}
		}
		for range 3 { // in a row
			enter("H98.01", true)
			time.Sleep(10 * time.Second)
			r.Leave("h98.01", true, false)
		}
		enter("H98.01", false)
		enter("H98.02", true) // delays nobody else
		r.Leave("H98.02", false, true)
		if until, resting := r.Until("H98.01"); !resting || time.Until(until) != time.Minute || r.Resting() != 1 {
			t.Fatalf("rests until %v, %v", until, resting)
		}
		time.Sleep(time.Minute)
		enter("H98.01", true) // one to try
		time.Sleep(hanging)
		enter("H98.01", false)
		r.Leave("H98.01", true, false)
		if until, _ := r.Until("H98.01"); time.Until(until) != 2*time.Minute {
			t.Fatalf("the second rest ends in %v", time.Until(until))
		}
		for range 20 {
			time.Sleep(longestOne)
			enter("H98.01", true)
			r.Leave("H98.01", true, false)
		}
		if until, _ := r.Until("H98.01"); time.Until(until) != longestOne {
			t.Fatalf("the longest rest ends in %v", time.Until(until))
		}
		time.Sleep(longestOne)
		enter("H98.01", true)
		r.Leave("H98.01", false, true) // it arrived
		if len(r.by) != 0 {
			t.Errorf("remembers %d", len(r.by))
		}
	})
}

// TestRestLendsFewWorkers: messages that hang hold no more than a few workers; those that
// only have to wait a moment do wait.
func TestRestLendsFewWorkers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := NewRest(time.Now)
		for range atATime {
			if _, free := r.Enter(t.Context(), "a"); !free {
				t.Fatal("not free")
			}
		}
		go func() {
			time.Sleep(time.Second)
			r.Leave("a", false, true)
		}()
		begin := time.Now()
		if _, free := r.Enter(t.Context(), "a"); !free || time.Since(begin) != time.Second {
			t.Fatalf("a moment: %v after %v", free, time.Since(begin))
		}
		begin = time.Now()
		if until, free := r.Enter(t.Context(), "a"); free || time.Since(begin) > hanging || until.Before(time.Now()) {
			t.Fatalf("hanging: %v after %v", free, time.Since(begin))
		}
		begin = time.Now()
		if _, free := r.Enter(t.Context(), "a"); free || time.Since(begin) != 0 {
			t.Fatalf("known to hang: %v after %v", free, time.Since(begin))
		}
		ctx, stop := context.WithCancel(t.Context())
		stop()
		r.Leave("a", false, false)
		if _, free := r.Enter(ctx, "a"); !free {
			t.Fatal("a slot is free")
		}
	})
	var nobody *Rest
	if _, free := nobody.Enter(t.Context(), "a"); !free {
		t.Error("nil leaves somebody alone")
	}
	nobody.Leave("a", true, false)
}
