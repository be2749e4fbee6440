package journal_test

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"iter"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"congvan/internal/journal"
)

// world is a journal of n rows with a checkpoint after each row of marks.
type world struct {
	rows  []journal.Entry
	lines []string
	pub   ed25519.PublicKey
	key   ed25519.PrivateKey
}

func newWorld(t testing.TB, n int, marks ...int) *world {
	t.Helper()
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	w := &world{key: key, pub: key.Public().(ed25519.PublicKey)}
	for i := 1; i <= n; i++ {
		w.rows = append(w.rows, mustAppend(t, w.head(), act(i)))
		if slices.Contains(marks, i) {
			w.checkpoint(t)
		}
	}
	return w
}

func act(i int) journal.Entry {
	e := sample()
	e.At = e.At.Add(time.Duration(i) * time.Minute)
	e.ObjectID = fmt.Sprint("doc-", i)
	return e
}

func (w *world) head() journal.Head {
	if len(w.rows) == 0 {
		return journal.Head{}
	}
	return w.rows[len(w.rows)-1].Head()
}

func (w *world) checkpoint(t testing.TB) {
	t.Helper()
	c, err := journal.SignCheckpoint(w.key, w.head(), act(len(w.rows)).At)
	if err != nil {
		t.Fatal(err)
	}
	w.lines = append(w.lines, c.Line())
}

// rehash is what a clever attacker does after a change: every hash from row i on anew.
func (w *world) rehash(i int) {
	for ; i < len(w.rows); i++ {
		prev := journal.Hash{}
		if i > 0 {
			prev = w.rows[i-1].Hash
		}
		w.rows[i].Seq, w.rows[i].Prev = int64(i+1), prev
		w.rows[i].Hash = journal.Chain(prev, w.rows[i])
	}
}

func each(rows []journal.Entry) iter.Seq2[journal.Entry, error] {
	return func(yield func(journal.Entry, error) bool) {
		for _, e := range rows {
			if !yield(e, nil) {
				return
			}
		}
	}
}

