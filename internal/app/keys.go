package app

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"congvan/signing/pkcs11"
)

// openKeys opens the PKCS#11 module: in a process of its own where the command says how to
// start one and keys.host does not forbid it, else in this one.
func (a *App) openKeys(ctx context.Context, host []string) error {
	var keys pkcs11.Keys
	var err error
	if a.Config.Keys.hosted(host) {
		keys, err = pkcs11.OpenHost(ctx, a.Config.Keys.hostOptions(host, a))
	} else {
		keys, err = pkcs11.Open(a.Config.Keys.options(a))
	}
	if err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	a.Keys = keys
	a.closers = append(a.closers, keys)
	a.Metrics.MustRegister(keyFigures{keys})
	return nil
}

// hosted tells whether the module runs in a process of its own.
func (k Keys) hosted(host []string) bool { return len(host) > 0 && k.Host == HostProcess }

func (k Keys) options(a *App) pkcs11.Options {
	env := map[string]string{}
	if k.ConfFile != "" {
		env["SOFTHSM2_CONF"] = k.ConfFile
	}
	return pkcs11.Options{Module: k.Module, Env: env, Sessions: k.Sessions, Clock: a.Clock}
}

// hostOptions gives the process the environment of this one, which vendors' modules read,
// but nothing of our own configuration: there may be passwords in it.
func (k Keys) hostOptions(host []string, a *App) pkcs11.HostOptions {
	o := k.options(a)
	for _, variable := range os.Environ() {
		name, value, _ := strings.Cut(variable, "=")
		if _, ours := o.Env[name]; !ours && !strings.HasPrefix(name, "CONGVAN_") {
			o.Env[name] = value
		}
	}
	return pkcs11.HostOptions{Options: o, Command: host, CallTimeout: k.CallTimeout, Log: a.Log}
}

// keyFigures are the figures of the keys for the operator's monitoring.
type keyFigures struct{ keys pkcs11.Keys }

// keyFigure is one of them.
type keyFigure struct {
	name, help string
	kind       prometheus.ValueType
	value      func(pkcs11.Stats) float64
}

func keyFigureList() []keyFigure {
	const counter, gauge = prometheus.CounterValue, prometheus.GaugeValue
	return []keyFigure{
		{"congvan_keys_signatures_total", "Signatures made.", counter, func(s pkcs11.Stats) float64 { return float64(s.Signatures) }},
		{"congvan_keys_rebuilds_total", "Times that sessions or the module were opened anew.", counter, func(s pkcs11.Stats) float64 { return float64(s.Rebuilds) }},
		{"congvan_keys_refused_total", "Acts refused by an open circuit breaker.", counter, func(s pkcs11.Stats) float64 { return float64(s.Refused) }},
		{"congvan_keys_host_restarts_total", "Times that the module's process was started again.", counter, func(s pkcs11.Stats) float64 { return float64(s.Restarts) }},
		{"congvan_keys_host_retries_total", "Signatures asked for a second time because the process ended under the first.", counter, func(s pkcs11.Stats) float64 { return float64(s.Retries) }},
		{"congvan_keys_pool_size", "Places for sessions in the pools of service tokens.", gauge, func(s pkcs11.Stats) float64 { return float64(s.PoolSize) }},
		{"congvan_keys_pool_in_use", "Places in use.", gauge, func(s pkcs11.Stats) float64 { return float64(s.PoolInUse) }},
		{"congvan_keys_breakers_open", "Circuit breakers that are open.", gauge, func(s pkcs11.Stats) float64 { return float64(s.Open) }},
		{"congvan_keys_oldest_call_seconds", "How long the oldest call into the module has been running.", gauge, func(s pkcs11.Stats) float64 { return s.Busy.Seconds() }},
	}
}

func keyDescription(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

func failuresDescription() *prometheus.Desc {
	return keyDescription("congvan_keys_failures_total", "Acts that ended without a signature, by code.", "code")
}

func waitDescription() *prometheus.Desc {
	return keyDescription("congvan_keys_wait_seconds", "Waiting for a session or for the turn at a personal token.")
}

// Describe implements prometheus.Collector.
func (keyFigures) Describe(to chan<- *prometheus.Desc) {
	for _, f := range keyFigureList() {
		to <- keyDescription(f.name, f.help)
	}
	to <- failuresDescription()
	to <- waitDescription()
}

// Collect implements prometheus.Collector.
func (k keyFigures) Collect(to chan<- prometheus.Metric) {
	s := k.keys.Stats()
	for _, f := range keyFigureList() {
		to <- prometheus.MustNewConstMetric(keyDescription(f.name, f.help), f.kind, f.value(s))
	}
	for code, n := range s.FailuresBy {
		to <- prometheus.MustNewConstMetric(failuresDescription(), prometheus.CounterValue, float64(n), code)
	}
	buckets, count := map[float64]uint64{}, uint64(0)
	for i, bound := range pkcs11.WaitBounds() {
		count += s.Waits[i]
		buckets[bound.Seconds()] = count
	}
	count += s.Waits[len(s.Waits)-1]
	to <- prometheus.MustNewConstHistogram(waitDescription(), count, s.Wait.Seconds(), buckets)
}
