//go:build ignore

// Command list names the letters of the demonstration for make.sh: six for each agency, with
// the subjects of internal/demo.
package main

import (
	"encoding/json"
	"fmt"
	"os"

	"congvan/internal/demo"
)

func main() {
	type letter struct {
		File    string `json:"file"`
		Agency  string `json:"agency"`
		Subject string `json:"subject"`
		Urgency int    `json:"urgency"`
	}
	var out []letter
	agencies := []string{"a-svd", "a-ubnd", "a-stn", "a-phuong", "b-sm"}
	for _, s := range demo.Subjects() {
		n := len(out)
		if s.Type != "CV" || n == 6*len(agencies) {
			continue
		}
		a := agencies[n%len(agencies)]
		out = append(out, letter{fmt.Sprintf("%s-%d", a, n/len(agencies)+1), a, s.Text, s.Urgency})
	}
	enc := json.NewEncoder(os.Stdout)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(out); err != nil {
		panic(err)
	}
}
