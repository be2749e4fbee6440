//go:build interop

package interop

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// row is a line of the matrix: who signed, what kind of file, and per program how many
// files it accepted and refused.
type row struct {
	by, kind string
	cells    map[string]*cell
}

type cell struct{ accepted, refused, wrong int }

func (c *cell) String() string {
	switch {
	case c == nil:
		return "–"
	case c.wrong > 0:
		return fmt.Sprintf("**%d of %d otherwise than expected**", c.wrong, c.accepted+c.refused)
	case c.refused == 0:
		return fmt.Sprintf("accepts %d", c.accepted)
	case c.accepted == 0:
		return fmt.Sprintf("refuses %d", c.refused)
	}
	return fmt.Sprintf("accepts %d, refuses %d", c.accepted, c.refused)
}

// matrix sums up the opinions by kind, in the order of the files.
func matrix(files []artifact, said opinions) []row {
	var rows []row
	for _, a := range files {
		i := slices.IndexFunc(rows, func(r row) bool { return r.by == a.By && r.kind == a.Kind })
		if i < 0 {
			i = len(rows)
			rows = append(rows, row{a.By, a.Kind, map[string]*cell{}})
		}
		for program, answers := range said {
			o, asked := answers[a.Path]
			if !asked {
				continue
			}
			c := rows[i].cells[program]
			if c == nil {
				c = &cell{}
				rows[i].cells[program] = c
			}
			if o.Accepts {
				c.accepted++
			} else {
				c.refused++
			}
			if o.Accepts == a.Refused[program] {
				c.wrong++
			}
		}
	}
	return rows
}

func markdown(rows []row) string {
	columns := slices.Concat(programs, []string{veraPDF})
	var b strings.Builder
	fmt.Fprintf(&b, "| signed by | file | %s |\n|%s\n", strings.Join(columns, " | "), strings.Repeat("---|", len(columns)+2))
	for _, r := range rows {
		fmt.Fprintf(&b, "| %s | %s |", r.by, r.kind)
		for _, program := range columns {
			fmt.Fprintf(&b, " %s |", r.cells[program])
		}
		b.WriteString("\n")
	}
	return b.String()
}

// report prints the matrix and writes it with all details into test/artifacts.
func report(t *testing.T, files []artifact, said opinions, differences []string) {
	table := markdown(matrix(files, said))
	fmt.Println(table)
	dir := filepath.Join("..", "artifacts")
	must(t, os.MkdirAll(dir, 0o755))
	must(t, os.WriteFile(filepath.Join(dir, "interop.md"), []byte(table), 0o644))
	type entry struct {
		artifact
		Digest string             `json:"sha256"`
		Said   map[string]opinion `json:"said"`
	}
	record := struct {
		Files       []entry  `json:"files"`
		Differences []string `json:"differences"`
	}{Differences: differences}
	for _, a := range files {
		e := entry{a, fingerprint(read(t, a.Path)), map[string]opinion{}}
		for program, answers := range said {
			if o, asked := answers[a.Path]; asked {
				e.Said[program] = o
			}
		}
		record.Files = append(record.Files, e)
	}
	out, err := json.MarshalIndent(record, "", "  ")
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "interop.json"), out, 0o644))
}
