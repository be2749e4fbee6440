package axistest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
)

// FaultKind is what goes wrong.
type FaultKind string

// The faults; which operation each makes sense for stands beside it.
const (
	FaultDelay            FaultKind = "delay"             // any: wait DelayMS first
	FaultStatus           FaultKind = "status"            // any: answer HTTP Status (500), do nothing
	FaultBusy             FaultKind = "429"               // any: too many requests, do nothing
	FaultFail             FaultKind = "fail"              // any: answer FAIL with Code and Desc, do nothing
	FaultWrongHMAC        FaultKind = "wrong-hmac"        // any: find the signature wrong
	FaultReset            FaultKind = "reset"             // any: do it, break the connection within the answer
	FaultLostAnswer       FaultKind = "lost-answer"       // any: do it, close without an answer
	FaultDuplicate        FaultKind = "duplicate"         // sendEdoc: two copies; lists: every row twice
	FaultReorder          FaultKind = "reorder"           // getReceivedEdocList: last first
	FaultRedeliverChanged FaultKind = "redeliver-changed" // sendEdoc: a second copy as a relay writes it
	FaultCorrupt          FaultKind = "corrupt"           // getEdoc, downloadEdoc: half the message
	FaultLockRecipient    FaultKind = "lock-recipient"    // sendEdoc: Recipient takes nothing
	FaultSlowRecipient    FaultKind = "slow-recipient"    // sendEdoc: DelayMS for Recipient
	FaultClockSkew        FaultKind = "clock-skew"        // at once: the axis's clock is DelayMS ahead
)

var faultKinds = []FaultKind{
	FaultDelay, FaultStatus, FaultBusy, FaultFail, FaultWrongHMAC, FaultReset, FaultLostAnswer,
	FaultDuplicate, FaultReorder, FaultRedeliverChanged, FaultCorrupt, FaultLockRecipient,
	FaultSlowRecipient, FaultClockSkew,
}

// Fault is a fault to come. It strikes every Every-th call it fits, Count times.
type Fault struct {
	Operation string    `json:"operation,omitempty"` // any if empty
	Kind      FaultKind `json:"kind"`
	Count     int       `json:"count,omitempty"` // 0 means once, below 0 until cleared
	Every     int       `json:"every,omitempty"` // 0 means every call
	DelayMS   int       `json:"delay_ms,omitempty"`
	Status    int       `json:"status,omitempty"`
	Code      string    `json:"code,omitempty"`
	Desc      string    `json:"desc,omitempty"`
	Recipient string    `json:"recipient,omitempty"` // any if empty

	calls int
}

func (f *Fault) wait(ctx context.Context) {
	t := time.NewTimer(time.Duration(f.DelayMS) * time.Millisecond)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// AddFault arms a fault.
func (s *Simulator) AddFault(f Fault) error {
	_, known := operations[f.Operation]
	switch {
	case !slices.Contains(faultKinds, f.Kind):
		return fmt.Errorf("axistest: no fault %q; there are %v", f.Kind, faultKinds)
	case f.Operation != "" && !known:
		return fmt.Errorf("axistest: no operation %q", f.Operation)
	case f.Status != 0 && (f.Status < 400 || f.Status > 599):
		return errors.New("axistest: status must be 400 to 599")
	}
	if f.Count == 0 {
		f.Count = 1
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.Kind == FaultClockSkew {
		s.skew = time.Duration(f.DelayMS) * time.Millisecond
		s.applied[string(f.Kind)]++
		return nil
	}
	s.faults = append(s.faults, &f)
	return nil
}

// ClearFaults disarms all faults and sets the clock right.
func (s *Simulator) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults, s.skew = nil, 0
}

// take is the armed fault that strikes this call, or nil.
func (s *Simulator) take(op string, kind FaultKind, recipient string) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, f := range s.faults {
		if f.Kind != kind || f.Operation != "" && f.Operation != op ||
			f.Recipient != "" && !strings.EqualFold(f.Recipient, recipient) {
			continue
		}
		if f.calls++; f.Every > 1 && f.calls%f.Every != 0 {
			continue
		}
		if f.Count > 0 {
			if f.Count--; f.Count == 0 {
				s.faults = slices.Delete(s.faults, i, i+1)
			}
		}
		s.applied[string(kind)]++
		return f
	}
	return nil
}

// before applies the faults that strike before anything is done; true if the call is
// answered by that.
func (s *Simulator) before(w http.ResponseWriter, r *http.Request, op string) bool {
	if f := s.take(op, FaultDelay, ""); f != nil {
		f.wait(r.Context())
	}
	if s.take(op, FaultBusy, "") != nil {
		w.Header().Set("Retry-After", "1")
		http.Error(w, "too many requests", http.StatusTooManyRequests)
		return true
	}
	if f := s.take(op, FaultStatus, ""); f != nil {
		http.Error(w, "fault by script", cmp.Or(f.Status, http.StatusInternalServerError))
		return true
	}
	if f := s.take(op, FaultFail, ""); f != nil {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		_ = json.NewEncoder(w).Encode(refuse(f.Code, "%s", f.Desc))
		return true
	}
	return false
}

// reset sends the beginning of an answer and breaks the connection.
func reset(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, _ = w.Write([]byte(`{"status":"O`))
	control := http.NewResponseController(w)
	_ = control.Flush()
	if conn, _, err := control.Hijack(); err == nil {
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		_ = conn.Close()
	}
	panic(http.ErrAbortHandler)
}

// serveFaults lists, arms and clears faults over HTTP.
func (s *Simulator) serveFaults(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodPost:
		faults, err := ReadFaults(http.MaxBytesReader(w, r.Body, 1<<20))
		for _, f := range faults {
			if err == nil {
				err = s.AddFault(f)
			}
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
	case http.MethodDelete:
		s.ClearFaults()
	case http.MethodGet:
	default:
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"armed": s.faults, "applied": s.applied})
}

// ReadFaults reads one fault or an array of them, in JSON: the body of POST /_faults, or a
// script that is played from the start.
func ReadFaults(r io.Reader) ([]Fault, error) {
	body, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	body = bytes.TrimSpace(body)
	if !bytes.HasPrefix(body, []byte("[")) {
		body = slices.Concat([]byte("["), body, []byte("]"))
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	var faults []Fault
	err = dec.Decode(&faults)
	return faults, err
}
