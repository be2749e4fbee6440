package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"congvan/internal/app"
	"congvan/internal/axis/axistest"
	"congvan/internal/demo"
	"congvan/internal/document"
	"congvan/internal/query"
	"congvan/internal/testpdf"
	"congvan/internal/walk"
	"congvan/internal/workflow"
)

// TestFaultsOfTheAxis is what the axis and the way to it do wrong: nothing is lost, nothing
// comes twice, and the sender sees where it is.
func TestFaultsOfTheAxis(t *testing.T) {
	t.Parallel()
	w := world(t)
	sealed := func(t *testing.T) string {
		t.Helper()
		id := draft(t, w.A.Base, "svd", "H98.05")
		acts(t, w.A.Base, "svd", id, "submit", "approve-content", "approve-format", "sign", "number", "seal")
		return id
	}
	for _, c := range []struct {
		name  string
		fault axistest.Fault
		kill  *walk.Process // while the fault lasts
	}{
		{"answer lost", axistest.Fault{Operation: "sendEdoc", Kind: axistest.FaultLostAnswer}, nil},
		{"answer cut", axistest.Fault{Operation: "sendEdoc", Kind: axistest.FaultReset}, nil},
		{"sent twice by the axis", axistest.Fault{Operation: "sendEdoc", Kind: axistest.FaultDuplicate}, nil},
		{"written anew by a relay", axistest.Fault{Operation: "sendEdoc", Kind: axistest.FaultRedeliverChanged}, nil},
		{"busy", axistest.Fault{Operation: "sendEdoc", Kind: axistest.FaultBusy}, nil},
		{"message cut on the way", axistest.Fault{Operation: "downloadEdoc", Kind: axistest.FaultCorrupt}, nil},
		{"sender killed while sending", axistest.Fault{Operation: "sendEdoc", Kind: axistest.FaultDelay, DelayMS: 1500}, w.A},
		{"recipient killed while fetching", axistest.Fault{Operation: "downloadEdoc", Kind: axistest.FaultDelay, DelayMS: 1500}, w.B},
	} {
		t.Run(c.name, func(t *testing.T) {
			id := sealed(t)
			before := strikes(t, w.Axis.Base, c.fault.Kind)
			arm(t, w.Axis.Base, c.fault)
			acts(t, w.A.Base, "svd", id, "issue")
			eventually(t, "the fault", func() bool { return strikes(t, w.Axis.Base, c.fault.Kind) > before })
			if c.kill != nil {
				c.kill.Kill()
				again(t, c.kill)
			}
			arrivedOnce(t, w, id)
		})
	}
	t.Run("down", func(t *testing.T) {
		id := sealed(t)
		w.Axis.Kill()
		acts(t, w.A.Base, "svd", id, "issue")
		eventually(t, "a failed attempt that the sender sees", func() bool {
			d := page(t, w.A.Base, "cv.svd", id).Deliveries[0]
			return d.State == workflow.Queued && d.Attempts > 0 && d.LastError != ""
		})
		if err := w.Axis.Start(t.Context(), "/"); err != nil {
			t.Fatal(err)
		}
		arrivedOnce(t, w, id)
	})
}

// arrivedOnce waits until the recipient in B has a document with its signatures checked
// and the sender knows; it must be there once.
func arrivedOnce(t *testing.T, w *walk.World, id string) {
	t.Helper()
	clerk := client(t, w.B.Base, "vt.sm")
	sender := client(t, w.A.Base, "cv.svd")
	var p query.OutgoingPage
	var rows []query.Row
	eventually(t, "the document in B and 01 in A", func() bool {
		var list struct {
			Rows []query.Row `json:"rows"`
		}
		if err := sender.Get(t.Context(), "/outgoing/"+id, &p); err != nil {
			t.Fatal(err)
		}
		if err := clerk.Get(t.Context(), "/incoming?limit=100", &list); err != nil {
			t.Fatal(err)
		}
		code := p.Document.DocumentID[strings.LastIndexByte(p.Document.DocumentID, ',')+1:]
		rows = slices.DeleteFunc(list.Rows, func(x query.Row) bool { return x.Code != code })
		return p.Deliveries[0].State == workflow.Arrived && len(rows) > 0
	})
	if len(rows) != 1 || rows[0].Verdict != document.VerdictSufficient {
		t.Errorf("%s: %d documents at the recipient, %+v", p.Document.DocumentID, len(rows), rows)
	}
}

