package e2e

import (
	"context"
	"database/sql"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"congvan/internal/app"
	"congvan/internal/journal"
)

// TestJournalVerify changes copies of a database behind the program's back, in every way
// that an administrator could try: each is found.
func TestJournalVerify(t *testing.T) {
	t.Parallel()
	w := world(t)
	config := configOf(w, w.A)
	id := draft(t, w.A.Base, "svd", "H26.15")
	acts(t, w.A.Base, "svd", id, "submit", "approve-content", "approve-format", "sign", "number", "seal")

	w.A.Kill() // the last acts have no checkpoint yet
	out := says(t, 0, "The journal is intact.", "", "journal", "verify", "--config", config)
	if !strings.Contains(out, "are not covered by a checkpoint yet") {
		t.Errorf("it does not say what is uncovered:\n%s", out)
	}
	again(t, w.A)
	says(t, 0, "The journal is intact.", "", "journal", "verify", "--config", config) // beside the running server
	if err := w.A.Stop(); err != nil {
		t.Fatal(err)
	}
	out = says(t, 0, "The journal is intact.", "", "journal", "verify", "--config", config)
	if strings.Contains(out, "not covered") {
		t.Errorf("the checkpoint at stop covers all:\n%s", out)
	}

	rows := entries(t, config)
	last := int64(len(rows))
	if last < 9 {
		t.Fatalf("only %d entries", last)
	}
	for _, x := range []struct {
		name, found string
		tamper      func(c app.Config)
	}{
		{"row edited", "ROW_EDITED row 5", func(c app.Config) {
			execute(t, c, "UPDATE journal SET actor_name = 'Người khác' WHERE seq = 5")
		}},
		{"time edited", "ROW_EDITED row 4", func(c app.Config) {
			execute(t, c, "UPDATE journal SET written_at = written_at + 1 WHERE seq = 4")
		}},
		{"row deleted", "ROW_MISSING row 5", func(c app.Config) {
			execute(t, c, "DELETE FROM journal WHERE seq = 5")
		}},
		{"first rows deleted", "ROW_MISSING rows 1-2", func(c app.Config) {
			execute(t, c, "DELETE FROM journal WHERE seq <= 2")
		}},
		{"row inserted", "ROW_EDITED", func(c app.Config) {
			execute(t, c, "UPDATE journal SET seq = -seq - 1 WHERE seq > 5", "UPDATE journal SET seq = -seq WHERE seq < 0",
				"INSERT INTO journal SELECT 6, written_at, account_id, actor_name, on_behalf_of, position_id, agency_id, action, object_kind, object_id, version_hash, detail, prev, hash FROM journal WHERE seq = 5")
		}},
		{"two rows exchanged", "LINK_BROKEN rows 6-7", func(c app.Config) {
			execute(t, c, "UPDATE journal SET seq = -5 WHERE seq = 5", "UPDATE journal SET seq = 5 WHERE seq = 6", "UPDATE journal SET seq = 6 WHERE seq = -5")
		}},
		{"chain rewritten", "CHAIN_REWRITTEN", func(c app.Config) { rewrite(t, c, slices.Clone(rows), 5) }},
		{"tail cut", fmt.Sprintf("TAIL_CUT rows %d-%d", last-2, last), func(c app.Config) {
			execute(t, c, fmt.Sprintf("DELETE FROM journal WHERE seq > %d", last-3),
				fmt.Sprintf("UPDATE journal_head SET size = %d, hash = '%s'", last-3, rows[last-4].Hash))
		}},
		{"key taken away", "CHECKPOINT_UNKNOWN_KEY line 1", func(c app.Config) {
			if err := os.Remove(c.Journal.KeyFile); err != nil {
				t.Fatal(err)
			}
		}},
		{"checkpoint forged", "CHECKPOINT_FORGED line 1", func(c app.Config) { forge(t, c.Journal.CheckpointFile) }},
	} {
		t.Run(x.name, func(t *testing.T) {
			c := copyOf(t, config)
			x.tamper(c)
			out := says(t, 1, "FOUND: "+x.found, "", "journal", "verify", "--config", saved(t, c))
			if strings.Contains(out, "intact") {
				t.Errorf("intact all the same:\n%s", out)
			}
		})
	}
}

// entries reads the whole journal.
func entries(t *testing.T, config string) (out []journal.Entry) {
	t.Helper()
	c, err := app.LoadConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	db, err := app.OpenBeside(t.Context(), c, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for e, err := range db.JournalRows(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, e)
	}
	return out
}

// rewrite changes row n and computes every hash from there anew, as one who knows the
// program would.
func rewrite(t *testing.T, c app.Config, rows []journal.Entry, n int) {
	t.Helper()
	rows[n-1].Actor.Name = "Người khác"
	queries := []string{fmt.Sprintf("UPDATE journal SET actor_name = 'Người khác' WHERE seq = %d", n)}
	prev := rows[n-2].Hash
	for _, e := range rows[n-1:] {
		e.Prev = prev
		prev = journal.Chain(prev, e)
		queries = append(queries, fmt.Sprintf("UPDATE journal SET prev = '%s', hash = '%s' WHERE seq = %d", e.Prev, prev, e.Seq))
	}
	execute(t, c, append(queries, fmt.Sprintf("UPDATE journal_head SET hash = '%s'", prev))...)
}

// forge changes the size that a checkpoint attests.
func forge(t *testing.T, file string) {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	f := strings.Fields(string(b))
	if len(f) < 2 {
		t.Fatalf("no checkpoint: %q", b)
	}
	if err := os.WriteFile(file, []byte(strings.Replace(string(b), " "+f[1]+" ", " 1 ", 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// execute changes a copy's database directly.
func execute(t *testing.T, c app.Config, queries ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+c.Database.DSN)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, q := range queries {
		res, err := db.ExecContext(context.WithoutCancel(t.Context()), q)
		if err != nil {
			t.Fatalf("%s: %v", q, err)
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			t.Fatalf("%s: %d rows %v", q, n, err)
		}
	}
}
