// Package axistest simulates the national document axis: the operations of its own
// protocol (docs/axis.md, "way A") with registration, HMAC checking, routing, lists that
// keep coming until done, and faults by script; beside it the REST façade of a provincial
// platform ("way B") in front of the same messages. It shares no code with the connector's
// client and codec, so that one mistake cannot hide in both.
package axistest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Agency is an agency registered on the simulated axis.
type Agency struct {
	Code    string `json:"code"`              // QĐ 20/2020
	Code102 string `json:"code102,omitempty"` // the old code, QCVN 102; answers to both
	Name    string `json:"name"`
	Parent  string `json:"pcode,omitempty"`
	Mail    string `json:"mail,omitempty"`
	Mobile  string `json:"mobile,omitempty"`
	Fax     string `json:"fax,omitempty"`

	system string
}

// System is a system connected to the axis, with its secret and agencies.
type System struct {
	ID       string   `json:"systemid"`
	Secret   string   `json:"secret"`
	Agencies []Agency `json:"agencies"`
}

// Options make a Simulator.
type Options struct {
	Clock   func() time.Time
	Dir     string // where messages are kept; a Simulator on the same folder goes on
	Systems []System
}

// Simulator is the axis, an http.Handler. It is safe for concurrent use.
type Simulator struct {
	clock func() time.Time
	dir   string

	mu       sync.Mutex
	secrets  map[string]string  // by system id
	agencies map[string]*Agency // by either code in lower case
	listed   []*Agency
	messages map[string]*message // by the sender's id
	copies   map[string]*copyOf  // by the recipient's id
	order    []*copyOf
	open     []*copyOf // not done, and some done since the last look
	ids      int       // given out so far
	faults   []*Fault
	skew     time.Duration
	counts   map[string]int // of calls by operation and outcome
	applied  map[string]int // of faults by kind
	log      *os.File
}

// message is one accepted send.
type message struct {
	ID       string    `json:"id"`
	System   string    `json:"system"`
	From     string    `json:"from"`
	Kind     string    `json:"kind"`
	Title    string    `json:"title"`
	Notation string    `json:"notation"`
	At       time.Time `json:"at"`
	Size     int64     `json:"size"`
}

// copyOf is one recipient's row of a message.
type copyOf struct {
	ID      string    `json:"id"`
	Message string    `json:"message"`
	To      string    `json:"to"`
	Body    string    `json:"body"` // file below bodies/
	Status  string    `json:"status"`
	At      time.Time `json:"at"`
	Updated time.Time `json:"updated"`
}

// New makes a simulator that keeps its messages in opt.Dir and takes up those already
// there. Close releases the folder.
func New(opt Options) (*Simulator, error) {
	if opt.Clock == nil || opt.Dir == "" {
		return nil, errors.New("axistest: clock and folder must be given")
	}
	s := &Simulator{
		clock: opt.Clock, dir: opt.Dir,
		secrets: map[string]string{}, agencies: map[string]*Agency{},
		messages: map[string]*message{}, copies: map[string]*copyOf{},
		counts: map[string]int{}, applied: map[string]int{},
	}
	for _, system := range opt.Systems {
		if system.ID == "" || system.Secret == "" {
			return nil, errors.New("axistest: a system without id or secret")
		}
		s.secrets[system.ID] = system.Secret
		for _, a := range system.Agencies {
			if !s.register(system.ID, a) {
				return nil, fmt.Errorf("axistest: agency %s is registered twice", a.Code)
			}
		}
	}
	if err := os.MkdirAll(filepath.Join(opt.Dir, "bodies"), 0o755); err != nil {
		return nil, err
	}
	return s, s.load()
}

// Close closes the simulator's files; calls after it fail.
func (s *Simulator) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.log.Close()
}

// now is the axis's time; s.mu is held.
func (s *Simulator) now() time.Time { return s.clock().Add(s.skew) }

// call is one authenticated operation.
type call struct {
	*http.Request
	op     string
	system string
	params map[string]string
}

