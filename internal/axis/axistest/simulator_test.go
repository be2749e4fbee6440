package axistest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"congvan/internal/axis/edxml"
)

func now() time.Time { return time.Date(2026, 11, 21, 2, 0, 0, 0, time.UTC) }

var testSystems = []System{
	{ID: "test-a", Secret: "a", Agencies: []Agency{{Code: "H99.14", Code102: "000.00.14.H99", Name: "Sở Ví dụ tỉnh Mẫu"}}},
	{ID: "test-b", Secret: "b", Agencies: []Agency{{Code: "H99.05", Name: "Sở Tiếp nhận tỉnh Mẫu"}, {Code: "H99.21.03", Name: "UBND phường Mẫu"}}},
}

func newSimulator(t *testing.T, dir string) *Simulator {
	t.Helper()
	s, err := New(Options{Clock: now, Dir: dir, Systems: testSystems})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// accept puts a message in as an authenticated call would.
func accept(t *testing.T, s *Simulator, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "edxml", "testdata", name+".edxml"))
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/sendEdoc", bytes.NewReader(append(raw, "\r\n"...)))
	answer := s.send(&call{Request: r, op: "sendEdoc", system: "test-a", params: map[string]string{
		"from": "H99.14", "servicetype": "eDoc", "messagetype": "edoc",
	}})
	given, taken := answer.(map[string]any)
	if !taken {
		t.Fatal(answer)
	}
	return given["DocId"].(string)
}

func list(t *testing.T, s *Simulator) []map[string]any {
	t.Helper()
	answer := s.received(&call{op: "getReceivedEdocList", system: "test-b", params: map[string]string{"messagetype": "edoc"}})
	return answer.(map[string]any)["data"].([]map[string]any)
}

