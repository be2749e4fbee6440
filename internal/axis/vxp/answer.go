package vxp

import (
	"encoding/json"
	"io"
	"strconv"
	"strings"

	"congvan/internal/axis/transport"
)

// row is one object's members by lower-case name. Servers write codes and ids now as
// strings, now as numbers; members that are no scalars are left out.
type row map[string]string

func rowOf(members map[string]any) row {
	r := make(row, len(members))
	for name, v := range members {
		switch v := v.(type) {
		case string:
			r[strings.ToLower(name)] = v
		case json.Number:
			r[strings.ToLower(name)] = v.String()
		case bool:
			r[strings.ToLower(name)] = strconv.FormatBool(v)
		}
	}
	return r
}

// failed is the refusal that an answer's own members tell, or nil. A system error says
// nothing of what was asked: it may be done, and it may go better at the next try.
func (r row) failed(op string) error {
	status, code := r["status"], r["errorcode"]
	if strings.EqualFold(status, "OK") || status == "" && (code == CodeOK || code == "") {
		return nil
	}
	broken := code == CodeSystemError
	return &Error{Op: op, Code: Clean(code), Desc: Clean(r["errordesc"]), Retryable: broken, Uncertain: broken}
}

// maxRow bounds one row of a list, and all of an answer besides its rows, in bytes.
const maxRow = 1 << 20

// readAnswer reads an answer and returns its own members; each row of its data goes to
// each as it comes, so that long lists are never held.
func readAnswer(r io.Reader, each func(row) error) (row, error) {
	limited := &rowReader{r: r, left: maxRow}
	dec := json.NewDecoder(limited)
	dec.UseNumber()
	if t, err := dec.Token(); err != nil {
		return nil, transport.Malformed(err)
	} else if t != json.Delim('{') {
		return nil, transport.ErrNotAnAnswer
	}
	members := map[string]any{}
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return nil, transport.Malformed(err)
		}
		name, _ := t.(string)
		if strings.EqualFold(name, "data") && each != nil {
			err = readRows(dec, limited, each)
		} else {
			var v any
			err = transport.Malformed(dec.Decode(&v))
			members[name] = v
		}
		if err != nil {
			return nil, err
		}
	}
	if _, err := dec.Token(); err != nil {
		return nil, transport.Malformed(err)
	}
	return rowOf(members), nil
}

// readRows reads data: an array of objects, or nothing.
func readRows(dec *json.Decoder, limited *rowReader, each func(row) error) error {
	t, err := dec.Token()
	if err != nil {
		return transport.Malformed(err)
	}
	if t != json.Delim('[') {
		if t == json.Delim('{') {
			return transport.ErrNotAnAnswer
		}
		return nil // null or "": no rows
	}
	for dec.More() {
		limited.left = maxRow
		var members map[string]any
		if err := dec.Decode(&members); err != nil {
			return transport.Malformed(err)
		}
		if err := each(rowOf(members)); err != nil {
			return err
		}
	}
	limited.left = maxRow
	_, err = dec.Token()
	return transport.Malformed(err)
}

// rowReader fails when more than left bytes are read for one row.
type rowReader struct {
	r    io.Reader
	left int
}

func (r *rowReader) Read(p []byte) (int, error) {
	if r.left <= 0 {
		return 0, ErrTooLarge
	}
	n, err := r.r.Read(p[:min(len(p), r.left)])
	r.left -= n
	return n, err
}