// operation answers a call; the answer is written as JSON unless it is a stream.
type operation func(*Simulator, *call) any

// operations by path; the axis answers to POST, for some also to GET.
var operations = map[string]struct {
	do  operation
	get bool
}{
	"sendEdoc":            {do: (*Simulator).send},
	"getReceivedEdocList": {do: (*Simulator).received},
	"getSentEdocList":     {do: (*Simulator).sent},
	"getEdoc":             {do: (*Simulator).fetch},
	"downloadEdoc":        {do: (*Simulator).download, get: true},
	"updateStatus":        {do: (*Simulator).updateStatus},
	"countReceiveEdoc":    {do: (*Simulator).count, get: true},
	"countReceiveStatus":  {do: (*Simulator).count, get: true},
	"getAgenciesList":     {do: (*Simulator).agencyList},
	"getAgenciesListQD20": {do: (*Simulator).agencyListQD20},
	"getSynchronizeUnit":  {do: (*Simulator).synchronizeUnit},
	"registerAgency":      {do: (*Simulator).registerAgency},
	"deleteAgency":        {do: (*Simulator).deleteAgency},
}

// ServeHTTP serves the operations, the page, the metrics and the faults.
func (s *Simulator) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/")
	switch name {
	case "":
		s.page(w)
		return
	case "metrics":
		s.metrics(w)
		return
	case "_faults":
		s.serveFaults(w, r)
		return
	}
	if facade, ok := strings.CutPrefix(name, "v1/"); ok {
		s.serveFacade(w, r, facade)
		return
	}
	op, known := operations[name]
	switch {
	case !known:
		http.NotFound(w, r)
		return
	case r.Method != http.MethodPost && (r.Method != http.MethodGet || !op.get),
		name == "downloadEdoc" && r.Method != http.MethodGet:
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	s.serve(w, r, name, op.do)
}

func (s *Simulator) serve(w http.ResponseWriter, r *http.Request, name string, do operation) {
	if s.before(w, r, name) {
		s.counted(name, "fault")
		return
	}
	c := &call{Request: r, op: name}
	var answer any
	if s.take(name, FaultWrongHMAC, "") != nil {
		answer = refuse(codeWrongSecret, "Sai SystemId hoac SecretKey")
	} else if refusal := s.authenticate(c); refusal != nil {
		answer = refusal
	} else {
		answer = do(s, c)
	}
	outcome := "ok"
	if _, refused := answer.(*refusal); refused {
		outcome = "fail"
	}
	s.counted(name, outcome)

	switch {
	case s.take(name, FaultLostAnswer, "") != nil:
		panic(http.ErrAbortHandler)
	case s.take(name, FaultReset, "") != nil:
		reset(w)
	}
	if stream, ok := answer.(stream); ok {
		stream(w)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(answer)
}

func (s *Simulator) counted(op, outcome string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts[op+" "+outcome]++
}

// stream is an answer that writes itself.
type stream func(http.ResponseWriter)

// outcome is what every answer begins with.
type outcome struct {
	Status    string `json:"status"`
	ErrorCode string `json:"ErrorCode"`
	ErrorDesc string `json:"ErrorDesc"`
}

// ok is a success with more members.
func ok(more map[string]any) map[string]any {
	answer := map[string]any{"status": "OK", "ErrorCode": codeOK, "ErrorDesc": "Thanh cong"}
	for k, v := range more {
		answer[k] = v
	}
	return answer
}

// refusal is a FAIL answer.
type refusal struct{ outcome }

func refuse(code, format string, args ...any) *refusal {
	return &refusal{outcome{"FAIL", code, fmt.Sprintf(format, args...)}}
}

// Error codes of the axis, as far as known.
const (
	codeOK               = "0"
	codeInvalidFile      = "10"
	codeWrongSecret      = "15"
	codeUnknownRecipient = "18"
	codeUnknownSender    = "19"
	codeSystemError      = "20"
	codeFileError        = "21"
	codeBadFormat        = "22"
	codeRecipientLocked  = "23"
)
