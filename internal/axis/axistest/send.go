package axistest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// send takes a message in: checks who sends and who is to receive, keeps the body and
// makes a row for every recipient.
func (s *Simulator) send(c *call) any {
	kind := c.params["messagetype"]
	if kind != "edoc" && kind != "status" || c.params["servicetype"] != "eDoc" {
		return refuse(codeInvalidFile, "messagetype hoac servicetype khong hop le")
	}
	from := c.params["from"]
	s.mu.Lock()
	sender := s.agencies[strings.ToLower(from)]
	registered := s.codesOf(c.system)
	s.mu.Unlock()
	if sender == nil || sender.system != c.system {
		return refuse(codeUnknownSender, "Don vi gui %s khong dung voi ma da dang ky: %s", from, strings.Join(registered, ","))
	}
	file, refused := s.takeBody(c)
	if refused != nil {
		return refused
	}
	defer os.Remove(file) // gone already if the message was accepted
	route, err := routeOf(file)
	if err != nil {
		return refuse(codeBadFormat, "Sai dinh dang edXML: %v", err)
	}
	recipients, refused := s.recipients(c.params, kind, route)
	if refused != nil {
		return refused
	}
	for _, to := range recipients {
		if f := s.take(c.op, FaultSlowRecipient, to); f != nil {
			f.wait(c.Context())
		}
		if s.take(c.op, FaultLockRecipient, to) != nil {
			return refuse(codeRecipientLocked, "Don vi nhan %s dang bi khoa", to)
		}
	}
	id, err := s.accept(c, file, kind, from, route, recipients)
	if err != nil {
		return refuse(codeSystemError, "Loi he thong: %v", err)
	}
	return ok(map[string]any{"DocId": id})
}

func (s *Simulator) codesOf(system string) []string {
	var codes []string
	for _, a := range s.listed {
		if a.system == system && len(codes) < 20 {
			codes = append(codes, a.Code)
		}
	}
	return codes
}

// takeBody keeps the body without the CRLF that ends it and holds it against
// hash-file, in either form.
func (s *Simulator) takeBody(c *call) (name string, refused *refusal) {
	f, err := os.CreateTemp(s.dir, incoming)
	if err != nil {
		return "", refuse(codeSystemError, "Loi he thong: %v", err)
	}
	defer f.Close()
	size, err := io.Copy(f, c.Body)
	if err == nil {
		size, err = withoutCRLF(f, size)
	}
	h := sha256.New()
	if err == nil {
		_, err = io.Copy(h, io.NewSectionReader(f, 0, size))
	}
	given := strings.ToLower(c.params["hash-file"])
	switch {
	case err != nil:
		refused = refuse(codeFileError, "Loi xu ly file: %v", err)
	case size == 0:
		refused = refuse(codeInvalidFile, "File khong hop le")
	case given != "" && given != hex.EncodeToString(h.Sum(nil)) && given != unpadded(h.Sum(nil)):
		refused = refuse(codeFileError, "hash-file khong khop")
	}
	if refused != nil {
		os.Remove(f.Name())
	}
	return f.Name(), refused
}

func withoutCRLF(f *os.File, size int64) (int64, error) {
	var end [2]byte
	if size < 2 {
		return size, nil
	}
	if _, err := f.ReadAt(end[:], size-2); err != nil {
		return size, err
	}
	if string(end[:]) != "\r\n" {
		return size, nil
	}
	return size - 2, f.Truncate(size - 2)
}

func unpadded(sum []byte) string {
	out := ""
	for _, b := range sum {
		out += strconv.FormatInt(int64(b), 16)
	}
	return out
}

func routeOf(file string) (Route, error) {
	f, err := os.Open(file)
	if err != nil {
		return Route{}, err
	}
	defer f.Close()
	return ReadRoute(f)
}

// recipients are those of the "to" header, else of the message; every one must be
// known.
func (s *Simulator) recipients(params map[string]string, kind string, route Route) ([]string, *refusal) {
	named := route.To
	if kind == "status" {
		named = []string{route.About}
	}
	if to := params["to"]; to != "" {
		named = nil
		if err := json.Unmarshal([]byte(to), &named); err != nil {
			return nil, refuse(codeInvalidFile, "to khong hop le")
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	seen := map[*Agency]bool{}
	for _, code := range named {
		a := s.agencies[strings.ToLower(code)]
		if a == nil {
			return nil, refuse(codeUnknownRecipient, "Don vi nhan %s khong ton tai", code)
		}
		if !seen[a] {
			seen[a] = true
			out = append(out, code)
		}
	}
	if len(out) == 0 {
		return nil, refuse(codeUnknownRecipient, "Khong co don vi nhan")
	}
	return out, nil
}

// accept keeps the message: first its body, then the rows, then the answer.
func (s *Simulator) accept(c *call, file, kind, from string, route Route, recipients []string) (string, error) {
	info, err := os.Stat(file)
	if err != nil {
		return "", err
	}
	twice := s.take(c.op, FaultDuplicate, "") != nil
	changed := s.take(c.op, FaultRedeliverChanged, "") != nil
	s.mu.Lock()
	defer s.mu.Unlock()
	m := &message{
		ID: s.newID(), System: c.system, From: from, Kind: kind, Title: route.Subject,
		Notation: route.Notation, At: s.now(), Size: info.Size(),
	}
	if err := os.Rename(file, s.bodyPath(m.ID)); err != nil {
		return "", err
	}
	bodies := []string{m.ID}
	if twice {
		bodies = append(bodies, m.ID)
	}
	if changed {
		relayed := m.ID + "-relayed"
		if err := rewrite(s.bodyPath(m.ID), s.bodyPath(relayed), from, m.At); err != nil {
			return "", err
		}
		bodies = append(bodies, relayed)
	}
	var rows []*copyOf
	for _, body := range bodies {
		for _, to := range recipients {
			rows = append(rows, &copyOf{
				ID: s.newID(), Message: m.ID, To: to, Body: body, Status: statusInitial, At: m.At, Updated: m.At,
			})
		}
	}
	return m.ID, s.record(event{Sent: m, Copies: rows})
}

func (s *Simulator) bodyPath(name string) string {
	return filepath.Join(s.dir, "bodies", name+".edxml")
}

// newID looks like the axis's ids: 24 hex digits; s.mu is held.
func (s *Simulator) newID() string {
	s.ids++
	sum := sha256.Sum256(fmt.Appendf(nil, "axis id %d", s.ids))
	return hex.EncodeToString(sum[:12])
}
