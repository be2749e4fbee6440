package bench

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"congvan/internal/testpdf"
)

// TestQuick holds that a run comes to its end with every row measured. How fast anything
// was is not looked at.
func TestQuick(t *testing.T) {
	dir := t.TempDir()
	binary := filepath.Join(dir, "congvan")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "congvan/cmd/congvan").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	work := filepath.Join(dir, "bench")
	if err := os.Mkdir(work, 0o700); err != nil {
		t.Fatal(err)
	}
	table, err := Run(t.Context(), Options{
		Congvan: binary, Dir: work, Samples: filepath.Dir(testpdf.Path("README.md")), Quick: true, Progress: t.Output(), Clock: time.Now, Rand: rand.Reader,
	})
	if err != nil {
		t.Fatal(err)
	}
	var text, asJSON bytes.Buffer
	if err := table.Write(&text); err != nil {
		t.Fatal(err)
	}
	if err := table.WriteJSON(&asJSON); err != nil {
		t.Fatal(err)
	}
	t.Log(text.String())
	var back struct {
		Rows []struct{ What, Verdict string }
	}
	if err := json.Unmarshal(asJSON.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if len(back.Rows) != len(table.Rows) {
		t.Errorf("%d rows in JSON, %d in the table", len(back.Rows), len(table.Rows))
	}
	for _, want := range []string{
		"Numbers given", "Start on", "Idle memory", "Token: raw", "Token: a person's", "Server's processor time", "Leader's signing request",
		"Agency's sealing request", "API: outgoing, newest", "API: outgoing, page", "API: incoming, newest", "API: incoming, an official's", "API: incoming, search",
		"API: home", "API: an outgoing document", "API: an incoming document", "Page: home", "Page: outgoing", "Page: incoming, p95", "Page: incoming, search",
		"Page: an outgoing document", "Page: an incoming document", "uploaded and drafted, fs", "downloaded, fs", "uploaded and drafted, S3", "downloaded, S3",
	} {
		found := 0
		for _, r := range table.Rows {
			if !strings.Contains(r.What, want) {
				continue
			}
			found++
			if r.Missing != "" {
				t.Errorf("%s: %s", r.What, r.Missing)
			}
			if r.Measured < 0 || math.IsNaN(r.Measured) || r.Measured == 0 && r.Unit != "MB" && r.Limit != 0 {
				t.Errorf("%s: measured %v %s", r.What, r.Measured, r.Unit)
			}
		}
		if found != 1 {
			t.Errorf("%d rows of %q", found, want)
		}
		if !strings.Contains(text.String(), want) {
			t.Errorf("%q is not printed", want)
		}
	}
	if strings.Contains(text.String(), "counted as none") {
		t.Error("the fsyncs of a signature were not counted")
	}
}

func TestVerdict(t *testing.T) {
	for _, c := range []struct {
		row   Row
		want  string
		ratio float64
	}{
		{Row{Measured: 50, Limit: 100}, "ok", 0.5},
		{Row{Measured: 100, Limit: 100}, "ok", 1},
		{Row{Measured: 101, Limit: 100}, "over", 1.01},
		{Row{Measured: 50, Limit: 100, AtLeast: true}, "under", 0.5},
		{Row{Measured: 100, Limit: 100, AtLeast: true}, "ok", 1},
		{Row{Measured: 3}, "-", 0},
		{Row{Measured: 3, Limit: 5, Missing: "not here"}, "missing", 0},
	} {
		if got := c.row.Verdict(); got != c.want {
			t.Errorf("%+v: %s, want %s", c.row, got, c.want)
		}
		if got := c.row.Ratio(); got != c.ratio {
			t.Errorf("%+v: ratio %v, want %v", c.row, got, c.ratio)
		}
	}
}

func TestPercentile(t *testing.T) {
	var s spread
	for i := range 100 {
		s = append(s, time.Duration(100-i)*time.Millisecond) // 100 … 1 ms
	}
	for q, want := range map[int]float64{1: 1, 50: 50, 95: 95, 100: 100} {
		if got := s.p(q); got != want {
			t.Errorf("p%d of 1…100 is %v", q, got)
		}
	}
	if got := (spread{7 * time.Millisecond}).p(95); got != 7 {
		t.Errorf("p95 of one is %v", got)
	}
	if got := (spread{}).p(95); got != 0 {
		t.Errorf("p95 of none is %v", got)
	}
}

func TestFlushesAreCountedOnce(t *testing.T) {
	trace := filepath.Join(t.TempDir(), "trace")
	text := "10 fdatasync(8) = 0\n11 fsync(9 <unfinished ...>\n10 fsync(7) = -1 EIO\n11 <... fsync resumed>) = 0\n12 +++ exited with 0 +++\n12 fsync(9 <unfinished ...>\n"
	if err := os.WriteFile(trace, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if n, err := flushes(trace); n != 2 || err != nil {
		t.Errorf("%d flushes, %v; want 2", n, err)
	}
}
