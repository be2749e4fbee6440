package httpd

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"congvan/internal/account"
)

// The readers of the table, in the order of its columns: at the sender the drafter, another
// official of the same unit, unit head, format checker, signer, another leader, clerk,
// administrator and auditor; then clerk and leader of another agency; nobody; and the
// drafter with a locked account.
var readers = []string{
	"cv.svd", "cv2.svd", "tp.svd", "tt.svd", "gd.svd", "pgd.svd", "vt.svd", "qt.svd", "tra.svd", "vt.stn", "gd.stn", "", "locked",
}

// What a cell of the table means.
var cells = map[string]struct {
	status int
	code   string
}{
	"ok": {200, ""},               // 200 or 206
	"c":  {409, "action_not_now"}, // allowed to, but not now: right before state
	"n":  {409, "delivery_not_failed"},
	"l":  {409, "level_reached"},
	"z":  {409, "nothing_to_resend"},
	"f":  {403, "forbidden_role"}, // may see it, may not do it
	"-":  {404, "not_found"},      // may not know of it
	"a":  {401, "not_signed_in"},
	"m":  {409, "message_unread"},
	"d":  {409, "recall_must_be_obeyed"},
	"i":  {422, ""}, // allowed to, with an input that is not enough
}

type row struct {
	method, path string
	body         string
	who          string // who can, of a refusal
	cells        string
}

// outgoingIssued is what holds for a document that has been issued: the officials of the
// drafting unit may read it too; an administrator reads no document.
var outgoingIssued = []row{
	//                                                          cv cv2 tp tt gd pgd vt qt tra | vt gd | nobody, locked
	{"GET", "/outgoing/ID", "", "", "                            ok ok ok ok ok ok ok -  ok  - -  a a"},
	{"GET", "/outgoing/ID/files/FILE/content", "", "", "         ok ok ok ok ok ok ok -  ok  - -  a a"},
	{"GET", "/outgoing/ID/files/FILE/report", "", "", "          ok ok ok ok ok ok ok -  ok  - -  a a"},
	{"GET", "/outgoing/ID/files/FILE/evidence", "", "", "        ok ok ok ok ok ok ok -  ok  - -  a a"},
	{"PUT", "/outgoing/ID?secrecy=0", "{}", "who_drafter", "     c  f  f  f  f  f  f  - f   - -  a a"},
	{"POST", "/outgoing/ID/submit", "{}", "who_drafter", "       c  f  f  f  f  f  f  - f   - -  a a"},
	{"POST", "/outgoing/ID/withdraw", "{}", "who_drafter", "     c  f  f  f  f  f  f  - f   - -  a a"},
	{"POST", "/outgoing/ID/cancel", "{}", "who_drafter", "       c  f  f  f  f  f  f  - f   - -  a a"},
	{"POST", "/outgoing/ID/approve-content", `{"manifest":"x"}`, "who_unit_head", "       f f c f f f f - f  - -  a a"},
	{"POST", "/outgoing/ID/approve-format", `{"manifest":"x"}`, "who_format_checker", "   f f f c f f f - f  - -  a a"},
	{"POST", "/outgoing/ID/return", `{"reason":"x"}`, "who_reviewer", "                   f f f f f f f - f  - -  a a"},
	{"POST", "/outgoing/ID/sign", `{"viewed_sha256":"x","pin":"1"}`, "who_signer", "      f f f f c f f - f  - -  a a"},
	{"POST", "/outgoing/ID/number", "{}", "who_clerk", "         f  f  f  f  f  f  c  - f   - -  a a"},
	{"POST", "/outgoing/ID/seal", "{}", "who_clerk", "           f  f  f  f  f  f  c  - f   - -  a a"},
	{"POST", "/outgoing/ID/issue", "{}", "who_clerk", "          f  f  f  f  f  f  c  - f   - -  a a"},
	{"POST", "/outgoing/ID/void", `{"reason":"x"}`, "who_clerk", "f f f f f f c - f  - -  a a"},
	{"POST", "/outgoing/ID/retry-level", "{}", "who_signer_or_clerk", " f f f f l f l - f - -  a a"},
	{"POST", "/deliveries/DELIVERY/resend", "{}", "who_clerk", " f  f  f  f  f  f  n  - f   - -  a a"},
	{"POST", "/deliveries/resend", `{}`, "who_clerk", "         -  -  -  f  f  f  z  - f   z f  a a"},
	{"GET", "/deliveries/failed", "", "", "                      -  -  -  -  -  -  ok - -   ok - a a"},
	{"POST", "/outgoing/ID/recall", `{"reason":"x","recipients":["x"]}`, "who_recall", " f f f f i i f - f  - -  a a"},
	{"POST", "/outgoing/ID/update", `{"reason":"x"}`, "who_update", "                    f f f f i i i - f  - -  a a"},
}

