package chaos

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"congvan/internal/axis/axistest"
	"congvan/internal/walk"
)

// storm is what is done to the installations, and what they were told to do meanwhile.
type storm struct {
	*testing.T
	w       *walk.World
	bin     string
	seed    uint64
	offices []*office
	killed  int
	begun   atomic.Int64

	mu   sync.Mutex
	sent []dispatch
}

// dispatch is a document that was issued, as its sender knows it.
type dispatch struct {
	from *office
	to   []*office
	id   string
	code string // number/notation: unique, since every office has a notation of its own

	recalled bool // taken back by its sender right after the issue
}

// kill ends a process as a power cut would, again and again, and starts it soon after.
func (s *storm) kill(ctx context.Context) {
	dice := s.chance(1)
	all := append([]*walk.Process{s.w.Axis}, s.w.Installations...)
	for {
		pause(ctx, time.Duration(500+dice.IntN(3500))*time.Millisecond)
		if ctx.Err() != nil {
			return
		}
		p := all[dice.IntN(len(all))]
		p.Kill()
		s.killed++
		pause(ctx, time.Duration(dice.IntN(800))*time.Millisecond)
		s.start(p)
	}
}

func (s *storm) start(p *walk.Process) {
	path := "/api/v1/health"
	if p == s.w.Axis {
		path = "/"
	}
	if err := p.Start(s.Context(), path); err != nil {
		s.Errorf("%s does not start again: %v", p.Name, err)
	}
}

// wrongs are what the axis may do wrong. A copy that is cut off is mended by the next round;
// a refusal for good is the clerk's to resend.
func wrongs(offices []*office) []axistest.Fault {
	all := []axistest.Fault{
		{Kind: axistest.FaultDelay, DelayMS: 700},
		{Kind: axistest.FaultStatus, Status: 500},
		{Kind: axistest.FaultStatus, Status: 503},
		{Kind: axistest.FaultBusy},
		{Kind: axistest.FaultWrongHMAC},
		{Kind: axistest.FaultFail, Code: "20", Desc: "lỗi hệ thống"},
		{Operation: "sendEdoc", Kind: axistest.FaultReset},
		{Operation: "sendEdoc", Kind: axistest.FaultLostAnswer},
		{Operation: "updateStatus", Kind: axistest.FaultLostAnswer},
		{Operation: "getReceivedEdocList", Kind: axistest.FaultReset},
		{Operation: "sendEdoc", Kind: axistest.FaultDuplicate},
		{Operation: "getReceivedEdocList", Kind: axistest.FaultDuplicate},
		{Kind: axistest.FaultReorder},
		{Operation: "sendEdoc", Kind: axistest.FaultRedeliverChanged},
		{Operation: "downloadEdoc", Kind: axistest.FaultCorrupt},
		{Kind: axistest.FaultClockSkew, DelayMS: 90_000},
	}
	for _, o := range offices {
		all = append(all, axistest.Fault{Kind: axistest.FaultLockRecipient, Recipient: o.organID},
			axistest.Fault{Kind: axistest.FaultSlowRecipient, Recipient: o.organID, DelayMS: 1200})
	}
	return all
}

// faults arms one of them after another.
func (s *storm) faults(ctx context.Context) {
	dice := s.chance(2)
	all := wrongs(s.offices)
	for ctx.Err() == nil {
		f := all[dice.IntN(len(all))]
		f.Count = 1 + dice.IntN(2)
		s.arm(f)
		pause(ctx, time.Duration(200+dice.IntN(600))*time.Millisecond)
	}
}

// arm tells the simulator; while it is dead nobody listens.
func (s *storm) arm(f axistest.Fault) {
	b, err := json.Marshal(f)
	if err != nil {
		s.Error(err)
		return
	}
	resp, err := http.Post(s.w.Axis.Base+"/_faults", "application/json", bytes.NewReader(b))
	if err != nil {
		return
	}
	_ = resp.Body.Close()
	if resp.StatusCode >= 300 {
		s.Errorf("fault %+v: %s", f, resp.Status)
	}
}

// calm ends the weather: every process runs, the axis does nothing wrong any more.
func (s *storm) calm() {
	for _, p := range append([]*walk.Process{s.w.Axis}, s.w.Installations...) {
		if p.PID() == 0 {
			s.start(p)
		}
	}
	req, err := http.NewRequestWithContext(s.Context(), http.MethodDelete, s.w.Axis.Base+"/_faults", nil)
	if err != nil {
		s.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.Fatal(err)
	}
	_ = resp.Body.Close()
}

// struck counts the faults since the simulator's last start.
func (s *storm) struck() map[string]int {
	resp, err := http.Get(s.w.Axis.Base + "/_faults")
	if err != nil {
		return nil
	}
	defer func() { _ = resp.Body.Close() }()
	var state struct {
		Applied map[string]int `json:"applied"`
	}
	_ = json.NewDecoder(resp.Body).Decode(&state)
	return state.Applied
}
