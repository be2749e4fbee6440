package memory_test

import (
	"testing"

	"congvan/storage"
	"congvan/storage/memory"
	"congvan/storage/storagetest"
)

func TestConformance(t *testing.T) {
	storagetest.Run(t, func(t *testing.T) storage.Blobs { return memory.New(t) })
}
