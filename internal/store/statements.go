package store

import (
	"context"
	"database/sql"
	"sync"

	"congvan/internal/fault"
)

// maxStatements kept ready; lists of many shapes must not grow without end.
const maxStatements = 300

// statements keeps SQLite's statements compiled: compiling one costs more than running it.
// (PostgreSQL's driver does so by itself.) A statement is compiled between transactions,
// after its first use: within one, the only connection is taken.
type statements struct {
	db     *sql.DB
	mu     sync.Mutex
	ready  map[string]*sql.Stmt
	wanted map[string]bool
}

func newStatements(db *sql.DB) *statements {
	return &statements{db: db, ready: map[string]*sql.Stmt{}, wanted: map[string]bool{}}
}

// get gives a compiled statement, or nil and remembers that it was wanted.
func (c *statements) get(query string) *sql.Stmt {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.ready[query]; s != nil {
		return s
	}
	if len(c.ready)+len(c.wanted) < maxStatements {
		c.wanted[query] = true
	}
	return nil
}

// prepare compiles what was wanted since the last time. What does not compile fails where
// it is run, with its message.
func (c *statements) prepare(ctx context.Context) {
	if c == nil {
		return
	}
	for _, query := range c.take() {
		s, err := c.db.PrepareContext(ctx, query) //nolint:sqlclosecheck // kept until the database closes
		if err != nil {
			continue
		}
		c.mu.Lock()
		if c.ready[query] == nil {
			c.ready[query], s = s, nil
		}
		c.mu.Unlock()
		if s != nil {
			_ = s.Close()
		}
	}
}

func (c *statements) take() (queries []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for query := range c.wanted {
		queries = append(queries, query)
	}
	clear(c.wanted)
	return queries
}

// source is where rows are read: a transaction, or the pool outside of one.
type source interface {
	rows(query string, args ...any) (*sql.Rows, error)
	fault(err error) error
}

// list reads all rows; scan makes one of a row.
func list[T any](from source, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := from.rows(query, args...)
	if err != nil {
		return nil, from.fault(err)
	}
	defer func() { _ = rows.Close() }()
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, from.fault(err)
		}
		out = append(out, v)
	}
	return out, from.fault(rows.Err())
}

// one is the first of a list; none is fault.NotFound.
func one[T any](found []T, err error) (T, error) {
	var none T
	if err != nil {
		return none, err
	}
	if len(found) == 0 {
		return none, fault.Missing()
	}
	return found[0], nil
}

// get reads the columns of one row; none is fault.NotFound.
func get(from source, dest []any, query string, args ...any) error {
	scan := func(row scanner) (struct{}, error) { return struct{}{}, row.Scan(dest...) }
	_, err := one(list(from, scan, query, args...))
	return err
}

// scanner is a row.
type scanner interface{ Scan(dest ...any) error }

// pool reads outside of a transaction.
type pool struct {
	ctx context.Context
	s   *Store
}

func (p pool) fault(err error) error { return p.s.fault(err) }

func (p pool) rows(query string, args ...any) (*sql.Rows, error) {
	query = p.s.dialect.bind(query)
	p.s.readStmts.prepare(p.ctx)
	if s := p.s.readStmts.get(query); s != nil { //nolint:sqlclosecheck // kept until the database closes
		return s.QueryContext(p.ctx, args...)
	}
	return p.s.read.QueryContext(p.ctx, query, args...)
}

func (t *tx) fault(err error) error { return t.s.fault(err) }

func (t *tx) rows(query string, args ...any) (*sql.Rows, error) {
	if err := t.ended(); err != nil {
		return nil, err
	}
	query = t.s.dialect.bind(query)
	if s := t.stmts.get(query); s != nil {
		return t.sql.StmtContext(t.ctx, s).QueryContext(t.ctx, args...) //nolint:sqlclosecheck // ends with the transaction
	}
	return t.sql.QueryContext(t.ctx, query, args...)
}

// exec runs a statement and tells how many rows it changed.
func (t *tx) exec(query string, args ...any) (int64, error) {
	if err := t.ended(); err != nil {
		return 0, err
	}
	query = t.s.dialect.bind(query)
	var r sql.Result
	var err error
	if s := t.stmts.get(query); s != nil {
		r, err = t.sql.StmtContext(t.ctx, s).ExecContext(t.ctx, args...) //nolint:sqlclosecheck // ends with the transaction
	} else {
		r, err = t.sql.ExecContext(t.ctx, query, args...)
	}
	if err != nil {
		return 0, t.s.fault(err)
	}
	n, err := r.RowsAffected()
	return n, t.s.fault(err)
}
