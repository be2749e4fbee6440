package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"congvan/signing"
	"congvan/signing/pkcs11"
)

// figuresOf are keys that have a past.
type figuresOf struct{ stats pkcs11.Stats }

func (figuresOf) Sign(context.Context, string, []byte, signing.SignOptions) ([]byte, error) {
	return nil, signing.ErrTokenUnavailable
}
func (figuresOf) Describe(context.Context) ([]pkcs11.Token, error) { return nil, nil }
func (f figuresOf) Stats() pkcs11.Stats                            { return f.stats }
func (figuresOf) Close() error                                     { return nil }

// TestKeyFigures: every figure of the keys stands in /metrics with its value.
func TestKeyFigures(t *testing.T) {
	s := pkcs11.Stats{
		Signatures: 11, Failures: 3, FailuresBy: map[string]uint64{"pin_incorrect": 2, "token_unavailable": 1}, Rebuilds: 4, Refused: 5, Restarts: 6, Retries: 7,
		PoolSize: 8, PoolInUse: 9, Open: 1, Busy: 1500 * time.Millisecond, Wait: 2 * time.Second,
	}
	s.Waits[0], s.Waits[3], s.Waits[len(s.Waits)-1] = 10, 20, 30
	r := newMetrics()
	r.MustRegister(keyFigures{figuresOf{s}})
	server := httptest.NewServer(promhttp.HandlerFor(r, promhttp.HandlerOpts{}))
	defer server.Close()
	resp, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"congvan_keys_signatures_total 11", `congvan_keys_failures_total{code="pin_incorrect"} 2`, `congvan_keys_failures_total{code="token_unavailable"} 1`,
		"congvan_keys_rebuilds_total 4", "congvan_keys_refused_total 5", "congvan_keys_host_restarts_total 6", "congvan_keys_host_retries_total 7",
		"congvan_keys_pool_size 8", "congvan_keys_pool_in_use 9", "congvan_keys_breakers_open 1", "congvan_keys_oldest_call_seconds 1.5",
		`congvan_keys_wait_seconds_bucket{le="0.001"} 10`, `congvan_keys_wait_seconds_bucket{le="0.1"} 30`, `congvan_keys_wait_seconds_bucket{le="10"} 30`,
		`congvan_keys_wait_seconds_bucket{le="+Inf"} 60`, "congvan_keys_wait_seconds_sum 2", "congvan_keys_wait_seconds_count 60",
	} {
		if !strings.Contains(string(b), "\n"+want+"\n") {
			t.Errorf("no %s", want)
		}
	}
}

// TestMain lets the test binary be the host process.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "hsm-host" {
		if err := pkcs11.ServeHost(context.Background(), os.Args[2], time.Now); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// TestWhereTheModuleRuns: a server has the module in a process of its own unless it is told
// otherwise, and that process gets the environment without our own configuration.
func TestWhereTheModuleRuns(t *testing.T) {
	t.Setenv("CONGVAN_DB_DSN", "postgres://mat-khau")
	t.Setenv("VENDOR_CONF", "/etc/vendor.conf")
	dir := t.TempDir()
	conf := filepath.Join(dir, "softhsm2.conf")
	if _, err := pkcs11.SoftHSMConf(conf, filepath.Join(dir, "tokens")); err != nil {
		t.Fatal(err)
	}
	host := []string{"/proc/self/exe", "hsm-host"}
	for _, c := range []struct {
		where  string
		host   []string
		hosted bool
	}{{"", host, true}, {"process", host, true}, {"inprocess", host, false}, {"process", nil, false}} {
		cfg := Config{Data: dir, Keys: Keys{Host: c.where, ConfFile: conf}}
		if err := cfg.Fill(); err != nil {
			t.Fatal(err)
		}
		a := &App{Config: cfg, Clock: time.Now, Log: slog.New(slog.DiscardHandler), Metrics: newMetrics()}
		if err := a.openKeys(t.Context(), c.host); err != nil {
			t.Fatal(err)
		}
		h, hosted := a.Keys.(*pkcs11.Host)
		if hosted != c.hosted {
			t.Errorf("keys.host = %q with command %v: in a process %v", c.where, c.host, hosted)
		}
		if hosted {
			b, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", h.PID()))
			if err != nil {
				t.Fatal(err)
			}
			if env := string(b); strings.Contains(env, "CONGVAN_") || !strings.Contains(env, "VENDOR_CONF=/etc/vendor.conf") || !strings.Contains(env, "SOFTHSM2_CONF="+conf) {
				t.Error(env)
			}
		}
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}
	cfg := Config{Data: dir, Keys: Keys{Host: "elsewhere"}}
	if err := cfg.Fill(); err == nil {
		t.Error("keys.host = \"elsewhere\" is taken")
	}
}
