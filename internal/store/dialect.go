package store

import (
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// dialect is every difference between the two databases.
type dialect interface {
	name() string
	goose() (goose.Dialect, []goose.ProviderOption, error)
	// bind turns the placeholders ? of a statement into the database's own. No statement
	// holds a question mark that is not one.
	bind(query string) string
	// snapshot and change are the options of a reading and of a writing transaction.
	snapshot() *sql.TxOptions
	change() *sql.TxOptions
	// forUpdate ends a SELECT that locks what it reads until the transaction ends.
	forUpdate() string
	// among is the condition that a value is one of a subquery's, which is run once.
	among(subquery string) string
	// matches is the condition that a document's words contain all of the search: its
	// placeholder takes wordQuery. table is outgoing or incoming, its alias d.
	matches(table string) string
	wordQuery(words [][]string) string
	// judge says what a database error means.
	judge(err error) verdict
}

// verdict on a database error.
type verdict struct {
	again      bool   // the transaction may succeed when run again
	away       bool   // the database does not answer or is busy
	duplicate  bool   // a unique constraint
	constraint string // its name
}

type sqliteDialect struct{}

func (sqliteDialect) name() string             { return SQLite }
func (sqliteDialect) bind(query string) string { return query }
func (sqliteDialect) forUpdate() string        { return "" }

// A transaction of SQLite is a snapshot; the writing ones follow one another.
func (sqliteDialect) snapshot() *sql.TxOptions { return &sql.TxOptions{ReadOnly: true} }
func (sqliteDialect) change() *sql.TxOptions   { return nil }

func (sqliteDialect) goose() (goose.Dialect, []goose.ProviderOption, error) {
	return goose.DialectSQLite3, nil, nil
}

func (sqliteDialect) among(subquery string) string { return "IN (" + subquery + ")" }

func (sqliteDialect) matches(table string) string {
	return "d.no IN (SELECT rowid FROM " + table + "_words WHERE " + table + "_words MATCH ?)"
}

// wordQuery is FTS5: every word a phrase of its parts, the last part a prefix.
func (sqliteDialect) wordQuery(words [][]string) string {
	var b strings.Builder
	for _, parts := range words {
		b.WriteString(`"` + strings.Join(parts, " ") + `" * `)
	}
	return b.String()
}

func (sqliteDialect) judge(err error) verdict {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return verdict{}
	}
	switch e.Code() & 0xff {
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return verdict{again: true, away: true}
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN:
		return verdict{away: true}
	}
	if e.Code() != sqlite3.SQLITE_CONSTRAINT_UNIQUE && e.Code() != sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY {
		return verdict{}
	}
	// "… UNIQUE constraint failed: outgoing.agency_id, outgoing.series_id (2067)"
	_, columns, _ := strings.Cut(e.Error(), "constraint failed: ")
	if _, inner, ok := strings.Cut(columns, "constraint failed: "); ok {
		columns = inner
	}
	columns, _, _ = strings.Cut(columns, " (")
	return verdict{duplicate: true, constraint: constraintOf(columns)}
}

// constraintOf names the unique index that SQLite tells by its columns.
func constraintOf(columns string) string {
	switch columns {
	case "outgoing.agency_id, outgoing.series_id, outgoing.issued_year, outgoing.number":
		return "outgoing_number"
	case "incoming.agency_id, incoming.arrival_year, incoming.arrival_number":
		return "incoming_arrival"
	case "incoming.agency_id, incoming.from_key, incoming.document_id, incoming.content_hash":
		return "incoming_content"
	case "accounts.username_key":
		return "accounts_username_key_key"
	}
	return columns
}

type postgresDialect struct{}

func (postgresDialect) name() string      { return Postgres }
func (postgresDialect) forUpdate() string { return " FOR UPDATE" }

func (postgresDialect) snapshot() *sql.TxOptions {
	return &sql.TxOptions{ReadOnly: true, Isolation: sql.LevelRepeatableRead}
}

func (postgresDialect) change() *sql.TxOptions {
	return &sql.TxOptions{Isolation: sql.LevelReadCommitted}
}

func (postgresDialect) goose() (goose.Dialect, []goose.ProviderOption, error) {
	locker, err := lock.NewPostgresSessionLocker()
	if err != nil {
		return "", nil, err
	}
	return goose.DialectPostgres, []goose.ProviderOption{goose.WithSessionLocker(locker)}, nil
}

func (postgresDialect) bind(query string) string {
	if !strings.Contains(query, "?") {
		return query
	}
	b := make([]byte, 0, len(query)+16)
	n := 0
	for i := range len(query) {
		if query[i] != '?' {
			b = append(b, query[i])
			continue
		}
		n++
		b = append(b, '$')
		b = strconv.AppendInt(b, int64(n), 10)
	}
	return string(b)
}

// among is an array: as IN the subquery would become a join, and the planner, who expects
// next to no rows of a search for beginnings of words, would run it once for each.
func (postgresDialect) among(subquery string) string { return "= ANY (ARRAY(" + subquery + "))" }

func (postgresDialect) matches(string) string {
	return "d.words @@ to_tsquery('simple', ?)"
}

// wordQuery is tsquery: every word a phrase of its parts, the last part a prefix.
func (postgresDialect) wordQuery(words [][]string) string {
	all := make([]string, 0, len(words))
	for _, parts := range words {
		all = append(all, "('"+strings.Join(parts, "' <-> '")+"':*)")
	}
	return strings.Join(all, " & ")
}

func (postgresDialect) judge(err error) verdict {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		var c *pgconn.ConnectError
		var n net.Error
		// Nothing was sent, and what the transaction did before is gone with its connection.
		again := pgconn.SafeToRetry(err) || errors.Is(err, driver.ErrBadConn)
		return verdict{again: again, away: again || errors.As(err, &c) || errors.As(err, &n) || errors.Is(err, io.ErrUnexpectedEOF)}
	}
	switch {
	case e.Code == "40001" || e.Code == "40P01": // serialization_failure, deadlock_detected
		return verdict{again: true, away: true}
	case e.Code == "23505": // unique_violation
		return verdict{duplicate: true, constraint: e.ConstraintName}
	case strings.HasPrefix(e.Code, "08"), strings.HasPrefix(e.Code, "53"), strings.HasPrefix(e.Code, "57P"):
		return verdict{away: true} // connection, resources, the server is stopping
	}
	return verdict{}
}