func TestStateOutlivesTheProcess(t *testing.T) {
	dir := t.TempDir()
	s := newSimulator(t, dir)
	first := accept(t, s, "new")
	rows := list(t, s)
	done := &call{op: "updateStatus", system: "test-b", params: map[string]string{"docId": rows[0]["docId"].(string), "status": "done"}}
	if answer := s.updateStatus(done); answer.(map[string]any)["status"] != "OK" {
		t.Fatal(answer)
	}
	body := httptest.NewRequest(http.MethodPost, "/registerAgency", strings.NewReader(`{"code":"H99.30","name":"Phòng thử nghiệm"}`))
	s.registerAgency(&call{Request: body, op: "registerAgency", system: "test-a"})
	if _, err := New(Options{Clock: now, Dir: dir, Systems: testSystems}); err == nil {
		t.Error("two simulators on one folder")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	// A kill may cut off the last line and leave a body on its way in.
	log, err := os.OpenFile(filepath.Join(dir, "events.jsonl"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(log, `{"copy":"`)
	log.Close()
	if err := os.WriteFile(filepath.Join(dir, "incoming-1"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}

	s = newSimulator(t, dir)
	defer s.Close()
	again := list(t, s)
	if len(again) != 1 || again[0]["docId"] != rows[1]["docId"] {
		t.Errorf("%v, before %v", again, rows)
	}
	if s.agencies["h99.30"] == nil {
		t.Error("the registered agency is gone")
	}
	if _, err := os.Stat(filepath.Join(dir, "incoming-1")); !os.IsNotExist(err) {
		t.Error("a body cut off is still there")
	}
	if second := accept(t, s, "recall"); second == first {
		t.Error("an id was given twice")
	}
	if len(list(t, s)) != 3 {
		t.Errorf("%v", list(t, s))
	}
}

// TestReadersAgree: the simulator's reader and the codec's take every golden and foreign
// message alike.
func TestReadersAgree(t *testing.T) {
	var files []string
	for _, pattern := range []string{"*.edxml", "foreign/*.edxml"} {
		found, err := filepath.Glob(filepath.Join("..", "edxml", "testdata", pattern))
		if err != nil || len(found) == 0 {
			t.Fatal(pattern, err)
		}
		files = append(files, found...)
	}
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		ours, err := ReadRoute(bytes.NewReader(raw))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		spool := edxml.NewTemp(t.TempDir())
		env, err := edxml.Read(t.Context(), bytes.NewReader(raw), edxml.Limits{}, spool.Open)
		spool.Close()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var theirs Route
		if m := env.Message; m != nil {
			h := m.MessageHeader
			theirs = Route{From: h.From.OrganId, DocumentID: h.DocumentId, Notation: h.Code.String(), Subject: h.Subject}
			for _, to := range h.To {
				theirs.To = append(theirs.To, to.OrganId)
			}
			if len(h.ResponseFor) > 0 {
				theirs.About = h.ResponseFor[0].OrganId
			}
		} else {
			s := env.Status
			theirs = Route{From: s.From.OrganId, About: s.ResponseFor.OrganId, StatusCode: string(s.StatusCode)}
			ours.StatusCode = fmt.Sprintf("%02s", ours.StatusCode)
		}
		if fmt.Sprint(ours) != fmt.Sprint(theirs) {
			t.Errorf("%s:\n%+v\n%+v", name, ours, theirs)
		}
	}
}

func TestUnsignedCallsAreRefused(t *testing.T) {
	s := newSimulator(t, t.TempDir())
	defer s.Close()
	for name, header := range map[string]map[string]string{
		"nothing":  {},
		"unsigned": {"XroadVnpt-systemid": "test-a"},
		"wrong":    {"XroadVnpt-sign-header": `{"XroadVnpt-systemid":"test-a"}`, "XroadVnpt-hash-header": "00"},
		"array":    {"XroadVnpt-sign-header": `["test-a"]`},
		"nested":   {"XroadVnpt-sign-header": `{"XroadVnpt-systemid":{"a":"b"}}`},
	} {
		r := httptest.NewRequest(http.MethodPost, "/getAgenciesList", strings.NewReader("{}"))
		for k, v := range header {
			r.Header.Set(k, v)
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		var answer outcome
		if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || answer.Status != "FAIL" || answer.ErrorCode != codeWrongSecret {
			t.Errorf("%s: %s %v", name, w.Body, err)
		}
	}
}

func TestFaultsOverHTTP(t *testing.T) {
	s := newSimulator(t, t.TempDir())
	defer s.Close()
	server := httptest.NewServer(s)
	defer server.Close()
	do := func(method, body string) (int, string) {
		r, err := http.NewRequest(method, server.URL+"/_faults", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		text, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(text)
	}
	for body, want := range map[string]int{
		`{"kind":"delay","delay_ms":1}`:                           200,
		`[{"operation":"sendEdoc","kind":"status","status":503}]`: 200,
		`{"kind":"earthquake"}`:                                   400,
		`{"kind":"delay","operation":"drop"}`:                     400,
		`{"kind":"delay","typo":1}`:                               400,
		`{"kind":"status","status":200}`:                          400,
		`nonsense`:                                                400,
	} {
		if code, text := do(http.MethodPost, body); code != want {
			t.Errorf("%s: %d %s", body, code, text)
		}
	}
	if _, text := do(http.MethodGet, ""); strings.Count(text, `"kind"`) != 2 {
		t.Error(text)
	}
	if _, text := do(http.MethodDelete, ""); strings.Contains(text, `"kind"`) {
		t.Error(text)
	}
}

func TestPageAndMetrics(t *testing.T) {
	s := newSimulator(t, t.TempDir())
	defer s.Close()
	accept(t, s, "new")
	if err := s.AddFault(Fault{Operation: "sendEdoc", Kind: FaultLockRecipient, Recipient: "<script>"}); err != nil {
		t.Fatal(err)
	}
	get := func(path string) string {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		return w.Body.String()
	}
	page := get("/")
	for _, want := range []string{"145/SVD-VP", "V/v phối hợp triển khai", "chờ nhận", "H99.21.03", "000.00.14.H99", "1 thông điệp, 2 bản gửi, 3 đơn vị", "&lt;script&gt;"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q on the page", want)
		}
	}
	if strings.Contains(page, "<script>") {
		t.Error("foreign text unescaped")
	}
	metrics := get("/metrics")
	for _, want := range []string{`axissim_messages{kind="edoc"} 1`, `axissim_copies{status="initial"} 2`} {
		if !strings.Contains(metrics, want) {
			t.Errorf("no %q in\n%s", want, metrics)
		}
	}
}
