package e2e

import (
	"bytes"
	"crypto/sha256"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"congvan/internal/calendar"
	"congvan/internal/testpdf"
	"congvan/internal/walk"
)

// TestRoad takes every kind of PDF over the whole road and has programs of other makers
// judge what the recipients got.
func TestRoad(t *testing.T) {
	t.Parallel()
	w := world(t)
	dispatches, done, err := walk.Dispatches(filepath.Dir(testpdf.Path("make.sh")))
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	var steps bytes.Buffer
	road := walk.NewRoad(w.A.Base, w.B.Base, &steps, time.Now)
	numbers := map[string]int{} // of each agency's series: gapless from 1
	for _, d := range dispatches {
		name := filepath.Base(d.Main)
		road.Save = filepath.Join(w.Dir, "received", name)
		if err := os.MkdirAll(road.Save, 0o700); err != nil {
			t.Fatal(err)
		}
		day := calendar.DateOf(time.Now())
		if err := road.Run(t.Context(), d); err != nil {
			t.Fatalf("%s: %v\n%s", name, err, &steps)
		}
		t.Run(name, func(t *testing.T) {
			sent := one(t, road.Save, "sm-*-1.pdf")
			sameBytes(t, sent, one(t, road.Save, d.Peer+"-*-1.pdf"))
			numbers[d.Sender]++
			inspectMain(t, w.Dir, sent, numbers[d.Sender], day)

			annex := one(t, road.Save, "sm-*-2.pdf")
			sameBytes(t, annex, one(t, road.Save, d.Peer+"-*-2.pdf"))
			accepted(t, w.Dir, annex, 1)

			numbers["sm"]++
			inspectMain(t, w.Dir, one(t, road.Save, d.Sender+"-*-1.pdf"), numbers["sm"], day)
		})
	}
	if err := road.Paper(t.Context(), testpdf.Path("van-ban-giay-scan.pdf")); err != nil {
		t.Errorf("%v\n%s", err, &steps)
	}
}

// TestRoadOnPostgresAndS3 is the same on a database server and an object store, by the
// command as an administrator types it.
func TestRoadOnPostgresAndS3(t *testing.T) {
	t.Parallel()
	samples := filepath.Dir(testpdf.Path("make.sh"))
	code, out, errOut := program(t, "", "congvan", "walk", "--start", "--db", "postgres", "--blobs", "s3", "--samples", samples)
	if code != 0 || !strings.Contains(out, "Every step held.") {
		t.Errorf("exit %d\n%s\n%s", code, out, errOut)
	}
}

// one finds the one file that a pattern names.
func one(t *testing.T, dir, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(found) != 1 {
		t.Fatalf("%s: found %v (%v), want one file", pattern, found, err)
	}
	return found[0]
}

func sameBytes(t *testing.T, a, b string) {
	t.Helper()
	x, err := os.ReadFile(a)
	if err != nil {
		t.Fatal(err)
	}
	y, err := os.ReadFile(b)
	if err != nil {
		t.Fatal(err)
	}
	if sha256.Sum256(x) != sha256.Sum256(y) {
		t.Errorf("%s and %s differ: every recipient gets the same bytes", filepath.Base(a), filepath.Base(b))
	}
}
