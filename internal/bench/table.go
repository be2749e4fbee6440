package bench

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// Table is the outcome of a run.
type Table struct {
	Began   time.Time
	Took    time.Duration
	Machine string
	Rows    []Row
}

// Row is one figure. Measured and Limit are in Unit.
type Row struct {
	What     string
	Unit     string // ms, MB (10^6 bytes), /s, or a count
	Measured float64
	Limit    float64 // 0: a peer of other rows, judged by none itself
	AtLeast  bool    // Limit is the least there should be, not the most
	Note     string  // peers of the same run, and spread
	Missing  string  // why it could not be measured
}

// Ratio is how much of the limit is used, or how often a least figure is reached; 0
// without a limit.
func (r Row) Ratio() float64 {
	if r.Limit == 0 || r.Missing != "" {
		return 0
	}
	return r.Measured / r.Limit
}

// Verdict is ok, over (or under, for a least figure), missing, or "-" for a peer.
func (r Row) Verdict() string {
	switch {
	case r.Missing != "":
		return "missing"
	case r.Limit == 0:
		return "-"
	case r.AtLeast && r.Measured < r.Limit:
		return "under"
	case !r.AtLeast && r.Measured > r.Limit:
		return "over"
	}
	return "ok"
}

// Write prints the table for people.
func (t Table) Write(w io.Writer) error {
	tw := tabwriter.NewWriter(w, 2, 4, 2, ' ', 0)
	_, _ = fmt.Fprintf(tw, "What\tMeasured\tLimit\tRatio\t\tBeside it, in the same run\n")
	for _, r := range t.Rows {
		limit, ratio, measured, note := "-", "-", figure(r.Measured)+" "+r.Unit, r.Note
		if r.Limit != 0 {
			limit = map[bool]string{true: "≥ ", false: "≤ "}[r.AtLeast] + figure(r.Limit) + " " + r.Unit
			ratio = fmt.Sprintf("%.2f", r.Ratio())
		}
		if r.Missing != "" {
			measured, ratio, note = "-", "-", r.Missing
		}
		_, _ = fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\n", r.What, measured, limit, ratio, r.Verdict(), note)
	}
	if err := tw.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\n%s, %s, in %s\n", t.Began.Format(time.DateOnly), t.Machine, t.Took.Round(time.Second))
	return err
}

// WriteJSON prints it for programs.
func (t Table) WriteJSON(w io.Writer) error {
	type row struct {
		What     string  `json:"what"`
		Unit     string  `json:"unit"`
		Measured float64 `json:"measured"`
		Limit    float64 `json:"limit,omitempty"`
		AtLeast  bool    `json:"at_least,omitempty"`
		Ratio    float64 `json:"ratio,omitempty"`
		Verdict  string  `json:"verdict"`
		Note     string  `json:"note,omitempty"`
		Missing  string  `json:"missing,omitempty"`
	}
	out := struct {
		Began   time.Time `json:"began"`
		Seconds float64   `json:"seconds"`
		Machine string    `json:"machine"`
		Rows    []row     `json:"rows"`
	}{t.Began, t.Took.Seconds(), t.Machine, nil}
	for _, r := range t.Rows {
		out.Rows = append(out.Rows, row{r.What, r.Unit, r.Measured, r.Limit, r.AtLeast, r.Ratio(), r.Verdict(), r.Note, r.Missing})
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(out)
}

// figure is a number with as many digits as mean something.
func figure(x float64) string {
	switch {
	case x >= 100:
		return fmt.Sprintf("%.0f", x)
	case x >= 10:
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.2f", x)
}

// machine says what the figures were measured on.
func machine(loadavg string) string {
	s := fmt.Sprintf("%s/%s, %d cores", runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
	if f := strings.Fields(loadavg); len(f) > 0 {
		s += ", load " + f[0]
	}
	return s
}

// spread are durations, sorted once read.
type spread []time.Duration

// p is the q-th percentile in ms: the smallest that q percent do not exceed.
func (s spread) p(q int) float64 {
	if len(s) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(s))
	return ms(sorted[max(0, (len(sorted)*q+99)/100-1)])
}

func (s spread) String() string {
	return fmt.Sprintf("p50 %s, p95 %s, max %s ms", figure(s.p(50)), figure(s.p(95)), figure(s.p(100)))
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
