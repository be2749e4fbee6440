package axistest

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// rowsOf answers with a row for every agency, written one by one: there may be over a
// hundred thousand.
func (s *Simulator) rowsOf(row func(id string, a *Agency) map[string]any) any {
	s.mu.Lock()
	listed := slices.Clone(s.listed)
	s.mu.Unlock()
	return stream(func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		out := bufio.NewWriter(w)
		head, _ := json.Marshal(ok(nil))
		out.Write(head[:len(head)-1])
		out.WriteString(`,"data":[`)
		first := true
		for i, a := range listed {
			s.mu.Lock()
			r := row(strconv.Itoa(i+1), a)
			s.mu.Unlock()
			if r == nil {
				continue
			}
			if !first {
				out.WriteByte(',')
			}
			first = false
			text, _ := json.Marshal(r)
			if _, err := out.Write(text); err != nil {
				return
			}
		}
		out.WriteString("]}\n")
		_ = out.Flush()
	})
}

func (s *Simulator) agencyList(*call) any {
	return s.rowsOf(func(id string, a *Agency) map[string]any {
		return map[string]any{
			"id": id, "pcode": a.Parent, "code": a.Code, "name": a.Name,
			"mail": a.Mail, "mobile": a.Mobile, "fax": a.Fax,
		}
	})
}

// agencyListQD20 lists the agencies of one level with both codes.
func (s *Simulator) agencyListQD20(c *call) any {
	return s.rowsOf(func(id string, a *Agency) map[string]any {
		if level := c.params["level"]; level != "" && level != fmt.Sprint(strings.Count(a.Code, ".")+1) {
			return nil
		}
		return map[string]any{
			"id": id, "code": a.Code, "code102": a.Code102, "name": a.Name, "mail": a.Mail, "version": "1",
		}
	})
}

func (s *Simulator) synchronizeUnit(*call) any {
	return s.rowsOf(func(id string, a *Agency) map[string]any {
		return map[string]any{
			"id": id, "pcode": a.Parent, "code": a.Code, "oldCode": a.Code102, "name": a.Name, "mail": a.Mail,
			"version": 1, "centerCode": a.system, "deleted": false, "modifyDate": "2026/01/01 00:00:00", "isAgency": true,
		}
	})
}

func (s *Simulator) registerAgency(c *call) any {
	var a Agency
	body, err := io.ReadAll(io.LimitReader(c.Body, 64<<10))
	if err == nil {
		err = json.Unmarshal(body, &a)
	}
	if err != nil || a.Code == "" {
		return refuse(codeInvalidFile, "Du lieu don vi khong hop le")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if other := s.agencies[strings.ToLower(a.Code)]; other != nil {
		if other.system != c.system {
			return refuse(codeUnknownSender, "Ma %s da duoc he thong khac dang ky", a.Code)
		}
		a.Code102 = other.Code102
	}
	if err := s.record(event{System: c.system, Registered: &a}); err != nil {
		return refuse(codeSystemError, "Loi he thong: %v", err)
	}
	return ok(nil)
}

func (s *Simulator) deleteAgency(c *call) any {
	code := c.params["AgencyCode"]
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.agencies[strings.ToLower(code)]; a == nil || a.system != c.system {
		return refuse(codeUnknownSender, "Don vi %s khong ton tai", code)
	}
	if err := s.record(event{Deleted: code}); err != nil {
		return refuse(codeSystemError, "Loi he thong: %v", err)
	}
	return ok(nil)
}
