package axistest

import (
	_ "embed"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"slices"
	"strings"
)

//go:embed page.html
var pageText string

var pageTemplate = template.Must(template.New("page").Parse(pageText))

// shown bounds what the page lists.
const shown = 200

// page shows what the simulator holds.
func (s *Simulator) page(w http.ResponseWriter) {
	type row struct{ ID, Time, Kind, From, To, Notation, Title, Status, Word string }
	type agency struct{ Code, Code102, Name, System string }
	var view struct {
		Now                        string
		Messages, Copies, Agencies int
		Rows                       []row
		Listed                     []agency
		Faults                     []Fault
		Applied                    []string
	}
	s.mu.Lock()
	view.Now = clockText(s.now())
	view.Messages, view.Copies, view.Agencies = len(s.messages), len(s.order), len(s.listed)
	for _, c := range slices.Backward(s.order) {
		if len(view.Rows) == shown {
			break
		}
		m := s.messages[c.Message]
		view.Rows = append(view.Rows, row{
			c.ID, clockText(c.At), m.Kind, m.From, c.To, m.Notation, m.Title, c.Status, statusNames[c.Status],
		})
	}
	for _, a := range s.listed[:min(shown, len(s.listed))] {
		view.Listed = append(view.Listed, agency{a.Code, a.Code102, a.Name, a.system})
	}
	for _, f := range s.faults {
		view.Faults = append(view.Faults, *f)
	}
	for _, kind := range slices.Sorted(maps.Keys(s.applied)) {
		view.Applied = append(view.Applied, fmt.Sprintf("%s: %d", kind, s.applied[kind]))
	}
	s.mu.Unlock()
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	_ = pageTemplate.Execute(w, view)
}

var statusNames = map[string]string{
	statusInitial: "chờ nhận", statusProcessing: "đang xử lý", statusDone: "đã nhận", statusFail: "lỗi",
}

// metrics are plain counters in the text form that monitoring reads.
func (s *Simulator) metrics(w http.ResponseWriter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	copies := map[string]int{}
	for _, c := range s.order {
		copies[c.Status]++
	}
	messages := map[string]int{}
	for _, m := range s.messages {
		messages[m.Kind]++
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	write := func(name, kind, help, label string, values map[string]int) {
		fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
		for _, key := range slices.Sorted(maps.Keys(values)) {
			fmt.Fprintf(w, "%s{%s=%q} %d\n", name, label, key, values[key])
		}
	}
	write("axissim_messages", "gauge", "Messages accepted, by kind.", "kind", messages)
	write("axissim_copies", "gauge", "Recipients' copies, by transport status.", "status", copies)
	write("axissim_faults_total", "counter", "Faults applied, by kind.", "kind", s.applied)
	fmt.Fprint(w, "# HELP axissim_calls_total Calls, by operation and outcome.\n# TYPE axissim_calls_total counter\n")
	for _, key := range slices.Sorted(maps.Keys(s.counts)) {
		op, outcome, _ := strings.Cut(key, " ")
		fmt.Fprintf(w, "axissim_calls_total{operation=%q,outcome=%q} %d\n", op, outcome, s.counts[key])
	}
}
