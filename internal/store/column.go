package store

import (
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"congvan/internal/calendar"
	"congvan/internal/fault"
)

// column ties a column to a field: what is written and where it is read to. A derived
// column, such as the words to search, has no place to be read to.
type column struct {
	name string
	arg  any
	dest any
}

type columns []column

func (cs columns) args() []any {
	out := make([]any, 0, len(cs)+2)
	for _, c := range cs {
		out = append(out, c.arg)
	}
	return out
}

func (cs columns) dests() []any {
	out := make([]any, 0, len(cs))
	for _, c := range cs {
		if c.dest != nil {
			out = append(out, c.dest)
		}
	}
	return out
}

// table holds the statements of an aggregate, made once from its columns; the first is id.
type table struct {
	name   string
	read   string // the columns that are read, for SELECT
	insert string // takes all columns; rev becomes 1
	update string // takes all columns, then id and the rev that was read
	upsert string // takes all columns; for tables without rev
}

func newTable(name string, cs columns) table {
	var read, all, marks, set, excluded []string
	for _, c := range cs {
		all = append(all, c.name)
		marks = append(marks, "?")
		set = append(set, c.name+" = ?")
		excluded = append(excluded, c.name+" = excluded."+c.name)
		if c.dest != nil {
			read = append(read, "d."+c.name)
		}
	}
	names, values := strings.Join(all, ", "), strings.Join(marks, ", ")
	return table{
		name:   name,
		read:   strings.Join(read, ", "),
		insert: fmt.Sprintf("INSERT INTO %s (%s, rev) VALUES (%s, 1)", name, names, values),
		update: fmt.Sprintf("UPDATE %s SET %s, rev = rev + 1 WHERE id = ? AND rev = ?", name, strings.Join(set, ", ")),
		upsert: fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s) ON CONFLICT (id) DO UPDATE SET %s", name, names, values, strings.Join(excluded[1:], ", ")),
	}
}

// sel is a SELECT of whole rows.
func (tb table) sel(rest string) string {
	return "SELECT " + tb.read + " FROM " + tb.name + " d " + rest
}

// put inserts a row when *row is 0 and else replaces the one that was read; *row is raised
// and goes back should the transaction not be committed.
func (t *tx) put(tb table, id string, row *int64, cs columns) error {
	if *row == 0 {
		if _, err := t.exec(tb.insert, cs.args()...); err != nil {
			return err
		}
	} else {
		n, err := t.exec(tb.update, append(cs.args(), id, *row)...)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Conflict, "row_changed")
		}
	}
	before := *row
	t.undo = append(t.undo, func() { *row = before })
	*row++
	return nil
}

// Times.

func micros(t time.Time) int64 { return t.UnixMicro() }

func microsOrNull(t *time.Time) any {
	if t == nil {
		return nil
	}
	return t.UnixMicro()
}

// asTime reads a time, asTimePtr one that may be absent.
type asTime struct{ to *time.Time }

func (a asTime) Scan(src any) error {
	n, ok := src.(int64)
	if !ok {
		return fmt.Errorf("a time is kept as a number, found %T", src)
	}
	*a.to = time.UnixMicro(n).UTC()
	return nil
}

type asTimePtr struct{ to **time.Time }

func (a asTimePtr) Scan(src any) error {
	if src == nil {
		*a.to = nil
		return nil
	}
	var t time.Time
	if err := (asTime{&t}).Scan(src); err != nil {
		return err
	}
	*a.to = &t
	return nil
}

// asDate reads a day.
type asDate struct{ to *calendar.Date }

func (a asDate) Scan(src any) error {
	s, err := asText(src)
	if err != nil {
		return err
	}
	*a.to, err = calendar.ParseDate(s)
	return err
}

// inJSON writes a small nested value, asJSON reads it.
type inJSON struct{ v any }

func (j inJSON) Value() (driver.Value, error) {
	b, err := json.Marshal(j.v)
	return string(b), err
}

type asJSON struct{ to any }

func (a asJSON) Scan(src any) error {
	s, err := asText(src)
	if err != nil {
		return err
	}
	return json.Unmarshal([]byte(s), a.to)
}

func asText(src any) (string, error) {
	switch v := src.(type) {
	case string:
		return v, nil
	case []byte:
		return string(v), nil
	}
	return "", fmt.Errorf("text expected, found %T", src)
}

// noneAsNull keeps an empty reference out of a foreign key.
func noneAsNull(s string) sql.NullString { return sql.NullString{String: s, Valid: s != ""} }