// quarantined is what holds for a message set aside: it is the clerk's and the auditor's.
var quarantined = []row{
	//                                                          cv cv2 tp tt gd pgd vt qt tra | vt gd | nobody, locked
	{"GET", "/quarantine/ID", "", "", "                          -  -  -  -  -  -  ok -  ok  - -  a a"},
	{"GET", "/quarantine/ID/raw", "", "", "                      -  -  -  -  -  -  ok -  ok  - -  a a"},
	{"POST", "/quarantine/ID/take-new", "{}", "who_clerk", "     -  -  -  -  -  -  m  -  f   - -  a a"},
	{"POST", "/quarantine/ID/take-update", "{}", "who_clerk", "  -  -  -  -  -  -  m  -  f   - -  a a"},
	{"POST", "/quarantine/ID/send-back", `{"reason":"x"}`, "who_clerk", " - - - - - - m - f  - -  a a"},
	{"GET", "/quarantine/SECRET", "", "", "                      -  -  -  -  -  -  -  -  -   - -  a a"},
	{"GET", "/quarantine/SECRET/raw", "", "", "                  -  -  -  -  -  -  -  -  -   - -  a a"},
	{"POST", "/quarantine/SECRET/put-aside", `{"note":"x"}`, "", "- - - - - - - - -  - -  a a"},
}

// outgoingDraft is what holds for a draft: it is the drafter's and the unit head's.
var outgoingDraft = []row{
	//                                                          cv cv2 tp tt gd pgd vt qt tra | vt gd | nobody, locked
	{"GET", "/outgoing/ID", "", "", "                            ok - ok - - - - - ok  - -  a a"},
	{"GET", "/outgoing/ID/files/FILE/content", "", "", "         ok - ok - - - - - ok  - -  a a"},
	{"GET", "/outgoing/ID/files/FILE/report", "", "", "          ok - ok - - - - - ok  - -  a a"},
	{"PUT", "/outgoing/ID?secrecy=0", "{}", "who_drafter", "     i  - f  - - - - - f   - -  a a"},
	{"POST", "/outgoing/ID/withdraw", "{}", "who_drafter", "     c  - f  - - - - - f   - -  a a"},
	{"POST", "/outgoing/ID/approve-content", `{"manifest":"x"}`, "who_unit_head", "       f - c - - - - - f  - -  a a"},
	{"POST", "/outgoing/ID/return", `{"reason":"x"}`, "who_reviewer", "                   f - f - - - - - f  - -  a a"},
	{"POST", "/outgoing/ID/sign", `{"viewed_sha256":"x","pin":"1"}`, "who_signer", "      f - f - - - - - f  - -  a a"},
	{"POST", "/outgoing/ID/number", "{}", "who_clerk", "         f  - f  - - - - - f   - -  a a"},
}

// The readers of a received document: at the recipient clerk, the leader it was presented
// to, the one in the lead, the head of that one's unit, format checker, administrator and
// auditor; then drafter and clerk of the sender; nobody; and a locked account.
var recipients = []string{
	"vt.stn", "gd.stn", "cv.stn", "tp.stn", "tt.stn", "qt.stn", "tra.stn", "cv.svd", "vt.svd", "", "locked",
}

// incomingResolved is what holds for a document whose work is done.
var incomingResolved = []row{
	//                                                       vt gd cv tp tt qt tra | cv vt | nobody, locked
	{"GET", "/incoming/ID", "", "", "                         ok ok ok ok - - ok  - -  a a"},
	{"GET", "/incoming/ID/files/FILE/content", "", "", "      ok ok ok ok - - ok  - -  a a"},
	{"GET", "/incoming/ID/files/FILE/report", "", "", "       ok ok ok ok - - ok  - -  a a"},
	{"POST", "/incoming/ID/register", "{}", "who_clerk", "    c  f  f  f  - - f   - -  a a"},
	{"POST", "/incoming/ID/refuse", `{"reason":"x"}`, "who_clerk", "    c f f f - - f  - -  a a"},
	{"POST", "/incoming/ID/present", `{"leader_id":"x"}`, "who_clerk", "c f f f - - f  - -  a a"},
	{"POST", "/incoming/ID/assign", `{"to":[{"position_id":"x","role":"LEAD"}]}`, "who_leader", "f c f f - - f  - -  a a"},
	{"POST", "/incoming/ID/start", "{}", "who_assignee", "    f  f  c  c  - - f   - -  a a"},
	{"POST", "/incoming/ID/complete", "{}", "who_lead", "     f  f  c  c  - - f   - -  a a"},
}