func (w *world) verify(t testing.TB) journal.Report {
	t.Helper()
	r, err := journal.Verify(each(w.rows), strings.NewReader(strings.Join(w.lines, "")), w.pub)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func findings(r journal.Report) []string {
	var out []string
	for _, f := range r.Findings {
		out = append(out, f.String())
	}
	return out
}

func TestVerifyHonestJournal(t *testing.T) {
	w := newWorld(t, 10, 4, 8)
	r := w.verify(t)
	if !r.OK() || r.Rows != 10 || r.Head != w.head() || r.Checkpoints != 2 || r.Covered != 8 || !r.CoveredAt.Equal(act(8).At.Truncate(time.Microsecond)) {
		t.Errorf("%+v", r)
	}
	if from, to, ok := r.Uncovered(); from != 9 || to != 10 || !ok {
		t.Errorf("uncovered %d-%d %v", from, to, ok)
	}
	w.checkpoint(t)
	w.checkpoint(t) // the same head again, a minute in which nothing happened
	if from, to, ok := w.verify(t).Uncovered(); ok {
		t.Errorf("uncovered %d-%d", from, to)
	}
	empty := newWorld(t, 0)
	empty.checkpoint(t)
	if r := empty.verify(t); !r.OK() || r.Checkpoints != 1 || r.Covered != 0 {
		t.Errorf("empty: %+v", r)
	}
	r, err := journal.Verify(each(w.rows), nil)
	if err != nil || !r.OK() || r.Covered != 0 {
		t.Errorf("without checkpoints: %+v, %v", r, err)
	}
	if from, to, ok := r.Uncovered(); from != 1 || to != 10 || !ok {
		t.Errorf("uncovered %d-%d %v", from, to, ok)
	}
}

func TestVerifyFindsAttacks(t *testing.T) {
	for _, c := range []struct {
		name    string
		attack  func(*world)
		want    []string
		covered int64
	}{
		{
			"a row edited",
			func(w *world) { w.rows[4].Actor.Name = "Người khác" },
			[]string{"ROW_EDITED row 5"},
			8,
		},
		{
			"a detail edited in two rows side by side",
			func(w *world) { w.rows[4].Detail = nil; w.rows[5].Detail = nil },
			[]string{"ROW_EDITED rows 5-6"},
			8,
		},
		{
			"a row edited and its own hash computed anew",
			func(w *world) {
				w.rows[4].Action = "approve"
				w.rows[4].Hash = journal.Chain(w.rows[4].Prev, w.rows[4])
			},
			[]string{"LINK_BROKEN row 6"},
			8,
		},
		{
			"a row removed",
			func(w *world) { w.rows = slices.Delete(w.rows, 4, 5) },
			[]string{"ROW_MISSING row 5"},
			8,
		},
		{
			"the first rows removed",
			func(w *world) { w.rows = w.rows[3:] },
			[]string{"ROW_MISSING rows 1-3"},
			8,
		},
		{
			"a row removed under a checkpoint",
			func(w *world) { w.rows = slices.Delete(w.rows, 3, 4) },
			[]string{"ROW_MISSING row 4"},
			8,
		},
		{
			"a row removed, the next linked to the one before",
			func(w *world) {
				w.rows = slices.Delete(w.rows, 4, 5)
				w.rows[4].Prev = w.rows[3].Hash
				w.rows[4].Hash = journal.Chain(w.rows[4].Prev, w.rows[4])
			},
			[]string{"ROW_MISSING row 5", "LINK_BROKEN row 7"},
			8,
		},
		{
			"a row removed and the rest renumbered, hashes kept",
			func(w *world) {
				w.rows = slices.Delete(w.rows, 4, 5)
				for i := 4; i < len(w.rows); i++ {
					w.rows[i].Seq--
				}
			},
			[]string{"ROW_EDITED row 5", "LINK_BROKEN row 5", "ROW_EDITED rows 6-8", "CHAIN_REWRITTEN rows 5-8", "ROW_EDITED row 9"},
			4,
		},
		{
			"a row inserted under a number already there",
			func(w *world) {
				e := w.rows[4]
				e.Action = "approve"
				e.Hash = journal.Chain(e.Prev, e)
				w.rows = slices.Insert(w.rows, 5, e)
			},
			[]string{"ROW_INSERTED row 5"},
			8,
		},
		{
			"a row inserted and the chain rewritten behind it",
			func(w *world) { w.rows = slices.Insert(w.rows, 4, act(99)); w.rehash(4) },
			[]string{"CHAIN_REWRITTEN rows 5-8"},
			4,
		},
		{
			"the chain rewritten from a row to its end",
			func(w *world) { w.rows[6].ObjectID = "doc-other"; w.rehash(6) },
			[]string{"CHAIN_REWRITTEN rows 5-8"},
			4,
		},
		{
			"the chain rewritten from the first row",
			func(w *world) { w.rows[0].ObjectID = "doc-other"; w.rehash(0) },
			[]string{"CHAIN_REWRITTEN rows 1-4"},
			0,
		},
		{
			"the tail cut below a checkpoint",
			func(w *world) { w.rows = w.rows[:6] },
			[]string{"TAIL_CUT rows 7-8"},
			4,
		},
		{
			"rolled back to a backup, then used again",
			func(w *world) { w.rows = append(w.rows[:6], act(97), act(98), act(99)); w.rehash(6) },
			[]string{"CHAIN_REWRITTEN rows 5-8"},
			4,
		},
		{
			"all rows gone",
			func(w *world) { w.rows = nil },
			[]string{"TAIL_CUT rows 1-8"},
			0,
		},
		{
			"a row removed, renumbered and rewritten, below the last checkpoint",
			func(w *world) { w.rows = slices.Delete(w.rows, 2, 6); w.rehash(2) },
			[]string{"CHAIN_REWRITTEN rows 1-4", "TAIL_CUT rows 7-8"},
			0,
		},
		{
			"rows exchanged",
			func(w *world) { w.rows[4], w.rows[5] = w.rows[5], w.rows[4] },
			[]string{"ROW_MISSING row 5", "ROW_INSERTED row 5"},
			8,
		},
		{
			"the first row has a predecessor",
			func(w *world) {
				w.rows[0].Prev = journal.Hash{1}
				w.rows[0].Hash = journal.Chain(w.rows[0].Prev, w.rows[0])
			},
			[]string{"LINK_BROKEN rows 1-2"},
			8,
		},
	} {
		w := newWorld(t, 10, 4, 8)
		c.attack(w)
		r := w.verify(t)
		if got := findings(r); !slices.Equal(got, c.want) || r.OK() || r.Total < len(c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
		if r.Covered != c.covered {
			t.Errorf("%s: covered %d, want %d", c.name, r.Covered, c.covered)
		}
	}
}

// What no checkpoint covers can be changed unnoticed: the report must not claim otherwise.
func TestVerifyAdmitsWhatIsNotCovered(t *testing.T) {
	w := newWorld(t, 10, 4, 8)
	w.rows[8].ObjectID = "doc-other"
	w.rehash(8)
	r := w.verify(t)
	if from, to, ok := r.Uncovered(); !r.OK() || from != 9 || to != 10 || !ok {
		t.Errorf("%+v", r)
	}
	w.rows = w.rows[:8]
	if r := w.verify(t); !r.OK() || r.Covered != 8 {
		t.Errorf("%+v", r)
	}
}

func TestVerifyCheckpointFile(t *testing.T) {
	other := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{9}, ed25519.SeedSize))
	for _, c := range []struct {
		name    string
		change  func(*testing.T, *world)
		want    []string
		damaged []int
		covered int64
	}{
		{
			"a line altered", func(_ *testing.T, w *world) { w.lines[1] = strings.Replace(w.lines[1], "-v1 8 ", "-v1 9 ", 1) },
			[]string{"CHECKPOINT_FORGED line 2"},
			nil, 4,
		},
		{"signed by another key", func(t *testing.T, w *world) {
			cp, err := journal.SignCheckpoint(other, w.head(), act(10).At)
			if err != nil {
				t.Fatal(err)
			}
			w.lines = append(w.lines, cp.Line())
		}, []string{"CHECKPOINT_UNKNOWN_KEY line 3"}, nil, 8},
		{"another key under our key's name", func(t *testing.T, w *world) {
			cp, err := journal.SignCheckpoint(other, w.head(), act(10).At)
			if err != nil {
				t.Fatal(err)
			}
			cp.KeyID = journal.KeyID(w.pub)
			w.lines = append(w.lines, cp.Line())
		}, []string{"CHECKPOINT_FORGED line 3"}, nil, 8},
		{"torn while writing", func(_ *testing.T, w *world) { w.lines[1] = w.lines[1][:90] }, nil, []int{2}, 4},
		{"torn before the line end", func(_ *testing.T, w *world) { w.lines[1] = strings.TrimSuffix(w.lines[1], "\n") }, nil, []int{2}, 4},
		{"torn, ended, and continued", func(t *testing.T, w *world) {
			w.lines[1] = w.lines[1][:90] + "\n"
			w.checkpoint(t)
		}, nil, []int{2}, 10},
		{"blank, foreign and endless lines", func(_ *testing.T, w *world) {
			w.lines = slices.Insert(w.lines, 1, "\n", "hello\n", strings.Repeat("x", 100_000)+"\n")
		}, nil, []int{3, 4}, 8},
		{"the last line removed", func(_ *testing.T, w *world) { w.lines = w.lines[:1] }, nil, nil, 4},
		{"lines in another order", func(_ *testing.T, w *world) { slices.Reverse(w.lines) }, nil, nil, 8},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, 10, 4, 8)
			c.change(t, w)
			r := w.verify(t)
			if got := findings(r); !slices.Equal(got, c.want) || !slices.Equal(r.Damaged, c.damaged) || r.Covered != c.covered {
				t.Errorf("%q damaged %v covered %d, want %q %v %d", got, r.Damaged, r.Covered, c.want, c.damaged, c.covered)
			}
		})
	}
}

