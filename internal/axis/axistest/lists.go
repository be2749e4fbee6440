package axistest

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

var zone = time.FixedZone("+07", 7*3600)

func clockText(t time.Time) string { return t.In(zone).Format("2006/01/02 15:04:05") }

var statusWords = map[string]string{
	statusInitial: "Cho xu ly", statusProcessing: "Dang xu ly", statusDone: "Da xu ly", statusFail: "That bai",
}

// within reports whether a day limit of the call lets t pass.
func within(params map[string]string, t time.Time) bool {
	day := t.In(zone).Format("2006/01/02")
	from := strings.ReplaceAll(params["fromDate"], "-", "/")
	to := strings.ReplaceAll(params["toDate"], "-", "/")
	return (from == "" || day >= from) && (to == "" || day <= to)
}

// ownerOf is the system that a copy is for; s.mu is held.
func (s *Simulator) ownerOf(row *copyOf) string {
	if a := s.agencies[strings.ToLower(row.To)]; a != nil {
		return a.system
	}
	return ""
}

// waiting are the copies for a system that are not done; s.mu is held.
func (s *Simulator) waiting(system, kind string) []*copyOf {
	s.open = slices.DeleteFunc(s.open, func(row *copyOf) bool { return row.Status == statusDone })
	var out []*copyOf
	for _, row := range s.open {
		if s.messages[row.Message].Kind == kind && s.ownerOf(row) == system {
			out = append(out, row)
		}
	}
	return out
}

// received lists what waits for the system; rows come until they are done.
func (s *Simulator) received(c *call) any {
	double := s.take(c.op, FaultDuplicate, "") != nil
	reorder := s.take(c.op, FaultReorder, "") != nil
	s.mu.Lock()
	defer s.mu.Unlock()
	rows := []map[string]any{}
	for _, row := range s.waiting(c.system, c.params["messagetype"]) {
		m := s.messages[row.Message]
		if !within(c.params, row.At) {
			continue
		}
		rows = append(rows, map[string]any{
			"docId": row.ID, "serviceType": "eDoc", "messageType": m.Kind,
			"created_time": clockText(row.At), "updated_time": clockText(row.Updated),
			"from": m.From, "to": row.To, "status": row.Status, "status_desc": statusWords[row.Status],
		})
	}
	if double {
		rows = append(rows, rows...)
	}
	if reorder {
		slices.Reverse(rows)
	}
	return ok(map[string]any{"data": rows})
}

// sent lists what the system sent, one row for each recipient.
func (s *Simulator) sent(c *call) any {
	s.mu.Lock()
	defer s.mu.Unlock()
	rows := []map[string]any{}
	for _, row := range s.order {
		m := s.messages[row.Message]
		if m.System != c.system || m.Kind != c.params["messagetype"] || !within(c.params, m.At) ||
			c.params["docId"] != "" && c.params["docId"] != m.ID {
			continue
		}
		taken := ""
		if row.Status == statusDone {
			taken = clockText(row.Updated)
		}
		rows = append(rows, map[string]any{
			"serviceType": "eDoc", "messageType": m.Kind, "fromCode": m.From, "toCode": row.To,
			"title": m.Title, "notation": m.Notation, "sentTime": clockText(m.At), "receivedTime": taken,
			"sendStatus": "done", "sendStatusDesc": "Da gui", "receiveStatus": row.Status,
			"receiveStatusDesc": statusWords[row.Status], "senderDocId": m.ID, "receiverDocId": row.ID,
		})
	}
	return ok(map[string]any{"data": rows})
}

// count is the number of messages that wait for the system.
func (s *Simulator) count(c *call) any {
	kind := "edoc"
	if c.op == "countReceiveStatus" {
		kind = "status"
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return ok(map[string]any{"count": len(s.waiting(c.system, kind))})
}

// updateStatus sets a copy's transport status.
func (s *Simulator) updateStatus(c *call) any {
	id := c.params["docId"]
	if id == "" {
		id = c.params["docid"]
	}
	status := c.params["status"]
	s.mu.Lock()
	defer s.mu.Unlock()
	row := s.copies[id]
	switch {
	case row == nil || s.ownerOf(row) != c.system:
		return refuse(codeInvalidFile, "Khong tim thay van ban %s", id)
	case status != statusDone && status != statusFail && status != statusProcessing:
		return refuse(codeInvalidFile, "Trang thai %s khong hop le", status)
	}
	if err := s.record(event{Copy: id, Status: status, At: s.now()}); err != nil {
		return refuse(codeSystemError, "Loi he thong: %v", err)
	}
	return ok(nil)
}

// body opens the body of a copy of the system's, or of a message it sent, and the
// number of its bytes to give.
func (s *Simulator) body(c *call) (*os.File, int64, *refusal) {
	id := c.params["docId"]
	s.mu.Lock()
	body := ""
	if row := s.copies[id]; row != nil && s.ownerOf(row) == c.system {
		body = row.Body
	}
	if m := s.messages[id]; m != nil && m.System == c.system {
		body = m.ID
	}
	s.mu.Unlock()
	if body == "" {
		return nil, 0, refuse(codeInvalidFile, "Khong tim thay van ban %s", id)
	}
	f, err := os.Open(s.bodyPath(body))
	if err != nil {
		return nil, 0, refuse(codeSystemError, "Loi he thong: %v", err)
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, 0, refuse(codeSystemError, "Loi he thong: %v", err)
	}
	size := info.Size()
	if s.take(c.op, FaultCorrupt, "") != nil {
		size /= 2
	}
	return f, size, nil
}

// fetch gives a message as base64 in JSON.
func (s *Simulator) fetch(c *call) any {
	f, size, refused := s.body(c)
	if refused != nil {
		return refused
	}
	return stream(func(w http.ResponseWriter) {
		defer f.Close()
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		head, _ := json.Marshal(outcome{"OK", codeOK, "Thanh cong"})
		_, _ = w.Write(append(head[:len(head)-1], `,"data":"`...))
		encoder := base64.NewEncoder(base64.StdEncoding, w)
		_, _ = io.CopyN(encoder, f, size)
		_ = encoder.Close()
		_, _ = io.WriteString(w, `"}`)
	})
}

// download gives a message as it is.
func (s *Simulator) download(c *call) any {
	f, size, refused := s.body(c)
	if refused != nil {
		return refused
	}
	return stream(func(w http.ResponseWriter) {
		defer f.Close()
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
		_, _ = io.CopyN(w, f, size)
	})
}
