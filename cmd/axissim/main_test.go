package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestUsage(t *testing.T) {
	systems := filepath.Join(t.TempDir(), "systems.json")
	if err := os.WriteFile(systems, []byte(`{"systems":[{"systemid":"test-a","secret":"a"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		code int
		out  string
		err  string
	}{
		"help":        {[]string{"--help"}, 0, "axissim simulates", ""},
		"nothing":     {nil, 2, "", "Usage:"},
		"unknown":     {[]string{"--nonsense"}, 2, "", "-nonsense"},
		"no config":   {[]string{"--dir", "x"}, 2, "", "Usage:"},
		"bad script":  {[]string{"--dir", t.TempDir(), "--config", systems, "--faults", systems}, 1, "", "systems.json"},
		"config gone": {[]string{"--dir", t.TempDir(), "--config", filepath.Join(t.TempDir(), "gone.json")}, 1, "", "gone.json"},
	} {
		var out, errOut bytes.Buffer
		code := run(context.Background(), c.args, &out, &errOut)
		if code != c.code || !strings.Contains(out.String(), c.out) || !strings.Contains(errOut.String(), c.err) {
			t.Errorf("%s: exit %d\n%s\n%s", name, code, &out, &errOut)
		}
	}
}

func TestServesUntilStopped(t *testing.T) {
	dir := t.TempDir()
	config := filepath.Join(dir, "systems.json")
	err := os.WriteFile(config, []byte(`{"systems":[{"systemid":"test-a","secret":"a","agencies":[{"code":"H99.14","name":"Sở Ví dụ"}]}]}`), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(dir, "faults.json")
	if err := os.WriteFile(script, []byte(`[{"operation":"sendEdoc","kind":"lost-answer"},{"kind":"429","count":2}]`), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	address := filepath.Join(dir, "address")
	var errOut bytes.Buffer
	ended := make(chan int)
	go func() {
		ended <- run(ctx, []string{"--listen", "127.0.0.1:0", "--addr-file", address, "--dir", filepath.Join(dir, "data"), "--config", config, "--faults", script}, io.Discard, &errOut)
	}()
	var at []byte
	for tick := time.NewTicker(5 * time.Millisecond); len(at) == 0; {
		select {
		case <-tick.C:
			at, _ = os.ReadFile(address)
		case code := <-ended:
			t.Fatalf("exit %d: %s", code, &errOut)
		}
	}
	resp, err := http.Get("http://" + string(at) + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	page, err := io.ReadAll(resp.Body)
	if err != nil || !strings.Contains(string(page), "Sở Ví dụ") {
		t.Errorf("%s %v", page, err)
	}
	armed, err := http.Get("http://" + string(at) + "/_faults")
	if err != nil {
		t.Fatal(err)
	}
	defer armed.Body.Close()
	if b, err := io.ReadAll(armed.Body); err != nil || !strings.Contains(string(b), "lost-answer") || !strings.Contains(string(b), `"count":2`) {
		t.Errorf("armed by the script: %s %v", b, err)
	}
	stop()
	if code := <-ended; code != 0 {
		t.Errorf("exit %d: %s", code, &errOut)
	}
}
