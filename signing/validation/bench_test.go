package validation

import (
	"strings"
	"testing"
	"time"

	"congvan/signing/pades"
)

// A letter of about 1 MB with the leader's and the agency's signature.
func BenchmarkValidate(b *testing.B) {
	bench := newBench(b)
	v := bench.validator()
	d := newDoc(b, bench)
	d.Stream(30, "", strings.Repeat("x", 1<<20))
	d.end()
	r := road{b, pades.New(pades.Options{}), v}
	once := r.sign(d.Bytes(), bench.leader, leaderRequest(b))
	file := fileOf(r.sign(once, bench.agency, agencyRequest(b)))
	b.SetBytes(file.Size)
	b.ReportAllocs()
	for b.Loop() {
		if report, err := v.Validate(b.Context(), file, time.Time{}); err != nil || len(report.Signatures) != 2 || report.Verdict != "VALID" {
			b.Fatal(report, err)
		}
	}
}
