package storagetest

import (
	"context"
	"crypto/sha256"
	"io"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"congvan/storage"
)

const (
	largeObject  = 200 << 20
	memoryGrowth = 64 << 20
)

// RunMemory stores and reads a 200 MB object and fails when this process's heap grows by
// more than 64 MB meanwhile.
func RunMemory(t *testing.T, s storage.Blobs) {
	sum := sha256.New()
	if _, err := io.Copy(sum, large()); err != nil {
		t.Fatal(err)
	}
	key := storage.Key(sum.Sum(nil))

	grew := heapGrowth(func() {
		if err := s.Put(t.Context(), key, largeObject, large()); err != nil {
			t.Fatalf("Put: %v", err)
		}
	})
	t.Logf("putting 200 MB: heap grew by %d MB", grew>>20)
	if grew > memoryGrowth {
		t.Errorf("putting 200 MB grew the heap by %d MB, want at most %d", grew>>20, memoryGrowth>>20)
	}

	grew = heapGrowth(func() {
		if err := storage.Verify(t.Context(), s, key); err != nil {
			t.Fatalf("Verify: %v", err)
		}
	})
	t.Logf("reading 200 MB: heap grew by %d MB", grew>>20)
	if grew > memoryGrowth {
		t.Errorf("reading 200 MB grew the heap by %d MB, want at most %d", grew>>20, memoryGrowth>>20)
	}
}

func large() io.Reader { return io.LimitReader(rand.NewChaCha8([32]byte{1}), largeObject) }

// heapGrowth is the highest heap seen while work runs, less what was there before.
func heapGrowth(work func()) int64 {
	runtime.GC()
	before := heap()
	var peak atomic.Int64
	ctx, cancel := context.WithCancel(context.Background())
	watched := make(chan struct{})
	go func() {
		defer close(watched)
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			peak.Store(max(peak.Load(), heap()))
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	}()
	defer func() { cancel(); <-watched }()
	work()
	return max(peak.Load(), heap()) - before
}

func heap() int64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapInuse)
}