// incomingReceived is what holds before the clerk has taken a document in: it is the
// clerk's alone.
var incomingReceived = []row{
	//                                                       vt gd cv tp tt qt tra | cv vt | nobody, locked
	{"GET", "/incoming/ID", "", "", "                         ok - - - - - ok  - -  a a"},
	{"GET", "/incoming/ID/files/FILE/content", "", "", "      ok - - - - - ok  - -  a a"},
	{"POST", "/incoming/ID/present", `{"leader_id":"x"}`, "who_clerk", "c - - - - - f  - -  a a"},
	{"POST", "/incoming/ID/start", "{}", "who_assignee", "    f - - - - - f  - -  a a"},
}

// incomingRecalled is what holds for a document that its sender took back before the clerk
// had taken it in: it stays the clerk's.
var incomingRecalled = []row{
	//                                                       vt gd cv tp tt qt tra | cv vt | nobody, locked
	{"GET", "/incoming/ID", "", "", "                         ok - - - - - ok  - -  a a"},
	{"GET", "/incoming/ID/files/FILE/content", "", "", "      ok - - - - - ok  - -  a a"},
	{"POST", "/incoming/ID/register", "{}", "who_clerk", "    c  - - - - - f   - -  a a"},
	{"POST", "/changes/CHANGE/decline", `{"reason":"x"}`, "who_clerk", "d - - - - - f  - -  a a"},
}

// everywhere is what holds for routes without a document, for the readers of an outgoing one.
var everywhere = []row{
	//                                                          cv cv2 tp tt gd pgd vt qt tra | vt gd | nobody, locked
	{"GET", "/quarantine", "", "who_clerk", "                    f  f  f  f  f  f  ok f  ok  ok f   a a"},
	{"GET", "/me", "", "", "                                     ok ok ok ok ok ok ok ok ok  ok ok  a a"},
	{"GET", "/home", "", "", "                                   ok ok ok ok ok ok ok ok ok  ok ok  a a"},
	{"GET", "/outgoing", "", "", "                               ok ok ok ok ok ok ok ok ok  ok ok  a a"},
	{"GET", "/incoming", "", "", "                               ok ok ok ok ok ok ok ok ok  ok ok  a a"},
	{"GET", "/directory/agencies?q=so", "", "", "                ok ok ok ok ok ok ok ok ok  ok ok  a a"},
	{"GET", "/directory/staff", "", "", "                        ok ok ok ok ok ok ok ok ok  ok ok  a a"},
	{"GET", "/directory/types", "", "", "                        ok ok ok ok ok ok ok ok ok  ok ok  a a"},
	{"GET", "/outgoing/layout-proposal", "", "", "               ok ok ok ok ok ok ok ok ok  ok ok  a a"},
	{"GET", "/openapi.yaml", "", "", "                           ok ok ok ok ok ok ok ok ok  ok ok  ok ok"},
	{"GET", "/health", "", "", "                                 ok ok ok ok ok ok ok ok ok  ok ok  ok ok"},
	{"POST", "/session/position", `{"position_id":"x"}`, "", "   i  i  i  i  i  i  i  i  i   i  i   a a"},
	{"POST", "/uploads?secrecy=0", "", "who_official", "         i  i  i  f  f  f  i  f  f   i  f   a a"},
	{"POST", "/outgoing?secrecy=0", "{}", "who_official", "      i  i  i  f  f  f  f  f  f   f  f   a a"},
	{"POST", "/incoming/paper?secrecy=0", "{}", "who_clerk", "   f  f  f  f  f  f  i  f  f   i  f   a a"},
}

