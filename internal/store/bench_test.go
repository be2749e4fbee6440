package store_test

import (
	"testing"

	"congvan/internal/store"
	"congvan/internal/store/storetest"
)

func eachEngine(b *testing.B, run func(*testing.B, storetest.Opener)) {
	for name, open := range map[string]func(testing.TB, store.Options) *store.Store{store.SQLite: openSQLite, store.Postgres: openPostgres} {
		b.Run(name, func(b *testing.B) { run(b, open) })
	}
}

func BenchmarkNumber(b *testing.B) { eachEngine(b, storetest.BenchmarkNumber) }

func BenchmarkLists(b *testing.B) { eachEngine(b, storetest.BenchmarkLists) }