func TestVerifyAfterKeyChange(t *testing.T) {
	w := newWorld(t, 5, 4)
	old := w.pub
	w.key = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{9}, ed25519.SeedSize))
	w.pub = w.key.Public().(ed25519.PublicKey)
	w.checkpoint(t)
	r, err := journal.Verify(each(w.rows), strings.NewReader(strings.Join(w.lines, "")), w.pub, old)
	if err != nil || !r.OK() || r.Checkpoints != 2 || r.Covered != 5 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestVerifyReportsReadErrors(t *testing.T) {
	w := newWorld(t, 3, 2)
	broken := errors.New("disk gone")
	rows := func(yield func(journal.Entry, error) bool) {
		_ = yield(w.rows[0], nil) && yield(journal.Entry{}, broken)
	}
	if r, err := journal.Verify(rows, nil); !errors.Is(err, broken) || r.Rows != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	half := io.MultiReader(strings.NewReader(w.lines[0]), iotest.ErrReader(broken))
	if _, err := journal.Verify(each(w.rows), half, w.pub); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}

func TestFindingsAreBounded(t *testing.T) {
	w := newWorld(t, 500)
	for i := 0; i < 500; i += 2 {
		w.rows[i].Action = "other"
	}
	if r := w.verify(t); r.Total != 250 || len(r.Findings) != 100 {
		t.Errorf("%d findings, %d listed", r.Total, len(r.Findings))
	}
}

