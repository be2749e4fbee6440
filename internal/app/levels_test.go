package app

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"congvan/internal/demo/pki"
	"congvan/internal/flow"
)

// TestLevelsOfTheConfiguration: B-LTA unless said otherwise, B-B in a demonstration alone.
func TestLevelsOfTheConfiguration(t *testing.T) {
	for name, x := range map[string]struct {
		config      Config
		level, want string // want: of the refusal
	}{
		"production":            {Config{}, "B-LTA", ""},
		"production, B-T":       {Config{Signing: Levels{Level: "B-T"}}, "B-T", ""},
		"production, B-B":       {Config{Signing: Levels{Level: "B-B"}}, "", "of the demonstration alone"},
		"no level":              {Config{Signing: Levels{Level: "B-X"}}, "", `signing.level is "B-X"`},
		"demonstration":         {Config{Mode: "demo"}, "B-B", ""},
		"demonstration and TSA": {Config{Mode: "demo", Trust: Trust{TSA: []string{"http://127.0.0.1:1/tsa"}}}, "B-LTA", ""},
	} {
		err := x.config.Fill()
		if x.want == "" && (err != nil || x.config.Signing.Level != x.level || x.config.Signing.Grace() != 8*time.Hour) {
			t.Errorf("%s: %v, level %s, grace %s", name, err, x.config.Signing.Level, x.config.Signing.Grace())
		}
		if x.want != "" && (err == nil || !strings.Contains(err.Error(), x.want)) {
			t.Errorf("%s: %v, want %q", name, err, x.want)
		}
	}
	if g := (Levels{GraceHours: -1}).Grace(); g != 0 {
		t.Errorf("no grace: %s", g)
	}
}

// TestDoctorAsksForATimestamp: a server that answers and is believed, one that is down, one
// that nobody believes, none at all.
func TestDoctorAsksForATimestamp(t *testing.T) {
	serve := func(dir string, down *atomic.Bool) string {
		online, err := pki.Online(pki.Options{CADir: dir, Clock: time.Now, Rand: rand.Reader, Authority: DemoAuthority})
		if err != nil {
			t.Fatal(err)
		}
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if down.Load() {
				w.WriteHeader(http.StatusBadGateway)
				return
			}
			online.ServeHTTP(w, r)
		}))
		t.Cleanup(s.Close)
		return s.URL + pki.PathTSA
	}
	var down, up atomic.Bool
	dir, other := t.TempDir(), t.TempDir()
	first, stranger := serve(dir, &down), serve(other, &up)
	cfg := Config{Data: t.TempDir(), Mode: "demo"}
	cfg.Trust = Trust{Anchors: []string{filepath.Join(dir, "root.pem")}, TSA: []string{first}}
	if err := cfg.Fill(); err != nil {
		t.Fatal(err)
	}
	look := func(weight Weight, want string) {
		t.Helper()
		if f := examineLevels(context.Background(), cfg); f.Weight != weight || !strings.Contains(f.Found, want) || (weight == Fine) != (f.Mend == "") {
			t.Errorf("%+v, want %d %q", f, weight, want)
		}
	}
	look(Fine, "B-LTA, 1 timestamp servers, grace 8h")
	cfg.Trust.TSA = []string{first, stranger}
	look(Warning, "no path to a trusted anchor")
	down.Store(true)
	look(Failure, "502")
	cfg.Trust.TSA = nil
	look(Failure, "trust.tsa")
	cfg.Signing.Level = "B-B"
	look(Fine, "no timestamps")
}

// TestOutage: nothing below a quarter of grace, then when it began and until when documents
// still go out.
func TestOutage(t *testing.T) {
	now := time.Date(2026, 11, 19, 5, 0, 0, 0, time.UTC)
	a := &App{Clock: func() time.Time { return now }, Flow: flow.New(flow.Ports{}, flow.Limits{Grace: 8 * time.Hour})}
	if a.outage() != nil {
		t.Error("before the first look")
	}
	for missing, want := range map[time.Duration]string{0: "none", time.Hour: "none", 2 * time.Hour: "alarm", 7 * time.Hour: "alarm", 8 * time.Hour: "over"} {
		w := flow.Waiting{Documents: 1}
		if missing > 0 {
			w.Missing = now.Add(-missing)
		}
		a.waiting.Store(&w)
		got := "none"
		if o := a.outage(); o != nil {
			if got = "alarm"; o.Over {
				got = "over"
			}
			if !o.Until.Equal(w.Missing.Add(8 * time.Hour)) {
				t.Errorf("until %s", o.Until)
			}
		}
		if got != want {
			t.Errorf("missing for %s: %s, want %s", missing, got, want)
		}
	}
}

// TestConfigurationReadsLevels as they stand in a file, with the environment above it.
func TestConfigurationReadsLevels(t *testing.T) {
	file := filepath.Join(t.TempDir(), "congvan.toml")
	text := "[signing]\nlevel = \"B-LT\"\ngrace_hours = 1.5\n[trust]\ntsa = [\"http://tsa.example/a\"]\nhosts = [\"ocsp.example\"]\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("CONGVAN_TRUST_TSA", "http://tsa.example/b,http://tsa.example/c")
	c, err := LoadConfig(file)
	if err != nil || c.Signing.Level != "B-LT" || c.Signing.Grace() != 90*time.Minute || len(c.Trust.TSA) != 2 || len(c.Trust.Hosts) != 1 {
		t.Errorf("%v: %+v %+v", err, c.Signing, c.Trust)
	}
}