// TestRights asks every route for every reader; the tables say what must come back.
func TestRights(t *testing.T) {
	w := newWorld(t)
	sent := w.issued()
	arrived := w.arrived()
	w.issued()
	waiting := w.arrived()
	w.work()
	in := "/incoming/" + arrived
	w.step("vt.stn", in+"/register", fields{})
	w.step("vt.stn", in+"/present", fields{"leader_id": w.staff("gd.stn").Position.ID})
	w.step("gd.stn", in+"/assign", fields{"to": []any{fields{"position_id": w.staff("cv.stn").Position.ID, "role": "LEAD"}}})
	w.step("cv.stn", in+"/complete", fields{})
	draft := w.draft()
	taken := w.issued()
	recalled := w.arrived()
	w.step("gd.svd", "/outgoing/"+taken+"/recall", fields{"reason": "Gửi nhầm"})
	w.work()
	held := w.setAside(false)
	secret := w.setAside(true)

	people := map[string]*client{"": w.anonymous(), "locked": w.as("cv2.stn")}
	w.must(w.store.ChangeAccount(context.Background(), "acc-cv2.stn", func(a *account.Account) error { a.Bar(); return nil }))
	people["locked"].refused(http.StatusUnauthorized, "not_signed_in", people["locked"].get("/me"))
	client := func(name string) *client {
		if people[name] == nil {
			people[name] = w.as(name)
		}
		return people[name]
	}
	for _, table := range []struct {
		name    string
		rows    []row
		readers []string
		path    string
		id      string
		reader  string
	}{
		{"issued", outgoingIssued, readers, "/outgoing/", sent, "vt.svd"},
		{"draft", outgoingDraft, readers, "/outgoing/", draft, "cv.svd"},
		{"resolved", incomingResolved, recipients, "/incoming/", arrived, "vt.stn"},
		{"received", incomingReceived, recipients, "/incoming/", waiting, "vt.stn"},
		{"recalled", incomingRecalled, recipients, "/incoming/", recalled, "vt.stn"},
		{"quarantined", quarantined, readers, "/quarantine/", held, "vt.svd"},
		{"everywhere", everywhere, readers, "/outgoing/", sent, "vt.svd"},
	} {
		page := client(table.reader).get(table.path + table.id)
		names := []string{"ID", table.id, "SECRET", secret, "FILE", "x"}
		if table.name != "quarantined" {
			names[5] = page.text(t, "files", 0, "id")
		}
		switch table.name {
		case "issued":
			names = append(names, "DELIVERY", page.text(t, "deliveries", 0, "id"))
		case "recalled":
			names = append(names, "CHANGE", page.text(t, "changes", 0, "id"))
		}
		there := strings.NewReplacer(names...)
		gone := strings.NewReplacer("ID", "x-1", "SECRET", "x-1", "FILE", names[5], "DELIVERY", "x-1", "CHANGE", "x-1")
		for _, r := range table.rows {
			want := strings.Fields(r.cells)
			if len(want) != len(table.readers) {
				t.Fatalf("%s %s %s has %d cells, want %d", table.name, r.method, r.path, len(want), len(table.readers))
			}
			for i, name := range table.readers {
				ask := func(path string) reply {
					contentType := "application/json"
					if r.body == "" && r.method == http.MethodPost {
						contentType = "application/octet-stream"
					}
					return client(name).do(r.method, path, contentType, bytes.NewReader([]byte(r.body)))
				}
				got := ask(there.Replace(r.path))
				check(t, table.name+" "+r.method+" "+r.path+" as "+name, r, want[i], got)
				if want[i] == "-" || want[i] == "a" {
					same(t, r.path+" as "+name, got, ask(gone.Replace(r.path)))
				}
			}
		}
	}
}

func check(t *testing.T, what string, r row, cell string, got reply) {
	t.Helper()
	want := cells[cell]
	if got.status != want.status {
		t.Errorf("%s: %d, want %d: %s", what, got.status, want.status, short(got))
		return
	}
	if want.status == http.StatusOK {
		return
	}
	var p Problem
	if err := json.Unmarshal(got.body, &p); err != nil || want.code != "" && p.Code != want.code {
		t.Errorf("%s: %s, want %s", what, short(got), want.code)
	}
	if want.code == "forbidden_role" && (p.Args["who"] != r.who || strings.Contains(p.Detail, "who_") || strings.Contains(p.Detail, "{")) {
		t.Errorf("%s: who can is %s in %q, want %s", what, p.Args["who"], p.Detail, r.who)
	}
}

// same makes sure that what one may not know of answers like what is not there.
func same(t *testing.T, what string, a, b reply) {
	t.Helper()
	var p, q Problem
	if json.Unmarshal(a.body, &p) != nil || json.Unmarshal(b.body, &q) != nil {
		t.Fatalf("%s: %s and %s", what, short(a), short(b))
	}
	p.RequestID, q.RequestID = "", ""
	if a.status != b.status || p.Type != q.Type || p.Detail != q.Detail || p.Field != q.Field || len(p.Args) != len(q.Args) ||
		a.header.Get("Content-Length") != b.header.Get("Content-Length") || len(a.header) != len(b.header) {
		t.Errorf("%s: what may not be known answers %d %s, what is not there %d %s", what, a.status, short(a), b.status, short(b))
	}
}

func short(r reply) string { return string(r.body[:min(len(r.body), 300)]) }