func TestCheckpointLine(t *testing.T) {
	w := newWorld(t, 3)
	c, err := journal.SignCheckpoint(w.key, w.head(), time.Date(2026, 11, 21, 8, 30, 45, 999_999_999, time.FixedZone("", 7*3600)))
	if err != nil {
		t.Fatal(err)
	}
	line := c.Line()
	if strings.Count(line, "\n") != 1 || !strings.Contains(line, " 2026-11-21T01:30:45.999999Z ") {
		t.Errorf("%q", line)
	}
	back, err := journal.ParseCheckpoint(strings.TrimSuffix(line, "\n"))
	if err != nil || !reflect.DeepEqual(back, c) || !back.Verify(w.pub) {
		t.Errorf("%+v, %v", back, err)
	}
	for _, bad := range []string{
		"", line, " " + line, strings.Replace(line, "v1", "v2", 1), strings.Replace(line, " 3 ", " 03 ", 1),
		strings.Replace(line, " 3 ", " -3 ", 1), strings.Replace(line, "Z", "+07:00", 1), strings.ToUpper(line),
		strings.Replace(line, " 3 ", "  3 ", 1),
	} {
		if got, err := journal.ParseCheckpoint(bad); err == nil {
			t.Errorf("ParseCheckpoint(%q) = %+v", bad, got)
		}
	}
}

func FuzzParseCheckpoint(f *testing.F) {
	w := newWorld(f, 1)
	w.checkpoint(f)
	f.Add(strings.TrimSuffix(w.lines[0], "\n"))
	f.Fuzz(func(t *testing.T, s string) {
		if c, err := journal.ParseCheckpoint(s); err == nil && c.Line() != s+"\n" {
			t.Errorf("%q reads as %q", s, c.Line())
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	w := newWorld(b, 1000, 1000)
	file := strings.Join(w.lines, "")
	for b.Loop() {
		if r, err := journal.Verify(each(w.rows), strings.NewReader(file), w.pub); err != nil || !r.OK() {
			b.Fatal(r, err)
		}
	}
}
