package signcli

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"congvan/signing"
	"congvan/signing/pdf"
	"congvan/signing/trust"
	"congvan/signing/validation"
)

// signedTwice are files with two signatures, one of each make: plain and archived,
// with a cross-reference table and with streams.
func signedTwice(t testing.TB, w *world) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for name, level := range map[string]Level{"cong-van-1.pdf": LevelB, "cong-van-1-xref-stream.pdf": LevelLTA} {
		first := w.options(t, w.leader, level)
		first.In = first.In[:len(first.In)-len("cong-van-1.pdf")] + name
		second := w.options(t, w.agency, level)
		second.In = first.Out
		for _, o := range []SignOptions{first, second} {
			if _, err := Sign(t.Context(), o); err != nil {
				t.Fatal(err)
			}
		}
		out[name] = read(t, second.Out)
	}
	return out
}

// approving trusts the root and calls every certificate good, so that nothing but the
// file itself keeps a mutant from being VALID.
func approving(t testing.TB, w *world) *validation.Validator {
	t.Helper()
	store, err := trust.New(trust.Options{Anchors: tops(w.Root.Chain), Intermediates: w.leader.Chain[1:], Clock: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return checker(unasked{store}, time.Now)
}

// Nothing done to a signed file may crash the validator, keep it busy, or leave the file
// VALID once a byte that its signatures cover is another. CONGVAN_MUTATIONS sets how
// many mutants of each file are tried.
func TestMutants(t *testing.T) {
	w := newWorld(t)
	v := approving(t, w)
	n := 150
	if s := os.Getenv("CONGVAN_MUTATIONS"); s != "" {
		var err error
		if n, err = strconv.Atoi(s); err != nil {
			t.Fatal(err)
		}
	}
	for name, original := range signedTwice(t, w) {
		if r := judgeBytes(t, v, original); r.Verdict != signing.Valid || len(r.Signatures) != 2 {
			t.Fatalf("%s: %s %v", name, r.Verdict, r.Reasons)
		}
		ends := signedEnds(t, original)
		gap := newestGap(t, original)
		random := rand.New(rand.NewPCG(1, uint64(len(name))))
		verdicts := map[signing.Verdict]int{}
		for i := range n {
			mutant, how := mutate(random, original, ends)
			r := judgeBytes(t, v, mutant)
			verdicts[r.Verdict]++
			if r.Verdict == signing.Valid && !same(original, mutant, gap, ends) {
				_ = os.WriteFile(os.TempDir()+"/mutant.pdf", mutant, 0o600)
				t.Errorf("%s: mutant %d (%s) is VALID: %v", name, i, how, r.Reasons)
			}
		}
		t.Logf("%s: %v", name, verdicts)
	}
}

func judgeBytes(t testing.TB, v *validation.Validator, data []byte) *signing.Report {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r, err := v.Validate(ctx, signing.File{R: bytes.NewReader(data), Size: int64(len(data))}, time.Time{})
	if err != nil {
		t.Fatalf("the validator does not come to an end: %v", err)
	}
	return r
}

// same tells whether a mutant may be VALID: it is the original but for the newest
// /Contents and white space at the end, or one of its signed states.
func same(original, mutant []byte, gap [2]int, ends []int) bool {
	const blank = "\x00\t\n\f\r "
	mutant = bytes.TrimRight(mutant, blank)
	for _, end := range ends {
		if bytes.Equal(mutant, bytes.TrimRight(original[:end], blank)) {
			return true
		}
	}
	original = bytes.TrimRight(original, blank)
	return len(mutant) == len(original) && bytes.Equal(mutant[:gap[0]], original[:gap[0]]) && bytes.Equal(mutant[gap[1]:], original[gap[1]:])
}

// signedEnds are the offsets at which the revisions end.
func signedEnds(t testing.TB, data []byte) (ends []int) {
	f, err := pdf.Open(t.Context(), bytes.NewReader(data), int64(len(data)), pdf.DefaultLimits())
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range f.Revisions() {
		ends = append(ends, int(r.End))
	}
	return ends
}

// newestGap is where the newest /Contents stands.
func newestGap(t testing.TB, data []byte) [2]int {
	from := bytes.LastIndex(data, []byte("/Contents <"))
	to := from + bytes.IndexByte(data[from:], '>') + 1
	if from < 0 || to <= from {
		t.Fatal("no /Contents")
	}
	return [2]int{from + len("/Contents "), to}
}

// mutate changes a copy of a file in one of the ways in which files get damaged or
// forged.
func mutate(r *rand.Rand, file []byte, ends []int) (mutant []byte, how string) {
	at := place(r, file, ends)
	n := 1 + r.IntN(32)
	n = min(n, len(file)-at)
	switch r.IntN(9) {
	case 0:
		out := bytes.Clone(file)
		out[at] ^= 1 << r.IntN(8)
		return out, "bit at " + strconv.Itoa(at)
	case 1:
		return bytes.Clone(file[:at]), "cut at " + strconv.Itoa(at)
	case 2:
		out := bytes.Clone(file)
		out[at] = "0123456789 /<>[]()\n"[r.IntN(19)]
		return out, "character at " + strconv.Itoa(at)
	case 3:
		return append(bytes.Clone(file[:at]), file[at+n:]...), "deleted at " + strconv.Itoa(at)
	case 4:
		return append(append(bytes.Clone(file[:at]), file[at:at+n]...), file[at:]...), "doubled at " + strconv.Itoa(at)
	case 5: // bytes of one place put into another
		from := place(r, file, ends)
		n = min(n, len(file)-from)
		out := bytes.Clone(file)
		copy(out[at:], file[from:from+n])
		return out, "copied to " + strconv.Itoa(at)
	case 6: // a revision put on again
		from, to := ends[r.IntN(len(ends))], ends[r.IntN(len(ends))]
		from, to = min(from, to), max(from, to)
		return append(bytes.Clone(file), file[from:to]...), "revision again"
	case 7: // numbers count one more or less
		out := bytes.Clone(file)
		for i := at; i < len(out); i++ {
			if out[i] >= '0' && out[i] <= '8' {
				out[i]++
				return out, "number at " + strconv.Itoa(i)
			}
		}
		return out, "nothing"
	}
	tail := "\n4 0 obj\n<< /Length 0 >>\nstream\n\nendstream\nendobj\nxref\n4 1\n" +
		"0000000000 00000 n \ntrailer\n<< /Size 999 /Root 1 0 R /Prev " + strconv.Itoa(at) + " >>\nstartxref\n" + strconv.Itoa(len(file)+r.IntN(80)) + "\n%%EOF\n"
	return append(bytes.Clone(file), tail[:r.IntN(len(tail))]...), "tail"
}

// place chooses an offset: anywhere, or near an end of a revision, where the structure
// is.
func place(r *rand.Rand, file []byte, ends []int) int {
	if r.IntN(2) == 0 {
		return r.IntN(len(file))
	}
	return max(0, ends[r.IntN(len(ends))]-1-r.IntN(2000))
}