// arm makes the simulator do something wrong.
func arm(t *testing.T, axis string, f axistest.Fault) {
	t.Helper()
	b, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post(axis+"/_faults", "application/json", bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode >= 300 {
		msg, _ := io.ReadAll(resp.Body)
		t.Fatalf("fault: %s %s", resp.Status, msg)
	}
}

// strikes counts how often the simulator has done a kind of wrong.
func strikes(t *testing.T, axis string, kind axistest.FaultKind) int {
	t.Helper()
	resp, err := http.Get(axis + "/_faults")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var state struct {
		Applied map[axistest.FaultKind]int `json:"applied"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&state); err != nil {
		t.Fatal(err)
	}
	return state.Applied[kind]
}

func again(t *testing.T, p *walk.Process) {
	t.Helper()
	if err := p.Start(t.Context(), "/api/v1/health"); err != nil {
		t.Fatal(err)
	}
}

// TestFaultsOfAnInstallation is what goes wrong at one installation: each has its sentence,
// and nothing is lost.
func TestFaultsOfAnInstallation(t *testing.T) {
	t.Parallel()
	w := world(t)
	w.A.Kill()
	w.A.Env = append(w.A.Env, "CONGVAN_UPLOAD_MB=1")
	again(t, w.A)
	base, data := w.A.Base, filepath.Join(w.Dir, "a")

	t.Run("wrong PIN", func(t *testing.T) {
		id := draft(t, base, "svd", "H26.15")
		acts(t, base, "svd", id, "submit", "approve-content", "approve-format")
		for range 2 {
			p := refused(t, act(t, base, "svd", id, "sign", "135790"), http.StatusUnprocessableEntity, "pin_incorrect")
			if p.Field != "pin" || !strings.Contains(p.Detail, "Mã PIN không đúng") {
				t.Errorf("told: %+v", p)
			}
		}
		failed := 0
		for _, e := range page(t, base, "gd.svd", id).Timeline {
			if e.Action == "act_SIGN_FAILED" {
				failed++
			}
		}
		if failed != 2 {
			t.Errorf("%d failed attempts in the timeline, want 2", failed)
		}
		acts(t, base, "svd", id, "sign")
	})
	t.Run("token gone", func(t *testing.T) {
		id := draft(t, base, "svd", "H26.15")
		acts(t, base, "svd", id, "submit", "approve-content", "approve-format")
		tokens := filepath.Join(data, "pki", "tokens")
		if err := os.Rename(tokens, tokens+".gone"); err != nil {
			t.Fatal(err)
		}
		refused(t, act(t, base, "svd", id, "sign", demo.PIN), http.StatusServiceUnavailable, "token_unavailable")
		if state := page(t, base, "cv.svd", id).Document.State; state != workflow.FormatApproved {
			t.Errorf("state %s", state)
		}
		if err := os.Rename(tokens+".gone", tokens); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the token to be asked again", func() bool {
			return act(t, base, "svd", id, "sign", demo.PIN) == nil
		})
		acts(t, base, "svd", id, "number", "seal", "issue")
		eventually(t, "01", func() bool { return page(t, base, "cv.svd", id).Deliveries[0].State == workflow.Arrived })
	})
	t.Run("second server", func(t *testing.T) {
		says(t, 1, "stop it first, or use another data folder", "", "serve", "--config", configOf(w, w.A), "--listen", "127.0.0.1:0")
		if !healthy(base) {
			t.Error("the first server suffered")
		}
	})
	t.Run("production", func(t *testing.T) {
		c, err := app.LoadConfig(configOf(w, w.A))
		if err != nil {
			t.Fatal(err)
		}
		c.Mode, c.Data, c.Database.DSN, c.Listen = "production", t.TempDir(), "", "127.0.0.1:0"
		refuses := func(want string) {
			t.Helper()
			says(t, 1, want, "", "serve", "--config", saved(t, c))
		}
		refuses("[demo]")
		c.Demo = app.Demo{}
		refuses("CHỨNG THƯ THỬ NGHIỆM")
	})
	t.Run("file over the limit", func(t *testing.T) {
		before := files(t, data)
		big := filepath.Join(t.TempDir(), "lon.pdf")
		sample, err := os.ReadFile(testpdf.Path("cong-van-1.pdf"))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(big, append(sample, make([]byte, 3<<20)...), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err = client(t, base, "cv.svd").Upload(t.Context(), big)
		if p := refused(t, err, http.StatusRequestEntityTooLarge, "file_too_large"); !strings.Contains(p.Detail, "1 MB") {
			t.Errorf("the limit is not named: %s", p.Detail)
		}
		if after := files(t, data); !slices.Equal(before, after) {
			t.Errorf("something was kept:\n%v\n%v", before, after)
		}
	})
	t.Run("secret", func(t *testing.T) {
		before := files(t, data)
		session := sessionOf(t, base, "cv.svd")
		for _, path := range []string{"/uploads?name=x.pdf&secrecy=3", "/outgoing?secrecy=1", "/incoming/paper?secrecy=2"} {
			status, body := announced(t, base, path, session)
			if status != http.StatusUnprocessableEntity || !strings.Contains(body, "secret_refused") {
				t.Errorf("%s: %d %s", path, status, body)
			}
		}
		if after := files(t, data); !slices.Equal(before, after) {
			t.Errorf("something was kept:\n%v\n%v", before, after)
		}
	})
}

// files are the stored and spooled files of an installation.
func files(t *testing.T, data string) (out []string) {
	t.Helper()
	for _, dir := range []string{"blobs", "tmp"} {
		err := filepath.WalkDir(filepath.Join(data, dir), func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				out = append(out, path)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// sessionOf signs in and gives the session's cookie.
func sessionOf(t *testing.T, base, account string) string {
	t.Helper()
	body := fmt.Sprintf(`{"username": %q, "password": %q}`, account, demo.Password)
	resp, err := http.Post(base+"/api/v1/session", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if len(resp.Cookies()) != 1 {
		t.Fatalf("sign in: %s, %d cookies", resp.Status, len(resp.Cookies()))
	}
	c := resp.Cookies()[0]
	return c.Name + "=" + c.Value
}

// announced sends the head of a request with a large body and not a byte of the body: the
// answer must come all the same.
func announced(t *testing.T, base, path, cookie string) (int, string) {
	t.Helper()
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.Dial("tcp", u.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(stepWait))
	_, err = fmt.Fprintf(conn, "POST /api/v1%s HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\nContent-Type: application/octet-stream\r\nContent-Length: 100000\r\n\r\n",
		path, u.Host, cookie)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("%s: no answer before the body: %v", path, err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}
