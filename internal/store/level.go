package store

import (
	"database/sql"
	"time"

	"congvan/internal/document"
	"congvan/internal/flow"
)

// Waiting tells how many documents wait for the level of their signatures, and since when
// which service has been missing.
func (t *tx) Waiting() (w flow.Waiting, err error) {
	var oldest, missing, outage sql.NullInt64
	err = get(t, []any{&w.Documents, &oldest, &missing, &outage},
		`SELECT COUNT(*), MIN(level_since), MIN(CASE WHEN level_code IN (?, ?) THEN level_since END), MIN(CASE WHEN level_code = ? THEN level_since END)
		FROM outgoing WHERE level_since IS NOT NULL`, document.TimestampUnavailable, document.EvidenceUnavailable, document.TimestampUnavailable)
	w.Oldest, w.Missing, w.Outage = timeOrZero(oldest), timeOrZero(missing), timeOrZero(outage)
	return w, err
}

func timeOrZero(n sql.NullInt64) time.Time {
	if !n.Valid {
		return time.Time{}
	}
	return time.UnixMicro(n.Int64).UTC()
}
