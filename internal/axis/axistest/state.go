package axistest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// Transport statuses of a copy.
const (
	statusInitial    = "initial"
	statusProcessing = "processing"
	statusDone       = "done"
	statusFail       = "fail"
)

// event is one line of the log from which the state is built anew.
type event struct {
	Sent   *message  `json:"sent,omitempty"`
	Copies []*copyOf `json:"copies,omitempty"`

	Copy   string    `json:"copy,omitempty"` // whose status changed
	Status string    `json:"status,omitempty"`
	At     time.Time `json:"at,omitzero"`

	System     string  `json:"system,omitempty"`
	Registered *Agency `json:"registered,omitempty"`
	Deleted    string  `json:"deleted,omitempty"`
}

// record writes an event to the log and then makes it so; s.mu is held. A line is one
// write, so that a killed simulator finds it whole or not at all.
func (s *Simulator) record(e event) error {
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	if _, err := s.log.Write(append(line, '\n')); err != nil {
		return err
	}
	s.apply(e)
	return nil
}

func (s *Simulator) apply(e event) {
	switch {
	case e.Sent != nil || len(e.Copies) > 0:
		if e.Sent != nil {
			s.messages[e.Sent.ID] = e.Sent
		}
		for _, row := range e.Copies {
			s.copies[row.ID] = row
		}
		s.order = append(s.order, e.Copies...)
		s.open = append(s.open, e.Copies...)
	case s.copies[e.Copy] != nil:
		row := s.copies[e.Copy]
		if row.Status == statusDone && e.Status != statusDone {
			s.open = append(s.open, row)
		}
		row.Status, row.Updated = e.Status, e.At
	case e.Registered != nil:
		s.register(e.System, *e.Registered)
	case e.Deleted != "":
		s.unregister(e.Deleted)
	}
}

// load replays the log of the folder and opens it for more.
func (s *Simulator) load() (err error) {
	name := filepath.Join(s.dir, "events.jsonl")
	if s.log, err = os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o644); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			s.log.Close()
		}
	}()
	if syscall.Flock(int(s.log.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
		return fmt.Errorf("axistest: another simulator runs on %s", s.dir)
	}
	raw, err := io.ReadAll(s.log)
	if err != nil {
		return err
	}
	whole := bytes.LastIndexByte(raw, '\n') + 1 // what follows was cut off by a kill
	for i, line := range bytes.Split(raw[:whole], []byte("\n")) {
		if len(line) == 0 {
			continue
		}
		var e event
		if err := json.Unmarshal(line, &e); err != nil {
			return fmt.Errorf("axistest: %s line %d: %w", name, i+1, err)
		}
		s.apply(e)
	}
	s.ids = len(s.messages) + len(s.order)
	left, _ := filepath.Glob(filepath.Join(s.dir, incoming))
	for _, file := range left { // cut off by a kill too
		os.Remove(file)
	}
	if err := s.log.Truncate(int64(whole)); err != nil {
		return err
	}
	_, err = s.log.Seek(0, io.SeekEnd)
	return err
}

// incoming is the pattern of bodies on their way in.
const incoming = "incoming-*"

// register adds or updates an agency; false if a code belongs to another system.
func (s *Simulator) register(system string, a Agency) bool {
	codes := []string{strings.ToLower(a.Code), strings.ToLower(a.Code102)}
	for _, code := range codes {
		if other := s.agencies[code]; other != nil && other.system != system {
			return false
		}
	}
	if a.Code == "" {
		return false
	}
	s.unregister(a.Code)
	a.system = system
	for _, code := range codes {
		if code != "" {
			s.agencies[code] = &a
		}
	}
	s.listed = append(s.listed, &a)
	return true
}

func (s *Simulator) unregister(code string) {
	gone := s.agencies[strings.ToLower(code)]
	if gone == nil {
		return
	}
	for code, a := range s.agencies {
		if a == gone {
			delete(s.agencies, code)
		}
	}
	for i, a := range s.listed {
		if a == gone {
			s.listed = append(s.listed[:i], s.listed[i+1:]...)
			return
		}
	}
}
